package provisioning_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce"
	"portalbot/provisioning/salesforce/salesforcesim"
	"portalbot/store"
)

// rig is the domain over a real store file and a strict org, without Slack.
type rig struct {
	t    testing.TB
	sim  *salesforcesim.Org
	acme salesforcesim.Acme
	path string

	portal provisioning.Portal
	policy provisioning.Policy
	opts   provisioning.Options
	wrap   func(http.RoundTripper) http.RoundTripper
	hooks  store.Options
	ledger *ledger

	timeout time.Duration                               // of a call; 0: as in production
	storeOf func(provisioning.Store) provisioning.Store // mutations
	orgOf   func(provisioning.Org) provisioning.Org
}

// settleAfter is the settle time of tests: longer than anything that the org still works on when a client leaves.
const settleAfter = 50 * time.Millisecond

func newRig(t testing.TB, cfg salesforcesim.Config) *rig {
	t.Helper()
	sim, err := salesforcesim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return &rig{
		t: t, sim: sim, ledger: newLedger(sim, settleAfter), acme: sim.Seed(salesforcesim.Seats{Customer: 200_000, CustomerPlus: 200_000, Partner: 200_000}), path: filepath.Join(t.TempDir(), "portalbot.db"),
		portal: provisioning.Portal{
			Name: "customer", Profile: "Customer Community User", Mail: provisioning.MailHeader,
			Profiles: []string{"Customer Community Plus User"},
			TimeZone: "America/Los_Angeles", Locale: "en_US", Language: "en_US", EmailEncoding: "UTF-8", Reactivate: true,
		},
		policy: provisioning.Policy{Approvers: []string{"U0BOB"}, Required: 1},
		opts: provisioning.Options{
			SettleAfter: settleAfter, Grace: 50 * time.Millisecond, Backoff: []time.Duration{5 * time.Millisecond},
			RecheckEvery: 20 * time.Millisecond, SweepEvery: 20 * time.Millisecond,
		},
	}
}

// contacts adds n contacts to an account and returns them as an input by ContactId.
func (r *rig) contacts(account string, n int) provisioning.Input {
	in := provisioning.Input{Columns: []provisioning.Column{{Header: "ContactId", Name: "ContactId"}, {Header: "Email", Name: "Email"}}}
	for i := range n {
		email := fmt.Sprintf("p%d.%s@acme.example", i+1, account[len(account)-6:])
		id := r.sim.AddContact(salesforcesim.Fields{"AccountId": account, "FirstName": "Pat", "LastName": fmt.Sprintf("Doe%d", i+1), "Email": email})
		in.Rows = append(in.Rows, provisioning.InputRow{Number: i + 1, Line: i + 2, Cells: []string{id, email}})
	}
	return in
}

// everyone lets the listed people be what they are listed as.
type everyone struct{}

func (everyone) MemberOf(_ context.Context, person string, list []string) (bool, error) {
	return slices.Contains(list, person), nil
}

// life is one life of the process.
type life struct {
	rig     *rig
	store   *store.Store
	service *provisioning.Service
	org     *salesforce.Client
	stop    context.CancelFunc
	done    chan error
}

