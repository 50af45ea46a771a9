package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"time"

	"portalbot/provisioning"
)

// Org is what a report reads of the org. Every method is safe for concurrent use and fails with an error that holds a
// [*provisioning.CallError]. Empty profiles means all. Lists have at most limit users, at most 2,000, with the account's name in
// User.Fields under "Account.Name".
type Org interface {
	Licenses(ctx context.Context) ([]provisioning.License, error)
	Profiles(ctx context.Context) ([]provisioning.Profile, error)
	// ActiveUsers counts active portal users by profile id.
	ActiveUsers(ctx context.Context) (map[string]int, error)
	// NeverLoggedIn returns active portal users created before a time that never logged in, the oldest first, and how many there are.
	NeverLoggedIn(ctx context.Context, profiles []string, created time.Time, limit int) (users []provisioning.User, total int, err error)
	// Inactive returns active portal users whose last login was before a time, the longest ago first, and how many there are.
	Inactive(ctx context.Context, profiles []string, login time.Time, limit int) (users []provisioning.User, total int, err error)
	// WithoutContact returns active portal users that have no contact or no account, and how many there are.
	WithoutContact(ctx context.Context, profiles []string, limit int) (users []provisioning.User, total int, err error)
	// ChangedByOthers returns users that the bot made and that someone else changed since a time, the latest first; more says
	// that there may be others.
	ChangedByOthers(ctx context.Context, profiles []string, since time.Time, limit int) (users []provisioning.User, more bool, err error)
	// Usage is the use of the org's daily requests as the last answer told it.
	Usage() provisioning.Usage
}

// accountName is the key of the account's name in User.Fields.
const accountName = "Account.Name"

// Requests is what a report reads of the requests, as [provisioning.Service] has it.
type Requests interface {
	Requests(ctx context.Context, f provisioning.Filter) iter.Seq2[provisioning.Request, error]
	// Failures groups the rows of a request that did not work by reason.
	Failures(ctx context.Context, r provisioning.Request) ([]provisioning.FailureGroup, error)
}

// Snapshots keeps the seats of each date. A change is durable when its method returns.
type Snapshots interface {
	// SetSnapshot saves the licences of a date (2006-01-02), in place of what was saved for it.
	SetSnapshot(ctx context.Context, date string, seats []provisioning.License) error
	// Snapshots calls yield for each date from one on, in order, until yield fails.
	Snapshots(ctx context.Context, from string, yield func(date string, seats []provisioning.License) error) error
}

// Config wires a [Maker]. Org, Requests and Snapshots are required.
type Config struct {
	Org       Org
	Requests  Requests
	Snapshots Snapshots
	// Profiles are the names of the profiles of each portal.
	Profiles map[string][]string
	// Count returns how many requests the bot has made to the org since a time, which is a day ago or when it was started. May be nil.
	Count func() (requests int, since time.Time)
	Log   *slog.Logger // default: discard
}

// Maker makes reports. It is safe for concurrent use.
type Maker struct{ cfg Config }

// NewMaker returns a Maker. It makes no request.
func NewMaker(cfg Config) *Maker {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Maker{cfg}
}

// Settings is what one report tells of.
type Settings struct {
	Name    string
	Portals []string       // names; empty: all
	Zone    *time.Location // nil: UTC
	Days    int            // dates that the period spans; default 1
	// NeverLoggedInAfter and InactiveAfter are the thresholds of those findings; default 14 and 90 days.
	NeverLoggedInAfter, InactiveAfter time.Duration
	Shown                             int // users that a list holds; default 1,000, at most 2,000
}

const (
	defaultNever    = 14 * 24 * time.Hour
	defaultInactive = 90 * 24 * time.Hour
	defaultShown    = 1000

	// activityDays is the number of dates of the activity chart.
	activityDays = 14
	// lookBack is how long before a period a request is looked for that ended in it: it may wait for approval, for its time,
	// and run for days.
	lookBack = 45 * 24 * time.Hour
	// maxRequests is how many requests a report names; all are counted.
	maxRequests = 200
)

