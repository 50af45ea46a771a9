package salesforcesim_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"portalbot/provisioning/salesforce/salesforcesim"
)

func (c *client) form(path string, values url.Values) answer {
	c.t.Helper()
	r := c.request(http.MethodPost, path, values.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.do(r)
}

func TestClientCredentialsGetTheLiveToken(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.acme.ClientID}, "client_secret": {c.acme.ClientSecret}}
	first := c.form("/services/oauth2/token", form)
	var token map[string]any
	if err := json.Unmarshal([]byte(first.body), &token); err != nil || first.status != http.StatusOK {
		t.Fatalf("%d %s", first.status, first.body)
	}
	for _, key := range []string{"access_token", "instance_url", "id", "token_type", "issued_at", "scope", "signature"} {
		if token[key] == nil || token[key] == "" {
			t.Errorf("no %s in %s", key, first.body)
		}
	}
	if _, ok := token["expires_in"]; ok {
		t.Error("Salesforce sends no expires_in")
	}
	if token["instance_url"] != c.url || !strings.Contains(token["access_token"].(string), "!") {
		t.Errorf("token %v", token)
	}
	r := c.request(http.MethodPost, "/services/oauth2/token", "grant_type=client_credentials")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(c.acme.ClientID), url.QueryEscape(c.acme.ClientSecret))
	if again := c.do(r); !strings.Contains(again.body, token["access_token"].(string)) {
		t.Errorf("a second login gave another token: %s", again.body)
	}
	if c.org.Count(salesforcesim.OpToken) != 2 {
		t.Errorf("counts %v", c.org.Counts())
	}
}
