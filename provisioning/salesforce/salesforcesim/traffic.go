package salesforcesim

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Names of operations, as they stand in Op.Name, Fault.Operation and Count.
const (
	OpToken              = "token"
	OpRevoke             = "revoke"
	OpUserInfo           = "userinfo" // userinfo and the id URL
	OpVersions           = "versions"
	OpResources          = "resources"
	OpDescribeGlobal     = "describeGlobal"
	OpDescribe           = "describe"
	OpLimits             = "limits"
	OpQuery              = "query"
	OpQueryMore          = "queryMore"
	OpRetrieve           = "retrieve"
	OpCreate             = "create"
	OpUpdate             = "update"
	OpDelete             = "delete"
	OpResetPassword      = "resetPassword"
	OpSetPassword        = "setPassword"
	OpPasswordStatus     = "passwordStatus"
	OpGetUserInfo        = "getUserInfo"
	OpGetServerTimestamp = "getServerTimestamp"
	OpLogin              = "login"
)

// Op is one logical operation that a client asked for. A request that cannot be read far enough to tell what it asks for is
// not an operation.
type Op struct {
	// Number counts the operations of an org from 1, in the order in which they came.
	Number int
	// Name is one of the Op constants.
	Name string
	// Object is the sObject it is about, "" for none.
	Object string
	// Records is how many records it writes or, once it is done, has read.
	Records int
	// Protocol is "oauth", "rest" or "soap".
	Protocol string
	// Detail is the beginning of the SOQL or the record's id.
	Detail string
	// Started is when it came, by the org's clock.
	Started time.Time
	// Status is the HTTP status it was answered with, 0 while it is under way or where the client got no answer.
	Status int
	// Failed is how many of its records were refused.
	Failed int
	// Applied says whether it took effect.
	Applied bool
}

// Phase is a moment in an operation.
type Phase int

const (
	// Before is when an operation has come in and nothing of it is done.
	Before Phase = iota + 1
	// After is when it took effect or was refused, and nothing of the answer is sent.
	After
)

// traffic counts and logs the operations.
type traffic struct {
	mu       sync.Mutex // guards all fields
	log      []*Op
	counts   map[string]int
	used     int
	inFlight int
	peak     int
	running  int           // goroutines that serve operations
	idle     chan struct{} // closed when running falls to 0; nil while nobody waits
	hook     func(Phase, Op)
	faults   []*InjectedFault
}

// begin logs an operation and counts it against the budget where it is an API request. It returns the operation's log
// entry and how many are in flight with it.
func (t *traffic) begin(op Op, api bool) (*Op, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	op.Number = len(t.log) + 1
	entry := &op
	t.log = append(t.log, entry)
	t.counts[op.Name]++
	if api {
		t.used++
	}
	t.inFlight++
	t.peak = max(t.peak, t.inFlight)
	return entry, t.inFlight
}

func (t *traffic) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight--
}

func (t *traffic) enter() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running++
}

func (t *traffic) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	if t.running == 0 && t.idle != nil {
		close(t.idle)
		t.idle = nil
	}
}

// quiet waits until no goroutine serves an operation.
func (t *traffic) quiet() {
	t.mu.Lock()
	if t.running == 0 {
		t.mu.Unlock()
		return
	}
	if t.idle == nil {
		t.idle = make(chan struct{})
	}
	idle := t.idle
	t.mu.Unlock()
	<-idle
}

func (t *traffic) update(entry *Op, change func(*Op)) Op {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(entry)
	return *entry
}

func (t *traffic) tell(phase Phase, op Op) {
	t.mu.Lock()
	hook := t.hook
	t.mu.Unlock()
	if hook != nil {
		hook(phase, op)
	}
}

func (t *traffic) usage() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.used
}

// OnOperation has f called at both phases of every operation, in the goroutine that serves it and with no lock held; the
// operation goes on when f returns. nil ends it.
func (o *Org) OnOperation(f func(Phase, Op)) {
	o.traffic.mu.Lock()
	defer o.traffic.mu.Unlock()
	o.traffic.hook = f
}

// Operations returns all operations so far, in the order in which they came.
func (o *Org) Operations() []Op {
	o.traffic.mu.Lock()
	defer o.traffic.mu.Unlock()
	ops := make([]Op, len(o.traffic.log))
	for i, entry := range o.traffic.log {
		ops[i] = *entry
	}
	return ops
}

// Count returns how many operations of this name came in.
func (o *Org) Count(name string) int {
	o.traffic.mu.Lock()
	defer o.traffic.mu.Unlock()
	return o.traffic.counts[name]
}

// Counts returns the number of operations by name.
func (o *Org) Counts() map[string]int {
	o.traffic.mu.Lock()
	defer o.traffic.mu.Unlock()
	return maps.Clone(o.traffic.counts)
}

// RecordCount returns how many records the operations of this name wrote or read, refused ones among them.
func (o *Org) RecordCount(name string) int {
	n := 0
	for _, op := range o.Operations() {
		if op.Name == name {
			n += op.Records
		}
	}
	return n
}

// MaxInFlight returns the largest number of operations that were under way at once.
func (o *Org) MaxInFlight() int {
	o.traffic.mu.Lock()
	defer o.traffic.mu.Unlock()
	return o.traffic.peak
}

// InFlight returns the number of operations under way, those whose client left among them.
func (o *Org) InFlight() int {
	o.traffic.mu.Lock()
	defer o.traffic.mu.Unlock()
	return o.traffic.inFlight
}

// ForgetTraffic empties the log and the counts, so that a test can number the operations from here. The budget that is
// spent stays spent, faults and sessions stay too.
func (o *Org) ForgetTraffic() {
	o.traffic.mu.Lock()
	defer o.traffic.mu.Unlock()
	o.traffic.log, o.traffic.counts, o.traffic.peak = nil, map[string]int{}, o.traffic.inFlight
}

// SetUsedRequests sets how much of the daily budget is spent.
func (o *Org) SetUsedRequests(n int) {
	o.traffic.mu.Lock()
	defer o.traffic.mu.Unlock()
	o.traffic.used = n
}

// UsedRequests returns how much of the daily budget is spent.
func (o *Org) UsedRequests() int { return o.traffic.usage() }

// SetMaintenance starts or ends a maintenance window: while it lasts every write is refused.
func (o *Org) SetMaintenance(on bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.maintenance = on
}

func (t *traffic) remove(f *InjectedFault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = slices.DeleteFunc(slices.Clone(t.faults), func(x *InjectedFault) bool { return x == f })
}
