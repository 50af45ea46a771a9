package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"portalbot/provisioning/salesforce/salesforcesim"
)

// ledger stands before the org and sees every request of every life of the program. It notes each create that comes while its user
// exists, or before the settle time of an earlier one is over whose answer the program cannot have.
type ledger struct {
	org    *salesforcesim.Org
	next   http.Handler
	settle time.Duration

	mu      sync.Mutex           // guards what is below
	pending map[string]bool      // contacts whose create is under way
	lostAt  map[string]time.Time // contacts whose create's answer was lost, or may have been
	creates int
	broken  []string
	first   time.Time // the first request since the last start of the program
}

func newLedger(org *salesforcesim.Org, settle time.Duration) *ledger {
	return &ledger{org: org, next: org.Handler(), settle: settle, pending: map[string]bool{}, lostAt: map[string]time.Time{}}
}

var (
	contactsIn = regexp.MustCompile(`ContactId>(003\w+)<`)
	isCreate   = regexp.MustCompile(`<urn:create>`)
)

// ServeHTTP implements http.Handler.
func (g *ledger) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the program died while it sent this
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	var contacts []string
	if isCreate.Match(body) {
		for _, m := range contactsIn.FindAllSubmatch(body, -1) {
			contacts = append(contacts, string(m[1]))
		}
	}
	g.begin(contacts)
	answer := &watched{ResponseWriter: w}
	g.next.ServeHTTP(answer, req)
	g.end(contacts, answer.wrote)
}

func (g *ledger) begin(contacts []string) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.first.IsZero() {
		g.first = now
	}
	for _, c := range contacts {
		g.creates++
		if users := g.org.UsersByContact(c); len(users) > 0 {
			g.broken = append(g.broken, fmt.Sprintf("a create came for %s, which has user %s", c, users[0]))
		}
		if g.pending[c] {
			g.broken = append(g.broken, "a create came while the last one was under way for "+c)
		}
		if at, lost := g.lostAt[c]; lost && now.Sub(at) < g.settle {
			g.broken = append(g.broken, fmt.Sprintf("a create came again for %s, %v after the last one was lost", c, now.Sub(at)))
		}
		delete(g.lostAt, c)
		g.pending[c] = true
	}
}

func (g *ledger) end(contacts []string, answered bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range contacts {
		delete(g.pending, c)
		if _, lost := g.lostAt[c]; !answered && !lost {
			g.lostAt[c] = time.Now()
		}
	}
}

// killed notes that the program died: the answers of all creates that are under way are lost from now on.
func (g *ledger) killed() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.pending {
		g.lostAt[c] = time.Now()
	}
	clear(g.pending)
	g.first = time.Time{}
}

// heard returns when the program's first request since its start came; zero if none did.
func (g *ledger) heard() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.first
}

func (g *ledger) all() (creates int, broken []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.creates, slices.Clone(g.broken)
}

// watched notes whether an answer was written: the org cuts the connection of those that are lost.
type watched struct {
	http.ResponseWriter
	wrote bool
}

func (w *watched) WriteHeader(status int) {
	w.wrote = status < http.StatusInternalServerError || w.Header().Get("Content-Type") != ""
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets the org cut the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
