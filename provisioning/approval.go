package provisioning

import "time"

// Refusal is a person's act that is not allowed, said to that person. Nothing was changed.
type Refusal struct {
	Code string // one of the Refused codes
	Text string // what and why, a sentence or two, with the next step
}

func (r *Refusal) Error() string { return r.Text }

// The refusal codes.
const (
	RefusedSelf        = "self"
	RefusedState       = "state"
	RefusedDigest      = "digest"
	RefusedNotApprover = "not-approver"
	RefusedTwice       = "twice"
	RefusedExpired     = "expired"
	RefusedNotOwner    = "not-owner"
	RefusedPortal      = "portal"
	RefusedSeats       = "seats"
	RefusedNothing     = "nothing" // there are no rows that it could be done to
)

// CheckDecision says whether the person may approve or deny the request at this moment, or why not. listed says whether the
// person is on the approvers' list, read fresh. Self-approval is refused before anything else is looked at, and Apply refuses it
// once more when the decision is saved.
func CheckDecision(r Request, person, digest string, listed bool, now time.Time) *Refusal {
	switch {
	case person == r.Terms.Requester:
		return &Refusal{RefusedSelf, "You asked for this request, so somebody else has to decide on it. You can cancel it with `/portal cancel " + r.ID + "`."}
	case r.State == StateExpired, r.State == StatePending && r.expired(now):
		return &Refusal{RefusedExpired, "Request " + r.ID + " has expired. Its requester can send the file again."}
	case r.State != StatePending:
		return &Refusal{RefusedState, "Request " + r.ID + " is " + stateWords(r) + ", so there is nothing left to decide."}
	case digest != r.Plan.Digest:
		return &Refusal{RefusedDigest, "The plan of " + r.ID + " has changed since this button was shown. Look at the newest plan in the thread and decide there."}
	case !listed:
		return &Refusal{RefusedNotApprover, "You are not on the list of approvers, so your click changed nothing."}
	case r.ApprovedBy(person):
		return &Refusal{RefusedTwice, "Your approval of " + r.ID + " is counted already. It needs another person's as well."}
	}
	return nil
}

// CheckOwner says whether the person may cancel or stop the request: its requester, or someone with rights over it (an approver
// or an admin).
func CheckOwner(r Request, person string, rights bool) *Refusal {
	if person == r.Terms.Requester || rights {
		return nil
	}
	return &Refusal{RefusedNotOwner, "Only the requester of " + r.ID + ", an approver or an admin can do that."}
}

// CheckResolve says whether the person may decide what happens with the rows of a blocked request whose result is unknown: an
// approver or an admin (rights) who is not its requester.
func CheckResolve(r Request, person string, rights bool) *Refusal {
	switch {
	case person == r.Terms.Requester:
		return &Refusal{RefusedSelf, "You asked for this request, so somebody else has to decide on its unknown rows: an approver or an admin."}
	case r.State != StateBlocked || r.Hold.Code != HoldUnknown:
		return &Refusal{RefusedState, "Request " + r.ID + " is " + stateWords(r) + ", so there is nothing to decide on."}
	case !rights:
		return &Refusal{RefusedNotApprover, "Only an approver or an admin can decide on unknown rows, so your click changed nothing."}
	}
	return nil
}

func stateWords(r Request) string {
	switch r.State {
	case StateDenied:
		return "denied already"
	case StateCancelled:
		return "cancelled"
	case StateDone:
		return "done"
	case StateApproved, StateScheduled:
		return "approved already"
	}
	return string(r.State)
}
