package commands

import (
	"fmt"
	"slices"
	"strings"

	"portalbot/bot"
	"portalbot/provisioning"
)

// reminderLine asks for a decision that is still missing. The last reminder before a request expires also calls the admins, and tells its
// requester. It is empty when nothing is waited for any more.
func reminderLine(r provisioning.Request, approvers, admins []string) string {
	if r.State != provisioning.StatePending {
		return ""
	}
	ask := slices.Clone(approvers)
	last := r.RemindAt.IsZero() && !r.ExpiresAt.IsZero()
	if last {
		ask = append(ask, admins...)
	}
	ask = slices.DeleteFunc(ask, func(id string) bool { return id == r.Terms.Requester || id == bot.Everyone || r.ApprovedBy(id) })
	slices.Sort(ask)
	who := mentions(slices.Compact(ask), 10)
	if who != "" {
		who += ": "
	}
	missing := count(max(1, r.Required-len(r.Approvals)), "approval")
	if last {
		return fmt.Sprintf(":rotating_light: %s%s still needs %s and expires %s. %s, nothing runs unless somebody decides before that.",
			who, r.ID, missing, bot.Date(r.ExpiresAt), bot.Mention(r.Terms.Requester))
	}
	return fmt.Sprintf(":alarm_clock: %s%s has been waiting since %s. It needs %s; the plan is above.", who, r.ID, bot.Date(r.PendingAt), missing)
}

// amendedLine says that another file has taken the place of a request's.
func amendedLine(r provisioning.Request, ref string) string {
	if ref != provisioning.PlanRef(r) {
		return ""
	}
	return fmt.Sprintf(":pencil2: %s put another file in the place of the one in %s. Approvals start over; the new plan is below.",
		bot.Mention(r.Terms.Requester), r.ID)
}

// narrowedLine says that an approver agreed to a part; what is "18-12-U0BEN": the plan that remains, rows left out, and who.
func narrowedLine(r provisioning.Request, what string) string {
	ref, rest, _ := strings.Cut(what, "-")
	left, who, _ := strings.Cut(rest, "-")
	if ref != provisioning.PlanRef(r) || who == "" {
		return ""
	}
	line := fmt.Sprintf(":heavy_minus_sign: %s approved %s in part. Rows left out: %s.", bot.Mention(who), r.ID, left)
	for _, g := range r.Plan.Summary.Problems {
		if g.Problem.Code == provisioning.CodeLeftOut {
			line = fmt.Sprintf(":heavy_minus_sign: %s approved %s without %s. %s", bot.Mention(who), r.ID, rowsText(g.Rows, g.Count),
				esc(sentenceEnd(g.Problem.Text), maxNote+40))
			break
		}
	}
	line += fmt.Sprintf("\n%s, these go back to you.", bot.Mention(r.Terms.Requester))
	if missing := r.Required - len(r.Approvals); missing > 0 && r.State == provisioning.StatePending {
		return line + fmt.Sprintf(" The rest needs %s.", count(missing, "more approval"))
	}
	return line
}
