package slacksim

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Person is someone at a Slack client. What they do is refused where the client or Slack would refuse
// it, and the error is what they then see.
type Person struct {
	ws *Workspace
	id string
	as string // the name asked for
}

// User returns the person with that name or id. When there is none, everything they do fails.
func (ws *Workspace) User(name string) *Person {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	p := &Person{ws: ws, as: name}
	if u := ws.userNamed(name); u != nil {
		p.id = u.ID
	}
	return p
}

// ID returns the Slack user id.
func (p *Person) ID() string { return p.id }

// present checks that the person can act at all. The caller holds mu.
func (p *Person) present() error {
	u := p.ws.users[p.id]
	switch {
	case u == nil:
		return fmt.Errorf("there is no user %s", p.as)
	case u.Deleted:
		return fmt.Errorf("%s is deactivated and cannot sign in", u.Name)
	}
	return nil
}

// in finds the conversation of that name that the person is in. The caller holds mu. "@portal", with
// the bot's name, is the person's DM with the bot.
func (p *Person) in(place string) (*channel, error) {
	if err := p.present(); err != nil {
		return nil, err
	}
	var c *channel
	if place == "@"+p.ws.cfg.BotName {
		c = p.ws.dm(p.id)
	} else {
		c = p.ws.channelNamed(place)
	}
	switch {
	case c == nil || !c.has(p.id):
		return nil, fmt.Errorf("%s is in no conversation %s", p.as, place)
	case c.archived:
		return nil, fmt.Errorf("%s is archived", place)
	}
	return c, nil
}

var (
	typedUser    = regexp.MustCompile(`@([a-z0-9][a-z0-9._-]*)`)
	typedChannel = regexp.MustCompile(`#([a-z0-9][a-z0-9_-]*)`)
)

// typed turns typed text into what Slack stores: escaped, with references for @name and #name.
// Commands carry the names too.
func (ws *Workspace) typed(text string, names bool) string {
	label := func(name string) string {
		if names {
			return "|" + name
		}
		return ""
	}
	text = escape(text)
	text = typedUser.ReplaceAllStringFunc(text, func(m string) string {
		name := m[1:]
		if name == "channel" || name == "here" || name == "everyone" {
			return "<!" + name + ">"
		}
		if u := ws.userNamed(m); u != nil {
			return "<@" + u.ID + label(u.Name) + ">"
		}
		for _, g := range ws.groups {
			if g.handle == name {
				return "<!subteam^" + g.id + label("@"+g.handle) + ">"
			}
		}
		return m
	})
	return typedChannel.ReplaceAllStringFunc(text, func(m string) string {
		if c := ws.channelNamed(m); c != nil {
			return "<#" + c.id + label(c.name) + ">"
		}
		return m
	})
}

// Type types a line into a conversation. One that starts with a slash is a command: Type returns when
// it was acknowledged, or the error that the person sees, such as one that wraps
// [ErrOperationTimeout]. Anything else is posted.
func (p *Person) Type(ctx context.Context, place, text string) error {
	if !strings.HasPrefix(text, "/") {
		_, err := p.Message(place, text)
		return err
	}
	command, rest, _ := strings.Cut(text, " ")
	ws := p.ws
	ws.mu.Lock()
	c, err := p.in(place)
	if err != nil {
		ws.mu.Unlock()
		return err
	}
	if !slices.Contains(ws.cfg.Commands, command) {
		ws.mu.Unlock()
		return fmt.Errorf("%s is not a valid command. In Slack, all messages that start with the \"/\" character are interpreted as commands", command)
	}
	where := responseURL{user: p.id, channel: c.id}
	payload := map[string]any{
		"token": verificationToken, "team_id": ws.cfg.TeamID, "team_domain": ws.cfg.TeamDomain, "channel_id": c.id,
		"channel_name": c.label(), "user_id": p.id, "user_name": ws.users[p.id].Name, "command": command,
		"text": ws.typed(strings.TrimSpace(rest), true), "api_app_id": ws.cfg.AppID, "is_enterprise_install": "false",
		"response_url": ws.newResponseURL("commands", where), "trigger_id": ws.newTrigger(p.id, ""),
	}
	e := ws.send(kindCommand, payload, func(response map[string]any) {
		if len(response) == 0 {
			return
		}
		if err := ws.reply(&where, args(response)); err != nil {
			ws.ackProblems = append(ws.ackProblems, "the ack of "+command+" was not shown: "+err.Error())
		}
	})
	ws.mu.Unlock()
	return p.await(ctx, e, command+` failed with the error "%s"`)
}

