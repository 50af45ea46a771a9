package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portalbot/provisioning/salesforce/salesforcesim"
)

// planStage is an org, a configuration without a word of Slack, and a folder for files.
type planStage struct {
	org  *salesforcesim.Org
	acme salesforcesim.Acme
	dir  string
}

func newPlanStage(t *testing.T) *planStage {
	t.Helper()
	org, err := salesforcesim.New(salesforcesim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	url, err := org.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(org.Close)
	s := &planStage{org: org, acme: org.Seed(salesforcesim.Seats{Customer: 500}), dir: t.TempDir()}
	s.write(t, "portalbot.yml", "salesforce: {login_url: \""+url+"\"}\n"+
		"portals:\n  customer: {profile: Customer Community User, timezone: America/Los_Angeles, locale: en_US, language: en_US, email_encoding: UTF-8, welcome_email: none}\n")
	for _, name := range []string{"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SALESFORCE_LOGIN_URL", "SALESFORCE_USERNAME"} {
		t.Setenv(name, "")
	}
	t.Setenv("SALESFORCE_CLIENT_ID", s.acme.ClientID)
	t.Setenv("SALESFORCE_CLIENT_SECRET", s.acme.ClientSecret)
	return s
}

func (s *planStage) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// plan runs the command and returns its exit status and what it printed.
func (s *planStage) plan(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), append([]string{"plan", "--config", filepath.Join(s.dir, "portalbot.yml")}, args...), &out, &errs)
	return code, out.String(), errs.String()
}

func TestPlanPrintsWhatWouldHappenAndChangesNothing(t *testing.T) {
	s := newPlanStage(t)
	crowd := s.org.AddCrowd(salesforcesim.Crowd{Name: "Ann", Contacts: 14, Users: 1, Owner: s.acme.Owner, Profile: s.acme.CustomerProfile})
	file := "Contact ID,Email\n"
	for _, c := range crowd.Contacts {
		file += c + ",\n"
	}
	clean := s.write(t, "clean.csv", file)
	code, out, errs := s.plan(t, "--file", clean)
	if code != 0 || errs != "" {
		t.Fatalf("exit %d: %s", code, errs)
	}
	for _, want := range []string{
		"clean.csv: add portal users, portal customer\n\nRows      14 in the file: 13 to create, 1 skipped\n",
		"Seats     Customer Community: 1 -> 14 of 500\nAccounts  Ann Account 00001 (13)\nE-mail    none requested\n",
		"Rows that are skipped\n  - The contact has the active user ann000001@portal.example.com already, with the same profile \"Customer Community User\". (row 1)\n",
		"First rows\n  Row  What    User                   Contact             Account\n  2    create  ann000002@example.com  " + crowd.Contacts[1] + "  Ann Account 00001\n",
		"\n  and 3 more\n\nPlan ", " Nothing was changed.\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("missing %q in\n%s", want, out)
		}
	}
	if n := s.org.Count(salesforcesim.OpCreate) + s.org.Count(salesforcesim.OpUpdate); n != 0 {
		t.Errorf("%d writes", n)
	}
}

