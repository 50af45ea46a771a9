package bot

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Health says how the connection to Slack is doing.
type Health struct {
	// Sockets is how many connections are open and were heard lately; Wanted is how many there should be. Both are 0 in HTTP mode.
	Sockets, Wanted int
	// LastHeard is when Slack was last heard on any connection, pings included; in HTTP mode, when the last signed request came.
	LastHeard time.Time
	// LastError is why the last attempt to connect failed; empty once a connection stands again.
	LastError string
	// Unfinished is how many deliveries are being handled or wait for it.
	Unfinished int
}

// status gathers what Health reports.
type status struct {
	silence time.Duration

	mu         sync.Mutex // guards the fields below
	sockets    []socketStatus
	heard      time.Time
	lastError  string
	unfinished int
}

// socketStatus is one socket's part of it.
type socketStatus struct {
	open  bool      // Slack has said hello on it
	heard time.Time // when the last byte came
}

func (s *status) health() Health {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := Health{Wanted: len(s.sockets), LastHeard: s.heard, LastError: s.lastError, Unfinished: s.unfinished}
	for _, c := range s.sockets {
		if c.open && time.Since(c.heard) < s.silence {
			h.Sockets++
		}
	}
	return h
}

func (s *status) hear(socket int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = time.Now()
	if socket < len(s.sockets) {
		s.sockets[socket].heard = s.heard
	}
}

func (s *status) setOpen(socket int, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets[socket].open = open
	if open {
		s.lastError = ""
	}
}

func (s *status) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastError = err.Error()
}

func (s *status) addUnfinished(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unfinished += n
}

const (
	// backoffMin and backoffMax bound the waits between attempts to reach Slack.
	backoffMin = time.Second
	backoffMax = 30 * time.Second
)

// backoff yields growing waits. The zero backoff starts at backoffMin and grows to backoffMax.
type backoff struct {
	wait time.Duration
	max  time.Duration
}

// next returns how long to wait now: between half and the whole of a span that doubles each time.
func (b *backoff) next() time.Duration {
	b.wait = min(max(2*b.wait, backoffMin), or(b.max, backoffMax))
	return b.wait/2 + rand.N(b.wait/2+1) //nolint:gosec // jitter, no secret
}

func (b *backoff) reset() { b.wait = 0 }
