package provisioning

import (
	"context"
	"slices"
	"strings"
	"time"
)

const (
	maxTries        = 6 // of one row's step before its last error is its result
	deniedToGiveUp  = 3 // rows refused for the bot's own rights, with none that worked, before the request ends. Source: facts §4
	failuresToPause = 3 // calls or reads that failed in a row before the run says that the org is down
)

// answered turns the org's answer to a call into results and saves them.
func (r *run) answered(ctx context.Context, call int, chunk []*work, results []SaveResult, took time.Duration, err error) error {
	if err == nil && len(results) != len(chunk) {
		err = &CallError{Op: "write", Code: "SHORT_ANSWER", Text: "the org answered for another number of records than were sent", Class: ClassRetry}
	}
	if err != nil {
		return r.refused(ctx, call, chunk, err)
	}
	r.failed = 0
	step, size := chunk[0].step, r.sizer(chunk[0])
	size.took(len(chunk), took)
	a := answer{culprit: culpritOf(results), retry: r.e.now()}
	if slices.ContainsFunc(results, func(s SaveResult) bool { return s.Error != nil && s.Error.Class == ClassRetry }) {
		size.halve(len(chunk))
		tries := 0
		for _, w := range chunk {
			tries = max(tries, w.tries+1)
		}
		a.retry = a.retry.Add(r.e.opts.backoff(tries)) // one moment for all, so that they can go together
	}
	out := make([]RowRecord, 0, len(chunk))
	for i, w := range chunk {
		rec, lost := r.outcome(w, results[i], a)
		if !lost {
			out = append(out, rec)
		}
	}
	r.sweepClosed()
	if err := r.record(ctx, call, step, out); err != nil {
		return err
	}
	return r.wholeRequest(ctx, results)
}

// answer is what the rows of a call have in common.
type answer struct {
	culprit *RowError // of an all-or-none call that was rolled back: the error that did it
	retry   time.Time // when rows that may be tried again are
}

// outcome decides what one record's answer means for its row. lost says that the row stays attempting, to be settled by reading.
func (r *run) outcome(w *work, res SaveResult, a answer) (rec RowRecord, lost bool) {
	rec = RowRecord{Pos: w.row.Pos}
	e := res.Error
	if e == nil {
		return r.succeeded(w, res.ID, rec), false
	}
	if e.Code == codeRolledBack && a.culprit != nil && passes(*a.culprit) {
		e = a.culprit // it goes again with the row that took it down
	}
	switch {
	case e.Code == codeRolledBack:
		rec.Status, rec.Code = StatusNotStarted, e.Code
		rec.Text = "All or none was asked for, and another row was refused."
		if a.culprit != nil {
			rec.Text = "All or none was asked for, and another row was refused: " + clip(a.culprit.Text)
			rec.Fix = a.culprit.Fix
		}
		w.phase = phaseClosed
		return rec, false
	case e.Class == ClassExists && w.doubt && w.step == StepUser:
		// The create that was lost took effect after all: reading says which user it made. Should there be none, the refusal stands.
		w.refusal = e
		w.phase, w.due, w.lostAt = phaseLost, r.e.now(), r.e.now()
		return rec, true
	case passes(*e):
		if e.Class == ClassRetry {
			w.tries++
		}
		if w.tries < maxTries {
			rec.Code = e.Code
			if e.Class == ClassPause {
				rec.Code = codeNotSent
			}
			w.phase, w.due = phaseWaiting, a.retry
			w.row.TakesLock = w.row.TakesLock || w.row.RoleBased // what met a lock goes one after another from now on
			return rec, false
		}
	case e.Class == ClassProfile, e.Class == ClassAccount:
		r.stops[stopKey(e.Class, w.row)] = Problem{Code: e.Code, Text: "Not tried, because an earlier row met: " + clip(e.Text), Fix: e.Fix}
	}
	rec.Status, rec.Code, rec.Text, rec.Fix = StatusFailed, e.Code, clip(e.Text), e.Fix
	if w.step == StepUser || w.step == StepContact {
		w.phase = phaseClosed
	} else {
		w.advance() // a follow-up that failed does not keep the next one from being tried
	}
	return rec, false
}

// passes reports whether a row's error goes away by itself, so that the row is tried again.
func passes(e RowError) bool { return e.Class == ClassRetry || e.Class == ClassPause }

