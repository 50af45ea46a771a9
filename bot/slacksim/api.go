package slacksim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// method is one Web API method.
type method struct {
	// scopes are those of which the token needs one; none means any token will do.
	scopes []string
	// tier is calls a minute; see ratelimit.go.
	tier int
	// app marks the methods that want the app-level token.
	app bool
	// run answers a call. It is called with mu held.
	run func(*Workspace, args) (reply, error)
}

// reply is the body of a successful answer, less "ok".
type reply map[string]any

// apiError is a refusal in Slack's words.
type apiError struct {
	code     string
	messages []string // response_metadata.messages
	extra    map[string]any
}

func (e *apiError) Error() string { return e.code }

func refuse(code string) error { return &apiError{code: code} }

func invalidArguments(format string, a ...any) error {
	return &apiError{code: "invalid_arguments", messages: []string{"[ERROR] " + fmt.Sprintf(format, a...)}}
}

// Call is one request to the Web API, an upload, a download or a response URL.
type Call struct {
	Number int    // 1 for the workspace's first call
	Method string // such as chat.postMessage, or upload, download, response_url
	Args   map[string]any
	At     time.Time
}

// Reply is how a call was answered.
type Reply struct {
	Status int
	Body   map[string]any // nil when the answer is not JSON
}

// args are a call's arguments: strings when they came in a form, JSON values otherwise.
type args map[string]any

// parseArgs reads a JSON or form body and the query, and the token.
func parseArgs(r *http.Request) (args, string, error) {
	a := args{}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == r.Header.Get("Authorization") {
		token = ""
	}
	for k, v := range r.URL.Query() {
		a[k] = v[0]
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		return nil, "", refuse("request_timeout")
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(body) == 0:
	case err != nil:
		return nil, "", refuse("missing_post_type")
	case kind == "application/json":
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			return nil, "", refuse("invalid_json")
		}
		o, ok := v.(map[string]any)
		if !ok {
			return nil, "", refuse("json_not_object")
		}
		delete(o, "token") // Slack takes it from the header when the body is JSON
		for k, v := range o {
			a[k] = v
		}
	case kind == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, "", refuse("invalid_form_data")
		}
		for k, v := range form {
			a[k] = v[0]
		}
	case kind == "multipart/form-data":
		if err := parseMultipart(body, params["boundary"], a); err != nil {
			return nil, "", refuse("invalid_form_data")
		}
	default:
		return nil, "", refuse("invalid_post_type")
	}
	if t, ok := a["token"].(string); ok {
		if token == "" {
			token = t
		}
		delete(a, "token")
	}
	return a, token, nil
}

// str returns a string argument; a number is taken for its text, as Slack does.
func (a args) str(key string) (string, error) {
	switch v := a[key].(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	}
	return "", invalidArguments("must be a string [json-pointer:/%s]", key)
}

// need returns a string argument that must be there.
func (a args) need(key string) (string, error) {
	s, err := a.str(key)
	if err == nil && s == "" {
		return "", invalidArguments("missing required field: %s", key)
	}
	return s, err
}

func (a args) boolean(key string) (bool, error) {
	switch v := a[key].(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	case string:
		switch v {
		case "true", "1":
			return true, nil
		case "false", "0", "":
			return false, nil
		}
	}
	return false, invalidArguments("must be a boolean [json-pointer:/%s]", key)
}

func (a args) integer(key string, def int) (int, error) {
	switch v := a[key].(type) {
	case nil:
		return def, nil
	case float64:
		if v == math.Trunc(v) {
			return int(v), nil
		}
	case string:
		if n, err := strconv.Atoi(v); err == nil {
			return n, nil
		}
	}
	return 0, invalidArguments("must be an integer [json-pointer:/%s]", key)
}

// json returns a structured argument, decoded when it came as text. Absent, null and empty text are
// nil.
func (a args) json(key string) (any, error) {
	s, ok := a[key].(string)
	if !ok {
		return a[key], nil
	}
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		return nil, invalidArguments("must be valid JSON [json-pointer:/%s]", key)
	}
	return v, nil
}

func (ws *Workspace) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/api/")
	a, token, err := parseArgs(r)
	if token == ws.BotToken() { // docs.slack.dev, OAuth: every answer lists the scopes of the token
		w.Header().Set("X-OAuth-Scopes", ws.scopeList())
	}
	ws.perform(w, r, name, a, func() (reply, error) {
		if err != nil {
			return nil, err
		}
		return ws.answer(name, a, token)
	})
}

