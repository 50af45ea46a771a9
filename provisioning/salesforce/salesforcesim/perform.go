package salesforcesim

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// reply is an answer that is ready to be sent.
type reply struct {
	status      int
	contentType string
	header      http.Header
	body        []byte
}

// call is one operation, read and understood, with what it takes to carry it out.
type call struct {
	op      Op
	api     bool   // needs a session and counts against the daily budget
	write   bool   // refused during maintenance
	token   string // the session it claims
	prepare func() // looks at what it will write, before anything else of it happens; may be nil
	locked  bool   // set by prepare: takes the group-membership lock
	refusal func(*callError) reply
	effect  func(*working) (reply, *callError)
}

// working is what an effect knows of its circumstances, and tells about itself.
type working struct {
	session *session
	number  int
	locked  bool // holds the group-membership lock
	noLock  bool // the group-membership lock was not to be had
	records int
	failed  int
}

// perform carries out a call: counts it, lets the faults strike, waits as long as it takes, applies it and answers.
func (o *Org) perform(w http.ResponseWriter, r *http.Request, c *call) {
	c.op.Started = o.Now()
	entry, inFlight := o.traffic.begin(c.op, c.api)
	op := o.traffic.update(entry, func(*Op) {})
	o.traffic.tell(Before, op)
	fault := o.fault(op)
	if fault == nil {
		fault = &Fault{}
	}
	if fault.Kind == StillWorking {
		o.traffic.enter()
		go func() {
			defer o.traffic.leave()
			defer o.traffic.end()
			if o.pause(o.closing, fault.Delay, fault.Release) {
				o.carryOut(c, entry, inFlight, fault)
			}
		}()
		if fault.Hang {
			o.pause(r.Context(), 0, nil)
		}
		cut(w)
		return
	}
	defer o.traffic.end()
	switch fault.Kind {
	case FailBefore, RetryAfter:
		o.strike(w, c, entry, fault)
		return
	case Hang:
		o.pause(r.Context(), fault.Delay, fault.Release)
		o.traffic.tell(After, op)
		cut(w)
		return
	case ExpireSession:
		o.auth.expire(c.token)
	}
	answer := o.carryOut(c, entry, inFlight, fault)
	if fault.Kind == LoseAnswer {
		cut(w)
		return
	}
	o.traffic.update(entry, func(op *Op) { op.Status = answer.status })
	send(w, answer)
}

// carryOut applies a call, or refuses it, and returns the answer.
func (o *Org) carryOut(c *call, entry *Op, inFlight int, fault *Fault) reply {
	work := &working{number: entry.Number, records: c.op.Records}
	answer, refused := o.attempt(c, work, inFlight, fault)
	if work.locked {
		defer func() { <-o.rowLocks }()
	}
	if refused != nil {
		answer = c.refusal(refused)
	}
	op := o.traffic.update(entry, func(op *Op) {
		op.Records, op.Failed, op.Applied = work.records, work.failed, refused == nil
	})
	o.traffic.tell(After, op)
	return answer
}

func (o *Org) attempt(c *call, work *working, inFlight int, fault *Fault) (reply, *callError) {
	if c.api {
		if err := o.admit(c, inFlight); err != nil {
			return reply{}, err
		}
		s, err := o.sessionOf(c.token)
		if err != nil {
			return reply{}, err
		}
		work.session = s
	}
	if c.prepare != nil {
		c.prepare()
	}
	if c.locked {
		work.locked = o.lockRows()
		work.noLock = !work.locked
	}
	delay := o.config.PerRequest + time.Duration(c.op.Records)*o.config.PerRecord
	if fault.Kind == Slow {
		delay += fault.Delay
	}
	if delay > 0 && !o.pause(o.closing, delay, nil) {
		return reply{}, refuse(http.StatusServiceUnavailable, "SERVER_UNAVAILABLE", "The org is shutting down")
	}
	answer, err := c.effect(work)
	// What a read costs per record is known only now.
	if read := work.records - c.op.Records; read > 0 && o.config.PerRecord > 0 {
		o.pause(o.closing, time.Duration(read)*o.config.PerRecord, nil)
	}
	return answer, err
}

// admit refuses a call that the org's limits or a maintenance window do not let in.
func (o *Org) admit(c *call, inFlight int) *callError {
	if o.traffic.usage() > o.config.DailyRequests {
		return refuse(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
	}
	if o.config.MaxConcurrent > 0 && inFlight > o.config.MaxConcurrent {
		return refuse(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	if c.write && o.maintenance {
		return refuse(http.StatusServiceUnavailable, "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
			"Updates can't be made during maintenance. Try again when maintenance is complete.")
	}
	return nil
}

// lockRows takes the group-membership lock, waiting at most Config.LockWait.
func (o *Org) lockRows() bool {
	select {
	case o.rowLocks <- struct{}{}:
		return true
	default:
	}
	if o.config.LockWait < 0 {
		return false
	}
	timer := time.NewTimer(o.config.LockWait)
	defer timer.Stop()
	select {
	case o.rowLocks <- struct{}{}:
		return true
	case <-timer.C:
		return false
	case <-o.closing.Done():
		return false
	}
}

// strike answers in place of an operation that fails before it takes effect.
func (o *Org) strike(w http.ResponseWriter, c *call, entry *Op, fault *Fault) {
	op := o.traffic.update(entry, func(*Op) {})
	o.traffic.tell(After, op)
	status := fault.Status
	var answer reply
	switch {
	case fault.Kind == RetryAfter:
		seconds := max(1, int(fault.Delay/time.Second))
		answer = reply{
			status: http.StatusServiceUnavailable, contentType: "text/html;charset=UTF-8", body: []byte(fault.Body),
			header: http.Header{"Retry-After": {strconv.Itoa(seconds)}},
		}
	case fault.Code != "":
		if status == 0 {
			status = http.StatusBadRequest
		}
		answer = c.refusal(refuse(status, fault.Code, fault.Message))
	case status != 0:
		answer = reply{status: status, contentType: "text/html;charset=UTF-8", body: []byte(fault.Body)}
	default:
		cut(w)
		return
	}
	o.traffic.update(entry, func(op *Op) { op.Status = answer.status })
	send(w, answer)
}

// pause waits until d is over (0: for ever) or release is closed, and returns true; or until ctx or the org ends, and returns
// false.
func (o *Org) pause(ctx context.Context, d time.Duration, release <-chan struct{}) bool {
	var over <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
		return true
	case <-release:
		return true
	case <-ctx.Done():
		return false
	case <-o.closing.Done():
		return false
	}
}

func send(w http.ResponseWriter, answer reply) {
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	if answer.contentType != "" {
		w.Header().Set("Content-Type", answer.contentType)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body) // the client may be gone; nobody else can be told
}

// cut closes the client's connection with nothing sent.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's own way to cut a connection that cannot be hijacked (HTTP/2)
	}
	_ = conn.Close()
}
