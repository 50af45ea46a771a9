package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/slack-go/slack"

	"portalbot/bot"
)

// submitForm checks the file and turns the view into the preview, or into the form again with what is wrong. When the view is gone
// the same comes as a direct message.
func (c *Commands) submitForm(ctx context.Context, in call) error {
	f, ch, err := readForm(in.Submit)
	if err != nil {
		return err
	}
	if no, err := c.notRequester(ctx, in.User); err != nil || no != "" {
		if err == nil {
			c.replaceView(ctx, in, waitView("Not allowed", no, "Nothing was stored."))
		}
		return c.refuse(ctx, in, no, err)
	}
	a, err := c.intake(ctx, in.Key, in.User, f, ch)
	if err != nil {
		text := c.sentence(err)
		if text == "" {
			c.replaceView(ctx, in, waitView("Something went wrong", "Something went wrong, and it is not your file's fault.", "I send you a reference by direct message."))
			return err
		}
		return c.offerAgain(ctx, in, f, ch, []string{text})
	}
	if a.proposal.Request.ID == "" {
		return c.offerAgain(ctx, in, f, ch, a.lines())
	}
	return c.offerPreview(ctx, in, a.proposal.Request, a.proposal.Needs)
}

// lines says why there is nothing to send.
func (a answer) lines() []string {
	var lines []string
	if len(a.faults) > 0 {
		for _, f := range a.faults {
			lines = append(lines, "• "+esc(f, 500))
		}
		if a.more > 0 {
			lines = append(lines, "… and "+number(a.more)+" more like these.")
		}
		return append([]string{":x: *This file cannot be used as it is.* Nothing was stored. Mend it and choose it again."}, lines...)
	}
	s := a.proposal.Summary
	if len(s.Blocks) > 0 {
		lines = append(lines, ":x: *This cannot run as it is.* Nothing was stored.")
		for _, p := range s.Blocks {
			lines = append(lines, "• "+esc(sentenceEnd(p.Text), 500)+" "+esc(p.Fix, 300))
		}
	} else {
		lines = append(lines, fmt.Sprintf(":information_source: *There is nothing to do:* %s in the file, %s. Nothing was stored.", count(s.Rows, "row"), actionCounts(s)))
	}
	return append(lines, problemLines(s)...)
}

// offerAgain shows the form once more with what was wrong above it, so that the person can try at once.
func (c *Commands) offerAgain(ctx context.Context, in call, f form, ch choices, lines []string) error {
	top := []slack.Block{section(lines...)}
	again := f
	again.Files = nil // a mended file is a new file
	gone, err := c.updateView(ctx, in, c.formView(again, ch, top))
	if err != nil || !gone {
		return err
	}
	p := page{text: "Your file cannot be used as it is."}
	p.both(top...)
	p.both(buttonBlock(again.button("Try again")))
	return c.show(ctx, in, p)
}

// updateView changes the view that the acknowledgement of the submission showed, and reports whether it is gone.
func (c *Commands) updateView(ctx context.Context, in call, v slack.ModalViewRequest) (gone bool, err error) {
	_, err = c.client.UpdateSubmitted(ctx, in.Submit.ID, in.Key, v)
	if errors.Is(err, bot.ErrViewGone) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("update the view: %w", err)
	}
	return false, nil
}

// replaceView changes the submitted view where that is only a courtesy: the person is told in another way as well.
func (c *Commands) replaceView(ctx context.Context, in call, v slack.ModalViewRequest) {
	if _, err := c.updateView(ctx, in, v); err != nil {
		c.log.WarnContext(ctx, "cannot update a view", "key", in.Key, "error", err)
	}
}
