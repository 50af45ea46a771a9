package commands

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/provisioning"
)

// planPage is the plan with its buttons, in the thread. When it is decided the buttons go, and it says who decided when. rows are the first
// ones of the plan.
func planPage(r provisioning.Request, rows []provisioning.PlanRow, filesToDM bool) page {
	p := page{text: fmt.Sprintf("Plan of %s: %s. %s", r.ID, esc(aim(r), 200), actionCounts(r.Plan.Summary))}
	p.both(header("Plan of "+r.ID+": "+aim(r)), sectionWithin(2*maxPart, planLines(r)))
	if lines := warningLines(r.Plan.Summary); len(lines) > 0 {
		p.both(sectionWithin(maxPart, lines))
	}
	if lines := problemLines(r.Plan.Summary); len(lines) > 0 {
		lines = append([]string{"*Rows that do not run*"}, lines...)
		p.both(sectionWithin(maxPart, lines))
	}
	if len(rows) > 0 {
		t, _ := table([]string{"Row", "What", "User", "Contact", "Account"}, planCells(rows))
		p.rich(t, section(planRowLines(rows)...))
		if more := r.Plan.Summary.Rows - len(rows); more > 0 {
			p.both(footnote(fmt.Sprintf("The first %s of %s. All are in the plan's CSV, with the exact values.", count(len(rows), "row"), number(r.Plan.Summary.Rows))))
		}
	}
	p.both(sectionWithin(maxPart, decisionLines(r)))
	p.both(planButtons(r, filesToDM)...)
	return p
}

func planButtons(r provisioning.Request, filesToDM bool) []slack.Block {
	var buttons []*slack.ButtonBlockElement
	if r.State == provisioning.StatePending {
		buttons = append(buttons,
			pushButton(actionApprove, refOf(r), "Approve").WithStyle(slack.StylePrimary),
			pushButton(actionDeny, refOf(r), "Deny").WithStyle(slack.StyleDanger))
		if r.Plan.Summary.Runs() > 1 {
			buttons = append(buttons, pushButton(actionPart, refOf(r), "Approve in part"))
		}
		if r.Terms.Verb != provisioning.VerbUndo { // which has no file
			buttons = append(buttons, pushButton(actionAmend, refOf(r), "Replace the file"))
		}
	}
	if filesToDM {
		buttons = append(buttons, pushButton(actionFile, r.ID+" "+string(provisioning.NoticePlanFile), "Send me the plan's CSV"))
	}
	if len(buttons) == 0 {
		return nil
	}
	return []slack.Block{buttonBlock(buttons...)}
}

// decisionLines says what was decided, by whom and when, and what is missing.
func decisionLines(r provisioning.Request) []string {
	var lines []string
	for _, a := range r.Approvals {
		lines = append(lines, fmt.Sprintf(":white_check_mark: Approved by %s %s", bot.Mention(a.Person), bot.Date(a.At)))
	}
	switch r.State {
	case provisioning.StatePending:
		missing := max(0, r.Required-len(r.Approvals))
		line := fmt.Sprintf("Needs %s", count(missing, "approval"))
		if len(r.Approvals) > 0 {
			line = "Needs " + count(missing, "more approval")
		}
		line += fmt.Sprintf(", not from %s.", bot.Mention(r.Terms.Requester))
		if !r.ExpiresAt.IsZero() {
			line += " Expires " + bot.Date(r.ExpiresAt) + "."
		}
		lines = append(lines, line)
	case provisioning.StateDenied:
		lines = append(lines, fmt.Sprintf(":no_entry_sign: Denied by %s %s: %s", bot.Mention(r.Ending.Person), bot.Date(r.EndedAt), esc(sentenceEnd(r.Ending.Reason), maxNote)))
	case provisioning.StateExpired:
		lines = append(lines, ":no_entry_sign: Expired "+bot.Date(r.EndedAt)+": nobody decided in time.")
	case provisioning.StateCancelled:
		lines = append(lines, fmt.Sprintf(":no_entry_sign: Cancelled by %s %s.", bot.Mention(r.Ending.Person), bot.Date(r.EndedAt)))
	}
	return append(lines, fmt.Sprintf("_Plan_ `%s` _read from Salesforce_ %s", short(r.Plan.Digest), bot.Date(r.Plan.At)))
}

// short is enough of a digest for people to compare.
func short(digest string) string { return digest[:min(12, len(digest))] }

// planCells is the sample as cells of a table.
func planCells(rows []provisioning.PlanRow) [][]string {
	cells := make([][]string, len(rows))
	for i, row := range rows {
		what := string(row.Action)
		if row.Reason.Text != "" {
			what += ": " + row.Reason.Text
		}
		cells[i] = []string{
			number(row.Number), raw(what, 120), raw(cmp.Or(row.Username, row.Email), 60), raw(contactWords(row), 40), raw(cmp.Or(row.AccountName, row.AccountID), 60),
		}
	}
	return cells
}

func contactWords(row provisioning.PlanRow) string {
	if row.ContactID == "" && len(row.NewContact) > 0 {
		return "new contact"
	}
	return row.ContactID
}

// planRowLines is the sample where Slack does not know tables.
func planRowLines(rows []provisioning.PlanRow) []string {
	lines := make([]string, len(rows))
	for i, row := range rows {
		parts := []string{fmt.Sprintf("Row %d", row.Number), esc(string(row.Action), 20)}
		for _, s := range []string{cmp.Or(row.Username, row.Email), cmp.Or(row.AccountName, row.AccountID)} {
			if s != "" {
				parts = append(parts, esc(s, 60))
			}
		}
		if row.Reason.Text != "" {
			parts = append(parts, esc(row.Reason.Text, 120))
		}
		lines[i] = strings.Join(parts, " · ")
	}
	return lines
}
