package salesforce_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"portalbot/provisioning/salesforce"
)

func TestWrongSettingsAreToldInSentences(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*salesforce.Config)
		want   string
	}{
		"no address":              {func(c *salesforce.Config) { c.LoginURL = "" }, "login_url is missing"},
		"no scheme":               {func(c *salesforce.Config) { c.LoginURL = "acme.my.salesforce.com" }, "is no address"},
		"with a path":             {func(c *salesforce.Config) { c.LoginURL += "/services" }, "without a path"},
		"http":                    {func(c *salesforce.Config) { c.LoginURL = "http://acme.my.salesforce.com" }, "it must be https"},
		"shared login":            {func(c *salesforce.Config) { c.LoginURL = "https://login.salesforce.com" }, "refuses client credentials at login.salesforce.com"},
		"shared sandbox login":    {func(c *salesforce.Config) { c.LoginURL = "https://test.salesforce.com" }, "use the org's My Domain address"},
		"address of the pages":    {func(c *salesforce.Config) { c.LoginURL = "https://acme.lightning.force.com" }, "ends in .my.salesforce.com"},
		"unknown grant":           {func(c *salesforce.Config) { c.Auth = "password" }, `auth is "password"`},
		"no client id":            {func(c *salesforce.Config) { c.ClientID = "" }, "client id is missing"},
		"no secret":               {func(c *salesforce.Config) { c.ClientSecret = "" }, "client secret is missing"},
		"jwt without user":        {func(c *salesforce.Config) { c.Auth = salesforce.AuthJWT }, "username is missing"},
		"jwt without key":         {func(c *salesforce.Config) { c.Auth = salesforce.AuthJWT }, "private key is missing"},
		"jwt with a wrong key":    {func(c *salesforce.Config) { c.Auth, c.PrivateKeyPEM = salesforce.AuthJWT, []byte("ssh-rsa AAAA") }, "not in PEM form"},
		"jwt with a certificate":  {func(c *salesforce.Config) { c.Auth, c.PrivateKeyPEM = salesforce.AuthJWT, pemOf("CERTIFICATE") }, "holds a certificate"},
		"jwt with an EC key":      {func(c *salesforce.Config) { c.Auth, c.PrivateKeyPEM = salesforce.AuthJWT, pemOf("EC PRIVATE KEY") }, "must be an RSA key"},
		"old version":             {func(c *salesforce.Config) { c.APIVersion = "31.0" }, "it must be 32.0 to 67.0"},
		"version of the future":   {func(c *salesforce.Config) { c.APIVersion = "68.0" }, "is not one this program knows"},
		"version that is none":    {func(c *salesforce.Config) { c.APIVersion = "v66" }, "is no Salesforce API version"},
		"too many reads":          {func(c *salesforce.Config) { c.Reads = 50 }, "1 to 20"},
		"two things at once":      {func(c *salesforce.Config) { c.ClientID, c.Auth = "", "x" }, "client id is missing"},
		"and the second is there": {func(c *salesforce.Config) { c.ClientID, c.Auth = "", "x" }, `auth is "x"`},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := salesforce.Config{
				LoginURL: "https://acme.my.salesforce.com", Auth: salesforce.AuthClientCredentials, ClientID: clientID, ClientSecret: secret,
			}
			tt.change(&cfg)
			_, err := salesforce.New(cfg)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestGoodSettingsAreTaken(t *testing.T) {
	for _, tt := range []struct{ url, version string }{
		{"https://acme.my.salesforce.com", ""},
		{"https://acme.my.salesforce.com/", "66"},
		{"https://acme--uat.sandbox.my.salesforce.com", "67.0"},
		{"http://127.0.0.1:8080", "66.0"},
		{"http://[::1]:8080", "66.0"},
	} {
		if _, err := salesforce.New(salesforce.Config{
			LoginURL: tt.url, Auth: salesforce.AuthClientCredentials, ClientID: clientID, ClientSecret: secret, APIVersion: tt.version,
		}); err != nil {
			t.Errorf("%s: %v", tt.url, err)
		}
	}
}

func TestPrintedSettingsShowNoSecrets(t *testing.T) {
	cfg := salesforce.Config{LoginURL: "https://acme.my.salesforce.com", ClientSecret: secret, PrivateKeyPEM: []byte("key-text")}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "cfg", cfg)
	cfg.Auth, cfg.ClientID = salesforce.AuthClientCredentials, clientID
	c, err := salesforce.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprintf("%v %+v", c, c), fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), log.String()} {
		if strings.Contains(s, secret) || strings.Contains(s, "key-text") || strings.Contains(s, "107 101 121") {
			t.Errorf("printed: %s", s)
		}
	}
}
