package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portalbot/bot"
	"portalbot/bot/slacksim"
	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// world is the whole program between a strict Slack and a strict org. Its process can die and start again; Slack, the org, the store file
// and the people stay.
type world struct {
	*stage
	t   testing.TB
	ctx context.Context
	csv []byte
	ids []string // contacts of the file
}

func newWorld(t testing.TB, rows int, org salesforcesim.Config) *world {
	t.Helper()
	s, err := newStage(slacksim.Config{NoRateLimits: true}, org)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	s.cfg.Salesforce.SettleAfter = Duration(50 * time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	w := &world{stage: s, t: t, ctx: ctx}
	var csv strings.Builder
	csv.WriteString("ContactId,LastName,Email\n")
	for i := range rows {
		last, mail := fmt.Sprintf("Tester%03d", i+1), fmt.Sprintf("tester%03d@acme.example", i+1)
		id := s.org.AddContact(salesforcesim.Fields{"AccountId": s.acme.Account, "LastName": last, "Email": mail})
		w.ids = append(w.ids, id)
		fmt.Fprintf(&csv, "%s,%s,%s\n", id, last, mail)
	}
	w.csv = []byte(csv.String())
	return w
}

// process is one life of the program.
type process struct {
	w    *world
	p    *program
	stop context.CancelFunc
	done chan error
}

// start begins a life. A life that cannot even open its store is a failure of the test.
func (w *world) start(o outside) *process {
	w.t.Helper()
	quick := o.options
	o.options = func(opts *provisioning.Options) {
		opts.Backoff = []time.Duration{5 * time.Millisecond}
		opts.SweepEvery, opts.RecheckEvery, opts.Grace = 20*time.Millisecond, 20*time.Millisecond, 200*time.Millisecond
		if quick != nil {
			quick(opts)
		}
	}
	o.editEvery, o.haste = time.Millisecond, 10_000 // the world's Slack has no limits
	if o.sockets == 0 {
		o.sockets = 1
	}
	p, err := wire(w.cfg, slog.New(slog.NewTextHandler(logTo{w.t}, nil)), o)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &process{w: w, p: p, stop: cancel, done: make(chan error, 1)}
	go func() { l.done <- p.Run(ctx) }()
	return l
}

// end stops the life. What Run says is of interest only when the life was not cut short on purpose.
func (l *process) end(killed bool) {
	l.w.t.Helper()
	l.stop()
	if err := <-l.done; err != nil && !killed {
		l.w.t.Error(err)
	}
	if err := l.p.Close(); err != nil {
		l.w.t.Error(err)
	}
}

// logTo shows the program's log only with a failed test.
type logTo struct{ t testing.TB }

func (l logTo) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// patience is how long a person waits for something to happen by itself before they act again.
const patience = 3 * time.Second

// play lets ann and ben do what people do until ann is told that her request is done: they look at what Slack shows them and act on it, and
// act again when nothing happens. It returns false when the process died.
func (w *world) play(died <-chan struct{}) bool {
	w.t.Helper()
	ann, ben := w.ws.User("ann"), w.ws.User("ben")
	var acted time.Time
	last := ""
	for {
		select {
		case <-died:
			return false
		case <-w.ctx.Done():
			w.t.Fatalf("ann was never told that it is done; the last act was %q; the channel:\n%s", last, w.transcript())
		case <-time.After(5 * time.Millisecond): // a person's glance: they see only what is on the screen
		}
		act, do := "", func(context.Context) error { return nil }
		plan, planned := w.find("[Approve]")
		form := ann.Modal()
		offer, offered := w.find("[Open the form]")
		dm, previewed := lastWith(ann.DM(), "[Send for approval]")
		switch _, done := w.find("@ann P-"); {
		case done:
			return true
		case planned:
			act, do = "approve", func(ctx context.Context) error { return ben.Click(ctx, plan, "Approve") }
		case w.roots() > 0:
			act = "wait for the run"
		case previewed:
			act, do = "send from the direct message", func(ctx context.Context) error { return ann.Click(ctx, dm, "Send for approval") }
		case form != nil && strings.Contains(form.Text(), "Nothing was sent yet"):
			act, do = "send", func(ctx context.Context) error { _, err := form.Submit(ctx); return err }
		case form != nil && strings.Contains(form.Text(), "Checking your file"):
			act = "wait for the check"
		case form != nil && strings.Contains(strings.Join(form.Labels(), " "), "File"):
			act, do = "submit", func(ctx context.Context) error {
				_ = form.Detach("File") // one may be there from the last try
				if err := form.Attach("File", "people.csv", w.csv); err != nil {
					return err
				}
				_, err := form.Submit(ctx)
				return err
			}
		case offered:
			act, do = "open the form by its button", func(ctx context.Context) error { return ann.Click(ctx, offer, "Open the form") }
		default:
			act, do = "type", func(ctx context.Context) error { return ann.Type(ctx, "#portal", "/portal add") }
		}
		if act == last && time.Since(acted) < patience {
			continue
		}
		if strings.HasPrefix(act, "wait") && act == last && time.Since(acted) > 4*patience && form != nil {
			act, do = "start over", func(ctx context.Context) error { return form.CloseAll(ctx) }
		}
		last, acted = act, time.Now()
		ctx, cancel := context.WithTimeout(w.ctx, patience)
		_ = do(ctx) // what did not work, or hangs, is tried again, as people do
		cancel()
	}
}

// find returns the newest message in #portal and its threads that reads so.
func (w *world) find(text string) (slacksim.Message, bool) {
	return lastWith(w.everything(), text)
}

// everything is all messages of #portal, threads included.
func (w *world) everything() []slacksim.Message { return w.ws.Messages("#portal") }

// roots counts the messages in the channel itself that everyone sees.
func (w *world) roots() int {
	n := 0
	for _, m := range w.everything() {
		if m.EphemeralTo == "" && !inThread(m) {
			n++
		}
	}
	return n
}

// inThread reports whether a message is a reply that everyone sees.
func inThread(m slacksim.Message) bool {
	return m.ThreadTS != "" && m.ThreadTS != m.TS && m.EphemeralTo == ""
}

func lastWith(messages []slacksim.Message, text string) (slacksim.Message, bool) {
	for i := len(messages) - 1; i >= 0; i-- {
		if strings.Contains(messages[i].Read, text) {
			return messages[i], true
		}
	}
	return slacksim.Message{}, false
}

func (w *world) transcript() string {
	var b strings.Builder
	for _, m := range w.everything() {
		fmt.Fprintf(&b, "-- %s\n", m.Read)
	}
	return b.String()
}

// wantOnce checks what the undisturbed run leaves: one user a contact, one mail each, and every message and file of the thread once.
func (w *world) wantOnce() {
	w.t.Helper()
	for _, id := range w.ids {
		if n := len(w.org.UsersByContact(id)); n != 1 {
			w.t.Errorf("contact %s has %d users", id, n)
		}
	}
	if n := w.org.MailCount(salesforcesim.MailNewUser); n != len(w.ids) {
		w.t.Errorf("%d mails requested for %d rows", n, len(w.ids))
	}
	if n := w.roots(); n != 1 {
		w.t.Errorf("%d root messages", n)
	}
	for what, text := range map[string]string{
		"plans": "Plan of P-", "approvals": "approved the plan", "summaries": ": done", "mentions of the requester": "@ann P-",
	} {
		n := 0
		for _, m := range w.everything() {
			if inThread(m) && strings.Contains(m.Read, text) {
				n++
			}
		}
		if n != 1 {
			w.t.Errorf("%d %s:\n%s", n, what, w.transcript())
		}
	}
	files := map[string]int{}
	for _, m := range w.everything() {
		for _, f := range m.Files {
			files[f.Name[strings.LastIndex(f.Name, "-"):]]++
		}
	}
	if files["-plan.csv"] != 1 || files["-results.csv"] != 1 || len(files) != 2 {
		w.t.Errorf("files in the thread: %v", files)
	}
}

func TestTheWholeStoryLeavesEverythingOnce(t *testing.T) {
	w := newWorld(t, 12, salesforcesim.Config{})
	l := w.start(outside{})
	defer l.end(false)
	w.play(nil)
	w.settled()
	w.wantOnce()
}

// settled waits until the bot has nothing more to tell.
func (w *world) settled() {
	w.t.Helper()
	if _, err := w.ws.WaitMessage(w.ctx, func(slacksim.Message) bool {
		root, ok := lastWith(w.ws.Messages("#portal"), "Done:")
		return ok && root.TS != ""
	}); err != nil {
		w.t.Fatalf("the root message never said that it is done:\n%s", w.transcript())
	}
}

func TestRedeliveredEnvelopesDoNothingTwice(t *testing.T) {
	w := newWorld(t, 5, salesforcesim.Config{})
	l := w.start(outside{})
	defer l.end(false)
	stop := make(chan struct{})
	var again sync.WaitGroup
	again.Go(func() {
		for attempt := 0; ; attempt++ { // everything that the bot gets, it gets many times
			select {
			case <-stop:
				return
			case <-time.After(3 * time.Millisecond):
				w.ws.Redeliver(attempt % 4)
			}
		}
	})
	w.play(nil)
	close(stop)
	again.Wait()
	w.settled()
	w.wantOnce()
}

func TestTwoApproversAtOnceStartOneRun(t *testing.T) {
	w := newWorld(t, 5, salesforcesim.Config{})
	l := w.start(outside{})
	defer l.end(false)
	ann := w.ws.User("ann")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.ws.WaitSockets(w.ctx, 1))
	must(ann.Type(w.ctx, "#portal", "/portal add"))
	form, err := ann.WaitModal(w.ctx, "Add portal users")
	must(err)
	must(form.Attach("File", "people.csv", w.csv))
	_, err = form.Submit(w.ctx)
	must(err)
	must(form.Wait(w.ctx, func(v *slacksim.View) bool { return strings.Contains(v.Text(), "Nothing was sent yet") }))
	_, err = form.Submit(w.ctx)
	must(err)
	plan, err := w.ws.WaitMessage(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "[Approve]") })
	must(err)
	var clicks sync.WaitGroup
	for _, who := range []string{"ben", "cas", "ben", "cas"} {
		clicks.Go(func() {
			if err := w.ws.User(who).ClickSeen(w.ctx, plan, "Approve"); err != nil {
				t.Error(err)
			}
		})
	}
	clicks.Wait()
	w.play(nil)
	w.settled()
	w.wantOnce()
	requests, err := collect(l.p.service.Requests(w.ctx, provisioning.Filter{}))
	must(err)
	if len(requests) != 1 || len(requests[0].Approvals) != 1 {
		t.Errorf("requests %+v", requests)
	}
}

