package provisioning

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Event is something that happened to a request. Apply says what it means for the request's state.
type Event interface{ name() string }

// The events. Each says who may cause it; who is allowed to is checked before (see CheckApproval and CheckOwner).
type (
	// Proposed starts a request: its file was read and its plan is being written.
	Proposed struct{}
	// Planned freezes the plan. The request is a draft that only its requester sees.
	Planned struct{ Plan Plan }
	// Sent asks the approvers. Its requester does it.
	Sent struct {
		Required   int
		ExpiresAt  time.Time // zero: never
		RemindAt   time.Time // zero: never
		StartAfter time.Time // zero: as soon as it is approved
	}
	// Approved is one approver's yes. The last one needed makes the request run.
	Approved struct{ Approval Approval }
	// Denied is one approver's no, with a reason.
	Denied struct{ Person, Reason string }
	// Expired is the clock's no. A timeout never approves.
	Expired struct{}
	// Cancelled ends a request that has not begun to run.
	Cancelled struct{ Person, Reason string }
	// Due lets a scheduled request run now.
	Due struct{}
	// Started begins the run.
	Started struct{}
	// Restarted says that the process died during the run and went on.
	Restarted struct{ Rechecked int }
	// Parted says that the process was told to end during the run. Attempting rows are settled by the next one.
	Parted struct{ Attempting int }
	// Called is an intent: a call to the org is about to be sent.
	Called struct{ Call int }
	// Closed tells what became of rows in one step; rows without a status stay open.
	Closed struct {
		Step Step
		Rows []RowRecord
	}
	// Held pauses a run until the org or an admin lets it go on.
	Held struct{ Hold Hold }
	// Blocked stops a run until a person decides.
	Blocked struct{ Hold Hold }
	// Resumed ends a pause.
	Resumed struct{}
	// Reopened lets rows of a blocked request be tried again although what became of them is unknown. A person decides it.
	Reopened struct {
		Person string
		Rows   []RowRecord
	}
	// Resolved ends a block: the run goes on with the rows that were reopened, or the request ends with the rest unknown.
	Resolved struct {
		Person string
		Again  bool
	}
	// StopAsked lets the calls in flight end and nothing else begin.
	StopAsked struct{ Person string }
	// Finished ends a run that has nothing left to do.
	Finished struct{}
	// Broken ends a run that cannot go on until a person mends the set-up.
	Broken struct{ Reason string }
)

func (Proposed) name() string  { return "proposed" }
func (Planned) name() string   { return "planned" }
func (Sent) name() string      { return "sent" }
func (Approved) name() string  { return "approved" }
func (Denied) name() string    { return "denied" }
func (Expired) name() string   { return "expired" }
func (Cancelled) name() string { return "cancelled" }
func (Due) name() string       { return "due" }
func (Started) name() string   { return "started" }
func (Restarted) name() string { return "restarted" }
func (Parted) name() string    { return "parted" }
func (Called) name() string    { return "called" }
func (Closed) name() string    { return "closed" }
func (Held) name() string      { return "held" }
func (Blocked) name() string   { return "blocked" }
func (Resumed) name() string   { return "resumed" }
func (Reopened) name() string  { return "reopened" }
func (Resolved) name() string  { return "resolved" }
func (StopAsked) name() string { return "stop asked" }
func (Finished) name() string  { return "finished" }
func (Broken) name() string    { return "broken" }

// MoveError says that an event is not possible in a state. It is an ErrConflict: the caller acted on what it saw before.
type MoveError struct {
	Request string
	State   State
	Event   string
}

func (e *MoveError) Error() string {
	return fmt.Sprintf("request %s is %s: %s is not possible", e.Request, e.State, e.Event)
}

// Is makes errors.Is(err, ErrConflict) true.
func (e *MoveError) Is(target error) bool { return target == ErrConflict }

// restartsKept bounds Request.Restarts, so that a crash loop does not grow the record.
const restartsKept = 10

// Apply is the only code that changes a request's state. It returns the changed request with everything that must be saved with
// it: what is to be told and what goes to the audit trail. It is pure: the same arguments give the same result, and r is not
// modified. An event that the state does not allow is a *MoveError.
func Apply(r Request, ev Event, now time.Time) (Commit, error) {
	c := Commit{Request: r.clone()}
	m := move{c: &c, now: now}
	if !m.apply(ev) {
		return Commit{}, &MoveError{Request: r.ID, State: r.State, Event: ev.name()}
	}
	return c, nil
}

