package provisioning

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Sizes of write calls. Orgs are known that make 500 role-based users an hour (facts §4), so those calls start small and follow
// the measured time.
const (
	firstHighVolume = MaxWrite
	firstRoleBased  = 60
	aimPerCall      = 60 * time.Second
	maxTries        = 6 // of one row before its last error is its result
	failuresToPause = 3 // calls or reads that failed in a row before the run says that the org is down
)

// sizeKey separates rows whose calls take different time.
type sizeKey struct {
	roleBased bool
	step      Step
}

// sizer chooses how many rows a call takes.
type sizer struct{ n int }

// took follows the measured time per row towards aimPerCall, at most doubling at a time.
func (s *sizer) took(rows int, d time.Duration) {
	if rows < s.n/2 || d <= 0 {
		return // a small last call says little
	}
	fit := int(float64(rows) * float64(aimPerCall) / float64(d))
	s.n = min(max(fit, 1), s.n*2, MaxWrite)
}

// halve is the answer to a lock or a timeout.
func (s *sizer) halve() { s.n = max(1, s.n/2) }

func (r *run) sizer(w *work) *sizer {
	k := sizeKey{w.row.RoleBased, w.step}
	s := r.sizes[k]
	if s == nil {
		s = &sizer{n: firstHighVolume}
		if k.roleBased && k.step == StepUser {
			s.n = firstRoleBased
		}
		if w.step == StepUser && w.row.Action == ActionResend {
			s.n = 1
		}
		r.sizes[k] = s
	}
	if w.step == StepUser && w.row.Action == ActionResend {
		s.n = 1
	}
	return s
}

// takesLock reports whether the row's next call takes the org's group-membership lock.
func (w *work) takesLock() bool { return w.row.TakesLock && w.step == StepUser }

// reread reads the next loaded rows again, so that what changed since the plan is held and not run.
func (r *run) reread(ctx context.Context, now time.Time) {
	ready, reading := 0, false
	var batch []*work
	for _, w := range r.live {
		switch {
		case w.phase == phaseReading:
			reading = true
		case w.mayWrite(now):
			ready++
		case w.phase == phaseLoaded, w.phase == phaseReady, w.phase == phaseWaiting && !w.due.After(now):
			if len(batch) < windowRows {
				batch = append(batch, w)
			}
		}
	}
	if reading || len(batch) == 0 || ready >= r.e.opts.Parallel*MaxWrite {
		return
	}
	batch = slices.DeleteFunc(batch, func(w *work) bool {
		if w.step == StepAssign || w.step == StepGroup { // relies on nothing that was read
			w.phase = phaseReady
			return true
		}
		return false
	})
	if len(batch) == 0 {
		return
	}
	rows := make([]PlanRow, len(batch))
	for i, w := range batch {
		w.phase = phaseReading
		rows[i] = w.row
	}
	r.spawn(ctx, func(ctx context.Context) handler {
		seen, err := ReadRows(ctx, r.e.org, rows)
		return func(ctx context.Context) error { return r.reReadDone(ctx, batch, seen, now, err) }
	})
}

// reReadDone holds the rows that drifted and lets the others be written. A row whose earlier create was lost, and that turns out to
// have taken effect late after all, is adopted here.
func (r *run) reReadDone(ctx context.Context, batch []*work, seen Seen, began time.Time, err error) error {
	if err != nil {
		for _, w := range batch {
			w.phase = phaseLoaded
		}
		return r.callFailed(ctx, err)
	}
	r.failed = 0
	var out []RowRecord
	for _, w := range batch {
		w.phase, w.readAt = phaseReady, began
		if w.doubt {
			if s := Settle(w.row, seen, r.who.UserID, w.since); s.Done {
				out = append(out, r.adopt(w, s))
				continue
			}
		}
		if w.step != StepUser {
			continue
		}
		if p := Drift(w.row, seen, r.who); !p.IsZero() {
			out = append(out, RowRecord{Pos: w.row.Pos, Status: StatusHeld, Code: p.Code, Text: p.Text, Fix: p.Fix})
			w.phase = phaseClosed
		}
	}
	r.sweepClosed()
	return r.record(ctx, 0, StepUser, out)
}

