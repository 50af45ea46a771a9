package provisioning

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// commit applies an event to the request and saves it with entries. When someone changed the request in the same moment, the
// event is applied to what they left. A save that fails ends the run: what is in memory may differ from what is on disk.
func (r *run) commit(ctx context.Context, ev Event, entries ...Entry) error {
	for range changeTries {
		c, err := Apply(r.req, ev, r.e.now())
		if err != nil {
			return err
		}
		c.Entries = entries
		req, err := r.e.store.Commit(ctx, c)
		if err == nil {
			r.req = req
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return fmt.Errorf("save request %s: %w", r.req.ID, err)
		}
		if err := r.refresh(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("save request %s: %w", r.req.ID, ErrConflict)
}

// recordRows is how many rows' results one transaction takes, so that no transaction grows with the batch.
const recordRows = 500

// record saves what became of rows in a step. Rows without a status stay open. A row whose Contact could not be made has its own
// result by that.
func (r *run) record(ctx context.Context, call int, step Step, rows []RowRecord) error {
	if step == StepContact {
		var failed []RowRecord
		rows = slices.DeleteFunc(rows, func(rec RowRecord) bool {
			no := rec.Status != StatusOpen && !rec.Status.Succeeded()
			if no {
				failed = append(failed, rec)
			}
			return no
		})
		if err := r.record(ctx, call, StepUser, failed); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(rows, recordRows) {
		if err := r.commit(ctx, Closed{Step: step, Rows: part}, entries(Entry{Call: call, Step: step, At: r.e.now()}, part)...); err != nil {
			return err
		}
	}
	return nil
}

// entries splits rows over as many entries as they need.
func entries(head Entry, rows []RowRecord) []Entry {
	out := make([]Entry, 0, (len(rows)+entryRows-1)/entryRows)
	for part := range slices.Chunk(rows, entryRows) {
		e := head
		e.Rows = part
		out = append(out, e)
	}
	return out
}

// sweepClosed drops rows that are closed from memory.
func (r *run) sweepClosed() {
	r.live = slices.DeleteFunc(r.live, func(w *work) bool { return w.phase == phaseClosed })
}

// closeStopped closes rows that cannot work because their profile or account cannot.
func (r *run) closeStopped(ctx context.Context) error {
	if len(r.stops) == 0 {
		return nil
	}
	var rows []RowRecord
	for _, w := range r.live {
		if w.step != StepUser && w.step != StepContact || w.phase != phaseOpen && w.phase != phaseWaiting {
			continue
		}
		if p, ok := r.stopFor(w.row); ok {
			rows = append(rows, w.end(StatusNotStarted, p))
		}
	}
	r.sweepClosed()
	return r.record(ctx, 0, StepUser, rows)
}

func (r *run) stopFor(row PlanRow) (Problem, bool) {
	for _, k := range []string{stopKey(ClassProfile, row), stopKey(ClassAccount, row)} {
		if p, ok := r.stops[k]; ok {
			return p, true
		}
	}
	return Problem{}, false
}

func stopKey(c Class, row PlanRow) string {
	if c == ClassProfile {
		return "profile " + row.ProfileID
	}
	return "account " + row.AccountID
}

// closeFollowUps tells of users that exist and will not get their permission sets or groups, because the request ends.
func (r *run) closeFollowUps(ctx context.Context) error {
	rows := map[Step][]RowRecord{}
	for _, w := range r.live {
		for w.phase != phaseClosed && w.begun() {
			step := w.step
			rows[step] = append(rows[step], w.end(StatusFailed, Problem{
				Code: "NOT_STARTED", Text: "The request ended before this was done.", Fix: "Do it by hand in Salesforce.",
			}))
		}
	}
	for _, step := range []Step{StepUnfreeze, StepAssign, StepGroup} {
		if err := r.record(ctx, 0, step, rows[step]); err != nil {
			return err
		}
	}
	return nil
}

// clip cuts a text that the org worded to what the journal keeps.
func clip(s string) string {
	s = strings.TrimSpace(s)
	if runes := []rune(s); len(runes) > errorRunes {
		return string(runes[:errorRunes-1]) + "…"
	}
	return s
}

// copyFields returns the fields with some of them set.
func copyFields(fields []Field, set map[string]string) []Field {
	m := make(map[string]string, len(fields)+len(set))
	for _, f := range fields {
		m[f.Name] = f.Value
	}
	maps.Copy(m, set)
	out := make([]Field, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, Field{k, m[k]})
	}
	return out
}
