package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"portalbot/bot/slacksim"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// Sizes of the crash test.
const (
	crashAccounts  = 12
	crashPerAcct   = 50        // contacts of each account
	crashPatience  = time.Hour // of the whole test
	crashSettle    = time.Second
	crashKills     = 6   // in the short form
	crashKillsLong = 200 // with PORTALBOT_LONG=1: at least so many
)

// crashOrg makes a run of 600 rows last about a second.
var crashOrg = salesforcesim.Config{PerRequest: 40 * time.Millisecond, PerRecord: time.Millisecond}

const crashConfig = `
slack: {channel: C0PORTAL, requesters: [S0CSTEAM], admins: [U0ADMIN]}
approval: {approvers: [S0GROUP]}
salesforce: {login_url: %q, settle_after: 1s, parallel: 5}
portals:
  customer:
    profile: Customer Community User
    profiles: [Customer Community Plus User]
    welcome_email: header
    timezone: America/Los_Angeles
    locale: en_US
    language: en_US
    email_encoding: UTF-8
store: {path: %q}
admin: {listen: none}
`

// crash is the real binary between a strict Slack and a strict org that live in the test.
type crash struct {
	t      testing.TB
	ctx    context.Context
	ws     *slacksim.Workspace
	org    *salesforcesim.Org
	acme   salesforcesim.Acme
	ledger *ledger
	rnd    *rand.Rand
	binary string
	config string
	db     string
	env    []string

	cmd     *exec.Cmd
	log     *logFile
	started time.Time
	slowest time.Duration // from a start of the program to its first request to the org
}

// logFile keeps what the program says, for a failed test.
type logFile struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func newCrash(t testing.TB, seed uint64, org salesforcesim.Config) *crash {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), crashPatience)
	t.Cleanup(cancel)
	c := &crash{t: t, ctx: ctx, rnd: rand.New(rand.NewPCG(seed, seed)), log: &logFile{}}
	dir := t.TempDir()
	c.binary, c.config, c.db = filepath.Join(dir, "portalbot"), filepath.Join(dir, "portalbot.yml"), filepath.Join(dir, "portalbot.db")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", c.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	var err error
	if c.ws, err = slacksim.New(slacksim.Config{NoRateLimits: true, ConnectBurst: 10_000}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.ws.Close)
	if c.org, err = salesforcesim.New(org); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.org.Close)
	c.acme = c.org.Seed(salesforcesim.Seats{Customer: 1_000_000, CustomerPlus: 1_000_000})
	c.ledger = newLedger(c.org, crashSettle)
	front := httptest.NewServer(c.ledger)
	t.Cleanup(front.Close)
	text := fmt.Sprintf(crashConfig, front.URL, c.db)
	if err := os.WriteFile(c.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c.env = append(os.Environ(),
		"SLACK_BOT_TOKEN="+c.ws.BotToken(), "SLACK_APP_TOKEN="+c.ws.AppToken(), "SLACK_API_URL="+c.ws.APIURL(),
		"SALESFORCE_CLIENT_ID="+c.acme.ClientID, "SALESFORCE_CLIENT_SECRET="+c.acme.ClientSecret)
	t.Cleanup(func() {
		if c.cmd != nil {
			c.kill()
		}
		if t.Failed() {
			lines := strings.Split(c.log.b.String(), "\n")
			t.Logf("the program's last words:\n%s", strings.Join(lines[max(0, len(lines)-60):], "\n"))
		}
	})
	return c
}

// start starts the program.
func (c *crash) start() {
	c.t.Helper()
	c.cmd = exec.CommandContext(c.ctx, c.binary, "serve", "--config", c.config)
	c.cmd.Env, c.cmd.Stdout, c.cmd.Stderr = c.env, io.Discard, c.log
	c.started = time.Now()
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
}

// kill is kill -9.
func (c *crash) kill() {
	c.t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		c.t.Error(err)
	}
	_ = c.cmd.Wait() // it was killed: that is no news
	if heard := c.ledger.heard(); !heard.IsZero() {
		c.slowest = max(c.slowest, heard.Sub(c.started))
	}
	c.ledger.killed()
	c.cmd = nil
}

// batch makes 600 contacts on 12 accounts, half of them for role-based users, and the file that names them.
func (c *crash) batch(n int) (contacts []string, data []byte) {
	var b strings.Builder
	b.WriteString("ContactId,LastName,Email,Profile\n")
	for a := range crashAccounts {
		account := c.org.AddAccount(salesforcesim.Fields{"Name": fmt.Sprintf("Account %d of batch %d", a+1, n), "OwnerId": c.acme.Owner})
		profile := "Customer Community User"
		if a%2 == 1 {
			profile = "Customer Community Plus User"
		}
		for i := range crashPerAcct {
			last, mail := fmt.Sprintf("Doe%d", i+1), fmt.Sprintf("p%d.a%d.b%d@acme.example", i+1, a+1, n)
			id := c.org.AddContact(salesforcesim.Fields{"AccountId": account, "LastName": last, "Email": mail})
			contacts = append(contacts, id)
			fmt.Fprintf(&b, "%s,%s,%s,%s\n", id, last, mail, profile)
		}
	}
	return contacts, []byte(b.String())
}

