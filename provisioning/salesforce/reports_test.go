package salesforce_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce"
	"portalbot/provisioning/salesforce/salesforcesim"
)

var reportDay = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

func names(users []provisioning.User) []string {
	out := make([]string, len(users))
	for i, u := range users {
		out[i] = u.Username
	}
	return out
}

// reportStage is an org with users of every kind that a report tells of.
func reportStage(t testing.TB) *stage {
	s := newStage(t, salesforcesim.Config{Sandbox: true, Now: func() time.Time { return reportDay }})
	user := func(name string, more salesforcesim.Fields) string {
		f := salesforcesim.Fields{
			"Username": name + "@acme.example", "LastName": name, "ProfileId": s.acme.CustomerProfile,
			"CreatedDate": "2026-01-01T00:00:00.000Z", "LastLoginDate": "2026-11-21T00:00:00.000Z",
		}
		if name != "orphan" {
			f["ContactId"] = s.contact(name + "@acme.example")
		}
		for k, v := range more {
			f[k] = v
		}
		return s.AddUser(f)
	}
	bot := s.acme.Integration
	user("busy", nil)
	user("new", salesforcesim.Fields{"LastLoginDate": "", "CreatedDate": "2026-11-21T00:00:00.000Z"})
	user("never", salesforcesim.Fields{"LastLoginDate": "", "CreatedDate": "2026-10-02T00:00:00.000Z"})
	user("never-older", salesforcesim.Fields{"LastLoginDate": "", "CreatedDate": "2026-10-01T00:00:00.000Z"})
	user("never-off", salesforcesim.Fields{"LastLoginDate": "", "CreatedDate": "2026-10-01T00:00:00.000Z", "IsActive": "false"})
	user("gone", salesforcesim.Fields{"LastLoginDate": "2026-08-01T00:00:00.000Z"})
	user("orphan", nil)
	user("partner", salesforcesim.Fields{"ProfileId": s.acme.PartnerProfile, "LastLoginDate": "2026-08-02T00:00:00.000Z"})
	user("internal", salesforcesim.Fields{"ProfileId": s.acme.StandardProfile, "LastLoginDate": "", "ContactId": ""})
	mine := salesforcesim.Fields{"CreatedById": bot, "LastModifiedDate": "2026-11-21T12:00:00.000Z"}
	user("mine", salesforcesim.Fields{"CreatedById": bot, "LastModifiedById": bot, "LastModifiedDate": "2026-11-21T12:00:00.000Z"})
	changed := user("mine-changed", mine)
	self := user("mine-self", mine)
	user("mine-long-ago", salesforcesim.Fields{"CreatedById": bot, "LastModifiedById": s.acme.Owner, "LastModifiedDate": "2026-11-01T12:00:00.000Z"})
	s.Edit(changed, salesforcesim.Fields{"LastModifiedById": s.acme.Owner, "IsActive": "false", "LastModifiedDate": "2026-11-21T13:00:00.000Z"})
	s.Edit(self, salesforcesim.Fields{"LastModifiedById": self, "LastModifiedDate": "2026-11-21T13:00:00.000Z"})
	return s
}

func TestTheListsOfAReport(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := reportStage(t)
	active, err := s.c.ActiveUsers(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if active[s.acme.CustomerProfile] != 9 || active[s.acme.PartnerProfile] != 1 || len(active) != 2 {
		t.Errorf("active users %v", active)
	}
	never := reportDay.AddDate(0, 0, -14)
	for _, c := range []struct {
		name string
		ask  func(profiles []string, limit int) ([]provisioning.User, int, error)
		want []string
	}{
		{"never", func(p []string, n int) ([]provisioning.User, int, error) { return s.c.NeverLoggedIn(ctx, p, never, n) }, []string{"never-older@acme.example", "never@acme.example"}},
		{"inactive", func(p []string, n int) ([]provisioning.User, int, error) {
			return s.c.Inactive(ctx, p, reportDay.AddDate(0, 0, -90), n)
		}, []string{"gone@acme.example", "partner@acme.example"}},
		{"orphans", func(p []string, n int) ([]provisioning.User, int, error) { return s.c.WithoutContact(ctx, p, n) }, []string{"orphan@acme.example"}},
	} {
		users, total, err := c.ask(nil, 100)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if got := names(users); !slices.Equal(got, c.want) || total != len(c.want) {
			t.Errorf("%s: %v of %d, want %v", c.name, got, total, c.want)
		}
		users, total, err = c.ask(nil, 1)
		if err != nil || len(users) != 1 || total != len(c.want) {
			t.Errorf("%s, one of them: %v of %d, %v", c.name, names(users), total, err)
		}
		users, _, err = c.ask([]string{s.acme.PartnerProfile}, 100)
		if err != nil || len(users) != 0 && names(users)[0] != "partner@acme.example" {
			t.Errorf("%s of partners: %v, %v", c.name, names(users), err)
		}
	}
	users, _, err := s.c.Inactive(ctx, []string{s.acme.CustomerProfile}, reportDay.AddDate(0, 0, -90), 10)
	if err != nil || len(users) != 1 || users[0].Fields[salesforce.AccountName] != "Acme Corporation" || !users[0].LastLogin.Equal(time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the list has %+v, %v", users, err)
	}
	changed, more, err := s.c.ChangedByOthers(ctx, nil, reportDay.AddDate(0, 0, -1), 100)
	if err != nil || more || !slices.Equal(names(changed), []string{"mine-changed@acme.example"}) || changed[0].Active || changed[0].ModifiedByID != s.acme.Owner {
		t.Errorf("changed by others: %+v, %v, %v", changed, more, err)
	}
	if _, _, err := s.c.WithoutContact(ctx, nil, 2001); err == nil {
		t.Error("a list longer than a page was taken")
	}
}
