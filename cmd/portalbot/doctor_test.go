package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"portalbot/provisioning/salesforce/salesforcesim"
)

// configFile writes the world's configuration as an operator would, and returns its path and the environment.
func (w *world) configFile() (path string, getenv func(string) string) {
	w.t.Helper()
	text := fmt.Sprintf(`
slack: {channel: C0PORTAL, requesters: [S0CSTEAM], admins: [U0ADMIN]}
approval: {approvers: [S0GROUP]}
salesforce: {login_url: %q}
portals: {customer: {profile: Customer Community User, timezone: America/Los_Angeles, locale: en_US, language: en_US, email_encoding: UTF-8}}
store: {path: %q}
admin: {listen: none}
`, w.org.URL(), w.cfg.Store.Path)
	path = filepath.Join(w.t.TempDir(), "portalbot.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	env := map[string]string{
		"SLACK_BOT_TOKEN": w.ws.BotToken(), "SLACK_APP_TOKEN": w.ws.AppToken(), "SLACK_API_URL": w.ws.APIURL(),
		"SALESFORCE_CLIENT_ID": w.acme.ClientID, "SALESFORCE_CLIENT_SECRET": w.acme.ClientSecret,
	}
	return path, func(k string) string { return env[k] }
}

func TestDoctorFindsAHealthySetUpHealthy(t *testing.T) {
	w := newWorld(t, 1, salesforcesim.Config{})
	path, env := w.configFile()
	var out bytes.Buffer
	if err := runDoctor(w.ctx, path, env, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		"ok    Slack bot token", "ok    Slack app token", "ok    approval.approvers (2 people)", "ok    Salesforce sign-in",
		`ok    portal customer, profile "Customer Community User", Customer Community: 0 of 1000 seats used`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

func TestDoctorNamesEveryFaultWithItsCure(t *testing.T) {
	for name, tc := range map[string]struct {
		fault func(*world)
		want  []string
	}{
		"bot not in the channel": {
			func(w *world) { _ = w.ws.Kick("#portal", "portal") },
			[]string{"FAIL  Slack channel C0PORTAL", "/invite @portal"},
		},
		"missing scope": {
			func(w *world) {
				w.ws.SetScopes(slices.DeleteFunc(readManifest(t).OAuth.Scopes.Bot, func(s string) bool { return s == "files:write" })...)
			},
			[]string{"FAIL  Slack scope files:write", "reinstall"},
		},
		"user without a role": {
			func(w *world) { w.org.Edit(w.acme.Integration, salesforcesim.Fields{"UserRoleId": ""}) },
			[]string{"FAIL  Salesforce integration user has a role", "Give it a role"},
		},
		"nobody can approve": {
			func(w *world) { _ = w.ws.SetGroup("approvers") },
			[]string{"FAIL  approval.approvers (0 people)", "add people"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1, salesforcesim.Config{})
			tc.fault(w)
			path, env := w.configFile()
			var out bytes.Buffer
			if err := runDoctor(w.ctx, path, env, &out); err == nil {
				t.Error("the doctor found nothing")
			}
			for _, want := range tc.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is missing in\n%s", want, out.String())
				}
			}
		})
	}
}

func TestDoctorKnowsTheManifestsScopes(t *testing.T) {
	scopes := readManifest(t).OAuth.Scopes.Bot
	for _, s := range scopes {
		if neededScopes[s] == "" {
			t.Errorf("the doctor does not check scope %s", s)
		}
	}
	if len(scopes) != len(neededScopes) {
		t.Errorf("the doctor checks %d scopes, the manifest has %d", len(neededScopes), len(scopes))
	}
}
