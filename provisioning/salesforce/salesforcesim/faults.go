package salesforcesim

import (
	"sync"
	"time"
)

// FaultKind is what goes wrong with an operation.
type FaultKind int

const (
	// FailBefore refuses the operation before it takes effect: with an API error where Code is set, with a bare HTTP answer where
	// Status is set, else by cutting the connection.
	FailBefore FaultKind = iota + 1
	// LoseAnswer lets it take effect and cuts the connection in place of the answer.
	LoseAnswer
	// StillWorking cuts the connection at once, or leaves the client hanging where Hang is set, and lets the operation take effect
	// later: after Delay, or when Release is closed; with neither, not at all, and it stays in flight until Close.
	StillWorking
	// Slow adds Delay to the time that the operation takes.
	Slow
	// Hang neither answers nor takes effect until Release is closed, the client leaves, or Delay is over (0: never). Then the
	// connection is cut.
	Hang
	// ExpireSession ends the caller's session, so that it is refused with INVALID_SESSION_ID.
	ExpireSession
	// RetryAfter answers 503 with a Retry-After header of Delay in seconds, at least 1.
	RetryAfter
)

// Fault says which operations go wrong, and how. All conditions that are set must hold.
type Fault struct {
	Operation string        // one of the Op constants; "" is any
	Object    string        // "" is any
	Number    int           // Op.Number; 0 is any
	Nth       int           // only the n-th that all the other conditions meet; 0 is every one
	Match     func(Op) bool // nil is any

	Kind    FaultKind
	Status  int    // of FailBefore
	Body    string // of FailBefore with a Status and no Code
	Code    string // of FailBefore: an exception code of the API
	Message string // of FailBefore with a Code
	Delay   time.Duration
	Release <-chan struct{}
	Hang    bool // of StillWorking
}

// InjectedFault is a fault in force.
type InjectedFault struct {
	org *Org
	Fault

	mu    sync.Mutex // guards the fields below
	seen  int
	hits  int
	fired chan struct{}
}

// Inject puts a fault in force. Of several that meet an operation the first one injected counts.
func (o *Org) Inject(f Fault) *InjectedFault {
	in := &InjectedFault{org: o, Fault: f, fired: make(chan struct{})}
	o.traffic.mu.Lock()
	defer o.traffic.mu.Unlock()
	o.traffic.faults = append(o.traffic.faults, in)
	return in
}

// Remove takes the fault back. Operations that it holds stay held.
func (f *InjectedFault) Remove() { f.org.traffic.remove(f) }

// Fired is closed when the fault strikes first.
func (f *InjectedFault) Fired() <-chan struct{} { return f.fired }

// Hits returns how many operations it struck.
func (f *InjectedFault) Hits() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hits
}

func (f *InjectedFault) strikes(op Op) bool {
	if f.Operation != "" && f.Operation != op.Name || f.Object != "" && f.Object != op.Object ||
		f.Number != 0 && f.Number != op.Number || f.Match != nil && !f.Match(op) {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen++
	if f.Nth != 0 && f.Nth != f.seen {
		return false
	}
	f.hits++
	if f.hits == 1 {
		close(f.fired)
	}
	return true
}

// fault returns the fault that strikes an operation, nil for none.
func (o *Org) fault(op Op) *Fault {
	o.traffic.mu.Lock()
	faults := o.traffic.faults[:len(o.traffic.faults):len(o.traffic.faults)]
	o.traffic.mu.Unlock()
	for _, f := range faults {
		if f.strikes(op) {
			return &f.Fault
		}
	}
	return nil
}