// TypeInThread types into a thread, where Slack refuses every command.
func (p *Person) TypeInThread(_ context.Context, msg Message, text string) error {
	if command, _, _ := strings.Cut(text, " "); strings.HasPrefix(text, "/") {
		return fmt.Errorf("%s is not supported in threads. Sorry!", command) //nolint:revive,staticcheck // Slack's words
	}
	_, err := p.Reply(msg, text)
	return err
}

// await waits until the app has answered; shown is what the person sees otherwise, with the error.
func (p *Person) await(ctx context.Context, e *envelope, shown string) error {
	select {
	case <-e.verdict:
	case <-ctx.Done():
		return fmt.Errorf("wait for the app: %w", ctx.Err())
	case <-p.ws.ctx.Done():
		return fmt.Errorf("wait for the app: the workspace is closed")
	}
	p.ws.mu.Lock()
	defer p.ws.mu.Unlock()
	if e.err == nil {
		return nil
	}
	seen := &SeenError{Err: e.err, Text: strings.ReplaceAll(shown, "%s", e.err.Error())}
	p.ws.notices[p.id] = append(p.ws.notices[p.id], seen.Text)
	p.ws.signal()
	return seen
}

// SeenError is an error that the client shows because the app did not answer as it should.
type SeenError struct {
	Text string
	Err  error // [ErrOperationTimeout] or [ErrDispatchFailed]
}

// Error returns the text on the screen.
func (e *SeenError) Error() string { return e.Text }

// Unwrap returns the reason.
func (e *SeenError) Unwrap() error { return e.Err }

// Notices returns the errors that the person's client showed so far.
func (p *Person) Notices() []string {
	p.ws.mu.Lock()
	defer p.ws.mu.Unlock()
	return slices.Clone(p.ws.notices[p.id])
}

// Attachment is a file to be posted.
type Attachment struct {
	Name string
	Data []byte
	Kind FileKind // Hosted when left out
}

// Post is what a person posts: text, files or both.
type Post struct {
	Text   string
	Thread string // timestamp of the thread's parent, or empty
	Files  []Attachment
}

// Post posts to a conversation.
func (p *Person) Post(place string, post Post) (Message, error) {
	ws := p.ws
	ws.mu.Lock()
	defer ws.mu.Unlock()
	c, err := p.in(place)
	if err != nil {
		return Message{}, err
	}
	m := &message{channel: c.id, user: p.id, thread: post.Thread, text: ws.typed(post.Text, false)}
	for _, f := range post.Files {
		m.files = append(m.files, ws.newFile(p.id, f.Name, f.Data, f.Kind).id)
	}
	ws.postFiles(m)
	return ws.snapshot(m), nil
}

// Message posts text to a conversation.
func (p *Person) Message(place, text string) (Message, error) {
	return p.Post(place, Post{Text: text})
}

// Reply posts text to a message's thread.
func (p *Person) Reply(msg Message, text string) (Message, error) {
	return p.Post(msg.Channel, Post{Text: text, Thread: or(msg.ThreadTS, msg.TS)})
}

// Upload posts a file to a conversation.
func (p *Person) Upload(place, name string, data []byte) (Message, error) {
	return p.Post(place, Post{Files: []Attachment{{Name: name, Data: data}}})
}

// UploadReply posts a file to a message's thread.
func (p *Person) UploadReply(msg Message, name string, data []byte) (Message, error) {
	return p.Post(msg.Channel, Post{Thread: or(msg.ThreadTS, msg.TS), Files: []Attachment{{Name: name, Data: data}}})
}

