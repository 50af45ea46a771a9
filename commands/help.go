package commands

import (
	"context"
	"fmt"
	"strings"
)

// help shows the commands that the person may use, or one of them.
func (c *Commands) help(ctx context.Context, in call) error {
	held := c.held(ctx, in.User)
	if len(in.args) > 0 {
		name := strings.ToLower(in.args[0])
		for _, cmd := range c.table {
			if cmd.name == name && cmd.allows(held) {
				return c.show(ctx, in, c.helpFor(cmd))
			}
		}
		return c.unknownCommand(ctx, in, in.args[0])
	}
	var lines []string
	for _, cmd := range c.table {
		if cmd.allows(held) {
			lines = append(lines, fmt.Sprintf("`%s`  %s", c.usage(cmd), cmd.about))
		}
	}
	p := page{text: "What you can do here"}
	p.both(header("What you can do here"), section(lines...))
	if held == anyone {
		p.both(footnote("You are on no list here, so you cannot make requests or decide on them. " + c.askFor()))
	}
	p.both(footnote(
		fmt.Sprintf("More about one: `%s help add`. Slack takes no commands inside threads; there, use the buttons.", c.cfg.Name),
		"A command cannot carry a file: the form asks for it. For files over 10 MB, drop the file in a direct message to me.",
	))
	return c.show(ctx, in, p)
}

func (c *Commands) helpFor(cmd command) page {
	p := page{text: c.usage(cmd) + ": " + cmd.about}
	lines := []string{fmt.Sprintf("*`%s`*", c.usage(cmd)), cmd.about}
	if cmd.more != "" {
		lines = append(lines, cmd.more)
	}
	p.both(section(lines...))
	var examples []string
	for _, e := range cmd.examples {
		examples = append(examples, fmt.Sprintf("`%s %s`", c.cfg.Name, e))
	}
	p.both(footnote("For "+cmd.who.words()+".", "For example: "+strings.Join(examples, "  ")))
	return p
}

func (c *Commands) usage(cmd command) string {
	return strings.TrimSpace(c.cfg.Name + " " + cmd.name + " " + cmd.args)
}

// allows reports whether somebody who holds these rights may use the command.
func (cmd command) allows(held rights) bool { return cmd.who == anyone || cmd.who&held != 0 }

// held returns the person's rights, for showing. A group that cannot be read gives none.
func (c *Commands) held(ctx context.Context, user string) rights {
	var held rights
	for _, r := range []rights{requesters, approvers, admins} {
		ok, err := c.may(ctx, user, r)
		if err != nil {
			c.log.WarnContext(ctx, "cannot read who holds a right", "right", r.words(), "error", err)
		}
		if ok {
			held |= r
		}
	}
	return held
}

// askFor says whom to ask for rights.
func (c *Commands) askFor() string {
	if len(c.cfg.Admins) == 0 {
		return "Ask whoever runs this bot."
	}
	return "Ask an admin of this bot: " + mentions(c.cfg.Admins, 3) + "."
}

// unknownCommand says what the person may have meant.
func (c *Commands) unknownCommand(ctx context.Context, in call, typed string) error {
	held := c.held(ctx, in.User)
	var names []string
	for _, cmd := range c.table {
		if cmd.allows(held) {
			names = append(names, cmd.name)
		}
	}
	text := fmt.Sprintf("There is no command “%s”.", esc(typed, 40))
	if n := nearest(typed, names); n != "" {
		return c.say(ctx, in, fmt.Sprintf("%s Did you mean `%s %s`?", text, c.cfg.Name, n))
	}
	return c.say(ctx, in, fmt.Sprintf("%s `%s help` shows what you can do.", text, c.cfg.Name))
}
