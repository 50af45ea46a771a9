package slacksim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"

	"portalbot/bot/slacksim"
)

// delivery is a request that HTTP mode posted.
type delivery struct {
	path   string
	header http.Header
	body   []byte
}

// endpoint is an app's public URL: it checks signatures and answers as told.
func endpoint(t *testing.T, answer func(delivery) (int, string)) (*slacksim.HTTPDelivery, <-chan delivery) {
	t.Helper()
	got := make(chan delivery, 100)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		d := delivery{path: r.URL.Path, header: r.Header, body: body}
		status, text := answer(d)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
		got <- d
	}))
	t.Cleanup(srv.Close)
	return &slacksim.HTTPDelivery{CommandURL: srv.URL + "/commands", InteractionURL: srv.URL + "/interactions", EventURL: srv.URL + "/events"}, got
}

func TestHTTPModePostsSignedRequests(t *testing.T) {
	to, got := endpoint(t, func(d delivery) (int, string) {
		var o object
		if json.Unmarshal(d.body, &o) == nil && o["type"] == "url_verification" {
			return http.StatusOK, o["challenge"].(string)
		}
		if d.path == "/commands" {
			return http.StatusOK, `{"response_type":"in_channel","text":"hello all"}`
		}
		return http.StatusOK, ""
	})
	clock := slacksim.NewManualClock(morning)
	ws := start(t, slacksim.Config{HTTP: to, Clock: clock})
	ctx := within(t)
	ok(t, ws.VerifyURL(ctx))
	<-got
	ok(t, ws.User("ann").Type(ctx, "#portal", "/portal help me"))
	d := <-got
	stamp, err := strconv.ParseInt(d.header.Get("X-Slack-Request-Timestamp"), 10, 64)
	ok(t, err)
	wants(t, stamp, morning.Unix())
	wants(t, d.header.Get("X-Slack-Signature"), slacksim.Sign(ws.SigningSecret(), stamp, d.body))
	form, err := url.ParseQuery(string(d.body))
	ok(t, err)
	wants(t, form.Get("command"), "/portal")
	wants(t, form.Get("text"), "help me")
	m := ws.Messages("#portal")[0]
	wants(t, m.Read, "hello all")
	wants(t, m.EphemeralTo, "")

	ok(t, ws.User("ann").Shortcut(ctx, m, "Provision from CSV"))
	d = <-got
	wants(t, d.path, "/interactions")
	form, err = url.ParseQuery(string(d.body))
	ok(t, err)
	var payload object
	ok(t, json.Unmarshal([]byte(form.Get("payload")), &payload))
	wants(t, payload["callback_id"], "portal_add_from_message")
}

func TestAKnownSignature(t *testing.T) {
	// The example of docs.slack.dev/authentication/verifying-requests-from-slack.
	body := "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar" +
		"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands" +
		"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	wants(t, slacksim.Sign("8f742231b10e8888abcd99yyyzzz85a5", 1531420618, []byte(body)), "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503")
}

func TestAnEventThatIsNotTakenComesAgainWithARetryHeader(t *testing.T) {
	to, got := endpoint(t, func(d delivery) (int, string) {
		if d.header.Get("X-Slack-Retry-Num") == "" {
			return http.StatusInternalServerError, ""
		}
		return http.StatusOK, ""
	})
	ws := start(t, slacksim.Config{HTTP: to, Clock: slacksim.NewManualClock(morning)})
	_, err := ws.User("ann").Message("@portal", "hello")
	ok(t, err)
	first, second := <-got, <-got
	wants(t, second.header.Get("X-Slack-Retry-Num"), "1")
	wants(t, second.header.Get("X-Slack-Retry-Reason"), "http_error")
	wants(t, string(first.body), string(second.body))
}

func TestACommandThatHTTPDoesNotTakeShowsAnError(t *testing.T) {
	to, _ := endpoint(t, func(delivery) (int, string) { return http.StatusServiceUnavailable, "" })
	ws := start(t, slacksim.Config{HTTP: to})
	err := ws.User("ann").Type(within(t), "#portal", "/portal help")
	is(t, err, slacksim.ErrDispatchFailed)
}

func TestAResponseURLIsGoodFiveTimesInThirtyMinutes(t *testing.T) {
	clock := slacksim.NewManualClock(morning)
	ws := start(t, slacksim.Config{Clock: clock})
	ctx := within(t)
	bot := app{t, ws}
	sock, _ := bot.connect()
	o := bot.call("chat.postMessage", object{"channel": "C0PORTAL", "text": "x", "blocks": []any{actions(button("Approve", "a"))}})
	m, _ := ws.Message("#portal", o["ts"].(string))
	click := func() string {
		clicked := async(func() error { return ws.User("ben").Click(ctx, m, "Approve") })
		env := sock.next()
		sock.ack(env, nil)
		ok(t, <-clicked)
		return at(env, "payload", "response_url").(string)
	}
	where := click()
	respond := func(where string, body object) (int, string) {
		data, err := json.Marshal(body)
		ok(t, err)
		return bot.put(where, "application/json", data)
	}
	status, _ := respond(where, object{"text": "only you", "metadata": object{"event_type": "", "event_payload": nil}, "blocks": nil})
	wants(t, status, http.StatusOK)
	wants(t, len(ws.User("ann").Sees("#portal")), 1)
	wants(t, len(ws.User("ben").Sees("#portal")), 2)
	status, _ = respond(where, object{"text": "", "blocks": []any{section(long(3001))}})
	wants(t, status, http.StatusBadRequest)
	status, _ = respond(where, object{"replace_original": true, "text": "replaced"})
	wants(t, status, http.StatusOK)
	for range 3 {
		status, _ = respond(where, object{"response_type": "in_channel", "text": "all"})
		wants(t, status, http.StatusOK)
	}
	status, text := respond(where, object{"text": "sixth"})
	wants(t, status, http.StatusNotFound)
	wants(t, text, `{"error":"used_url","ok":false}`)
	now, _ := ws.Message("#portal", m.TS)
	wants(t, now.Read, "replaced")

	bot.call("chat.update", object{"channel": "C0PORTAL", "ts": m.TS, "text": "x", "blocks": []any{actions(button("Approve", "a"))}})
	where = click()
	clock.Advance(30*time.Minute + 1)
	_, text = respond(where, object{"delete_original": true})
	wants(t, text, `{"error":"expired_url","ok":false}`)
}
