package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"portalbot/provisioning"
)

// How much of a plan the terminal shows. --json has every row.
const (
	rowsPrinted     = 10
	problemsPrinted = 50
	cellWidth       = 48 // characters of a table's cell
)

// printPlan prints a plan to read: counts, seats, accounts, warnings, what cannot run with line and remedy, and the first rows.
func printPlan(w io.Writer, t provisioning.Terms, d *provisioning.Draft) error {
	var b strings.Builder
	s := d.Summary
	fmt.Fprintf(&b, "%s: %s, portal %s\n\n", printable(t.FileName), planTitle(t), t.Portal)
	var facts [][]string
	fact := func(name, format string, args ...any) {
		facts = append(facts, []string{name, printable(fmt.Sprintf(format, args...))})
	}
	fact("Rows", "%s in the file: %s", digits(s.Rows), planCounts(s))
	for _, seat := range s.Seats {
		fact("Seats", "%s: %s", seat.License, planSeats(seat))
	}
	for i, a := range s.Accounts {
		label := ""
		if i == 0 {
			label = "Accounts"
		}
		fact(label, "%s (%s)", cmp.Or(a.Name, a.ID), digits(a.Rows))
	}
	if more := s.Touched - len(s.Accounts); more > 0 {
		fact("", "and %s more", digits(more))
	}
	if t.Verb == provisioning.VerbAdd {
		fact("E-mail", "%s", planMail(s.Mail))
	}
	if t.CreateContacts {
		fact("Contacts", "those that do not exist yet are created")
	}
	if s.ExtraApprover != "" {
		fact("Approval", "One more is needed: %s", s.ExtraApprover)
	}
	align(&b, "", facts)
	planList(&b, "This plan cannot run", len(s.Blocks), func(i int) (string, string) { return s.Blocks[i].Text, s.Blocks[i].Fix })
	planList(&b, "Warnings", len(s.Warnings), func(i int) (string, string) {
		return s.Warnings[i].Text + planRows(s.Warnings[i].Rows, s.Warnings[i].Count), ""
	})
	planList(&b, "Notes", len(s.Notices), func(i int) (string, string) { return s.Notices[i], "" })
	printProblems(&b, d)
	printFirst(&b, d)
	fmt.Fprintf(&b, "\nPlan %s, read from Salesforce %s. Nothing was changed.\n", d.Digest[:12], d.At.UTC().Format(time.RFC3339))
	_, err := io.WriteString(w, b.String())
	return err
}

// planList prints a heading and a list below it, each entry with what to do about it on a line of its own.
func planList(b *strings.Builder, heading string, n int, entry func(int) (text, fix string)) {
	if n == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", heading)
	for i := range n {
		text, fix := entry(i)
		fmt.Fprintf(b, "  - %s\n", printable(text))
		if fix != "" {
			fmt.Fprintf(b, "    %s\n", printable(fix))
		}
	}
}

// printProblems prints each row that cannot run, in the order of the file, and the reasons of those that are skipped.
func printProblems(b *strings.Builder, d *provisioning.Draft) {
	var rows []provisioning.PlanRow
	if d.Summary.Actions[provisioning.ActionInvalid] > 0 {
		for r := range d.ByNumber() {
			if r.Action == provisioning.ActionInvalid {
				rows = append(rows, r)
			}
			if len(rows) == problemsPrinted {
				break
			}
		}
	}
	planList(b, "Rows that cannot run", len(rows), func(i int) (string, string) {
		place := fmt.Sprintf("Line %d", rows[i].Line)
		if c := rows[i].Reason.Column; c != "" {
			place += ", column " + c
		}
		return place + ": " + rows[i].Reason.Text, rows[i].Reason.Fix
	})
	if more := d.Summary.Actions[provisioning.ActionInvalid] - len(rows); more > 0 {
		fmt.Fprintf(b, "  and %s more: --json lists every row\n", digits(more))
	}
	var skips []provisioning.ProblemGroup
	for _, g := range d.Summary.Problems {
		if g.Action == provisioning.ActionSkip {
			skips = append(skips, g)
		}
	}
	planList(b, "Rows that are skipped", len(skips), func(i int) (string, string) {
		return skips[i].Problem.Text + planRows(skips[i].Rows, skips[i].Count), skips[i].Problem.Fix
	})
}

