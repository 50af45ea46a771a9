package provisioning

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// Options tune a run. The zero value means the defaults.
type Options struct {
	Parallel       int             // write calls side by side where the org takes no lock; default 5
	SettleAfter    time.Duration   // how long a create whose answer was lost may still take effect; default 2 m
	Grace          time.Duration   // how long a shutdown waits for the calls in flight; default 8 s
	Backoff        []time.Duration // waits before tries 2, 3, ... of a row or call; default 2, 5, 15, 40, 90 s
	ReservePercent int             // share of the org's daily API requests that is left to others; default 10, negative for none
	RecheckEvery   time.Duration   // how often a paused run looks whether it may go on; default 1 m
	SweepEvery     time.Duration   // how often expiries and scheduled starts are looked for; default 30 s

	// Portals are the portals as they are configured now, by name. Whom they protect is asked again right before each write.
	Portals map[string]Portal
}

// freshFor is how old a re-read may be when its row is written, see DESIGN "the run".
const freshFor = 60 * time.Second

func (o Options) withDefaults() Options {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	if o.Parallel <= 0 {
		o.Parallel = 5
	}
	def(&o.SettleAfter, 2*time.Minute)
	def(&o.Grace, 8*time.Second)
	def(&o.RecheckEvery, time.Minute)
	def(&o.SweepEvery, 30*time.Second)
	if len(o.Backoff) == 0 {
		o.Backoff = []time.Duration{2 * time.Second, 5 * time.Second, 15 * time.Second, 40 * time.Second, 90 * time.Second}
	}
	if o.ReservePercent == 0 {
		o.ReservePercent = 10
	}
	return o
}

// backoff is the jittered wait before try n+1, where n tries failed. The last wait of the table repeats.
func (o Options) backoff(n int) time.Duration {
	d := o.Backoff[min(max(n, 1), len(o.Backoff))-1]
	return d + time.Duration(rand.Int64N(int64(d)/4+1)) //nolint:gosec // jitter needs no secrecy
}

// Engine runs approved requests: one goroutine a request, all of them asking one Scheduler for write slots.
type Engine struct {
	store Store
	org   Org
	sched *Scheduler
	opts  Options
	now   func() time.Time
	log   *slog.Logger

	wake chan struct{} // something may have become runnable

	mu   sync.Mutex // guards what is below
	runs map[string]chan struct{}
	left map[string]bool // requests that wait for a person, with nothing of this process under way
}

// NewEngine returns an engine for one org. There must be only one for each org, since it owns the write slots.
func NewEngine(store Store, org Org, o Options, now func() time.Time, log *slog.Logger) *Engine {
	o = o.withDefaults()
	return &Engine{
		store: store, org: org, opts: o, now: now, log: log,
		sched: NewScheduler(o.Parallel, now),
		wake:  make(chan struct{}, 1),
		runs:  map[string]chan struct{}{},
		left:  map[string]bool{},
	}
}

