package provisioning

import (
	"context"
	"slices"
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
		if w.phase == phaseLost && !w.due.After(now) && len(batch) < settleBatch && (step == "" || step == w.step) {
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
		pairs = append(pairs, w.pairs()...)
	}
	org := r.e.org
	r.spawn(ctx, func(ctx context.Context) event {
		seen, err := look(ctx, org, rows, pairs)
		return event{do: func(ctx context.Context) error { return r.settled(ctx, batch, seen, now, err) }}
	})
}

// settleBatch is how many rows one look reads: one SOQL query takes about 2,000 ids (100,000 characters).
const settleBatch = 1000

// look reads what rows of one step rely on: their assignments when there are pairs, else contacts and users.
func look(ctx context.Context, org Org, rows []PlanRow, pairs []Assignment) (Seen, error) {
	if len(pairs) == 0 {
		return ReadRows(ctx, org, rows)
	}
	have, err := org.Assigned(ctx, pairs)
	seen := Seen{assigned: make(map[Assignment]bool, len(have))}
	for _, a := range have {
		seen.assigned[a] = true
	}
	return seen, err
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
			out = append(out, w.end(StatusUnknown, s.Problem))
		case !s.Problem.IsZero():
			out = append(out, w.end(StatusFailed, s.Problem))
		case looked.Before(w.lostAt.Add(r.e.opts.SettleAfter)):
			w.phase, w.due = phaseLost, w.lostAt.Add(r.e.opts.SettleAfter)
		case w.refusal != nil && w.step == StepUser && w.row.Action == ActionCreate && w.refusal.Class == ClassExists:
			// The org refused the create because of a user that is not the contact's: the name is taken, perhaps in another org.
			out = append(out, w.end(StatusFailed, Problem{Code: w.refusal.Code, Text: clip(w.refusal.Text), Fix: w.refusal.Fix}))
		case w.tries >= maxTries:
			p := Problem{
				Code: "NO_ANSWER", Text: "Salesforce did not answer, and reading shows that nothing was done.",
				Fix: "Use Retry failed when Salesforce answers again.",
			}
			if w.refusal != nil && w.refusal.Text != "" {
				p.Text += " Its last word was: " + clip(w.refusal.Code+": "+w.refusal.Text)
			}
			out = append(out, w.end(StatusFailed, p))
		default: // shown to be absent: the row may be tried again
			code := codeAbsent
			if w.crashed {
				code = codeCrashed
				w.tries--
			}
			out = append(out, RowRecord{Pos: w.row.Pos, Code: code})
			w.phase, w.readAt, w.crashed, w.refusal = phaseOpen, time.Time{}, false, nil
		}
	}
	r.sweepClosed()
	return r.record(ctx, 0, step, out)
}

// end closes a row's step with a result that is no success. A follow-up goes on to the next one.
func (w *work) end(s Status, p Problem) RowRecord {
	rec := RowRecord{Pos: w.row.Pos, Status: s, Code: p.Code, Text: p.Text, Fix: p.Fix}
	if w.step == StepUser || w.step == StepContact {
		w.phase = phaseClosed
	} else {
		w.advance()
	}
	return rec
}

// verdict says what reading tells about a row whose call's answer was lost.
func (r *run) verdict(w *work, seen Seen) Settlement {
	switch w.step {
	case StepAssign, StepGroup:
		if slices.ContainsFunc(w.pairs(), func(a Assignment) bool { return !seen.assigned[a] }) {
			return Settlement{}
		}
		return Settlement{Done: true, ID: w.userID}
	case StepUnfreeze:
		return settleChange(w.row.UserID, seen, func(u User) bool { return !u.Frozen })
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