// ask asks the scheduler for as many slots as there are calls to make.
func (r *run) ask(ctx context.Context, now time.Time) {
	var rows [2]int
	var size [2]int
	for _, w := range r.live {
		if w.mayWrite(now) {
			l := lane(w.takesLock())
			rows[l]++
			size[l] = r.sizer(w).n
		}
	}
	for l, n := range rows {
		if n == 0 {
			continue
		}
		lock := l == 1
		want := min((n+size[l]-1)/size[l], r.e.opts.Parallel)
		if lock {
			want = 1
		}
		for r.asks[lock] < want {
			r.asks[lock]++
			asking, id := ctx, r.req.ID // asking ends with the loop, so that a shutdown withdraws the ask
			r.spawn(ctx, func(context.Context) handler {
				slot, err := r.e.sched.Acquire(asking, id, lock)
				return func(ctx context.Context) error {
					r.asks[lock]--
					if err != nil {
						return nil //nolint:nilerr // the loop is ending
					}
					return r.granted(ctx, slot, lock)
				}
			})
		}
	}
}

func lane(lock bool) int {
	if lock {
		return 1
	}
	return 0
}

// granted uses a slot: it saves the intent and only then makes the call.
func (r *run) granted(ctx context.Context, slot *Slot, lock bool) error {
	now := r.e.now()
	chunk := r.pick(lock, now)
	if len(chunk) == 0 || !r.writes() || now.Before(r.calm) {
		slot.Release()
		return nil
	}
	call, step := r.req.Progress.Calls+1, chunk[0].step
	intent := make([]RowRecord, len(chunk))
	for i, w := range chunk {
		intent[i] = RowRecord{Pos: w.row.Pos}
	}
	var entries []Entry
	for part := range slices.Chunk(intent, entryRows) {
		entries = append(entries, Entry{Intent: true, Call: call, Step: step, At: now, Rows: part})
	}
	// If we stop after this line the rows are attempting: the next start reads the org before it does anything with them.
	if err := r.commit(ctx, Called{Call: call}, entries...); err != nil {
		slot.Release()
		var move *MoveError
		if errors.As(err, &move) {
			return nil // stopped or paused in the same moment
		}
		return err
	}
	for _, w := range chunk {
		w.phase = phaseFlying
		if w.since.IsZero() {
			w.since = now
		}
	}
	terms := r.req.Terms
	r.spawn(ctx, func(ctx context.Context) handler {
		results, err := send(ctx, r.e.org, terms, chunk)
		slot.Release()
		took := r.e.now().Sub(now)
		return func(ctx context.Context) error { return r.answered(ctx, call, chunk, results, took, err) }
	})
	return nil
}

// pick chooses the rows of the next call: the first row that may be written says what kind of call it is, and others of that kind
// join in execution order. The rows of one account stay together while they fit.
func (r *run) pick(lock bool, now time.Time) []*work {
	var chunk []*work
	size := 0
	for i := 0; i < len(r.live); {
		w := r.live[i]
		if !w.mayWrite(now) || w.takesLock() != lock || len(chunk) > 0 && w.callKind() != chunk[0].callKind() {
			i++
			continue
		}
		if len(chunk) == 0 {
			size = r.sizer(w).n
			if r.req.Terms.AllOrNone {
				size = MaxWrite
			}
		}
		group := r.account(i, lock, now)
		if len(chunk) > 0 && weight(chunk)+weight(group) > size {
			break
		}
		chunk = append(chunk, group...)
		for len(chunk) > 1 && weight(chunk) > size {
			chunk = chunk[:len(chunk)-1]
		}
		if weight(chunk) >= size {
			break
		}
		for i < len(r.live) && r.live[i].row.AccountID == w.row.AccountID {
			i++
		}
	}
	return chunk
}

