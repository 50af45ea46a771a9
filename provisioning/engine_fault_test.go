package provisioning_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
	"portalbot/store"
)

// long reports whether the tests run in their long form: every point of the fault tables instead of a sample. See docs/testing.md.
func long() bool { return os.Getenv("PORTALBOT_LONG") != "" }

// Moments of a fault.
const (
	before  = "before it takes effect"
	after   = "after it took effect"
	working = "while it still works" // it takes effect after the client left
)

// Ways to go wrong.
const (
	fails    = "error"           // this one fails, the process lives on
	hangs    = "hang"            // it takes long, and then fails if the client does not wait
	kills    = "kill"            // the process dies
	parts    = "shutdown"        // the process is told to end, and it works
	partHang = "shutdown + hang" // the process is told to end, and it hangs until it is left behind
)

// fault is one point of the table.
type fault struct {
	kind   string // "call" or "save"; empty: nothing happens
	n      int    // the n-th of its kind, from 1
	moment string
	how    string
}

func (f fault) String() string { return fmt.Sprintf("%s %d %s: %s", f.kind, f.n, f.moment, f.how) }

// table lists every fault of a run with that many calls and saves.
func table(calls, saves int) []fault {
	var all []fault
	for n := 1; n <= calls; n++ {
		for _, moment := range []string{before, after, working} {
			for _, how := range []string{fails, hangs, kills, parts, partHang} {
				all = append(all, fault{"call", n, moment, how})
			}
		}
	}
	for n := 1; n <= saves; n++ {
		for _, moment := range []string{before, after} { // a save has no client that could leave: whoever asks for one waits for its end
			for _, how := range []string{fails, hangs, kills, parts} {
				all = append(all, fault{"save", n, moment, how})
			}
		}
	}
	return all
}

// sample takes n of the faults, always the same ones, or all in the long form. Most are of the run, which is the latter half.
func sample(all []fault, calls, saves, n int) []fault {
	if long() || len(all) <= n {
		return all
	}
	rnd := rand.New(rand.NewPCG(4, 4))
	rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	inRun := func(f fault) bool { return f.kind == "call" && f.n > calls*3/4 || f.kind == "save" && f.n > saves/2 }
	slices.SortStableFunc(all[n/4:], func(a, b fault) int { return btoi(inRun(b)) - btoi(inRun(a)) })
	return all[:n]
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// errKilled is what everything returns once the process is dead.
var errKilled = errors.New("the process was killed here")

// errFault is what a single fault returns.
var errFault = errors.New("this one was made to fail")

// hangTimeout ends a call that hangs.
const hangTimeout = 300 * time.Millisecond

const stall = 20 * time.Millisecond // how long a save hangs, and a call whose client left still works

// saboteur numbers every save and every outside call of a life, and makes one of them go wrong.
type saboteur struct {
	fault
	stop func() // tells the process to end

	mu    sync.Mutex // guards what is below
	saves int
	calls int
	names []string // of all points that were met
	dead  bool
	hit   bool
	died  chan struct{}
	gone  chan struct{} // closed when the process was told to end
	late  sync.WaitGroup
}

func newSaboteur(f fault) *saboteur {
	return &saboteur{fault: f, died: make(chan struct{}), gone: make(chan struct{})}
}

// meet numbers a point and says whether it is the one that goes wrong.
func (s *saboteur) meet(kind, name string) (mine, dead bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := &s.saves
	if kind == "call" {
		n = &s.calls
	}
	*n++
	s.names = append(s.names, fmt.Sprintf("%s %d: %s", kind, *n, name))
	mine = !s.dead && !s.hit && s.kind == kind && s.n == *n
	s.hit = s.hit || mine
	return mine, s.dead
}

func (s *saboteur) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dead {
		s.dead = true
		close(s.died)
	}
}

func (s *saboteur) isDead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead
}

// shut tells the process to end.
func (s *saboteur) shut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.gone:
	default:
		close(s.gone)
	}
	if s.stop != nil {
		s.stop()
	}
}

func (s *saboteur) hooks() store.Options {
	var mine bool // saves are announced one after another
	strike := func(moment string) error {
		switch {
		case s.isDead():
			return errKilled
		case !mine || s.moment != moment:
			return nil
		}
		switch s.how {
		case fails:
			return errFault
		case kills:
			s.kill()
			return errKilled
		case parts:
			s.shut()
		case hangs:
			time.Sleep(stall) //nolint:forbidigo // a disk that stalls
		}
		return nil
	}
	return store.Options{
		BeforeCommit: func(op string) error {
			mine, _ = s.meet("save", op)
			return strike(before)
		},
		AfterCommit: func(string) error { return strike(after) },
	}
}

