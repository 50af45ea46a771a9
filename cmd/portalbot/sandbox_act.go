package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"portalbot/bot/slacksim"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// look is who looks at what. It stands in the page's address, so that two windows can be two people.
type look struct {
	As string // name of a person
	In string // "portal" for the channel, "dm" or "home"
}

func lookOf(q url.Values) (look, error) {
	l := look{As: q.Get("as"), In: q.Get("in")}
	if l.As == "" {
		l.As = "ann"
	}
	if l.In == "" {
		l.In = "portal"
	}
	known := slices.ContainsFunc(sandboxPeople(), func(p sandboxPerson) bool { return p.Name == l.As })
	if !known || !slices.Contains([]string{"portal", "dm", "home"}, l.In) {
		return look{}, errors.New("there is no such person or place here")
	}
	return l, nil
}

// place is the conversation's name for slacksim.
func (l look) place() string {
	if l.In == "portal" {
		return sandboxChannel
	}
	return "@" + botName
}

// acts lists what a person can do, by the last part of the address.
func (s *sandbox) acts() map[string]act {
	return map[string]act{
		"type":     s.actType,
		"click":    s.actClick,
		"choose":   s.actChoose,
		"shortcut": s.actShortcut,
		"home":     s.actHome,
		"press":    s.actPress,
		"fields":   s.actFields,
		"detach":   s.actDetach,
		"submit":   s.actSubmit,
		"close":    s.actClose,
		"trouble":  s.actTrouble,
	}
}

// actType sends what was typed: a command, or a message with or without files.
func (s *sandbox) actType(ctx context.Context, who *slacksim.Person, at look, r *http.Request) error {
	text := strings.TrimSpace(r.FormValue("text"))
	files, err := attachments(r, "file")
	switch {
	case err != nil:
		return err
	case len(files) > 0 && strings.HasPrefix(text, "/"):
		return errors.New("a slash command cannot carry a file: send the file alone, or type the command and attach it in the form")
	case len(files) > 0:
		_, err := who.Post(at.place(), slacksim.Post{Text: text, Files: files})
		return err
	case text == "":
		return nil
	}
	return who.Type(ctx, at.place(), text)
}

func attachments(r *http.Request, field string) ([]slacksim.Attachment, error) {
	if r.MultipartForm == nil {
		return nil, nil
	}
	var all []slacksim.Attachment
	for _, h := range r.MultipartForm.File[field] {
		data, err := readPart(h)
		if err != nil {
			return nil, err
		}
		all = append(all, slacksim.Attachment{Name: h.Filename, Data: data})
	}
	return all, nil
}

func readPart(h *multipart.FileHeader) ([]byte, error) {
	f, err := h.Open()
	if err != nil {
		return nil, fmt.Errorf("open the file that was sent: %w", err)
	}
	defer func() { _ = f.Close() }() // read only
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("read the file that was sent: %w", err)
	}
	return data, nil
}

// seen finds a message that the person sees.
func seen(who *slacksim.Person, at look, ts string) (slacksim.Message, error) {
	for _, m := range who.Sees(at.place()) {
		if m.TS == ts {
			return m, nil
		}
	}
	return slacksim.Message{}, errors.New("that message is not there any more")
}

// actClick clicks a button of a message. The page asked already what the button's dialog asks. A button that went away in the moment of the
// click still reaches the bot, as it does in Slack.
func (s *sandbox) actClick(ctx context.Context, who *slacksim.Person, at look, r *http.Request) error {
	m, err := seen(who, at, r.FormValue("ts"))
	if err != nil {
		return err
	}
	versions := append(slices.Clone(m.Versions), slacksim.Version{Blocks: m.Blocks})
	for _, v := range slices.Backward(versions) {
		block, element := findElement(v.Blocks, r.FormValue("block"), r.FormValue("action"))
		if element == nil {
			continue
		}
		if element["confirm"] != nil && r.FormValue("sure") == "" {
			return slacksim.ErrConfirm
		}
		delete(element, "confirm")
		only := map[string]any{"type": "actions", "block_id": block["block_id"], "elements": []any{element}}
		if m.Blocks, err = json.Marshal([]any{only}); err != nil {
			return fmt.Errorf("encode the button: %w", err)
		}
		return who.ClickSeen(ctx, m, textOf(element["text"]))
	}
	return errors.New("that button is not there any more")
}

