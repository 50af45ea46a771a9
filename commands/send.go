package commands

import (
	"context"
	"errors"
	"fmt"

	"portalbot/bot"
	"portalbot/provisioning"
)

// sendDraft sends the draft that was shown as a direct message. A draft that cannot be undone asks for the count first.
func (c *Commands) sendDraft(ctx context.Context, in call) error {
	id, _ := readRef(in.Action.Value)
	r, err := c.service.Request(ctx, id)
	if err != nil {
		return err
	}
	if draftOf(r).Typed > 0 && r.State == provisioning.StateDraft && r.Terms.Requester == in.User {
		return c.openPreview(ctx, in, r)
	}
	if r, err = c.send(ctx, in, id); err != nil {
		return err
	}
	text := c.onItsWay(r.ID)
	if link := c.awaitThread(ctx, r.ID); link != "" {
		text += " " + linkText(link, "Open its thread")
	}
	return c.replace(ctx, in, text)
}

func (c *Commands) openPreview(ctx context.Context, in call, r provisioning.Request) error {
	who := c.choose(ctx, r.Terms.Requester, c.service.Needed(r))
	err := bot.ErrTriggerDead
	if !in.Replayed {
		_, err = c.client.OpenView(ctx, in.TriggerID, previewView(r, who.line(c.askFor())))
	}
	if errors.Is(err, bot.ErrTriggerDead) {
		return c.say(ctx, in, "That took too long for Slack. Nothing was sent: press the button again.")
	}
	if err != nil {
		return fmt.Errorf("open the preview: %w", err)
	}
	return nil
}

// discard drops the draft that was shown as a direct message.
func (c *Commands) discard(ctx context.Context, in call) error {
	id, _ := readRef(in.Action.Value)
	if _, err := c.service.Discard(ctx, id, in.User); err != nil {
		return err
	}
	return c.replace(ctx, in, fmt.Sprintf("%s is cancelled. Nothing was sent and nothing was changed.", id))
}

// replace puts a line in the place of the message that was clicked.
func (c *Commands) replace(ctx context.Context, in call, text string) error {
	p := page{text: text}
	p.both(section(text))
	m := bot.Message{Text: p.text, Blocks: p.blocks, ReplaceOriginal: true}
	if err := c.client.Reply(ctx, in.Delivery, m); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}
