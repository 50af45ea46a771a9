package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portalbot/provisioning/salesforce/salesforcesim"
)

func TestOperatorSeesHealthAndMetrics(t *testing.T) {
	w := newWorld(t, 2, salesforcesim.Config{})
	l := w.start(outside{})
	defer l.end(false)
	w.play(nil)
	admin := httptest.NewServer(l.p.adminHandler())
	defer admin.Close()
	get := func(path string) (int, string) {
		resp, err := http.Get(admin.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if cerr := resp.Body.Close(); err != nil || cerr != nil {
			t.Fatal(err, cerr)
		}
		return resp.StatusCode, string(b)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, body := get(path); code != http.StatusOK {
			t.Errorf("%s says %d %s", path, code, body)
		}
	}
	_, metrics := get("/metrics")
	for _, want := range []string{
		"portalbot_slack_sockets 1", "portalbot_salesforce_api_requests_max 150000", `portalbot_open_requests{state="pending"} 0`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("%q is missing in\n%s", want, metrics)
		}
	}
	if strings.Contains(metrics, "acme.example") {
		t.Error("the metrics hold addresses")
	}
}

func TestBackupAndAuditReachARunningBotAndAStoppedOne(t *testing.T) {
	w := newWorld(t, 2, salesforcesim.Config{})
	l := w.start(outside{})
	w.play(nil)
	w.settled()
	check := func(when string) {
		t.Helper()
		copied := filepath.Join(t.TempDir(), "copy.db")
		var out bytes.Buffer
		for _, args := range [][]string{
			{"backup", "--db", w.cfg.Store.Path, copied},
			{"audit", "verify", "--db", copied},
			{"audit", "verify", "--db", w.cfg.Store.Path},
			{"audit", "export", "--db", w.cfg.Store.Path},
		} {
			if code := run(w.ctx, args, &out, &out); code != 0 {
				t.Fatalf("%s: %v: exit %d\n%s", when, args, code, out.String())
			}
		}
		if got := out.String(); strings.Count(got, "every link of the chain holds") != 2 || !strings.Contains(got, `"event":"approved"`) {
			t.Errorf("%s:\n%s", when, got)
		}
		if strings.Contains(out.String(), "acme.example") {
			t.Errorf("%s: the audit trail holds addresses", when)
		}
		if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: the copy has mode %v, %v", when, info.Mode(), err)
		}
		if code := run(w.ctx, []string{"backup", "--db", w.cfg.Store.Path, copied}, io.Discard, io.Discard); code != 1 {
			t.Errorf("%s: an existing file was overwritten", when)
		}
	}
	check("running")
	l.end(false)
	check("stopped")
}