func TestPlanWithInvalidRowsExitsWithOne(t *testing.T) {
	s := newPlanStage(t)
	crowd := s.org.AddCrowd(salesforcesim.Crowd{Contacts: 2, Owner: s.acme.Owner, Profile: s.acme.CustomerProfile})
	path := s.write(t, "half.csv", "Contact ID,Email,Time Zone\n"+crowd.Contacts[0]+",,\n"+crowd.Contacts[1]+",,Berlin\n003,\x1b[31mred@example.com,\n")
	code, out, errs := s.plan(t, "--file", path)
	if code != 1 || errs != "" {
		t.Errorf("exit %d: %s", code, errs)
	}
	for _, want := range []string{
		"1 to create, 2 that cannot run",
		"  - Line 3, column Time Zone: Time Zone \"Berlin\" is not a value of this org.\n    ",
		"  - Line 4, column Contact ID: Contact ID \"003\" has 3 characters, a record id has 15 or 18. Email \"[31mred@example.com\" is not an e-mail address.\n    Copy the id from Salesforce again",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("missing %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("an escape sequence reached the terminal:\n%q", out)
	}

	code, out, _ = s.plan(t, "--file", path, "--json")
	var doc struct {
		Actions map[string]int `json:"actions"`
		Digest  string         `json:"digest"`
		Rows    []planJSONRow  `json:"rows"`
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if code != 1 || len(doc.Rows) != 3 || doc.Actions["invalid"] != 2 || len(doc.Digest) != 64 {
		t.Errorf("exit %d, %+v", code, doc)
	}
	if r := doc.Rows[1]; r.Row != 2 || r.Line != 3 || r.Action != "invalid" || r.Reason == nil || r.Reason.Column != "Time Zone" || r.Reason.Fix == "" {
		t.Errorf("row %+v", r)
	}
	if doc.Rows[0].Fields["ContactId"] != crowd.Contacts[0] {
		t.Errorf("fields %v", doc.Rows[0].Fields)
	}
}

func TestPlanThatCannotRunExitsWithOne(t *testing.T) {
	s := newPlanStage(t)
	s.org.Edit(s.acme.CustomerLicense, salesforcesim.Fields{"TotalLicenses": "1"})
	crowd := s.org.AddCrowd(salesforcesim.Crowd{Contacts: 2, Owner: s.acme.Owner, Profile: s.acme.CustomerProfile})
	code, out, _ := s.plan(t, "--file", s.write(t, "two.csv", "ContactId\n"+strings.Join(crowd.Contacts, "\n")+"\n"))
	if code != 1 || !strings.Contains(out, "0 -> 2 of 1 (1 too few)") || !strings.Contains(out, "This plan cannot run\n  - ") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestPlanOfDisable(t *testing.T) {
	s := newPlanStage(t)
	crowd := s.org.AddCrowd(salesforcesim.Crowd{Contacts: 2, Users: 2, Owner: s.acme.Owner, Profile: s.acme.CustomerProfile})
	path := s.write(t, "leavers.csv", "UserId\n"+strings.Join(crowd.Users, "\n")+"\n")
	for method, want := range map[string]string{
		"deactivate": "deactivate portal users, portal customer\n\nRows      2 in the file: 2 to deactivate\nSeats     Customer Community: 2 -> 0 of 500\n",
		"disable":    "disable portal users for good, portal customer\n\nRows      2 in the file: 2 to disable for good\n",
		"freeze":     "freeze portal users, portal customer\n\nRows      2 in the file: 2 to freeze\n",
	} {
		if code, out, errs := s.plan(t, "--file", path, "--command", "disable", "--method", method); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d, %s\n%s", method, code, errs, out)
		}
	}
}

func TestUnreadablePlansExitWithTwo(t *testing.T) {
	s := newPlanStage(t)
	good := s.write(t, "good.csv", "ContactId\n003000000000001AAA\n")
	wrong := s.write(t, "wrong.csv", "Contact ID,ContactId,Frist Name,UserPermissionsKnowledgeUser\na,b,c,d,e\n")
	second := s.write(t, "two.yml", "salesforce: {login_url: \"https://acme.my.salesforce.com\"}\nportals: {a: {profile: A}, b: {profile: B}}\n")
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{}, []string{"--file"}},
		{[]string{"--file", filepath.Join(s.dir, "none.csv")}, []string{"read the file", "none.csv"}},
		{[]string{"--file", s.write(t, "page.csv", "<!DOCTYPE html><html></html>")}, []string{"web page"}},
		{[]string{"--file", wrong}, []string{
			`Line 1, column 2 (ContactId): Columns "Contact ID" and "ContactId" both stand for ContactId. Keep one of them`,
			`Line 1, column 3 (Frist Name): Column "Frist Name" is not known. Did you mean FirstName?`,
			`Line 1, column 4 (UserPermissionsKnowledgeUser): Column "UserPermissionsKnowledgeUser" is refused`,
			"Line 2",
		}},
		{[]string{"--file", good, "--command", "remove"}, []string{"write add, disable, enable or resend"}},
		{[]string{"--file", good, "--command", "disable", "--method", "kill"}, []string{"write deactivate, freeze or disable"}},
		{[]string{"--file", good, "--portal", "partner"}, []string{`no portal "partner": write --portal customer`}},
		{[]string{"--file", good, "--create-contacts"}, []string{"portals.customer.create_contacts"}},
		{[]string{"--file", good, "--config", second}, []string{"choose one with --portal (a, b)"}},
		{[]string{"--file", good, "--config", s.write(t, "bad.yml", "salesforce: {loginurl: x}\n")}, []string{"loginurl"}},
		{[]string{"--file", good, "--bogus"}, []string{"--bogus"}},
	} {
		code, out, errs := s.plan(t, c.args...)
		if code != 2 || out != "" {
			t.Errorf("%v: exit %d, %s", c.args, code, out)
		}
		for _, want := range c.want {
			if !strings.Contains(errs, want) {
				t.Errorf("%v: missing %q in %s", c.args, want, errs)
			}
		}
	}
	t.Setenv("SALESFORCE_CLIENT_SECRET", "wrong")
	if code, out, errs := s.plan(t, "--file", good); code != 2 || out != "" || !strings.Contains(errs, "the org cannot be read") {
		t.Errorf("wrong secret: exit %d, %s, %s", code, out, errs)
	}
}