// clone copies what Apply changes in place.
func (r Request) clone() Request {
	r.Approvals = slices.Clone(r.Approvals)
	r.Restarts = slices.Clone(r.Restarts)
	r.Progress.Counts = maps.Clone(r.Progress.Counts)
	if r.Progress.Counts == nil {
		r.Progress.Counts = map[Status]int{}
	}
	return r
}

type move struct {
	c   *Commit
	now time.Time
}

func (m move) tell(kinds ...NoticeKind) {
	for _, k := range kinds {
		n := Notice{Request: m.c.Request.ID, Kind: k, At: m.now}
		if k == NoticePlan || k == NoticePlanFile {
			n.Ref = PlanRef(m.c.Request)
		}
		m.c.Notices = append(m.c.Notices, n)
	}
}

func (m move) story(ref string) {
	m.c.Notices = append(m.c.Notices, Notice{Request: m.c.Request.ID, Kind: NoticeStory, Ref: ref, At: m.now})
}

func (m move) audit(event, person string, pairs ...string) {
	a := AuditEvent{At: m.now, Person: person, Request: m.c.Request.ID, Event: event}
	if len(pairs) > 0 {
		a.Detail = make(map[string]string, len(pairs)/2)
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i+1] != "" {
				a.Detail[pairs[i]] = pairs[i+1]
			}
		}
	}
	m.c.Audit = append(m.c.Audit, a)
}

// apply reports whether the event is possible.
func (m move) apply(ev Event) bool {
	switch ev := ev.(type) {
	case Proposed, Planned, Sent, Amended, Narrowed, Reminded, Approved, Denied, Expired, Cancelled, Due:
		return m.before(ev)
	default:
		return m.during(ev)
	}
}

// before handles what happens until a request runs.
func (m move) before(ev Event) bool {
	r := &m.c.Request
	switch ev := ev.(type) {
	case Proposed:
		if r.State != "" {
			return false
		}
		r.State, r.CreatedAt = StatePlanning, m.now
		m.audit("proposed", r.Terms.Requester, "verb", string(r.Terms.Verb), "file_sha256", r.Terms.FileSum, "refers_to", r.Terms.RefersTo)

	case Planned:
		if r.State != StatePlanning || ev.Plan.Summary.Runs() == 0 {
			return false
		}
		r.State, r.Plan = StateDraft, ev.Plan
		m.audit("planned", "", "digest", r.Plan.Digest, "rows", strconv.Itoa(r.Plan.Summary.Rows))

	case Sent:
		if r.State != StateDraft {
			return false
		}
		r.State, r.Required, r.PendingAt = StatePending, max(1, ev.Required), m.now
		r.ExpiresAt, r.RemindAt, r.StartAfter = ev.ExpiresAt, ev.RemindAt, ev.StartAfter
		m.audit("sent", r.Terms.Requester, "digest", r.Plan.Digest, "required", strconv.Itoa(r.Required))
		m.tell(NoticeRoot, NoticePlan, NoticePlanFile)

	case Amended:
		return m.amend(ev)

	case Narrowed:
		return m.narrow(ev)

	case Reminded:
		return m.remind()

	case Approved:
		a := ev.Approval
		if r.State != StatePending || a.Person == "" || a.Person == r.Terms.Requester || a.Digest != r.Plan.Digest ||
			r.ApprovedBy(a.Person) || r.expired(m.now) {
			return false
		}
		m.approve(a)
		m.tell(NoticeRoot, NoticePlan)
		m.story(strings.TrimSuffix("approval-"+strconv.Itoa(len(r.Approvals))+"-"+PlanRef(*r), "-"))

	case Denied:
		if r.State != StatePending {
			return false
		}
		m.end(StateDenied, ev.Person, ev.Reason)
		m.tell(NoticeRoot, NoticePlan)
		m.story("denied")

	case Expired:
		switch r.State {
		case StatePending:
			m.end(StateExpired, "", "nobody decided in time")
			m.tell(NoticeRoot, NoticePlan)
			m.story("expired")
		case StateDraft, StatePlanning:
			m.end(StateExpired, "", "never sent")
		default:
			return false
		}

	case Cancelled:
		switch r.State {
		case StatePending, StateApproved, StateScheduled:
			m.end(StateCancelled, ev.Person, ev.Reason)
			m.tell(NoticeRoot, NoticePlan)
			m.story("cancelled")
		case StateDraft, StatePlanning:
			m.end(StateCancelled, ev.Person, ev.Reason)
		default:
			return false
		}

	case Due:
		if r.State != StateScheduled {
			return false
		}
		r.State = StateApproved
		m.audit("due", "")
	}
	return true
}

