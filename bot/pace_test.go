package bot_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"portalbot/bot"
)

// inProcess answers calls without a network, so that time can be the test's own.
type inProcess func(method string, form string) (status int, header http.Header, body string)

func (f inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	status, header, answer := f(strings.TrimPrefix(req.URL.Path, "/api/"), string(body))
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(answer)), Request: req}, nil
}

func inProcessClient(f inProcess) *bot.Client {
	return bot.NewClient(bot.Config{BotToken: "xoxb", HTTP: &http.Client{Transport: f}})
}

func TestAChannelIsGivenOneMessageASecondAfterABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		client := inProcessClient(func(string, string) (int, http.Header, string) {
			n++
			return 200, nil, fmt.Sprintf(`{"ok":true,"channel":"D1","ts":"%d.000000"}`, n)
		})
		began := time.Now()
		for range 13 {
			_, err := client.DM(t.Context(), "U1", bot.Message{Text: "hello"})
			ok(t, err)
		}
		took := time.Since(began)
		if took < 10*time.Second || took > 11*time.Second {
			t.Errorf("13 messages took %v, want ten seconds and a little", took)
		}
		began = time.Now()
		_, err := client.DM(t.Context(), "U2", bot.Message{Text: "hello"})
		ok(t, err)
		wants(t, "another channel waits", time.Since(began), 0)
	})
}

func TestRetryAfterIsHonouredToTheSecond(t *testing.T) {
	for _, c := range []struct {
		name   string
		header http.Header
		want   time.Duration
	}{
		{"with the header", http.Header{"Retry-After": {"17"}}, 17 * time.Second},
		{"without it", nil, 30 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				client := inProcessClient(func(string, string) (int, http.Header, string) {
					if n++; n == 1 {
						return http.StatusTooManyRequests, c.header, `{"ok":false,"error":"ratelimited"}`
					}
					return 200, nil, `{"ok":true}`
				})
				began := time.Now()
				ok(t, client.Ephemeral(t.Context(), "C1", "", "U1", bot.Message{Text: "hello"}))
				wants(t, "waited", time.Since(began), c.want)
			})
		})
	}
}

func TestAMessageIsEditedEveryTwoSecondsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var edits []time.Time
		last := ""
		client := inProcessClient(func(method, form string) (int, http.Header, string) {
			mu.Lock()
			defer mu.Unlock()
			if method == "chat.update" {
				edits = append(edits, time.Now())
				last = form
			}
			return 200, nil, `{"ok":true,"channel":"C1","ts":"1.000000"}`
		})
		d := newDisk()
		state := 0
		o := bot.NewOutbox(bot.OutboxConfig{Client: client, Memory: d, Queue: d, Renderer: renderFunc(
			func(context.Context, bot.Item) (bot.Post, error) {
				mu.Lock()
				defer mu.Unlock()
				return bot.Post{Channel: "C1", Rev: uint64(state), Text: fmt.Sprintf("row-%d.", state)}, nil
			})})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- o.Run(ctx) }()
		for rev := 1; rev <= 100; rev++ { // ten a second
			mu.Lock()
			state = rev
			mu.Unlock()
			d.add(bot.Item{ID: uint64(rev), Lane: "R1", Key: "R1/progress", Rev: uint64(rev)})
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		cancel()
		ok(t, <-ended)
		for i := 1; i < len(edits); i++ {
			if gap := edits[i].Sub(edits[i-1]); gap < 2*time.Second {
				t.Errorf("edit %d came %v after the one before", i, gap)
			}
		}
		if len(edits) < 4 || len(edits) > 6 {
			t.Errorf("%d edits in ten seconds", len(edits))
		}
		if !strings.Contains(last, "row-100.") {
			t.Errorf("the last state was not sent: %s", last)
		}
	})
}

func TestALaneThatFailsBacksOffToAMinuteAndNeverGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var tries []time.Time
		down := true
		client := inProcessClient(func(method, _ string) (int, http.Header, string) {
			mu.Lock()
			defer mu.Unlock()
			if method == "chat.postMessage" {
				tries = append(tries, time.Now())
			}
			if down {
				return http.StatusServiceUnavailable, nil, "<html>"
			}
			if method == "conversations.history" {
				return 200, nil, `{"ok":true,"messages":[]}`
			}
			return 200, nil, `{"ok":true,"channel":"C1","ts":"1.000000"}`
		})
		d := newDisk()
		o := bot.NewOutbox(bot.OutboxConfig{Client: client, Memory: d, Queue: d, Renderer: renderFunc(
			func(context.Context, bot.Item) (bot.Post, error) { return bot.Post{Channel: "C1", Text: "hello"}, nil })})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- o.Run(ctx) }()
		d.add(bot.Item{ID: 1, Lane: "R1", Key: "R1/done", Rev: 1})
		time.Sleep(5 * time.Hour)
		mu.Lock()
		down = false
		mu.Unlock()
		time.Sleep(2 * time.Minute)
		items, err := d.Pending(ctx, 10)
		ok(t, err)
		wants(t, "left", len(items), 0)
		cancel()
		ok(t, <-ended)
		t.Logf("%d posts tried", len(tries))
	})
}
