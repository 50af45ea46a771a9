package provisioning

import (
	"context"
	"time"
)

// settleDue reads the rows whose call's answer was lost and that are due for a look. The first look is at once; a row whose effect
// is not there is looked at again when Options.SettleAfter has passed, and only then counts as not done.
func (r *run) settleDue(ctx context.Context, now time.Time) {
	var batch []*work
	var step Step
	for _, w := range r.live {
		if w.phase == phaseSettling {
			return // one look at a time
		}
		if w.phase == phaseLost && !w.due.After(now) && len(batch) < windowRows && (step == "" || step == w.step) {
			step = w.step
			batch = append(batch, w)
		}
	}
	if len(batch) == 0 {
		return
	}
	rows := make([]PlanRow, len(batch))
	var pairs []Assignment
	for i, w := range batch {
		w.phase = phaseSettling
		rows[i] = w.row
		if step == StepAssign || step == StepGroup {
			for _, t := range w.targets() {
				pairs = append(pairs, Assignment{UserID: w.userID, TargetID: t.ID})
			}
		}
	}
	r.spawn(ctx, func(ctx context.Context) handler {
		var seen Seen
		var err error
		if len(pairs) > 0 {
			var have []Assignment
			have, err = r.e.org.Assigned(ctx, pairs)
			seen.assigned = make(map[Assignment]bool, len(have))
			for _, a := range have {
				seen.assigned[a] = true
			}
		} else {
			seen, err = ReadRows(ctx, r.e.org, rows)
		}
		return func(ctx context.Context) error { return r.settled(ctx, batch, seen, now, err) }
	})
}

// settled saves what the look told.
func (r *run) settled(ctx context.Context, batch []*work, seen Seen, looked time.Time, err error) error {
	if err != nil {
		for _, w := range batch {
			w.phase = phaseLost
		}
		return r.callFailed(ctx, err)
	}
	r.failed = 0
	step := batch[0].step
	var out []RowRecord
	for _, w := range batch {
		s := r.verdict(w, seen)
		switch {
		case s.Done:
			out = append(out, r.adopt(w, s))
		case s.Never:
			out = append(out, RowRecord{Pos: w.row.Pos, Status: StatusUnknown, Code: s.Problem.Code, Text: s.Problem.Text, Fix: s.Problem.Fix})
			w.phase = phaseClosed
		case !s.Problem.IsZero():
			out = append(out, RowRecord{Pos: w.row.Pos, Status: StatusFailed, Code: s.Problem.Code, Text: s.Problem.Text, Fix: s.Problem.Fix})
			w.phase = phaseClosed
		case looked.Before(w.lostAt.Add(r.e.opts.SettleAfter)):
			w.phase, w.due = phaseLost, w.lostAt.Add(r.e.opts.SettleAfter)
		case w.tries >= maxTries:
			out = append(out, RowRecord{
				Pos: w.row.Pos, Status: StatusFailed, Code: "NO_ANSWER",
				Text: "Salesforce did not answer, and reading shows that nothing was done.",
				Fix:  "Use Retry failed when Salesforce answers again.",
			})
			w.phase = phaseClosed
		default: // shown to be absent: the row may be tried again
			out = append(out, RowRecord{Pos: w.row.Pos, Code: "ABSENT"})
			w.phase = phaseLoaded
			if w.step == StepAssign || w.step == StepGroup {
				w.phase = phaseReady
			}
		}
	}
	r.sweepClosed()
	return r.record(ctx, 0, step, out)
}

// verdict says what reading tells about a row whose answer was lost.
func (r *run) verdict(w *work, seen Seen) Settlement {
	switch w.step {
	case StepAssign, StepGroup:
		for _, t := range w.targets() {
			if !seen.assigned[Assignment{UserID: w.userID, TargetID: t.ID}] {
				return Settlement{}
			}
		}
		return Settlement{Done: true, ID: w.userID}
	case StepContact:
		return SettleContact(w.row, seen, r.who.UserID, w.since)
	default:
		return Settle(w.row, seen, r.who.UserID, w.since)
	}
}

// adopt records a step whose effect was found by reading.
func (r *run) adopt(w *work, s Settlement) RowRecord {
	return r.succeeded(w, s.ID, RowRecord{Pos: w.row.Pos, Adopted: true})
}

// Settlement is what reading the org tells about a row whose call's answer was lost. The zero value means: no effect seen (yet).
type Settlement struct {
	Done    bool    // the effect is there and it is ours
	ID      string  // the record, when Done
	Never   bool    // reading can never tell; Problem says what a person can do
	Problem Problem // someone else's effect is in the way
}