// connected waits until the program is there.
func (c *crash) connected() {
	for c.ws.Sockets() == 0 && c.ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
}

// send takes a file through the form up to its approval, and returns the request's id.
func (c *crash) send(data []byte, known map[string]bool) string {
	t := c.t
	t.Helper()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	c.connected()
	ann, ben := c.ws.User("ann"), c.ws.User("ben")
	must("type", ann.Type(c.ctx, "#portal", "/portal add"))
	form, err := ann.WaitModal(c.ctx, "Add portal users")
	must("form", err)
	must("attach", form.Attach("File", "people.csv", data))
	_, err = form.Submit(c.ctx)
	must("submit", err)
	must("check", form.Wait(c.ctx, func(v *slacksim.View) bool { return !strings.Contains(v.Text(), "Checking your file") }))
	if !strings.Contains(form.Text(), "Nothing was sent yet") {
		t.Fatalf("the file is refused: %s", form.Text())
	}
	_, err = form.Submit(c.ctx)
	must("send", err)
	plan, err := c.ws.WaitMessage(c.ctx, func(m slacksim.Message) bool {
		return strings.Contains(m.Read, "[Approve]") && !known[requestIn(m.Read)]
	})
	must("plan", err)
	id := requestIn(plan.Read)
	must("approve", ben.Click(c.ctx, plan, "Approve"))
	return id
}

// requestIn finds the first request id in a text.
func requestIn(text string) string {
	_, rest, ok := strings.Cut(text, "P-")
	if !ok {
		return ""
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	return "P-" + rest[:end]
}

// messages returns what everyone sees in #portal that reads so.
func (c *crash) messages(text string) []slacksim.Message {
	var out []slacksim.Message
	for _, m := range c.ws.Messages("#portal") {
		if m.EphemeralTo == "" && strings.Contains(m.Read, text) {
			out = append(out, m)
		}
	}
	return out
}

// faults lets calls to both sides go wrong at random, a few in a hundred.
func (c *crash) faults() (remove func()) {
	rnd := rand.New(rand.NewPCG(c.rnd.Uint64(), 1)) // one of their own: faults strike beside the test
	var mu sync.Mutex
	chance := func(one int) bool {
		mu.Lock()
		defer mu.Unlock()
		return rnd.IntN(one) == 0
	}
	expired := 0 // number of the last call whose session ended
	var injected []*salesforcesim.InjectedFault
	for _, f := range []salesforcesim.Fault{
		{Kind: salesforcesim.LoseAnswer},
		{Kind: salesforcesim.FailBefore, Status: 503, Body: "busy"},
		{Kind: salesforcesim.StillWorking, Delay: 300 * time.Millisecond},
		{Kind: salesforcesim.ExpireSession},
	} {
		f.Match = func(op salesforcesim.Op) bool {
			// A session that ends again with the very next call is no accident but a wrong set-up, which ends a request.
			if op.Name != salesforcesim.OpCreate || !chance(40) {
				return false
			}
			mu.Lock()
			defer mu.Unlock()
			soon := op.Number < expired+20
			if f.Kind == salesforcesim.ExpireSession {
				expired = op.Number
			}
			return f.Kind != salesforcesim.ExpireSession || !soon
		}
		injected = append(injected, c.org.Inject(f))
	}
	var slack []func()
	for _, kind := range []slacksim.FaultKind{slacksim.FailBefore, slacksim.FailAfter, slacksim.LoseAnswer} {
		slack = append(slack, c.ws.Inject(slacksim.Fault{Kind: kind, Match: func(k slacksim.Call) bool {
			return (strings.HasPrefix(k.Method, "chat.") || strings.HasPrefix(k.Method, "files.")) && chance(40)
		}}))
	}
	return func() {
		for _, f := range injected {
			f.Remove()
		}
		for _, f := range slack {
			f()
		}
	}
}

// missing counts the contacts that have no user.
func (c *crash) missing(contacts []string) int {
	n := 0
	for _, id := range contacts {
		if len(c.org.UsersByContact(id)) == 0 {
			n++
		}
	}
	return n
}

// check counts what the batch left: one user a contact, a result for each row, one summary, one results file, one mention.
func (c *crash) check(id string, contacts []string) {
	t := c.t
	t.Helper()
	per := map[int]int{}
	for _, contact := range contacts {
		per[len(c.org.UsersByContact(contact))]++
	}
	if per[1] != len(contacts) {
		t.Errorf("%s: contacts by number of users: %v", id, per)
	}
	for what, text := range map[string]string{"summaries": id + ": done", "mentions": "@ann " + id + " is done"} {
		if n := len(c.messages(text)); n != 1 {
			t.Errorf("%s: %d %s", id, n, what)
		}
	}
	var files []slacksim.File
	for _, m := range c.ws.Messages("#portal") {
		for _, f := range m.Files {
			if f.Name == id+"-results.csv" {
				files = append(files, f)
			}
		}
	}
	if len(files) != 1 {
		t.Errorf("%s: %d results files", id, len(files))
		return
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(files[0].Data, []byte("\uFEFF")))).ReadAll()
	if err != nil || len(rows) != len(contacts)+1 {
		t.Fatalf("%s: %d lines of results, %v", id, len(rows), err)
	}
	for i, row := range rows[1:] {
		if row[0] != fmt.Sprint(i+1) || row[1] != "created" || row[2] == "" {
			t.Errorf("%s: result %v", id, row)
		}
	}
}