// start opens the store and runs an engine.
func (r *rig) start() *life {
	r.t.Helper()
	s, err := store.Open(r.path, r.hooks)
	if err != nil {
		r.t.Fatal(err)
	}
	var transport http.RoundTripper = salesforce.NewTransport()
	if r.wrap != nil {
		transport = r.wrap(transport)
	}
	org, err := salesforce.New(salesforce.Config{
		LoginURL: r.sim.URL(), Auth: salesforce.AuthClientCredentials, ClientID: r.acme.ClientID, ClientSecret: r.acme.ClientSecret,
		Transport: transport, WriteTimeout: r.timeout, ReadTimeout: r.timeout,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		r.t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(testLog{r.t}, nil))
	var kept provisioning.Store = s
	if r.storeOf != nil {
		kept = r.storeOf(s)
	}
	var asked provisioning.Org = org
	if r.orgOf != nil {
		asked = r.orgOf(org)
	}
	opts := r.opts
	opts.Portals = map[string]provisioning.Portal{r.portal.Name: r.portal}
	engine := provisioning.NewEngine(kept, asked, opts, time.Now, log)
	ctx, cancel := context.WithCancel(context.Background())
	l := &life{rig: r, store: s, org: org, stop: cancel, done: make(chan error, 1)}
	l.service = provisioning.NewService(s, org, everyone{}, engine, provisioning.Config{
		Portals: map[string]provisioning.Portal{r.portal.Name: r.portal}, Policy: r.policy,
	}, time.Now)
	go func() { l.done <- engine.Run(ctx) }()
	return l
}

// end stops the engine and closes the store.
func (l *life) end() {
	l.rig.t.Helper()
	l.stop()
	if err := <-l.done; err != nil {
		l.rig.t.Error(err)
	}
	l.org.Close()
	if err := l.store.Close(); err != nil {
		l.rig.t.Error(err)
	}
}

type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Logf("%s", b)
	return len(b), nil
}

func (r *rig) terms() provisioning.Terms {
	return provisioning.Terms{Origin: "view-1", Verb: provisioning.VerbAdd, Portal: r.portal.Name, Requester: "U0ANN", Mail: r.portal.Mail}
}

// approve proposes, sends and approves a file.
func (l *life) approve(terms provisioning.Terms, in provisioning.Input) provisioning.Request {
	l.rig.t.Helper()
	ctx := l.rig.t.Context()
	p, err := l.service.Propose(ctx, terms, in)
	if err != nil {
		l.rig.t.Fatal(err)
	}
	if p.Request.ID == "" {
		l.rig.t.Fatalf("nothing to do: %+v", p.Summary)
	}
	if _, err := l.service.Send(ctx, p.Request.ID, terms.Requester); err != nil {
		l.rig.t.Fatal(err)
	}
	r, err := l.service.Approve(ctx, p.Request.ID, p.Request.Plan.Digest, "U0BOB")
	if err != nil {
		l.rig.t.Fatal(err)
	}
	return r
}

// waitEnd waits until the request has ended.
func (l *life) waitEnd(id string) provisioning.Request {
	l.rig.t.Helper()
	return l.wait(id, func(r provisioning.Request) bool { return r.State.Ended() })
}

// wait waits for a state of the request, by the store's own signal that something is to be told.
func (l *life) wait(id string, ok func(provisioning.Request) bool) provisioning.Request {
	l.rig.t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for {
		r, err := l.service.Request(l.rig.t.Context(), id)
		if err != nil {
			l.rig.t.Fatal(err)
		}
		if ok(r) {
			return r
		}
		select {
		case <-look.C:
		case <-deadline.C:
			l.rig.t.Fatalf("request %s is still %s (%+v)", id, r.State, r.Progress)
		}
	}
}

// results collects the results by status.
func (l *life) results(r provisioning.Request) map[provisioning.Status]int {
	l.rig.t.Helper()
	got := map[provisioning.Status]int{}
	number := 0
	for res, err := range l.service.Results(l.rig.t.Context(), r) {
		if err != nil {
			l.rig.t.Fatal(err)
		}
		if number++; res.Row.Number != number {
			l.rig.t.Errorf("result %d is of row %d", number, res.Row.Number)
		}
		if res.Status == provisioning.StatusCreated && res.UserID == "" {
			l.rig.t.Errorf("row %d was created and has no user id", number)
		}
		got[res.Status]++
	}
	return got
}

// creates counts the creates of users that the org has seen, by contact, and fails when a contact has two users.
func (r *rig) usersPerContact(in provisioning.Input) map[int]int {
	r.t.Helper()
	got := map[int]int{}
	for _, row := range in.Rows {
		got[len(r.sim.UsersByContact(row.Cells[0]))]++
	}
	return got
}
