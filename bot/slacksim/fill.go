package slacksim

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// find finds an input by its label, or another element by its placeholder or the text it stands
// beside. The caller holds mu.
func (v *View) find(label string) (*view, control, error) {
	ws := v.person.ws
	x := ws.views[v.id]
	if err := v.reachable(x); err != nil {
		return nil, control{}, err
	}
	var seen []string
	for _, c := range controls(list(x.body["blocks"])) {
		names := []string{ws.readElement(c.block["label"]), ws.readElement(c.element["placeholder"]), ws.readElement(c.block["text"])}
		for _, n := range names {
			if n != "" && n == label {
				return x, c, nil
			}
		}
		seen = append(seen, names[0])
	}
	return nil, control{}, fmt.Errorf("there is no field %q, only %q", label, seen)
}

// reachable checks that the person can do something in the view. The caller holds mu.
func (v *View) reachable(x *view) error {
	switch {
	case x.closed:
		return fmt.Errorf("the modal is closed")
	case x.kind == "modal" && v.person.ws.top(x.user) != x:
		return fmt.Errorf("another modal is on top")
	}
	return v.person.present()
}

// set stores an input's state and tells the app where it asked for that. The caller holds mu.
func (v *View) set(x *view, c control, state map[string]any) {
	state["type"] = c.element["type"]
	block, action := str(c.block["block_id"]), str(c.element["action_id"])
	if x.values[block] == nil {
		x.values[block] = map[string]any{}
	}
	x.values[block][action] = state
	if str(c.block["type"]) != "input" || c.block["dispatch_action"] == true {
		v.dispatch(x, c, state)
	}
}

// Fill types into a field, or enters a date (2026-01-31), a time (09:30) or Unix seconds in a picker.
// The client's own limits apply.
func (v *View) Fill(label, text string) error {
	v.person.ws.mu.Lock()
	defer v.person.ws.mu.Unlock()
	x, c, err := v.find(label)
	if err != nil {
		return err
	}
	state := map[string]any{}
	switch kind := str(c.element["type"]); kind {
	case "plain_text_input", "email_text_input", "url_text_input", "number_input":
		high := maxPlainInput
		if n, ok := c.element["max_length"].(float64); ok {
			high = int(n)
		}
		if utf8.RuneCountInString(text) > high {
			return fmt.Errorf("%q takes no more than %d characters", label, high)
		}
		if strings.Contains(text, "\n") && c.element["multiline"] != true {
			return fmt.Errorf("%q takes one line only", label)
		}
		state["value"] = text
		if text == "" {
			state["value"] = nil
		}
	case "datepicker":
		if !isoDate.MatchString(text) {
			return fmt.Errorf("%q is no date", text)
		}
		state["selected_date"] = text
	case "timepicker":
		if !clock24.MatchString(text) {
			return fmt.Errorf("%q is no time", text)
		}
		state["selected_time"] = text
	case "datetimepicker":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is no time in Unix seconds", text)
		}
		state["selected_date_time"] = float64(n)
	default:
		return fmt.Errorf("%q is a %s, nothing to type into", label, kind)
	}
	v.set(x, c, state)
	return nil
}

// Choose picks options by their text: one in a menu or among radio buttons, several in a multi-select.
// People are named @name, channels #name. Where the app wants to hear of it at once (dispatch_action, or
// an element outside an input block) it is told, and Choose does not wait for its ack.
func (v *View) Choose(label string, options ...string) error {
	v.person.ws.mu.Lock()
	defer v.person.ws.mu.Unlock()
	x, c, err := v.find(label)
	if err != nil {
		return err
	}
	kind := str(c.element["type"])
	multi := strings.HasPrefix(kind, "multi_")
	if !multi && len(options) != 1 {
		return fmt.Errorf("%q takes one option", label)
	}
	if n, ok := c.element["max_selected_items"].(float64); ok && len(options) > int(n) {
		return fmt.Errorf("%q takes no more than %d options", label, int(n))
	}
	var picked []any
	for _, o := range options {
		one, err := v.person.ws.pick(c.element, o)
		if err != nil {
			return fmt.Errorf("%q: %w", label, err)
		}
		picked = append(picked, one)
	}
	key := map[string]string{
		"static_select": "selected_option", "radio_buttons": "selected_option", "overflow": "selected_option",
		"users_select": "selected_user", "channels_select": "selected_channel", "conversations_select": "selected_conversation",
	}[strings.TrimPrefix(kind, "multi_")]
	switch {
	case key == "":
		return fmt.Errorf("%q is a %s, nothing to choose from", label, kind)
	case multi:
		v.set(x, c, map[string]any{key + "s": picked})
	default:
		v.set(x, c, map[string]any{key: picked[0]})
	}
	return nil
}

