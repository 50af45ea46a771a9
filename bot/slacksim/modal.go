package slacksim

import (
	"context"
	"encoding/json"
	"strconv"
)

// View is a modal or a Home tab on a person's screen. It follows the view through its updates.
type View struct {
	person *Person
	id     string
}

// Submitted is what a person sees after pressing a modal's submit button.
type Submitted struct {
	// Errors are the messages below fields, by the field's label. Nothing was sent to the app when the
	// client found them.
	Errors map[string]string
	Closed bool // this modal is gone
	// Updated says that the modal now shows something else.
	Updated bool
	// Pushed is the modal that was put on top, or nil.
	Pushed *View
}

// WaitModal waits until a modal with that title is on top; any title fits when it is empty.
func (p *Person) WaitModal(ctx context.Context, title string) (*View, error) {
	var found *View
	err := p.ws.wait(ctx, "a modal "+strconv.Quote(title), func() bool {
		v := p.ws.top(p.id)
		if v == nil || title != "" && p.ws.readElement(v.body["title"]) != title {
			return false
		}
		found = &View{person: p, id: v.id}
		return true
	})
	return found, err
}

// Modal returns the modal on top, nil when none is open.
func (p *Person) Modal() *View {
	p.ws.mu.Lock()
	defer p.ws.mu.Unlock()
	if v := p.ws.top(p.id); v != nil {
		return &View{person: p, id: v.id}
	}
	return nil
}

// WaitHome waits until the app has published a Home view that ok accepts. ok may call the view's
// methods.
func (p *Person) WaitHome(ctx context.Context, ok func(*View) bool) (*View, error) {
	var home *View
	err := p.ws.wait(ctx, "a Home view", func() bool {
		id := p.ws.homes[p.id]
		home = &View{person: p, id: id}
		return id != ""
	})
	if err != nil {
		return nil, err
	}
	return home, home.Wait(ctx, ok)
}

// Wait waits until ok accepts the view, and looks again after each update. ok may call the view's
// methods.
func (v *View) Wait(ctx context.Context, ok func(*View) bool) error {
	seen := -1
	for {
		err := v.person.ws.wait(ctx, "an update of the view", func() bool {
			now := v.person.ws.views[v.id].revision
			if now == seen {
				return false
			}
			seen = now
			return true
		})
		if err != nil {
			return err
		}
		if ok(v) {
			return nil
		}
	}
}

// look calls f with the view as it is, with mu held.
func (v *View) look(f func(ws *Workspace, x *view)) {
	ws := v.person.ws
	ws.mu.Lock()
	defer ws.mu.Unlock()
	f(ws, ws.views[v.id])
}

// ID returns the view id.
func (v *View) ID() string { return v.id }

// Title returns what is written on top of a modal.
func (v *View) Title() (s string) {
	v.look(func(ws *Workspace, x *view) { s = ws.readElement(x.body["title"]) })
	return s
}

// Text returns what a person reads in the view.
func (v *View) Text() (s string) {
	v.look(func(ws *Workspace, x *view) { s = ws.readBlocks(list(x.body["blocks"])) })
	return s
}

// JSON returns the view as Slack's payloads hold it.
func (v *View) JSON() (j json.RawMessage) {
	v.look(func(ws *Workspace, x *view) { j = mustJSON(ws.viewJSON(x)) })
	return j
}

// Open reports whether the view is still on the screen, be it below another.
func (v *View) Open() (open bool) {
	v.look(func(_ *Workspace, x *view) { open = !x.closed })
	return open
}

// Labels returns the labels of the inputs, in order.
func (v *View) Labels() (labels []string) {
	v.look(func(ws *Workspace, x *view) {
		for _, b := range list(x.body["blocks"]) {
			if str(obj(b)["type"]) == "input" {
				labels = append(labels, ws.readElement(obj(b)["label"]))
			}
		}
	})
	return labels
}

// Buttons returns the texts of the buttons inside the view, in order; submit and close are not among
// them.
func (v *View) Buttons() (texts []string) {
	v.look(func(ws *Workspace, x *view) {
		for _, c := range controls(list(x.body["blocks"])) {
			if str(c.element["type"]) == "button" {
				texts = append(texts, ws.readElement(c.element["text"]))
			}
		}
	})
	return texts
}

// dispatch sends block_actions for something done in a view. The caller holds mu.
func (v *View) dispatch(x *view, c control, more map[string]any) *envelope {
	ws := v.person.ws
	from := ""
	if x.kind == "modal" {
		from = x.id
	}
	payload := v.person.interaction("block_actions", from)
	payload["container"] = map[string]any{"type": "view", "view_id": x.id}
	payload["view"] = ws.viewJSON(x)
	payload["actions"] = []any{ws.action(c, more)}
	return ws.send(kindInteractive, payload, nil)
}

// Click clicks a button inside the view and returns once the app has acknowledged.
func (v *View) Click(ctx context.Context, text string) error { return v.click(ctx, text, false) }

// ClickConfirm is Click, and accepts the button's dialog.
func (v *View) ClickConfirm(ctx context.Context, text string) error { return v.click(ctx, text, true) }

func (v *View) click(ctx context.Context, text string, sure bool) error {
	ws := v.person.ws
	ws.mu.Lock()
	x := ws.views[v.id]
	err := v.reachable(x)
	var b control
	if err == nil {
		b, err = ws.button(list(x.body["blocks"]), text)
	}
	if err == nil {
		err = confirmed(b.element, sure)
	}
	if err != nil {
		ws.mu.Unlock()
		return err
	}
	e := v.dispatch(x, b, buttonAction(b.element))
	ws.mu.Unlock()
	return v.person.await(ctx, e, trouble)
}
