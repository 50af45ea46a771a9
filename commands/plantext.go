package commands

import (
	"fmt"

	"portalbot/bot"
	"portalbot/provisioning"
)

// planLines says what a plan does, for its requester and its approvers.
func planLines(r provisioning.Request) []string {
	s := r.Plan.Summary
	lines := []string{fmt.Sprintf("*Rows:* %s in the file: %s", number(s.Rows), actionCounts(s))}
	if from := r.Terms.RefersTo; from != "" {
		lines[0] = fmt.Sprintf("*%s %s:* %s: %s", capital(followsWords(r.Terms)), esc(from, 40), count(s.Rows, "row"), actionCounts(s))
	}
	for _, seat := range s.Seats {
		lines = append(lines, seatLine(seat))
	}
	if a := accountLine(s); a != "" {
		lines = append(lines, a)
	}
	if r.Terms.Verb == provisioning.VerbAdd {
		lines = append(lines, "*Welcome e-mail:* "+mailWords(s.Mail))
		if r.Terms.CreateContacts {
			lines = append(lines, "*Contacts:* those that do not exist yet are created")
		}
	}
	lines = append(lines, "*Portal:* "+esc(r.Terms.Portal, 80))
	if !r.Terms.StartAfter.IsZero() {
		lines = append(lines, "*Starts:* not before "+bot.Date(r.Terms.StartAfter)+"; each row is read again right before it is written")
	}
	if r.Terms.FileName != "" {
		lines = append(lines, "*File:* "+esc(r.Terms.FileName, 120))
	}
	if r.Terms.Note != "" {
		lines = append(lines, "*Note:* "+esc(r.Terms.Note, maxNote))
	}
	if s.ExtraApprover != "" {
		lines = append(lines, ":warning: One more approval is needed: "+esc(sentenceEnd(s.ExtraApprover), 300))
	}
	return lines
}

func seatLine(s provisioning.SeatChange) string {
	line := fmt.Sprintf("*Seats:* %s: %s → %s of %s", esc(s.License, 80), number(s.Used), number(s.After), number(s.Total))
	switch {
	case s.Short() > 0 && s.LoginBased:
		line += fmt.Sprintf(" (:warning: %s over; these are log-ins a month, so it can run)", number(s.Short()))
	case s.Short() > 0:
		line += fmt.Sprintf(" (:warning: %s too few)", number(s.Short()))
	}
	return line
}

// accountLine names the accounts with most rows.
func accountLine(s provisioning.PlanSummary) string {
	const named = 5
	if s.Touched == 0 {
		return ""
	}
	var names []string
	for i, a := range s.Accounts {
		if i == named {
			break
		}
		name := a.Name
		if name == "" {
			name = a.ID
		}
		names = append(names, fmt.Sprintf("%s (%s)", esc(name, 80), number(a.Rows)))
	}
	if more := s.Touched - len(names); more > 0 {
		names = append(names, number(more)+" more")
	}
	label := "*Account:* "
	if s.Touched > 1 {
		label = "*Accounts:* "
	}
	return label + joinWords(names)
}

// warningLines lists warnings, each with its rows.
func warningLines(s provisioning.PlanSummary) []string {
	var lines []string
	for _, w := range s.Warnings {
		rows := ""
		if len(w.Rows) > 0 {
			rows = " (" + rowsText(w.Rows, w.Count) + ")"
		}
		lines = append(lines, ":warning: "+esc(w.Text, 300)+rows)
	}
	for _, n := range s.Notices {
		lines = append(lines, ":information_source: "+esc(n, 300))
	}
	return lines
}

// problemLines lists why rows are skipped or cannot run.
func problemLines(s provisioning.PlanSummary) []string {
	var lines []string
	for _, g := range s.Problems {
		what := "cannot run"
		if g.Action == provisioning.ActionSkip {
			what = "skipped"
			if g.Count == 1 {
				what = "is skipped"
			}
		}
		place := ""
		if g.Problem.Column != "" {
			place = ", column " + esc(g.Problem.Column, 60)
		}
		line := fmt.Sprintf("• %s %s%s: %s", capital(rowsText(g.Rows, g.Count)), what, place, esc(sentenceEnd(g.Problem.Text), 300))
		if g.Problem.Fix != "" {
			line += " " + esc(sentenceEnd(g.Problem.Fix), 200)
		}
		lines = append(lines, line)
	}
	return lines
}
