package provisioning

import (
	"context"
	"errors"
	"slices"
	"time"
)

// takesLock reports whether the row's next call takes the org's group-membership lock.
func (w *work) takesLock() bool { return w.row.TakesLock && w.step == StepUser }

// lane is 1 for calls that take the group-membership lock and go one after another, 0 for those that go side by side.
func lane(lock bool) int {
	if lock {
		return 1
	}
	return 0
}

// ask asks the scheduler for as many slots as there are calls to make. Rows that are being read ahead are asked for when they are
// there.
func (r *run) ask(ctx context.Context, now time.Time) {
	var rows, size [2]int
	var reading [2]bool
	held := r.heldBack(now)
	for _, w := range r.live {
		l := lane(w.takesLock())
		switch {
		case w.phase == phaseReading:
			reading[l] = true
		case w.open(now) && (!held || w.step != StepUser):
			rows[l]++
			size[l] = r.size(w)
		}
	}
	for l, n := range rows {
		lock := l == 1
		if n == 0 {
			continue
		}
		want := n / size[l]
		if n%size[l] > 0 && !reading[l] {
			want++
		}
		for want = min(want, r.slots(lock)); r.asks[lock] < want; {
			r.asks[lock]++
			r.spawn(ctx, r.asker(lock))
		}
	}
}

// asker waits for a slot.
func (r *run) asker(lock bool) func(context.Context) event {
	asking, id, sched := r.asking, r.req.ID, r.e.sched
	return func(context.Context) event {
		slot, err := sched.Acquire(asking, id, lock)
		if err != nil { // withdrawn
			return event{do: func(context.Context) error { r.asks[lock]--; return nil }}
		}
		return event{
			do:   func(ctx context.Context) error { r.asks[lock]--; return r.granted(ctx, slot, lock) },
			drop: slot.Release,
		}
	}
}

// withdrawAsks takes back the asks for slots: nothing may be written now, and a run that ends does not wait for a slot first.
func (r *run) withdrawAsks(ctx context.Context) {
	if r.asks[true]+r.asks[false] == 0 {
		return
	}
	r.withdraw()
	r.asking, r.withdraw = context.WithCancel(ctx)
}

// grant is a slot with the rows that are to go through it.
type grant struct {
	slot  *Slot
	chunk []*work
}

func (g *grant) release() {
	if g != nil {
		g.slot.Release()
	}
}

// onPanic is deferred by what holds a grant: a panic does not keep the slot for ever.
func (g *grant) onPanic() {
	if p := recover(); p != nil {
		g.release()
		panic(p)
	}
}

// granted uses a slot: rows that are fresh go at once, others are read with the slot in hand, so that no row waits for its turn
// only to be too old when it comes.
func (r *run) granted(ctx context.Context, slot *Slot, lock bool) error {
	now := r.e.now()
	if !r.writes(now) {
		slot.Release()
		return nil
	}
	chunk, full := r.pick(lock, now, !r.req.Terms.AllOrNone)
	reading := slices.ContainsFunc(r.live, func(w *work) bool { return w.phase == phaseReading && w.takesLock() == lock })
	if !full && (len(chunk) == 0 || !reading) {
		chunk, _ = r.pick(lock, now, false)
	}
	if len(chunk) == 0 {
		slot.Release()
		return nil
	}
	var old []*work
	for _, w := range chunk {
		if !w.fresh(now) {
			old = append(old, w)
		}
	}
	g := &grant{slot, chunk}
	if len(old) == 0 {
		return r.send(ctx, g)
	}
	for _, w := range chunk { // also the fresh ones: they belong to this call now
		w.phase = phaseReading
	}
	r.read(ctx, chunk, g)
	return nil
}

