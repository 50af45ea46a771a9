package slacksim

import (
	"context"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Submit presses the submit button and returns what the person sees once the app has answered. It
// fails with what the client shows when there was no answer in time or one that Slack cannot use.
func (v *View) Submit(ctx context.Context) (Submitted, error) {
	ws := v.person.ws
	ws.mu.Lock()
	x := ws.views[v.id]
	err := v.reachable(x)
	if err == nil && x.body["submit"] == nil {
		err = fmt.Errorf("the modal has no submit button")
	}
	if err != nil {
		ws.mu.Unlock()
		return Submitted{}, err
	}
	if faulty := v.missing(x); len(faulty) > 0 {
		ws.mu.Unlock()
		return Submitted{Errors: faulty}, nil
	}
	v.release(x)
	payload := v.person.interaction("view_submission", x.id)
	payload["view"] = ws.viewJSON(x)
	payload["response_urls"] = ws.viewResponseURLs(x)
	var seen Submitted
	var bad error
	e := ws.send(kindInteractive, payload, func(response map[string]any) {
		seen, bad = v.apply(x, response)
	})
	ws.mu.Unlock()
	if err := v.person.await(ctx, e, trouble); err != nil {
		return Submitted{}, err
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if bad != nil {
		ws.notices[v.person.id] = append(ws.notices[v.person.id], bad.Error())
	}
	return seen, bad
}

// missing checks what the client checks before it sends: required fields and their forms.
func (v *View) missing(x *view) map[string]string {
	ws := v.person.ws
	faulty := map[string]string{}
	for _, c := range controls(list(x.body["blocks"])) {
		if str(c.block["type"]) != "input" {
			continue
		}
		state := obj(x.values[str(c.block["block_id"])][str(c.element["action_id"])])
		if problem := fieldProblem(c, state); problem != "" {
			faulty[ws.readElement(c.block["label"])] = problem
		}
	}
	return faulty
}

func fieldProblem(c control, state map[string]any) string {
	if emptyState(state) {
		if c.block["optional"] == true {
			return ""
		}
		return "Please complete this required field."
	}
	value := str(state["value"])
	switch str(c.element["type"]) {
	case "plain_text_input":
		if low, ok := c.element["min_length"].(float64); ok && utf8.RuneCountInString(value) < int(low) {
			return fmt.Sprintf("Please enter at least %d characters.", int(low))
		}
	case "email_text_input":
		if a, err := mail.ParseAddress(value); err != nil || a.Address != value {
			return "Please enter a valid email address."
		}
	case "url_text_input":
		if u, err := url.Parse(value); err != nil || u.Host == "" {
			return "Please enter a valid URL."
		}
	case "number_input":
		return numberProblem(c.element, value)
	}
	return ""
}

func numberProblem(el map[string]any, value string) string {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || el["is_decimal_allowed"] != true && strings.Contains(value, ".") {
		return "Please enter a valid number."
	}
	if low, err := strconv.ParseFloat(str(el["min_value"]), 64); err == nil && n < low {
		return "Please enter a number that is at least " + str(el["min_value"]) + "."
	}
	if high, err := strconv.ParseFloat(str(el["max_value"]), 64); err == nil && n > high {
		return "Please enter a number that is at most " + str(el["max_value"]) + "."
	}
	return ""
}

func emptyState(state map[string]any) bool {
	for k, val := range state {
		switch x := val.(type) {
		case nil:
		case []any:
			if len(x) > 0 {
				return false
			}
		default:
			if k != "type" {
				return false
			}
		}
	}
	return true
}

// release lets the bot read the files that are being submitted.
func (v *View) release(x *view) {
	walk([]any{decodeMap(v.person.ws.viewJSON(x))["state"]}, func(o map[string]any) {
		if f := v.person.ws.files[str(o["id"])]; f != nil {
			f.forBot = true
		}
	})
}

// viewResponseURLs are the response URLs that channel pickers asked for.
func (ws *Workspace) viewResponseURLs(x *view) []any {
	urls := []any{}
	for _, c := range controls(list(x.body["blocks"])) {
		if c.element["response_url_enabled"] != true {
			continue
		}
		block, action := str(c.block["block_id"]), str(c.element["action_id"])
		state := obj(x.values[block][action])
		id := str(state["selected_conversation"]) + str(state["selected_channel"])
		if ws.channels[id] == nil {
			continue
		}
		urls = append(urls, map[string]any{
			"block_id": block, "action_id": action, "channel_id": id,
			"response_url": ws.newResponseURL("actions", responseURL{user: x.user, channel: id}),
		})
	}
	return urls
}

// apply does what the app's answer to a submission says. The caller holds mu.
func (v *View) apply(x *view, response map[string]any) (Submitted, error) {
	ws := v.person.ws
	refused := func(why string) (Submitted, error) {
		ws.ackProblems = append(ws.ackProblems, "view_submission: "+why)
		return Submitted{}, &SeenError{Text: strings.ReplaceAll(trouble, "%s", why), Err: fmt.Errorf("the app's answer: %s", why)}
	}
	action, isText := response["response_action"].(string)
	switch {
	case len(response) == 0:
		ws.closeTop(x.user)
		return Submitted{Closed: true}, nil
	case !isText:
		return refused("response_action is missing")
	}
	switch action {
	case "clear":
		ws.closeStack(x.user)
		return Submitted{Closed: true}, nil
	case "errors":
		shown, err := ws.fieldErrors(x, obj(response["errors"]))
		if err != nil {
			return refused(err.Error())
		}
		return Submitted{Errors: shown}, nil
	case "update", "push":
		body, err := ws.checkView(response["view"], "modal")
		if err != nil {
			return refused(refusalText(err))
		}
		if action == "update" {
			ws.show(x, body)
			return Submitted{Updated: true}, nil
		}
		if len(ws.stacks[x.user]) >= maxViewStack {
			return refused("push_limit_reached")
		}
		return Submitted{Pushed: &View{person: v.person, id: ws.push(x.user, body).id}}, nil
	}
	return refused("unknown response_action " + action)
}

func refusalText(err error) string {
	if e, ok := err.(*apiError); ok && len(e.messages) > 0 { //nolint:errorlint // made a line above, never wrapped
		return e.code + ": " + strings.Join(e.messages, "; ")
	}
	return err.Error()
}

// fieldErrors turns errors by block id into errors by label. Each id must be an input block's.
func (ws *Workspace) fieldErrors(x *view, given map[string]any) (map[string]string, error) {
	if len(given) == 0 {
		return nil, fmt.Errorf("errors is missing or empty")
	}
	labels := map[string]string{}
	for _, b := range list(x.body["blocks"]) {
		if str(obj(b)["type"]) == "input" {
			labels[str(obj(b)["block_id"])] = ws.readElement(obj(b)["label"])
		}
	}
	x.errors = map[string]string{}
	shown := map[string]string{}
	for _, id := range sortedKeys(given) {
		text, ok := given[id].(string)
		label, known := labels[id]
		if !known || !ok || text == "" {
			return nil, fmt.Errorf("errors names %q, which is no input block", id)
		}
		x.errors[id], shown[label] = text, text
	}
	ws.signal()
	return shown, nil
}

// Close presses the close button: this modal goes, and the one below comes back unless the app asked
// for clear_on_close. The app hears of it when it asked for notify_on_close; Close then returns once it
// has acknowledged.
func (v *View) Close(ctx context.Context) error { return v.close(ctx, false) }

// CloseAll presses the X of a stack of modals: all of them go.
func (v *View) CloseAll(ctx context.Context) error { return v.close(ctx, true) }

func (v *View) close(ctx context.Context, all bool) error {
	ws := v.person.ws
	ws.mu.Lock()
	x := ws.views[v.id]
	if x.closed || ws.top(x.user) != x {
		ws.mu.Unlock()
		return fmt.Errorf("the modal is not on top")
	}
	all = all || x.body["clear_on_close"] == true
	if all {
		ws.closeStack(x.user)
	} else {
		ws.closeTop(x.user)
	}
	if x.body["notify_on_close"] != true {
		ws.mu.Unlock()
		return nil
	}
	payload := v.person.interaction("view_closed", "")
	delete(payload, "trigger_id")
	payload["view"], payload["is_cleared"] = ws.viewJSON(x), all
	e := ws.send(kindInteractive, payload, nil)
	ws.mu.Unlock()
	return v.person.await(ctx, e, trouble)
}