// approve counts a yes; the last one needed lets the request run.
func (m move) approve(a Approval) {
	r := &m.c.Request
	r.Approvals = append(r.Approvals, a)
	m.audit("approved", a.Person, "digest", a.Digest, "count", strconv.Itoa(len(r.Approvals)), "required", strconv.Itoa(r.Required))
	if len(r.Approvals) < r.Required {
		return
	}
	r.State = StateApproved
	if r.StartAfter.After(m.now) {
		r.State = StateScheduled
	}
}

// during handles what happens from the start of the run to its end.
func (m move) during(ev Event) bool {
	r := &m.c.Request
	if _, ok := ev.(Started); ok {
		if r.State != StateApproved {
			return false
		}
		r.State, r.StartedAt = StateRunning, m.now
		r.Progress = startProgress(r.Plan.Summary)
		m.audit("started", "", "digest", r.Plan.Digest)
		m.tell(NoticeRoot, NoticePlan, NoticeProgress)
		return true
	}
	if !r.State.Started() || r.State.Ended() {
		return false
	}
	switch ev := ev.(type) {
	case Restarted:
		n := 1
		if k := len(r.Restarts); k > 0 {
			n = r.Restarts[k-1].Number + 1
		}
		r.Restarts = append(r.Restarts, Restart{Number: n, At: m.now, Closed: r.Progress.Closed(), Rechecked: ev.Rechecked})
		if over := len(r.Restarts) - restartsKept; over > 0 {
			r.Restarts = r.Restarts[over:]
		}
		m.audit("restarted", "", "rechecked", strconv.Itoa(ev.Rechecked))
		m.tell(NoticeRoot, NoticeProgress)
		m.story("restart-" + strconv.Itoa(n))

	case Parted:
		n := 1
		if k := len(r.Restarts); k > 0 {
			n = r.Restarts[k-1].Number + 1
		}
		m.audit("parted", "", "attempting", strconv.Itoa(ev.Attempting))
		m.story(fmt.Sprintf("parted-%d-%d", n, ev.Attempting))

	case Called:
		if r.State != StateRunning || r.StopBy != "" || ev.Call != r.Progress.Calls+1 {
			return false
		}
		r.Progress.Calls = ev.Call
		if r.Progress.FirstAt.IsZero() {
			r.Progress.FirstAt = m.now
		}

	case Closed:
		m.close(ev)
		m.tell(NoticeProgress)

	case Held:
		if r.State != StateRunning && r.State != StatePaused {
			return false
		}
		told := r.State == StatePaused && r.Hold.Code == ev.Hold.Code
		r.State, r.Hold = StatePaused, ev.Hold
		if !told {
			m.audit("paused", "", "why", ev.Hold.Code)
			m.tell(NoticeRoot, NoticeProgress)
		}

	case Blocked:
		if r.State != StateRunning {
			return false
		}
		r.State, r.Hold = StateBlocked, ev.Hold
		m.audit("blocked", "", "why", ev.Hold.Code)
		m.tell(NoticeRoot, NoticeProgress)
		m.story(fmt.Sprintf("blocked-%d", r.Progress.Calls))

	case Reopened:
		if r.State != StateBlocked || ev.Person == "" || len(ev.Rows) == 0 || r.Progress.Counts[StatusUnknown] < len(ev.Rows) {
			return false
		}
		if r.Progress.Counts[StatusUnknown] -= len(ev.Rows); r.Progress.Counts[StatusUnknown] == 0 {
			delete(r.Progress.Counts, StatusUnknown)
		}
		m.audit("reopened", ev.Person, "rows", strconv.Itoa(len(ev.Rows)))
		m.tell(NoticeProgress)

	case Resolved:
		open := r.Progress.Total - r.Progress.Closed()
		if r.State != StateBlocked || ev.Person == "" || ev.Again && open == 0 {
			return false
		}
		m.audit("resolved", ev.Person, "again", strconv.FormatBool(ev.Again))
		what := "left"
		if open > 0 { // also rows that an earlier decision reopened and that never came to run
			what = "again"
			r.State, r.Hold = StateRunning, Hold{}
			m.tell(NoticeRoot, NoticeProgress)
		} else {
			m.end(StateDone, ev.Person, "")
			m.closeRest(0)
		}
		m.story(fmt.Sprintf("%s-%d-%s", what, r.Progress.Calls, ev.Person))

	case Resumed:
		if r.State != StatePaused {
			return false
		}
		r.State, r.Hold = StateRunning, Hold{}
		m.audit("resumed", "")
		m.tell(NoticeRoot, NoticeProgress)

	case StopAsked:
		if r.StopBy != "" {
			return false
		}
		r.StopBy = ev.Person
		m.audit("stop asked", ev.Person)
		m.tell(NoticeRoot, NoticeProgress)
		m.story("stop")

	case Finished:
		if r.State == StateBlocked && r.StopBy == "" {
			return false
		}
		open := r.Progress.Total - r.Progress.Closed()
		switch {
		case r.StopBy != "":
			m.end(StateStopped, r.StopBy, "stopped")
		case open > 0:
			return false
		default:
			m.end(StateDone, "", "")
		}
		m.closeRest(open)

	case Broken:
		m.end(StateFailed, "", ev.Reason)
		m.closeRest(r.Progress.Total - r.Progress.Closed())

	default:
		return false
	}
	return true
}

