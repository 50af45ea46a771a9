package commands

import (
	"context"

	"github.com/slack-go/slack"

	"portalbot/provisioning"
)

// undoes makes a request that takes back what an earlier one did.
func (c *Commands) undoes() again {
	return again{name: "undo", title: "Undo", may: c.service.MayUndo, propose: c.service.Undo}
}

func (c *Commands) undo(ctx context.Context, in call) error {
	return c.againCommand(ctx, in, c.undoes())
}

func (c *Commands) undoButton(ctx context.Context, in call) error {
	return c.againButton(ctx, in, c.undoes())
}

// againButtons offer what can be made of a request that has run: another try for what did not work, and the way back for what did.
func againButtons(r provisioning.Request) []*slack.ButtonBlockElement {
	var buttons []*slack.ButtonBlockElement
	if r.Progress.Retryable() > 0 {
		buttons = append(buttons, pushButton(actionRetry, r.ID, "Retry failed"))
	}
	if r.Progress.Undoable() > 0 {
		buttons = append(buttons, pushButton(actionUndo, r.ID, "Undo"))
	}
	return buttons
}

// followsWords says what a request that was made from another one is to that: "retry of".
func followsWords(t provisioning.Terms) string {
	if t.Undoes == t.RefersTo {
		return "undo of"
	}
	return "retry of"
}