// printFirst prints the first rows that run as a table.
func printFirst(b *strings.Builder, d *provisioning.Draft) {
	runs := d.Summary.Runs()
	if runs == 0 {
		return
	}
	b.WriteString("\nFirst rows\n")
	lines := [][]string{{"Row", "What", "User", "Contact", "Account"}}
	n := 0
	for r := range d.Rows() {
		if n == rowsPrinted || !r.Action.Runs() {
			break
		}
		n++
		contact := r.ContactID
		if contact == "" && len(r.NewContact) > 0 {
			contact = "new contact"
		}
		lines = append(lines, []string{
			strconv.Itoa(r.Number), string(r.Action), cell(cmp.Or(r.Username, r.Email)), cell(contact), cell(cmp.Or(r.AccountName, r.AccountID)),
		})
	}
	align(b, "  ", lines)
	if runs > n {
		fmt.Fprintf(b, "  and %s more\n", digits(runs-n))
	}
}

// align prints lines with their cells one below the other, two spaces between columns and none at the end.
func align(b *strings.Builder, indent string, lines [][]string) {
	var widths []int
	for _, l := range lines {
		for i, c := range l {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for _, l := range lines {
		line := indent
		for i, c := range l {
			line += c + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

func planTitle(t provisioning.Terms) string {
	switch t.Verb {
	case provisioning.VerbDisable:
		switch t.Method {
		case provisioning.MethodFreeze:
			return "freeze portal users"
		case provisioning.MethodDisable:
			return "disable portal users for good"
		}
		return "deactivate portal users"
	case provisioning.VerbEnable:
		return "enable portal users"
	case provisioning.VerbResend:
		return "resend access e-mails"
	}
	return "add portal users"
}

// planCounts words what the plan would do: "50 to create, 2 skipped, 1 that cannot run".
func planCounts(s provisioning.PlanSummary) string {
	var words []string
	for _, a := range []provisioning.Action{
		provisioning.ActionCreate, provisioning.ActionReactivate, provisioning.ActionDeactivate, provisioning.ActionDisable,
		provisioning.ActionEnable, provisioning.ActionFreeze, provisioning.ActionUnfreeze, provisioning.ActionResend,
		provisioning.ActionSkip, provisioning.ActionInvalid,
	} {
		n := s.Actions[a]
		switch {
		case n == 0:
		case a == provisioning.ActionSkip:
			words = append(words, digits(n)+" skipped")
		case a == provisioning.ActionInvalid:
			words = append(words, digits(n)+" that cannot run")
		case a == provisioning.ActionDisable:
			words = append(words, digits(n)+" to disable for good")
		case a == provisioning.ActionResend:
			words = append(words, digits(n)+" access e-mails to request")
		default:
			words = append(words, fmt.Sprintf("%s to %s", digits(n), a))
		}
	}
	return strings.Join(words, ", ")
}

func planSeats(c provisioning.SeatChange) string {
	line := fmt.Sprintf("%s -> %s of %s", digits(c.Used), digits(c.After), digits(c.Total))
	switch {
	case c.Short() > 0 && c.LoginBased:
		line += fmt.Sprintf(" (%s over; these are log-ins a month, so it can run)", digits(c.Short()))
	case c.Short() > 0:
		line += fmt.Sprintf(" (%s too few)", digits(c.Short()))
	}
	return line
}

func planMail(m provisioning.MailMode) string {
	switch m {
	case provisioning.MailHeader:
		return "requested from Salesforce with each new user"
	case provisioning.MailSite:
		return "left to the site's own setting"
	}
	return "none requested"
}

// planRows names the rows of a group: " (rows 3, 9, 12 and 40 more)".
func planRows(rows []int, total int) string {
	switch {
	case len(rows) == 0:
		return ""
	case total == 1:
		return fmt.Sprintf(" (row %d)", rows[0])
	}
	words := make([]string, len(rows))
	for i, n := range rows {
		words[i] = strconv.Itoa(n)
	}
	last := words[len(words)-1]
	if more := total - len(words); more > 0 {
		last = digits(more) + " more"
	} else {
		words = words[:len(words)-1]
	}
	return fmt.Sprintf(" (rows %s and %s)", strings.Join(words, ", "), last)
}

// digits writes n with thousands separated.
func digits(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// cell fits a text into a table's cell.
func cell(s string) string {
	s = strings.Join(strings.Fields(printable(s)), " ")
	if utf8.RuneCountInString(s) <= cellWidth {
		return s
	}
	return string([]rune(s)[:cellWidth-1]) + "…"
}

// printable takes out what a text from a file could do to a terminal: control characters other than line breaks, and characters that are
// not seen or turn the direction of others.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
}
