package commands

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/provisioning"
	"portalbot/provisioning/report"
)

const (
	// reportLines is how many requests, errors and accounts a section names; all are counted.
	reportLines = 8
	// reportLicenses is how many licences the message tells of.
	reportLicenses = 10
	// soon is how far ahead the end of the seats is a warning.
	soon = 60 * 24 * time.Hour
)

// reportMessage is a report as the channel sees it. One with nothing to tell is a line.
func (c *Commands) reportMessage(ctx context.Context, id string, r report.Report) page {
	title := capital(raw(r.Name, 40)) + " report"
	if len(r.Portals) > 0 {
		title += " · " + joinWords(r.Portals)
	}
	seats := seatLines(r)
	p := page{text: title}
	if r.Quiet() {
		line := fmt.Sprintf(":zzz: *%s*: nothing to tell. No request ran or waits, and no user needs a look.", esc(title, 150))
		if len(r.Seats) > 0 {
			line += " " + seatsWords(r.Seats[0]) + "."
		}
		p.text = title + ": nothing to tell."
		p.both(section(line))
		return p
	}
	p.text = fmt.Sprintf("%s: %s, %s, %s to look at.", title, count(len(r.Work.Requests), "request"),
		number(len(r.Waiting))+" waiting", count(foundTotal(r), "user"))
	p.both(header(title), footnote(fmt.Sprintf("%s – %s · %s", bot.Date(r.From), bot.Date(r.Until), count(r.Active, "active portal user"))))
	if len(seats) > 0 {
		p.both(sectionWithin(maxPart, append([]string{"*Seats*"}, seats...)))
	}
	p.both(sectionWithin(maxPart, append([]string{"*What requests did*"}, c.workLines(ctx, r.Work)...)))
	if lines := c.waitingLines(ctx, r); len(lines) > 0 {
		p.both(sectionWithin(maxPart, append([]string{fmt.Sprintf("*%s*", capital(count(len(r.Waiting), "request")+" waiting"))}, lines...)))
	}
	_, onePortal := c.reportPortal(r)
	for _, f := range r.Findings {
		p.both(findingBlocks(id, f, onePortal)...)
	}
	p.both(footnote(apiWords(r.API)))
	return p
}

// seatLines tells how each licence stands.
func seatLines(r report.Report) []string {
	var lines []string
	for i, s := range r.Seats {
		if i == reportLicenses {
			lines = append(lines, fmt.Sprintf("… and %s more", count(len(r.Seats)-i, "licence")))
			break
		}
		icon := ":large_green_circle:"
		full, err := time.Parse(time.DateOnly, s.Full)
		switch {
		case s.Logins:
			icon = ":large_blue_circle:"
		case s.Used >= s.Total:
			icon = ":red_circle:"
		case err == nil && full.Sub(r.Until) < soon:
			icon = ":large_orange_circle:"
		}
		line := icon + " " + seatsWords(s)
		var changes []string
		for _, c := range []struct {
			of   *report.Change
			days int
			text string
		}{{s.Day, 1, "since yesterday"}, {s.Week, 7, "in a week"}} {
			if c.of == nil {
				continue
			}
			text := c.text
			if since, err := time.Parse(time.DateOnly, c.of.Since); err == nil && !sameDay(since, r, c.days) {
				text = "since " + since.Format("Jan 2")
			}
			changes = append(changes, fmt.Sprintf("%s %s", signed(c.of.By), text))
		}
		if len(changes) > 0 {
			line += " (" + joinWords(changes) + ")"
		}
		switch {
		case s.Logins:
		case s.Used >= s.Total:
			line += " – *none left*"
		case err == nil:
			line += fmt.Sprintf(" – at this pace they run out on *%s*", full.Format("Jan 2, 2006"))
		case s.Known:
			line += " – enough for a year at this pace"
		}
		lines = append(lines, line)
	}
	return lines
}

