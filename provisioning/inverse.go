package provisioning

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Names of the columns that only the input of an undo or a retry has. No header of a file stands for them.
const (
	// colDone says what a row did that is to be taken back: a status, see doneText.
	colDone = "Done"
	// colKept is carried along for the results CSV; nothing reads it.
	colKept = "Kept"
)

// CodeNotUndoable is the reason of rows whose effect cannot be taken back.
const CodeNotUndoable = "NOT_UNDOABLE"

// Inverse returns the action that takes back what a row with this status did, or why there is none. A user that was created is
// deactivated: Salesforce users cannot be deleted. Taking back what the inverse did leads to where the row had led.
func Inverse(s Status) (Action, Problem) {
	switch s {
	case StatusCreated, StatusReactivated, StatusEnabled:
		return ActionDeactivate, Problem{}
	case StatusDeactivated:
		return ActionReactivate, Problem{}
	case StatusFrozen:
		return ActionUnfreeze, Problem{}
	case StatusUnfrozen:
		return ActionFreeze, Problem{}
	case StatusDisabled:
		return ActionInvalid, Problem{
			Code: CodeNotUndoable, Text: "The user was disabled for good, which Salesforce does not take back.",
			Fix: "Make a new user for the contact with /portal add.",
		}
	case StatusResent:
		return ActionInvalid, Problem{Code: CodeNotUndoable, Text: "An e-mail that was requested cannot be called back."}
	}
	return ActionInvalid, Problem{Code: CodeNotUndoable, Text: "The row had no effect, so there is nothing to take back."}
}

// Undoable counts the rows whose effect can be taken back.
func (p Progress) Undoable() int {
	n := 0
	for s, c := range p.Counts {
		if a, _ := Inverse(s); a.Runs() {
			n += c
		}
	}
	return n
}

// MayUndo says whether the person may undo a request now, without changing anything. That they may make requests at all is the
// caller's to check.
func (s *Service) MayUndo(ctx context.Context, id, person string) (Request, error) {
	return s.mayUndo(ctx, id, person, "")
}

func (s *Service) mayUndo(ctx context.Context, id, person, origin string) (Request, error) {
	r, err := s.store.Request(ctx, id)
	if err != nil {
		return r, err
	}
	if no := checkRan(r, person, "undo"); no != nil {
		return r, no
	}
	if r.Progress.Undoable() == 0 {
		return r, &Refusal{RefusedNothing, "Nothing that " + id + " did can be taken back: its rows had no effect, or one that is for good."}
	}
	return r, s.checkFollowers(ctx, r, origin, true)
}

// Undo proposes to take back what an ended request did: a new request that refers to it, planned against the org as it is now, which needs
// approval like any other. Its rows are those that took effect; those that cannot be taken back are in it with the reason. It
// stands on what became of each row, so that a user whom somebody has changed meanwhile is skipped or warned about. Proposal
// and origin are as for Propose.
func (s *Service) Undo(ctx context.Context, id, person, origin string) (Proposal, error) {
	r, err := s.mayUndo(ctx, id, person, origin)
	if err != nil {
		return Proposal{}, err
	}
	in, err := s.undoInput(ctx, r)
	if err != nil {
		return Proposal{}, err
	}
	return s.Propose(ctx, Terms{
		Origin: origin, Verb: VerbUndo, Portal: r.Terms.Portal, Requester: person, Mail: MailNone, RefersTo: r.ID, Undoes: r.ID,
	}, in)
}

