package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"portalbot/provisioning"
	"portalbot/store"
)

// audited makes a closed file with an audit trail of n lines.
func audited(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "p.db")
	s, err := store.Open(path, store.Options{})
	check(t, err)
	var events []provisioning.AuditEvent
	for i := range n {
		events = append(events, provisioning.AuditEvent{
			At: noon.Add(time.Duration(i) * time.Second), Person: "U0ADMIN", Request: "P-1", Event: "<noted>", Detail: map[string]string{"b": "2", "a": "1"},
		})
	}
	commit(t, s, provisioning.Commit{Request: newRequest("P-1"), Audit: events})
	check(t, s.Close())
	return path
}

// tamper changes a closed file behind the store's back.
func tamper(t *testing.T, path string, fn func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	check(t, err)
	check(t, db.Update(fn))
	check(t, db.Close())
}

func TestAuditTrailCanBeCheckedByAnyone(t *testing.T) {
	t.Parallel()
	s := openFile(t, audited(t, 600), store.Options{})
	prev := make([]byte, sha256.Size)
	n := 0
	for line, err := range s.Audit(t.Context(), 0) {
		check(t, err)
		n++
		sum := sha256.Sum256(append(bytes.Clone(prev), line.Event...))
		if line.Seq != uint64(n) || line.Hash != hex.EncodeToString(sum[:]) {
			t.Fatalf("line %d: number %d, hash %s", n, line.Seq, line.Hash)
		}
		prev = sum[:]
	}
	if n != 600 {
		t.Errorf("%d lines, want 600", n)
	}
	for line, err := range s.Audit(t.Context(), 600) {
		check(t, err)
		const want = `{"at":"2026-03-04T12:09:59Z","person":"U0ADMIN","request":"P-1","event":"\u003cnoted\u003e","detail":{"a":"1","b":"2"}}`
		if string(line.Event) != want {
			t.Errorf("the last event is %s", line.Event)
		}
	}
}

func TestChangedAuditTrailIsFound(t *testing.T) {
	t.Parallel()
	key := func(n byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, n} }
	flip := func(tx *bbolt.Tx, n byte, what string) error {
		b := tx.Bucket([]byte("audit"))
		value := bytes.Clone(b.Get(key(n)))
		value[bytes.Index(value, []byte(what))] ^= 1
		return b.Put(key(n), value)
	}
	cases := map[string]struct {
		good int
		fn   func(tx *bbolt.Tx) error
	}{
		"a byte of an event":  {4, func(tx *bbolt.Tx) error { return flip(tx, 5, "U0ADMIN") }},
		"a byte of a hash":    {4, func(tx *bbolt.Tx) error { return flip(tx, 5, `":"`) }},
		"a byte of the first": {0, func(tx *bbolt.Tx) error { return flip(tx, 1, "P-1") }},
		"a line taken out":    {6, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("audit")).Delete(key(7)) }},
		"the first taken out": {0, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("audit")).Delete(key(1)) }},
		"the last cut off":    {9, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("audit")).Delete(key(10)) }},
		"a line put in": {10, func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("audit")).Put(key(11), tx.Bucket([]byte("audit")).Get(key(10)))
		}},
		"no JSON":              {2, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("audit")).Put(key(3), []byte("{")) }},
		"the last written new": {9, rewriteLast},
		"a valid line behind":  {10, func(tx *bbolt.Tx) error { return putLine(tx, 10, 11) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := audited(t, 10)
			tamper(t, path, c.fn)
			s := openFile(t, path, store.Options{})
			n, err := s.VerifyAudit(t.Context())
			wantErr(t, err, store.ErrChain)
			if n != c.good {
				t.Errorf("%d lines are in order, want %d: %v", n, c.good, err)
			}
		})
	}
}

// rewriteLast puts another event with a right hash in the place of the last one.
func rewriteLast(tx *bbolt.Tx) error { return putLine(tx, 9, 10) }

// putLine writes a line that follows properly from line before.
func putLine(tx *bbolt.Tx, before, at byte) error {
	b := tx.Bucket([]byte("audit"))
	var prev struct{ Hash string }
	if err := json.Unmarshal(b.Get([]byte{0, 0, 0, 0, 0, 0, 0, before}), &prev); err != nil {
		return err
	}
	sum, err := hex.DecodeString(prev.Hash)
	if err != nil {
		return err
	}
	event := `{"at":"2026-03-04T12:00:00Z","event":"forged"}`
	hash := sha256.Sum256(append(sum, event...))
	value := `{"hash":"` + hex.EncodeToString(hash[:]) + `","event":` + event + `}`
	return b.Put([]byte{0, 0, 0, 0, 0, 0, 0, at}, []byte(value))
}
