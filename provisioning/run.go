package provisioning

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
)

// phase says where a loaded row stands in a run.
type phase uint8

const (
	phaseLoaded   phase = iota // must be re-read before it may be written
	phaseReading               // is being re-read
	phaseReady                 // may be written
	phaseFlying                // its call is under way
	phaseLost                  // attempting: what its call did is not known, to be settled by reading at due
	phaseSettling              // is being read to settle it
	phaseWaiting               // the org said try again; not before due
	phaseClosed
)

// work is a row of a run that is loaded and not closed.
type work struct {
	row    PlanRow
	step   Step
	phase  phase
	readAt time.Time // when it was last re-read
	due    time.Time
	tries  int       // calls that were refused or lost
	doubt  bool      // an earlier create was lost: it may have taken effect late
	since  time.Time // when its first call was begun
	lostAt time.Time // when its last lost call was noticed
	userID string    // the user, once it exists
}

// mayWrite reports whether the row may go into a call now: its re-read is recent, or its step relies on no re-read.
func (w *work) mayWrite(now time.Time) bool {
	return w.phase == phaseReady && (w.step == StepAssign || w.step == StepGroup || now.Sub(w.readAt) <= freshFor)
}

// run is one request while it runs. One goroutine, that of loop, owns it; calls and reads run in others and come back as events.
type run struct {
	e    *Engine
	req  Request
	who  Identity
	wake chan struct{}

	live   []*work // loaded rows that are not closed, by position
	next   int     // first position that is not loaded
	marks  map[int]mark
	sizes  map[sizeKey]*sizer
	stops  map[string]Problem // "profile 00e…" or "account 001…" whose further rows cannot work
	roles  map[string]int     // users made on an account that had no portal roles, by account id
	events chan handler
	asks   map[bool]int // slots asked for, by lock
	flying int          // calls, reads and slot asks under way
	failed int          // calls and reads that failed in a row
	broken string       // why the run cannot go on until a person mends the set-up
	calm   time.Time    // nothing new is sent before this moment

	leaving bool          // shutting down: nothing new begins
	abandon chan struct{} // closed when the grace of a shutdown is over
	wg      sync.WaitGroup
}

// handler is what a call, a read or a slot ask leaves to be done by the loop.
type handler func(context.Context) error

// windowRows is how many rows are loaded and re-read at a time: one SOQL query takes about 2,000 ids (100,000 characters).
const windowRows = 1000

// loop runs the request until it ends (nil), ctx ends (nil), or its memory is in doubt (an error: take it up from the journal).
func (r *run) loop(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	err := r.safely(ctx)
	cancel() // withdraws the asks for slots
	return errors.Join(err, r.drain(context.WithoutCancel(ctx), err != nil))
}

// safely makes a panic an error, so that one request cannot take the others down.
func (r *run) safely(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in the run: %v\n%s", p, debug.Stack())
		}
	}()
	return r.work(ctx)
}

