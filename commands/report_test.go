package commands_test

import (
	"bytes"
	"context"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/bot/slacksim"
	"portalbot/commands"
	"portalbot/provisioning"
	"portalbot/provisioning/report"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// savedReports keeps reports as a file does.
type savedReports map[string][]byte

func (s savedReports) SaveReport(_ context.Context, id string, _ time.Time, body []byte, _ []provisioning.Notice) (bool, error) {
	s[id] = body
	return true, nil
}

func (s savedReports) Report(_ context.Context, id string) ([]byte, error) { return s[id], nil }

// fullReport has something in every part.
func fullReport() report.Report {
	user := func(n int, account string) report.User {
		return report.User{ID: "0055g00000000" + string(rune('A'+n)) + "AAA", Username: "pat" + string(rune('a'+n)) + "@acme.com", AccountID: account, Account: account, Active: n%2 == 0}
	}
	var users []report.User
	for i := range 9 {
		users = append(users, user(i, []string{"Acme <b>", "Globex", "Initech", "Umbrella"}[i%4]))
	}
	return report.Report{
		Name: "nightly", From: noon.AddDate(0, 0, -1), Until: noon, Zone: "America/Los_Angeles", Active: 12_345,
		Seats: []report.Seats{
			{
				Key: "PID_Customer_Community", Name: "Customer Community", Used: 850, Total: 1000, Day: &report.Change{Since: "2026-11-21", By: 4},
				Week: &report.Change{Since: "2026-11-14", By: -12}, Pace: 3.9, Known: true, Full: "2026-12-31",
			},
			{Key: "PID_Partner_Community", Name: "Partner Community", Used: 40, Total: 40},
			{Key: "PID_Customer_Community_Login", Name: "Customer Community Login", Used: 7, Total: 100, Logins: true},
			{Key: "PID_Customer_Community_Plus", Name: "Customer Community Plus", Used: 3, Total: 500, Known: true, Day: &report.Change{Since: "2026-11-21"}},
		},
		Work: report.Work{
			Requests: []report.Done{
				{ID: "P-17", State: provisioning.StateDone, Verb: provisioning.VerbAdd, Person: "U0ANN", Ended: noon, Counts: map[provisioning.Status]int{provisioning.StatusCreated: 48, provisioning.StatusFailed: 2, provisioning.StatusSkipped: 1}},
				{ID: "P-16", State: provisioning.StateDone, Verb: provisioning.VerbDisable, Person: "U0ANN", Ended: noon, Counts: map[provisioning.Status]int{provisioning.StatusDeactivated: 20}},
			},
			Counts: map[provisioning.Status]int{provisioning.StatusCreated: 48, provisioning.StatusDeactivated: 20, provisioning.StatusFailed: 2, provisioning.StatusSkipped: 1},
			Errors: []report.Errors{{Code: "DUPLICATE_USERNAME", Fix: "Choose another username.", Count: 2}},
			Others: map[provisioning.State]int{provisioning.StateDenied: 1, provisioning.StateExpired: 2},
		},
		Waiting: []report.Waiting{
			{ID: "P-12", State: provisioning.StateBlocked, Verb: provisioning.VerbAdd, Person: "U0ANN", Rows: 200, Since: noon.AddDate(0, 0, -3), Reason: "2 rows <!channel> must be looked at."},
			{ID: "P-18", State: provisioning.StatePending, Verb: provisioning.VerbAdd, Person: "U0ANN", Rows: 1, Since: noon.Add(-90 * time.Minute)},
		},
		Findings: []report.Finding{
			{Kind: report.Never, Days: 14, Total: 1204, Users: users},
			{Kind: report.Inactive, Days: 90, Total: 9, Users: users},
			{Kind: report.Orphans, Failed: "QUERY_TIMEOUT"},
			{Kind: report.Changed, Total: 9, More: true, Users: users},
		},
		API: report.API{Used: 1204, Max: 150_000, Bot: 310, BotSince: noon.Add(-24 * time.Hour), Report: 8},
	}
}

// showReport renders a part of a report.
func showReport(t *testing.T, r report.Report, kind provisioning.NoticeKind, ref string) bot.Post {
	t.Helper()
	body, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	c := commands.New(commands.Config{
		Service: provisioning.NewService(nil, nil, nil, nil, provisioning.Config{Portals: map[string]provisioning.Portal{"customer": customer()}}, time.Now),
		Channel: "C0PORTAL",
		Reports: commands.Reporting{Store: savedReports{"R-1": body}, Plans: []commands.ReportPlan{{Settings: report.Settings{Name: "nightly"}, Channel: "C0REPORTS"}}},
	})
	n := provisioning.Notice{Request: "R-1", Kind: kind, Ref: ref}
	p, err := c.Render(t.Context(), bot.Item{ID: 1, Lane: "R-1", Key: n.Key(), Rev: 1})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestReportsReadAsTheGoldenFilesSay(t *testing.T) {
	t.Parallel()
	quiet := fullReport()
	quiet.Seats = quiet.Seats[3:]
	quiet.Work, quiet.Waiting, quiet.Findings = report.Work{}, nil, nil
	for name, r := range map[string]report.Report{"report": fullReport(), "report-quiet": quiet} {
		p := showReport(t, r, "page", "")
		lintPost(t, p.Text, p.Blocks, p.Fallback)
		golden(t, "messages/"+name+".json", pretty(t, map[string]any{"text": p.Text, "blocks": p.Blocks}))
		if p.Channel != "C0REPORTS" {
			t.Errorf("%s goes to %s", name, p.Channel)
		}
		if name == "report-quiet" && len(p.Blocks) != 1 {
			t.Errorf("nothing to tell takes %d blocks", len(p.Blocks))
		}
	}
	if p := showReport(t, quiet, "seats", "7"); !p.Skip {
		t.Error("a chart of nothing is told")
	}
}

func TestALargeAndHostileReportFitsIntoAMessage(t *testing.T) {
	t.Parallel()
	r := fullReport()
	long := strings.Repeat("<@U0ANN> & *dora@acme.com* ", 60)
	for i := range r.Findings {
		r.Findings[i].Failed = ""
		for n := range 500 {
			u := r.Findings[0].Users[0]
			u.AccountID, u.Account = string(rune(n+300)), long
			r.Findings[i].Users = append(r.Findings[i].Users, u)
		}
	}
	for range 40 {
		s, w, d := r.Seats[0], r.Waiting[0], r.Work.Requests[0]
		s.Name, w.Reason = long, long
		r.Seats, r.Waiting, r.Work.Requests = append(r.Seats, s), append(r.Waiting, w), append(r.Work.Requests, d)
		r.Work.Errors = append(r.Work.Errors, report.Errors{Code: long, Fix: long, Count: 5})
	}
	p := showReport(t, r, "page", "")
	lintPost(t, p.Text, p.Blocks, p.Fallback)
	total := len(wire(t, p.Text, p.Blocks))
	t.Logf("%d blocks, %d bytes", len(p.Blocks), total)
	for _, b := range p.Blocks {
		if s, ok := b.(*slack.SectionBlock); ok && strings.Contains(s.Text.Text, "<@U0ANN> &") {
			t.Errorf("text that is not ours is not escaped: %.100s", s.Text.Text)
		}
	}
}

// reporting is a world with a nightly report, and users that it finds.
func reporting(t *testing.T) (w *world, never, gone string) {
	w = begin(t, func(s *setup) {
		s.reports = []commands.ReportPlan{{Settings: report.Settings{Name: "nightly", NeverLoggedInAfter: 14 * 24 * time.Hour, InactiveAfter: 90 * 24 * time.Hour}}}
	})
	add := func(name, login string) string {
		c := w.org.AddContact(salesforcesim.Fields{"LastName": name, "Email": name + "@acme.example", "AccountId": w.acme.Account})
		return w.org.AddUser(salesforcesim.Fields{
			"Username": name + "@acme.example", "LastName": name, "ContactId": c, "ProfileId": w.acme.CustomerProfile,
			"CreatedDate": "2025-01-01T00:00:00.000Z", "LastLoginDate": login,
		})
	}
	return w, add("never", ""), add("gone", "2025-02-01T00:00:00.000Z")
}

func TestAReportIsToldOnceWithItsPictures(t *testing.T) {
	w, _, _ := reporting(t)
	now := time.Now()
	for ago := 20; ago > 0; ago-- {
		w.ok(w.db.SetSnapshot(w.ctx, now.UTC().AddDate(0, 0, -ago).Format(time.DateOnly),
			[]provisioning.License{{Key: "PID_Customer_Community", Used: 2, Total: 1000}}))
	}
	for range 2 { // a job that was begun again after a crash
		id, err := w.talk.MakeReport(w.ctx, "nightly", now, "")
		w.ok(err)
		if id != "R-nightly-"+now.UTC().Format(time.DateOnly) {
			t.Errorf("the report is %s", id)
		}
	}
	m := w.message("Nightly report")
	w.says(m.Read, "Seats", "*1* never logged in, 14 days after they were created", "*1* active without a login for 90 days", "[Resend access]", "[Ask to deactivate]")
	w.saysNot(m.Read, "@acme.example")
	_, err := w.ws.WaitMessage(w.ctx, func(p slacksim.Message) bool {
		if p.ThreadTS != m.TS || len(p.Files) == 0 {
			return false
		}
		_, err := png.Decode(bytes.NewReader(p.Files[0].Data))
		return err == nil && strings.Contains(p.Read, "Customer Community: 2 seats used of 1,000")
	})
	w.ok(err)
	// One more, made now, stands for itself.
	if said := w.types("ben", "/portal report"); !strings.Contains(said.Read, "comes in <#C0PORTAL>") && !strings.Contains(said.Read, "#portal") {
		t.Errorf("the answer is %q", said.Read)
	}
	_, err = w.ws.WaitMessage(w.ctx, func(p slacksim.Message) bool {
		return p.TS != m.TS && p.ThreadTS == "" && strings.Contains(p.Read, "Nightly report")
	})
	w.ok(err)
	pages := 0
	for _, p := range w.ws.Messages("#portal") {
		if strings.Contains(p.Read, "Nightly report") && p.EphemeralTo == "" {
			pages++
		}
	}
	if pages != 2 {
		t.Errorf("%d reports stand in the channel, want 2", pages)
	}
}

func TestAFindingBecomesARequestThatNeedsApproval(t *testing.T) {
	w, never, gone := reporting(t)
	_, err := w.talk.MakeReport(w.ctx, "nightly", time.Now(), "")
	w.ok(err)
	m := w.message("Nightly report")
	for _, c := range []struct{ button, aim, done string }{
		{"Resend access", "Resend the access e-mail to 1 portal user", "1 access e-mail requested"},
		{"Ask to deactivate", "Deactivate 1 portal user", "1 deactivated"},
	} {
		w.ok(w.ws.User("ann").Click(w.ctx, m, c.button))
		draft, err := w.ws.User("ann").WaitEphemeral(w.ctx, func(e slacksim.Message) bool {
			return strings.Contains(e.Read, c.aim) && strings.Contains(e.Read, "Send for approval")
		})
		w.ok(err)
		w.ok(w.ws.User("ann").Click(w.ctx, draft, "Send for approval"))
		plan := w.message("[Approve] [Deny]")
		w.ok(w.ws.User("ben").Click(w.ctx, plan, "Approve"))
		w.message(c.done)
	}
	if w.org.Record(gone)["IsActive"] != "false" || w.org.Record(never)["IsActive"] != "true" {
		t.Error("not the right user was deactivated")
	}
	if n := w.org.MailCount(salesforcesim.MailPasswordReset); n != 1 {
		t.Errorf("%d access e-mails were requested, want 1", n)
	}
}

func TestTheListOfAFindingGoesByDirectMessage(t *testing.T) {
	w, _, _ := reporting(t)
	_, err := w.talk.MakeReport(w.ctx, "nightly", time.Now(), "")
	w.ok(err)
	m := w.message("Nightly report")
	w.ok(w.ws.User("ann").Click(w.ctx, m, "List: never logged in"))
	file, err := w.ws.WaitMessage(w.ctx, func(p slacksim.Message) bool {
		return len(p.Files) > 0 && strings.HasSuffix(p.Files[0].Name, "-never.csv")
	})
	w.ok(err)
	w.says(string(file.Files[0].Data), ",Username,Email,", "never@acme.example")
	if file.ChannelName == "#portal" {
		t.Error("names and addresses stand in the channel")
	}
}

func TestAReportThatIsNotConfiguredIsSaid(t *testing.T) {
	w, _, _ := reporting(t)
	w.says(w.types("ann", "/portal report weekly").Read, "There is no report weekly", "`nightly`")
}
