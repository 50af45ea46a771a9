package salesforcesim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"portalbot/provisioning/salesforce/salesforcesim"
)

// direct sends a SOAP call to an org's handler with no network between, so that a fake clock can run.
func direct(org *salesforcesim.Org, c *client, body string) string {
	r := httptest.NewRequest(http.MethodPost, "/services/Soap/u/66.0", strings.NewReader(c.envelope("", body)))
	r.Header.Set("Content-Type", "text/xml")
	r.Header.Set("SOAPAction", `""`)
	w := httptest.NewRecorder()
	org.Handler().ServeHTTP(w, r)
	return w.Body.String()
}

func TestCallsTakeTheStatedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		org, err := salesforcesim.New(salesforcesim.Config{PerRequest: 120 * time.Millisecond, PerRecord: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		defer org.Close()
		acme := org.Seed(salesforcesim.Seats{})
		c := &client{t: t, org: org, acme: acme, token: org.Token(acme.Integration)}
		for _, tt := range []struct {
			body string
			want time.Duration
		}{
			{"<urn:getUserInfo/>", 120 * time.Millisecond},
			{"<urn:create>" + strings.Repeat(sobject("Contact", "", record{"LastName", "A"}), 30) + "</urn:create>", 150 * time.Millisecond},
			{"<urn:query><urn:queryString>SELECT Id FROM Contact</urn:queryString></urn:query>", 150 * time.Millisecond},
		} {
			start := time.Now()
			direct(org, c, tt.body)
			if took := time.Since(start); took != tt.want {
				t.Errorf("%.40s took %v, want %v", tt.body, took, tt.want)
			}
		}
	})
}

func TestALockIsWaitedForTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		org, err := salesforcesim.New(salesforcesim.Config{PerRequest: 15 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer org.Close()
		acme := org.Seed(salesforcesim.Seats{})
		c := &client{t: t, org: org, acme: acme, token: org.Token(acme.Integration)}
		create := func(name string) string {
			return "<urn:create>" + sobject("User", "", user(acme.PartnerProfile, c.contact(acme.Account, name), name)) + "</urn:create>"
		}
		first, second := create("First"), create("Second")
		done := make(chan string)
		go func() { done <- direct(org, c, first) }()
		synctest.Wait()
		start := time.Now()
		late := direct(org, c, second)
		if took := time.Since(start); took != 25*time.Second || !strings.Contains(late, "UNABLE_TO_LOCK_ROW") {
			t.Errorf("after %v: %s", took, late)
		}
		if early := <-done; !strings.Contains(early, "<success>true</success>") {
			t.Errorf("the first call: %s", early)
		}
	})
}
