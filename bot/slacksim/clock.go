package slacksim

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Clock tells the time and runs functions later. Deadlines of acks, triggers, response URLs, rate
// limits and retries all go by it. WebSocket pings do not: the client measures them in real time.
type Clock interface {
	// Now returns the current time.
	Now() time.Time
	// AfterFunc calls f once, d from now. The function it returns stops the call and reports whether
	// it was in time.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// realClock is the machine's clock.
type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}

// ManualClock stands still until Advance moves it. It may be used from several goroutines.
type ManualClock struct {
	mu     sync.Mutex // guards the fields below
	now    time.Time
	seq    int
	timers []*manualTimer
	more   chan struct{} // closed and replaced when timers grows
}

type manualTimer struct {
	at  time.Time
	seq int
	f   func()
}

// NewManualClock returns a clock that stands at start.
func NewManualClock(start time.Time) *ManualClock {
	return &ManualClock{now: start, more: make(chan struct{})}
}

// Now returns the time the clock stands at.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc has f called by the Advance that reaches d from now.
func (c *ManualClock) AfterFunc(d time.Duration, f func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	t := &manualTimer{at: c.now.Add(d), seq: c.seq, f: f}
	c.timers = append(c.timers, t)
	close(c.more)
	c.more = make(chan struct{})
	return func() bool { return c.remove(t) }
}

func (c *ManualClock) remove(t *manualTimer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.timers, t)
	if i < 0 {
		return false
	}
	c.timers = slices.Delete(c.timers, i, i+1)
	return true
}

// Advance moves the clock by d and calls, in order of time and on the caller's goroutine, every
// function that falls due on the way, including those that these functions add.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	end := c.now.Add(d)
	for {
		t := c.nextDue(end)
		if t == nil {
			break
		}
		if t.at.After(c.now) {
			c.now = t.at
		}
		c.mu.Unlock()
		t.f()
		c.mu.Lock()
	}
	c.now = end
	c.mu.Unlock()
}

// WaitTimers waits until at least n functions wait to be called, so that a test can let something
// start before it moves the clock.
func (c *ManualClock) WaitTimers(ctx context.Context, n int) error {
	for {
		c.mu.Lock()
		have, more := len(c.timers), c.more
		c.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("wait for %d timers, have %d: %w", n, have, ctx.Err())
		}
	}
}

// nextDue takes out the earliest timer at or before end. The caller holds mu.
func (c *ManualClock) nextDue(end time.Time) *manualTimer {
	best := -1
	for i, t := range c.timers {
		if t.at.After(end) {
			continue
		}
		if best < 0 || t.at.Before(c.timers[best].at) || t.at.Equal(c.timers[best].at) && t.seq < c.timers[best].seq {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	t := c.timers[best]
	c.timers = slices.Delete(c.timers, best, best+1)
	return t
}
