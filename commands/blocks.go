package commands

import (
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// Limits of Slack's blocks, in characters unless said otherwise.
const (
	maxSection     = 3000 // docs.slack.dev, section block
	maxHeader      = 150  // docs.slack.dev, header block
	maxContextText = 2000 // docs.slack.dev, context block
	maxButtonText  = 75   // docs.slack.dev, button element
	maxOptionText  = 75   // docs.slack.dev, option object
	maxTitle       = 24   // docs.slack.dev, modal views: title, submit and close
	maxConfirm     = 300  // docs.slack.dev, confirmation object
	maxText        = 4000 // docs.slack.dev, chat.postMessage: recommended for text
	maxNote        = 500  // ours: what a note or a reason may be long

	// maxPart is ours: what a part of a message (warnings, reasons, decisions) may say at most.
	maxPart = 1500

	// maxTable bounds the cells of a table. Slack takes 10,000 characters over all tables of a message (docs.slack.dev, table block), and
	// about 12,000 over all blocks (bolt-js issue 2509), the rest of the message included.
	maxTable = 3000
	// maxTableRows is ours: more rows than that are in the file. Slack takes 100 with the header.
	maxTableRows = 20
)

// page is a message: what it says in blocks, how it falls back where Slack does not know some of them, and its text for notifications.
type page struct {
	text     string
	blocks   []slack.Block
	fallback []slack.Block // nil: blocks has nothing that needs one
}

// plain returns the blocks that every workspace takes.
func (p page) plain() []slack.Block {
	if p.fallback != nil {
		return p.fallback
	}
	return p.blocks
}

// both adds a block to the message and to its fallback.
func (p *page) both(blocks ...slack.Block) {
	p.blocks = append(p.blocks, blocks...)
	p.fallback = append(p.fallback, blocks...)
}

// rich adds a block, and what takes its place in the fallback.
func (p *page) rich(block slack.Block, instead ...slack.Block) {
	p.blocks = append(p.blocks, block)
	p.fallback = append(p.fallback, instead...)
}

// mrkdwn is formatted text. Slack adds no links of its own.
func mrkdwn(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, s, false, true)
}

func plainText(s string, n int) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, raw(s, n), false, false)
}

func header(s string) slack.Block { return slack.NewHeaderBlock(plainText(s, maxHeader)) }

// section shows lines, as many as fit.
func section(lines ...string) slack.Block { return sectionWithin(maxSection, lines) }

// sectionWithin shows lines, as many as fit into limit characters: what a message says in all is limited too.
func sectionWithin(limit int, lines []string) slack.Block {
	return slack.NewSectionBlock(mrkdwn(fit(lines, limit)), nil, nil)
}

func footnote(lines ...string) slack.Block {
	return slack.NewContextBlock("", mrkdwn(fit(lines, maxContextText)))
}

// fit joins lines, leaves out those that do not fit into limit characters, and says how many it left out. A line is never cut, so
// that no entity is.
func fit(lines []string, limit int) string {
	const room = 24 // "… and 1,000 more"
	var b strings.Builder
	used := 0
	for i, l := range lines {
		n := utf8.RuneCountInString(l) + 1
		rest := len(lines) - i
		if used+n > limit-room && (rest > 1 || used+n > limit) {
			if used == 0 {
				return "…"
			}
			b.WriteString("\n… and " + number(rest) + " more")
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l)
		used += n
	}
	if strings.TrimSpace(b.String()) == "" {
		return "–"
	}
	return b.String()
}

// buttonBlock is a row of buttons.
func buttonBlock(buttons ...*slack.ButtonBlockElement) slack.Block {
	elements := make([]slack.BlockElement, len(buttons))
	for i, b := range buttons {
		elements[i] = b
	}
	return slack.NewActionBlock("", elements...)
}

func pushButton(id, value, text string) *slack.ButtonBlockElement {
	return slack.NewButtonBlockElement(id, value, plainText(text, maxButtonText))
}

// confirmed makes a button ask before it acts.
func confirmed(b *slack.ButtonBlockElement, title, text, yes, no string) *slack.ButtonBlockElement {
	return b.WithConfirm(slack.NewConfirmationBlockObject(plainText(title, 100), plainText(text, maxConfirm), plainText(yes, 30), plainText(no, 30)))
}

// table shows rows below a header, as many as fit, and tells how many it left out.
func table(head []string, rows [][]string) (block slack.Block, left int) {
	t := slack.NewTableBlock("")
	used := 0
	add := func(cells []string) bool {
		n := 0
		for _, c := range cells {
			n += utf8.RuneCountInString(c)
		}
		if used+n > maxTable || len(t.Rows) > maxTableRows {
			return false
		}
		used += n
		out := make([]slack.TableCell, len(cells))
		for i, c := range cells {
			out[i] = slack.NewTableRawTextCell(c)
		}
		t.AddRow(out...)
		return true
	}
	add(head)
	for i, r := range rows {
		if !add(r) {
			return wrapped(t, len(head)), len(rows) - i
		}
	}
	return wrapped(t, len(head)), 0
}

// wrapped lets the cells of every column wrap, or long ones would make people scroll sideways.
func wrapped(t *slack.TableBlock, columns int) *slack.TableBlock {
	s := make([]slack.ColumnSetting, columns)
	for i := range s {
		s[i] = slack.ColumnSetting{Align: slack.ColumnAlignmentLeft, IsWrapped: true}
	}
	return t.WithColumnSettings(s...)
}

// modalView is a modal. An empty submit makes one without that button.
func modalView(callback, title, submit, closeText string, blocks []slack.Block) slack.ModalViewRequest {
	v := slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: callback, Title: plainText(title, maxTitle), Close: plainText(closeText, maxTitle),
		Blocks: slack.Blocks{BlockSet: blocks},
	}
	if submit != "" {
		v.Submit = plainText(submit, maxTitle)
	}
	return v
}