// send saves the intent of a granted call and only then makes it. Rows that were closed since they were picked are left out.
func (r *run) send(ctx context.Context, g *grant) error {
	if g == nil {
		return nil
	}
	now := r.e.now()
	before := len(g.chunk)
	g.chunk = slices.DeleteFunc(g.chunk, func(w *work) bool {
		if w.open(now) && !w.fresh(now) {
			r.sizer(w).halve(before) // reading so many took too long
		}
		return !w.open(now) || !w.fresh(now)
	})
	incomplete := r.req.Terms.AllOrNone && len(g.chunk) < before
	if len(g.chunk) == 0 || incomplete || !r.writes(now) {
		g.release()
		return nil
	}
	if sw, err := r.e.store.Switch(ctx); err != nil || sw.On {
		g.release()
		return err
	}
	// What was read may have moved a row on (its contact was adopted): then its call is of another kind.
	kind := g.chunk[0].callKind()
	g.chunk = slices.DeleteFunc(g.chunk, func(w *work) bool { return w.callKind() != kind })
	chunk := g.chunk
	call, step := r.req.Progress.Calls+1, chunk[0].step
	intent := make([]RowRecord, len(chunk))
	for i, w := range chunk {
		intent[i] = RowRecord{Pos: w.row.Pos}
	}
	// If we stop after this line the rows are attempting: the next start reads the org before it does anything with them.
	if err := r.commit(ctx, Called{Call: call}, entries(Entry{Intent: true, Call: call, Step: step, At: now}, intent)...); err != nil {
		g.release()
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
	terms, org := r.req.Terms, r.e.org
	r.spawn(ctx, func(ctx context.Context) event {
		defer g.onPanic()
		results, err := write(ctx, org, terms, chunk)
		took := r.e.now().Sub(now)
		return event{
			// The slot is free before the results are saved, and not before they are known: a call of this request that waits for it
			// is made by this loop, after them.
			do:   func(ctx context.Context) error { g.release(); return r.answered(ctx, call, chunk, results, took, err) },
			drop: g.release,
		}
	})
	return nil
}

// pick chooses the rows of the next call: the first open row says what kind of call it is, and others of that kind join in
// execution order. The rows of one account stay together while they fit. full says that the call is as large as it can be.
func (r *run) pick(lock bool, now time.Time, freshOnly bool) (chunk []*work, full bool) {
	held := r.heldBack(now)
	may := func(w *work) bool {
		return w.open(now) && w.takesLock() == lock && (!freshOnly || w.fresh(now)) && (!held || w.step != StepUser) &&
			(len(chunk) == 0 || w.callKind() == chunk[0].callKind())
	}
	size := 0
	for i := 0; i < len(r.live); {
		w := r.live[i]
		if !may(w) {
			i++
			continue
		}
		if len(chunk) == 0 {
			size = r.size(w)
		}
		group, next := r.account(i, may)
		if len(chunk) > 0 && weight(chunk)+weight(group) > size {
			return chunk, true
		}
		chunk = append(chunk, group...)
		for len(chunk) > 1 && weight(chunk) > size {
			chunk = chunk[:len(chunk)-1]
		}
		if weight(chunk) >= size {
			return chunk, true
		}
		i = next
	}
	return chunk, false
}

// heldBack reports whether the rows' own calls of an all-or-none request must wait, because one of the rows is not open for it yet.
func (r *run) heldBack(now time.Time) bool {
	return r.req.Terms.AllOrNone && slices.ContainsFunc(r.live, func(w *work) bool {
		return w.step == StepContact || w.step == StepUser && !w.open(now)
	})
}

// account collects the rows that may go, of the account of row i and from there on, and says where the next account begins.
func (r *run) account(i int, may func(*work) bool) (group []*work, next int) {
	first := r.live[i]
	next = i
	for ; next < len(r.live) && r.live[next].row.AccountID == first.row.AccountID; next++ {
		w := r.live[next]
		if len(group) < MaxWrite && may(w) && (len(group) == 0 || w.callKind() == first.callKind()) {
			group = append(group, w)
		}
	}
	return group, next
}

// weight is the number of records that rows put into a call.
func weight(chunk []*work) int {
	n := 0
	for _, w := range chunk {
		switch w.step {
		case StepAssign, StepGroup:
			n += len(w.targets())
		default:
			n++
		}
	}
	return n
}

// callKind separates rows that cannot share a call: they are of different steps, which the journal tells apart, or of different calls.
func (w *work) callKind() string {
	if w.step != StepUser {
		return "step " + string(w.step)
	}
	switch w.row.Action {
	case ActionReactivate, ActionDeactivate, ActionDisable, ActionEnable:
		return "update"
	default:
		return string(w.row.Action)
	}
}

// write makes the call. Results are in the order of the chunk. It runs beside the loop and only reads the chunk.
func write(ctx context.Context, org Org, t Terms, chunk []*work) ([]SaveResult, error) {
	switch chunk[0].step {
	case StepContact:
		return org.CreateContacts(ctx, each(chunk, func(w *work) Record { return Record{Fields: w.row.NewContact} }))
	case StepAssign, StepGroup:
		return assign(ctx, org, chunk)
	case StepUnfreeze:
		return org.SetFrozen(ctx, each(chunk, func(w *work) string { return w.row.UserID }), false)
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
		pairs = append(pairs, w.pairs()...)
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
			if i < len(results) && results[i].Error != nil && out[n].Error == nil {
				out[n] = SaveResult{Error: results[i].Error}
			}
			i++
		}
	}
	return out, nil
}

// targets are what the row's assign or group step joins.
func (w *work) targets() []Ref {
	switch w.step {
	case StepAssign:
		return w.row.PermissionSets
	case StepGroup:
		return w.row.Groups
	}
	return nil
}

func (w *work) pairs() []Assignment {
	return each(w.targets(), func(t Ref) Assignment { return Assignment{UserID: w.userID, TargetID: t.ID} })
}

func each[S, T any](in []S, f func(S) T) []T {
	out := make([]T, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}