// work is the loop itself.
func (r *run) work(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		wait, err := r.step(ctx)
		if err != nil || r.req.State.Ended() {
			return err
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-r.wake:
			if err := r.refresh(ctx); err != nil {
				return err
			}
		case handle := <-r.events:
			r.flying--
			if err := handle(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// drain waits for what is under way, at most Options.Grace, and saves the results that arrive. After that the calls are abandoned:
// their rows stay attempting. When the memory is in doubt, results are not saved either; reading will settle them.
func (r *run) drain(ctx context.Context, doubt bool) (err error) {
	r.leaving = true
	grace := time.NewTimer(r.e.opts.Grace)
	defer grace.Stop()
	for r.flying > 0 {
		select {
		case <-grace.C:
			close(r.abandon)
			doubt = true
		case handle := <-r.events:
			r.flying--
			if doubt {
				continue
			}
			if err = handle(ctx); err != nil {
				doubt = true
			}
		}
	}
	r.wg.Wait()
	return err
}

// spawn runs f in a goroutine; the handler that it returns is run by the loop. A shutdown does not end f's context until its
// grace is over.
func (r *run) spawn(ctx context.Context, f func(context.Context) handler) {
	r.flying++
	r.wg.Go(func() {
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			select {
			case <-r.abandon:
				cancel()
			case <-ctx.Done():
			}
		}()
		h := f(ctx)
		cancel()
		<-gone
		r.events <- h
	})
}

// step starts all that can be started now and returns how long to wait for the clock if nothing else happens.
func (r *run) step(ctx context.Context) (time.Duration, error) {
	if err := r.hold(ctx); err != nil {
		return 0, err
	}
	if err := r.load(ctx); err != nil {
		return 0, err
	}
	if err := r.closeStopped(ctx); err != nil {
		return 0, err
	}
	if done, err := r.finish(ctx); done || err != nil {
		return 0, err
	}
	now := r.e.now()
	if now.Before(r.calm) {
		return r.calm.Sub(now), nil
	}
	r.settleDue(ctx, now)
	if r.writes() {
		r.reread(ctx, now)
		r.ask(ctx, now)
	}
	return r.idle(now), nil
}

// writes reports whether new calls may begin.
func (r *run) writes() bool {
	return r.req.State == StateRunning && r.req.StopBy == "" && r.broken == "" && !r.leaving
}

// idle is the time to the next moment at which a row falls due.
func (r *run) idle(now time.Time) time.Duration {
	wait := r.e.opts.RecheckEvery
	for _, w := range r.live {
		if w.phase == phaseWaiting || w.phase == phaseLost {
			wait = min(wait, w.due.Sub(now))
		}
	}
	if r.req.State == StatePaused && !r.req.Hold.Until.IsZero() {
		wait = min(wait, r.req.Hold.Until.Sub(now))
	}
	return max(wait, time.Millisecond)
}

// load takes further rows from the plan while there is room for them.
func (r *run) load(ctx context.Context) error {
	total := r.req.Plan.Summary.Rows
	for r.next < total && len(r.live) < windowRows*2 {
		rows, err := r.e.store.PlanRows(ctx, r.req.Plan.ID, r.next, windowRows)
		if err != nil {
			return fmt.Errorf("read the plan of %s: %w", r.req.ID, err)
		}
		if len(rows) == 0 {
			return fmt.Errorf("the plan of %s ends at row %d of %d", r.req.ID, r.next, total)
		}
		for _, row := range rows {
			if w := r.resume(row); w != nil {
				r.live = append(r.live, w)
			}
		}
		r.next += len(rows)
	}
	return nil
}

// finish ends the run when nothing is left to do, and reports whether it did.
func (r *run) finish(ctx context.Context) (bool, error) {
	if r.flying > 0 {
		return false, nil
	}
	doubt := slices.ContainsFunc(r.live, func(w *work) bool { return w.phase == phaseLost })
	if r.broken != "" && !doubt {
		return true, r.commit(ctx, Broken{Reason: r.broken})
	}
	if (r.req.StopBy == "" || doubt) && (len(r.live) > 0 || r.next < r.req.Plan.Summary.Rows) {
		return false, nil
	}
	return true, r.commit(ctx, Finished{})
}

// hold pauses and resumes the run as the stop switch, the API budget and the clock say.
func (r *run) hold(ctx context.Context) error {
	sw, err := r.e.store.Switch(ctx)
	if err != nil {
		return fmt.Errorf("read the stop switch: %w", err)
	}
	now := r.e.now()
	switch r.req.State {
	case StateRunning:
		if sw.On {
			return r.commit(ctx, Held{Hold{Code: HoldSwitch, Reason: sw.Reason}})
		}
		if r.overBudget() {
			return r.pause(ctx, HoldBudget, "the org's daily API requests are used up to the reserve", now.Add(budgetPause))
		}
	case StatePaused:
		switch {
		case r.req.Hold.Code == HoldSwitch && !sw.On:
			return r.commit(ctx, Resumed{})
		case r.req.Hold.Code != HoldSwitch && !now.Before(r.req.Hold.Until):
			return r.probe(ctx)
		}
	}
	return nil
}

const (
	budgetPause      = 15 * time.Minute // Salesforce counts API requests over a rolling 24 h, so some come back all the time
	maintenancePause = 5 * time.Minute
)

// probe asks the org something cheap, which also tells its API usage, and resumes when it answers.
func (r *run) probe(ctx context.Context) error {
	pctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, err := r.e.org.Licenses(pctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil || r.overBudget() {
		h := r.req.Hold
		h.Until = r.e.now().Add(r.e.opts.backoff(r.failed + 1))
		if h.Code == HoldBudget {
			h.Until = r.e.now().Add(budgetPause)
		}
		r.failed++
		return r.commit(ctx, Held{h})
	}
	r.failed = 0
	return r.commit(ctx, Resumed{})
}

// overBudget reports whether the org's daily API requests are used up to the reserve.
func (r *run) overBudget() bool {
	u, p := r.e.org.Usage(), r.e.opts.ReservePercent
	return p > 0 && u.Max > 0 && (u.Max-u.Used)*100 < u.Max*p
}

func (r *run) pause(ctx context.Context, code, reason string, until time.Time) error {
	if r.req.State != StateRunning {
		return nil
	}
	return r.commit(ctx, Held{Hold{Code: code, Reason: reason, Until: until}})
}

// refresh reads the request again: someone asked it to stop, or the switch was set.
func (r *run) refresh(ctx context.Context) error {
	req, err := r.e.store.Request(ctx, r.req.ID)
	if err != nil {
		return fmt.Errorf("read request %s: %w", r.req.ID, err)
	}
	r.req = req
	return nil
}

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
	if len(rows) == 0 {
		return nil
	}
	now := r.e.now()
	var entries []Entry
	for part := range slices.Chunk(rows, entryRows) {
		entries = append(entries, Entry{Call: call, Step: step, At: now, Rows: part})
	}
	return r.commit(ctx, Closed{Step: step, Rows: rows}, entries...)
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
		if w.step != StepUser && w.step != StepContact || w.phase != phaseLoaded && w.phase != phaseReady && w.phase != phaseWaiting {
			continue
		}
		if p, ok := r.stopFor(w.row); ok {
			rows = append(rows, RowRecord{Pos: w.row.Pos, Status: StatusNotStarted, Code: p.Code, Text: p.Text, Fix: p.Fix})
			w.phase = phaseClosed
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
