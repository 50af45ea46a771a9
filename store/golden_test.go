package store_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"portalbot/provisioning"
	"portalbot/store"
)

// update writes records.golden anew, which may only gain fields, and makes the files of a schema version that has none. Those
// of a version that was released never change.
var update = flag.Bool("update", false, "write records.golden anew and make the files of a new schema version")

// fillStore puts one record of each kind into a store, with every field set.
func fillStore(t *testing.T, s *store.Store) {
	t.Helper()
	for range 2 {
		_, err := s.NewID(t.Context())
		check(t, err)
	}
	row := full[provisioning.PlanRow]()
	row.Pos, row.Number = 0, 2
	check(t, s.PutPlanRows(t.Context(), "P-1.1", []provisioning.PlanRow{row, planRow(1, 1)}))
	r := fitting(full[provisioning.Request](), "P-1")
	r.State = provisioning.StateRunning
	commit(t, s, provisioning.Commit{
		Request: r,
		Entries: []provisioning.Entry{full[provisioning.Entry](), {Intent: true, Call: 1, Step: provisioning.StepUser}},
		Notices: []provisioning.Notice{full[provisioning.Notice]()},
		Audit:   []provisioning.AuditEvent{full[provisioning.AuditEvent](), {At: noon, Event: "bare"}},
	})
	ended := newRequest("P-2")
	ended.State = provisioning.StateDenied
	commit(t, s, provisioning.Commit{Request: ended})
	check(t, s.SetSwitch(t.Context(), full[provisioning.Switch](), provisioning.AuditEvent{At: noon, Event: "paused"}))
	accept(t, s, "waiting", noon)
	accept(t, s, "finished", noon)
	check(t, s.FinishDelivery(t.Context(), "finished"))
	check(t, s.SetMessage(t.Context(), "P-1/root", []byte(`{"ts":"1.2"}`)))
	fillReports(t, s)
}

// dump writes a store file as text: buckets, keys, values.
func dump(t *testing.T, path string) []byte {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	check(t, err)
	defer func() { check(t, db.Close()) }()
	var b bytes.Buffer
	check(t, db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
			fmt.Fprintf(&b, "== %s\n", name)
			return bucket.ForEach(func(k, v []byte) error {
				fmt.Fprintf(&b, "%q\n", k)
				if string(name) == "plan rows" {
					var err error
					if v, err = store.UnpackText(v); err != nil {
						return err
					}
				}
				var text bytes.Buffer
				if json.Indent(&text, v, "\t", "\t") == nil {
					fmt.Fprintf(&b, "\t%s\n", text.Bytes())
				} else {
					fmt.Fprintf(&b, "\t%q\n", v)
				}
				return nil
			})
		})
	}))
	return b.Bytes()
}

func compareGolden(t *testing.T, name string, got []byte, write bool) {
	t.Helper()
	if write {
		check(t, os.WriteFile(name, got, 0o600))
		return
	}
	want, err := os.ReadFile(name)
	check(t, err)
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%s, line %d:\n got %s\nwant %s", name, i+1, gotLines[i], wantLines[i])
		}
	}
	t.Fatalf("%s has %d lines, want %d", name, len(gotLines), len(wantLines))
}

func TestDiskRecordsAreAsTheyWere(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	s, err := store.Open(path, store.Options{})
	check(t, err)
	fillStore(t, s)
	check(t, s.Close())
	compareGolden(t, filepath.Join("testdata", "records.golden"), dump(t, path), *update)
}

// TestFilesOfEveryVersionOpen opens a file that each schema version has left and looks at everything in it.
func TestFilesOfEveryVersionOpen(t *testing.T) {
	t.Parallel()
	for version := 1; version <= store.SchemaVersion(); version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			name := filepath.Join("testdata", fmt.Sprintf("v%d", version))
			if _, err := os.Stat(name + ".db"); *update && errors.Is(err, fs.ErrNotExist) {
				makeFile(t, name+".db")
			}
			path := filepath.Join(t.TempDir(), "p.db")
			content, err := os.ReadFile(name + ".db")
			check(t, err)
			check(t, os.WriteFile(path, content, 0o600))

			s, err := store.Open(path, store.Options{})
			check(t, err)
			wantIDs(t, "requests", list(t, s, provisioning.Filter{Requester: "U0REQUESTER"}), "P-2")
			wantIDs(t, "open requests", list(t, s, provisioning.Filter{Open: true}), "P-1")
			r, err := s.Request(t.Context(), "P-1")
			check(t, err)
			rows, err := s.PlanRowsByNumber(t.Context(), r.Plan.ID, 1, 10)
			check(t, err)
			if len(rows) != 2 || rows[0].Pos != 1 || rows[0].Username == "" || len(rows[1].Groups) != 2 {
				t.Errorf("rows %+v", rows)
			}
			if entries := journal(t, s, "P-1", 1); len(entries) != 2 || len(entries[0].Rows) != 2 {
				t.Errorf("journal %+v", entries)
			}
			if n, err := s.VerifyAudit(t.Context()); n < 3 || err != nil { // version 2 has one more
				t.Errorf("audit: %d lines, %v", n, err)
			}
			if id, err := s.NewID(t.Context()); id != "P-3" || err != nil {
				t.Errorf("the next id is %s, %v", id, err)
			}
			wantIDs(t, "inbox", unfinished(t, s), "waiting")
			check(t, s.Close())
			compareGolden(t, name+".golden", dump(t, path), *update) // a later version adds to what is found in the file
		})
	}
}

// makeFile writes the file of the present version.
func makeFile(t *testing.T, name string) {
	t.Helper()
	s := open(t)
	fillStore(t, s)
	var b bytes.Buffer
	check(t, s.Backup(t.Context(), &b))
	f, err := os.Create(name)
	check(t, err)
	_, err = io.Copy(f, &b)
	check(t, err)
	check(t, f.Close())
}
