package provisioning_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"portalbot/provisioning/salesforce"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// ledger watches what goes to the org over all lives of a program, and notes every create that was sent while its user exists, or
// before the settle time of an earlier one was over whose answer was lost.
type ledger struct {
	sim    *salesforcesim.Org
	settle time.Duration

	mu     sync.Mutex // guards what is below
	lostAt map[string]time.Time
	broken []string
	sent   int
}

func newLedger(sim *salesforcesim.Org, settle time.Duration) *ledger {
	return &ledger{sim: sim, settle: settle, lostAt: map[string]time.Time{}}
}

// contactsIn finds the contacts that a SOAP create makes users for.
var contactsIn = regexp.MustCompile(`ContactId>(003\w+)<`)

// watch stands before everything that can lose an answer. Once the process is dead, nothing that it tries is sent.
func (g *ledger) watch(s *saboteur, next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Body == nil {
			req.Body = http.NoBody
		}
		op := salesforce.OpName(req)
		req.Header.Set("X-Op", op)
		if op != "create User" || s.isDead() {
			return next.RoundTrip(req)
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		var contacts []string
		for _, m := range contactsIn.FindAllSubmatch(body, -1) {
			contacts = append(contacts, string(m[1]))
		}
		g.begin(contacts)
		resp, err := next.RoundTrip(req)
		g.end(contacts, err != nil)
		return resp, err
	})
}

func (g *ledger) begin(contacts []string) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sent += len(contacts)
	for _, c := range contacts {
		if users := g.sim.UsersByContact(c); len(users) > 0 {
			g.broken = append(g.broken, fmt.Sprintf("a create was sent for %s, which has user %s", c, users[0]))
		}
		if at, lost := g.lostAt[c]; lost && now.Sub(at) < g.settle {
			g.broken = append(g.broken, fmt.Sprintf("a create was sent again for %s, %v after the last one was lost", c, now.Sub(at)))
		}
	}
}

func (g *ledger) end(contacts []string, lost bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range contacts {
		delete(g.lostAt, c)
		if lost {
			g.lostAt[c] = time.Now()
		}
	}
}

// all returns what was broken.
func (g *ledger) all() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.broken)
}
