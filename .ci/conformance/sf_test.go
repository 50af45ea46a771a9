package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"portalbot/provisioning/salesforce/salesforcesim"
)

// cli is the Salesforce CLI, logged in to an org.
type cli struct {
	t    *testing.T
	home string
	node string
	main string
}

// answer is what the CLI prints with --json.
type answer struct {
	Status   int             `json:"status"`
	Name     string          `json:"name"`
	Message  string          `json:"message"`
	Result   json.RawMessage `json:"result"`
	Warnings []string        `json:"warnings"`
}

// newCLI finds the CLI and the Node.js that it wants, both from npm.
func newCLI(t *testing.T) *cli {
	t.Helper()
	arch := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	abs, err := filepath.Abs(filepath.Join("sf", "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	c := &cli{
		t: t, home: t.TempDir(), node: filepath.Join(abs, "node-"+runtime.GOOS+"-"+arch, "bin", "node"),
		main: filepath.Join(abs, "@salesforce", "cli", "bin", "run.js"),
	}
	need(t, c.node)
	need(t, c.main)
	return c
}

// run gives the CLI a command line and returns what it answers as JSON.
func (c *cli) run(env []string, line string, more ...string) answer {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	args := append(append([]string{c.main}, strings.Fields(line)...), more...)
	cmd := exec.CommandContext(ctx, c.node, append(args, "--json")...)
	cmd.Dir = c.home
	cmd.Env = append([]string{
		"HOME=" + c.home, "PATH=" + filepath.Dir(c.node) + ":/usr/bin:/bin", "SF_DISABLE_TELEMETRY=true", "SF_AUTOUPDATE_DISABLE=true",
		"SF_USE_GENERIC_UNIX_KEYCHAIN=true", "SF_DISABLE_LOG_FILE=true", "SF_ORG_API_VERSION=66.0", "SF_SKIP_NEW_VERSION_CHECK=true",
		"SF_DISABLE_SOURCE_MEMBER_POLLING=true", "NO_COLOR=1", "TZ=UTC",
	}, env...)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	start := time.Now()
	err := cmd.Run()
	c.t.Logf("sf %s %q: %.1f s", line, more, time.Since(start).Seconds())
	var a answer
	if bad := json.Unmarshal(out.Bytes(), &a); bad != nil {
		c.t.Fatalf("sf %s: %v, %v\n%s\n%s", line, err, bad, &out, &problems)
	}
	return a
}

func (c *cli) must(line string, result any, more ...string) {
	c.t.Helper()
	a := c.run(nil, line, more...)
	if a.Status != 0 {
		c.t.Fatalf("sf %s: %s: %s", line, a.Name, a.Message)
	}
	if err := json.Unmarshal(a.Result, result); err != nil {
		c.t.Fatalf("sf %s: %v in %s", line, err, a.Result)
	}
}

func TestTheSalesforceCLIWorksAgainstTheOrg(t *testing.T) {
	t.Parallel()
	c := newCLI(t)
	o := newOrg(t, 2500, salesforcesim.Config{})
	defer func() {
		for _, x := range o.exchanges() {
			if t.Failed() {
				t.Logf("%d %s %s", x.Status, x.Method, x.Path)
			}
		}
	}()
	a := c.run([]string{"SF_ACCESS_TOKEN=" + o.world.Token}, "org login access-token --no-prompt --set-default --alias acme --instance-url", o.world.URL)
	if a.Status != 0 {
		t.Fatalf("login: %s: %s", a.Name, a.Message)
	}

	var found struct {
		TotalSize int
		Done      bool
		Records   []map[string]any
	}
	c.must("data query --query", &found, "SELECT Id, Name, Owner.Name FROM Account WHERE Name = 'Acme Corporation'")
	if found.TotalSize != 1 || found.Records[0]["Id"] != o.world.Account {
		t.Errorf("query: %+v", found)
	}
	c.must("data query --query", &found, "SELECT Id FROM Contact")
	if found.TotalSize != 2500 || len(found.Records) != 2500 || !found.Done {
		t.Errorf("%d of %d records, done %v", len(found.Records), found.TotalSize, found.Done)
	}

	var made struct {
		ID      string
		Success bool
		Errors  []any
	}
	values := "ContactId=" + o.world.Contacts[0] + " ProfileId=" + o.world.CustomerProfile + " LastName='von Rot' Alias=vonrot " +
		"Email=rot@example.com Username=rot@portal.example.com CommunityNickname=rot TimeZoneSidKey=GMT LocaleSidKey=en_US " +
		"LanguageLocaleKey=en_US EmailEncodingKey=UTF-8"
	c.must("data create record --sobject User --values", &made, values)
	if !made.Success || o.Record(made.ID)["LastName"] != "von Rot" {
		t.Errorf("create: %+v", made)
	}
	refused := c.run(nil, "data create record --sobject User --values", values)
	if refused.Name != "PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT" || refused.Message != "portal user already exists for contact" {
		t.Errorf("the same user again: %d %s %s", refused.Status, refused.Name, refused.Message)
	}
	c.must("data update record --sobject User --values IsActive=false --record-id", &made, made.ID)
	if o.Record(made.ID)["IsActive"] == "true" {
		t.Error("the user is still active")
	}
	var record map[string]any
	c.must("data get record --sobject User --record-id", &record, made.ID)
	if record["Username"] != "rot@portal.example.com" || record["IsActive"] != false {
		t.Errorf("get: %v", record)
	}
	bad := c.run(nil, "data query --query", "SELECT Nope FROM Account")
	if bad.Name != "INVALID_FIELD" {
		t.Errorf("an unknown field: %s: %s", bad.Name, bad.Message)
	}
	var limits []struct {
		Name           string
		Max, Remaining int
	}
	c.must("org list limits", &limits)
	seen := false
	for _, l := range limits {
		seen = seen || l.Name == "DailyApiRequests" && l.Max == 150_000 && l.Remaining < l.Max
	}
	if !seen {
		t.Errorf("limits: %+v", limits)
	}
	var described struct{ Name, KeyPrefix string }
	c.must("sobject describe --sobject User", &described)
	if described.Name != "User" || described.KeyPrefix != "005" {
		t.Errorf("describe: %+v", described)
	}
	if n := o.MailCount(salesforcesim.MailNewUser); n != 0 {
		t.Errorf("%d new users were mailed, though REST cannot ask for it", n)
	}
}
