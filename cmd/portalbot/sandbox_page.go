package main

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"portalbot/bot/slacksim"
	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// pages are the parsed templates, a set for each person: links to messages say whose page they are on.
type pages map[string]*template.Template

func parsePages() (pages, error) {
	all := pages{}
	for _, p := range sandboxPeople() {
		at := look{As: p.Name}
		t, err := template.New("").Funcs(template.FuncMap{
			"text": textOf, "key": fieldKey, "local": localTime, "initial": initial, "anchor": anchor, "called": calledOrID, "rich": at.rich,
			"file": func(id string) string { return "/file/" + id + "?as=" + at.As },
			"pair": func(block, element any) map[string]any { return map[string]any{"Block": block, "El": element} },
		}).ParseFS(sandboxFiles, "sandbox/*.html")
		if err != nil {
			return nil, fmt.Errorf("read the page's templates: %w", err)
		}
		all[p.Name] = t
	}
	return all, nil
}

func (p pages) render(at look, name string, data any) (string, error) {
	var b bytes.Buffer
	if err := p[at.As].ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	return b.String(), nil
}

func calledOrID(id string) string {
	if name, ok := called(id); ok {
		return name
	}
	return id
}

// rich shows a text object: mrkdwn, or text as it is.
func (at look) rich(v any) template.HTML {
	if object(v)["type"] == "mrkdwn" {
		return at.mrkdwn(textOf(v))
	}
	return template.HTML(template.HTMLEscapeString(textOf(v))) //nolint:gosec // escaped in the same line
}

func initial(name string) string {
	if name == "" {
		return "?"
	}
	return strings.ToUpper(name[:1])
}

// servePage serves the page with all its parts, so that the first look needs no script.
func (s *sandbox) servePage(w http.ResponseWriter, r *http.Request) {
	at, err := lookOf(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	parts, err := s.parts(r.Context(), at, true)
	if err == nil {
		shown := map[string]template.HTML{}
		for name, html := range parts {
			shown[name] = template.HTML(html) //nolint:gosec // rendered by our own templates
		}
		var page string
		page, err = s.pages.render(at, "page", map[string]any{
			"At": at, "People": sandboxPeople(), "Parts": shown, "Example": s.example.Name,
		})
		if err == nil {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(page)) // a browser that is gone needs no answer
			return
		}
	}
	s.log.ErrorContext(r.Context(), "cannot show the page", "error", err)
	http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
}

// parts renders what changes: the messages or the Home tab (only when messages is true, or on the Home tab), the modal, and the panel.
func (s *sandbox) parts(ctx context.Context, at look, messages bool) (map[string]string, error) {
	who := s.ws.User(at.As)
	data := map[string]any{}
	switch {
	case at.In == "home":
		data["main"] = s.homePart(who)
	case messages:
		data["main"] = map[string]any{"Messages": at.conversation(who.Sees(at.place())), "Place": at.place()}
	}
	data["modal"] = s.modalPart(who)
	panel, err := s.panelPart(ctx)
	if err != nil {
		return nil, err
	}
	data["panel"] = panel
	parts := map[string]string{}
	for name, d := range data {
		if parts[name], err = s.pages.render(at, name, d); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// shownMessage is a message on the page.
type shownMessage struct {
	TS, User    string
	Bot, Only   bool
	Edited      bool
	At          time.Time
	Blocks      []any
	Plain       template.HTML // in place of blocks
	Files       []shownFile
	Reactions   []string
	Replies     []shownMessage
	CanShortcut bool
}

type shownFile struct {
	ID, Name, Size string
	Picture        bool
}

// conversation puts messages into their threads.
func (at look) conversation(all []slacksim.Message) []shownMessage {
	var roots []shownMessage
	place := map[string]int{}
	for _, m := range all {
		if i, ok := place[m.ThreadTS]; ok && m.ThreadTS != m.TS {
			roots[i].Replies = append(roots[i].Replies, at.show(m))
			continue
		}
		place[m.TS] = len(roots)
		roots = append(roots, at.show(m))
	}
	return roots
}

func (at look) show(m slacksim.Message) shownMessage {
	out := shownMessage{
		TS: m.TS, User: m.User, Bot: m.BotID != "", Only: m.EphemeralTo != "", Edited: m.Edited, At: m.At.Local(),
		Blocks: decodeBlocks(m.Blocks), Reactions: m.Reactions,
	}
	if out.Bot {
		out.User = botName
	}
	switch {
	case len(out.Blocks) == 0:
		out.Plain = at.mrkdwn(m.Text)
	case slices.ContainsFunc(out.Blocks, func(b any) bool { return !knownBlock(b) }):
		out.Blocks = nil
		out.Plain = template.HTML(template.HTMLEscapeString(m.Read)) //nolint:gosec // escaped in the same line
	}
	for _, f := range m.Files {
		if !f.Deleted {
			out.Files = append(out.Files, shownFile{ID: f.ID, Name: f.Name, Size: sizeWords(len(f.Data)), Picture: isPicture(f)})
		}
	}
	out.CanShortcut = len(out.Files) > 0 && !out.Bot
	return out
}

func sizeWords(n int) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1_000_000)
}