func (s Settings) complete() Settings {
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	s.Days = cmp.Or(s.Days, 1)
	s.NeverLoggedInAfter = cmp.Or(s.NeverLoggedInAfter, defaultNever)
	s.InactiveAfter = cmp.Or(s.InactiveAfter, defaultInactive)
	s.Shown = cmp.Or(s.Shown, defaultShown)
	return s
}

// Make makes a report on the period that ends at until. It saves the seats as the snapshot of that date first. It fails when the org or
// the store cannot be read at all; a list of users that the org refuses is told as such.
func (m *Maker) Make(ctx context.Context, s Settings, until time.Time) (Report, error) {
	s = s.complete()
	r := Report{
		Name: s.Name, Portals: s.Portals, Zone: s.Zone.String(),
		From: until.In(s.Zone).AddDate(0, 0, -s.Days).UTC(), Until: until.UTC(),
	}
	before := m.count()
	p, err := m.profiles(ctx, s.Portals)
	if err != nil {
		return Report{}, err
	}
	if r.Seats, err = m.seats(ctx, until.In(s.Zone).Format(time.DateOnly), p); err != nil {
		return Report{}, err
	}
	active, err := m.cfg.Org.ActiveUsers(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("count active users: %w", err)
	}
	for id, n := range active {
		if len(p.ids) == 0 || slices.Contains(p.ids, id) {
			r.Active += n
		}
	}
	if r.Findings, err = m.findings(ctx, s, p.ids, r.From, r.Until); err != nil {
		return Report{}, err
	}
	if err := m.work(ctx, s, &r); err != nil {
		return Report{}, err
	}
	u := m.cfg.Org.Usage()
	r.API = API{Used: u.Used, Max: u.Max}
	if m.cfg.Count != nil {
		r.API.Bot, r.API.BotSince = m.cfg.Count()
		r.API.Report = r.API.Bot - before
	}
	return r, nil
}

func (m *Maker) count() int {
	if m.cfg.Count == nil {
		return 0
	}
	n, _ := m.cfg.Count()
	return n
}

// Snapshot saves the seats of all portals' licences for a date, and returns their number. It takes two requests.
func (m *Maker) Snapshot(ctx context.Context, date string) (licenses int, err error) {
	p, err := m.profiles(ctx, nil)
	if err != nil {
		return 0, err
	}
	seats, err := m.snapshot(ctx, date, p.keys)
	return len(seats), err
}

// profiles is what the org's portal profiles are to a report.
type profiles struct {
	ids    []string        // of the report's portals; none where it tells of all
	wanted map[string]bool // keys of their licences
	keys   map[string]bool // keys of all licences of portals
}

func (m *Maker) profiles(ctx context.Context, portals []string) (profiles, error) {
	all, err := m.cfg.Org.Profiles(ctx)
	if err != nil {
		return profiles{}, fmt.Errorf("read profiles: %w", err)
	}
	out := profiles{wanted: map[string]bool{}, keys: map[string]bool{}}
	for _, p := range all {
		out.keys[p.LicenseKey] = true
		for _, name := range portals {
			if slices.ContainsFunc(m.cfg.Profiles[name], func(s string) bool { return strings.EqualFold(s, p.Name) }) {
				out.ids, out.wanted[p.LicenseKey] = append(out.ids, p.ID), true
				break
			}
		}
	}
	switch {
	case len(portals) == 0:
		out.wanted = out.keys
	case len(out.ids) == 0:
		return profiles{}, fmt.Errorf("the org has none of the profiles of %s", strings.Join(portals, ", "))
	}
	return out, nil
}

// snapshot reads the licences of portals that are in use, the fullest first, and saves them for the date.
func (m *Maker) snapshot(ctx context.Context, date string, keys map[string]bool) ([]provisioning.License, error) {
	licenses, err := m.cfg.Org.Licenses(ctx)
	if err != nil {
		return nil, fmt.Errorf("read licences: %w", err)
	}
	licenses = slices.DeleteFunc(licenses, func(l provisioning.License) bool {
		return !l.Active || !keys[l.Key] || l.Total <= 0 && l.Used == 0
	})
	slices.SortFunc(licenses, func(a, b provisioning.License) int {
		return cmp.Or(cmp.Compare(b.Used, a.Used), cmp.Compare(a.Key, b.Key))
	})
	if err := m.cfg.Snapshots.SetSnapshot(ctx, date, licenses); err != nil {
		return nil, fmt.Errorf("save the seats of %s: %w", date, err)
	}
	return licenses, nil
}

