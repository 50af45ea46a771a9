package provisioning

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// phase says where a loaded row stands in a run.
type phase uint8

const (
	phaseOpen     phase = iota // may be written once its read is fresh
	phaseReading               // is being read right before it is written
	phaseFlying                // its call is under way
	phaseLost                  // attempting: what its call did is not known, to be settled by reading at due
	phaseSettling              // is being read to settle it
	phaseWaiting               // the org said try again; not before due
	phaseClosed
)

// work is a row of a run that is loaded and not closed.
type work struct {
	row     PlanRow
	step    Step
	phase   phase
	readAt  time.Time // when it was last read and found as planned
	due     time.Time
	tries   int       // calls of this step that were refused or lost
	doubt   bool      // an earlier call was lost: it may have taken effect late
	since   time.Time // when its first call was begun
	lostAt  time.Time // when its last lost call was noticed
	crashed bool      // it was lost by the end of this program, which counts as no try
	refusal *RowError // the org's last word, for a row that is settled as not done
	userID  string    // the user, once it exists
}

// open reports whether the row may go into a call now, after a read if it is not fresh.
func (w *work) open(now time.Time) bool {
	return w.phase == phaseOpen || w.phase == phaseWaiting && !w.due.After(now)
}

// fresh reports whether the row needs no read before its call: it was read a moment ago, or its step relies on nothing that is read.
func (w *work) fresh(now time.Time) bool {
	return w.step == StepAssign || w.step == StepGroup || w.step == StepUnfreeze || !w.readAt.IsZero() && now.Sub(w.readAt) <= freshFor
}

// run is one request while it runs. One goroutine, that of loop, owns it; calls and reads run in others and come back as events.
type run struct {
	e     *Engine
	req   Request
	who   Identity // empty until the org let the bot in
	guard Guard
	wake  chan struct{}

	live   []*work // loaded rows that are not closed, by position
	next   int     // first position that is not loaded
	marks  map[int]mark
	sizes  map[sizeKey]*sizer
	stops  map[string]Problem // "profile 00e…" or "account 001…" whose further rows cannot work
	roles  map[string]int     // users made on an account that had no portal roles, by account id
	denied int                // rows refused for the bot's own rights before any row worked

	events   chan event
	flying   int                // calls, reads and slot asks under way
	asks     map[bool]int       // slots asked for and not yet granted, by lock
	asking   context.Context    //nolint:containedctx // of the asks only: they are withdrawn when nothing may be written
	withdraw context.CancelFunc // ends asking
	probing  bool
	entering bool      // the identity is being asked for
	failed   int       // calls and reads that failed in a row
	broken   string    // why the run cannot go on until a person mends the set-up
	calm     time.Time // nothing new is sent before this moment

	leaving bool          // shutting down: nothing new begins
	abandon chan struct{} // closed when the grace of a shutdown is over
	wg      sync.WaitGroup
}

// event is what a call, a read or a slot ask leaves to be done by the loop.
type event struct {
	do   func(context.Context) error
	drop func() // what is to be given back when do is never run; nil: nothing
}

// windowRows is how many rows are loaded at a time, and a third of how many are held: enough for the rows of all slots that are
// under way and read ahead.
const windowRows = 2000

// loop runs the request until it has ended or is blocked (nil), ctx ends (nil), or its memory is in doubt (an error: take it up from
// the journal).
func (r *run) loop(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.asking, r.withdraw = context.WithCancel(ctx)
	defer func() { r.withdraw() }()
	err := r.safely(ctx, r.work)
	cancel() // withdraws the asks for slots
	after, shutdown := context.WithoutCancel(ctx), r.leaving
	err = errors.Join(err, r.safely(after, func(ctx context.Context) error { return r.drain(ctx, err != nil) }))
	r.wg.Wait()
	if err == nil && shutdown && r.req.State.Started() && !r.req.State.Ended() {
		return r.part(after)
	}
	return err
}

// safely makes a panic an error, so that one request cannot take the others down.
func (r *run) safely(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in the run: %v\n%s", p, debug.Stack())
		}
	}()
	return f(ctx)
}

// work is the loop itself.
func (r *run) work(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		wait, err := r.step(ctx)
		if err != nil || r.over() {
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
		case ev := <-r.events:
			r.flying--
			if err := ev.handle(ctx); err != nil {
				return err
			}
		}
	}
	r.leaving = true
	return nil
}

// over reports whether there is nothing for a run to do: it has ended, or a person must decide first.
func (r *run) over() bool {
	return r.req.State.Ended() || r.req.State == StateBlocked && r.req.StopBy == ""
}

// drain waits for what is under way, at most Options.Grace, and saves the results that arrive. After that the calls are abandoned:
// their rows stay attempting. Once the memory is in doubt nothing is saved any more; reading will settle those rows.
func (r *run) drain(ctx context.Context, doubt bool) (err error) {
	r.leaving = true
	grace := time.NewTimer(r.e.opts.Grace)
	defer grace.Stop()
	defer func() { // a handler panicked: nothing may wait for this loop for ever
		if r.flying > 0 {
			r.leave()
		}
		for ; r.flying > 0; r.flying-- {
			(<-r.events).release()
		}
	}()
	for r.flying > 0 {
		select {
		case <-grace.C:
			r.leave()
			r.e.log.Warn("calls to the org are still under way and were left behind", "request", r.req.ID, "calls", r.flying)
		case ev := <-r.events:
			r.flying--
			if doubt {
				ev.release()
				continue
			}
			if err = ev.handle(ctx); err != nil {
				doubt = true
			}
		}
	}
	return err
}

