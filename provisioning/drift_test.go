package provisioning_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"portalbot/provisioning"
)

// driftOrg has what the rows of driftPlan rely on.
func driftOrg() *memOrg {
	org := newOrg()
	big := bigOrg{memOrg: org, accounts: 2}
	org.contacts = []provisioning.Contact{big.contact(1), big.contact(2)}
	org.users = append(org.users, provisioning.User{
		ID: recordID("005", 7), Username: "seven@acme.example", Email: "seven@acme.example", ContactID: recordID("003", 7), AccountID: recordID("001", 1),
		ProfileID: recordID("00e", 1), UserType: "CspLitePortal", Active: true, PortalEnabled: true,
	})
	return org
}

func planOne(t *testing.T, org *memOrg, terms provisioning.Terms, header, cell string) provisioning.PlanRow {
	t.Helper()
	portal := newPortal()
	portal.CreateContacts = true
	in, problems := readTable(t, header+"\n"+cell+"\n", terms.Verb, portal)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for r := range mustPlan(t, org, portal, terms, in).Rows() {
		if !r.Action.Runs() {
			t.Fatalf("%s: %s", r.Action, r.Reason.Text)
		}
		return r
	}
	t.Fatal("no row")
	return provisioning.PlanRow{}
}

// drift reads a row again in a changed org.
func drift(t *testing.T, row provisioning.PlanRow, change func(*memOrg)) provisioning.Problem {
	t.Helper()
	org := driftOrg()
	if change != nil {
		change(org)
	}
	seen, err := provisioning.ReadRows(context.Background(), org, []provisioning.PlanRow{row})
	if err != nil {
		t.Fatal(err)
	}
	return provisioning.Drift(row, seen, org.me)
}

func TestDriftOfCreate(t *testing.T) {
	row := planOne(t, driftOrg(), addTerms, "ContactId", recordID("003", 1))
	for _, c := range []struct {
		name   string
		change func(*memOrg)
		want   []string
	}{
		{"nothing", nil, nil},
		{"name of the contact", func(o *memOrg) { o.contacts[0].LastName = "Other" }, nil},
		{"contact gone", func(o *memOrg) { o.contacts = nil }, []string{provisioning.CodeContactGone, row.ContactID}},
		{
			"contact moved", func(o *memOrg) { o.contacts[0].Account = provisioning.Account{ID: recordID("001", 9), Name: "Rival"} },
			[]string{provisioning.CodeContactMoved, "was on account \"Acme 1\"", "is on account \"Rival\""},
		},
		{"contact has a user", func(o *memOrg) {
			o.users = append(o.users, provisioning.User{ID: recordID("005", 8), Username: "new@x.example", ContactID: row.ContactID, UserType: "CspLitePortal", Active: true})
		}, []string{"PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT", "had no user and has one now: new@x.example", "active"}},
		{"username taken", func(o *memOrg) {
			o.users = append(o.users, provisioning.User{ID: recordID("005", 8), Username: strings.ToUpper(row.Username), UserType: "Standard"})
		}, []string{"DUPLICATE_USERNAME", "was free and belongs to user " + recordID("005", 8)}},
	} {
		t.Run(c.name, func(t *testing.T) { expectProblem(t, drift(t, row, c.change), c.want) })
	}
}

func TestDriftOfCreateWithItsContact(t *testing.T) {
	terms := addTerms
	terms.CreateContacts = true
	org := driftOrg()
	org.accounts = []provisioning.Account{{ID: recordID("001", 1), Name: "Acme 1", OwnerActive: true, OwnerRoleID: recordID("00E", 2)}}
	row := planOne(t, org, terms, "Email,Account,LastName", "new@acme.example,Acme 1,New")
	if row.ContactID != "" || len(row.NewContact) == 0 {
		t.Fatalf("%+v", row)
	}
	made := provisioning.Contact{ID: recordID("003", 50), LastName: "New", Email: "NEW@acme.example", Account: org.accounts[0]}
	expectProblem(t, drift(t, row, nil), nil)
	expectProblem(t, drift(t, row, func(o *memOrg) { o.contacts = append(o.contacts, made) }), []string{provisioning.CodeContactMade, made.ID})
	row.ContactID = made.ID // as the engine has it when the contact was created
	expectProblem(t, drift(t, row, func(o *memOrg) { o.contacts = append(o.contacts, made) }), nil)
}

func TestDriftOfTarget(t *testing.T) {
	user := func(o *memOrg) *provisioning.User { return &o.users[1] }
	disable := provisioning.Terms{Verb: provisioning.VerbDisable, Portal: "customer"}
	freeze := disable
	freeze.Method = provisioning.MethodFreeze
	for _, c := range []struct {
		name   string
		terms  provisioning.Terms
		change func(*memOrg)
		want   []string
	}{
		{"nothing", disable, nil, nil},
		{"last login", disable, func(o *memOrg) { user(o).LastLogin = time.Now() }, nil},
		{"inactive", disable, func(o *memOrg) { user(o).Active = false }, []string{provisioning.CodeDrifted, "IsActive was true and is false now"}},
		{
			"two things", disable, func(o *memOrg) { user(o).ContactID, user(o).RoleID = "", recordID("00E", 5) },
			[]string{provisioning.CodeDrifted, "ContactId was " + recordID("003", 7) + " and is empty now", "UserRoleId was empty"},
		},
		{"became internal", disable, func(o *memOrg) { user(o).UserType = "Standard" }, []string{provisioning.CodeNotPortalUser, "Changed since the plan"}},
		{"is the bot", disable, func(o *memOrg) { o.me.UserID = user(o).ID }, []string{provisioning.CodeProtected}},
		{"gone", disable, func(o *memOrg) { o.users = o.users[:1] }, []string{provisioning.CodeUserGone}},
		{"frozen, which deactivating does not rely on", disable, func(o *memOrg) { user(o).Frozen = true }, nil},
		{"frozen, which freezing does", freeze, func(o *memOrg) { user(o).Frozen = true }, []string{provisioning.CodeDrifted, "IsFrozen was false and is true now"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			row := planOne(t, driftOrg(), c.terms, "UserId", recordID("005", 7))
			expectProblem(t, drift(t, row, c.change), c.want)
		})
	}
}

func TestRereadOfAWindowCostsTwoRequests(t *testing.T) {
	org := newBigOrg(5)
	d := mustPlan(t, org, newPortal(), addTerms, bigFile(2_000))
	var rows []provisioning.PlanRow
	for r := range d.Rows() {
		rows = append(rows, r)
	}
	org.calls = nil
	if _, err := provisioning.ReadRows(context.Background(), org, rows); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(org.requests(), " "); got != "Contacts Users" {
		t.Errorf("requests: %s", got)
	}
}

// expectProblem checks that a problem says all of these, or that there is none.
func expectProblem(t *testing.T, p provisioning.Problem, want []string) {
	t.Helper()
	if len(want) == 0 && !p.IsZero() {
		t.Errorf("unexpected: %+v", p)
	}
	for _, w := range want {
		if !strings.Contains(p.Code+" "+p.Text, w) {
			t.Errorf("%q is not in %+v", w, p)
		}
	}
	if len(want) > 0 && p.Fix == "" {
		t.Errorf("no fix in %+v", p)
	}
}
