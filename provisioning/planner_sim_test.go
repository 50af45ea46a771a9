package provisioning_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// planOrg is a strict org behind HTTP with a crowd in it, and a client that has its token and has seen the org's fields.
type planOrg struct {
	sim    *salesforcesim.Org
	acme   salesforcesim.Acme
	client *salesforce.Client
	crowd  salesforcesim.Crowded
}

func newPlanOrg(t testing.TB, cfg salesforcesim.Config, crowd salesforcesim.Crowd) *planOrg {
	t.Helper()
	sim, err := salesforcesim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	o := &planOrg{sim: sim, acme: sim.Seed(salesforcesim.Seats{Customer: 200_000, CustomerPlus: 1_000})}
	o.client, err = salesforce.New(salesforce.Config{
		LoginURL: sim.URL(), Auth: salesforce.AuthClientCredentials, ClientID: o.acme.ClientID, ClientSecret: o.acme.ClientSecret,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.client.Close)
	crowd.Owner, crowd.Profile = o.acme.Owner, o.acme.CustomerProfile
	o.crowd = sim.AddCrowd(crowd)
	if _, err := o.client.Schema(t.Context()); err != nil {
		t.Fatal(err)
	}
	sim.ForgetTraffic()
	return o
}

func (o *planOrg) portal() provisioning.Portal {
	p := newPortal()
	p.Profiles, p.PermissionSets, p.Groups, p.Fields = []string{"Customer Community Plus User"}, nil, nil, nil
	return p
}

// file makes an input of the crowd's contacts.
func (o *planOrg) file(t testing.TB, n int) provisioning.Input {
	t.Helper()
	in := provisioning.Input{}
	in.Columns, _ = provisioning.MatchColumns([]string{"Contact ID", "Username", "Email"}, provisioning.VerbAdd, o.portal())
	for i := range n {
		in.Rows = append(in.Rows, provisioning.InputRow{Number: i + 1, Line: i + 2, Cells: []string{
			o.crowd.Contacts[i], fmt.Sprintf("new%06d@portal.example.com", i), fmt.Sprintf("crowd%06d@example.com", i+1),
		}})
	}
	return in
}

func TestPlanOfSixtyRowsOverHTTP(t *testing.T) {
	o := newPlanOrg(t, salesforcesim.Config{}, salesforcesim.Crowd{Contacts: 60})
	d := mustPlan(t, o.client, o.portal(), addTerms, o.file(t, 60))
	if d.Summary.Actions[provisioning.ActionCreate] != 60 {
		t.Errorf("%v %+v", d.Summary.Actions, d.Summary.Problems)
	}
	total := 0
	for _, n := range o.sim.Counts() {
		total += n
	}
	if total != 5 {
		t.Errorf("%d requests: %v", total, o.sim.Counts())
	}
	if len(d.Summary.Seats) != 1 || d.Summary.Seats[0].After != 60 || d.Summary.Seats[0].Total != 200_000 {
		t.Errorf("seats %+v", d.Summary.Seats)
	}
}

func TestPlanOfRoleBasedUsersOverHTTP(t *testing.T) {
	o := newPlanOrg(t, salesforcesim.Config{}, salesforcesim.Crowd{Accounts: 2, Contacts: 4})
	portal := o.portal()
	portal.Profile = "Customer Community Plus User"
	d := mustPlan(t, o.client, portal, addTerms, o.file(t, 4))
	for r := range d.Rows() {
		if !r.TakesLock || !slices.Contains(r.Warnings, "FIRST_ROLES") {
			t.Errorf("row %d: lock %t, warnings %v", r.Number, r.TakesLock, r.Warnings)
		}
	}
}

func TestPlansOfTargetsOverHTTP(t *testing.T) {
	o := newPlanOrg(t, salesforcesim.Config{}, salesforcesim.Crowd{Contacts: 6, Users: 6})
	o.sim.Edit(o.crowd.Users[1], salesforcesim.Fields{"IsActive": "false"})
	o.sim.Edit(o.sim.Find("UserLogin", "UserId", o.crowd.Users[2])[0], salesforcesim.Fields{"IsFrozen": "true"})
	header := "User ID,Username,ContactId,Email"
	rows := strings.Join([]string{
		o.crowd.Users[0] + ",,,",
		",CROWD000002@portal.example.com,,",
		",," + o.crowd.Contacts[2] + ",",
		",,,crowd000004@example.com",
		o.acme.Admin + ",,,",
		o.acme.Integration + ",,,",
	}, "\n")
	for _, c := range []struct {
		terms provisioning.Terms
		want  string
	}{
		{provisioning.Terms{Verb: provisioning.VerbDisable}, "deactivate skip deactivate deactivate invalid invalid"},
		{provisioning.Terms{Verb: provisioning.VerbDisable, Method: provisioning.MethodDisable}, "disable disable disable disable invalid invalid"},
		{provisioning.Terms{Verb: provisioning.VerbDisable, Method: provisioning.MethodFreeze}, "freeze skip skip freeze invalid invalid"},
		{provisioning.Terms{Verb: provisioning.VerbEnable}, "skip enable unfreeze skip invalid invalid"},
		{provisioning.Terms{Verb: provisioning.VerbResend}, "resend invalid invalid resend invalid invalid"},
	} {
		t.Run(string(c.terms.Verb)+string(c.terms.Method), func(t *testing.T) {
			in, problems := readTable(t, header+"\n"+rows+"\n", c.terms.Verb, o.portal())
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			d := mustPlan(t, o.client, o.portal(), c.terms, in)
			var got []string
			for r := range d.ByNumber() {
				got = append(got, string(r.Action))
				if r.Action.Runs() && (r.AccountName == "" || len(r.Before) == 0) {
					t.Errorf("row %d: account %q, before %v", r.Number, r.AccountName, r.Before)
				}
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
		})
	}
}

func TestBlastRadiusInPercentOverHTTP(t *testing.T) {
	o := newPlanOrg(t, salesforcesim.Config{}, salesforcesim.Crowd{Accounts: 2, Contacts: 20, Users: 20})
	portal := o.portal()
	portal.BlastPercent = 20
	for n, want := range map[int]bool{2: false, 3: true} {
		in, _ := readTable(t, "UserId\n"+strings.Join(o.crowd.Users[:n], "\n")+"\n", provisioning.VerbDisable, portal)
		d := mustPlan(t, o.client, portal, provisioning.Terms{Verb: provisioning.VerbDisable}, in)
		if got := d.Summary.ExtraApprover; (got != "") != want {
			t.Errorf("%d of 10 users: %q", n, got)
		}
	}
}
