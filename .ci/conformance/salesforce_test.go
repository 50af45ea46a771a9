package conformance_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"portalbot/provisioning/salesforce/salesforcesim"
)

// org is a running org with a switchboard, by which a script does what only Salesforce or an administrator can.
type org struct {
	*salesforcesim.Org
	*recorder
	world orgWorld
}

// orgWorld is what a script learns about the org.
type orgWorld struct {
	URL, Control           string
	OrgID                  string
	ClientID, ClientSecret string
	Integration            string
	IntegrationUsername    string
	Account                string
	Orphan                 string
	CustomerProfile        string
	PartnerProfile         string
	Contacts               []string // of Account, without users
	Token                  string
}

func newOrg(t *testing.T, contacts int, cfg salesforcesim.Config) org {
	t.Helper()
	o, err := salesforcesim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	acme := o.Seed(salesforcesim.Seats{})
	crowd := o.AddCrowd(salesforcesim.Crowd{Accounts: 2, Contacts: contacts, Owner: acme.Owner, Profile: acme.CustomerProfile})
	rec := &recorder{handler: o.Handler()}
	front := httptest.NewServer(rec)
	t.Cleanup(front.Close)
	control := http.NewServeMux()
	control.HandleFunc("POST /expire", func(http.ResponseWriter, *http.Request) { o.ExpireSessions() })
	control.HandleFunc("POST /maintenance/on", func(http.ResponseWriter, *http.Request) { o.SetMaintenance(true) })
	control.HandleFunc("POST /maintenance/off", func(http.ResponseWriter, *http.Request) { o.SetMaintenance(false) })
	control.HandleFunc("POST /forget", func(http.ResponseWriter, *http.Request) { o.ForgetLocators() })
	control.HandleFunc("POST /spent", func(http.ResponseWriter, *http.Request) { o.SetUsedRequests(1 << 30) })
	control.HandleFunc("POST /unspent", func(http.ResponseWriter, *http.Request) { o.SetUsedRequests(0) })
	server := httptest.NewServer(control)
	t.Cleanup(server.Close)
	return org{Org: o, recorder: rec, world: orgWorld{
		URL: front.URL, Control: server.URL, OrgID: o.ID(), ClientID: acme.ClientID, ClientSecret: acme.ClientSecret,
		Integration: acme.Integration, IntegrationUsername: acme.IntegrationUsername, Account: acme.Account, Orphan: acme.Orphan,
		CustomerProfile: acme.CustomerProfile, PartnerProfile: acme.PartnerProfile, Contacts: crowd.Contacts,
		Token: o.Token(acme.Integration),
	}}
}

func TestJsforceFindsAnOrgThatItKnows(t *testing.T) {
	need(t, installed("jsforce"))
	o := newOrg(t, 4500, salesforcesim.Config{AnyNamespace: true})
	node(t, o.world, "--test", "--test-reporter=spec", "jsforce.test.mjs")
	if n := o.MailCount(salesforcesim.MailNewUser); n != 0 {
		t.Errorf("%d new users were mailed, though jsforce sends no EmailHeader", n)
	}
	if n := o.MailCount(salesforcesim.MailPasswordReset); n != 0 {
		t.Errorf("%d password mails, though jsforce sends no EmailHeader", n)
	}
}
