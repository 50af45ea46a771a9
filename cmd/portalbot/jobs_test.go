package main

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"portalbot/bot"
	"portalbot/bot/slacksim"
	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
	"portalbot/store"
)

// janitor is the upkeep of a running program.
func (l *process) janitor() *upkeep {
	return &upkeep{
		store: l.p.store, client: l.p.client, people: bot.NewPeople(l.p.client), links: bot.NewLinks(l.p.client, l.p.store),
		admins: []string{"U0ADMIN"}, keep: 24 * time.Hour, log: slog.New(slog.NewTextHandler(logTo{l.w.t}, nil)),
	}
}

// filesLeft counts the files that stand in the channel and its threads.
func (w *world) filesLeft() int {
	n := 0
	for _, m := range w.everything() {
		for _, f := range m.Files {
			if !f.Deleted {
				n++
			}
		}
	}
	return n
}

// audited returns the names of the events of the audit trail.
func (l *process) audited() []string {
	l.w.t.Helper()
	var b bytes.Buffer
	for line, err := range l.p.store.Audit(l.w.ctx, 0) {
		if err != nil {
			l.w.t.Fatal(err)
		}
		b.Write(line.Event)
		b.WriteByte('\n')
	}
	var events []string
	for s := range strings.Lines(b.String()) {
		if strings.Contains(s, `"purged"`) {
			events = append(events, s)
		}
	}
	return events
}

func TestRetentionTakesNamesAwayAndKeepsTheRecord(t *testing.T) {
	w := newWorld(t, 3, salesforcesim.Config{})
	l := w.start(outside{})
	defer l.end(false)
	w.play(nil)
	before, err := l.p.store.Request(w.ctx, "P-1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.ws.WaitMessage(w.ctx, func(m slacksim.Message) bool { return len(m.Files) > 0 && m.Files[0].Name == "P-1-results.csv" })
	if err != nil || w.filesLeft() != 2 { // the plan and the results
		t.Fatal(err, w.filesLeft())
	}
	u := l.janitor()
	if result, err := u.purge(w.ctx, time.Now()); err != nil || result != "0 requests and 0 reports purged" || w.filesLeft() != 2 {
		t.Fatalf("before its time: %s, %v", result, err)
	}
	tomorrow := time.Now().Add(25 * time.Hour)
	w.ws.Inject(slacksim.Fault{Kind: slacksim.Refuse, Method: "files.delete", Nth: 2, Error: "internal_error"})
	if _, err := u.purge(w.ctx, tomorrow); err == nil {
		t.Error("a purge that Slack refused was taken for done")
	}
	if n := l.audited(); len(n) != 0 {
		t.Errorf("the audit tells a purge that was not done: %q", n)
	}
	if result, err := u.purge(w.ctx, tomorrow); err != nil || result != "1 requests and 0 reports purged" {
		t.Errorf("purge: %s, %v", result, err)
	}
	if result, err := u.purge(w.ctx, tomorrow); err != nil || result != "0 requests and 0 reports purged" {
		t.Errorf("the next night: %s, %v", result, err)
	}
	if n := w.filesLeft(); n != 0 {
		t.Errorf("%d files are left in Slack", n)
	}
	if n := l.audited(); len(n) != 1 || !strings.Contains(n[0], `"files":"2"`) {
		t.Errorf("audit: %q", n)
	}
	r, err := l.p.store.Request(w.ctx, "P-1")
	if err != nil || r.Progress.Counts[provisioning.StatusCreated] != 3 || r.Plan.Digest != before.Plan.Digest {
		t.Errorf("the request's record: %+v, %v", r.Progress, err)
	}
	if rows, err := l.p.store.PlanRows(w.ctx, r.Plan.ID, 0, 10); err == nil && len(rows) > 0 {
		t.Errorf("rows are left: %+v", rows[0])
	}
	if _, err := l.p.store.VerifyAudit(w.ctx); err != nil {
		t.Error(err)
	}
}

func TestARetentionOfZeroPurgesNothing(t *testing.T) {
	u := &upkeep{}
	if result, err := u.purge(t.Context(), time.Now()); err != nil || !strings.Contains(result, "no retention") {
		t.Errorf("%s, %v", result, err)
	}
}

func TestAdminsHearOfAJobByDirectMessage(t *testing.T) {
	w := newWorld(t, 1, salesforcesim.Config{})
	l := w.start(outside{})
	defer l.end(false)
	if err := w.ws.WaitSockets(w.ctx, 1); err != nil {
		t.Fatal(err)
	}
	u := l.janitor()
	for _, r := range []bot.JobRun{
		{Name: "report nightly", Due: time.Now(), Error: "read licences: <!channel> no answer"},
		{Name: "report nightly", Due: time.Now(), Result: "R-nightly-2026-11-22"},
	} {
		if err := u.tell(w.ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	var read []string
	for _, m := range w.ws.User("ada").DM() {
		read = append(read, m.Read)
	}
	all := strings.Join(read, "\n")
	if len(read) != 2 || !strings.Contains(all, "failed: read licences: &lt;!channel&gt;") && !strings.Contains(all, "failed: read licences: <!channel>") || !strings.Contains(all, "works again") {
		t.Errorf("ada reads %q", read)
	}
}

func TestTheTableOfJobsOfAGoodConfigurationRuns(t *testing.T) {
	c, err := load(t, goodConfig+`
reports:
  - {name: nightly, timezone: America/Los_Angeles, channel: C0REPORTS, never_logged_in_after: 14d}
  - {name: weekly, schedule: "0 7 * * 1", timezone: Europe/Berlin, period: 7d, portals: [partner], inactive_after: 180d}
`, goodEnv)
	if err != nil {
		t.Fatal(err)
	}
	jobs := (&upkeep{}).table(c)
	var names []string
	for _, j := range jobs {
		names = append(names, j.Name)
	}
	if want := []string{"report nightly", "report weekly", "seats", "retention", "clean up", "data file"}; !slices.Equal(names, want) {
		t.Errorf("jobs %q", names)
	}
	if jobs[2].Zone.String() != "America/Los_Angeles" || jobs[1].Zone.String() != "Europe/Berlin" {
		t.Errorf("zones %s, %s", jobs[2].Zone, jobs[1].Zone)
	}
	if _, err := bot.NewCron(bot.CronConfig{Jobs: jobs}); err != nil {
		t.Error(err)
	}
	plans := c.reportPlans()
	if plans[0].Days != 1 || plans[0].Channel != "C0REPORTS" || plans[1].Days != 7 || plans[1].Portals[0] != "partner" || plans[1].InactiveAfter != 180*24*time.Hour {
		t.Errorf("plans %+v", plans)
	}
}

func TestMistakesInReportsAreAllSaid(t *testing.T) {
	_, err := load(t, goodConfig+`
reports:
  - {name: "My Report", schedule: "6 am", timezone: Mars/Olympus, portals: [nobody], period: 36h, never_logged_in_after: 5h}
  - {name: weekly}
  - {name: weekly}
`, goodEnv)
	if err == nil {
		t.Fatal("the mistakes were taken")
	}
	for _, want := range []string{
		`reports[0].name is "My Report"`, `reports[0].schedule: "6 am" is not a schedule`, `reports[0].timezone is "Mars/Olympus"`,
		`reports[0].portals names "nobody"`, "reports[0].period: write 1d to 62d", "reports[0].never_logged_in_after: write whole days",
		`reports[2].name is "weekly", as another report's is`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not stand in:\n%s", want, err)
		}
	}
}

// answer is a round tripper that answers nothing but "no".
type answer struct{}

func (answer) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("no") }

func TestRequestsAreCountedForADay(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC)
	start := now
	c := newRequestCount(answer{}, func() time.Time { return now })
	ask := func(path string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://acme.my.salesforce.com"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := c.RoundTrip(r); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}
	ask("/services/Soap/u/66.0")
	ask("/services/oauth2/token")
	if n, since := c.Count(); n != 1 || !since.Equal(start) {
		t.Errorf("%d since %s", n, since)
	}
	now = now.Add(20 * time.Hour)
	ask("/services/Soap/u/66.0")
	if n, since := c.Count(); n != 2 || !since.Equal(start) {
		t.Errorf("%d since %s", n, since)
	}
	now = now.Add(4 * time.Hour)
	if n, since := c.Count(); n != 1 || !since.Equal(time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)) {
		t.Errorf("a day later %d since %s", n, since)
	}
}

