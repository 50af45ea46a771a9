package commands

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/provisioning"
)

// blockTyped is the input in which a person types how many users are disabled for good.
const blockTyped = "typed"

// draft names a plan in the preview. Its JSON is the modal's private_metadata.
type draft struct {
	ID     string `json:"i"`
	Digest string `json:"d"`
	// Typed is what must be typed before the draft is sent: the number of rows that cannot be undone. 0: nothing.
	Typed int `json:"t,omitempty"`
	// Amends is the request that gets the draft's plan; empty for a request of its own.
	Amends string `json:"a,omitempty"`
}

// becomes is the request that people see once the draft is sent.
func (d draft) becomes() string { return cmp.Or(d.Amends, d.ID) }

func draftOf(r provisioning.Request) draft {
	return draft{ID: r.ID, Digest: r.Plan.Digest, Amends: r.Terms.Amends, Typed: r.Plan.Summary.Actions[provisioning.ActionDisable]}
}

// chosen is who could decide on a request.
type chosen struct {
	needs    int // 0: not known
	ids      []string
	everyone bool
	unread   bool // the list could not be read
}

// line says who can approve, and warns when nobody can.
func (d chosen) line(admins string) string {
	need := "*Needs approval.*"
	if d.needs > 0 {
		need = fmt.Sprintf("*Needs %s.*", count(d.needs, "approval"))
	}
	switch {
	case d.unread && len(d.ids) == 0:
		return need + " I could not read the list of approvers just now."
	case d.everyone:
		return need + " Any other full member can give it."
	case len(d.ids) == 0:
		return need + " :warning: Nobody can give it: the list of approvers names nobody but you, and nobody approves their own request. " + admins
	case len(d.ids) < d.needs:
		return fmt.Sprintf("%s :warning: Only %s can approve, which is not enough. %s", need, mentions(d.ids, 5), admins)
	}
	return fmt.Sprintf("%s %s can give it.", need, mentions(d.ids, 5))
}

// choose reads who could decide on a request.
func (c *Commands) choose(ctx context.Context, requester string, needs int) chosen {
	ids, everyone, err := c.deciders(ctx, requester)
	if err != nil {
		c.log.WarnContext(ctx, "cannot read the list of approvers", "error", err)
	}
	return chosen{needs: needs, ids: ids, everyone: everyone, unread: err != nil}
}

// offerPreview shows a draft to its requester: in the view, or as a direct message when that is gone.
func (c *Commands) offerPreview(ctx context.Context, in call, r provisioning.Request, needs int) error {
	who := c.choose(ctx, r.Terms.Requester, needs)
	if r.State != provisioning.StateDraft { // this delivery is handled again, and the draft was sent or dropped meanwhile
		c.replaceView(ctx, in, waitView(r.ID, fmt.Sprintf("%s is no draft any more. `%s status %s` shows where it stands.", r.ID, c.cfg.Name, r.ID), "Nothing was sent twice."))
		return nil
	}
	gone, err := c.updateView(ctx, in, previewView(r, who.line(c.askFor())))
	if err != nil || !gone {
		return err
	}
	return c.show(ctx, in, previewPage(r, who.line(c.askFor())))
}

// previewBlocks says what a draft would do.
func previewBlocks(r provisioning.Request, deciders string) []slack.Block {
	head := fmt.Sprintf("*%s*: this is what would happen. Nothing was sent yet.", esc(aim(r), 200))
	if r.Terms.Amends != "" {
		head += fmt.Sprintf(" Sent, it takes the place of the plan of *%s*, and approvals start over.", r.Terms.Amends)
	}
	blocks := []slack.Block{
		section(head),
		sectionWithin(2*maxPart, planLines(r)),
	}
	if lines := warningLines(r.Plan.Summary); len(lines) > 0 {
		blocks = append(blocks, sectionWithin(maxPart, lines))
	}
	if lines := problemLines(r.Plan.Summary); len(lines) > 0 {
		blocks = append(blocks, sectionWithin(maxPart, append([]string{"*Rows that do not run*"}, lines...)))
	}
	return append(blocks, section(deciders))
}

