package store_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"portalbot/provisioning"
	"portalbot/store"
)

func TestPlanIsReadInExecutionAndInInputOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	const total = 1203
	putPlan(t, s, "P-1.1", total, 100)
	putPlan(t, s, "P-1.10", 3, 3) // its id begins like the other's

	byPosition, err := s.PlanRows(t.Context(), "P-1.1", 0, 5000)
	check(t, err)
	if want := planRows(0, total, total); !reflect.DeepEqual(byPosition, want) {
		t.Fatalf("%d rows come back changed", len(byPosition))
	}
	window, err := s.PlanRows(t.Context(), "P-1.1", 700, 200)
	check(t, err)
	if want := planRows(700, 200, total); !reflect.DeepEqual(window, want) {
		t.Errorf("a window of %d rows from 700 is not the rows from 700", len(window))
	}
	byNumber, err := s.PlanRowsByNumber(t.Context(), "P-1.1", 1, 5000)
	check(t, err)
	if len(byNumber) != total {
		t.Fatalf("%d rows by number, want %d", len(byNumber), total)
	}
	for i, row := range byNumber {
		if row.Number != i+1 || row.Pos != total-1-i {
			t.Fatalf("row %d in input order is number %d at position %d", i, row.Number, row.Pos)
		}
	}
	end, err := s.PlanRowsByNumber(t.Context(), "P-1.1", total, 10)
	check(t, err)
	if len(end) != 1 || end[0].Number != total {
		t.Errorf("rows from the last number on are %v", end)
	}
}

func TestPlanInMixedOrderIsReadInInputOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	const total, prime = 1009, 617 // numbers jump about between and within batches
	mixed := planRows(0, total, total)
	for i := range mixed {
		mixed[i].Number = i*prime%total + 1
	}
	for batch := range slices.Chunk(mixed, 50) {
		check(t, s.PutPlanRows(t.Context(), "P-1.1", batch))
	}
	for _, n := range []int{1, 7, 200, 600, total, 5000} {
		number := 1
		for number <= total {
			rows, err := s.PlanRowsByNumber(t.Context(), "P-1.1", number, n)
			check(t, err)
			if len(rows) != min(n, total+1-number) {
				t.Fatalf("%d rows from number %d on, %d asked for", len(rows), number, n)
			}
			for _, row := range rows {
				if row.Number != number || !reflect.DeepEqual(row, mixed[row.Pos]) {
					t.Fatalf("number %d at position %d comes where %d is next", row.Number, row.Pos, number)
				}
				number++
			}
		}
	}
}

func TestPlanBegunAgainLeavesNothingOfTheFirstAttempt(t *testing.T) {
	t.Parallel()
	s := open(t)
	putPlan(t, s, "P-1.1", 1200, 400)
	putPlan(t, s, "P-1.1", 7, 7)
	rows, err := s.PlanRows(t.Context(), "P-1.1", 0, 5000)
	check(t, err)
	byNumber, err := s.PlanRowsByNumber(t.Context(), "P-1.1", 0, 5000)
	check(t, err)
	if len(rows) != 7 || len(byNumber) != 7 {
		t.Errorf("%d rows by position and %d by number, want 7", len(rows), len(byNumber))
	}
}

func TestPublishedPlanCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := open(t)
	putPlan(t, s, "P-1.1", 10, 10)
	r := publish(t, s, newRequest("P-1"), "P-1.1", 10)
	wantErr(t, s.PutPlanRows(t.Context(), "P-1.1", planRows(0, 10, 10)), store.ErrPublished)
	wantErr(t, s.PutPlanRows(t.Context(), "P-1.1", planRows(10, 1, 11)), store.ErrPublished)
	rows, err := s.PlanRows(t.Context(), "P-1.1", 0, 100)
	check(t, err)
	if len(rows) != 10 {
		t.Errorf("%d rows are left, want 10", len(rows))
	}

	// Another plan of the same request may take its place.
	putPlan(t, s, "P-1.2", 3, 3)
	publish(t, s, r, "P-1.2", 3)
}

func TestPlanThatIsNotWholeIsNotPublished(t *testing.T) {
	t.Parallel()
	s := open(t)
	putPlan(t, s, "P-1.1", 10, 10)
	for name, plan := range map[string]provisioning.Plan{
		"fewer rows saved":   {ID: "P-1.1", Summary: provisioning.PlanSummary{Rows: 11}},
		"no rows saved":      {ID: "P-1.2", Summary: provisioning.PlanSummary{Rows: 1}},
		"of another request": {ID: "P-2.1", Summary: provisioning.PlanSummary{Rows: 0}},
		"not a plan's name":  {ID: "P-1", Summary: provisioning.PlanSummary{Rows: 0}},
	} {
		r := newRequest("P-1")
		r.Plan = plan
		if _, err := s.Commit(t.Context(), provisioning.Commit{Request: r}); err == nil {
			t.Errorf("%s: published", name)
		}
	}
}

func TestPlanRowsOutOfOrderAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	putPlan(t, s, "P-1.1", 10, 10)
	twice := planRows(10, 2, 12)
	twice[1].Number = twice[0].Number
	for name, rows := range map[string][]provisioning.PlanRow{
		"a gap":                       planRows(11, 1, 12),
		"positions that are there":    planRows(5, 5, 10),
		"a number twice in the batch": twice,
		"more than a batch":           planRows(10, 501, 511),
	} {
		if err := s.PutPlanRows(t.Context(), "P-1.1", rows); err == nil {
			t.Errorf("%s: saved", name)
		}
	}
	rows, err := s.PlanRows(t.Context(), "P-1.1", 0, 100)
	check(t, err)
	if len(rows) != 10 {
		t.Errorf("%d rows are saved, want the first 10", len(rows))
	}
}

func TestPlanTransactionsAreBounded(t *testing.T) {
	t.Parallel()
	saves := map[string]int{}
	s := openFile(t, filepath.Join(t.TempDir(), "p.db"), store.Options{BeforeCommit: func(op string) error {
		saves[op]++ // one writer calls it, and the test reads it after its saves have ended
		return nil
	}})
	putPlan(t, s, "P-1.1", 2000, 500)
	if saves["plan rows"] != 4 {
		t.Errorf("2000 rows took %d transactions, want 4", saves["plan rows"])
	}
	check(t, s.DropPlan(t.Context(), "P-1.1"))
	if saves["drop plan"] != 5 {
		t.Errorf("deleting 2000 rows took %d transactions, want 4 and one for the plan itself", saves["drop plan"])
	}
	rows, err := s.PlanRowsByNumber(t.Context(), "P-1.1", 0, 10)
	check(t, err)
	if len(rows) != 0 {
		t.Errorf("%d rows are left of a deleted plan", len(rows))
	}
	check(t, s.DropPlan(t.Context(), "P-1.1"))
	if saves["drop plan"] != 5 {
		t.Error("deleting a plan that is not there wrote something")
	}
}

func TestRowOverTheLargestValueIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	rows := planRows(0, 1, 1)
	rows[0].Cells = []string{string(make([]byte, 600<<10))}
	wantErr(t, s.PutPlanRows(t.Context(), "P-1.1", rows), store.ErrTooLarge)
}