// knownBlock says whether blocks.html shows blocks of this type.
func knownBlock(b any) bool {
	return slices.Contains([]string{
		"section", "header", "context", "actions", "divider", "image", "input", "table", "plan", "task_card", "alert", "rich_text", "markdown",
	}, textOf(object(b)["type"]))
}

func (s *sandbox) homePart(who *slacksim.Person) map[string]any {
	v := home(who)
	if v == nil {
		return map[string]any{"Home": true}
	}
	return map[string]any{"Home": true, "Blocks": shownBlocks(viewOf(v.JSON()), nil)}
}

func (s *sandbox) modalPart(who *slacksim.Person) map[string]any {
	v := who.Modal()
	if v == nil {
		return nil
	}
	body := viewOf(v.JSON())
	s.formMu.Lock()
	found := s.problems[v.ID()]
	s.formMu.Unlock()
	out := map[string]any{"ID": v.ID(), "Title": body.Title, "Submit": body.Submit, "Close": body.Close, "Blocks": shownBlocks(body, found)}
	if slices.ContainsFunc(body.Blocks, func(b any) bool { return !knownBlock(b) }) {
		out["Blocks"], out["Plain"] = nil, v.Text()
	}
	return out
}

// shownBlocks puts beside each element what is in it now ("now", and "on" for each option), and beside each block its problem.
func shownBlocks(body viewBody, found problems) []any {
	for _, c := range elements(body.Blocks) {
		now := body.State.Values[textOf(c.block["block_id"])][textOf(c.element["action_id"])]
		c.element["now"] = now
		c.block["problem"] = found[textOf(c.block["label"])]
		picked := items(now["selected_options"])
		if one := now["selected_option"]; one != nil {
			picked = append(picked, one)
		}
		for _, o := range items(c.element["options"]) {
			object(o)["on"] = slices.ContainsFunc(picked, func(p any) bool { return object(p)["value"] == object(o)["value"] })
		}
	}
	return body.Blocks
}

// panel is what the org and the bot have.
type panel struct {
	Down     bool // the bot is not running
	Sockets  int
	Users    int
	Latest   []string
	Seats    []seats
	Mails    []mailCount
	Requests []panelRequest
	Calls    int
	Example  string
}

type seats struct {
	Name        string
	Used, Total int
}

type mailCount struct {
	Kind  salesforcesim.MailKind
	Count int
}

type panelRequest struct {
	ID, Verb, By, State string
	Done, Total         int
}

// panelListed is how many users and requests the panel names.
const panelListed = 8

func (s *sandbox) panelPart(ctx context.Context) (panel, error) {
	p := panel{Sockets: s.ws.Sockets(), Calls: len(s.org.Operations()), Example: s.example.Name}
	s.org.AllUsers(func(f salesforcesim.Fields) bool {
		if f["ContactId"] != "" {
			p.Users++
			word := ""
			if f["IsActive"] != "true" {
				word = " (not active)"
			}
			p.Latest = append(p.Latest, f["Username"]+word)
		}
		return true
	})
	p.Latest = p.Latest[max(0, len(p.Latest)-panelListed):]
	slices.Reverse(p.Latest)
	id := s.acme.CustomerLicense
	total := 0
	if _, err := fmt.Sscan(s.org.Record(id)["TotalLicenses"], &total); err != nil {
		return panel{}, fmt.Errorf("read the seats: %w", err)
	}
	p.Seats = []seats{{Name: "Customer Community", Used: s.org.UsedSeats(id), Total: total}}
	for _, kind := range []salesforcesim.MailKind{salesforcesim.MailNewUser, salesforcesim.MailSiteWelcome, salesforcesim.MailPasswordReset} {
		if n := s.org.MailCount(kind); n > 0 || kind == salesforcesim.MailNewUser {
			p.Mails = append(p.Mails, mailCount{Kind: kind, Count: n})
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if p.Down = s.bot == nil; p.Down {
		return p, nil
	}
	for r, err := range s.bot.service.Requests(ctx, provisioning.Filter{Limit: panelListed}) {
		if err != nil {
			return panel{}, fmt.Errorf("read the requests: %w", err)
		}
		by, _ := called(r.Terms.Requester)
		p.Requests = append(p.Requests, panelRequest{
			ID: r.ID, Verb: string(r.Terms.Verb), By: by, State: string(r.State), Done: r.Progress.Closed(), Total: r.Plan.Summary.Rows,
		})
	}
	return p, nil
}