// wholeRequest ends or pauses the request when a row's error says that no other row can work either.
func (r *run) wholeRequest(ctx context.Context, results []SaveResult) error {
	for _, res := range results {
		e := res.Error
		switch {
		case e == nil:
			r.denied = -1 // the bot has the rights: from now on it is the row's own matter
		case e.Class == ClassJob:
			r.broken = sentence(&CallError{Code: e.Code, Text: e.Text, Fix: e.Fix})
		case e.Class == ClassPause:
			return r.pause(ctx, HoldMaintenance, clip(e.Text), r.e.now().Add(maintenancePause))
		case strings.HasPrefix(e.Code, codeNoAccess) && r.denied >= 0:
			if r.denied++; r.denied >= deniedToGiveUp && !r.worked() {
				r.broken = sentence(&CallError{Code: e.Code, Text: e.Text, Fix: e.Fix})
			}
		}
	}
	return nil
}

// codeNoAccess begins the statusCodes of rows that the bot's user may not write. Source: facts §4.
const codeNoAccess = "INSUFFICIENT_ACCESS"

// worked reports whether any row of the request took effect.
func (r *run) worked() bool {
	for s, n := range r.req.Progress.Counts {
		if s.Succeeded() && n > 0 {
			return true
		}
	}
	return false
}

// codeRolledBack is the statusCode of the rows that only went down with another one.
// Source: facts §4, ALL_OR_NONE_OPERATION_ROLLED_BACK.
const codeRolledBack = "ALL_OR_NONE_OPERATION_ROLLED_BACK"

// culpritOf finds the error that rolled an all-or-none call back; nil when there is none.
func culpritOf(results []SaveResult) *RowError {
	i := slices.IndexFunc(results, func(s SaveResult) bool { return s.Error != nil && s.Error.Code != codeRolledBack })
	if i < 0 {
		return nil
	}
	return results[i].Error
}

// succeeded records a step that took effect and moves the row to its next step.
func (r *run) succeeded(w *work, id string, rec RowRecord) RowRecord {
	rec.ID = id
	switch w.step {
	case StepContact:
		rec.Status = StatusCreated
		w.setContact(id)
	case StepUser:
		rec.Status = w.row.Action.Done()
		w.userID = id
		if w.row.UserID != "" {
			w.userID = w.row.UserID
		}
		r.rolesMade(w.row)
	case StepUnfreeze:
		rec.Status = StatusUnfrozen
	default:
		rec.Status = StatusCreated
	}
	w.advance()
	return rec
}

// rolesExistAfter is how many users of an account must exist before its portal roles do: with account role optimization the second
// one creates them (facts §2.4).
const rolesExistAfter = 2

// rolesMade counts an account's users and lets its further rows go side by side once its roles exist.
func (r *run) rolesMade(row PlanRow) {
	if !row.TakesLock || !gainsRole(row.Action) || r.req.Terms.AllOrNone {
		return
	}
	if r.roles[row.AccountID]++; r.roles[row.AccountID] < rolesExistAfter {
		return
	}
	for _, w := range r.live {
		if w.row.AccountID == row.AccountID && w.tries == 0 && gainsRole(w.row.Action) {
			w.row.TakesLock = false
		}
	}
}

// gainsRole reports whether the action gives a user a role, which may have to be made first.
func gainsRole(a Action) bool { return a == ActionCreate || a == ActionReactivate || a == ActionEnable }

// setContact fills in the Contact that was created for the row.
func (w *work) setContact(id string) {
	w.row.ContactID = id
	w.row.Fields = copyFields(w.row.Fields, map[string]string{"ContactId": id})
}

// advance moves the row to its next step, or closes it.
func (w *work) advance() {
	next := w.nextStep()
	if next == "" {
		w.phase = phaseClosed
		return
	}
	w.step, w.phase, w.tries, w.doubt, w.crashed, w.refusal = next, phaseOpen, 0, false, false, nil
}

// nextStep is the step that follows, empty when the row has none left.
func (w *work) nextStep() Step {
	steps := []Step{StepContact, StepUser, StepUnfreeze, StepAssign, StepGroup}
	for _, s := range steps[slices.Index(steps, w.step)+1:] {
		switch {
		case s == StepUser,
			s == StepUnfreeze && w.row.Action == ActionEnable && fieldValue(w.row.Before, fieldIsFrozen) == "true",
			s == StepAssign && len(w.row.PermissionSets) > 0,
			s == StepGroup && len(w.row.Groups) > 0:
			return s
		}
	}
	return ""
}
