package commands

import (
	"fmt"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/provisioning"
)

// rootPage is the request at a glance, in the channel.
func rootPage(r provisioning.Request) page {
	head := fmt.Sprintf("*%s* · %s", r.ID, esc(aim(r), 200))
	p := page{text: fmt.Sprintf("%s: %s. %s", r.ID, esc(aim(r), 200), stateWords(r))}
	lines := []string{head, stateIcon(r) + " " + stateWords(r)}
	if r.Terms.Note != "" && !r.State.Ended() {
		lines = append(lines, "> "+esc(r.Terms.Note, maxNote))
	}
	p.blocks = append(p.blocks, sectionWithin(maxPart, lines))
	foot := fmt.Sprintf("Asked for by %s", bot.Mention(r.Terms.Requester))
	if !r.PendingAt.IsZero() {
		foot += " · " + bot.Date(r.PendingAt)
	}
	if r.Terms.RefersTo != "" {
		foot += fmt.Sprintf(" · %s %s", followsWords(r.Terms), esc(r.Terms.RefersTo, 40))
	}
	p.blocks = append(p.blocks, footnote(foot))
	switch r.State {
	case provisioning.StatePending, provisioning.StateApproved, provisioning.StateScheduled:
		p.blocks = append(p.blocks, buttonBlock(confirmed(pushButton(actionCancel, r.ID, "Cancel request"),
			"Cancel "+r.ID+"?", "Nothing of it will run. Its requester, approvers and admins can do this.", "Cancel the request", "Keep it")))
	}
	return p
}

// stopBlock lets people stop a run.
func stopBlock(r provisioning.Request) slack.Block {
	return buttonBlock(confirmed(pushButton(actionStop, r.ID, "Stop").WithStyle(slack.StyleDanger),
		"Stop "+r.ID+"?", "Calls that are on their way end, and nothing else begins. Rows that are done stay done.", "Stop", "Let it run"))
}

// stateIcon is the state as a sign that is seen from afar.
func stateIcon(r provisioning.Request) string {
	switch r.State {
	case provisioning.StateDraft, provisioning.StatePlanning:
		return ":pencil2:"
	case provisioning.StatePending:
		return ":hourglass_flowing_sand:"
	case provisioning.StateApproved, provisioning.StateScheduled:
		return ":calendar:"
	case provisioning.StateRunning:
		return ":arrow_forward:"
	case provisioning.StatePaused:
		return ":double_vertical_bar:"
	case provisioning.StateBlocked, provisioning.StateInvalid:
		return ":warning:"
	case provisioning.StateDone:
		if unwell(r.Progress) > 0 {
			return ":ballot_box_with_check:"
		}
		return ":white_check_mark:"
	case provisioning.StateFailed:
		return ":x:"
	default:
		return ":no_entry_sign:"
	}
}

// unwell counts the rows that somebody should look at.
func unwell(p provisioning.Progress) int {
	return p.Counts[provisioning.StatusFailed] + p.Counts[provisioning.StatusHeld] + p.Counts[provisioning.StatusUnknown] +
		p.Counts[provisioning.StatusNotStarted]
}

// stateWords says where a request stands.
func stateWords(r provisioning.Request) string {
	switch r.State {
	case provisioning.StatePlanning:
		return "Its file is being checked."
	case provisioning.StateDraft:
		return "Draft, not sent for approval yet."
	case provisioning.StatePending:
		s := fmt.Sprintf("Waiting for approval (%d of %d).", len(r.Approvals), r.Required)
		if !r.ExpiresAt.IsZero() {
			s += " Expires " + bot.Date(r.ExpiresAt) + "."
		}
		return s
	case provisioning.StateApproved:
		return "Approved, waits for its turn."
	case provisioning.StateScheduled:
		return "Approved, starts " + bot.Date(r.StartAfter) + "."
	case provisioning.StateRunning:
		s := fmt.Sprintf("Running: %s of %s rows done.", number(r.Progress.Closed()), number(r.Progress.Total))
		if r.StopBy != "" {
			s = fmt.Sprintf("Stopping, asked by %s: %s of %s rows done.", bot.Mention(r.StopBy), number(r.Progress.Closed()), number(r.Progress.Total))
		}
		return s
	case provisioning.StatePaused:
		return "Paused: " + holdWords(r.Hold)
	case provisioning.StateBlocked:
		return "A person must decide: " + holdWords(r.Hold)
	case provisioning.StateDone:
		return "Done: " + statusCounts(r.Progress) + "."
	case provisioning.StateStopped:
		return fmt.Sprintf("Stopped by %s: %s.", bot.Mention(r.Ending.Person), statusCounts(r.Progress))
	case provisioning.StateFailed:
		return fmt.Sprintf("Failed: %s Rows: %s.", esc(sentenceEnd(r.Ending.Reason), 300), statusCounts(r.Progress))
	case provisioning.StateDenied:
		return fmt.Sprintf("Denied by %s: %s", bot.Mention(r.Ending.Person), esc(sentenceEnd(r.Ending.Reason), maxNote))
	case provisioning.StateExpired:
		return "Expired: nobody decided in time. Nothing was run."
	case provisioning.StateCancelled:
		return fmt.Sprintf("Cancelled by %s. Nothing was run.", bot.Mention(r.Ending.Person))
	}
	return "It cannot run."
}

// holdWords says what a request waits for.
func holdWords(h provisioning.Hold) string {
	s := esc(sentenceEnd(h.Reason), 300)
	if s == "" {
		switch h.Code {
		case provisioning.HoldSwitch:
			s = "an admin has paused everything."
		case provisioning.HoldBudget:
			s = "the org's daily API requests are nearly used up."
		case provisioning.HoldMaintenance:
			s = "the org takes no writes now."
		case provisioning.HoldDown:
			s = "the org does not answer."
		default:
			s = "the results of some rows are not known."
		}
	}
	if !h.Until.IsZero() {
		s += " Goes on " + bot.Date(h.Until) + "."
	}
	return s
}

// listLine is a request in a list. Its id leads to its thread.
func listLine(r linked) string {
	at := r.PendingAt
	if at.IsZero() {
		at = r.CreatedAt
	}
	return fmt.Sprintf("%s *%s* · %s\n%s · %s · %s", stateIcon(r.Request), linkText(r.link, r.ID), esc(aim(r.Request), 120), clipState(r.Request), bot.Mention(r.Terms.Requester), bot.Date(at))
}

// clipState is the state without the reasons that people gave, which the status shows.
func clipState(r provisioning.Request) string {
	switch r.State {
	case provisioning.StateDenied:
		return "Denied by " + bot.Mention(r.Ending.Person) + "."
	case provisioning.StateFailed:
		return "Failed: " + statusCounts(r.Progress) + "."
	case provisioning.StatePaused:
		return "Paused."
	case provisioning.StateBlocked:
		return "A person must decide."
	}
	return stateWords(r)
}
