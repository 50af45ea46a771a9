package provisioning

import (
	"context"
	"sync"
	"time"
)

// Scheduler hands out all write slots of one org. At most parallel calls are in flight, and at most one of them takes the
// group-membership lock: Salesforce waits 10 s for that lock and then refuses the rows (facts: "process serially"). Among waiting
// requests the one that has used the least time goes first, so that a small batch is not stuck behind a huge one. Safe for
// concurrent use.
type Scheduler struct {
	now      func() time.Time
	parallel int

	mu      sync.Mutex // guards what is below
	flying  int
	locked  bool
	waiting []*ticket
	used    map[string]time.Duration // slot time used by the requests that were seen lately
	asked   map[string]int           // tickets and slots of each request, to know when to forget used
}

// NewScheduler returns a scheduler for one org. parallel below 1 counts as 1. now is the clock that measures slots.
func NewScheduler(parallel int, now func() time.Time) *Scheduler {
	return &Scheduler{now: now, parallel: max(1, parallel), used: map[string]time.Duration{}, asked: map[string]int{}}
}

// ticket is one ask for a slot.
type ticket struct {
	request string
	lock    bool
	granted chan struct{}
}

// Slot is the right to have one write call in flight.
type Slot struct {
	s       *Scheduler
	request string
	lock    bool
	since   time.Time
	once    sync.Once
}

// Acquire waits for a slot for the request. lock says that the call takes the group-membership lock. It fails only with the
// context's error; then there is nothing to release.
func (s *Scheduler) Acquire(ctx context.Context, request string, lock bool) (*Slot, error) {
	t := &ticket{request: request, lock: lock, granted: make(chan struct{})}
	s.mu.Lock()
	if s.asked[request] == 0 {
		s.used[request] = max(s.used[request], s.leastUsed()) // a newcomer is not owed the time before it came
	}
	s.asked[request]++
	s.waiting = append(s.waiting, t)
	s.grant()
	s.mu.Unlock()

	select {
	case <-t.granted:
		return &Slot{s: s, request: request, lock: lock, since: s.now()}, nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, w := range s.waiting {
		if w == t {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			s.forget(request)
			return nil, ctx.Err()
		}
	}
	s.giveBack(t.request, t.lock, 0) // granted in the same moment
	return nil, ctx.Err()
}

// Release gives the slot back. A second call does nothing.
func (sl *Slot) Release() {
	sl.once.Do(func() {
		sl.s.mu.Lock()
		defer sl.s.mu.Unlock()
		sl.s.giveBack(sl.request, sl.lock, sl.s.now().Sub(sl.since))
	})
}

func (s *Scheduler) giveBack(request string, lock bool, used time.Duration) {
	s.flying--
	if lock {
		s.locked = false
	}
	s.used[request] += used
	s.forget(request)
	s.grant()
}

// forget drops the account of a request that neither waits nor flies. A request comes back within moments between two calls, so
// its time is kept until all are idle.
func (s *Scheduler) forget(request string) {
	s.asked[request]--
	if s.asked[request] > 0 {
		return
	}
	if s.flying == 0 && len(s.waiting) == 0 {
		clear(s.used)
		clear(s.asked)
	}
}

// leastUsed is the smallest time used by a request that is active now, 0 when none is.
func (s *Scheduler) leastUsed() time.Duration {
	least := time.Duration(-1)
	for r, n := range s.asked {
		if n > 0 && (least < 0 || s.used[r] < least) {
			least = s.used[r]
		}
	}
	return max(least, 0)
}

// grant gives free slots to those who have used the least, oldest ask first among equals.
func (s *Scheduler) grant() {
	for s.flying < s.parallel {
		best := -1
		for i, t := range s.waiting {
			if t.lock && s.locked {
				continue
			}
			if best < 0 || s.used[t.request] < s.used[s.waiting[best].request] {
				best = i
			}
		}
		if best < 0 {
			return
		}
		t := s.waiting[best]
		s.waiting = append(s.waiting[:best], s.waiting[best+1:]...)
		s.flying++
		s.locked = s.locked || t.lock
		close(t.granted)
	}
}