// actChoose picks an option of a menu on a message.
func (s *sandbox) actChoose(ctx context.Context, who *slacksim.Person, at look, r *http.Request) error {
	m, err := seen(who, at, r.FormValue("ts"))
	if err != nil {
		return err
	}
	_, element := findElement(m.Blocks, r.FormValue("block"), r.FormValue("action"))
	if element == nil {
		return errors.New("that menu is not there any more")
	}
	return who.Choose(ctx, m, textOf(element["placeholder"]), optionText(element, r.FormValue("option")))
}

func (s *sandbox) actShortcut(ctx context.Context, who *slacksim.Person, at look, r *http.Request) error {
	m, err := seen(who, at, r.FormValue("ts"))
	if err != nil {
		return err
	}
	return who.Shortcut(ctx, m, messageShortcut)
}

func (s *sandbox) actHome(ctx context.Context, who *slacksim.Person, _ look, _ *http.Request) error {
	return who.OpenHome(ctx)
}

// actPress clicks a button in a modal or on the Home tab.
func (s *sandbox) actPress(ctx context.Context, who *slacksim.Person, _ look, r *http.Request) error {
	v := home(who)
	if r.FormValue("where") == "modal" {
		v = who.Modal()
	}
	if v == nil {
		return errors.New("that is closed")
	}
	if r.FormValue("where") == "modal" {
		if err := s.fill(v, r); err != nil {
			return err
		}
	}
	_, element := findElement(blocksOf(v.JSON()), r.FormValue("block"), r.FormValue("action"))
	switch {
	case element == nil:
		return errors.New("that button is not there any more")
	case buttonsCalled(blocksOf(v.JSON()), textOf(element["text"])) > 1:
		return fmt.Errorf("several buttons here are called %q, and the built-in Slack tells them apart by their text alone: "+
			"type the command in #portal instead, such as /portal status P-1", textOf(element["text"]))
	case element["confirm"] == nil:
		return v.Click(ctx, textOf(element["text"]))
	case r.FormValue("sure") == "":
		return slacksim.ErrConfirm
	}
	return v.ClickConfirm(ctx, textOf(element["text"]))
}

// buttonsCalled returns how many buttons of a view have that text.
func buttonsCalled(blocks json.RawMessage, text string) int {
	n := 0
	for _, c := range elements(decodeBlocks(blocks)) {
		if c.element["type"] == "button" && textOf(c.element["text"]) == text {
			n++
		}
	}
	return n
}

// home returns what the bot published for a person, nil when there is nothing yet.
func home(who *slacksim.Person) *slacksim.View {
	now, cancel := context.WithCancel(context.Background())
	cancel() // do not wait
	v, err := who.WaitHome(now, func(*slacksim.View) bool { return true })
	if err != nil {
		return nil
	}
	return v
}

// troubleDelay is what Salesforce asks for with its 503.
const troubleDelay = 5 * time.Second

// actTrouble makes something go wrong.
func (s *sandbox) actTrouble(ctx context.Context, _ *slacksim.Person, _ look, r *http.Request) error {
	switch r.FormValue("what") {
	case "lost":
		s.org.Inject(salesforcesim.Fault{Operation: salesforcesim.OpCreate, Object: "User", Nth: 1, Kind: salesforcesim.LoseAnswer})
	case "busy":
		s.org.Inject(salesforcesim.Fault{Nth: 1, Kind: salesforcesim.RetryAfter, Delay: troubleDelay, Match: func(op salesforcesim.Op) bool {
			return op.Name == salesforcesim.OpCreate || op.Name == salesforcesim.OpUpdate
		}})
	case "slack":
		return s.ask(ctx, s.outages, "Slack is down already")
	case "kill":
		return s.ask(ctx, s.kills, "the bot is not running")
	default:
		return errors.New("there is no such trouble")
	}
	return nil
}

// askTime is how long ask waits for somebody to listen.
const askTime = time.Second

// ask hands one over to who listens on c.
func (s *sandbox) ask(ctx context.Context, c chan<- struct{}, otherwise string) error {
	late := time.NewTimer(askTime)
	defer late.Stop()
	select {
	case c <- struct{}{}:
		return nil
	case <-late.C:
	case <-s.ending:
	case <-ctx.Done():
	}
	return errors.New(otherwise)
}
