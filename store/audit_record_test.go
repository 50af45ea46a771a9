package store_test

import (
	"path/filepath"
	"strings"
	"testing"

	"portalbot/provisioning"
	"portalbot/store"
)

func TestAuditEventWithoutAChangeIsLinked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	s := openFile(t, path, store.Options{})
	commit(t, s, provisioning.Commit{Request: newRequest("P-1"), Audit: []provisioning.AuditEvent{{At: noon, Request: "P-1", Event: "proposed"}}})
	check(t, s.RecordAudit(t.Context(), provisioning.AuditEvent{
		At: noon, Person: "U0ANN", Event: "exported", Detail: map[string]string{"account": "0015g0000000001AAA", "users": "3"},
	}))
	check(t, s.Close())
	s = openFile(t, path, store.Options{})
	if n, err := s.VerifyAudit(t.Context()); n != 2 || err != nil {
		t.Fatalf("%d lines, %v", n, err)
	}
	for line, err := range s.Audit(t.Context(), 2) {
		check(t, err)
		if !strings.Contains(string(line.Event), `"event":"exported","detail":{"account":"0015g0000000001AAA","users":"3"}`) {
			t.Errorf("the line is %s", line.Event)
		}
	}
}