func (s *saboteur) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		send := func(ctx context.Context) (*http.Response, error) {
			again := req.Clone(ctx)
			again.Body = io.NopCloser(bytes.NewReader(body))
			return whole(next.RoundTrip(again))
		}
		mine, dead := s.meet("call", req.URL.Path+" "+req.Header.Get("X-Op"))
		switch {
		case dead:
			return nil, errKilled
		case !mine:
			resp, err := send(req.Context())
			if s.isDead() {
				return nil, errKilled
			}
			return resp, err
		}
		var resp *http.Response
		switch s.moment {
		case after:
			if resp, err = send(req.Context()); err != nil {
				return nil, err
			}
		case working:
			s.late.Go(func() {
				time.Sleep(stall) //nolint:forbidigo // the org works on after the client left
				_, _ = send(context.WithoutCancel(req.Context()))
			})
		}
		switch s.how {
		case kills:
			s.kill()
			return nil, errKilled
		case hangs:
			<-req.Context().Done()
			return nil, req.Context().Err()
		case partHang:
			s.shut()
			<-req.Context().Done()
			return nil, req.Context().Err()
		case parts:
			s.shut()
			if resp == nil && s.moment == before {
				return send(req.Context())
			}
			if resp != nil {
				return resp, nil
			}
		}
		return nil, errFault
	})
}

// whole reads an answer to its end, so that nothing of it is lost later.
func whole(resp *http.Response, err error) (*http.Response, error) {
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, err
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// story is what the table is played with.
type story struct {
	name  string
	setUp func(*testing.T) (*rig, provisioning.Terms, provisioning.Input)
}

// stories are a bulk create of role-based users with a permission set, and the change of users that exist.
func stories() []story {
	return []story{
		{"add", func(t *testing.T) (*rig, provisioning.Terms, provisioning.Input) {
			r := newRig(t, salesforcesim.Config{})
			r.portal.Profile, r.portal.PermissionSets = "Customer Community Plus User", []string{"Reader"}
			r.sim.Add("PermissionSet", salesforcesim.Fields{"Name": "Reader", "Label": "Reader"})
			in := r.contacts(r.acme.Account, 35)
			other := r.sim.AddAccount(salesforcesim.Fields{"Name": "Borg", "OwnerId": r.acme.Owner})
			for _, row := range r.contacts(other, 35).Rows {
				row.Number, row.Line = row.Number+35, row.Line+35
				in.Rows = append(in.Rows, row)
			}
			in.Columns = append(in.Columns, provisioning.Column{Header: "PermissionSets", Name: "PermissionSets"})
			for i := range in.Rows {
				in.Rows[i].Cells = append(in.Rows[i].Cells, "Reader")
			}
			return r, r.terms(), in
		}},
		{"disable", func(t *testing.T) (*rig, provisioning.Terms, provisioning.Input) {
			r := newRig(t, salesforcesim.Config{})
			in := r.contacts(r.acme.Account, 60)
			for _, row := range in.Rows {
				r.sim.AddUser(salesforcesim.Fields{"ContactId": row.Cells[0], "ProfileId": r.acme.CustomerProfile, "Username": row.Cells[1], "LastName": "Doe", "Email": row.Cells[1]})
			}
			terms := r.terms()
			terms.Verb, terms.Mail = provisioning.VerbDisable, provisioning.MailNone
			return r, terms, in
		}},
	}
}

// drive does what people and the inbox do until the request has ended, or the process is dead or told to end: each act is tried
// again until it took effect. It reports whether the request has ended.
func (l *life) drive(s *saboteur, terms provisioning.Terms, in provisioning.Input) bool {
	ctx := l.rig.t.Context()
	for {
		select {
		case <-s.died:
			return false
		case <-s.gone:
			return false
		default:
		}
		p, err := l.service.Propose(ctx, terms, in)
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
		case p.Request.State == "":
			l.rig.t.Fatalf("nothing to do: %+v", p.Summary)
		default:
			time.Sleep(time.Millisecond) //nolint:forbidigo // the run works
		}
	}
}

// outcome is what a story left behind, in words that can be compared with those of the undisturbed run.
type outcome struct {
	State   provisioning.State
	Results []string
	Org     []string
	Told    []string
	Mails   int
	Broken  []string // rules that were broken on the way
}

