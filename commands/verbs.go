package commands

import (
	"fmt"

	"portalbot/provisioning"
)

// verbs are what a file can be for, in the order in which they are offered. Undo needs none.
var verbs = [...]provisioning.Verb{provisioning.VerbAdd, provisioning.VerbDisable, provisioning.VerbEnable, provisioning.VerbResend}

// verbWords is the verb as a button or title says it.
func verbWords(v provisioning.Verb) string {
	switch v {
	case provisioning.VerbAdd:
		return "Add portal users"
	case provisioning.VerbDisable:
		return "Disable portal users"
	case provisioning.VerbEnable:
		return "Enable portal users"
	case provisioning.VerbResend:
		return "Resend access e-mails"
	case provisioning.VerbUndo:
		return "Undo"
	}
	return string(v)
}

// aim says what a request is about in a few words: "Add 52 portal users on Acme".
func aim(r provisioning.Request) string {
	n := r.Plan.Summary.Runs()
	var s string
	switch r.Terms.Verb {
	case provisioning.VerbAdd:
		s = "Add " + count(n, "portal user")
	case provisioning.VerbDisable:
		switch r.Terms.Method {
		case provisioning.MethodFreeze:
			s = "Freeze " + count(n, "portal user")
		case provisioning.MethodDisable:
			s = "Disable " + count(n, "portal user") + " for good"
		default:
			s = "Deactivate " + count(n, "portal user")
		}
	case provisioning.VerbEnable:
		s = "Enable " + count(n, "portal user")
	case provisioning.VerbResend:
		s = "Resend the access e-mail to " + count(n, "portal user")
	case provisioning.VerbUndo:
		s = fmt.Sprintf("Undo %s for %s", r.Terms.Undoes, count(n, "portal user"))
	}
	switch sum := r.Plan.Summary; {
	case sum.Touched == 1 && len(sum.Accounts) > 0 && sum.Accounts[0].Name != "":
		s += " on " + sum.Accounts[0].Name
	case sum.Touched > 1:
		s += " on " + count(sum.Touched, "account")
	}
	return s
}

// actionWords counts rows of an action: "50 to create".
func actionWords(a provisioning.Action, n int) string {
	switch a {
	case provisioning.ActionSkip:
		return number(n) + " skipped"
	case provisioning.ActionInvalid:
		return number(n) + " that cannot run"
	case provisioning.ActionDisable:
		return number(n) + " to disable for good"
	case provisioning.ActionResend:
		return count(n, "access e-mail") + " to request"
	}
	return fmt.Sprintf("%s to %s", number(n), a)
}

// actionOrder is the order in which actions are counted.
var actionOrder = [...]provisioning.Action{
	provisioning.ActionCreate, provisioning.ActionReactivate, provisioning.ActionDeactivate, provisioning.ActionDisable,
	provisioning.ActionEnable, provisioning.ActionFreeze, provisioning.ActionUnfreeze, provisioning.ActionResend,
	provisioning.ActionSkip, provisioning.ActionInvalid,
}

// actionCounts words what a plan would do: "50 to create, 2 skipped".
func actionCounts(s provisioning.PlanSummary) string {
	var words []string
	for _, a := range actionOrder {
		if n := s.Actions[a]; n > 0 {
			words = append(words, actionWords(a, n))
		}
	}
	return joinWords(words)
}

// statusOrder is the order in which results are counted: what worked first, then what needs somebody.
var statusOrder = [...]provisioning.Status{
	provisioning.StatusCreated, provisioning.StatusReactivated, provisioning.StatusDeactivated, provisioning.StatusDisabled,
	provisioning.StatusEnabled, provisioning.StatusFrozen, provisioning.StatusUnfrozen, provisioning.StatusResent,
	provisioning.StatusSkipped, provisioning.StatusFailed, provisioning.StatusHeld, provisioning.StatusUnknown,
	provisioning.StatusNotStarted,
}

// statusWords is a status as a sentence says it.
func statusWords(s provisioning.Status) string {
	switch s {
	case provisioning.StatusDisabled:
		return "disabled for good"
	case provisioning.StatusResent:
		return "access e-mails requested"
	case provisioning.StatusNotStarted:
		return "not started"
	case provisioning.StatusHeld:
		return "held back"
	}
	return string(s)
}

// statusCount words the rows of one result: "2 failed".
func statusCount(s provisioning.Status, n int) string {
	if s == provisioning.StatusResent {
		return count(n, "access e-mail") + " requested"
	}
	return number(n) + " " + statusWords(s)
}

// statusCounts words results: "50 created, 2 failed".
func statusCounts(p provisioning.Progress) string {
	var words []string
	for _, s := range statusOrder {
		if n := p.Counts[s]; n > 0 {
			words = append(words, statusCount(s, n))
		}
	}
	if len(words) == 0 {
		return "nothing yet"
	}
	return joinWords(words)
}

// mailWords says what a plan does about welcome e-mails. We can only say that one is requested.
func mailWords(m provisioning.MailMode) string {
	switch m {
	case provisioning.MailHeader:
		return "requested from Salesforce with each new user"
	case provisioning.MailSite:
		return "left to the site's own setting"
	default:
		return "none requested"
	}
}
