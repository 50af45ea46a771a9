package slacksim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"portalbot/bot/slacksim"
)

type object = map[string]any

// start starts a workspace that ends with the test.
func start(t *testing.T, cfg slacksim.Config) *slacksim.Workspace {
	t.Helper()
	ws, err := slacksim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ws.Close)
	return ws
}

// within is a context for one test step.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// app is a bare Slack app: it speaks the wire forms itself.
type app struct {
	t  *testing.T
	ws *slacksim.Workspace
}

// post calls a method with a JSON body and the bot token, and returns the status, header and answer.
func (a app) post(token, method string, body any) (int, http.Header, object) {
	a.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		a.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.ws.APIURL()+method, bytes.NewReader(data))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return a.do(req)
}

// form calls a method with a form body that carries the token.
func (a app) form(method string, values url.Values) (int, http.Header, object) {
	a.t.Helper()
	values.Set("token", a.ws.BotToken())
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.ws.APIURL()+method, strings.NewReader(values.Encode()))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return a.do(req)
}

func (a app) do(req *http.Request) (int, http.Header, object) {
	a.t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	var o object
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(data, &o); err != nil {
			a.t.Fatalf("%s: %v", data, err)
		}
	}
	return res.StatusCode, res.Header, o
}

// call calls a method and fails the test unless the answer is ok.
func (a app) call(method string, body object) object {
	a.t.Helper()
	_, _, o := a.post(a.ws.BotToken(), method, body)
	if o["ok"] != true {
		a.t.Fatalf("%s: %v", method, o)
	}
	return o
}

// refused calls a method and returns Slack's error.
func (a app) refused(method string, body object) string {
	a.t.Helper()
	_, _, o := a.post(a.ws.BotToken(), method, body)
	if o["ok"] != false {
		a.t.Fatalf("%s was not refused: %v", method, o)
	}
	return o["error"].(string)
}

// socket is one Socket Mode connection.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
	in   chan object
}

// connect opens a socket and takes the hello.
func (a app) connect() (*socket, object) {
	a.t.Helper()
	s := a.dial()
	return s, s.next()
}

func (a app) dial() *socket {
	a.t.Helper()
	_, _, o := a.post(a.ws.AppToken(), "apps.connections.open", object{})
	if o["ok"] != true {
		a.t.Fatal(o)
	}
	conn, _, err := websocket.Dial(a.t.Context(), o["url"].(string), nil)
	if err != nil {
		a.t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	s := &socket{t: a.t, conn: conn, in: make(chan object, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(s.in)
		for {
			_, data, err := conn.Read(context.Background())
			if err != nil {
				return
			}
			var o object
			if json.Unmarshal(data, &o) == nil {
				s.in <- o
			}
		}
	}()
	a.t.Cleanup(func() {
		_ = conn.CloseNow()
		<-done
	})
	return s
}

// next returns the next message of the socket.
func (s *socket) next() object {
	s.t.Helper()
	select {
	case o, ok := <-s.in:
		if !ok {
			s.t.Fatal("the socket was closed")
		}
		return o
	case <-time.After(20 * time.Second):
		s.t.Fatal("nothing came over the socket")
	}
	return nil
}

// ack acknowledges an envelope, with a payload unless it is nil.
func (s *socket) ack(envelope object, payload any) {
	s.t.Helper()
	o := object{"envelope_id": envelope["envelope_id"]}
	if payload != nil {
		o["payload"] = payload
	}
	data, err := json.Marshal(o)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.conn.Write(s.t.Context(), websocket.MessageText, data); err != nil {
		s.t.Fatal(err)
	}
}

// async runs a person's action while the test plays the app.
func async(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return done
}

// at walks into decoded JSON: keys and list indexes.
func at(v any, path ...any) any {
	for _, p := range path {
		switch k := p.(type) {
		case string:
			o, _ := v.(object)
			v = o[k]
		case int:
			l, _ := v.([]any)
			if k >= len(l) {
				return nil
			}
			v = l[k]
		}
	}
	return v
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, got, want any) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func is(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("got %v, want %v", err, target)
	}
}

func plain(s string) object { return object{"type": "plain_text", "text": s} }

func section(s string) object {
	return object{"type": "section", "text": object{"type": "mrkdwn", "text": s}}
}

func button(text, id string) object {
	return object{"type": "button", "text": plain(text), "action_id": id, "value": "v"}
}
