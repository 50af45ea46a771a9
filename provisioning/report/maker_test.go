package report_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/provisioning/report"
)

var morning = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC) // 06:00 in Los Angeles

// org is an org as a test describes it.
type org struct {
	licenses []provisioning.License
	never    []provisioning.User
	total    int
	refused  error
	asked    []string
}

func (o *org) note(what string, args ...any) { o.asked = append(o.asked, fmt.Sprintf(what, args...)) }

func (o *org) Licenses(context.Context) ([]provisioning.License, error) {
	return slices.Clone(o.licenses), nil
}

func (o *org) Profiles(context.Context) ([]provisioning.Profile, error) {
	return []provisioning.Profile{
		{ID: "00e1", Name: "Customer Community User", LicenseKey: "PID_Customer_Community"},
		{ID: "00e2", Name: "Partner Community User", LicenseKey: "PID_Partner_Community"},
		{ID: "00e3", Name: "Customer Community Login User", LicenseKey: "PID_Customer_Community_Login"},
	}, nil
}

func (o *org) ActiveUsers(context.Context) (map[string]int, error) {
	return map[string]int{"00e1": 850, "00e2": 40}, nil
}

func (o *org) NeverLoggedIn(_ context.Context, profiles []string, created time.Time, limit int) ([]provisioning.User, int, error) {
	o.note("never %v before %s, %d", profiles, created.Format(time.RFC3339), limit)
	return o.never, o.total, nil
}

func (o *org) Inactive(_ context.Context, profiles []string, login time.Time, limit int) ([]provisioning.User, int, error) {
	o.note("inactive %v before %s, %d", profiles, login.Format(time.RFC3339), limit)
	return nil, 0, o.refused
}

func (o *org) WithoutContact(_ context.Context, profiles []string, limit int) ([]provisioning.User, int, error) {
	o.note("orphans %v, %d", profiles, limit)
	return nil, 0, nil
}

func (o *org) ChangedByOthers(_ context.Context, profiles []string, since time.Time, limit int) ([]provisioning.User, bool, error) {
	o.note("changed %v since %s, %d", profiles, since.Format(time.RFC3339), limit)
	return []provisioning.User{{ID: "0051", Username: "ann@acme.example", Active: false, ModifiedByID: "0059", ModifiedAt: morning.Add(-time.Hour)}}, true, nil
}

func (o *org) Usage() provisioning.Usage { return provisioning.Usage{Used: 1204, Max: 150_000} }

// requests are the requests of a store, newest first.
type requests []provisioning.Request