// perform counts a call, lets the armed faults have their way with it, and writes its answer.
func (ws *Workspace) perform(w http.ResponseWriter, r *http.Request, name string, a args, run func() (reply, error)) {
	ws.mu.Lock()
	call := Call{Number: len(ws.calls) + 1, Method: name, Args: a, At: ws.clock.Now()}
	ws.calls = append(ws.calls, call)
	before, after := ws.before, ws.after
	fault := ws.faultFor(call)
	ws.signal()
	ws.mu.Unlock()
	if before != nil {
		before(call)
	}
	if fault != nil && fault.early(ws, w, r) {
		return
	}
	ws.mu.Lock()
	body, err := run()
	status, header, out := ws.render(body, err)
	if status == http.StatusTooManyRequests {
		ws.limited[name]++
	}
	answer := mustJSON(out) // under mu, since an answer holds parts of the workspace that go on changing
	ws.mu.Unlock()
	if after != nil {
		after(call, Reply{Status: status, Body: decodeMap(answer)})
	}
	if fault != nil && fault.late(ws, w, r) {
		return
	}
	for k, v := range header {
		w.Header().Set(k, v)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(answer) // a client that is gone needs no answer
}

// answer checks the token, the scope and the rate limit, and runs the method. The caller holds mu.
func (ws *Workspace) answer(name string, a args, token string) (reply, error) {
	m, ok := ws.api[name]
	if !ok {
		return nil, refuse("unknown_method")
	}
	switch {
	case token == "":
		return nil, refuse("not_authed")
	case token != ws.cfg.BotToken && token != ws.cfg.AppToken:
		return nil, refuse("invalid_auth")
	case m.app != (token == ws.cfg.AppToken):
		return nil, refuse("not_allowed_token_type")
	}
	if err := ws.needScope(m.scopes...); err != nil {
		return nil, err
	}
	if err := ws.takeToken(name, m, a); err != nil {
		return nil, err
	}
	return m.run(ws, a)
}

// needScope refuses unless the token has one of the scopes.
func (ws *Workspace) needScope(anyOf ...string) error {
	if len(anyOf) == 0 {
		return nil
	}
	for _, s := range anyOf {
		if slices.Contains(ws.cfg.Scopes, s) {
			return nil
		}
	}
	return &apiError{code: "missing_scope", extra: map[string]any{
		"needed": strings.Join(anyOf, ","), "provided": strings.Join(ws.cfg.Scopes, ","),
	}}
}

// render turns a method's result into an answer.
func (ws *Workspace) render(body reply, err error) (int, map[string]string, map[string]any) {
	if err == nil {
		out := map[string]any{"ok": true}
		for k, v := range body {
			out[k] = v
		}
		return http.StatusOK, nil, out
	}
	var limited *rateLimited
	if errors.As(err, &limited) {
		secs := max(1, int(math.Ceil(limited.after.Seconds())))
		return http.StatusTooManyRequests, map[string]string{"Retry-After": strconv.Itoa(secs)},
			map[string]any{"ok": false, "error": "ratelimited"}
	}
	var refused *apiError
	if !errors.As(err, &refused) {
		return http.StatusInternalServerError, nil, map[string]any{"ok": false, "error": "internal_error"}
	}
	out := map[string]any{"ok": false, "error": refused.code}
	if len(refused.messages) > 0 {
		out["response_metadata"] = map[string]any{"messages": refused.messages}
		out["errors"] = refused.messages
	}
	for k, v := range refused.extra {
		out[k] = v
	}
	return http.StatusOK, nil, out
}

// Calls returns every call so far, in order.
func (ws *Workspace) Calls() []Call {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return slices.Clone(ws.calls)
}

// Count returns how often a method was called, refused calls included.
func (ws *Workspace) Count(method string) int {
	n := 0
	for _, c := range ws.Calls() {
		if c.Method == method {
			n++
		}
	}
	return n
}

// RateLimited returns the number of 429 answers by method, those by injected faults not counted.
func (ws *Workspace) RateLimited() map[string]int {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	out := make(map[string]int, len(ws.limited))
	for k, v := range ws.limited {
		out[k] = v
	}
	return out
}

// OnCall has before called ahead of each call, numbered, and after once the call took effect and
// before it is answered. Either may be nil. They run on the request's goroutine, without locks.
func (ws *Workspace) OnCall(before func(Call), after func(Call, Reply)) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.before, ws.after = before, after
}
