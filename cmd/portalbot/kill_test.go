package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"testing"

	"portalbot/provisioning/salesforce"
	"portalbot/provisioning/salesforce/salesforcesim"
	"portalbot/store"
)

var errDead = errors.New("the process is dead")

// point is one save, or one call to Slack or Salesforce, at which a process can die.
type point struct {
	kind  string // "save", "slack" or "org"
	n     int    // the n-th of its kind
	after bool   // when it has taken effect
}

func (p point) String() string {
	if p.after {
		return fmt.Sprintf("after %s %d", p.kind, p.n)
	}
	return fmt.Sprintf("before %s %d", p.kind, p.n)
}

// reaper numbers all points of a life, and ends it at one of them: from there on every save and every call fails, as for a process that is
// gone.
type reaper struct {
	at   point // the zero point ends nothing
	died chan struct{}

	mu   sync.Mutex // guards what is below
	seen map[string]int
	dead bool
}

func newReaper(at point) *reaper {
	return &reaper{at: at, died: make(chan struct{}), seen: map[string]int{}}
}

// number gives the next number of a kind.
func (r *reaper) number(kind string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[kind]++
	return r.seen[kind]
}

// pass returns errDead once the life has ended.
func (r *reaper) pass(p point) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.dead && p == r.at {
		r.dead = true
		close(r.died)
	}
	if r.dead {
		return errDead
	}
	return nil
}

func (r *reaper) outside() outside {
	var n int // saves come one after another
	return outside{
		store: store.Options{
			BeforeCommit: func(string) error {
				n = r.number("save")
				return r.pass(point{"save", n, false})
			},
			AfterCommit: func(string) error { return r.pass(point{"save", n, true}) },
		},
		slack:      &http.Client{Transport: r.calls("slack", http.DefaultTransport)},
		salesforce: r.calls("org", salesforce.NewTransport()),
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func (r *reaper) calls(kind string, next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		n := r.number(kind)
		if err := r.pass(point{kind, n, false}); err != nil {
			return nil, err
		}
		resp, err := next.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		if cerr := resp.Body.Close(); err == nil {
			err = cerr
		}
		if err := r.pass(point{kind, n, true}); err != nil {
			return nil, err
		}
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return resp, err
	})
}

// The process dies before or after any save, call to Slack or call to Salesforce of the whole story, and starts again: always exactly one
// user a contact, one mail requested for each, one of every message and file. Short form: a seeded sample; all points with PORTALBOT_LONG=1.
func TestDyingAnywhereLeavesEverythingOnce(t *testing.T) {
	calm := newReaper(point{})
	w := newWorld(t, 3, salesforcesim.Config{})
	l := w.start(calm.outside())
	w.play(calm.died)
	w.settled()
	l.end(false)
	w.wantOnce()
	var points []point
	for kind, least := range map[string]int{"save": 30, "slack": 15, "org": 8} {
		if calm.seen[kind] < least {
			t.Fatalf("only %d points of kind %s were numbered", calm.seen[kind], kind)
		}
		for n := range calm.seen[kind] {
			points = append(points, point{kind, n + 1, false}, point{kind, n + 1, true})
		}
	}
	t.Logf("%d points: %v", len(points), calm.seen)
	if os.Getenv("PORTALBOT_LONG") == "" {
		rnd := rand.New(rand.NewPCG(2, 3))
		rnd.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
		points = points[:24]
	}
	for _, p := range points {
		t.Run(p.String(), func(t *testing.T) {
			t.Parallel()
			r := newReaper(p)
			w := newWorld(t, 3, salesforcesim.Config{})
			l := w.start(r.outside())
			if w.play(r.died) {
				select {
				case <-r.died:
				default: // this life made fewer calls than the undisturbed one
					w.settled()
					l.end(false)
					w.wantOnce()
					return
				}
			}
			l.end(true)
			l = w.start(outside{})
			defer l.end(false)
			w.play(nil)
			w.settled()
			w.wantOnce()
		})
	}
}
