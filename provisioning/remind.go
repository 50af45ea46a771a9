package provisioning

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// lastCallBefore is how long before it expires a request is called to mind for the last time, or a quarter of its life when that is
// shorter.
const lastCallBefore = 6 * time.Hour

// Reminded calls a pending request to its approvers' minds. The clock causes it, and it changes nothing else: a timeout never approves.
type Reminded struct{}

func (Reminded) name() string { return "reminded" }

// remind tells the thread that a request still waits, and sets the time of the next reminder: the last call before it expires.
func (m move) remind() bool {
	r := &m.c.Request
	if r.State != StatePending || !r.remindDue(m.now) {
		return false
	}
	r.Reminders++
	r.RemindAt = time.Time{}
	if last := lastCall(r.PendingAt, r.ExpiresAt); last.After(m.now) {
		r.RemindAt = last
	}
	m.audit("reminded", "", "count", strconv.Itoa(r.Reminders))
	m.story("remind-" + strconv.Itoa(r.Reminders))
	return true
}

func (r Request) remindDue(now time.Time) bool {
	return !r.RemindAt.IsZero() && !now.Before(r.RemindAt) && !r.expired(now)
}

// lastCall is when a request that expires is called to mind for the last time; zero when it does not expire.
func lastCall(from, expires time.Time) time.Time {
	if expires.IsZero() {
		return time.Time{}
	}
	return expires.Add(-min(lastCallBefore, expires.Sub(from)/4))
}

// deadlines returns when a request that is sent now expires, and when its approvers are reminded first. Zero means never.
func (p Policy) deadlines(now time.Time) (expires, remind time.Time) {
	if p.ExpiresAfter > 0 {
		expires = now.Add(p.ExpiresAfter)
	}
	remind = lastCall(now, expires)
	if first := now.Add(p.RemindAfter); p.RemindAfter > 0 && (remind.IsZero() || first.Before(remind)) {
		remind = first
	}
	return expires, remind
}

// remind tells what the clock has made due.
func (e *Engine) remind(ctx context.Context, id string) error {
	_, err := change(ctx, e.store, id, e.now, func(Request) (Event, error) { return Reminded{}, nil })
	if errors.Is(err, ErrConflict) {
		return nil // decided in the same moment
	}
	return err
}
