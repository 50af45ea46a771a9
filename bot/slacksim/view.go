package slacksim

import (
	"fmt"
	"slices"
	"time"
)

// view is a modal of one person or a Home tab.
type view struct {
	id, user, kind string
	root, previous string
	hash           string
	body           map[string]any // as the app sent it, with ids filled in
	values         map[string]map[string]any
	errors         map[string]string // by block id, after a refused submission
	closed         bool
	revision       int
}

// trigger lets the app open a modal, once and soon.
type trigger struct {
	user    string
	expires time.Time
	used    bool
	view    string // the modal it came from, if any
}

// newTrigger makes a trigger id. The caller holds mu.
func (ws *Workspace) newTrigger(user, fromView string) string {
	id := fmt.Sprintf("%d.%d.%s", ws.clock.Now().UnixMilli(), ws.seq, ws.id("t"))
	ws.triggers[id] = &trigger{user: user, expires: ws.clock.Now().Add(ws.cfg.TriggerLife), view: fromView}
	return id
}

// peekTrigger checks a trigger id without using it up.
func (ws *Workspace) peekTrigger(a args) (*trigger, error) {
	id, err := a.need("trigger_id")
	if err != nil {
		return nil, err
	}
	t := ws.triggers[id]
	switch {
	case t == nil:
		return nil, refuse("invalid_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	case ws.clock.Now().After(t.expires):
		return nil, refuse("expired_trigger_id")
	}
	return t, nil
}

// viewArg reads and checks the view argument; kind is modal or home.
func (ws *Workspace) viewArg(a args, kind string) (map[string]any, error) {
	raw, err := a.json("view")
	if err != nil {
		return nil, err
	}
	if raw == nil {
		return nil, invalidArguments("missing required field: view")
	}
	return ws.checkView(raw, kind)
}

func (ws *Workspace) checkView(raw any, kind string) (map[string]any, error) {
	if err := refusal(lintView(raw, ws.cfg.Unavailable)); err != nil {
		return nil, err
	}
	if k := str(obj(raw)["type"]); k != kind {
		return nil, invalidArguments("must be one of [%s] [json-pointer:/view/type]", kind)
	}
	body := decodeMap(raw)
	body["blocks"] = ws.withIDs(list(body["blocks"]))
	return body, nil
}

func (ws *Workspace) externalIDFree(body map[string]any, except *view) error {
	id := str(body["external_id"])
	if id == "" {
		return nil
	}
	for _, v := range ws.views {
		if v != except && !v.closed && str(v.body["external_id"]) == id {
			return refuse("duplicate_external_id")
		}
	}
	return nil
}

// show puts a body into a view: values of inputs that are still there stay.
func (ws *Workspace) show(v *view, body map[string]any) {
	v.body = body
	v.revision++
	v.hash = fmt.Sprintf("%d.%s", ws.clock.Now().Unix(), ws.id("h"))
	old := v.values
	v.values, v.errors = map[string]map[string]any{}, nil
	for _, b := range list(body["blocks"]) {
		block := obj(b)
		for _, el := range interactive(block) {
			state := initialState(el)
			kept := old[str(block["block_id"])][str(el["action_id"])]
			if k := obj(kept); k != nil && k["type"] == el["type"] {
				state = k
			}
			if state == nil {
				continue
			}
			id := str(block["block_id"])
			if v.values[id] == nil {
				v.values[id] = map[string]any{}
			}
			v.values[id][str(el["action_id"])] = state
		}
	}
	ws.signal()
}

// initialState is an element's entry in view.state.values before anyone touched it; nil for elements
// that have none.
func initialState(el map[string]any) map[string]any {
	kind := str(el["type"])
	s := map[string]any{"type": kind}
	first := func(k string) any { return el[k] }
	switch kind {
	case "button", "overflow", "icon_button", "workflow_button", "feedback_buttons":
		return nil
	case "plain_text_input", "email_text_input", "url_text_input", "number_input":
		s["value"] = first("initial_value")
	case "rich_text_input":
		s["rich_text_value"] = first("initial_value")
	case "file_input":
		s["files"] = []any{}
	case "checkboxes", "multi_static_select", "multi_external_select":
		s["selected_options"] = append([]any{}, list(el["initial_options"])...)
	case "radio_buttons", "static_select", "external_select":
		s["selected_option"] = first("initial_option")
	case "datepicker":
		s["selected_date"] = first("initial_date")
	case "timepicker":
		s["selected_time"] = first("initial_time")
	case "datetimepicker":
		s["selected_date_time"] = first("initial_date_time")
	case "users_select":
		s["selected_user"] = first("initial_user")
	case "conversations_select":
		s["selected_conversation"] = first("initial_conversation")
	case "channels_select":
		s["selected_channel"] = first("initial_channel")
	case "multi_users_select":
		s["selected_users"] = append([]any{}, list(el["initial_users"])...)
	case "multi_conversations_select":
		s["selected_conversations"] = append([]any{}, list(el["initial_conversations"])...)
	case "multi_channels_select":
		s["selected_channels"] = append([]any{}, list(el["initial_channels"])...)
	}
	return s
}

func (ws *Workspace) newView(user, kind string, body map[string]any) *view {
	v := &view{id: ws.id("V"), user: user, kind: kind}
	v.root = v.id
	ws.views[v.id] = v
	ws.show(v, body)
	return v
}

// viewJSON is a view in answers and payloads. The caller holds mu.
func (ws *Workspace) viewJSON(v *view) map[string]any {
	values := map[string]any{}
	for id, actions := range v.values {
		values[id] = actions
	}
	o := map[string]any{
		"id": v.id, "team_id": ws.cfg.TeamID, "type": v.kind, "blocks": v.body["blocks"], "private_metadata": str(v.body["private_metadata"]),
		"callback_id": str(v.body["callback_id"]), "external_id": str(v.body["external_id"]), "state": map[string]any{"values": values},
		"hash": v.hash, "root_view_id": v.root, "previous_view_id": nil, "app_id": ws.cfg.AppID, "bot_id": ws.cfg.BotID,
		"app_installed_team_id": ws.cfg.TeamID, "clear_on_close": v.body["clear_on_close"] == true, "notify_on_close": v.body["notify_on_close"] == true,
	}
	if v.previous != "" {
		o["previous_view_id"] = v.previous
	}
	if v.kind == "modal" {
		o["title"], o["submit"], o["close"] = v.body["title"], v.body["submit"], v.body["close"]
	}
	return o
}

func (ws *Workspace) viewsOpen(a args) (reply, error) {
	t, err := ws.peekTrigger(a)
	if err != nil {
		return nil, err
	}
	body, err := ws.viewArg(a, "modal")
	if err != nil {
		return nil, err
	}
	if err := ws.externalIDFree(body, nil); err != nil {
		return nil, err
	}
	t.used = true
	ws.closeStack(t.user)
	v := ws.newView(t.user, "modal", body)
	ws.stacks[t.user] = []string{v.id}
	return reply{"view": ws.viewJSON(v)}, nil
}

func (ws *Workspace) viewsPush(a args) (reply, error) {
	t, err := ws.peekTrigger(a)
	if err != nil {
		return nil, err
	}
	body, err := ws.viewArg(a, "modal")
	if err != nil {
		return nil, err
	}
	stack := ws.stacks[t.user]
	switch {
	case t.view == "" || !slices.Contains(stack, t.view):
		return nil, invalidArguments("trigger_id does not come from an open modal")
	case len(stack) >= maxViewStack:
		return nil, refuse("push_limit_reached")
	}
	if err := ws.externalIDFree(body, nil); err != nil {
		return nil, err
	}
	t.used = true
	return reply{"view": ws.viewJSON(ws.push(t.user, body))}, nil
}

func (ws *Workspace) push(user string, body map[string]any) *view {
	stack := ws.stacks[user]
	v := ws.newView(user, "modal", body)
	v.previous = stack[len(stack)-1]
	v.root = ws.views[stack[0]].id
	ws.stacks[user] = append(stack, v.id)
	ws.signal()
	return v
}

func (ws *Workspace) viewsUpdate(a args) (reply, error) {
	id, err := a.str("view_id")
	if err != nil {
		return nil, err
	}
	external, err := a.str("external_id")
	if err != nil {
		return nil, err
	}
	var v *view
	for _, x := range ws.views {
		if id != "" && x.id == id || id == "" && external != "" && str(x.body["external_id"]) == external && !x.closed {
			v = x
		}
	}
	if v == nil || v.closed {
		return nil, refuse("not_found")
	}
	hash, err := a.str("hash")
	if err != nil {
		return nil, err
	}
	if hash != "" && hash != v.hash {
		return nil, refuse("hash_conflict")
	}
	body, err := ws.viewArg(a, v.kind)
	if err != nil {
		return nil, err
	}
	if err := ws.externalIDFree(body, v); err != nil {
		return nil, err
	}
	ws.show(v, body)
	return reply{"view": ws.viewJSON(v)}, nil
}

func (ws *Workspace) viewsPublish(a args) (reply, error) {
	id, err := a.need("user_id")
	if err != nil {
		return nil, err
	}
	u := ws.users[id]
	if u == nil || u.Bot || u.Deleted || u.TeamID != ws.cfg.TeamID {
		return nil, invalidArguments("invalid `user_id`")
	}
	v := ws.views[ws.homes[id]]
	hash, err := a.str("hash")
	if err != nil {
		return nil, err
	}
	if v != nil && hash != "" && hash != v.hash {
		return nil, refuse("hash_conflict")
	}
	body, err := ws.viewArg(a, "home")
	if err != nil {
		return nil, err
	}
	if v == nil {
		v = ws.newView(id, "home", body)
		ws.homes[id] = v.id
	} else {
		ws.show(v, body)
	}
	ws.signal()
	return reply{"view": ws.viewJSON(v)}, nil
}

// top returns the modal that a person looks at, nil when none is open.
func (ws *Workspace) top(user string) *view {
	stack := ws.stacks[user]
	if len(stack) == 0 {
		return nil
	}
	return ws.views[stack[len(stack)-1]]
}

func (ws *Workspace) closeStack(user string) {
	for _, id := range ws.stacks[user] {
		ws.views[id].closed = true
	}
	delete(ws.stacks, user)
	ws.signal()
}

// closeTop closes the top modal and uncovers the one below.
func (ws *Workspace) closeTop(user string) {
	stack := ws.stacks[user]
	if len(stack) == 0 {
		return
	}
	ws.views[stack[len(stack)-1]].closed = true
	ws.stacks[user] = stack[:len(stack)-1]
	ws.signal()
}
