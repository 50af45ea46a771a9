package bot_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"portalbot/bot"
	"portalbot/bot/slacksim"
)

// TestWhatTheLibraryCannotReadIsAcknowledged sends envelopes that slack-go gives up on, over a bare socket. Without an acknowledgement
// Slack would send each three times more.
func TestWhatTheLibraryCannotReadIsAcknowledged(t *testing.T) {
	frames := []string{
		`{"type":"events_api","envelope_id":"E1","payload":{"type":"event_callback","event_id":"Ev1","event":{"type":"brand_new_event","user":"U1"}}}`,
		`{"type":"brand_new_envelope","envelope_id":"E2","payload":{}}`,
		`{"type":"interactive","envelope_id":"E3","payload":{"type":"brand_new_interaction","user":{"id":"U1"}}}`,
		`{"type":"interactive","envelope_id":"E4","payload":{"type":"block_actions","user":{"id":"U1"},"message":{"blocks":17},` +
			`"actions":[{"action_id":"approve","block_id":"b","action_ts":"1.1","value":"R1"}]}}`,
		`{"type":"interactive","envelope_id":"E5","payload":"not an object"}`,
	}
	acked := make(chan string, len(frames))
	got := make(chan bot.Delivery, len(frames))
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	defer srv.Close()
	mux.HandleFunc("/api/auth.test", says(200, "application/json", `{"ok":true,"user_id":"U0PORTAL","team_id":"T1"}`))
	mux.HandleFunc("/api/apps.connections.open", says(200, "application/json", `{"ok":true,"url":"ws`+strings.TrimPrefix(srv.URL, "http")+`/link"}`))
	mux.HandleFunc("/link", func(w http.ResponseWriter, r *http.Request) {
		sock, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = sock.CloseNow() }()
		for _, f := range append([]string{`{"type":"hello","num_connections":1}`, `{"type":`}, frames...) {
			if err := sock.Write(r.Context(), websocket.MessageText, []byte(f)); err != nil {
				return
			}
		}
		for {
			_, data, err := sock.Read(r.Context())
			if err != nil {
				return
			}
			var ack struct {
				ID string `json:"envelope_id"`
			}
			if err := json.Unmarshal(data, &ack); err != nil {
				t.Error(err)
			}
			acked <- ack.ID
		}
	})
	r := bot.NewReceiver(bot.ReceiverConfig{
		Client: bot.NewClient(bot.Config{BotToken: "xoxb", AppToken: "xapp", APIURL: srv.URL + "/api"}), Memory: newDisk(), Sockets: 1,
		Handler: handler{handle: func(_ context.Context, d bot.Delivery) error { got <- d; return nil }}, Log: testLog(t),
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	seen := map[string]bool{}
	for range frames {
		seen[<-acked] = true
	}
	wants(t, "acknowledged", len(seen), len(frames))
	d := <-got
	wants(t, "the click behind a block that we do not know", d.Action.Value, "R1")
	cancel()
	ok(t, <-ended)
}

func TestEveryKindOfInputIsRead(t *testing.T) {
	const payload = `{"type":"view_submission","user":{"id":"U1"},"team":{"id":"T1"},"view":{"id":"V1","hash":"h1","type":"modal",
		"callback_id":"add","private_metadata":"p","root_view_id":"V0","state":{"values":{
		"text":{"a":{"type":"plain_text_input","value":"hello"}},
		"empty":{"a":{"type":"plain_text_input","value":null}},
		"rich":{"a":{"type":"rich_text_input","rich_text_value":{"type":"rich_text"}}},
		"one":{"a":{"type":"static_select","selected_option":{"text":{"type":"plain_text","text":"A"},"value":"a"}}},
		"none":{"a":{"type":"static_select","selected_option":null}},
		"boxes":{"a":{"type":"checkboxes","selected_options":[{"value":"x"},{"value":"y"}]}},
		"user":{"a":{"type":"users_select","selected_user":"U2"}},
		"users":{"a":{"type":"multi_users_select","selected_users":["U2","U3"]}},
		"talk":{"a":{"type":"conversations_select","selected_conversation":"C1"}},
		"day":{"a":{"type":"datepicker","selected_date":"2026-11-22"}},
		"moment":{"a":{"type":"datetimepicker","selected_date_time":1795316645}},
		"file":{"a":{"type":"file_input","files":[{"id":"F1","name":"a.csv","size":7,"is_external":true,"url_private":"u","file_access":"check_file_info"}]}}
	}}}}`
	got := make(chan bot.Delivery, 1)
	ws, where, stop := overHTTP(t, newDisk(), func(*bot.Client) bot.Handler {
		return handler{handle: func(_ context.Context, d bot.Delivery) error { got <- d; return nil }}
	})
	wants(t, "status", send(t, where, url.Values{"payload": {payload}}.Encode(), time.Now(), ws.SigningSecret()), http.StatusOK)
	d := <-got
	s := d.Submit.State
	wants(t, "key", d.Key, "submit/V1/h1")
	wants(t, "text", s.Value("text"), "hello")
	wants(t, "empty", s.Value("empty"), "")
	wants(t, "rich", s.Value("rich"), "")
	wants(t, "one", s.Selected("one"), "a")
	wants(t, "none", s.Selected("none"), "")
	wants(t, "boxes", s.Checked("boxes", "y"), true)
	wants(t, "boxes", s.Checked("boxes", "z"), false)
	wants(t, "user", s.Selected("user"), "U2")
	wants(t, "users", s.Checked("users", "U3"), true)
	wants(t, "talk", s.Selected("talk"), "C1")
	wants(t, "day", s.Selected("day"), "2026-11-22")
	wants(t, "moment", s.Selected("moment"), "2026-11-22T03:04:05Z")
	f := s.Files("file")[0]
	wants(t, "file", f, bot.File{ID: "F1", Name: "a.csv", Size: 7, External: true, URL: "u", Access: "check_file_info"})
	wants(t, "no such block", s.Value("nothing"), "")
	ok(t, stop())
}

// TestABatchThroughABadDay tells many stories while Slack answers 429 and 500, loses answers and drops sockets.
func TestABatchThroughABadDay(t *testing.T) {
	ws := startSlack(t, slacksim.Config{NoRateLimits: true, ConnectBurst: 1000})
	d := newDisk()
	for n, f := range []slacksim.Fault{
		{Kind: slacksim.FailBefore}, {Kind: slacksim.LoseAnswer}, {Kind: slacksim.FailAfter}, {Kind: slacksim.CutBefore},
	} {
		for _, method := range []string{"chat.postMessage", "chat.update", "files.completeUploadExternal", "conversations.replies", "upload"} {
			for nth := n + 2; nth < 60; nth += 9 {
				f.Method, f.Nth, f.Times = method, nth, 1
				ws.Inject(f)
			}
		}
	}
	ws.Inject(slacksim.Fault{Kind: slacksim.RateLimit, Method: "chat.update", RetryAfter: time.Second, Nth: 7, Times: 1})
	_, stop := receive(t, ws, bot.ReceiverConfig{Memory: d, Handler: handler{}})
	const stories = 8
	post(t, ws, d, renderStory, bot.OutboxConfig{})
	for n := range uint64(stories) {
		d.add(story("R"+string(rune('A'+n)), 1+100*n)...)
		ws.DropSockets()
	}
	d.empty(t)
	ok(t, stop())
	lines := map[string]int{}
	for _, m := range ws.Messages("#portal") {
		lines[m.Read]++
	}
	wants(t, "messages", len(ws.Messages("#portal")), 5*stories)
	for _, line := range []string{"line", "progress 4", "the results", "done"} {
		wants(t, line, lines[line], stories)
	}
}
