package provisioning

import "time"

// State is where a request stands. Only Apply changes it.
type State string

// The states. doc.go draws the transitions.
const (
	StateDraft     State = "draft"     // known to its requester alone
	StatePlanning  State = "planning"  // its rows are being resolved against the org
	StatePending   State = "pending"   // waits for approvals
	StateApproved  State = "approved"  // waits for its turn
	StateScheduled State = "scheduled" // approved, waits for its time
	StateRunning   State = "running"
	StatePaused    State = "paused"  // the org or an admin says wait
	StateBlocked   State = "blocked" // a person must decide
	StateDone      State = "done"
	StateInvalid   State = "invalid"
	StateDenied    State = "denied"
	StateExpired   State = "expired"
	StateCancelled State = "cancelled"
	StateStopped   State = "stopped"
	StateFailed    State = "failed"
)

// Ended reports whether nothing will happen any more.
func (s State) Ended() bool {
	switch s {
	case StateDone, StateInvalid, StateDenied, StateExpired, StateCancelled, StateStopped, StateFailed:
		return true
	}
	return false
}

// Started reports whether the run has begun, so that there are results.
func (s State) Started() bool {
	switch s {
	case StateRunning, StatePaused, StateBlocked, StateDone, StateStopped, StateFailed:
		return true
	}
	return false
}

// Request is one batch from proposal to end. It is a value: Apply returns a changed copy and Store.Commit makes it durable.
type Request struct {
	ID  string // P-17
	Rev uint64 // grows by one with each commit; compare-and-swap key

	State State
	Terms Terms

	Plan      Plan
	Required  int // approvals needed, frozen when the plan is
	Approvals []Approval
	Ending    Ending // why it was denied, cancelled, stopped or failed
	Hold      Hold   // why it is paused or blocked

	StopBy     string // who asked a running request to stop; the call in flight still ends
	Progress   Progress
	Restarts   []Restart // the last restartsKept
	CreatedAt  time.Time
	PendingAt  time.Time
	ExpiresAt  time.Time
	RemindAt   time.Time // when its approvers are reminded next; zero: not any more
	Reminders  int       // told so far
	StartAfter time.Time // zero: at once
	StartedAt  time.Time
	EndedAt    time.Time
}

// Terms is what the requester asked for. It never changes, except that an amendment brings a new file with its note and its time.
type Terms struct {
	Origin    string // key of the delivery that asked for it; unique, so that a redelivery finds the same request
	Verb      Verb
	Method    Method
	Portal    string // name of a configured portal
	Requester string // Slack user id
	Note      string
	Mail      MailMode
	AllOrNone bool
	// CreateContacts: a missing Contact is created first, where the portal allows it.
	CreateContacts bool
	RefersTo       string // id of the request that this one retries or undoes
	// Undoes is the id of the request that a request of VerbUndo takes back. It is RefersTo, but for the retry of an undo, which refers to
	// the undo and takes back the same as that.
	Undoes string
	// Amends is the id of the pending request whose plan is to be replaced by this draft's; empty for a request of its own.
	Amends string
	// StartAfter is the time before which it must not run; zero: as soon as it is approved.
	StartAfter time.Time
	FileName   string
	FileID     string
	FileSum    string // hex SHA-256 of the file as it came
}

// Approval is one person's yes to one digest.
type Approval struct {
	Person string
	Digest string
	At     time.Time
}

// Ending says who or what ended a request before it was done.
type Ending struct {
	Person string // empty when no person did
	Reason string
}

// Hold says what a paused or blocked request waits for.
type Hold struct {
	Code   string // one of the Hold codes
	Reason string // sentence for a person
	Until  time.Time
}

// The hold codes.
const (
	HoldSwitch      = "switch"      // an admin paused everything
	HoldBudget      = "budget"      // the org's daily API requests are nearly used up
	HoldMaintenance = "maintenance" // the org takes no writes now
	HoldDown        = "down"        // the org does not answer
	HoldUnknown     = "unknown"     // rows whose result reading cannot settle
)

// Progress counts rows by their result. Rows that the plan skips or finds invalid are counted from the start.
type Progress struct {
	Counts  map[Status]int // only closed rows
	Total   int            // all input rows
	Calls   int            // calls begun; the last Intent.Call
	Adopted int            // rows settled by finding their effect in the org
	// FollowFailed counts follow-up calls (permission sets, groups) that the org refused for a row that succeeded.
	FollowFailed int
	FirstAt      time.Time // first write call
	LastAt       time.Time // last outcome
}

// Closed is the number of rows that have a result.
func (p Progress) Closed() int {
	n := 0
	for _, c := range p.Counts {
		n += c
	}
	return n
}

// Restart is one time that a run was taken up after the process had died.
type Restart struct {
	Number    int // from 1 over the request's life
	At        time.Time
	Closed    int // rows that had a result
	Rechecked int // rows that were found attempting
}