func collect(seq func(func(provisioning.Request, error) bool)) ([]provisioning.Request, error) {
	var all []provisioning.Request
	for r, err := range seq {
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

func TestAcksAreQuickUnderLoad(t *testing.T) {
	w := newWorld(t, 1, salesforcesim.Config{})
	var mu sync.Mutex
	var took []time.Duration
	l := w.start(outside{sockets: 2, acked: func(_ bot.Delivery, d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		took = append(took, d)
	}})
	defer l.end(false)
	if err := w.ws.WaitSockets(w.ctx, 2); err != nil {
		t.Fatal(err)
	}
	var typing sync.WaitGroup
	for range 200 {
		typing.Go(func() {
			if err := w.ws.User("ann").Type(w.ctx, "#portal", "/portal help"); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(10 * time.Millisecond) // 200 in two seconds
	}
	typing.Wait()
	mu.Lock()
	defer mu.Unlock()
	if len(took) != 200 {
		t.Fatalf("%d of 200 commands were acked", len(took))
	}
	p50, p99 := percentiles(took)
	t.Logf("ack of 200 commands in two seconds: p50 %v, p99 %v", p50, p99)
	if problems := w.ws.AckProblems(); len(problems) > 0 {
		t.Errorf("Slack has not got its acks: %v", problems)
	}
}

// percentiles returns the 50th and the 99th.
func percentiles(d []time.Duration) (p50, p99 time.Duration) {
	slices.Sort(d)
	return d[len(d)/2], d[len(d)*99/100]
}
