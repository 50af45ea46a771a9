package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"portalbot/bot"
	"portalbot/provisioning"
)

// Config wires [Commands]. Service, Client, People, Notices and Channel are required.
type Config struct {
	Service *provisioning.Service
	Client  *bot.Client
	People  *bot.People
	Notices Notices
	// Links finds the messages of a request, so that what people are shown elsewhere leads to its thread. May be nil.
	Links *bot.Links
	// Reports are the configured reports. May be zero.
	Reports Reporting
	// Channel is the id of the channel that requests and their threads are posted in.
	Channel string
	// Requesters, Approvers and Admins are lists of Slack user ids, user group ids and [bot.Everyone].
	Requesters, Approvers, Admins []string
	// Name is the slash command, with its slash; default "/portal".
	Name string
	Now  func() time.Time // default: time.Now
	Log  *slog.Logger     // default: discard
}

// Commands handles what people do and renders what they are told. It is a [bot.Handler], a [bot.Renderer] and the [bot.Queue] of what
// is to be told. It is safe for concurrent use.
type Commands struct {
	queue
	service *provisioning.Service
	client  *bot.Client
	people  *bot.People
	cfg     Config
	now     func() time.Time
	log     *slog.Logger

	table   []command
	buttons map[string]button // by action id
	modals  map[string]modal  // by callback id
}

var (
	_ bot.Handler  = (*Commands)(nil)
	_ bot.Renderer = (*Commands)(nil)
	_ bot.Queue    = (*Commands)(nil)
)

// New returns Commands. It makes no call.
func New(cfg Config) *Commands {
	if cfg.Name == "" {
		cfg.Name = "/portal"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &Commands{queue: queue{cfg.Notices}, service: cfg.Service, client: cfg.Client, people: cfg.People, cfg: cfg, now: cfg.Now, log: cfg.Log}
	c.table, c.buttons, c.modals = c.commandTable(), c.buttonTable(), c.modalTable()
	return c
}

// call is one delivery that is being handled.
type call struct {
	bot.Delivery
	who  bot.Person
	args []string // of a command, without its name
}

// Ack says what the acknowledgement of a submitted modal carries. All else is acknowledged plainly.
func (c *Commands) Ack(d bot.Delivery) bot.Ack {
	if d.Kind != bot.KindSubmit || d.Submit == nil {
		return bot.Ack{}
	}
	if m, ok := c.modals[d.Submit.CallbackID]; ok && m.ack != nil {
		return m.ack(d)
	}
	return bot.Ack{}
}

// Handle does what d asks for.
func (c *Commands) Handle(ctx context.Context, d bot.Delivery) error {
	who, err := c.people.Person(ctx, d.User)
	if err != nil && !errors.Is(err, bot.ErrNoSuchPerson) {
		return fmt.Errorf("ask who %s is: %w", d.User, err)
	}
	in := call{Delivery: d, who: who}
	if no := notWelcome(who, err); no != "" {
		if d.Kind == bot.KindEvent && d.Event.Type == bot.EventHome || who.Bot {
			return nil // looking is no act, and two bots must not begin to talk
		}
		return c.say(ctx, in, no)
	}
	if err := c.dispatch(ctx, in); err != nil {
		return c.explain(ctx, in, err)
	}
	return nil
}

func (c *Commands) dispatch(ctx context.Context, in call) error {
	switch in.Kind {
	case bot.KindCommand:
		return c.command(ctx, in)
	case bot.KindAction:
		if b, ok := c.buttons[in.Action.ID]; ok {
			return b.run(ctx, in)
		}
	case bot.KindSubmit:
		if m, ok := c.modals[in.Submit.CallbackID]; ok && m.submit != nil {
			return m.submit(ctx, in)
		}
	case bot.KindClose:
		if m, ok := c.modals[in.Close.CallbackID]; ok && m.closed != nil {
			return m.closed(ctx, in)
		}
	case bot.KindShortcut:
		return c.shortcut(ctx, in)
	case bot.KindEvent:
		return c.event(ctx, in)
	}
	c.log.WarnContext(ctx, "delivery that nothing here handles", "key", in.Key, "kind", in.Kind)
	return nil
}

// command runs a slash command.
func (c *Commands) command(ctx context.Context, in call) error {
	words := strings.Fields(in.Command.Text)
	if len(words) == 0 {
		return c.help(ctx, in)
	}
	name := strings.ToLower(words[0])
	in.args = words[1:]
	for _, cmd := range c.table {
		if cmd.name != name {
			continue
		}
		ok, err := c.may(ctx, in.User, cmd.who)
		if err != nil {
			return err
		}
		if !ok {
			return c.say(ctx, in, c.onlyFor(cmd))
		}
		return cmd.run(ctx, in)
	}
	return c.unknownCommand(ctx, in, words[0])
}

// say answers the person in the way that reaches them. text is mrkdwn.
func (c *Commands) say(ctx context.Context, in call, text string) error {
	if err := c.client.Reply(ctx, in.Delivery, bot.Message{Text: text}); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

// show answers the person with a page.
func (c *Commands) show(ctx context.Context, in call, p page) error {
	if err := c.client.Reply(ctx, in.Delivery, bot.Message{Text: p.text, Blocks: p.plain()}); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

// inModal reports whether the person clicked inside a modal.
func (in call) inModal() bool {
	return in.Kind == bot.KindAction && in.Action.View != nil && in.Action.View.Type == "modal"
}

// tell answers a click: in the modal that was clicked in while it is open, else as say does.
func (c *Commands) tell(ctx context.Context, in call, text string) error {
	if in.inModal() {
		_, err := c.client.UpdateView(ctx, in.Action.View.ID, "", waitView("Portal users", text, "You can close this."))
		if !errors.Is(err, bot.ErrViewGone) {
			return err
		}
	}
	return c.say(ctx, in, text)
}

// explain tells the person an error that is meant for them, and returns any other.
func (c *Commands) explain(ctx context.Context, in call, err error) error {
	text := c.sentence(err)
	if text == "" {
		return err
	}
	return c.tell(ctx, in, text)
}

// sentence is what a person is told of an error, or empty when the error is not for people.
func (c *Commands) sentence(err error) string {
	if no, ok := errors.AsType[*provisioning.Refusal](err); ok {
		return esc(no.Text, 600)
	}
	if ce, ok := errors.AsType[*provisioning.CallError](err); ok {
		c.log.Warn("Salesforce could not be read for a person", "op", ce.Op, "code", ce.Code, "class", ce.Class)
		if ce.Class == provisioning.ClassJob {
			return fmt.Sprintf("Salesforce does not let me in at the moment (%s). Nothing was changed. An admin of this bot has to mend that; "+
				"`portalbot doctor` says how.", esc(ce.Code, 80))
		}
		return fmt.Sprintf("Salesforce does not answer as it should at the moment (%s). Nothing was changed. Try again in a few minutes.", esc(ce.Code, 80))
	}
	switch {
	case errors.Is(err, provisioning.ErrNotFound):
		return fmt.Sprintf("There is no such request. `%s list` shows those that there are.", c.cfg.Name)
	case errors.Is(err, provisioning.ErrConflict):
		return "The request changed in the same moment, so nothing was done. Look at it again, then decide."
	}
	return ""
}
