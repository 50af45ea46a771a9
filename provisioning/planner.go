package provisioning

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"
)

const (
	// planWindow is how many input rows are read from the org at a time. One SOAP query takes about 2,000 ids (SOQL has at most
	// 100,000 characters), and what was read for a window is dropped after it.
	planWindow = 2000
	// planAhead is how many windows are read side by side.
	planAhead = 3
)

// Planner resolves files against the org. It only reads, and keeps nothing between plans. It is safe for concurrent use.
//
// Requests for n rows of add: one for all of them (profiles with their licences) and for each window of 2,000 rows one for contacts, one for users,
// and two that count the accounts' contacts by e-mail domain (one more for every 50 domains, at most five). The org's client splits those
// that are too long for one query: the users of a full window go in two. One more for permission sets and one for groups where the
// file has such a column, and for each window one for roles where a profile has roles, one for accounts where contacts may be created,
// and two for logins where inactive users would be activated. A window's requests go out in two waves, one after the other, the logins in
// a third; those for all rows go with the first, and three windows are on their way at a time.
//
// So 60 rows cost 5 requests, 2 one after another. 10,000 rows over 200 accounts cost 31 requests, 6 one after another, and 100,000 rows
// over 2,000 accounts 301 and 52 (BenchmarkFileToPlan). The first plan after a start also logs in and reads the org's fields, which
// is 4 requests, 2 one after another, once a day, and one more where contacts may be created.
//
// Requests for rows of the other verbs: profiles, and for each window one for users, then one for their accounts (and one for
// logins, where being frozen matters). A blast radius in percent costs one more for every 20 accounts.
type Planner struct {
	Org    Org
	Portal Portal
	Now    func() time.Time // nil: time.Now
}

// Draft is a plan that is not stored yet. Its rows are kept packed and made on demand, so that 100,000 of them fit into
// some 40 MB. It is safe for concurrent use.
type Draft struct {
	Digest  string
	Summary PlanSummary
	Columns []Column
	At      time.Time // when the org was read

	input Input
	order []planned // execution order
	words *words
}

// Plan returns the head to store with the rows. Its id is the caller's to set.
func (d *Draft) Plan() Plan {
	return Plan{Digest: d.Digest, Columns: d.Columns, Summary: d.Summary, At: d.At}
}

// Len is the number of rows, the same as that of the input.
func (d *Draft) Len() int { return len(d.order) }

// Rows yields the rows in execution order: first those that run, by account and input number, then the others by number.
// Stop when the store refuses a batch.
func (d *Draft) Rows() iter.Seq[PlanRow] {
	return func(yield func(PlanRow) bool) {
		for pos := range d.order {
			if !yield(d.row(pos)) {
				return
			}
		}
	}
}

// ByNumber yields the rows in input order.
func (d *Draft) ByNumber() iter.Seq[PlanRow] {
	return func(yield func(PlanRow) bool) {
		at := make([]int, len(d.order))
		for pos, e := range d.order {
			at[e.index] = pos
		}
		for _, pos := range at {
			if !yield(d.row(pos)) {
				return
			}
		}
	}
}

func (d *Draft) row(pos int) PlanRow {
	e := d.order[pos]
	row := d.words.unpack(e.packed)
	in := d.input.Rows[e.index]
	row.Pos, row.Number, row.Line, row.Cells = pos, in.Number, in.Line, in.Cells
	row.Warnings = e.warnings.codes()
	return row
}

// planned is a packed row with what ordering and summary need of it.
type planned struct {
	packed   packed
	index    int32 // in Input.Rows
	account  word
	domain   word // of the e-mail address
	runs     bool
	warnings warningSet
}

// Plan resolves every row of the input into exactly one action, or into the reason why there is none. The same input and the same
// org give the same rows and digest. It fails only when the org cannot be read, with the org's error; what is wrong
// with a row or with the set-up is in the draft.
func (p *Planner) Plan(ctx context.Context, t Terms, in Input) (*Draft, error) {
	now := time.Now
	if p.Now != nil {
		now = p.Now
	}
	start := now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	pl := newPlanning(p.Org, p.Portal, t, in)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()

	facts := make(chan error, 1)
	ready := make(chan struct{})
	wg.Go(func() {
		err := pl.readFacts(ctx)
		if err == nil {
			close(ready)
		}
		facts <- err
	})
	var windows []*window
	for rows := range slices.Chunk(in.Rows, planWindow) {
		windows = append(windows, &window{rows: rows, first: len(windows) == 0, done: make(chan error, 1)})
	}
	launch := func(i int) {
		if i < len(windows) {
			wg.Go(func() { windows[i].done <- pl.readWindow(ctx, windows[i], ready) })
		}
	}
	for i := range planAhead {
		launch(i)
	}
	if err := <-facts; err != nil {
		return nil, err
	}
	pl.checkSetup()
	for i, w := range windows {
		if err := <-w.done; err != nil {
			return nil, err
		}
		pl.decide(w)
		windows[i] = nil // what was read for it can go
		launch(i + planAhead)
	}
	if err := pl.checkBlast(ctx); err != nil {
		return nil, err
	}
	d := pl.finish()
	d.At = start
	d.Summary.Reviewed = int((now().Sub(start) + time.Second/2) / time.Second)
	return d, nil
}

// sideBySide runs the reads at the same time, waits for all of them and returns the error of the first that failed by itself.
func sideBySide(ctx context.Context, reads ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, read := range reads {
		wg.Go(func() {
			if err := read(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return nil
}

// readInto makes a read of one kind of record for sideBySide.
func readInto[T any](what string, into *T, read func(context.Context) (T, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		v, err := read(ctx)
		if err != nil {
			return fmt.Errorf("read %s: %w", what, err)
		}
		*into = v
		return nil
	}
}
