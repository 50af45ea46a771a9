package bot_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"portalbot/bot"
	"portalbot/bot/slacksim"
)

// overHTTP starts a workspace that delivers to a receiver in HTTP mode.
func overHTTP(t *testing.T, d *disk, h func(*bot.Client) bot.Handler) (ws *slacksim.Workspace, where string, stop func() error) {
	t.Helper()
	var target atomic.Pointer[bot.Receiver]
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { target.Load().ServeHTTP(w, r) }))
	t.Cleanup(front.Close)
	ws = startSlack(t, slacksim.Config{HTTP: &slacksim.HTTPDelivery{CommandURL: front.URL, InteractionURL: front.URL, EventURL: front.URL}})
	client := clientOf(ws)
	r := bot.NewReceiver(bot.ReceiverConfig{Client: client, Memory: d, Handler: h(client), SigningSecret: ws.SigningSecret(), Log: testLog(t)})
	target.Store(r)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	stop = func() error { cancel(); return <-ended }
	// Run answers 503 until it is ready.
	await(t, "the receiver", func() bool {
		return send(t, front.URL, "ready=1", time.Now(), ws.SigningSecret()) != http.StatusServiceUnavailable
	})
	return ws, front.URL, stop
}

// send posts a form, signed at a time with a secret, and returns the status.
func send(t *testing.T, where, form string, at time.Time, secret string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, where, strings.NewReader(form))
	ok(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Slack-Request-Timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("X-Slack-Signature", slacksim.Sign(secret, at.Unix(), []byte(form)))
	resp, err := http.DefaultClient.Do(req)
	ok(t, err)
	ok(t, resp.Body.Close())
	return resp.StatusCode
}

func TestHTTPModeRunsBehindTheSameDispatcher(t *testing.T) {
	got := make(chan bot.Delivery, 10)
	ws, _, stop := overHTTP(t, newDisk(), func(client *bot.Client) bot.Handler {
		return handler{
			ack: func(d bot.Delivery) bot.Ack {
				if d.Kind == bot.KindSubmit {
					checking := modal("Checking")
					return bot.Ack{Update: &checking}
				}
				return bot.Ack{}
			},
			handle: func(ctx context.Context, d bot.Delivery) error {
				got <- d
				if d.Kind == bot.KindCommand {
					_, err := client.OpenView(ctx, d.TriggerID, modal("Add users"))
					return err
				}
				return nil
			},
		}
	})
	ctx, ann := within(t), ws.User("ann")
	ok(t, ws.VerifyURL(ctx))
	ok(t, ann.Type(ctx, "#portal", "/portal add"))
	wants(t, "command", (<-got).Command.Text, "add")
	m, err := ann.WaitModal(ctx, "Add users")
	ok(t, err)
	ok(t, m.Attach("CSV file", "users.csv", []byte("Email\n")))
	seen, err := m.Submit(ctx)
	ok(t, err)
	wants(t, "updated", seen.Updated, true)
	wants(t, "file", (<-got).Submit.State.Files("csv")[0].Name, "users.csv")
	ok(t, ann.OpenHome(ctx))
	wants(t, "event", (<-got).Event.Type, bot.EventHome)
	ok(t, stop())
}

func TestHTTPModeRefusesWhatSlackDidNotSign(t *testing.T) {
	var handled atomic.Int32
	ws, where, stop := overHTTP(t, newDisk(), func(*bot.Client) bot.Handler {
		return handler{handle: func(context.Context, bot.Delivery) error { handled.Add(1); return nil }}
	})
	form := url.Values{"command": {"/portal"}, "text": {"help"}, "user_id": {"U0ANN"}, "trigger_id": {"1.2.3"}}.Encode()
	now := time.Now()
	wants(t, "wrong secret", send(t, where, form, now, "another secret"), http.StatusUnauthorized)
	wants(t, "an old request", send(t, where, form, now.Add(-6*time.Minute), ws.SigningSecret()), http.StatusUnauthorized)
	wants(t, "handled", handled.Load(), 0)

	for range 3 { // the same request again is a redelivery
		wants(t, "signed", send(t, where, form, now, ws.SigningSecret()), http.StatusOK)
	}
	ok(t, stop())
	wants(t, "handled", handled.Load(), 1)
	wants(t, "after the end", send(t, where, form, now, ws.SigningSecret()), http.StatusServiceUnavailable)
}