// sameDay reports whether a snapshot is from so many days before the report.
func sameDay(since time.Time, r report.Report, days int) bool {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		zone = time.UTC
	}
	return since.Format(time.DateOnly) == r.Until.In(zone).AddDate(0, 0, -days).Format(time.DateOnly)
}

func seatsWords(s report.Seats) string {
	if s.Logins {
		return fmt.Sprintf("%s: %s used, it counts logins", esc(s.Name, 80), number(s.Used))
	}
	return fmt.Sprintf("%s: *%s of %s* seats used", esc(s.Name, 80), number(s.Used), number(s.Total))
}

func signed(n int) string {
	switch {
	case n > 0:
		return "+" + number(n)
	case n == 0:
		return "±0"
	}
	return number(n)
}

// workLines tells what requests did in the period.
func (c *Commands) workLines(ctx context.Context, w report.Work) []string {
	if len(w.Requests) == 0 && len(w.Others) == 0 {
		return []string{"No request ended in this time."}
	}
	var lines []string
	if len(w.Requests) > 0 {
		line := statusCounts(provisioning.Progress{Counts: w.Counts}) + "."
		if tried := w.Tried(); tried > 0 {
			line += fmt.Sprintf(" *%s* of the rows that ran worked.", share(w.Worked(), tried))
		}
		lines = append(lines, capital(line))
	}
	for i, d := range w.Requests {
		if i == reportLines {
			lines = append(lines, "… and "+count(len(w.Requests)-i, "more request/more requests"))
			break
		}
		lines = append(lines, fmt.Sprintf("• %s %s by %s: %s", linkText(c.linkTo(ctx, d.ID, provisioning.NoticeRoot), "*"+esc(d.ID, 20)+"*"),
			esc(string(d.Verb), 20), bot.Mention(d.Person), statusCounts(provisioning.Progress{Counts: d.Counts})))
	}
	if len(w.Others) > 0 {
		var others []string
		for _, s := range slices.Sorted(maps.Keys(w.Others)) {
			others = append(others, fmt.Sprintf("%s %s", number(w.Others[s]), s))
		}
		lines = append(lines, "Ended without a run: "+joinWords(others)+".")
	}
	for i, e := range w.Errors {
		if i == 0 {
			lines = append(lines, "*Most frequent errors*")
		}
		if i == reportLines {
			break
		}
		lines = append(lines, fmt.Sprintf("• %s: %s. %s", esc(e.Code, 80), count(e.Count, "row"), esc(e.Fix, 200)))
	}
	return lines
}

// share is a part in percent. It never says that all worked when one did not.
func share(part, whole int) string {
	if part == whole {
		return "100 %"
	}
	return fmt.Sprintf("%.1f %%", math.Floor(1000*float64(part)/float64(whole))/10)
}

func (c *Commands) waitingLines(ctx context.Context, r report.Report) []string {
	var lines []string
	for i, w := range r.Waiting {
		if i == reportLines {
			lines = append(lines, "… and "+number(len(r.Waiting)-i)+" more")
			break
		}
		line := fmt.Sprintf("• %s %s %s by %s, %s for %s", linkText(c.linkTo(ctx, w.ID, provisioning.NoticeRoot), "*"+esc(w.ID, 20)+"*"),
			esc(string(w.Verb), 20), count(w.Rows, "row"), bot.Mention(w.Person), w.State, age(r.Until.Sub(w.Since)))
		if w.Reason != "" {
			line += ": " + esc(w.Reason, 200)
		}
		lines = append(lines, line)
	}
	return lines
}

// age words how long something has lasted.
func age(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return count(int(d/(24*time.Hour)), "day")
	case d >= time.Hour:
		return count(int(d/time.Hour), "hour")
	}
	return count(max(int(d/time.Minute), 0), "minute")
}

func foundTotal(r report.Report) int {
	n := 0
	for _, f := range r.Findings {
		n += f.Total
	}
	return n
}

