package provisioning_test

import (
	"context"
	"strings"
	"testing"

	"portalbot/provisioning"
)

// createFields plans one row for a contact and returns the fields of the user, or what is wrong.
func createFields(t *testing.T, k provisioning.Contact, header, cells string) (map[string]string, provisioning.PlanRow) {
	t.Helper()
	org := newOrg()
	k.ID = recordID("003", 1)
	k.Account = provisioning.Account{ID: recordID("001", 1), Name: "Acme", OwnerActive: true, OwnerRoleID: recordID("00E", 2)}
	org.contacts = []provisioning.Contact{k}
	in, problems := readTable(t, "ContactId,"+header+"\n"+k.ID+","+cells+"\n", provisioning.VerbAdd, newPortal())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	d, err := (&provisioning.Planner{Org: org, Portal: newPortal()}).Plan(context.Background(), addTerms, in)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	var row provisioning.PlanRow
	for row = range d.Rows() {
		for _, f := range row.Fields {
			fields[f.Name] = f.Value
		}
	}
	return fields, row
}

func TestNamesAreMadeFromPeoplesNames(t *testing.T) {
	for _, c := range []struct{ first, last, email, alias, nickname string }{
		{"Ada", "Lovelace", "ada@x.example", "Lovelace", "Ada.Lovelace"},
		{"", "van der Berg", "b@x.example", "vanderBe", "vanderBerg"},
		{"Seán", "Ó Súilleabháin", "s@x.example", "ÓSúillea", "Seán.ÓSúilleabháin"},
		{"小明", "王", "w@x.example", "王", "小明.王"},
		{"", "---", "mr.x+1@x.example", "mrx1", "mrx1"},
		{strings.Repeat("a", 40), strings.Repeat("b", 40), "l@x.example", "bbbbbbbb", strings.Repeat("a", 40)},
	} {
		f, row := createFields(t, provisioning.Contact{FirstName: c.first, LastName: c.last, Email: c.email}, "Username", "")
		if f["Alias"] != c.alias || f["CommunityNickname"] != c.nickname {
			t.Errorf("%s %s: alias %q, nickname %q (%s)", c.first, c.last, f["Alias"], f["CommunityNickname"], row.Reason.Text)
		}
	}
}

func TestInvisibleCharactersAreRemoved(t *testing.T) {
	f, row := createFields(t, provisioning.Contact{LastName: "X"}, "Email,First Name", "\u200bada@x.example\ufeff, \u00a0Ada\u0000 ")
	if f["Email"] != "ada@x.example" || f["FirstName"] != "Ada" {
		t.Errorf("%q (%s)", f, row.Reason.Text)
	}
}

func TestContactsValueThatDoesNotFitIsLeftOut(t *testing.T) {
	f, row := createFields(t, provisioning.Contact{LastName: "X", Email: "x@x.example", City: strings.Repeat("x", 41), Country: "France"}, "Username", "")
	if _, ok := f["City"]; ok || f["Country"] != "France" || strings.Join(row.Warnings, " ") != "VALUE_LEFT_OUT" {
		t.Errorf("%v %v", f, row.Warnings)
	}
}

func TestEmailForms(t *testing.T) {
	for email, ok := range map[string]bool{
		"a@b.example": true, "a.b+c@b-c.example": true, "o'brien@b.example": true, "ü@b.example": true,
		"a": false, "a@b": false, "a@@b.example": false, "a b@c.example": false, "A <a@b.example>": true, "a@b.example <a@b.example>": false, "a@b.example;c@d.example": false, "@b.example": false,
	} {
		_, row := createFields(t, provisioning.Contact{LastName: "X"}, "Email,Username", `"`+email+`",x@portal.example`)
		if (row.Action == provisioning.ActionCreate) != ok {
			t.Errorf("%q: %s %s", email, row.Action, row.Reason.Text)
		}
		if !ok && (row.Reason.Code != provisioning.CodeBadEmail || row.Reason.Column != "Email") {
			t.Errorf("%q: %+v", email, row.Reason)
		}
	}
	_, row := createFields(t, provisioning.Contact{LastName: "X", Email: "broken"}, "Username", "x@portal.example")
	if row.Reason.Code != provisioning.CodeBadEmail || !strings.Contains(row.Reason.Fix, "contact's address") {
		t.Errorf("%+v", row.Reason)
	}
}

func TestUsernameForms(t *testing.T) {
	for username, ok := range map[string]bool{
		"a@b.example": true, "john@acme.portal": true, "a.b@c.d.example": true,
		"john": false, "a@b": false, "a b@c.example": false, "a@b@c.example": false, "a..b@c.example": false, "@c.example": false,
		strings.Repeat("a", 70) + "@portal.example": false,
	} {
		_, row := createFields(t, provisioning.Contact{LastName: "X", Email: "x@x.example"}, "Username", username)
		if (row.Action == provisioning.ActionCreate) != ok {
			t.Errorf("%q: %s %s", username, row.Action, row.Reason.Text)
		}
	}
}
