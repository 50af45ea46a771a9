package commands

import (
	"context"
	"fmt"

	"github.com/slack-go/slack"

	"portalbot/provisioning"
)

// amendButton opens the form for another file in a pending request's place.
func (c *Commands) amendButton(ctx context.Context, in call) error {
	id, _ := readRef(in.Action.Value)
	if err := c.service.MayAmend(ctx, id, in.User); err != nil {
		return err
	}
	r, err := c.service.Request(ctx, id)
	if err != nil {
		return err
	}
	f := form{Verb: r.Terms.Verb, Amends: r.ID}
	return c.openFormWith(ctx, in, f, choices{note: r.Terms.Note, start: r.Terms.StartAfter})
}

// amendBlocks are the form's inputs when it brings another file for a request: what the request asks for stays.
func amendBlocks(f form, ch choices) []slack.Block {
	return []slack.Block{
		section(fmt.Sprintf("Choose the file that takes the place of the one in *%s*. What you asked for stays: %s. "+
			"It becomes a new plan in the same thread, and approvals start over.", f.Amends, verbWords(f.Verb))),
		f.fileInput(), startInput(ch.start), noteInput(ch.note),
		footnote("You see first what would happen. Until you send it, the plan that is in the thread stays."),
	}
}

// amendedTerms are the terms of a draft that brings another file for a request: those of the request but for file, note and time.
func (c *Commands) amendedTerms(ctx context.Context, user string, f form, ch choices) (provisioning.Terms, error) {
	if err := c.service.MayAmend(ctx, f.Amends, user); err != nil {
		return provisioning.Terms{}, err
	}
	r, err := c.service.Request(ctx, f.Amends)
	if err != nil {
		return provisioning.Terms{}, err
	}
	t := r.Terms
	t.Amends, t.StartAfter, t.Note = r.ID, ch.start, ch.note
	return t, nil
}

// replacedPage takes the place of a plan that another one has replaced.
func replacedPage(r provisioning.Request) page {
	line := fmt.Sprintf(":arrow_down: This plan of %s is not the newest any more: it was replaced, and nothing of it can be approved. The newest is below.", r.ID)
	p := page{text: line}
	p.both(section(line))
	return p
}
