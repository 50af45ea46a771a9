package commands

import (
	"fmt"
	"strconv"
	"strings"

	"portalbot/bot"
	"portalbot/provisioning"
)

// storyLine is one line of the thread: what happened, and who did it. It is empty when the request no longer knows.
func storyLine(r provisioning.Request, ref string) string {
	what, numberText, _ := strings.Cut(ref, "-")
	n, err := strconv.Atoi(numberText)
	switch what {
	case "approval":
		nth, plan, _ := strings.Cut(numberText, "-")
		if n, err := strconv.Atoi(nth); err == nil && n > 0 && n <= len(r.Approvals) && plan == provisioning.PlanRef(r) {
			return approvalLine(r, n)
		}
	case "amended":
		return amendedLine(r, numberText)
	case "narrowed":
		return narrowedLine(r, numberText)
	case "denied":
		return fmt.Sprintf(":no_entry_sign: %s denied %s: %s\n%s, nothing was run. You can send a mended file as a new request.",
			bot.Mention(r.Ending.Person), r.ID, esc(sentenceEnd(r.Ending.Reason), maxNote), bot.Mention(r.Terms.Requester))
	case "expired":
		return fmt.Sprintf(":no_entry_sign: Nobody decided on %s in time, so it has expired. %s, nothing was run. You can send the file again.",
			r.ID, bot.Mention(r.Terms.Requester))
	case "cancelled":
		line := fmt.Sprintf(":no_entry_sign: %s cancelled %s. Nothing was run.", bot.Mention(r.Ending.Person), r.ID)
		if r.Ending.Reason != "" {
			line += " Reason: " + esc(sentenceEnd(r.Ending.Reason), maxNote)
		}
		return line
	case "stop":
		return fmt.Sprintf(":octagonal_sign: %s asked %s to stop. Calls that are on their way end, and nothing else begins.", bot.Mention(r.StopBy), r.ID)
	case "parted":
		return ":zzz: I am being shut down. This run goes on by itself when I am back" + partedRows(numberText) + "."
	case "blocked":
		return fmt.Sprintf(":warning: The result of %s of %s is unknown: I cannot read it in Salesforce. An approver or an admin has to decide, "+
			"by the buttons of the run.", count(r.Progress.Counts[provisioning.StatusUnknown], "row"), r.ID)
	case "left", "again":
		_, who, _ := strings.Cut(numberText, "-")
		if what == "left" {
			return fmt.Sprintf(":ballot_box_with_check: %s left the unknown rows of %s as they are.", bot.Mention(who), r.ID)
		}
		return fmt.Sprintf(":repeat: %s let the unknown rows of %s be tried again.", bot.Mention(who), r.ID)
	case "restart":
		for _, s := range r.Restarts {
			if err == nil && s.Number == n {
				return restartLine(r, s)
			}
		}
	}
	return ""
}

func approvalLine(r provisioning.Request, n int) string {
	line := fmt.Sprintf(":white_check_mark: %s approved the plan (%d of %d).", bot.Mention(r.Approvals[n-1].Person), n, max(r.Required, n))
	switch missing := r.Required - n; {
	case missing > 0:
		return line + fmt.Sprintf(" It needs %s.", count(missing, "more approval"))
	case r.StartAfter.After(r.Approvals[n-1].At):
		return line + " It starts " + bot.Date(r.StartAfter) + "."
	}
	return line + " It runs now."
}

// partedRows says how many rows were on their way when the process was told to end; numbers is "2-40": the second time, 40 rows.
func partedRows(numbers string) string {
	_, rows, _ := strings.Cut(numbers, "-")
	n, err := strconv.Atoi(rows)
	if err != nil || n == 0 {
		return ""
	}
	return fmt.Sprintf("; %s on their way are checked in Salesforce then", count(n, "row"))
}

// restartLine says honestly what a crash meant.
func restartLine(r provisioning.Request, s provisioning.Restart) string {
	at := min(s.Closed+1, max(1, r.Progress.Total))
	line := fmt.Sprintf(":arrows_counterclockwise: I was restarted and continued at row %s of %s", number(at), number(r.Progress.Total))
	if s.Rechecked > 0 {
		line += fmt.Sprintf(", %s re-checked in Salesforce", count(s.Rechecked, "row"))
	}
	return line + ", none done twice."
}

// donePage tells the requester that it is over, in one short line. summary is the address of the summary, empty when it is not known.
func donePage(r provisioning.Request, filesToDM bool, summary string) page {
	where := "The results are in the file above."
	if filesToDM {
		where = "I sent you the results as a file."
	}
	verb := "is done"
	switch r.State {
	case provisioning.StateStopped:
		verb = "was stopped"
	case provisioning.StateFailed:
		verb = "could not be finished"
	}
	line := fmt.Sprintf("%s %s %s: %s. %s", bot.Mention(r.Terms.Requester), r.ID, verb, statusCounts(r.Progress), where)
	if summary != "" {
		line += " " + linkText(summary, "Summary")
	}
	return page{text: line}
}
