package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"portalbot/bot/slacksim"
	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// teller prints a story as it happens, each line with the seconds since its beginning.
type teller struct {
	began time.Time

	mu  sync.Mutex // guards out
	out io.Writer
}

// indent is where the lines of a message stand, right of the time.
const indent = "             "

// say prints a line with its time, and the lines of text below it.
func (t *teller) say(line, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, "%7.2fs  %s\n", time.Since(t.began).Seconds(), line)
	for l := range strings.Lines(text) {
		fmt.Fprintln(t.out, strings.TrimRight(indent+l, " \n"))
	}
}

// act tells what a person does.
func (t *teller) act(text string) { t.say("» "+text, "") }

// modal shows what stands in a dialog.
func (t *teller) modal(v *slacksim.View) { t.say("dialog: "+v.Title(), v.Text()) }

// change shows a message that was posted, and of one that was edited the lines that are new.
func (t *teller) change(c slacksim.Change) {
	m := c.Message
	where := m.ChannelName
	if m.ThreadTS != "" && m.ThreadTS != m.TS {
		where += ", in the thread"
	}
	if m.EphemeralTo != "" {
		where += ", for one person only"
	}
	text := m.Read
	if c.Kind == slacksim.Edited && len(m.Versions) > 1 {
		where += ", edited"
		text = newLines(m.Versions[len(m.Versions)-2].Read, text)
	}
	for _, f := range m.Files {
		text += fmt.Sprintf("\n(file %s, %d bytes)", f.Name, len(f.Data))
	}
	t.say(where+":", text)
}

// newLines returns the lines of now that before does not have.
func newLines(before, now string) string {
	old := map[string]bool{}
	for l := range strings.Lines(before) {
		old[strings.TrimSpace(l)] = true
	}
	var b strings.Builder
	for l := range strings.Lines(now) {
		if !old[strings.TrimSpace(l)] {
			b.WriteString(l)
		}
	}
	return b.String()
}

// counts ends the story.
func (t *teller) counts(r provisioning.Request, created, mails, told int, org *salesforcesim.Org) {
	run := r.EndedAt.Sub(r.StartedAt)
	t.say(fmt.Sprintf("%s is %s: %d rows, %d told, %d users created, %d e-mails requested.",
		r.ID, r.State, r.Plan.Summary.Rows, told, created, mails),
		fmt.Sprintf("The run took %.2f s. Salesforce got %d requests in all, token and look-ups included.", run.Seconds(), len(org.Operations())))
}
