package provisioning

import (
	"context"
	"errors"
	"slices"
	"time"
)

// refused handles a call that failed as a whole.
func (r *run) refused(ctx context.Context, call int, chunk []*work, err error) error {
	var ce *CallError
	if !errors.As(err, &ce) {
		ce = &CallError{Op: "write", Code: "ERROR", Err: err, Class: ClassRetry}
	}
	now := r.e.now()
	if !ce.Unsent { // it may have taken effect, or may still: only reading can tell
		r.sizer(chunk[0]).halve(len(chunk))
		for _, w := range chunk {
			w.refusal = &RowError{Code: ce.Code, Text: ce.Text, Fix: ce.Fix}
			w.lose(now)
		}
		return r.callFailed(ctx, err)
	}
	// A call that was turned away for what is in it says nothing about the org. Alone, the row has its answer; with others it goes
	// again in smaller calls, until the one that is meant is found.
	content := ce.Class == ClassRow || ce.Class == ClassExists || ce.Class == ClassProfile || ce.Class == ClassAccount
	out := make([]RowRecord, len(chunk))
	for i, w := range chunk {
		out[i] = RowRecord{Pos: w.row.Pos, Code: codeNotSent}
		w.phase, w.due = phaseWaiting, now
		if content && len(chunk) == 1 {
			out[i] = RowRecord{Pos: w.row.Pos, Status: StatusFailed, Code: ce.Code, Text: clip(ce.Text), Fix: ce.Fix}
			w.phase = phaseClosed
		}
	}
	step := chunk[0].step
	r.sweepClosed()
	if err := r.record(ctx, call, step, out); err != nil {
		return err
	}
	if content {
		r.sizer(chunk[0]).halve(len(chunk))
		return r.wholeRequest(ctx, []SaveResult{{Error: &RowError{Code: ce.Code, Text: ce.Text, Fix: ce.Fix}}})
	}
	return r.callFailed(ctx, err)
}

// lose marks a row whose call's answer was lost at this moment. Reading begins at once.
func (w *work) lose(now time.Time) {
	w.phase, w.due, w.lostAt, w.doubt, w.crashed = phaseLost, now, now, true, false
	w.tries++
}

// callFailed decides what a failed call or read means for the run as a whole: wait and go on, pause, or give up.
func (r *run) callFailed(ctx context.Context, err error) error {
	if r.leaving {
		return nil
	}
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
				r.calm = now.Add(max(maintenancePause, ce.RetryAfter))
				return r.pause(ctx, HoldDown, sentence(ce), r.calm)
			}
			r.broken = sentence(ce)
			return nil
		case ClassPause:
			pause := maintenancePause
			if ce.Hold == HoldBudget {
				pause = budgetPause
			}
			r.calm = now.Add(max(pause, ce.RetryAfter))
			return r.pause(ctx, ce.Hold, clip(ce.Text), r.calm)
		}
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
