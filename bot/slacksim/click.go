package slacksim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
)

const trouble = `We had some trouble connecting. Try again? (%s)`

// ErrConfirm says that a click opened a confirmation dialog, so nothing was sent yet.
var ErrConfirm = errors.New("a dialog asks to confirm")

// control is one element on the screen with the block it is in.
type control struct{ block, element map[string]any }

// controls lists the elements of blocks.
func controls(blocks []any) []control {
	var out []control
	for _, b := range blocks {
		for _, el := range interactive(obj(b)) {
			out = append(out, control{block: obj(b), element: el})
		}
	}
	return out
}

// button finds the one button with that text.
func (ws *Workspace) button(blocks []any, text string) (control, error) {
	var found []control
	var seen []string
	for _, c := range controls(blocks) {
		switch str(c.element["type"]) {
		case "button", "icon_button", "workflow_button":
			label := ws.readElement(c.element["text"])
			seen = append(seen, label)
			if label == text {
				found = append(found, c)
			}
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return control{}, fmt.Errorf("there is no button %q, only [%s]", text, strings.Join(seen, "], ["))
	default:
		return control{}, fmt.Errorf("%d buttons are called %q", len(found), text)
	}
}

// Click clicks the button with that text on a message as it stands now. It returns once the app has
// acknowledged, or the error that the person sees. A button that asks to confirm returns [ErrConfirm].
func (p *Person) Click(ctx context.Context, msg Message, text string) error {
	return p.clickMessage(ctx, msg, text, nil, false)
}

// ClickConfirm is Click, and accepts the dialog; a button without one is an error.
func (p *Person) ClickConfirm(ctx context.Context, msg Message, text string) error {
	return p.clickMessage(ctx, msg, text, nil, true)
}

// ClickSeen clicks a button of msg as it stood when msg was taken, although it may have changed since:
// the click of someone whose screen is a moment behind.
func (p *Person) ClickSeen(ctx context.Context, msg Message, text string) error {
	var blocks []any
	if err := json.Unmarshal(msg.Blocks, &blocks); err != nil {
		return fmt.Errorf("there is no button %q: the message has no blocks", text)
	}
	return p.clickMessage(ctx, msg, text, blocks, false)
}

func (p *Person) clickMessage(ctx context.Context, msg Message, text string, blocks []any, sure bool) error {
	ws := p.ws
	ws.mu.Lock()
	m, err := p.onScreen(msg)
	if err != nil {
		ws.mu.Unlock()
		return err
	}
	if blocks == nil {
		blocks = m.blocks
	}
	b, err := ws.button(blocks, text)
	if err == nil {
		err = confirmed(b.element, sure)
	}
	if err != nil {
		ws.mu.Unlock()
		return err
	}
	e := p.act(m, b, buttonAction(b.element))
	ws.mu.Unlock()
	return p.await(ctx, e, trouble)
}

// Choose picks an option, by its text, of a menu on a message; label is the menu's placeholder, or
// empty when there is one menu only.
func (p *Person) Choose(ctx context.Context, msg Message, label, option string) error {
	ws := p.ws
	ws.mu.Lock()
	m, err := p.onScreen(msg)
	if err != nil {
		ws.mu.Unlock()
		return err
	}
	var found *control
	for _, c := range controls(m.blocks) {
		if len(elementOptions(c.element)) > 0 && (label == "" || ws.readElement(c.element["placeholder"]) == label) {
			found = &c
			break
		}
	}
	if found == nil {
		ws.mu.Unlock()
		return fmt.Errorf("there is no menu %q", label)
	}
	o, err := ws.optionNamed(found.element, option)
	if err != nil {
		ws.mu.Unlock()
		return err
	}
	e := p.act(m, *found, map[string]any{"selected_option": o})
	ws.mu.Unlock()
	return p.await(ctx, e, trouble)
}

func (ws *Workspace) optionNamed(el map[string]any, text string) (map[string]any, error) {
	var seen []string
	for _, o := range elementOptions(el) {
		label := ws.readElement(o["text"])
		if label == text {
			return o, nil
		}
		seen = append(seen, label)
	}
	return nil, fmt.Errorf("there is no option %q, only %q", text, seen)
}

// onScreen finds a message that the person sees. The caller holds mu.
func (p *Person) onScreen(msg Message) (*message, error) {
	c, err := p.in(msg.Channel)
	if err != nil {
		return nil, err
	}
	m := c.message(msg.TS)
	if m == nil || m.deleted || m.ephemeralTo != "" && m.ephemeralTo != p.id {
		return nil, fmt.Errorf("%s sees no such message", p.as)
	}
	return m, nil
}

// confirmed checks an element's dialog against what the person intends.
func confirmed(el map[string]any, sure bool) error {
	dialog := obj(el["confirm"])
	switch {
	case dialog == nil && sure:
		return fmt.Errorf("the button asks for no confirmation")
	case dialog != nil && !sure:
		return fmt.Errorf("%w: %s", ErrConfirm, str(obj(dialog["text"])["text"]))
	}
	return nil
}

func buttonAction(el map[string]any) map[string]any {
	a := map[string]any{"text": el["text"]}
	for _, k := range []string{"value", "style", "url"} {
		if el[k] != nil {
			a[k] = el[k]
		}
	}
	return a
}

// action is the entry of a payload's actions.
func (ws *Workspace) action(c control, more map[string]any) map[string]any {
	a := map[string]any{
		"type": c.element["type"], "action_id": c.element["action_id"], "block_id": c.block["block_id"], "action_ts": ws.eventTS(),
	}
	if ph := c.element["placeholder"]; ph != nil {
		a["placeholder"] = ph
	}
	maps.Copy(a, more)
	return a
}

// act sends the block_actions of something done on a message. The caller holds mu.
func (p *Person) act(m *message, c control, more map[string]any) *envelope {
	ws := p.ws
	ch := ws.channels[m.channel]
	payload := p.interaction("block_actions", "")
	box := map[string]any{"type": "message", "message_ts": m.ts, "channel_id": m.channel, "is_ephemeral": m.ephemeralTo != ""}
	if m.thread != "" {
		box["thread_ts"] = m.thread
	}
	payload["container"] = box
	payload["channel"] = map[string]any{"id": ch.id, "name": ch.label()}
	if m.ephemeralTo == "" {
		payload["message"] = ws.messageJSON(m)
	}
	payload["state"] = map[string]any{"values": map[string]any{}}
	payload["response_url"] = ws.newResponseURL("actions", responseURL{user: p.id, channel: ch.id, source: m, thread: m.thread})
	payload["actions"] = []any{ws.action(c, more)}
	return ws.send(kindInteractive, payload, nil)
}
