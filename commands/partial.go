package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/provisioning"
)

const (
	blockAccounts = "accounts"
	blockRows     = "rows"
	maxCheckboxes = 10 // docs.slack.dev, checkbox group element
	// maxRowsTyped bounds the text that names rows, and rowsNamed how many rows it may name.
	maxRowsTyped = 500
	rowsNamed    = 10_000
)

// part is what the modal for an approval in part remembers. Its JSON is the private_metadata.
type part struct {
	ID       string   `json:"i"`
	Digest   string   `json:"d"`
	Channel  string   `json:"c,omitempty"` // where the button was, for the answer
	Thread   string   `json:"t,omitempty"`
	Accounts []string `json:"a,omitempty"` // those that can be unticked
}

// partButton asks which accounts and rows the approver does not agree to.
func (c *Commands) partButton(ctx context.Context, in call) error {
	id, digest := readRef(in.Action.Value)
	if err := c.service.MayDecide(ctx, id, digest, in.User); err != nil {
		return err
	}
	r, err := c.service.Request(ctx, id)
	if err != nil {
		return err
	}
	err = c.openModal(ctx, in, partView(r, digest, in.Channel, in.ThreadTS))
	if errors.Is(err, bot.ErrTriggerDead) {
		return c.say(ctx, in, "That took too long for Slack to ask which rows. Nothing was decided: press *Approve in part* again.")
	}
	if err != nil {
		return fmt.Errorf("ask which rows: %w", err)
	}
	return nil
}

// partView asks for accounts to untick, rows to leave out, and the reason.
func partView(r provisioning.Request, digest, channel, thread string) slack.ModalViewRequest {
	blocks := []slack.Block{section(fmt.Sprintf(
		"*%s*: %s. What you leave out goes back to %s with your reason. What remains becomes a plan of its own, which you then have approved.",
		r.ID, esc(aim(r), 200), bot.Mention(r.Terms.Requester)))}
	m := part{ID: r.ID, Digest: digest, Channel: channel, Thread: thread}
	accounts := r.Plan.Summary.Accounts
	if accounts = accounts[:min(len(accounts), maxCheckboxes)]; len(accounts) > 1 {
		var options []*slack.OptionBlockObject
		for _, a := range accounts {
			name := a.Name
			if name == "" {
				name = a.ID
			}
			name = raw(name, maxOptionText-20) + " (" + count(a.Rows, "row") + ")"
			options = append(options, slack.NewOptionBlockObject(a.ID, plainText(name, maxOptionText), nil))
			m.Accounts = append(m.Accounts, a.ID)
		}
		e := slack.NewCheckboxGroupsBlockElement("accounts", options...)
		e.InitialOptions = options
		hint := "Untick those that must not run."
		if more := r.Plan.Summary.Touched - len(accounts); more > 0 {
			hint += fmt.Sprintf(" %s are not listed; name their rows below.", capital(count(more, "smaller account")))
		}
		b := slack.NewInputBlock(blockAccounts, plainText("Accounts that run", maxOptionText), plainText(hint, maxContextText), e)
		b.Optional = true // all may be unticked: then only the server can say that it is a denial
		blocks = append(blocks, b)
	}
	rows := slack.NewPlainTextInputBlockElement(plainText("3, 9-12", maxOptionText), "rows")
	rows.MaxLength = maxRowsTyped
	rowsBlock := slack.NewInputBlock(blockRows, plainText("Rows to leave out", maxOptionText),
		plainText("The numbers of the column Row in the plan's CSV.", maxContextText), rows)
	rowsBlock.Optional = true
	why := slack.NewPlainTextInputBlockElement(plainText("What is wrong with these, and what should be done instead?", maxOptionText), "reason")
	why.Multiline, why.MinLength, why.MaxLength = true, minReason, maxNote
	blocks = append(blocks, rowsBlock, slack.NewInputBlock(blockReason, plainText("Reason", maxOptionText), nil, why))
	v := modalView(modalPart, "Approve "+r.ID+" in part", "Approve the rest", "Back", blocks)
	v.PrivateMetadata = m.metadata()
	return v
}

func (p part) metadata() string {
	js, err := json.Marshal(p)
	if err != nil { // strings always marshal
		return ""
	}
	return string(js)
}

// readPart returns what the modal was about and what is left out. A text that names no rows is an error that is worded for the person.
func readPart(v *bot.View) (part, provisioning.LeftOut, error) {
	var p part
	if err := json.Unmarshal([]byte(v.PrivateMetadata), &p); err != nil || p.ID == "" {
		return part{}, provisioning.LeftOut{}, fmt.Errorf("read the metadata of an approval in part: %w", errors.Join(err))
	}
	out := provisioning.LeftOut{Reason: bot.Clip(strings.TrimSpace(v.State.Value(blockReason)), maxNote)}
	for _, a := range p.Accounts {
		if !v.State.Checked(blockAccounts, a) {
			out.Accounts = append(out.Accounts, a)
		}
	}
	rows, err := readRows(v.State.Value(blockRows))
	out.Rows = rows
	return p, out, err
}

// rowsError says what is wrong with a text that should name rows.
type rowsError struct{ text string }

func (e rowsError) Error() string { return e.text }

// readRows reads "3, 9-12".
func readRows(text string) ([]int, error) {
	var rows []int
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' }) {
		from, to, isRange := strings.Cut(word, "-")
		first, err := strconv.Atoi(from)
		last := first
		if err == nil && isRange {
			last, err = strconv.Atoi(to)
		}
		if err != nil || first < 1 || last < first || last-first >= rowsNamed || len(rows)+last-first >= rowsNamed {
			return nil, rowsError{fmt.Sprintf("“%s” names no rows. Write them like this: 3, 9-12.", raw(word, 40))}
		}
		for n := first; n <= last; n++ {
			rows = append(rows, n)
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows), nil
}

// ackPart closes the modal, or says at the input what is missing.
func (c *Commands) ackPart(d bot.Delivery) bot.Ack {
	_, out, err := readPart(d.Submit)
	if e, ok := errors.AsType[rowsError](err); ok {
		return refuseInput(blockRows, raw(e.text, maxConfirm))
	}
	switch {
	case err != nil:
		return bot.Ack{} // submitPart returns the same error
	case len(out.Accounts)+len(out.Rows) == 0:
		return refuseInput(blockRows, "Nothing is left out. Untick an account or name rows; to agree to all of it, go back and press Approve.")
	case len([]rune(out.Reason)) < minReason:
		return refuseInput(blockReason, "Say in a few words why.")
	}
	return bot.Ack{Clear: true}
}

func (c *Commands) submitPart(ctx context.Context, in call) error {
	p, out, err := readPart(in.Submit)
	if err != nil {
		return err
	}
	in.Channel, in.ThreadTS = p.Channel, p.Thread
	r, err := c.service.ApproveInPart(ctx, p.ID, p.Digest, in.User, out)
	if err != nil {
		if in.Replayed && counted(c.service.Request(ctx, p.ID))(in.User) {
			return nil
		}
		return err
	}
	return c.say(ctx, in, approvedWords(r))
}