// handle does what is to be done. A panic gives back what it would have used.
func (ev event) handle(ctx context.Context) error {
	defer func() {
		if p := recover(); p != nil {
			ev.release()
			panic(p)
		}
	}()
	return ev.do(ctx)
}

func (ev event) release() {
	if ev.drop != nil {
		ev.drop()
	}
}

// leave ends the calls that are still under way.
func (r *run) leave() {
	select {
	case <-r.abandon:
	default:
		close(r.abandon)
	}
}

// part saves that the process goes while the request is under way, so that the thread says so.
func (r *run) part(ctx context.Context) error {
	n := 0
	for _, w := range r.live {
		if w.phase == phaseFlying || w.phase == phaseLost || w.phase == phaseSettling {
			n++
		}
	}
	return r.commit(ctx, Parted{Attempting: n})
}

// spawn runs f in a goroutine; the event that it returns is handled by the loop. A shutdown does not end f's context until its
// grace is over. A panic in f puts the run's memory in doubt, and nothing else.
func (r *run) spawn(ctx context.Context, f func(context.Context) event) {
	r.flying++
	r.wg.Go(func() {
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			select {
			case <-r.abandon:
				cancel()
			case <-ctx.Done():
			}
		}()
		var ev event
		if err := r.safely(ctx, func(ctx context.Context) error { ev = f(ctx); return nil }); err != nil {
			ev = event{do: func(context.Context) error { return err }}
		}
		cancel()
		<-gone
		r.events <- ev
	})
}

// step starts all that can be started now and returns how long to wait for the clock if nothing else happens.
func (r *run) step(ctx context.Context) (time.Duration, error) {
	for _, part := range []func(context.Context) error{r.hold, r.load, r.closeStopped, r.allOrNone} {
		if err := part(ctx); err != nil {
			return 0, err
		}
	}
	if done, err := r.finish(ctx); done || err != nil {
		return 0, err
	}
	now := r.e.now()
	if !r.writes(now) {
		r.withdrawAsks(ctx)
	}
	if now.Before(r.calm) {
		return r.calm.Sub(now), nil
	}
	if r.who.UserID == "" {
		r.enter(ctx)
		return r.e.opts.RecheckEvery, nil
	}
	r.settleDue(ctx, now)
	if r.writes(now) {
		r.ask(ctx, now)
		r.readAhead(ctx, now)
	}
	return r.idle(now), nil
}

// writes reports whether new calls may begin.
func (r *run) writes(now time.Time) bool {
	return r.req.State == StateRunning && r.req.StopBy == "" && r.broken == "" && !r.leaving && !now.Before(r.calm)
}

// idle is the time to the next moment at which a row falls due.
func (r *run) idle(now time.Time) time.Duration {
	wait := r.e.opts.RecheckEvery
	for _, w := range r.live {
		if w.phase == phaseWaiting && w.due.After(now) || w.phase == phaseLost {
			wait = min(wait, w.due.Sub(now))
		}
	}
	if r.req.State == StatePaused && !r.req.Hold.Until.IsZero() {
		wait = min(wait, r.req.Hold.Until.Sub(now))
	}
	return max(wait, time.Millisecond)
}

// ending reports whether the run only waits for what is under way.
func (r *run) ending() bool { return r.broken != "" || r.req.StopBy != "" }

// load takes further rows from the plan while there is room for them. Of a run that is ending it takes those that were begun before a
// restart, wherever they stand.
func (r *run) load(ctx context.Context) error {
	total := r.req.Plan.Summary.Rows
	for r.next < total && (!r.ending() && len(r.live) < 2*windowRows || r.ending() && len(r.marks) > 0) {
		rows, err := r.e.store.PlanRows(ctx, r.req.Plan.ID, r.next, windowRows)
		if err != nil {
			return fmt.Errorf("read the plan of %s: %w", r.req.ID, err)
		}
		if len(rows) == 0 {
			return fmt.Errorf("the plan of %s ends at row %d of %d", r.req.ID, r.next, total)
		}
		for _, row := range rows {
			if w := r.resume(row); w != nil && (!r.ending() || w.begun()) {
				r.live = append(r.live, w)
			}
		}
		r.next += len(rows)
	}
	return nil
}

// begun reports whether the org has, or may have, something of the row that must be told.
func (w *work) begun() bool {
	return w.phase == phaseLost || w.step != StepUser && w.step != StepContact
}

// finish ends the run when nothing is left to do, or blocks it when all that is left is for a person to decide, and reports whether
// it did.
func (r *run) finish(ctx context.Context) (bool, error) {
	if r.flying > 0 {
		return false, nil
	}
	doubt := slices.ContainsFunc(r.live, func(w *work) bool { return w.phase == phaseLost })
	if doubt {
		return false, nil
	}
	ends := r.ending()
	if !ends && (len(r.live) > 0 || r.next < r.req.Plan.Summary.Rows) {
		return false, nil
	}
	if ends {
		if err := r.closeFollowUps(ctx); err != nil {
			return false, err
		}
	}
	switch {
	case r.broken != "":
		return true, r.commit(ctx, Broken{Reason: r.broken})
	case !ends && r.req.Progress.Counts[StatusUnknown] > 0:
		return true, r.commit(ctx, Blocked{Hold{Code: HoldUnknown, Reason: "what became of some rows cannot be read in Salesforce"}})
	}
	return true, r.commit(ctx, Finished{})
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
