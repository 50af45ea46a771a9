package commands_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"portalbot/bot"
	"portalbot/bot/slacksim"
	"portalbot/commands"
	"portalbot/provisioning"
	"portalbot/provisioning/report"
	"portalbot/provisioning/salesforce"
	"portalbot/provisioning/salesforce/salesforcesim"
	"portalbot/store"
)

// world is the whole program between a strict Slack and a strict org, over real HTTP and sockets, with a store on disk.
type world struct {
	t       *testing.T
	ctx     context.Context
	ws      *slacksim.Workspace
	org     *salesforcesim.Org
	acme    salesforcesim.Acme
	db      *store.Store
	service *provisioning.Service
	talk    *commands.Commands
}

// setup changes what a world is made of, before it starts.
type setup struct {
	slack   slacksim.Config
	portals map[string]provisioning.Portal
	policy  provisioning.Policy
	org     salesforcesim.Config
	engine  provisioning.Options
	reports []commands.ReportPlan
	haste   int                               // how many times faster than Slack allows, see bot.Config
	http    bool                              // Slack posts signed requests in place of sockets
	acked   func(bot.Delivery, time.Duration) // told of each acknowledgement
}

func customer() provisioning.Portal {
	return provisioning.Portal{
		Name: "customer", Profile: "Customer Community User", Mail: provisioning.MailHeader,
		TimeZone: "America/Los_Angeles", Locale: "en_US", Language: "en_US", EmailEncoding: "UTF-8",
	}
}

// people resolves groups fresh, as cmd/portalbot does.
type people struct{ *bot.People }

func (p people) MemberOf(ctx context.Context, person string, list []string) (bool, error) {
	return p.People.MemberOf(ctx, person, list, 0)
}

func begin(t *testing.T, change func(*setup)) *world {
	t.Helper()
	t.Parallel()
	s := setup{
		slack:   slacksim.Config{NoRateLimits: true},
		haste:   10_000,
		portals: map[string]provisioning.Portal{"customer": customer()},
		policy:  provisioning.Policy{Approvers: []string{"S0GROUP"}, Required: 1, ExpiresAfter: 72 * time.Hour},
	}
	if change != nil {
		change(&s)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	w := &world{t: t, ctx: ctx}
	var front atomic.Pointer[bot.Receiver]
	secret := ""
	if s.http {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { front.Load().ServeHTTP(w, r) }))
		t.Cleanup(server.Close)
		s.slack.HTTP = &slacksim.HTTPDelivery{CommandURL: server.URL, InteractionURL: server.URL, EventURL: server.URL}
		s.slack.SigningSecret = "8f742231b10e8888abcd99yyyzzz85a5"
		secret = s.slack.SigningSecret
	}
	var err error
	if w.ws, err = slacksim.New(s.slack); err != nil {
		t.Fatal(err)
	}
	if w.org, err = salesforcesim.New(s.org); err != nil {
		t.Fatal(err)
	}
	w.acme = w.org.Seed(salesforcesim.Seats{})
	url, err := w.org.Start()
	if err != nil {
		t.Fatal(err)
	}
	if w.db, err = store.Open(filepath.Join(t.TempDir(), "portalbot.db"), store.Options{}); err != nil {
		t.Fatal(err)
	}
	org, err := salesforce.New(salesforce.Config{
		LoginURL: url, Auth: salesforce.AuthClientCredentials, ClientID: w.acme.ClientID, ClientSecret: w.acme.ClientSecret,
	})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(testLog{t}, nil))
	client := bot.NewClient(bot.Config{BotToken: w.ws.BotToken(), AppToken: w.ws.AppToken(), APIURL: w.ws.APIURL(), Log: log, Haste: s.haste})
	who := bot.NewPeople(client)
	engine := provisioning.NewEngine(w.db, org, s.engine, time.Now, log)
	admins := []string{"U0ADMIN"}
	w.service = provisioning.NewService(w.db, org, people{who}, engine, provisioning.Config{
		Portals: s.portals, Policy: s.policy, Admins: admins,
	}, time.Now)
	w.talk = commands.New(commands.Config{
		Service: w.service, Client: client, People: who, Notices: w.db, Links: bot.NewLinks(client, w.db), Channel: "C0PORTAL",
		Reports: commands.Reporting{
			Plans: s.reports, Store: w.db, Maker: report.NewMaker(report.Config{Org: org, Requests: w.service, Snapshots: w.db, Log: log}),
		},
		Requesters: []string{"S0CSTEAM"}, Approvers: s.policy.Approvers, Admins: admins, Log: log,
	})
	receiver := bot.NewReceiver(bot.ReceiverConfig{Client: client, Memory: w.db, Handler: w.talk, Log: log, Sockets: 1, SigningSecret: secret, Acked: s.acked})
	front.Store(receiver)
	outbox := bot.NewOutbox(bot.OutboxConfig{
		Client: client, Memory: w.db, Queue: w.talk, Renderer: w.talk, Log: log, EditEvery: time.Millisecond,
		Failed: func(f bot.Failure) { t.Errorf("Slack refused %s: %v", f.Item.Key, f.Err) },
	})
	done := make(chan error, 3)
	for _, run := range []func(context.Context) error{receiver.Run, outbox.Run, engine.Run} {
		go func() { done <- run(ctx) }()
	}
	t.Cleanup(func() {
		if t.Failed() {
			w.dump()
		}
		cancel()
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		w.org.Close()
		w.ws.Close()
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	if s.http {
		w.awaitURL(s.slack.HTTP.CommandURL, secret)
	} else {
		w.ok(w.ws.WaitSockets(ctx, 1))
	}
	return w
}

// awaitURL waits until the program takes what Slack posts: before it runs it says that it is not ready.
func (w *world) awaitURL(where, secret string) {
	w.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		const form = "ready=1"
		now := time.Now().Unix()
		req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, where, strings.NewReader(form))
		w.ok(err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-Slack-Request-Timestamp", strconv.FormatInt(now, 10))
		req.Header.Set("X-Slack-Signature", slacksim.Sign(secret, now, []byte(form)))
		resp, err := http.DefaultClient.Do(req)
		w.ok(err)
		w.ok(resp.Body.Close())
		if resp.StatusCode != http.StatusServiceUnavailable {
			return
		}
		<-tick.C
	}
}