// undoInput makes the rows to take back: the user and what was done, with the first file's own columns behind.
func (s *Service) undoInput(ctx context.Context, r Request) (Input, error) {
	in := Input{Columns: []Column{rowColumn(r), {Header: colUserID, Name: colUserID}, {Header: colDone, Name: colDone}}}
	var kept []int
	for i, c := range r.Plan.Columns {
		if r.Terms.Verb == VerbUndo && (c.Name == colUserID || c.Name == colDone) {
			continue // an undo of an undo has its own
		}
		kept = append(kept, i)
		in.Columns = append(in.Columns, Column{Header: c.Header, Name: colKept})
	}
	var created, contacts, assigned int
	for res, err := range s.Results(ctx, r) {
		if err != nil {
			return Input{}, rowsGone(r, err)
		}
		if !res.Status.Succeeded() {
			continue
		}
		cells := []string{strconv.Itoa(res.Row.Number), res.UserID, doneText(res)}
		for _, i := range kept {
			cell := ""
			if i < len(res.Row.Cells) {
				cell = res.Row.Cells[i]
			}
			cells = append(cells, cell)
		}
		in.Rows = append(in.Rows, InputRow{Number: len(in.Rows) + 1, Line: res.Row.Line, Cells: cells})
		if res.Status == StatusCreated {
			created++
		}
		if len(res.Row.NewContact) > 0 {
			contacts++
		}
		if len(res.Row.PermissionSets)+len(res.Row.Groups) > 0 {
			assigned++
		}
	}
	in.Notices = append(in.Notices, "The rows are those of "+r.ID+" that took effect, numbered anew.")
	if created > 0 {
		in.Notices = append(in.Notices, "Users cannot be deleted in Salesforce: those that were created are deactivated.")
	}
	if contacts > 0 {
		in.Notices = append(in.Notices, "Contacts that were created stay.")
	}
	if assigned > 0 {
		in.Notices = append(in.Notices, "Permission sets and groups stay with the users.")
	}
	if n := r.Progress.Counts[StatusUnknown]; n > 0 {
		in.Notices = append(in.Notices, fmt.Sprintf("%s left out, because nobody knows what became of them.", count(n, "row is", "rows are")))
	}
	return in, nil
}

// doneText is what a row did, as the input of its undo says it: its status, and that a frozen user was unfrozen on the way.
func doneText(res Result) string {
	if res.Status == StatusEnabled && fieldValue(res.Row.Before, fieldIsFrozen) == "true" {
		return string(StatusEnabled) + ", " + string(StatusUnfrozen)
	}
	return string(res.Status)
}

// done reads doneText.
func (pl *planning) done(row InputRow) (status Status, unfrozen bool) {
	s, more, _ := strings.Cut(pl.cell(row, colDone), ", ")
	return Status(s), more == string(StatusUnfrozen)
}

// decideUndo decides how to take back what a row did to its user, as the user is now.
func (pl *planning) decideUndo(r *PlanRow, u User, row InputRow) warningSet {
	status, unfrozen := pl.done(row)
	r.Action, r.Reason = Inverse(status)
	skip := func(code, text string) warningSet {
		r.Action, r.Reason = ActionSkip, Problem{Code: code, Text: text}
		return 0
	}
	var warn warningSet
	switch r.Action {
	case ActionDeactivate:
		if !u.Active {
			return skip(CodeAlreadyInactive, fmt.Sprintf("User %s is inactive already.", u.Username))
		}
		r.Fields = []Field{{fieldIsActive, "false"}}
		if unfrozen && !u.Frozen {
			warn |= warnStaysUnfrozen
		}
	case ActionReactivate:
		switch {
		case u.Active:
			return skip(CodeAlreadyActive, fmt.Sprintf("User %s is active already.", u.Username))
		case !u.PortalEnabled:
			r.Action, r.Reason = ActionInvalid, Problem{
				Code: CodeDisabledForGood, Text: fmt.Sprintf("User %s was disabled for good meanwhile.", u.Username),
				Fix: "Make a new user for the contact with /portal add.",
			}
			return 0
		}
		r.Fields = []Field{{fieldIsActive, "true"}}
		r.TakesLock = !HighVolume(u.UserType) && u.RoleID == ""
	case ActionFreeze:
		switch {
		case u.Frozen:
			return skip(CodeAlreadyFrozen, fmt.Sprintf("User %s is frozen already.", u.Username))
		case !u.Active:
			return skip(CodeAlreadyInactive, fmt.Sprintf("User %s is inactive and cannot log in anyway.", u.Username))
		}
	case ActionUnfreeze:
		if !u.Frozen {
			return skip(CodeNotFrozen, fmt.Sprintf("User %s is not frozen any more.", u.Username))
		}
	}
	if slices.Contains([]Action{ActionDeactivate, ActionReactivate}, r.Action) && u.ModifiedByID != pl.facts.me.UserID {
		warn |= warnChangedSince // our own write was not the last one
	}
	return warn
}
