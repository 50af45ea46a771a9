package provisioning

import (
	"context"
	"errors"
	"slices"
	"time"
)

// answered turns the org's answer to a call into results and saves them.
func (r *run) answered(ctx context.Context, call int, chunk []*work, results []SaveResult, took time.Duration, err error) error {
	if err == nil && len(results) != len(chunk) {
		err = &CallError{Op: "write", Code: "SHORT_ANSWER", Text: "the org answered for another number of records than were sent", Class: ClassRetry}
	}
	step := chunk[0].step
	if err != nil {
		return r.refused(ctx, call, chunk, err)
	}
	r.failed = 0
	r.sizer(chunk[0]).took(len(chunk), took)
	culprit := allOrNoneCulprit(results)
	out := make([]RowRecord, 0, len(chunk))
	locked := false
	for i, w := range chunk {
		rec, lost := r.outcome(w, results[i], culprit)
		locked = locked || results[i].Error != nil && results[i].Error.Class == ClassRetry
		if !lost {
			out = append(out, rec)
		}
	}
	if locked {
		r.sizer(chunk[0]).halve()
	}
	r.sweepClosed()
	return r.record(ctx, call, step, out)
}

// outcome decides what one record's answer means for its row. lost says that the row stays attempting, to be settled by reading.
func (r *run) outcome(w *work, res SaveResult, culprit *RowError) (rec RowRecord, lost bool) {
	rec = RowRecord{Pos: w.row.Pos}
	e := res.Error
	if e == nil {
		return r.succeeded(w, res.ID, rec), false
	}
	rec.Code, rec.Text, rec.Fix = e.Code, clip(e.Text), e.Fix
	switch {
	case e.Code == codeRolledBack:
		rec.Status = StatusNotStarted
		rec.Text = "all or none was asked for and another row was refused"
		if culprit != nil {
			rec.Text += ": " + clip(culprit.Text)
			rec.Fix = culprit.Fix
		}
	case e.Class == ClassExists && w.doubt && w.step == StepUser:
		// The create that was lost took effect after all: reading says which user it made.
		w.phase, w.due, w.lostAt = phaseLost, r.e.now(), r.e.now()
		return rec, true
	case e.Class == ClassRetry:
		w.tries++
		if w.tries < maxTries {
			rec.Code, rec.Text, rec.Fix = e.Code, "", ""
			w.phase, w.due = phaseWaiting, r.e.now().Add(r.e.opts.backoff(w.tries))
			w.row.TakesLock = w.row.TakesLock || w.row.RoleBased // what met a lock goes one after another from now on
			return rec, false
		}
		rec.Status = StatusFailed
	case e.Class == ClassProfile, e.Class == ClassAccount:
		r.stops[stopKey(e.Class, w.row)] = Problem{Code: e.Code, Text: "not tried, because an earlier row met: " + clip(e.Text), Fix: e.Fix}
		rec.Status = StatusFailed
	default:
		rec.Status = StatusFailed
	}
	w.phase = phaseClosed
	return rec, false
}

// codeRolledBack is the statusCode of the rows that only went down with another one.
// Source: facts §4, ALL_OR_NONE_OPERATION_ROLLED_BACK.
const codeRolledBack = "ALL_OR_NONE_OPERATION_ROLLED_BACK"

func allOrNoneCulprit(results []SaveResult) *RowError {
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
		if r.roles[w.row.AccountID]++; w.row.TakesLock && r.roles[w.row.AccountID] == rolesExistAfter {
			r.freeAccount(w.row.AccountID)
		}
	default:
		rec.Status = StatusCreated
	}
	w.advance()
	return rec
}

// rolesExistAfter is how many users of an account must exist before its portal roles do: with account role optimization the second
// one creates them (facts §2.4).
const rolesExistAfter = 2

// freeAccount lets the further rows of an account go side by side: its roles exist now.
func (r *run) freeAccount(account string) {
	for _, w := range r.live {
		if w.row.AccountID == account && w.tries == 0 {
			w.row.TakesLock = false
		}
	}
}

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
	w.step, w.phase, w.tries = next, phaseReady, 0
}

// nextStep is the step that follows, empty when the row has none left.
func (w *work) nextStep() Step {
	switch w.step {
	case StepContact:
		return StepUser
	case StepUser:
		if len(w.row.PermissionSets) > 0 {
			return StepAssign
		}
		if len(w.row.Groups) > 0 {
			return StepGroup
		}
	case StepAssign:
		if len(w.row.Groups) > 0 {
			return StepGroup
		}
	}
	return ""
}

// refused handles a call that failed as a whole.
func (r *run) refused(ctx context.Context, call int, chunk []*work, err error) error {
	var ce *CallError
	if !errors.As(err, &ce) {
		ce = &CallError{Op: "write", Code: "ERROR", Err: err, Class: ClassRetry}
	}
	now := r.e.now()
	if !ce.Unsent { // it may have taken effect, or may still: only reading can tell
		r.sizer(chunk[0]).halve()
		for _, w := range chunk {
			w.lose(now)
		}
		return r.callFailed(ctx, err)
	}
	out := make([]RowRecord, len(chunk))
	for i, w := range chunk {
		out[i] = RowRecord{Pos: w.row.Pos, Code: ce.Code}
		w.phase, w.due = phaseWaiting, now
		if ce.Class == ClassRow { // the whole call was refused for a reason of its own
			w.tries++
			if w.tries >= maxTries {
				out[i].Status, out[i].Text, out[i].Fix = StatusFailed, clip(ce.Error()), ce.Fix
				w.phase = phaseClosed
			}
		}
	}
	r.sweepClosed()
	if err := r.record(ctx, call, chunk[0].step, out); err != nil {
		return err
	}
	return r.callFailed(ctx, err)
}

// lose marks a row whose call's answer was lost at this moment. Reading begins at once.
func (w *work) lose(now time.Time) {
	w.phase, w.due, w.lostAt, w.doubt = phaseLost, now, now, true
	w.tries++
}

// callFailed decides what a failed call or read means for the run as a whole: wait and go on, pause, or give up.
func (r *run) callFailed(ctx context.Context, err error) error {
	now := r.e.now()
	r.failed++
	wait := r.e.opts.backoff(r.failed)
	var ce *CallError
	if errors.As(err, &ce) {
		wait = max(wait, ce.RetryAfter)
		switch ce.Class {
		case ClassJob:
			if slices.ContainsFunc(r.live, func(w *work) bool { return w.phase == phaseLost || w.phase == phaseSettling }) {
				// Rows are in doubt and cannot be read: end nothing before they are settled.
				return r.pause(ctx, HoldDown, sentence(ce), now.Add(maintenancePause))
			}
			r.broken = sentence(ce)
			return nil
		case ClassPause:
			pause := maintenancePause
			if ce.Hold == HoldBudget {
				pause = budgetPause
			}
			return r.pause(ctx, ce.Hold, clip(ce.Text), now.Add(max(pause, ce.RetryAfter)))
		}
	}
	if ctx.Err() != nil || r.leaving {
		return nil
	}
	r.e.log.Warn("a call to the org failed", "request", r.req.ID, "in_a_row", r.failed, "error", err)
	r.calm = now.Add(wait)
	if r.failed >= failuresToPause {
		return r.pause(ctx, HoldDown, "Salesforce does not answer", r.calm)
	}
	return nil
}

func sentence(ce *CallError) string {
	s := clip(ce.Text)
	if s == "" {
		s = ce.Code
	}
	if ce.Fix != "" {
		s += " " + ce.Fix
	}
	return s
}