// outcomeOf collects it from the org, the store and the ledger.
func (l *life) outcomeOf(terms provisioning.Terms, in provisioning.Input) outcome {
	t := l.rig.t
	t.Helper()
	req, err := l.store.RequestByOrigin(t.Context(), terms.Origin)
	if err != nil {
		t.Fatal(err)
	}
	o := outcome{State: req.State, Mails: l.rig.sim.MailCount(salesforcesim.MailNewUser), Broken: l.rig.ledger.all()}
	for res, err := range l.service.Results(t.Context(), req) {
		if err != nil {
			t.Fatal(err)
		}
		o.Results = append(o.Results, fmt.Sprintf("%d %s %s %s", res.Row.Number, res.Status, res.Row.Username, res.Code))
	}
	total := 0
	for _, n := range req.Progress.Counts {
		total += n
	}
	if total != len(in.Rows) {
		o.Broken = append(o.Broken, fmt.Sprintf("%d of %d rows are counted", total, len(in.Rows)))
	}
	for _, row := range in.Rows {
		for _, id := range l.rig.sim.UsersByContact(row.Cells[0]) {
			u := l.rig.sim.Record(id)
			sets := len(l.rig.sim.Find("PermissionSetAssignment", "AssigneeId", id))
			o.Org = append(o.Org, fmt.Sprintf("%s %s %s %s %s %d", row.Cells[0], u["Username"], u["ProfileId"], u["IsActive"], u["Email"], sets))
		}
	}
	notices, err := l.store.PendingNotices(t.Context(), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	once := map[string]int{}
	for _, n := range notices {
		key := strings.TrimPrefix(n.Key(), n.Request+"/") // an id that was taken and never used leaves a gap
		if !strings.Contains(key, "story/restart-") && !strings.Contains(key, "story/parted-") {
			o.Told = append(o.Told, key)
		}
		if n.Kind == provisioning.NoticeResults || n.Kind == provisioning.NoticeDone || n.Kind == provisioning.NoticePlanFile {
			if once[key]++; once[key] > 1 {
				o.Broken = append(o.Broken, key+" is told twice")
			}
		}
	}
	slices.Sort(o.Told)
	o.Told = slices.Compact(o.Told)
	if _, err := l.store.VerifyAudit(t.Context()); err != nil {
		o.Broken = append(o.Broken, err.Error())
	}
	return o
}

// differs lists where an outcome is not that of the undisturbed run.
func (o outcome) differs(calm outcome) []string {
	bad := o.Broken
	if o.State != calm.State {
		bad = append(bad, fmt.Sprintf("state %s, undisturbed %s", o.State, calm.State))
	}
	if o.Mails != calm.Mails {
		bad = append(bad, fmt.Sprintf("%d mails, undisturbed %d", o.Mails, calm.Mails))
	}
	for _, d := range []struct {
		what      string
		got, want []string
	}{{"results", o.Results, calm.Results}, {"org", o.Org, calm.Org}, {"told", o.Told, calm.Told}} {
		if !slices.Equal(d.got, d.want) {
			bad = append(bad, fmt.Sprintf("%s: %s", d.what, firstDifference(d.got, d.want)))
		}
	}
	return bad
}

func firstDifference(got, want []string) string {
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			return fmt.Sprintf("%q, undisturbed %q (%d lines and %d)", g, w, len(got), len(want))
		}
	}
	return ""
}

// play plays a story with one fault in each of the first lives, and then to its end.
func (st story) play(t *testing.T, mutate func(*rig), faults ...fault) (outcome, []*saboteur) {
	r, terms, in := st.setUp(t)
	r.timeout = hangTimeout
	if mutate != nil {
		mutate(r)
	}
	var used []*saboteur
	for _, f := range append(faults, fault{}) {
		s := newSaboteur(f)
		used = append(used, s)
		ended, o := r.live(s, terms, in)
		if ended {
			for _, s := range used {
				s.late.Wait()
			}
			return o, used
		}
	}
	t.Fatal("the last life, which nothing disturbs, did not end the request")
	return outcome{}, nil
}

// live is one life of the process. It reports whether the request ended in it, and what was left then.
func (r *rig) live(s *saboteur, terms provisioning.Terms, in provisioning.Input) (ended bool, o outcome) {
	return r.liveWith(s, s.hooks(), terms, in)
}

func (r *rig) liveWith(s *saboteur, hooks store.Options, terms provisioning.Terms, in provisioning.Input) (ended bool, o outcome) {
	r.hooks = hooks
	r.wrap = func(next http.RoundTripper) http.RoundTripper { return r.ledger.watch(s, s.wrap(next)) }
	l := r.start()
	s.mu.Lock()
	s.stop = l.stop
	s.mu.Unlock()
	defer l.end()
	if ended = l.drive(s, terms, in); ended {
		s.late.Wait() // what the org still works on
		o = l.outcomeOf(terms, in)
	}
	return ended, o
}