// previewView is the preview as a modal.
func previewView(r provisioning.Request, deciders string) slack.ModalViewRequest {
	blocks := previewBlocks(r, deciders)
	d := draftOf(r)
	if d.Typed > 0 {
		e := slack.NewPlainTextInputBlockElement(nil, "count")
		e.MaxLength = 10
		label := fmt.Sprintf("Disabling %s for good cannot be undone. Type %d to go on.", count(d.Typed, "user"), d.Typed)
		blocks = append(blocks, slack.NewInputBlock(blockTyped, plainText(label, maxConfirm), nil, e))
	}
	v := modalView(modalPreview, "Check before you send", "Send for approval", "Cancel", blocks)
	v.NotifyOnClose = true
	v.PrivateMetadata = d.metadata()
	return v
}

// previewPage is the preview as a direct message.
func previewPage(r provisioning.Request, deciders string) page {
	p := page{text: r.ID + ": " + esc(aim(r), 200) + ". Not sent yet."}
	p.both(previewBlocks(r, deciders)...)
	p.both(buttonBlock(
		pushButton(actionSend, refOf(r), "Send for approval").WithStyle(slack.StylePrimary),
		pushButton(actionDiscard, refOf(r), "Cancel"),
	))
	return p
}

func (d draft) metadata() string {
	js, err := json.Marshal(d)
	if err != nil { // strings and numbers always marshal
		return ""
	}
	return string(js)
}

func readDraft(v *bot.View) (draft, error) {
	var d draft
	if err := json.Unmarshal([]byte(v.PrivateMetadata), &d); err != nil || d.ID == "" {
		return draft{}, fmt.Errorf("read the preview's metadata: %w", errors.Join(err))
	}
	return d, nil
}

// ackPreview checks the typed count and says that the request is on its way.
func (c *Commands) ackPreview(d bot.Delivery) bot.Ack {
	dr, err := readDraft(d.Submit)
	if err != nil {
		return bot.Ack{} // submitPreview returns the same error
	}
	typed := strings.TrimSpace(strings.ReplaceAll(d.Submit.State.Value(blockTyped), ",", ""))
	if dr.Typed > 0 && typed != strconv.Itoa(dr.Typed) {
		return refuseInput(blockTyped, fmt.Sprintf("Type %d, or cancel.", dr.Typed))
	}
	v := waitView(dr.becomes(), c.onItsWay(dr.becomes()), "You can close this.")
	v.ExternalID = d.Key // by which the link to the thread finds it
	return bot.Ack{Update: &v}
}

func (c *Commands) onItsWay(id string) string {
	return fmt.Sprintf("*%s* is on its way to the approvers in <#%s>. I mention you there when it is done.", id, c.cfg.Channel)
}

// submitPreview sends the draft.
func (c *Commands) submitPreview(ctx context.Context, in call) error {
	d, err := readDraft(in.Submit)
	if err != nil {
		return err
	}
	r, err := c.send(ctx, in, d.ID)
	if err == nil {
		if link := c.awaitThread(ctx, r.ID); link != "" {
			c.replaceView(ctx, in, waitView(r.ID, c.onItsWay(r.ID)+" "+linkText(link, "Open its thread"), "You can close this."))
		}
		return nil
	}
	if text := c.sentence(err); text != "" {
		gone, verr := c.updateView(ctx, in, waitView(d.ID, text, "Nothing was sent."))
		if verr == nil && !gone {
			return nil
		}
		return err
	}
	c.replaceView(ctx, in, waitView(d.ID, "Something went wrong, and "+d.ID+" may not have been sent.", "I send you a reference by direct message."))
	return err
}

// send sends a draft. A delivery that is handled again after a restart and finds it sent is content.
func (c *Commands) send(ctx context.Context, in call, id string) (provisioning.Request, error) {
	sent, err := c.service.Send(ctx, id, in.User)
	if err == nil || !in.Replayed {
		return sent, err
	}
	if r, rerr := c.service.Request(ctx, id); rerr == nil && !r.PendingAt.IsZero() && r.Terms.Requester == in.User {
		return r, nil
	}
	return sent, err
}

// closePreview drops the draft: the person pressed Cancel.
func (c *Commands) closePreview(ctx context.Context, in call) error {
	d, err := readDraft(in.Close)
	if err != nil {
		return err
	}
	_, err = c.service.Discard(ctx, d.ID, in.User)
	if _, refused := errors.AsType[*provisioning.Refusal](err); refused || errors.Is(err, provisioning.ErrNotFound) {
		return nil // sent or dropped already: there is nothing to tell
	}
	return err
}