// end moves to a final state.
func (m move) end(s State, person, reason string) {
	r := &m.c.Request
	r.State, r.EndedAt, r.Hold = s, m.now, Hold{}
	r.Ending = Ending{Person: person, Reason: reason}
	m.audit(string(s), person)
}

// closeRest counts the rows whose turn never came and tells the end of a run.
func (m move) closeRest(open int) {
	r := &m.c.Request
	if open > 0 {
		r.Progress.Counts[StatusNotStarted] += open
	}
	last := &m.c.Audit[len(m.c.Audit)-1]
	last.Detail = countDetail(r.Progress.Counts)
	m.tell(NoticeRoot, NoticeProgress, NoticeResults, NoticeDone)
}

// close counts rows that got a result and writes their ids to the audit trail.
func (m move) close(ev Closed) {
	r := &m.c.Request
	r.Progress.LastAt = m.now
	counts := map[Status]int{}
	var ids []string
	for _, row := range ev.Rows {
		if row.Status == StatusOpen {
			continue
		}
		if ev.Step != StepUser { // the row itself is counted with its own step
			if row.Status == StatusFailed || row.Status == StatusUnknown {
				r.Progress.FollowFailed++
			}
			continue
		}
		counts[row.Status]++
		r.Progress.Counts[row.Status]++
		if row.Adopted {
			r.Progress.Adopted++
		}
		if row.ID != "" && row.Status.Succeeded() {
			ids = append(ids, row.ID)
		}
	}
	if len(counts) == 0 {
		return
	}
	detail := countDetail(counts)
	for i, id := range ids {
		detail["user-"+strconv.Itoa(i+1)] = id
	}
	m.c.Audit = append(m.c.Audit, AuditEvent{At: m.now, Request: r.ID, Event: "rows", Detail: detail})
}

func countDetail(counts map[Status]int) map[string]string {
	d := make(map[string]string, len(counts))
	for s, n := range counts {
		d[string(s)] = strconv.Itoa(n)
	}
	return d
}

// startProgress counts the rows that the plan closed already.
func startProgress(s PlanSummary) Progress {
	p := Progress{Total: s.Rows, Counts: map[Status]int{}}
	for a, n := range s.Actions {
		if !a.Runs() && n > 0 {
			p.Counts[a.Done()] += n
		}
	}
	return p
}

// ApprovedBy reports whether the person's approval is counted already.
func (r Request) ApprovedBy(person string) bool {
	return slices.ContainsFunc(r.Approvals, func(a Approval) bool { return a.Person == person })
}

func (r Request) expired(now time.Time) bool {
	return !r.ExpiresAt.IsZero() && !now.Before(r.ExpiresAt)
}