// DM returns the person's DM with the bot, oldest first.
func (p *Person) DM() []Message { return p.ws.Messages("@" + p.id) }

// Sees returns what the person sees in a conversation: ephemeral messages to others are left out.
func (p *Person) Sees(place string) []Message {
	if place == "@"+p.ws.cfg.BotName {
		place = "@" + p.id
	}
	return slices.DeleteFunc(p.ws.Messages(place), func(m Message) bool { return m.EphemeralTo != "" && m.EphemeralTo != p.id })
}

// WaitDM waits for a message from the bot in the DM that ok accepts.
func (p *Person) WaitDM(ctx context.Context, ok func(Message) bool) (Message, error) {
	place := p.ws.dmName(p.id)
	return p.ws.WaitMessage(ctx, func(m Message) bool {
		return m.ChannelName == place && m.BotID != "" && ok(m)
	})
}

// WaitEphemeral waits for a message that only this person sees and that ok accepts.
func (p *Person) WaitEphemeral(ctx context.Context, ok func(Message) bool) (Message, error) {
	return p.ws.WaitMessage(ctx, func(m Message) bool { return m.EphemeralTo == p.id && ok(m) })
}

func (ws *Workspace) dmName(userID string) string {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.placeName(ws.dm(userID).id)
}

// interaction is the part that all interactive payloads share. The caller holds mu.
func (p *Person) interaction(kind, fromView string) map[string]any {
	ws := p.ws
	u := ws.users[p.id]
	return map[string]any{
		"type": kind, "token": verificationToken, "api_app_id": ws.cfg.AppID, "trigger_id": ws.newTrigger(p.id, fromView),
		"team":       map[string]any{"id": ws.cfg.TeamID, "domain": ws.cfg.TeamDomain},
		"user":       map[string]any{"id": p.id, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
		"enterprise": nil, "is_enterprise_install": false,
	}
}

// Shortcut uses one of the app's message shortcuts on a message.
func (p *Person) Shortcut(ctx context.Context, msg Message, name string) error {
	ws := p.ws
	ws.mu.Lock()
	c, err := p.in(msg.Channel)
	if err != nil {
		ws.mu.Unlock()
		return err
	}
	m := c.message(msg.TS)
	callback, ok := ws.cfg.Shortcuts[name]
	if m == nil || m.deleted || !ok {
		ws.mu.Unlock()
		return fmt.Errorf("there is no shortcut %q on that message", name)
	}
	payload := p.interaction("message_action", "")
	payload["callback_id"], payload["message_ts"], payload["action_ts"] = callback, m.ts, ws.eventTS()
	payload["channel"] = map[string]any{"id": c.id, "name": c.label()}
	payload["message"] = ws.messageJSON(m)
	payload["response_url"] = ws.newResponseURL("actions", responseURL{user: p.id, channel: c.id, thread: m.thread})
	e := ws.send(kindInteractive, payload, nil)
	ws.mu.Unlock()
	return p.await(ctx, e, name+` failed with the error "%s"`)
}

// OpenHome opens the app's Home tab and returns once Slack has told the app; see [Person.WaitHome].
func (p *Person) OpenHome(context.Context) error {
	ws := p.ws
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if err := p.present(); err != nil {
		return err
	}
	inner := map[string]any{"type": "app_home_opened", "user": p.id, "channel": ws.dm(p.id).id, "tab": "home"}
	if v := ws.views[ws.homes[p.id]]; v != nil {
		inner["view"] = ws.viewJSON(v)
	}
	ws.event("app_home_opened", inner)
	return nil
}

// OpenMessagesTab opens the app's Messages tab, the DM.
func (p *Person) OpenMessagesTab(context.Context) error {
	ws := p.ws
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if err := p.present(); err != nil {
		return err
	}
	ws.event("app_home_opened", map[string]any{"type": "app_home_opened", "user": p.id, "channel": ws.dm(p.id).id, "tab": "messages"})
	return nil
}
