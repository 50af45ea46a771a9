package salesforcesim_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portalbot/provisioning/salesforce/salesforcesim"
)

func (c *client) form(path string, values url.Values) answer {
	c.t.Helper()
	r := c.request(http.MethodPost, path, values.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.do(r)
}

func (c *client) login(values url.Values) answer {
	c.t.Helper()
	return c.form("/services/oauth2/token", values)
}

func (c *client) wantOAuth(a answer, code, description string) {
	c.t.Helper()
	want := `{"error":"` + code + `","error_description":"` + description + `"}`
	var got, wanted map[string]string
	_ = json.Unmarshal([]byte(a.body), &got)
	_ = json.Unmarshal([]byte(want), &wanted)
	if a.status != http.StatusBadRequest || got["error"] != wanted["error"] || got["error_description"] != wanted["error_description"] {
		c.t.Errorf("got %d %s, want %s", a.status, a.body, want)
	}
}

func TestClientCredentialsGetTheLiveToken(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.acme.ClientID}, "client_secret": {c.acme.ClientSecret}}
	first := c.login(form)
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
	access, _ := token["access_token"].(string)
	if token["instance_url"] != c.url || !strings.Contains(access, "!") {
		t.Errorf("token %v", token)
	}
	r := c.request(http.MethodPost, "/services/oauth2/token", "grant_type=client_credentials")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(c.acme.ClientID), url.QueryEscape(c.acme.ClientSecret))
	if again := c.do(r); !strings.Contains(again.body, access) {
		t.Errorf("a second login gave another token: %s", again.body)
	}
	if c.org.Count(salesforcesim.OpToken) != 2 || c.org.UsedRequests() != 0 {
		t.Errorf("counts %v, %d requests of the budget", c.org.Counts(), c.org.UsedRequests())
	}

	c.token = access
	id, _ := token["id"].(string)
	for _, path := range []string{"/services/oauth2/userinfo", strings.TrimPrefix(id, c.url)} {
		r := c.request(http.MethodGet, path, "")
		r.Header.Set("Authorization", "Bearer "+access)
		if a := c.do(r); a.status != http.StatusOK || !strings.Contains(a.body, c.acme.IntegrationUsername) || !strings.Contains(a.body, c.org.ID()) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := c.form("/services/oauth2/revoke", url.Values{"token": {access}}); a.status != http.StatusOK {
		t.Errorf("revoke: %d %s", a.status, a.body)
	}
	c.wantRefused(c.restQuery("SELECT Id FROM User"), http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
	c.wantOAuth(c.form("/services/oauth2/revoke", url.Values{"token": {access}}), "unsupported_token_type", "this token type is not supported")
	if again := c.login(form); strings.Contains(again.body, access) {
		t.Error("a revoked token was handed out again")
	}
}

func TestBadClientCredentialsAreRefused(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	form := func(grant, id, secret string) url.Values {
		return url.Values{"grant_type": {grant}, "client_id": {id}, "client_secret": {secret}}
	}
	c.wantOAuth(c.login(form("client_credentials", "nobody", "x")), "invalid_client_id", "client identifier invalid")
	c.wantOAuth(c.login(form("client_credentials", c.acme.ClientID, "x")), "invalid_client", "invalid client credentials")
	c.wantOAuth(c.login(form("password", c.acme.ClientID, c.acme.ClientSecret)), "unsupported_grant_type", "grant type not supported")
	c.wantOAuth(c.login(url.Values{}), "invalid_request", "grant_type not supplied")
	c.org.AddApp(salesforcesim.App{ClientID: "norunner", ClientSecret: "s"})
	c.wantOAuth(c.login(form("client_credentials", "norunner", "s")), "invalid_grant", "no client credentials user enabled")
	c.org.Edit(c.acme.Integration, salesforcesim.Fields{"IsActive": "false"})
	c.wantOAuth(c.login(form("client_credentials", c.acme.ClientID, c.acme.ClientSecret)), "invalid_grant", "inactive user")
}

func assertion(t *testing.T, key *rsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + base64.RawURLEncoding.EncodeToString(body)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestJWTAssertionsAreVerified(t *testing.T) {
	clock := november()
	c := newClient(t, salesforcesim.Config{Now: clock.Now})
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c.org.AddApp(salesforcesim.App{ClientID: "jwtapp", PublicKey: &key.PublicKey, Approved: []string{c.acme.IntegrationUsername}})
	claims := func(change ...any) map[string]any {
		m := map[string]any{
			"iss": "jwtapp", "sub": c.acme.IntegrationUsername, "aud": "https://login.salesforce.com",
			"exp": clock.now.Add(2 * time.Minute).Unix(),
		}
		for i := 0; i < len(change); i += 2 {
			name, _ := change[i].(string)
			m[name] = change[i+1]
		}
		return m
	}
	send := func(signer *rsa.PrivateKey, m map[string]any) answer {
		return c.login(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion(t, signer, m)}})
	}
	for _, audience := range []any{"https://login.salesforce.com", c.url} {
		a := send(key, claims("aud", audience))
		if a.status != http.StatusOK || !strings.Contains(a.body, "access_token") || strings.Contains(a.body, "expires_in") || strings.Contains(a.body, "refresh_token") {
			t.Errorf("audience %v: %d %s", audience, a.status, a.body)
		}
	}
	c.wantOAuth(send(key, claims("aud", "https://test.salesforce.com")), "invalid_grant", "audience is invalid")
	c.wantOAuth(send(key, claims("exp", clock.now.Add(-time.Second).Unix())), "invalid_grant", "expired authorization code")
	c.wantOAuth(send(key, claims("exp", clock.now.Add(4*time.Minute).Unix())), "invalid_grant", "invalid assertion")
	c.wantOAuth(send(key, claims("sub", "owner@acme.example.com")), "invalid_grant", "user hasn't approved this consumer")
	c.wantOAuth(send(key, claims("iss", "nobody")), "invalid_client_id", "client identifier invalid")
	c.wantOAuth(send(stranger, claims()), "invalid_grant", "invalid assertion")
	c.wantOAuth(c.login(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {"a.b"}}), "invalid_grant", "invalid assertion")
}
