package provisioning_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
	"testing"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
	"portalbot/store"
)

// errKilled is what everything returns once the process is dead.
var errKilled = errors.New("the process was killed here")

// killer numbers every save and every outside call of a run, and lets the process die, or the one save or call fail, at one of them.
type killer struct {
	mu    sync.Mutex // guards what is below
	saves int
	calls int
	names []string // of all points that were met, saves and calls
	dead  bool
	died  chan struct{}

	kind  string // "save" or "call"; empty: nothing happens
	at    int
	after bool // when it has taken effect
	lives bool // only this one fails, the process lives on
}

func newKiller() *killer { return &killer{died: make(chan struct{})} }

// strike reports whether what is called here fails.
func (k *killer) strike(kind string, n int, after bool) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		return true
	}
	if k.kind != kind || k.at != n || k.after != after {
		return false
	}
	if !k.lives {
		k.dead = true
		close(k.died)
	}
	return true
}

func (k *killer) hooks() store.Options {
	var n int // saves are announced one after another
	return store.Options{
		BeforeCommit: func(op string) error {
			k.mu.Lock()
			k.saves++
			n = k.saves
			k.names = append(k.names, fmt.Sprintf("save %d: %s", n, op))
			k.mu.Unlock()
			if k.strike("save", n, false) {
				return errKilled
			}
			return nil
		},
		AfterCommit: func(string) error {
			if k.strike("save", n, true) {
				return errKilled
			}
			return nil
		},
	}
}

func (k *killer) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		k.mu.Lock()
		k.calls++
		n := k.calls
		k.names = append(k.names, fmt.Sprintf("call %d: %s", n, req.URL.Path))
		k.mu.Unlock()
		if k.strike("call", n, false) {
			return nil, errKilled
		}
		resp, err := next.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(resp.Body)
		if cerr := resp.Body.Close(); err == nil {
			err = cerr
		}
		if k.strike("call", n, true) {
			return nil, errKilled
		}
		resp.Body = io.NopCloser(bytes.NewReader(body))
		return resp, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// faultRig is a rig with rows for two calls.
func faultRig(t *testing.T) (*rig, provisioning.Input) {
	r := newRig(t, salesforcesim.Config{})
	in := r.contacts(r.acme.Account, 115)
	other := r.sim.AddAccount(salesforcesim.Fields{"Name": "Borg", "OwnerId": r.acme.Owner})
	for _, row := range r.contacts(other, 115).Rows {
		row.Number, row.Line = row.Number+115, row.Line+115
		in.Rows = append(in.Rows, row)
	}
	return r, in
}

// drive does what people and the inbox do until the request has ended or the process is dead: each act is tried again until it took
// effect. It returns false when the process died.
func (l *life) drive(k *killer, in provisioning.Input) bool {
	ctx := l.rig.t.Context()
	for {
		select {
		case <-k.died:
			return false
		default:
		}
		p, err := l.service.Propose(ctx, l.rig.terms(), in)
		if err != nil {
			continue
		}
		switch id := p.Request.ID; {
		case p.Request.State == provisioning.StateDraft:
			_, _ = l.service.Send(ctx, id, "U0ANN") // what failed is done again in the next turn
		case p.Request.State == provisioning.StatePending:
			_, _ = l.service.Approve(ctx, id, p.Request.Plan.Digest, "U0BOB")
		case p.Request.State.Ended():
			return true
		}
	}
}

// check compares org, results and what is to be told with the undisturbed run.
func (l *life) check(in provisioning.Input) {
	t := l.rig.t
	t.Helper()
	n := len(in.Rows)
	req, err := l.store.RequestByOrigin(t.Context(), l.rig.terms().Origin)
	if err != nil {
		t.Fatal(err)
	}
	if req.State != provisioning.StateDone {
		t.Errorf("state %s: %+v", req.State, req.Ending)
	}
	if got := l.results(req); !maps.Equal(got, map[provisioning.Status]int{provisioning.StatusCreated: n}) {
		t.Errorf("results %v", got)
	}
	if got := l.rig.usersPerContact(in); got[1] != n {
		t.Errorf("users per contact %v", got)
	}
	if got := l.rig.sim.MailCount(salesforcesim.MailNewUser); got != n {
		t.Errorf("%d mails requested for %d rows", got, n)
	}
	notices, err := l.store.PendingNotices(t.Context(), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	told := map[provisioning.NoticeKind]int{}
	for _, notice := range notices {
		told[notice.Kind]++
	}
	if told[provisioning.NoticeResults] != 1 || told[provisioning.NoticeDone] != 1 || told[provisioning.NoticePlanFile] != 1 {
		t.Errorf("to be told: %v", told)
	}
	if _, err := l.store.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

// live runs one story with the killer and, if it died, goes on in a second life.
func (r *rig) live(k *killer, in provisioning.Input) {
	r.hooks, r.wrap = k.hooks(), k.wrap
	l := r.start()
	if l.drive(k, in) {
		l.check(in)
		l.end()
		return
	}
	l.end()
	r.hooks, r.wrap = store.Options{}, nil
	l = r.start()
	defer l.end()
	if !l.drive(newKiller(), in) {
		r.t.Fatal("died in the second life")
	}
	l.check(in)
}

// Every save and every outside call of a run, numbered by an undisturbed run, x {before, after it took effect} x {the process dies, it
// alone fails}: afterwards org, results and notices are those of the undisturbed run.
func TestEveryFaultLeavesTheUndisturbedResult(t *testing.T) {
	calm := newKiller()
	r, in := faultRig(t)
	r.live(calm, in)
	if calm.saves < 10 || calm.calls < 8 {
		t.Fatalf("only %d saves and %d calls were numbered", calm.saves, calm.calls)
	}
	t.Logf("%d saves, %d calls:\n%s", calm.saves, calm.calls, calm.names)
	for _, point := range []struct {
		kind string
		n    int
	}{{"save", calm.saves}, {"call", calm.calls}} {
		for n := 1; n <= point.n; n++ {
			for _, after := range []bool{false, true} {
				for _, lives := range []bool{false, true} {
					name := fmt.Sprintf("%s %d, after=%t, process lives=%t", point.kind, n, after, lives)
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						k := newKiller()
						k.kind, k.at, k.after, k.lives = point.kind, n, after, lives
						r, in := faultRig(t)
						r.live(k, in)
					})
				}
			}
		}
	}
}
