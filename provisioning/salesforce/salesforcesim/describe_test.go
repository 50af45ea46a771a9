package salesforcesim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"portalbot/provisioning/salesforce/salesforcesim"
)

type described struct {
	Name, KeyPrefix string
	Fields          []struct {
		Name, Type                                                              string
		Length                                                                  int
		Nillable, Createable, Updateable, DefaultedOnCreate, RestrictedPicklist bool
		Custom                                                                  bool
		RelationshipName                                                        *string
		ReferenceTo                                                             []string
		PicklistValues                                                          []struct {
			Value, Label string
			Active       bool
		}
	}
}

func (c *client) describe(object string) described {
	c.t.Helper()
	a := c.rest(http.MethodGet, "/sobjects/"+object+"/describe", "")
	var d described
	if err := json.Unmarshal([]byte(a.body), &d); err != nil || a.status != http.StatusOK {
		c.t.Fatalf("%d %s", a.status, a.body)
	}
	return d
}

func TestDescribeOfUserTellsWhatACreateNeeds(t *testing.T) {
	c := newClient(t, salesforcesim.Config{CustomFields: []salesforcesim.CustomField{{Object: "User", Name: "Region__c"}}})
	d := c.describe("User")
	if d.KeyPrefix != "005" {
		t.Errorf("key prefix %s", d.KeyPrefix)
	}
	var required []string
	for _, f := range d.Fields {
		if f.Createable && !f.Nillable && !f.DefaultedOnCreate {
			required = append(required, f.Name)
		}
		switch f.Name {
		case "Alias":
			if f.Length != 8 || f.Type != "string" {
				t.Errorf("Alias %+v", f)
			}
		case "TimeZoneSidKey":
			if !f.RestrictedPicklist || len(f.PicklistValues) < 80 {
				t.Errorf("%d time zones, restricted %v", len(f.PicklistValues), f.RestrictedPicklist)
			}
		case "AccountId":
			if f.Createable || f.Updateable || *f.RelationshipName != "Account" || f.ReferenceTo[0] != "Account" {
				t.Errorf("AccountId %+v", f)
			}
		case "Region__c":
			if !f.Custom || !f.Createable {
				t.Errorf("Region__c %+v", f)
			}
		}
	}
	want := "Username LastName Email Alias TimeZoneSidKey LocaleSidKey EmailEncodingKey ProfileId LanguageLocaleKey"
	if got := strings.Join(required, " "); got != want {
		t.Errorf("required on create:\n%s, want\n%s", got, want)
	}
}

func TestAccountFlagsExistOnlyWithTheirLicence(t *testing.T) {
	org, err := salesforcesim.New(salesforcesim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer org.Close()
	url, err := org.Start()
	if err != nil {
		t.Fatal(err)
	}
	license := org.AddLicense(salesforcesim.License{Name: "Customer Community", Key: "PID_Customer_Community", Total: 5})
	org.AddProfile(salesforcesim.Profile{Name: "Customer", UserType: "CspLitePortal", LicenseID: license})
	admin := org.AddUser(salesforcesim.Fields{"Username": "a@b.example", "LastName": "A"})
	c := &client{t: t, org: org, url: url, token: org.Token(admin)}
	names := map[string]bool{}
	for _, f := range c.describe("Account").Fields {
		names[f.Name] = true
	}
	if !names["IsCustomerPortal"] || names["IsPartner"] {
		t.Errorf("IsCustomerPortal %v, IsPartner %v", names["IsCustomerPortal"], names["IsPartner"])
	}
	c.wantRefused(c.restQuery("SELECT IsPartner FROM Account"), http.StatusBadRequest, "INVALID_FIELD", "No such column 'IsPartner' on entity 'Account'")
}

func TestVersionsAreServedRetiredOrUnknown(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	a := c.do(c.request(http.MethodGet, "/services/data/", ""))
	var versions []struct{ Label, URL, Version string }
	if err := json.Unmarshal([]byte(a.body), &versions); err != nil {
		t.Fatal(err)
	}
	first, last := versions[0], versions[len(versions)-1]
	if first.Version != "31.0" || first.Label != "Summer '14" || last.Version != "67.0" || last.Label != "Summer '26" || last.URL != "/services/data/v67.0" {
		t.Errorf("%+v to %+v", first, last)
	}
	c.wantRefused(c.do(c.request(http.MethodGet, "/services/data/v99.0/limits", "")), http.StatusNotFound, "NOT_FOUND", "does not exist")
	c.wantRefused(c.do(c.request(http.MethodGet, "/services/data/v29.0/limits", "")), http.StatusGone, "UNSUPPORTED_API_VERSION", "retired")
}
