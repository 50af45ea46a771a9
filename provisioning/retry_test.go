package provisioning_test

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// refused returns the code of a refusal, "" for any other error.
func refused(err error) string {
	if no := new(provisioning.Refusal); errors.As(err, &no) {
		return no.Code
	}
	return ""
}

func TestRetryTakesFailedAndHeldRowsFromTheirOwnCells(t *testing.T) {
	t.Parallel()
	r := newRig(t, salesforcesim.Config{})
	in := r.contacts(r.acme.Account, 6)
	in.Rows = append(in.Rows, provisioning.InputRow{Number: 7, Line: 8, Cells: []string{"003000000000000AAA", "gone@acme.example"}})
	var broken atomic.Bool
	broken.Store(true)
	r.sim.AddValidationRule(salesforcesim.ValidationRule{Object: "User", Check: func(rec map[string]string) string {
		if broken.Load() && rec["LastName"] == "Doe2" {
			return "No Doe2 today"
		}
		return ""
	}})
	l := r.start()
	defer l.end()
	ctx := t.Context()
	if err := l.service.Switch(ctx, true, "U0ADMIN", ""); err != nil {
		t.Fatal(err)
	}
	terms := r.terms()
	terms.FileName, terms.Note = "people.csv", "ticket 17"
	first := l.approve(terms, in)
	elsewhere := r.sim.AddAccount(salesforcesim.Fields{"Name": "Elsewhere", "OwnerId": r.acme.Owner})
	r.sim.Edit(in.Rows[4].Cells[0], salesforcesim.Fields{"AccountId": elsewhere}) // drifts: row 5 is held
	if _, err := l.service.MayRetry(ctx, first.ID, "U0ANN"); refused(err) != provisioning.RefusedState {
		t.Errorf("retry of a request that has not ended: %v", err)
	}
	if err := l.service.Switch(ctx, false, "U0ADMIN", ""); err != nil {
		t.Fatal(err)
	}
	first = l.waitEnd(first.ID)
	if got := l.results(first); got[provisioning.StatusCreated] != 4 || got[provisioning.StatusFailed] != 2 || got[provisioning.StatusHeld] != 1 {
		t.Fatalf("results %v", got)
	}

	if _, err := l.service.MayRetry(ctx, first.ID, "U0CAT"); refused(err) != provisioning.RefusedNotOwner {
		t.Errorf("retry by somebody else: %v", err)
	}
	broken.Store(false)
	p, err := l.service.Retry(ctx, first.ID, "U0ANN", "click")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := l.service.Retry(ctx, first.ID, "U0ANN", "click"); err != nil || same.Request.ID != p.Request.ID {
		t.Errorf("the same click made another request: %s %v", same.Request.ID, err)
	}
	got := p.Request.Terms
	if got.RefersTo != first.ID || got.Undoes != "" || got.Note != terms.Note || got.FileName != terms.FileName || got.Mail != terms.Mail {
		t.Errorf("terms %+v", got)
	}
	if c := p.Request.Plan.Columns; len(c) != 3 || c[0].Header != "Row in "+first.ID || c[1] != in.Columns[0] {
		t.Errorf("columns %+v", c)
	}
	second := l.run(p, nil)
	var numbers []string
	for res, err := range l.service.Results(ctx, second) {
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, res.Row.Cells[0]+" "+string(res.Status))
	}
	if want := []string{"2 created", "5 created", "7 failed"}; !slices.Equal(numbers, want) {
		t.Errorf("rows %q, want %q", numbers, want)
	}
	if per := r.usersPerContact(in); per[1] != 6 {
		t.Errorf("users per contact: %v", per)
	}

	p, err = l.service.Retry(ctx, first.ID, "U0ANN", "another click")
	if err != nil || p.Request.ID != "" || p.Summary.Actions[provisioning.ActionSkip] != 2 {
		t.Errorf("a retry of what is done: %+v %v", p, err)
	}
	if _, err := l.service.Retry(ctx, second.ID, "U0ANN", "third"); err != nil {
		t.Errorf("retry of the retry: %v", err)
	}
}

func TestRetryRunsWhatAStopLeftOver(t *testing.T) {
	t.Parallel()
	r := newRig(t, salesforcesim.Config{})
	in := r.contacts(r.acme.Account, 5)
	l := r.start()
	defer l.end()
	ctx := t.Context()
	if err := l.service.Switch(ctx, true, "U0ADMIN", ""); err != nil {
		t.Fatal(err)
	}
	first := l.approve(r.terms(), in)
	l.wait(first.ID, func(r provisioning.Request) bool { return r.State == provisioning.StatePaused })
	if _, err := l.service.Stop(ctx, first.ID, "U0ANN"); err != nil {
		t.Fatal(err)
	}
	first = l.waitEnd(first.ID)
	if err := l.service.Switch(ctx, false, "U0ADMIN", ""); err != nil {
		t.Fatal(err)
	}
	if first.State != provisioning.StateStopped || first.Progress.Retryable() != 5 {
		t.Fatalf("%s %+v", first.State, first.Progress.Counts)
	}
	if _, err := l.service.MayUndo(ctx, first.ID, "U0ANN"); refused(err) != provisioning.RefusedNothing {
		t.Errorf("undo of nothing: %v", err)
	}
	p, err := l.service.Retry(ctx, first.ID, "U0ANN", "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.service.Send(ctx, p.Request.ID, "U0ANN"); err != nil {
		t.Fatal(err)
	}
	_, err = l.service.Retry(ctx, first.ID, "U0ANN", "b")
	if refused(err) != provisioning.RefusedState || !strings.Contains(err.Error(), p.Request.ID) {
		t.Errorf("a second retry beside an open one: %v", err)
	}
	if _, err := l.service.Approve(ctx, p.Request.ID, p.Request.Plan.Digest, "U0BOB"); err != nil {
		t.Fatal(err)
	}
	if done := l.waitEnd(p.Request.ID); done.Progress.Counts[provisioning.StatusCreated] != 5 {
		t.Errorf("%+v", done.Progress.Counts)
	}
	if _, err := l.service.MayRetry(ctx, p.Request.ID, "U0ANN"); refused(err) != provisioning.RefusedNothing {
		t.Errorf("retry of nothing: %v", err)
	}
}

func TestRetryAndUndoOfPurgedRowsAreRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, salesforcesim.Config{})
	in := r.contacts(r.acme.Account, 2)
	in.Rows[1].Cells[0] = "003000000000000AAA"
	l := r.start()
	defer l.end()
	ctx := t.Context()
	first := l.run(l.service.Propose(ctx, r.terms(), in))
	if err := l.store.Purge(ctx, first.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := l.service.Retry(ctx, first.ID, "U0ANN", "a"); refused(err) != provisioning.RefusedState {
		t.Errorf("retry: %v", err)
	}
	if _, err := l.service.Undo(ctx, first.ID, "U0ANN", "b"); refused(err) != provisioning.RefusedState {
		t.Errorf("undo: %v", err)
	}
}