// The real program is killed again and again during its runs, with faults on both sides, and started again: every contact has one user,
// no create is sent blindly, every row is told, and nothing is told twice. Short form: a few kills; PORTALBOT_LONG=1: at least 200.
func TestKilledProgramFinishesEveryRowOnce(t *testing.T) {
	want, seed := crashKills, uint64(4)
	if os.Getenv("PORTALBOT_LONG") != "" {
		want = crashKillsLong
	}
	c := newCrash(t, seed, crashOrg)
	known := map[string]bool{}
	kills, late, batches := 0, 0, 0
	c.start()
	for kills < want {
		batches++
		contacts, data := c.batch(batches)
		id := c.send(data, known)
		known[id] = true
		remove := c.faults()
		for len(c.messages("@ann "+id+" is done")) == 0 {
			wait := time.Duration(50+c.rnd.IntN(1000)) * time.Millisecond
			if kills >= want {
				wait = time.Minute
			}
			ctx, cancel := context.WithTimeout(c.ctx, wait)
			_, err := c.ws.WaitMessage(ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "@ann "+id+" is done") })
			cancel()
			if err == nil {
				break
			}
			if over := c.messages(id + " could not be finished"); len(over) > 0 {
				t.Fatalf("%s ended early: %s", id, over[0].Read)
			}
			if c.missing(contacts) > 0 {
				kills++
			} else {
				late++ // every user exists, not everything is told
			}
			c.kill()
			c.start()
		}
		remove()
		if _, err := c.ws.WaitMessage(c.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, id+": done") }); err != nil {
			t.Fatal(err)
		}
		c.check(id, contacts)
		if t.Failed() {
			break
		}
	}
	creates, broken := c.ledger.all()
	for _, b := range broken {
		t.Error(b)
	}
	t.Logf("seed %d: %d kills during a run and %d while the end was told, over %d batches of %d rows; %d creates were sent, %d of them against the rules; "+
		"slowest first request after a start %v", seed, kills, late, batches, crashAccounts*crashPerAcct, creates, len(broken), c.slowest.Round(time.Millisecond))
	if c.slowest > 5*time.Second {
		t.Errorf("settling began %v after a start, want 5 s", c.slowest)
	}
}

// SIGTERM: the call in flight is waited for, at most 8 s, the thread is told, and the program ends within 10 s.
func TestTerminatedProgramTellsTheThreadAndEndsInTime(t *testing.T) {
	c := newCrash(t, 5, crashOrg)
	release := make(chan struct{})
	defer close(release)
	hung := c.org.Inject(salesforcesim.Fault{Operation: salesforcesim.OpCreate, Object: "User", Nth: 2, Kind: salesforcesim.StillWorking, Hang: true, Delay: 100 * time.Millisecond})
	contacts, data := c.batch(1)
	c.start()
	id := c.send(data, nil)
	<-hung.Fired()
	began := time.Now()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	err := c.cmd.Wait()
	took := time.Since(began)
	if err != nil || took > 10*time.Second {
		t.Errorf("ended after %v: %v", took, err)
	}
	if len(c.messages("I am being shut down")) != 1 {
		t.Error("the thread does not say that the run was interrupted")
	}
	c.ledger.killed()
	c.start()
	if _, err := c.ws.WaitMessage(c.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "@ann "+id+" is done") }); err != nil {
		t.Fatal(err)
	}
	c.check(id, contacts)
	if _, broken := c.ledger.all(); len(broken) > 0 {
		t.Error(broken)
	}
	t.Logf("ended %v after SIGTERM with a call that hangs", took.Round(10*time.Millisecond))
}
