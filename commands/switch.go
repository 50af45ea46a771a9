package commands

import (
	"context"
	"fmt"
	"strings"

	"portalbot/bot"
	"portalbot/provisioning"
)

// pause turns the global stop switch on.
func (c *Commands) pause(ctx context.Context, in call) error {
	reason := bot.Clip(strings.Join(in.args, " "), maxNote)
	return c.turn(ctx, in, true, reason,
		"Everything is paused: nothing new is written to Salesforce. %s. Requests can still be made and approved. `%s resume` lets them go on.")
}

// resume turns it off.
func (c *Commands) resume(ctx context.Context, in call) error {
	return c.turn(ctx, in, false, "", "Everything goes on. %s. `%s status` shows how far yours are.")
}

// pausedLine says that everything is paused, by whom and why; empty when it is not.
func (c *Commands) pausedLine(ctx context.Context) (string, error) {
	s, err := c.service.StopSwitch(ctx)
	if err != nil {
		return "", fmt.Errorf("read the stop switch: %w", err)
	}
	if !s.On {
		return "", nil
	}
	line := fmt.Sprintf(":double_vertical_bar: *Everything is paused* by %s since %s: nothing new is written to Salesforce.", bot.Mention(s.Person), bot.Date(s.At))
	if s.Reason != "" {
		line += " Reason: " + esc(sentenceEnd(s.Reason), maxNote)
	}
	return line, nil
}

// turn is for admins, whose groups are read fresh: the service leaves that to us.
func (c *Commands) turn(ctx context.Context, in call, on bool, reason, text string) error {
	ok, err := c.people.MemberOf(ctx, in.User, c.cfg.Admins, 0)
	if err != nil {
		return fmt.Errorf("read the admins: %w", err)
	}
	if !ok {
		return c.say(ctx, in, "Only admins of this bot can do that.")
	}
	if err := c.service.Switch(ctx, on, in.User, reason); err != nil {
		return err
	}
	running, waiting := 0, 0
	for r, err := range c.service.Requests(ctx, provisioning.Filter{Open: true}) {
		switch {
		case err != nil:
			return err
		case r.State.Started():
			running++
		case r.State == provisioning.StateApproved || r.State == provisioning.StateScheduled:
			waiting++
		}
	}
	counts := fmt.Sprintf("%s begun, %s approved and waiting", count(running, "request"), number(waiting))
	return c.say(ctx, in, fmt.Sprintf(text, counts, c.cfg.Name))
}