func TestTheDataFileIsChecked(t *testing.T) {
	db, err := store.Open(filepath.Join(t.TempDir(), "portalbot.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	u := &upkeep{store: db}
	if result, err := u.checkFile(t.Context(), time.Now()); err != nil || !strings.Contains(result, "KB") {
		t.Errorf("%s, %v", result, err)
	}
	if result, err := u.cleanUp(t.Context(), time.Now()); err != nil || result != "0 deliveries and 0 dates of seats forgotten" {
		t.Errorf("%s, %v", result, err)
	}
}

func TestTheReportComesOnceADateWhateverRestartsThereAre(t *testing.T) {
	w := newWorld(t, 1, salesforcesim.Config{})
	w.cfg.Reports = []ReportConfig{{Name: "nightly", Schedule: "@every 1s", Period: Duration(24 * time.Hour)}}
	noted := make(chan struct{}, 1)
	var o outside
	o.store.AfterCommit = func(op string) error {
		if op == "set job run" {
			select {
			case noted <- struct{}{}:
			default:
			}
		}
		return nil
	}
	for range 2 {
		l := w.start(o)
		if _, err := w.ws.WaitMessage(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "Nightly report") }); err != nil {
			t.Fatal(err)
		}
		first, err := l.p.store.JobRun(w.ctx, "report nightly")
		if err != nil {
			t.Fatal(err)
		}
		for r := first; !r.Due.After(first.Due) || r.Ended.IsZero(); { // one more occurrence
			<-noted
			if r, err = l.p.store.JobRun(w.ctx, "report nightly"); err != nil || r.Error != "" {
				t.Fatal(r.Error, err)
			}
		}
		l.end(false)
	}
	n := 0
	for _, m := range w.everything() {
		if strings.Contains(m.Read, "Nightly report") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the report stands %d times in the channel:\n%s", n, w.transcript())
	}
}