// findingWords says what is the matter with the users of a list, without their number.
func findingWords(f report.Finding) string {
	switch f.Kind {
	case report.Never:
		return fmt.Sprintf("never logged in, %s after they were created", count(f.Days, "day"))
	case report.Inactive:
		return fmt.Sprintf("active without a login for %s", count(f.Days, "day"))
	case report.Orphans:
		return "active without a contact or an account"
	case report.Changed:
		return "made by the bot and changed by someone else in this time"
	}
	return string(f.Kind)
}

// findingBlocks tells of a list of users, with the buttons that act on it.
func findingBlocks(id string, f report.Finding, onePortal bool) []slack.Block {
	if f.Failed != "" {
		return []slack.Block{section(fmt.Sprintf(":grey_question: Users %s: Salesforce did not list them (%s).", findingWords(f), esc(f.Failed, 60)))}
	}
	if f.Total == 0 {
		return nil
	}
	total := number(f.Total)
	if f.More {
		total += " or more"
	}
	lines := []string{fmt.Sprintf("*%s* %s", total, findingWords(f))}
	if f.Kind == report.Changed {
		off := 0
		for _, u := range f.Users {
			if !u.Active {
				off++
			}
		}
		lines[0] += fmt.Sprintf(", %s of them inactive now", number(off))
	}
	lines = append(lines, accountsWords(f))
	if f.Kind == report.Orphans {
		lines = append(lines, "_External Identity users have neither, which is as it should be._")
	}
	ref := id + " " + string(f.Kind)
	var buttons []*slack.ButtonBlockElement
	if verb, ok := findingVerb(f.Kind); ok && onePortal && len(f.Users) > 0 {
		buttons = append(buttons, pushButton(actionFinding+string(f.Kind), ref, actionLabel(verb)))
	}
	if len(f.Users) > 0 {
		buttons = append(buttons, pushButton(actionFound+string(f.Kind), ref, listLabel(f.Kind)))
	}
	return []slack.Block{sectionWithin(maxPart, lines), buttonBlock(buttons...)}
}

// listLabel is the button that sends a list: each reads differently, also to people who hear only buttons.
func listLabel(k report.Kind) string {
	switch k {
	case report.Never:
		return "List: never logged in"
	case report.Inactive:
		return "List: long inactive"
	case report.Orphans:
		return "List: no contact"
	case report.Changed:
		return "List: changed"
	}
	return "List"
}

// accountsWords names the accounts that most users of the list are on.
func accountsWords(f report.Finding) string {
	type account struct {
		name string
		n    int
	}
	byID := map[string]*account{}
	for _, u := range f.Users {
		a := byID[u.AccountID]
		if a == nil {
			a = &account{name: u.Account}
			if a.name == "" {
				a.name = "without an account"
			}
			byID[u.AccountID] = a
		}
		a.n++
	}
	top := slices.SortedFunc(maps.Values(byID), func(a, b *account) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name)) })
	const named = 3
	var s []string
	for i, a := range top {
		if i == named {
			s = append(s, count(len(top)-i, "more account"))
			break
		}
		s = append(s, fmt.Sprintf("%s (%s)", esc(a.name, 80), number(a.n)))
	}
	text := joinWords(s)
	if f.Total > len(f.Users) {
		text = fmt.Sprintf("Of the first %s: %s", number(len(f.Users)), text)
	}
	return text
}

// apiWords tells the use of the org's daily requests.
func apiWords(a report.API) string {
	text := "API requests of the org today: not known"
	if a.Max > 0 {
		text = fmt.Sprintf("API requests of the org in 24 hours: %s of %s (%s)", number(a.Used), number(a.Max), share(a.Used, a.Max))
	}
	if !a.BotSince.IsZero() {
		text += fmt.Sprintf(" · %s by this bot since %s", number(a.Bot), bot.Date(a.BotSince))
	}
	if a.Report > 0 {
		text += fmt.Sprintf(" · %s for this report", number(a.Report))
	}
	return text
}