// seats saves today's seats and returns how each licence of the report's portals stands.
func (m *Maker) seats(ctx context.Context, date string, p profiles) ([]Seats, error) {
	licenses, err := m.snapshot(ctx, date, p.keys)
	if err != nil {
		return nil, err
	}
	licenses = slices.DeleteFunc(licenses, func(l provisioning.License) bool { return !p.wanted[l.Key] })
	today, _ := day(date)
	trends := map[string][]Point{}
	err = m.cfg.Snapshots.Snapshots(ctx, dateOf(today-trendDays), func(d string, seats []provisioning.License) error {
		if d >= date {
			return nil // a report of an earlier day that is made late
		}
		for _, l := range seats {
			trends[l.Key] = append(trends[l.Key], Point{d, l.Used, l.Total})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read earlier seats: %w", err)
	}
	out := make([]Seats, len(licenses))
	for i, l := range licenses {
		s := Seats{
			Key: l.Key, Name: l.Name, Used: l.Used, Total: l.Total, Logins: strings.HasSuffix(l.Key, "_Login"),
			Trend: append(trends[l.Key], Point{date, l.Used, l.Total}),
		}
		s.judge()
		out[i] = s
	}
	return out, nil
}

// findings reads the lists of users. One that the org refuses says so; a broken connection fails them all.
func (m *Maker) findings(ctx context.Context, s Settings, profiles []string, from, until time.Time) ([]Finding, error) {
	org := m.cfg.Org
	lists := []struct {
		Finding
		read func(f *Finding) ([]provisioning.User, error)
	}{
		{Finding{Kind: Never, Days: days(s.NeverLoggedInAfter)}, func(f *Finding) (users []provisioning.User, err error) {
			users, f.Total, err = org.NeverLoggedIn(ctx, profiles, until.Add(-s.NeverLoggedInAfter), s.Shown)
			return users, err
		}},
		{Finding{Kind: Inactive, Days: days(s.InactiveAfter)}, func(f *Finding) (users []provisioning.User, err error) {
			users, f.Total, err = org.Inactive(ctx, profiles, until.Add(-s.InactiveAfter), s.Shown)
			return users, err
		}},
		{Finding{Kind: Orphans}, func(f *Finding) (users []provisioning.User, err error) {
			users, f.Total, err = org.WithoutContact(ctx, profiles, s.Shown)
			return users, err
		}},
		{Finding{Kind: Changed}, func(f *Finding) (users []provisioning.User, err error) {
			users, f.More, err = org.ChangedByOthers(ctx, profiles, from, s.Shown)
			f.Total = len(users)
			return users, err
		}},
	}
	out := make([]Finding, len(lists))
	for i, l := range lists {
		f := l.Finding
		users, err := l.read(&f)
		if ce, ok := errors.AsType[*provisioning.CallError](err); ok && ctx.Err() == nil && ce.Code != codeNetwork {
			m.cfg.Log.WarnContext(ctx, "the org refuses a list of a report", "report", s.Name, "list", f.Kind, "code", ce.Code, "error", err)
			out[i] = Finding{Kind: f.Kind, Days: f.Days, Failed: ce.Code}
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list users (%s): %w", f.Kind, err)
		}
		f.Users = foundUsers(users)
		out[i] = f
	}
	return out, nil
}

// codeNetwork is the code of a call that got no answer, see [provisioning.CallError].
const codeNetwork = "NETWORK"

func days(d time.Duration) int { return int(d / (24 * time.Hour)) }

func foundUsers(users []provisioning.User) []User {
	out := make([]User, len(users))
	for i, u := range users {
		out[i] = User{
			ID: u.ID, Username: u.Username, Email: u.Email, ContactID: u.ContactID, AccountID: u.AccountID, Account: u.Fields[accountName],
			Created: u.CreatedAt, LastLogin: u.LastLogin, Active: u.Active, ChangedBy: u.ModifiedByID, ChangedAt: u.ModifiedAt,
		}
	}
	return out
}
