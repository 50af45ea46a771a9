package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/provisioning"
)

// again makes a new request from an earlier one: what retry and undo have in common. The person sees the preview of it, as for a file,
// and sends it for approval.
type again struct {
	name    string // of the command, whose rights hold for the button too
	title   string // of the modal
	may     func(ctx context.Context, id, person string) (provisioning.Request, error)
	propose func(ctx context.Context, id, person, origin string) (provisioning.Proposal, error)
}

// againCommand reads the request's id from a command.
func (c *Commands) againCommand(ctx context.Context, in call, a again) error {
	if len(in.args) == 0 {
		return c.say(ctx, in, fmt.Sprintf("Which one? For example `%s %s P-17`. `%s list` shows them.", c.cfg.Name, a.name, c.cfg.Name))
	}
	return c.again(ctx, in, a, requestID(in.args[0]))
}

// againButton reads it from a button, and checks the rights that the table of commands names.
func (c *Commands) againButton(ctx context.Context, in call, a again) error {
	for _, cmd := range c.table {
		if cmd.name != a.name {
			continue
		}
		ok, err := c.may(ctx, in.User, cmd.who)
		if err != nil {
			return err
		}
		if !ok {
			return c.say(ctx, in, c.onlyFor(cmd))
		}
	}
	id, _ := readRef(in.Action.Value)
	return c.again(ctx, in, a, id)
}

// again shows at once that the org is being looked at, because a trigger lives for three seconds and a plan may take longer; then the preview
// takes the place of that. Where there is no trigger, or the view was closed meanwhile, the same comes as a message.
func (c *Commands) again(ctx context.Context, in call, a again, id string) error {
	r, err := c.service.Request(ctx, id)
	if err != nil || hidden(r, in.User) {
		if err == nil {
			err = provisioning.ErrNotFound
		}
		return c.notFound(ctx, in, id, err)
	}
	if _, err := a.may(ctx, id, in.User); err != nil {
		return err
	}
	view, err := c.openWait(ctx, in, a.title, fmt.Sprintf("Looking at the rows of %s in Salesforce ...", id))
	if err != nil {
		return err
	}
	p, err := a.propose(ctx, id, in.User, in.Key)
	if err != nil {
		return c.againFailed(ctx, in, view, a, err)
	}
	if p.Request.ID == "" {
		lines := nothingLines(p.Summary)
		note := page{text: "There is nothing to do."}
		note.both(section(lines...))
		return c.showIn(ctx, in, view, modalView(modalNote, a.title, "", "Close", note.blocks), note)
	}
	if p.Request.State != provisioning.StateDraft { // this delivery is handled again, and the draft was sent or dropped meanwhile
		text := fmt.Sprintf("%s is no draft any more. `%s status %s` shows where it stands.", p.Request.ID, c.cfg.Name, p.Request.ID)
		note := page{text: text}
		note.both(section(text))
		return c.showIn(ctx, in, view, waitView(a.title, text, "Nothing was sent twice."), note)
	}
	who := c.choose(ctx, in.User, p.Needs).line(c.askFor())
	return c.showIn(ctx, in, view, previewView(p.Request, who), previewPage(p.Request, who))
}

// againFailed tells why there is no preview, in the view while it is open.
func (c *Commands) againFailed(ctx context.Context, in call, view string, a again, err error) error {
	text, small := c.sentence(err), "Nothing was stored."
	known := text != ""
	if !known {
		text, small = "Something went wrong.", "I send you a reference by direct message."
	}
	if view == "" {
		return err
	}
	_, verr := c.client.UpdateView(ctx, view, "", waitView(a.title, text, small))
	if verr != nil && !errors.Is(verr, bot.ErrViewGone) {
		c.log.WarnContext(ctx, "cannot update a view", "key", in.Key, "error", verr)
	}
	if known && verr == nil {
		return nil
	}
	return err
}

// nothingLines says why a request that was to be made from another one has nothing to do.
func nothingLines(s provisioning.PlanSummary) []string {
	if len(s.Blocks) > 0 {
		lines := []string{":x: *This cannot run as it is.* Nothing was stored."}
		for _, p := range s.Blocks {
			lines = append(lines, "• "+esc(sentenceEnd(p.Text), 500)+" "+esc(p.Fix, 300))
		}
		return append(lines, problemLines(s)...)
	}
	line := fmt.Sprintf(":information_source: *There is nothing to do:* %s, %s. Nothing was stored.", count(s.Rows, "row"), actionCounts(s))
	return append([]string{line}, problemLines(s)...)
}

// openWait opens a view that says to wait and returns its id, or none where the trigger is dead.
func (c *Commands) openWait(ctx context.Context, in call, title, line string) (string, error) {
	if in.Replayed || in.TriggerID == "" || in.inModal() {
		return "", nil
	}
	v, err := c.client.OpenView(ctx, in.TriggerID, waitView(title, line, "This takes a few seconds. You can close this; then I show you the result as a message."))
	if errors.Is(err, bot.ErrTriggerDead) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("open a view: %w", err)
	}
	return v.ID, nil
}

// showIn shows v in an open view, or p as a message when there is no such view.
func (c *Commands) showIn(ctx context.Context, in call, view string, v slack.ModalViewRequest, p page) error {
	if view == "" {
		return c.show(ctx, in, p)
	}
	_, err := c.client.UpdateView(ctx, view, "", v)
	if errors.Is(err, bot.ErrViewGone) {
		return c.show(ctx, in, p)
	}
	if err != nil {
		return fmt.Errorf("update the view: %w", err)
	}
	return nil
}
