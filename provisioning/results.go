package provisioning

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// Result is one input row with what became of it.
type Result struct {
	Row     PlanRow
	Status  Status
	UserID  string
	Code    string
	Text    string
	Fix     string
	Adopted bool // found by reading after its answer was lost
}

// Results yields one result for each input row, in input order. Of a request that runs it shows the rows so far; open rows have
// StatusOpen, and StatusNotStarted once the request has ended.
func (s *Service) Results(ctx context.Context, r Request) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		last, err := s.lastRecords(ctx, r.ID)
		if err != nil {
			yield(Result{}, err)
			return
		}
		for row, err := range s.PlanRows(ctx, r) {
			if err != nil {
				yield(Result{}, err)
				return
			}
			if !yield(result(r, row, last[row.Pos]), nil) {
				return
			}
		}
	}
}

// lastRecords reads the journal: the row's own result, with a failed follow-up (permission sets, groups) told beside it.
func (s *Service) lastRecords(ctx context.Context, id string) (map[int]RowRecord, error) {
	last := map[int]RowRecord{}
	for entry, err := range s.store.Journal(ctx, id, 1) {
		if err != nil {
			return nil, fmt.Errorf("read the journal of %s: %w", id, err)
		}
		if entry.Intent || entry.Step == StepContact {
			continue
		}
		for _, rec := range entry.Rows {
			switch {
			case rec.Status == StatusOpen && rec.Code == codeReopened:
				delete(last, rec.Pos)
			case rec.Status == StatusOpen:
			case entry.Step == StepUser:
				last[rec.Pos] = rec
			case rec.Status == StatusFailed || rec.Status == StatusUnknown:
				own := last[rec.Pos]
				if own.Code != "" { // a second follow-up that failed
					own.Text += " "
				}
				own.Code, own.Text, own.Fix = rec.Code, own.Text+followText(entry.Step)+rec.Text, rec.Fix
				last[rec.Pos] = own
			}
		}
	}
	return last, nil
}

func followText(s Step) string {
	switch s {
	case StepGroup:
		return "The user exists, but was not added to every group: "
	case StepUnfreeze:
		return "The user is active, but still frozen: "
	}
	return "The user exists, but did not get every permission set: "
}

func result(r Request, row PlanRow, rec RowRecord) Result {
	res := Result{Row: row, Status: rec.Status, UserID: cmp.Or(rec.ID, row.UserID), Code: rec.Code, Text: rec.Text, Fix: rec.Fix, Adopted: rec.Adopted}
	switch {
	case !row.Action.Runs():
		res.Status = row.Action.Done()
		res.Code, res.Text, res.Fix = row.Reason.Code, row.Reason.Text, row.Reason.Fix
	case res.Status == StatusOpen && r.State.Ended():
		res.Status, res.Code = StatusNotStarted, "NOT_STARTED"
		res.Text, res.Fix = notStarted(r)
	}
	return res
}

func notStarted(r Request) (text, fix string) {
	if r.State == StateFailed {
		return "The run ended before this row's turn: " + r.Ending.Reason, "When that is mended, run the rest with Retry failed."
	}
	return "The run was stopped before this row's turn.", "Run the rest with Retry failed."
}

// FailureGroup is one reason why rows did not work, with how to mend it.
type FailureGroup struct {
	Status Status
	Code   string
	Text   string // of the first row
	Fix    string
	Count  int
	First  []Result // the first few
}

// failuresNamed is how many rows a FailureGroup names.
const failuresNamed = 5

// Failures groups the rows that did not work by reason, most frequent first.
func (s *Service) Failures(ctx context.Context, r Request) ([]FailureGroup, error) {
	type key struct {
		status Status
		code   string
		fix    string
	}
	groups := map[key]*FailureGroup{}
	for res, err := range s.Results(ctx, r) {
		if err != nil {
			return nil, err
		}
		switch {
		case res.Status == StatusFailed, res.Status == StatusHeld, res.Status == StatusUnknown, res.Status == StatusNotStarted,
			res.Status.Succeeded() && res.Code != "":
		default:
			continue
		}
		k := key{res.Status, res.Code, res.Fix}
		g := groups[k]
		if g == nil {
			g = &FailureGroup{Status: res.Status, Code: res.Code, Text: res.Text, Fix: res.Fix}
			groups[k] = g
		}
		g.Count++
		if len(g.First) < failuresNamed {
			g.First = append(g.First, res)
		}
	}
	out := make([]FailureGroup, 0, len(groups))
	for _, g := range slices.SortedFunc(maps.Values(groups), func(a, b *FailureGroup) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.First[0].Row.Number, b.First[0].Row.Number))
	}) {
		out = append(out, *g)
	}
	return out, nil
}

// PlanRows yields the rows of a request's plan in input order.
func (s *Service) PlanRows(ctx context.Context, r Request) iter.Seq2[PlanRow, error] {
	return func(yield func(PlanRow, error) bool) {
		for number := 1; number <= r.Plan.Summary.Rows; {
			rows, err := s.store.PlanRowsByNumber(ctx, r.Plan.ID, number, planBatch)
			if err != nil || len(rows) == 0 {
				yield(PlanRow{}, fmt.Errorf("read the plan of %s from row %d: %w", r.ID, number, cmp.Or(err, ErrNotFound)))
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			number = rows[len(rows)-1].Number + 1
		}
	}
}
