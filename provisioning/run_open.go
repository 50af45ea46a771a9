package provisioning

import (
	"context"
	"fmt"
	"time"
)

// mark is what the journal tells of one row: how far it came before this process took the run up.
type mark struct {
	done      [stepsInAll]bool // steps that have a result
	closed    bool             // the row's own result is there and it is not a success
	attempted Step             // step of an intent that has no outcome yet
	tries     int
	doubt     bool      // a call of this step was lost and shown to be absent
	since     time.Time // first intent
	contactID string
	userID    string
}

// stepsInAll is the number of steps that a row can have.
const stepsInAll = 5

func stepIndex(s Step) int {
	switch s {
	case StepContact:
		return 0
	case StepUser:
		return 1
	case StepUnfreeze:
		return 2
	case StepAssign:
		return 3
	default:
		return 4
	}
}

// open builds a run from what is stored: the request, its plan and its journal. It returns nil when there is nothing to run. It
// refuses to run a plan whose stored rows do not give the digest that was approved. resumed says that this process left the request
// with nothing under way (it waited for a person), so that taking it up is no restart.
func (e *Engine) open(ctx context.Context, id string, wake chan struct{}, resumed bool) (*run, error) {
	req, err := e.store.Request(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read request %s: %w", id, err)
	}
	if req.State != StateApproved && (!req.State.Started() || req.State.Ended()) {
		return nil, nil //nolint:nilnil // ended in the meantime: no run and no error
	}
	r := &run{
		e: e, req: req, wake: wake,
		marks: map[int]mark{}, sizes: map[sizeKey]*sizer{}, stops: map[string]Problem{}, roles: map[string]int{},
		events: make(chan event), asks: map[bool]int{}, abandon: make(chan struct{}),
	}
	if err := r.verify(ctx); err != nil {
		return nil, err
	}
	if r.req.State.Ended() {
		return nil, nil //nolint:nilnil // the plan was not the approved one: failed
	}
	if req.State == StateApproved {
		return r, r.commit(ctx, Started{})
	}
	return r, r.replay(ctx, resumed)
}

// verify recomputes the digest over the stored rows: what was approved is what runs.
func (r *run) verify(ctx context.Context) error {
	d := NewDigester(r.req.Terms)
	total := r.req.Plan.Summary.Rows
	for pos := 0; pos < total; {
		rows, err := r.e.store.PlanRows(ctx, r.req.Plan.ID, pos, windowRows)
		if err != nil {
			return fmt.Errorf("read the plan of %s: %w", r.req.ID, err)
		}
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			d.Add(row)
		}
		pos += len(rows)
	}
	if d.Sum() == r.req.Plan.Digest {
		return nil
	}
	r.e.log.Error("the stored plan is not the one that was approved", "request", r.req.ID)
	if r.req.State == StateApproved {
		if err := r.commit(ctx, Started{}); err != nil {
			return err
		}
	}
	return r.commit(ctx, Broken{Reason: "The stored plan is not the one that was approved, so nothing of it was run. Send the file again."})
}

// replay reads the journal. Rows with an intent and no outcome were attempting when the process died: they are settled by reading,
// and absence counts from now, because the org may have got their call in the last moment.
func (r *run) replay(ctx context.Context, resumed bool) error {
	for entry, err := range r.e.store.Journal(ctx, r.req.ID, 1) {
		if err != nil {
			return fmt.Errorf("read the journal of %s: %w", r.req.ID, err)
		}
		for _, rec := range entry.Rows {
			m := r.marks[rec.Pos]
			m.note(entry, rec)
			r.marks[rec.Pos] = m
		}
	}
	rechecked := 0
	for _, m := range r.marks {
		if m.attempted != "" {
			rechecked++
		}
	}
	if resumed && rechecked == 0 {
		return nil
	}
	return r.commit(ctx, Restarted{Rechecked: rechecked})
}

// Codes of journal records of rows that stay open.
const (
	codeNotSent  = "NOT_SENT" // the call was turned away as a whole: it counts as no try
	codeAbsent   = "ABSENT"   // reading showed that the call had no effect
	codeCrashed  = "CRASHED"  // the same for a call that this program left behind: no fault of the org's, so it counts as no try
	codeReopened = "REOPENED" // a person decided to try an unknown row again
)

// note adds one record to what is known of its row.
func (m *mark) note(entry Entry, rec RowRecord) {
	if entry.Intent {
		m.attempted = entry.Step
		if m.since.IsZero() {
			m.since = entry.At
		}
		return
	}
	m.attempted = ""
	switch {
	case rec.Status == StatusOpen && rec.Code == codeReopened:
		*m = mark{contactID: m.contactID}
		m.done[stepIndex(StepContact)] = m.contactID != ""
		return
	case rec.Status == StatusOpen && rec.Code == codeNotSent:
		return
	case rec.Status == StatusOpen:
		m.doubt = m.doubt || rec.Code == codeAbsent || rec.Code == codeCrashed
		if rec.Code != codeCrashed {
			m.tries++
		}
		return
	}
	m.tries, m.doubt = 0, false
	m.done[stepIndex(entry.Step)] = true
	switch {
	case entry.Step == StepContact && rec.Status.Succeeded():
		m.contactID = rec.ID
	case entry.Step == StepUser && rec.Status.Succeeded():
		m.userID = rec.ID
	case entry.Step == StepUser, entry.Step == StepContact:
		m.closed = true
	}
}

// resume makes the work that is left of a plan row, nil when there is none.
func (r *run) resume(row PlanRow) *work {
	if !row.Action.Runs() {
		return nil
	}
	m, seen := r.marks[row.Pos]
	delete(r.marks, row.Pos)
	if m.closed {
		return nil
	}
	if r.roles[row.AccountID] >= rolesExistAfter && gainsRole(row.Action) {
		row.TakesLock = false
	}
	w := &work{row: row, step: StepUser, tries: m.tries, since: m.since, userID: m.userID}
	if len(row.NewContact) > 0 {
		w.step = StepContact
	}
	if !seen {
		return w
	}
	if m.contactID != "" {
		w.setContact(m.contactID)
	}
	for m.done[stepIndex(w.step)] {
		next := w.nextStep()
		if next == "" {
			return nil
		}
		w.step = next
	}
	w.doubt = m.doubt
	if m.attempted != "" {
		w.lose(r.e.now())
		w.crashed = true
	}
	return w
}