// dump logs what stands in the channel, for a failed test.
func (w *world) dump() {
	for _, place := range []string{"#portal", "@U0ANN"} {
		for _, m := range w.ws.Messages(place) {
			w.t.Logf("%s to %q: %s", place, m.EphemeralTo, m.Read)
		}
	}
}

// testLog shows the program's log only with a failed test.
type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// contacts puts people into the org and returns a CSV that names them.
func (w *world) contacts(n int) []byte {
	var b strings.Builder
	b.WriteString("ContactId,Email,LastName\n")
	for i := range n {
		last, mail := fmt.Sprintf("Tester%02d", i+1), fmt.Sprintf("tester%02d@acme.example", i+1)
		id := w.org.AddContact(salesforcesim.Fields{"FirstName": "Terry", "LastName": last, "Email": mail, "AccountId": w.acme.Account})
		fmt.Fprintf(&b, "%s,%s,%s\n", id, mail, last)
	}
	return []byte(b.String())
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// types types a command in #portal and waits for the answer that only this person sees.
func (w *world) types(who, line string) slacksim.Message {
	w.t.Helper()
	p := w.ws.User(who)
	before := len(p.Sees("#portal"))
	w.ok(p.Type(w.ctx, "#portal", line))
	m, err := p.WaitEphemeral(w.ctx, func(m slacksim.Message) bool { return len(p.Sees("#portal")) > before && fresh(p, before, m) })
	w.ok(err)
	return m
}

// fresh reports whether a message is not one of the first n that the person saw.
func fresh(p *slacksim.Person, n int, m slacksim.Message) bool {
	for _, old := range p.Sees("#portal")[:n] {
		if old.TS == m.TS {
			return false
		}
	}
	return true
}

// form opens the form of a command.
func (w *world) form(who, line, title string) *slacksim.View {
	w.t.Helper()
	w.ok(w.ws.User(who).Type(w.ctx, "#portal", line))
	v, err := w.ws.User(who).WaitModal(w.ctx, title)
	w.ok(err)
	return v
}

// check attaches a file, submits the form and waits until it shows something else than that it is being checked.
func (w *world) check(v *slacksim.View, name string, data []byte) {
	w.t.Helper()
	w.ok(v.Attach("File", name, data))
	seen, err := v.Submit(w.ctx)
	w.ok(err)
	if len(seen.Errors) > 0 {
		w.t.Fatalf("the form was refused: %v", seen.Errors)
	}
	w.ok(v.Wait(w.ctx, func(v *slacksim.View) bool { return !strings.Contains(v.Text(), "Checking your file") }))
}

// send makes a request up to its plan in the thread, and returns the plan message.
func (w *world) send(who string, data []byte) slacksim.Message {
	w.t.Helper()
	v := w.form(who, "/portal add", "Add portal users")
	w.check(v, "people.csv", data)
	_, err := v.Submit(w.ctx)
	w.ok(err)
	return w.message("[Approve] [Deny]")
}

// message waits for a message in #portal that says something.
func (w *world) message(says string) slacksim.Message {
	w.t.Helper()
	m, err := w.ws.WaitMessage(w.ctx, func(m slacksim.Message) bool {
		return m.ChannelName == "#portal" && m.EphemeralTo == "" && strings.Contains(m.Read, says)
	})
	w.ok(err)
	return m
}

func (w *world) edited(m slacksim.Message, says string) slacksim.Message {
	w.t.Helper()
	m, err := w.ws.WaitEdit(w.ctx, m, func(m slacksim.Message) bool { return strings.Contains(m.Read, says) })
	w.ok(err)
	return m
}

func (w *world) says(text string, parts ...string) {
	w.t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			w.t.Errorf("%q does not stand in:\n%s", p, text)
		}
	}
}

func (w *world) saysNot(text string, parts ...string) {
	w.t.Helper()
	for _, p := range parts {
		if strings.Contains(text, p) {
			w.t.Errorf("%q stands in:\n%s", p, text)
		}
	}
}
