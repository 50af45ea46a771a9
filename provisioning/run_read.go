package provisioning

import (
	"context"
	"slices"
	"time"
)

// readBatch is how many rows are read ahead in one go: two requests of the org.
const readBatch = 2 * MaxWrite

// readAhead reads rows before their turn, so that a call need not wait for it. The first rows of a run are read with their slot in
// hand (see granted); from then on it keeps the calls under way supplied.
func (r *run) readAhead(ctx context.Context, now time.Time) {
	if r.req.Terms.AllOrNone {
		return
	}
	type supply struct{ fresh, reading, flying, size, want int }
	var lanes [2]supply
	var next [2][]*work
	for _, w := range r.live {
		l := lane(w.takesLock())
		s := &lanes[l]
		if s.size == 0 {
			s.size = r.size(w)
			s.want = r.sizer(w).ahead() * r.slots(l == 1) * s.size
		}
		switch {
		case w.phase == phaseFlying:
			s.flying++
		case w.phase == phaseReading:
			s.reading++
		case !w.open(now):
		case w.fresh(now):
			s.fresh++
		default:
			next[l] = append(next[l], w)
		}
	}
	for l, s := range lanes {
		if s.flying+s.reading == 0 {
			continue
		}
		// Slots that were asked for take rows that are fresh, or else the first that are not.
		if due := r.asks[l == 1]*s.size - s.fresh; due > 0 && s.flying == 0 {
			next[l] = next[l][min(due, len(next[l])):]
		}
		batch := min(s.want/callsAhead, readBatch)
		for missing := s.want - s.fresh - s.reading; batch > 0 && missing >= batch && len(next[l]) > 0; missing -= batch {
			n := min(batch, len(next[l]))
			r.read(ctx, next[l][:n:n], nil)
			next[l] = next[l][n:]
		}
	}
}

// slots is how many calls of a lane may go side by side.
func (r *run) slots(lock bool) int {
	if lock {
		return 1
	}
	return r.e.opts.Parallel
}

// read reads rows again, so that what changed since the plan is held and not run. then goes on with those that are as planned; nil
// when nothing waits for them.
func (r *run) read(ctx context.Context, batch []*work, then *grant) {
	began := r.e.now()
	rows := make([]PlanRow, len(batch))
	for i, w := range batch {
		w.phase = phaseReading
		rows[i] = w.row
	}
	org := r.e.org
	r.spawn(ctx, func(ctx context.Context) event {
		defer then.onPanic()
		seen, err := ReadRows(ctx, org, rows)
		return event{
			do: func(ctx context.Context) error {
				if err := r.wasRead(ctx, batch, seen, began, err); err != nil {
					then.release()
					return err
				}
				return r.send(ctx, then)
			},
			drop: then.release,
		}
	})
}

// wasRead holds the rows that drifted and opens the others. A row whose earlier call was lost, and that turns out to have taken
// effect late after all, is adopted here.
func (r *run) wasRead(ctx context.Context, batch []*work, seen Seen, began time.Time, err error) error {
	for _, w := range batch {
		w.phase = phaseOpen
	}
	if err != nil {
		return r.callFailed(ctx, err)
	}
	r.failed = 0
	adopted := map[Step][]RowRecord{}
	var held []RowRecord
	for _, w := range batch {
		w.readAt = began
		if w.doubt {
			step := w.step
			if s := r.verdict(w, seen); s.Done {
				adopted[step] = append(adopted[step], r.adopt(w, s))
				continue
			}
		}
		if p := r.drift(w, seen); !p.IsZero() {
			held = append(held, RowRecord{Pos: w.row.Pos, Status: StatusHeld, Code: p.Code, Text: p.Text, Fix: p.Fix})
			w.phase = phaseClosed
		}
	}
	r.sweepClosed()
	for _, step := range []Step{StepContact, StepUser} {
		if err := r.record(ctx, 0, step, adopted[step]); err != nil {
			return err
		}
	}
	return r.record(ctx, 0, StepUser, held)
}

// drift says why a row that was just read may not be written: it is protected now, or what it relies on has changed.
func (r *run) drift(w *work, seen Seen) Problem {
	if u := seen.User(w.row.UserID); u != nil {
		if p := r.guard.CheckUser(*u); !p.IsZero() {
			return p
		}
	}
	if p := r.guard.CheckAccount(w.row.AccountID); !p.IsZero() {
		return p
	}
	return Drift(w.row, seen, r.who)
}

// allOrNone keeps the rows of an all-or-none request together: when one of them cannot run any more, none may; and when one takes the
// lock, their call does.
func (r *run) allOrNone(ctx context.Context) error {
	if !r.req.Terms.AllOrNone {
		return nil
	}
	takes := slices.ContainsFunc(r.live, func(w *work) bool { return w.row.TakesLock })
	n := r.req.Progress.Counts
	spoilt := n[StatusHeld]+n[StatusNotStarted]+n[StatusFailed]+n[StatusUnknown] > 0
	var rows []RowRecord
	for _, w := range r.live {
		w.row.TakesLock = takes
		if spoilt && (w.phase == phaseOpen || w.phase == phaseWaiting) && (w.step == StepUser || w.step == StepContact) {
			rows = append(rows, RowRecord{
				Pos: w.row.Pos, Status: StatusNotStarted, Code: CodeAllOrNone,
				Text: "All or none was asked for, and another row could not be run.", Fix: "See the row that is held or failed, then use Retry failed.",
			})
			w.phase = phaseClosed
		}
	}
	r.sweepClosed()
	return r.record(ctx, 0, StepUser, rows)
}