// account collects the rows of the same account and kind from i on.
func (r *run) account(i int, lock bool, now time.Time) []*work {
	first := r.live[i]
	var group []*work
	for _, w := range r.live[i:] {
		if w.row.AccountID != first.row.AccountID || len(group) >= MaxWrite {
			break
		}
		if w.mayWrite(now) && w.takesLock() == lock && w.callKind() == first.callKind() {
			group = append(group, w)
		}
	}
	return group
}

// weight is the number of records that rows put into a call.
func weight(chunk []*work) int {
	n := 0
	for _, w := range chunk {
		switch w.step {
		case StepAssign:
			n += len(w.row.PermissionSets)
		case StepGroup:
			n += len(w.row.Groups)
		default:
			n++
		}
	}
	return n
}

// callKind separates rows that cannot share a call.
func (w *work) callKind() string {
	if w.step != StepUser {
		return string(w.step)
	}
	switch w.row.Action {
	case ActionReactivate, ActionDeactivate, ActionDisable, ActionEnable:
		return "update"
	default:
		return string(w.row.Action)
	}
}

// send makes the call. Results are in the order of the chunk.
func send(ctx context.Context, org Org, t Terms, chunk []*work) ([]SaveResult, error) {
	switch chunk[0].step {
	case StepContact:
		return org.CreateContacts(ctx, each(chunk, func(w *work) Record { return Record{Fields: w.row.NewContact} }))
	case StepAssign, StepGroup:
		return assign(ctx, org, chunk)
	}
	o := WriteOptions{
		UserEmail: t.Mail == MailHeader && chunk[0].row.Action == ActionCreate,
		AllOrNone: t.AllOrNone,
	}
	switch chunk[0].callKind() {
	case string(ActionCreate):
		return org.CreateUsers(ctx, each(chunk, func(w *work) Record { return Record{Fields: w.row.Fields} }), o)
	case "update":
		return org.UpdateUsers(ctx, each(chunk, func(w *work) Record { return Record{ID: w.row.UserID, Fields: w.row.Fields} }), o)
	case string(ActionFreeze), string(ActionUnfreeze):
		frozen := chunk[0].row.Action == ActionFreeze
		return org.SetFrozen(ctx, each(chunk, func(w *work) string { return w.row.UserID }), frozen)
	default: // resend
		w := chunk[0]
		if err := org.ResetPassword(ctx, w.row.UserID); err != nil {
			return nil, err
		}
		return []SaveResult{{ID: w.row.UserID}}, nil
	}
}

// assign makes the pairs of all rows in one call and gives each row its first error.
func assign(ctx context.Context, org Org, chunk []*work) ([]SaveResult, error) {
	var pairs []Assignment
	for _, w := range chunk {
		for _, ref := range w.targets() {
			pairs = append(pairs, Assignment{UserID: w.userID, TargetID: ref.ID})
		}
	}
	results, err := org.Assign(ctx, chunk[0].step, pairs)
	if err != nil {
		return nil, err
	}
	out := make([]SaveResult, len(chunk))
	i := 0
	for n, w := range chunk {
		out[n].ID = w.userID
		for range w.targets() {
			if res := results[i]; res.Error != nil && out[n].Error == nil {
				out[n] = SaveResult{Error: res.Error}
			}
			i++
		}
	}
	return out, nil
}

// targets are what the row's assign or group step joins.
func (w *work) targets() []Ref {
	if w.step == StepGroup {
		return w.row.Groups
	}
	return w.row.PermissionSets
}

func each[T any](chunk []*work, f func(*work) T) []T {
	out := make([]T, len(chunk))
	for i, w := range chunk {
		out[i] = f(w)
	}
	return out
}