// Wake tells the engine that a request, or the stop switch, has changed. It never blocks.
func (e *Engine) Wake() {
	poke(e.wake)
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range e.runs {
		poke(w)
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run takes up every request that was running, starts those that are approved, and lets the clock expire and start others, until
// ctx ends. Then it waits at most Options.Grace for the calls in flight, saves their results, and returns nil. Rows whose call was
// still in flight stay attempting in the journal and are settled by reading at the next start.
func (e *Engine) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	sweep := time.NewTicker(e.opts.SweepEvery)
	defer sweep.Stop()
	for {
		if err := e.sweep(ctx, &wg); err != nil && ctx.Err() == nil {
			e.log.Error("looking for requests to run failed, trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.wake:
		case <-sweep.C:
		}
	}
}

// sweep looks at every open request once. One that cannot be changed does not keep the others from their turn.
func (e *Engine) sweep(ctx context.Context, wg *sync.WaitGroup) error {
	var errs []error
	for r, err := range e.store.Requests(ctx, Filter{Open: true}) {
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		if err := e.look(ctx, wg, r); err != nil {
			errs = append(errs, fmt.Errorf("request %s: %w", r.ID, err))
		}
	}
	return errors.Join(errs...)
}

// look does what the clock asks of a request.
func (e *Engine) look(ctx context.Context, wg *sync.WaitGroup, r Request) error {
	now := e.now()
	switch {
	case r.State == StatePending && r.expired(now),
		(r.State == StateDraft || r.State == StatePlanning) && now.Sub(r.CreatedAt) > draftLife:
		return e.expire(ctx, r.ID)
	case r.State == StatePending && r.remindDue(now):
		return e.remind(ctx, r.ID)
	case r.State == StateScheduled && !now.Before(r.StartAfter):
		if _, err := change(ctx, e.store, r.ID, e.now, func(Request) (Event, error) { return Due{}, nil }); err != nil && !errors.Is(err, ErrConflict) {
			return err
		}
		e.start(ctx, wg, r.ID)
	case r.State == StateBlocked && r.StopBy == "":
		e.leave(r.ID)
	case r.State == StateApproved || r.State.Started():
		e.start(ctx, wg, r.ID)
	}
	return nil
}

// leave notes that a request waits for a person.
func (e *Engine) leave(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, runs := e.runs[id]; !runs {
		e.left[id] = true
	}
}

// draftLife is how long a plan that was never sent is kept.
const draftLife = 24 * time.Hour

// expire ends a request that nobody decided on or sent.
func (e *Engine) expire(ctx context.Context, id string) error {
	r, err := change(ctx, e.store, id, e.now, func(Request) (Event, error) { return Expired{}, nil })
	if errors.Is(err, ErrConflict) {
		return nil // decided in the same moment
	}
	if err != nil {
		return err
	}
	if r.PendingAt.IsZero() {
		return e.store.DropPlan(ctx, PlanID(id, 1))
	}
	return nil
}

// start runs a request in a goroutine of its own, once.
func (e *Engine) start(ctx context.Context, wg *sync.WaitGroup, id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.runs[id]; ok {
		return
	}
	wake := make(chan struct{}, 1)
	e.runs[id] = wake
	resumed := e.left[id]
	delete(e.left, id)
	wg.Go(func() {
		blocked := e.supervise(ctx, id, wake, resumed)
		e.mu.Lock()
		delete(e.runs, id)
		if blocked {
			e.left[id] = true
		}
		e.mu.Unlock()
		poke(e.wake) // what changed since the run's last look is not missed
	})
}

// supervise runs a request until it ends, is blocked (true), or ctx ends. A failed save, or anything else that leaves the run's memory
// in doubt, drops that memory and takes the request up from the journal, exactly as after a crash.
func (e *Engine) supervise(ctx context.Context, id string, wake chan struct{}, resumed bool) (blocked bool) {
	for n := 1; ; n++ {
		began := e.now()
		state, err := e.runOnce(ctx, id, wake, resumed)
		if err == nil || ctx.Err() != nil {
			if err != nil && !errors.Is(err, context.Canceled) {
				e.log.Error("the end of the run could not be saved; it is taken up at the next start", "request", id, "error", err)
			}
			return state == StateBlocked
		}
		e.log.Error("the run was interrupted and will be taken up from the journal", "request", id, "error", err)
		resumed = false
		if e.now().Sub(began) > time.Minute {
			n = 1
		}
		if !sleep(ctx, e.opts.backoff(n)) {
			return false
		}
	}
}

// runOnce loads the request and runs it. It returns the state in which it left it.
func (e *Engine) runOnce(ctx context.Context, id string, wake chan struct{}, resumed bool) (State, error) {
	r, err := e.open(ctx, id, wake, resumed)
	if err != nil || r == nil {
		return "", err
	}
	err = r.loop(ctx)
	return r.req.State, err
}

// sleep waits and reports whether the time passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// changeTries bounds how often a change is decided anew because someone else changed the request in the same moment.
const changeTries = 8

// change reads a request, asks decide for the event, applies and commits it; when someone else was quicker it starts over with what
// is stored by then. decide may refuse with an error of its own.
func change(ctx context.Context, s Store, id string, now func() time.Time, decide func(Request) (Event, error)) (Request, error) {
	var err error
	for range changeTries {
		var r Request
		if r, err = s.Request(ctx, id); err != nil {
			return Request{}, err
		}
		var ev Event
		if ev, err = decide(r); err != nil {
			return r, err
		}
		var c Commit
		if c, err = Apply(r, ev, now()); err != nil {
			return r, err
		}
		if r, err = s.Commit(ctx, c); err == nil {
			return r, nil
		}
		if !errors.Is(err, ErrConflict) {
			return Request{}, err
		}
	}
	return Request{}, err
}

// PlanID is the store's key for the n-th plan of a request.
func PlanID(request string, n int) string { return fmt.Sprintf("%s.%d", request, n) }
