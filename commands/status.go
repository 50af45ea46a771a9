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

// requestID reads an id as people type it: "P-17", "p17", "17", "#17".
func requestID(typed string) string {
	digits := strings.TrimLeft(strings.ToUpper(strings.Trim(typed, "`*_.,;:")), "P-#")
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return strings.ToUpper(typed)
	}
	return "P-" + digits
}

// notFound says that there is no such request, or returns why it could not be read.
func (c *Commands) notFound(ctx context.Context, in call, id string, err error) error {
	if !errors.Is(err, provisioning.ErrNotFound) {
		return err
	}
	return c.say(ctx, in, fmt.Sprintf("There is no request “%s”. `%s list` shows those that there are.", esc(id, 40), c.cfg.Name))
}

// status shows a request as its thread does, or those that the person has open.
func (c *Commands) status(ctx context.Context, in call) error {
	if len(in.args) == 0 {
		return c.showList(ctx, in, provisioning.Filter{Open: true, Requester: in.User}, "Your open requests",
			fmt.Sprintf("You have nothing open. `%s list` shows the latest requests of everybody.", c.cfg.Name))
	}
	return c.showStatus(ctx, in, requestID(in.args[0]))
}

func (c *Commands) statusButton(ctx context.Context, in call) error {
	ok, err := c.may(ctx, in.User, requesters|approvers|admins)
	if err != nil {
		return err
	}
	if !ok {
		return c.say(ctx, in, "Only requesters, approvers and admins can look at requests. "+c.askFor())
	}
	id, _ := readRef(in.Action.Value)
	if in.Action.View == nil || in.Replayed {
		return c.showStatus(ctx, in, id)
	}
	return c.review(ctx, in, id)
}

// review opens a request from the Home tab, with the buttons for who waits for it.
func (c *Commands) review(ctx context.Context, in call, id string) error {
	r, err := c.service.Request(ctx, id)
	if err != nil || hidden(r, in.User) || r.State == provisioning.StateDraft {
		return c.showStatus(ctx, in, id)
	}
	p, err := c.statusPage(ctx, r)
	if err != nil {
		return err
	}
	blocks := p.plain()
	decides, err := c.may(ctx, in.User, approvers)
	if err != nil {
		return err
	}
	if decides && in.User != r.Terms.Requester {
		blocks = append(blocks, planButtons(r, false)...)
	}
	_, err = c.client.OpenView(ctx, in.TriggerID, modalView(modalNote, r.ID, "", "Close", blocks))
	if errors.Is(err, bot.ErrTriggerDead) {
		return c.showStatus(ctx, in, id)
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", r.ID, err)
	}
	return nil
}

func (c *Commands) showStatus(ctx context.Context, in call, id string) error {
	r, err := c.service.Request(ctx, id)
	if err != nil || hidden(r, in.User) {
		if err == nil {
			err = provisioning.ErrNotFound
		}
		return c.notFound(ctx, in, id, err)
	}
	if r.State == provisioning.StateDraft {
		who := c.choose(ctx, r.Terms.Requester, c.service.Needed(r))
		return c.show(ctx, in, previewPage(r, who.line(c.askFor())))
	}
	p, err := c.statusPage(ctx, r)
	if err != nil {
		return err
	}
	return c.show(ctx, in, p)
}

// statusPage is what the thread shows of a request, without buttons: what one person is shown is not kept up to date.
func (c *Commands) statusPage(ctx context.Context, r provisioning.Request) (page, error) {
	p := rootPage(r)
	paused, err := c.pausedLine(ctx)
	if err != nil {
		return page{}, err
	}
	if paused != "" && !r.State.Ended() {
		p.both(section(paused))
	}
	switch {
	case r.State.Started():
		run, err := c.progressPage(ctx, r)
		if err != nil {
			return page{}, err
		}
		p.both(run.plain()...)
	case r.State != provisioning.StatePlanning:
		p.both(sectionWithin(2*maxPart, planLines(r)))
		if lines := append(warningLines(r.Plan.Summary), problemLines(r.Plan.Summary)...); len(lines) > 0 {
			p.both(sectionWithin(2*maxPart, lines))
		}
		p.both(sectionWithin(maxPart, decisionLines(r)))
	}
	if link := c.linkTo(ctx, r.ID, provisioning.NoticeRoot); link != "" {
		p.both(footnote(linkText(link, "Open the thread of "+r.ID)))
	}
	return page{text: p.text, blocks: withoutButtons(p.blocks)}, nil
}

// hidden reports whether a person may not see a request: drafts are their requester's alone.
func hidden(r provisioning.Request, user string) bool {
	return r.PendingAt.IsZero() && r.Terms.Requester != user
}

// dropped reports a draft that was never sent and never will be: its plan was cancelled, or became that of another request.
func dropped(r provisioning.Request) bool { return r.PendingAt.IsZero() && r.State.Ended() }

// withoutButtons leaves out rows of buttons.
func withoutButtons(blocks []slack.Block) []slack.Block {
	var out []slack.Block
	for _, b := range blocks {
		if b.BlockType() != slack.MBTAction {
			out = append(out, b)
		}
	}
	return out
}

// listed is how many requests a list shows.
const listed = 15

// list shows the latest requests.
func (c *Commands) list(ctx context.Context, in call) error {
	what := ""
	if len(in.args) > 0 {
		what = strings.ToLower(in.args[0])
	}
	switch what {
	case "":
		return c.showList(ctx, in, provisioning.Filter{}, "The latest requests", fmt.Sprintf("There are no requests yet. `%s add` makes the first one.", c.cfg.Name))
	case "open":
		return c.showList(ctx, in, provisioning.Filter{Open: true}, "Open requests", "Nothing is open.")
	case "mine":
		return c.showList(ctx, in, provisioning.Filter{Requester: in.User}, "Your requests", fmt.Sprintf("You have made no request yet. `%s add` makes the first one.", c.cfg.Name))
	}
	text := fmt.Sprintf("I can list `open` and `mine`, not “%s”.", esc(what, 40))
	if n := nearest(what, []string{"open", "mine"}); n != "" {
		text += fmt.Sprintf(" Did you mean `%s list %s`?", c.cfg.Name, n)
	}
	return c.say(ctx, in, text)
}

func (c *Commands) showList(ctx context.Context, in call, f provisioning.Filter, title, nothing string) error {
	var lines []string
	more := false
	for r, err := range c.service.Requests(ctx, f) {
		if err != nil {
			return err
		}
		if hidden(r, in.User) || dropped(r) || r.State == provisioning.StatePlanning {
			continue
		}
		if more = len(lines) == listed; more {
			break
		}
		lines = append(lines, listLine(c.withLink(ctx, r)))
	}
	paused, err := c.pausedLine(ctx)
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return c.say(ctx, in, strings.TrimSpace(nothing+" "+paused))
	}
	p := page{text: title}
	if paused != "" {
		p.both(section(paused))
	}
	p.both(section("*" + title + "*"))
	for len(lines) > 0 { // several sections, so that none is too long
		n := min(5, len(lines))
		p.both(section(lines[:n]...))
		lines = lines[n:]
	}
	if more {
		p.both(footnote(fmt.Sprintf("These are the latest %d. `%s status ID` shows any other.", listed, c.cfg.Name)))
	}
	return c.show(ctx, in, p)
}