// Every save and every outside call of a run, numbered by an undisturbed run, x {fails before it takes effect, after it, while the org
// still works on it} x {error, hang, kill, shutdown}: afterwards org, results and notices are those of the undisturbed run, and no create
// was sent while its user existed or before the settle time.
func TestEveryFaultLeavesTheUndisturbedResult(t *testing.T) {
	for _, st := range stories() {
		t.Run(st.name, func(t *testing.T) {
			calm, used := st.play(t, nil)
			calls, saves := used[0].calls, used[0].saves
			if bad := calm.differs(calm); len(bad) > 0 || calls < 8 || saves < 8 {
				t.Fatalf("undisturbed: %v, with %d calls and %d saves", bad, calls, saves)
			}
			all := table(calls, saves)
			points := sample(table(calls, saves), calls, saves, 36)
			t.Logf("%d calls, %d saves, %d faults, %d of them played: %s", calls, saves, len(all), len(points), strings.Join(used[0].names, ", "))
			for _, f := range points {
				t.Run(f.String(), func(t *testing.T) {
					t.Parallel()
					o, _ := st.play(t, nil, f)
					for _, bad := range o.differs(calm) {
						t.Error(bad)
					}
				})
			}
		})
	}
}

// The same when the second life, which settles what the first left, is disturbed as well, and the third, until a life is undisturbed.
func TestFaultsWhileSettlingLeaveTheUndisturbedResult(t *testing.T) {
	st := stories()[0]
	calm, used := st.play(t, nil)
	rnd := rand.New(rand.NewPCG(7, 7))
	n := 14
	if long() {
		n = 400
	}
	for i := range n {
		// The first life dies in the run; the others anywhere, most often soon: that is when they settle.
		all := slices.DeleteFunc(table(used[0].calls, used[0].saves), func(f fault) bool { return f.how != kills && f.how != partHang })
		faults := []fault{all[len(all)/4+rnd.IntN(len(all)*3/4)]}
		for range 1 + rnd.IntN(3) {
			early := table(8, 8)
			faults = append(faults, early[rnd.IntN(len(early))])
		}
		t.Run(fmt.Sprint(i, " ", faults), func(t *testing.T) {
			t.Parallel()
			o, _ := st.play(t, nil, faults...)
			for _, bad := range o.differs(calm) {
				t.Error(bad)
			}
		})
	}
}

// A checker that cannot fail proves nothing: an engine that forgets its intents, an org client that repeats a create blindly, and a
// settle time that is not kept must all turn the table red.
func TestTableTurnsRedWhenARuleIsBroken(t *testing.T) {
	st := stories()[0]
	calm, used := st.play(t, nil)
	lost := slices.DeleteFunc(table(used[0].calls, 0), func(f fault) bool {
		return f.how != kills && f.how != fails || !strings.Contains(used[0].names[slices.IndexFunc(used[0].names, func(n string) bool {
			return strings.HasPrefix(n, fmt.Sprintf("call %d: ", f.n))
		})], "create User")
	})
	for name, mutate := range map[string]func(*rig){
		"no intent is saved":                func(r *rig) { r.storeOf = func(s provisioning.Store) provisioning.Store { return forgetful{s} } },
		"a create is repeated blindly":      func(r *rig) { r.orgOf = func(o provisioning.Org) provisioning.Org { return blind{o} } },
		"the settle time is not waited for": func(r *rig) { r.opts.SettleAfter = time.Nanosecond },
	} {
		t.Run(name, func(t *testing.T) {
			red := 0
			for _, f := range lost {
				if o, _ := st.play(t, mutate, f); len(o.differs(calm)) > 0 {
					red++
				}
			}
			if red == 0 {
				t.Errorf("all of %d faults look as if nothing had happened", len(lost))
			}
			t.Logf("%d of %d faults are red", red, len(lost))
		})
	}
}

// forgetful is a store that does not keep intents.
type forgetful struct{ provisioning.Store }

func (f forgetful) Commit(ctx context.Context, c provisioning.Commit) (provisioning.Request, error) {
	c.Entries = slices.DeleteFunc(slices.Clone(c.Entries), func(e provisioning.Entry) bool { return e.Intent })
	return f.Store.Commit(ctx, c)
}

// blind is an org client that sends a create again when its answer is lost.
type blind struct{ provisioning.Org }

func (b blind) CreateUsers(ctx context.Context, records []provisioning.Record, o provisioning.WriteOptions) ([]provisioning.SaveResult, error) {
	results, err := b.Org.CreateUsers(ctx, records, o)
	if err != nil {
		return b.Org.CreateUsers(ctx, records, o)
	}
	return results, nil
}