func (q requests) Requests(context.Context, provisioning.Filter) iter.Seq2[provisioning.Request, error] {
	return func(yield func(provisioning.Request, error) bool) {
		for _, r := range q {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (q requests) Failures(_ context.Context, r provisioning.Request) ([]provisioning.FailureGroup, error) {
	if r.ID == "P-purged" {
		return nil, fmt.Errorf("read the plan: %w", provisioning.ErrNotFound)
	}
	return []provisioning.FailureGroup{
		{Status: provisioning.StatusFailed, Code: "DUPLICATE_USERNAME", Text: "dana@acme.example is taken", Fix: "Choose another username.", Count: 2},
		{Status: provisioning.StatusNotStarted, Code: "STOPPED", Count: 5},
	}, nil
}

// snapshots are the seats of earlier dates.
type snapshots map[string][]provisioning.License

func (s snapshots) SetSnapshot(_ context.Context, date string, seats []provisioning.License) error {
	s[date] = seats
	return nil
}

func (s snapshots) Snapshots(_ context.Context, from string, yield func(string, []provisioning.License) error) error {
	dates := make([]string, 0, len(s))
	for d := range s {
		dates = append(dates, d)
	}
	slices.Sort(dates)
	for _, d := range dates {
		if d >= from {
			if err := yield(d, s[d]); err != nil {
				return err
			}
		}
	}
	return nil
}

func customers(used int) []provisioning.License {
	return []provisioning.License{{Key: "PID_Customer_Community", Name: "Customer Community", Active: true, Used: used, Total: 1000}}
}

// growing is snapshots of 28 days before today in which one seat is taken a day, up to 849 yesterday.
func growing() snapshots {
	s := snapshots{}
	for ago := 1; ago <= 28; ago++ {
		s[morning.AddDate(0, 0, -ago).Format(time.DateOnly)] = customers(850 - ago)
	}
	return s
}

func losAngeles(t testing.TB) *time.Location {
	z, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func (o *org) make(t *testing.T, q requests, s snapshots, set report.Settings) report.Report {
	t.Helper()
	m := report.NewMaker(report.Config{
		Org: o, Requests: q, Snapshots: s,
		Profiles: map[string][]string{"customer": {"customer community user"}, "gone": {"Nobody's Profile"}},
	})
	set.Name, set.Zone = "nightly", losAngeles(t)
	r, err := m.Make(t.Context(), set, morning)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSeatsTellTheirChangesAndWhenTheyRunOut(t *testing.T) {
	t.Parallel()
	o := &org{licenses: append(customers(850),
		provisioning.License{Key: "PID_Partner_Community", Name: "Partner Community", Active: true, Used: 40, Total: 40},
		provisioning.License{Key: "PID_Customer_Community_Login", Name: "Logins", Active: true, Used: 3, Total: 100},
		provisioning.License{Key: "SFDC", Name: "Salesforce", Active: true, Used: 20, Total: 30},
	)}
	s := growing()
	r := o.make(t, nil, s, report.Settings{})
	if len(r.Seats) != 3 || r.Seats[0].Name != "Customer Community" || r.Seats[1].Name != "Partner Community" || !r.Seats[2].Logins {
		t.Fatalf("seats %+v", r.Seats)
	}
	c := r.Seats[0]
	if !reflect.DeepEqual(c.Day, &report.Change{Since: "2026-11-21", By: 1}) || !reflect.DeepEqual(c.Week, &report.Change{Since: "2026-11-15", By: 7}) {
		t.Errorf("changes %+v %+v", c.Day, c.Week)
	}
	// 150 seats are left and one is taken a day.
	if c.Pace < 0.999 || c.Pace > 1.001 || c.Full != "2027-04-21" {
		t.Errorf("pace %v, full on %s", c.Pace, c.Full)
	}
	if p := r.Seats[1]; p.Known || p.Full != "" || p.Day != nil {
		t.Errorf("a licence of which one day is known: %+v", p)
	}
	if len(s["2026-11-22"]) != 3 {
		t.Errorf("today's snapshot: %+v", s["2026-11-22"])
	}
	if r.Active != 890 {
		t.Errorf("%d active users", r.Active)
	}
}

func TestADayWithoutASnapshotIsReplacedByTheOneBefore(t *testing.T) {
	t.Parallel()
	o := &org{licenses: customers(850)}
	r := o.make(t, nil, snapshots{"2026-11-19": customers(840), "2026-10-01": customers(100)}, report.Settings{})
	c := r.Seats[0]
	if !reflect.DeepEqual(c.Day, &report.Change{Since: "2026-11-19", By: 10}) || c.Week != nil {
		t.Errorf("changes %+v %+v", c.Day, c.Week)
	}
}

func TestAReportOfOnePortalAsksForItsProfilesAlone(t *testing.T) {
	t.Parallel()
	o := &org{licenses: append(customers(850), provisioning.License{Key: "PID_Partner_Community", Active: true, Used: 40, Total: 40})}
	s := snapshots{}
	r := o.make(t, requests{
		{ID: "P-2", State: provisioning.StateDone, Terms: provisioning.Terms{Portal: "partner"}, CreatedAt: morning.Add(-3 * time.Hour), EndedAt: morning.Add(-time.Hour)},
	}, s, report.Settings{Portals: []string{"customer"}, Shown: 50, NeverLoggedInAfter: 7 * 24 * time.Hour})
	want := []string{
		"never [00e1] before 2026-11-15T14:00:00Z, 50", "inactive [00e1] before 2026-08-24T14:00:00Z, 50", "orphans [00e1], 50",
		"changed [00e1] since 2026-11-21T14:00:00Z, 50",
	}
	if !slices.Equal(o.asked, want) {
		t.Errorf("asked %q", o.asked)
	}
	if len(r.Seats) != 1 || r.Active != 850 || len(r.Work.Requests) != 0 {
		t.Errorf("report %+v", r)
	}
	if len(s["2026-11-22"]) != 2 {
		t.Errorf("the snapshot has only %+v", s["2026-11-22"])
	}
	m := report.NewMaker(report.Config{Org: o, Requests: requests{}, Snapshots: s, Profiles: map[string][]string{"gone": {"Nobody's Profile"}}})
	if _, err := m.Make(t.Context(), report.Settings{Portals: []string{"gone"}}, morning); err == nil || !strings.Contains(err.Error(), "none of the profiles of gone") {
		t.Errorf("error %v", err)
	}
}

func TestWorkIsWhatEndedInThePeriod(t *testing.T) {
	t.Parallel()
	ended := func(id string, at time.Time, counts map[provisioning.Status]int) provisioning.Request {
		return provisioning.Request{
			ID: id, State: provisioning.StateDone, Terms: provisioning.Terms{Verb: provisioning.VerbAdd, Requester: "U0ANN"},
			CreatedAt: at.Add(-time.Hour), EndedAt: at, Progress: provisioning.Progress{Counts: counts},
		}
	}
	q := requests{
		ended("P-later", morning.Add(time.Minute), map[provisioning.Status]int{provisioning.StatusCreated: 1000}),
		ended("P-7", morning.Add(-time.Hour), map[provisioning.Status]int{provisioning.StatusCreated: 48, provisioning.StatusFailed: 2, provisioning.StatusSkipped: 9}),
		{ID: "P-6", State: provisioning.StateDenied, CreatedAt: morning.Add(-3 * time.Hour), EndedAt: morning.Add(-2 * time.Hour)},
		{ID: "P-5", State: provisioning.StateDraft, CreatedAt: morning.Add(-5 * time.Hour)},
		{ID: "P-4", State: provisioning.StatePending, CreatedAt: morning.Add(-50 * time.Hour), PendingAt: morning.Add(-49 * time.Hour)},
		ended("P-purged", morning.Add(-23*time.Hour), map[provisioning.Status]int{provisioning.StatusDeactivated: 10, provisioning.StatusFailed: 1}),
		ended("P-3", morning.AddDate(0, 0, -3), map[provisioning.Status]int{provisioning.StatusCreated: 5}),
		{
			ID: "P-2", State: provisioning.StateBlocked, CreatedAt: morning.AddDate(0, 0, -9), PendingAt: morning.AddDate(0, 0, -9),
			Progress: provisioning.Progress{LastAt: morning.AddDate(0, 0, -8)}, Hold: provisioning.Hold{Reason: "2 rows must be looked at"},
		},
		ended("P-0", morning.AddDate(-1, 0, 0), map[provisioning.Status]int{provisioning.StatusCreated: 5}),
	}
	r := (&org{licenses: customers(1)}).make(t, q, snapshots{}, report.Settings{})
	ids := func(n int, id func(int) string) (out []string) {
		for i := range n {
			out = append(out, id(i))
		}
		return out
	}
	if got := ids(len(r.Work.Requests), func(i int) string { return r.Work.Requests[i].ID }); !slices.Equal(got, []string{"P-7", "P-purged"}) {
		t.Errorf("requests %v", got)
	}
	if got := ids(len(r.Waiting), func(i int) string { return r.Waiting[i].ID }); !slices.Equal(got, []string{"P-2", "P-4"}) {
		t.Errorf("waiting %v", got)
	}
	if w := r.Work; w.Tried() != 61 || w.Worked() != 58 || w.Others[provisioning.StateDenied] != 1 {
		t.Errorf("tried %d, worked %d, others %v", w.Tried(), w.Worked(), w.Others)
	}
	if want := []report.Errors{{Code: "DUPLICATE_USERNAME", Fix: "Choose another username.", Count: 2}}; !reflect.DeepEqual(r.Work.Errors, want) {
		t.Errorf("errors %+v", r.Work.Errors)
	}
	last := r.Activity[len(r.Activity)-1]
	if len(r.Activity) != 14 || last != (report.Day{Date: "2026-11-22", Given: 48, Trouble: 2}) {
		t.Errorf("%d dates, the last %+v", len(r.Activity), last)
	}
	if d := r.Activity[len(r.Activity)-4]; d.Given != 5 { // outside the period, inside the chart
		t.Errorf("three days ago %+v", d)
	}
}

func TestAListThatTheOrgRefusesDoesNotSpoilTheReport(t *testing.T) {
	t.Parallel()
	o := &org{licenses: customers(1), refused: fmt.Errorf("list: %w", &provisioning.CallError{Op: "list User", Code: "QUERY_TIMEOUT"})}
	r := o.make(t, nil, snapshots{}, report.Settings{})
	if f := r.Findings[1]; f.Kind != report.Inactive || f.Failed != "QUERY_TIMEOUT" || f.Days != 90 {
		t.Errorf("finding %+v", f)
	}
	if f := r.Findings[3]; f.Kind != report.Changed || f.Total != 1 || !f.More || f.Users[0].ChangedBy != "0059" {
		t.Errorf("finding %+v", f)
	}
	o.refused = &provisioning.CallError{Op: "list User", Code: "NETWORK", Err: errors.New("connection refused")}
	m := report.NewMaker(report.Config{Org: o, Requests: requests{}, Snapshots: snapshots{}})
	if _, err := m.Make(t.Context(), report.Settings{}, morning); err == nil {
		t.Error("an org that does not answer made a report")
	}
}

func TestAReportIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	r := (&org{licenses: customers(850), never: []provisioning.User{{ID: "0052", Username: "bo@acme.example", CreatedAt: morning}}, total: 7}).
		make(t, nil, growing(), report.Settings{})
	b, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := report.Decode(b)
	if err != nil || !reflect.DeepEqual(got.Seats, r.Seats) || !reflect.DeepEqual(got.Findings[0], r.Findings[0]) || got.Zone != "America/Los_Angeles" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := report.Decode([]byte("no report")); err == nil {
		t.Error("rubbish was taken for a report")
	}
}

func TestListsThatDoNotFitAreCut(t *testing.T) {
	t.Parallel()
	var users []provisioning.User
	for i := range 2000 {
		// Text that does not compress.
		h := strings.Repeat(fmt.Sprintf("%x", uint64(i+1)*0x9e3779b97f4a7c15), 1)
		users = append(users, provisioning.User{ID: h, Username: h[:8] + fmt.Sprintf("%x", uint64(i+7)*0xbf58476d1ce4e5b9) + "@acme.example"})
	}
	o := &org{licenses: customers(1), never: users, total: 100_000}
	r := o.make(t, nil, snapshots{}, report.Settings{})
	for len(r.Findings) < 24 {
		r.Findings = append(r.Findings, r.Findings[0])
	}
	b, err := r.Encode()
	if err != nil || len(b) > 480<<10 {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	got, err := report.Decode(b)
	if err != nil || got.Findings[0].Total != 100_000 || len(got.Findings[0].Users) >= 2000 || len(got.Findings[0].Users) == 0 || len(r.Findings[0].Users) != 2000 {
		t.Errorf("%d users of %d kept, %v", len(got.Findings[0].Users), got.Findings[0].Total, err)
	}
}

func TestAQuietNightIsSeenAsOne(t *testing.T) {
	t.Parallel()
	quiet := report.Report{Seats: []report.Seats{{Used: 5, Total: 10, Day: &report.Change{}}}, Findings: []report.Finding{{Kind: report.Never}}}
	if !quiet.Quiet() {
		t.Error("a quiet night is not seen")
	}
	for name, change := range map[string]func(*report.Report){
		"a request":        func(r *report.Report) { r.Work.Requests = []report.Done{{ID: "P-1"}} },
		"a waiting one":    func(r *report.Report) { r.Waiting = []report.Waiting{{ID: "P-1"}} },
		"a finding":        func(r *report.Report) { r.Findings = []report.Finding{{Total: 1}} },
		"an unread list":   func(r *report.Report) { r.Findings = []report.Finding{{Failed: "X"}} },
		"seats that moved": func(r *report.Report) { r.Seats = []report.Seats{{Used: 5, Total: 10, Day: &report.Change{By: -1}}} },
		"no seats left":    func(r *report.Report) { r.Seats = []report.Seats{{Used: 10, Total: 10}} },
	} {
		r := quiet
		change(&r)
		if r.Quiet() {
			t.Errorf("%s is taken for nothing", name)
		}
	}
}
