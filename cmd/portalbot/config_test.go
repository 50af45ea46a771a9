package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portalbot/provisioning"
)

const goodConfig = `
slack: {channel: C0PORTAL, requesters: [everyone], admins: [U0ADMIN]}
approval: {approvers: [S0GROUP], large: {rows: 200, required: 2}, expires_after: 3d}
salesforce: {login_url: "https://acme.my.salesforce.com", api_version: 66.0, settle_after: 90s, api_reserve_percent: 0}
portals:
  customer: {profile: Customer Community User}
  partner: {profile: Partner Community User, welcome_email: site, files: dm}
store: {retention: 1d12h}
`

var goodEnv = map[string]string{
	"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SALESFORCE_CLIENT_ID": "id", "SALESFORCE_CLIENT_SECRET": "secret",
}

func load(t *testing.T, text string, env map[string]string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "portalbot.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return loadConfig(path, func(k string) string { return env[k] })
}

func TestConfigIsReadWithItsDefaults(t *testing.T) {
	c, err := load(t, goodConfig, goodEnv)
	if err != nil {
		t.Fatal(err)
	}
	if c.Salesforce.APIVersion != "66.0" {
		t.Errorf("api_version %q: 66.0 unquoted must be understood", c.Salesforce.APIVersion)
	}
	if p := c.policy(); p.ExpiresAfter != 72*time.Hour || p.Required != 1 || p.LargeNeeds != 2 || p.RemindAfter != 4*time.Hour {
		t.Errorf("policy %+v", p)
	}
	if o := c.options(); o.SettleAfter != 90*time.Second || o.ReservePercent != -1 {
		t.Errorf("options %+v", o)
	}
	if time.Duration(c.Store.Retention) != 36*time.Hour || c.Store.Path != "portalbot.db" || c.Slack.Mode != "socket" {
		t.Errorf("store %+v, slack mode %q", c.Store, c.Slack.Mode)
	}
	portals := c.portals(provisioning.MailHeader)
	if portals["customer"].Mail != provisioning.MailHeader || portals["partner"].Mail != provisioning.MailSite || !portals["partner"].FilesToDM {
		t.Errorf("portals %+v", portals)
	}
}

func TestEnvironmentWinsOverTheFile(t *testing.T) {
	env := map[string]string{"PORTALBOT_DB": "/data/bot.db", "SALESFORCE_LOGIN_URL": "https://other.my.salesforce.com"}
	for k, v := range goodEnv {
		env[k] = v
	}
	c, err := load(t, goodConfig, env)
	if err != nil {
		t.Fatal(err)
	}
	if c.Store.Path != "/data/bot.db" || c.Salesforce.LoginURL != "https://other.my.salesforce.com" {
		t.Errorf("store %q, login %q", c.Store.Path, c.Salesforce.LoginURL)
	}
}

func TestBadConfigNamesLineAndKey(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"unknown key":     {strings.Replace(goodConfig, "requesters:", "requestors:", 1), `unknown field "requestors"`},
		"with its line":   {strings.Replace(goodConfig, "retention: 1d12h", "retain: 1d", 1), "[8:"},
		"bad duration":    {strings.Replace(goodConfig, "90s", "90 seconds", 1), "is not a duration"},
		"bad mail mode":   {strings.Replace(goodConfig, "welcome_email: site", "welcome_email: yes", 1), "portals.partner.welcome_email"},
		"no approvers":    {strings.Replace(goodConfig, "[S0GROUP]", "[]", 1), "approval.approvers is empty"},
		"no profile":      {strings.Replace(goodConfig, "profile: Customer Community User", "locale: en_US", 1), "portals.customer.profile is missing"},
		"secret in file":  {strings.Replace(goodConfig, "api_version: 66.0", "client_secret: x", 1), `unknown field "client_secret"`},
		"too many slots":  {strings.Replace(goodConfig, "settle_after: 90s", "parallel: 99", 1), "salesforce.parallel is 99"},
		"everything lost": {"", "slack.channel is missing"},
	} {
		_, err := load(t, tc.text, goodEnv)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, tc.want)
		}
	}
	if _, err := load(t, goodConfig, nil); err == nil || !strings.Contains(err.Error(), "SLACK_BOT_TOKEN is not set") {
		t.Errorf("without secrets: %v", err)
	}
}
