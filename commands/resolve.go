package commands

import (
	"context"
	"fmt"

	"portalbot/provisioning"
)

// decideBlocks shows the rows whose result nobody can read from the org, and lets a person decide. The table of reasons is the evidence.
func decideBlocks(p *page, r provisioning.Request, failures []provisioning.FailureGroup) {
	var unknown []provisioning.FailureGroup
	for _, g := range failures {
		if g.Status == provisioning.StatusUnknown {
			unknown = append(unknown, g)
		}
	}
	failureBlocks(p, "*Somebody has to decide*", unknown)
	n := count(r.Progress.Counts[provisioning.StatusUnknown], "row")
	p.both(buttonBlock(
		confirmed(pushButton(actionLeave, r.ID, "Leave as unknown"), "Leave "+n+" as unknown?",
			"The request ends. The results say which rows they are, and that nobody knows whether they took effect.", "Leave", "Not yet"),
		confirmed(pushButton(actionAgain, r.ID, "Try again"), "Try "+n+" again?",
			"What took effect already may then happen a second time, such as a second e-mail to the same person.", "Try again", "Not yet"),
	))
}

// leaveButton ends a blocked request with its unknown rows as they are.
func (c *Commands) leaveButton(ctx context.Context, in call) error {
	return c.resolve(ctx, in, provisioning.ChoiceLeave, "%s ends; its unknown rows stay unknown.")
}

// tryButton lets the unknown rows of a blocked request be tried again.
func (c *Commands) tryButton(ctx context.Context, in call) error {
	return c.resolve(ctx, in, provisioning.ChoiceAgain, "%s goes on and tries its unknown rows again.")
}

func (c *Commands) resolve(ctx context.Context, in call, choice provisioning.Choice, said string) error {
	id, _ := readRef(in.Action.Value)
	r, err := c.service.ResolveUnknown(ctx, id, in.User, choice)
	if err != nil {
		return err
	}
	return c.say(ctx, in, fmt.Sprintf(said, r.ID))
}