// pick resolves what is chosen to what the payload holds.
func (ws *Workspace) pick(el map[string]any, name string) (any, error) {
	switch strings.TrimPrefix(str(el["type"]), "multi_") {
	case "users_select":
		if u := ws.userNamed(name); u != nil {
			return u.ID, nil
		}
		return nil, fmt.Errorf("there is no user %s", name)
	case "channels_select", "conversations_select":
		if c := ws.place(name); c != nil {
			return c.id, nil
		}
		return nil, fmt.Errorf("there is no channel %s", name)
	default:
		return ws.optionNamed(el, name)
	}
}

// Check ticks a checkbox, Uncheck clears it.
func (v *View) Check(label, option string) error { return v.tick(label, option, true) }

// Uncheck clears a checkbox.
func (v *View) Uncheck(label, option string) error { return v.tick(label, option, false) }

func (v *View) tick(label, option string, on bool) error {
	ws := v.person.ws
	ws.mu.Lock()
	defer ws.mu.Unlock()
	x, c, err := v.find(label)
	if err != nil {
		return err
	}
	if kind := str(c.element["type"]); kind != "checkboxes" {
		return fmt.Errorf("%q is a %s, no checkboxes", label, kind)
	}
	o, err := ws.optionNamed(c.element, option)
	if err != nil {
		return err
	}
	now := obj(x.values[str(c.block["block_id"])][str(c.element["action_id"])])
	picked := slices.DeleteFunc(slices.Clone(list(now["selected_options"])), func(p any) bool { return obj(p)["value"] == o["value"] })
	if on {
		picked = append(picked, o)
	}
	v.set(x, c, map[string]any{"selected_options": append([]any{}, picked...)})
	return nil
}

// Attach puts a file into a file input. As in the client, a wrong extension, one file too many or more
// than 10 MB is refused.
func (v *View) Attach(label, name string, data []byte) error {
	ws := v.person.ws
	ws.mu.Lock()
	defer ws.mu.Unlock()
	x, c, err := v.find(label)
	if err != nil {
		return err
	}
	if kind := str(c.element["type"]); kind != "file_input" {
		return fmt.Errorf("%q is a %s and takes no file", label, kind)
	}
	now := list(obj(x.values[str(c.block["block_id"])][str(c.element["action_id"])])["files"])
	high := maxFileInputFiles
	if n, ok := c.element["max_files"].(float64); ok {
		high = int(n)
	}
	types := list(c.element["filetypes"])
	ext := strings.TrimPrefix(strings.ToLower(path.Ext(name)), ".")
	switch {
	case len(now) >= high:
		return fmt.Errorf("%q takes no more than %d files", label, high)
	case len(data) > maxFileInputBytes:
		return fmt.Errorf("%s is larger than 10 MB", name)
	case len(types) > 0 && !slices.Contains(types, any(ext)):
		return fmt.Errorf("%q takes only files of type %v", label, types)
	}
	f := ws.newFile(v.person.id, name, data, Hosted)
	v.set(x, c, map[string]any{"files": append(slices.Clone(now), decodeMap(ws.fullFileJSON(f)))})
	return nil
}

// Detach takes all files out of a file input.
func (v *View) Detach(label string) error {
	v.person.ws.mu.Lock()
	defer v.person.ws.mu.Unlock()
	x, c, err := v.find(label)
	if err != nil {
		return err
	}
	v.set(x, c, map[string]any{"files": []any{}})
	return nil
}
