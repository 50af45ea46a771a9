package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/provisioning"
)

// refOf is a button's value: the request and the digest of the plan that the button was shown with.
func refOf(r provisioning.Request) string { return r.ID + " " + r.Plan.Digest }

// readRef reads a button's value.
func readRef(value string) (id, digest string) {
	id, digest, _ = strings.Cut(value, " ")
	return id, digest
}

// approve counts the person's yes. The thread shows it; the person is told what follows from it.
func (c *Commands) approve(ctx context.Context, in call) error {
	id, digest := readRef(in.Action.Value)
	r, err := c.service.Approve(ctx, id, digest, in.User)
	if err != nil {
		if in.Replayed && counted(c.service.Request(ctx, id))(in.User) {
			return nil
		}
		return err
	}
	return c.tell(ctx, in, approvedWords(r))
}

// approvedWords says what follows from an approval.
func approvedWords(r provisioning.Request) string {
	if missing := r.Required - len(r.Approvals); missing > 0 {
		return fmt.Sprintf("Your approval of %s is counted. It needs %s, from somebody else.", r.ID, count(missing, "more approval"))
	}
	if r.State == provisioning.StateScheduled {
		return fmt.Sprintf("Your approval of %s is counted. It starts %s.", r.ID, bot.Date(r.StartAfter))
	}
	return fmt.Sprintf("Your approval of %s is counted. It runs now; its thread shows how far it is.", r.ID)
}

// counted returns a function that reports whether a person's decision stands in a request.
func counted(r provisioning.Request, err error) func(person string) bool {
	return func(person string) bool { return err == nil && (r.ApprovedBy(person) || r.Ending.Person == person) }
}

// deny asks for the reason, of people who may decide.
func (c *Commands) deny(ctx context.Context, in call) error {
	id, digest := readRef(in.Action.Value)
	if err := c.service.MayDecide(ctx, id, digest, in.User); err != nil {
		return err
	}
	err := c.openModal(ctx, in, denyView(id, digest, in.Channel, in.ThreadTS))
	if errors.Is(err, bot.ErrTriggerDead) {
		return c.say(ctx, in, "That took too long for Slack to ask for the reason. Nothing was decided: press *Deny* again.")
	}
	if err != nil {
		return fmt.Errorf("ask for the reason: %w", err)
	}
	return nil
}

// openModal opens a modal, over the one that was clicked in if there is one. Its error is bot.ErrTriggerDead when Slack no longer waits for it,
// as after a restart.
func (c *Commands) openModal(ctx context.Context, in call, v slack.ModalViewRequest) error {
	err := bot.ErrTriggerDead
	switch {
	case in.Replayed:
	case in.inModal():
		_, err = c.client.PushView(ctx, in.TriggerID, v)
	default:
		_, err = c.client.OpenView(ctx, in.TriggerID, v)
	}
	return err
}

const (
	blockReason = "reason"
	// minReason keeps a single stray key from being a reason.
	minReason = 3
)

// denyView asks why. It remembers where the button was, for the answer.
func denyView(id, digest, channel, thread string) slack.ModalViewRequest {
	e := slack.NewPlainTextInputBlockElement(plainText("What is wrong, and what should be done instead?", maxOptionText), "reason")
	e.Multiline, e.MinLength, e.MaxLength = true, minReason, maxNote
	v := modalView(modalDeny, "Deny "+id, "Deny", "Back", []slack.Block{
		section("The requester and everybody in the thread see the reason. Nothing of this request will run."),
		slack.NewInputBlock(blockReason, plainText("Reason", maxOptionText), nil, e),
	})
	v.PrivateMetadata = strings.Join([]string{id, digest, channel, thread}, " ")
	return v
}

// ackDeny closes the modal, or asks for a reason that says something.
func (c *Commands) ackDeny(d bot.Delivery) bot.Ack {
	if len([]rune(strings.TrimSpace(d.Submit.State.Value(blockReason)))) < minReason {
		return refuseInput(blockReason, "Say in a few words why.")
	}
	return bot.Ack{Clear: true}
}

func (c *Commands) submitDeny(ctx context.Context, in call) error {
	parts := strings.SplitN(in.Submit.PrivateMetadata, " ", 4)
	if len(parts) != 4 {
		return errors.New("read the deny form's metadata: not four parts")
	}
	in.Channel, in.ThreadTS = parts[2], parts[3]
	reason := bot.Clip(strings.TrimSpace(in.Submit.State.Value(blockReason)), maxNote)
	_, err := c.service.Deny(ctx, parts[0], parts[1], in.User, reason)
	if err != nil && in.Replayed && counted(c.service.Request(ctx, parts[0]))(in.User) {
		return nil
	}
	return err
}
