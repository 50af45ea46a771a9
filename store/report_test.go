package store_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/store"
)

// fillReports puts one record of each kind of the jobs and reports into a store.
func fillReports(t *testing.T, s *store.Store) {
	t.Helper()
	check(t, s.SetJobRun(t.Context(), full[store.JobRun]()))
	check(t, s.SetSnapshot(t.Context(), "2026-11-21", []provisioning.License{{Key: "PID_Customer_Community", Name: "Customer Community", Used: 850, Total: 1000}}))
	_, err := s.SaveReport(t.Context(), "R-nightly-2026-11-21", noon, []byte(`{"report":1}`), nil)
	check(t, err)
	check(t, s.Retire(t.Context(), "P-2", provisioning.AuditEvent{At: noon, Request: "P-2", Event: "purged"}))
}

func TestEveryFieldOfAJobRunIsKept(t *testing.T) {
	t.Parallel()
	s := open(t)
	runs := alone[store.JobRun]()
	runs["all"] = full[store.JobRun]()
	for name, r := range runs {
		r.Name = name
		check(t, s.SetJobRun(t.Context(), r))
		got, err := s.JobRun(t.Context(), name)
		check(t, err)
		if !reflect.DeepEqual(got, r) {
			t.Errorf("got %+v\nwant %+v", got, r)
		}
	}
	if all, err := s.JobRuns(t.Context()); err != nil || len(all) != len(runs) {
		t.Errorf("%d job runs, %v; want %d", len(all), err, len(runs))
	}
	if r, err := s.JobRun(t.Context(), "never"); err != nil || r.Name != "" {
		t.Errorf("a job that never ran: %+v, %v", r, err)
	}
}

func TestTwoYearsOfSnapshotsFitIntoAMegabyte(t *testing.T) {
	t.Parallel()
	size := func(days int) int64 {
		path := filepath.Join(t.TempDir(), "p.db")
		s := openFile(t, path, store.Options{})
		first := time.Date(2024, 11, 22, 0, 0, 0, 0, time.UTC)
		for d := range days {
			var seats []provisioning.License
			for i := range 20 { // more than are kept
				seats = append(seats, provisioning.License{Key: fmt.Sprintf("PID_Customer_Community_%02d", i), Used: 9000 + 7*d, Total: 20000})
			}
			check(t, s.SetSnapshot(t.Context(), first.AddDate(0, 0, d).Format(time.DateOnly), seats))
		}
		u, err := s.Check(t.Context())
		check(t, err)
		if u.Damage != "" {
			t.Error(u.Damage)
		}
		return u.Size - u.Free
	}
	used := size(731) - size(0)
	t.Logf("731 snapshots of 12 licences take %d bytes of the file", used)
	if used >= 1<<20 {
		t.Errorf("%d bytes, want under a megabyte", used)
	}
}

func TestSnapshotsAreReadInOrderAndPruned(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, d := range []string{"2026-11-02", "2026-10-31", "2026-11-01"} {
		check(t, s.SetSnapshot(t.Context(), d, []provisioning.License{{Key: "PID_B", Used: 2, Total: 3}, {Key: "PID_A", Used: 1, Total: 3}, {Name: "no key"}}))
	}
	check(t, s.SetSnapshot(t.Context(), "2026-11-02", []provisioning.License{{Key: "PID_A", Used: 9, Total: 9}})) // the last word of a date
	read := func(from string) (dates []string, last []provisioning.License) {
		check(t, s.Snapshots(t.Context(), from, func(date string, seats []provisioning.License) error {
			dates, last = append(dates, date), seats
			return nil
		}))
		return dates, last
	}
	dates, last := read("2026-11-01")
	wantIDs(t, "dates", dates, "2026-11-01", "2026-11-02")
	if want := []provisioning.License{{Key: "PID_A", Active: true, Used: 9, Total: 9}}; !reflect.DeepEqual(last, want) {
		t.Errorf("last %+v", last)
	}
	if n, err := s.PruneSnapshots(t.Context(), "2026-11-01"); n != 1 || err != nil {
		t.Errorf("pruned %d, %v", n, err)
	}
	dates, _ = read("")
	wantIDs(t, "dates after pruning", dates, "2026-11-01", "2026-11-02")
	if err := s.SetSnapshot(t.Context(), "tomorrow", nil); err == nil {
		t.Error("a date that is none was taken")
	}
}

func TestAReportIsSavedAndToldOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	tell := []provisioning.Notice{{Kind: "page", Rev: 1, At: noon}, {Kind: "seats", Rev: 1, At: noon}}
	for i := range 2 {
		fresh, err := s.SaveReport(t.Context(), "R-1", noon.Add(time.Duration(i)*time.Hour), fmt.Appendf(nil, "body %d", i), tell)
		check(t, err)
		if fresh != (i == 0) {
			t.Errorf("save %d: fresh is %v", i, fresh)
		}
	}
	select {
	case <-s.NoticesChanged():
	default:
		t.Error("nobody was told that there is something to tell")
	}
	notices, err := s.PendingNotices(t.Context(), 10)
	check(t, err)
	if len(notices) != 2 || notices[0].Key() != "R-1/page" || notices[1].Key() != "R-1/seats" {
		t.Errorf("notices %+v", notices)
	}
	if body, err := s.Report(t.Context(), "R-1"); string(body) != "body 0" || err != nil {
		t.Errorf("body %q, %v", body, err)
	}
	_, err = s.SaveReport(t.Context(), "R-2", noon.AddDate(0, 0, 1), []byte("later"), nil)
	check(t, err)
	ids, err := s.PruneReports(t.Context(), noon.Add(time.Minute))
	check(t, err)
	wantIDs(t, "pruned", ids, "R-1")
	for id, want := range map[string][]byte{"R-1": nil, "R-2": []byte("later")} {
		if body, err := s.Report(t.Context(), id); !bytes.Equal(body, want) || err != nil {
			t.Errorf("%s: %q, %v", id, body, err)
		}
	}
	_, err = s.SaveReport(t.Context(), "R-3", noon, make([]byte, 513<<10), nil)
	wantErr(t, err, store.ErrTooLarge)
}

func TestARequestIsRetiredOnceWithItsAudit(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := newRequest("P-1")
	r.State = provisioning.StateRunning
	r = commit(t, s, provisioning.Commit{Request: r})
	for _, key := range []string{"P-1/root", "P-1/results", "P-10/root"} {
		check(t, s.SetMessage(t.Context(), key, []byte("{}")))
	}
	event := provisioning.AuditEvent{At: noon, Request: "P-1", Event: "purged", Detail: map[string]string{"files": "2"}}
	wantErr(t, s.Retire(t.Context(), "P-1", event), store.ErrOpen)
	r.State = provisioning.StateDone
	commit(t, s, provisioning.Commit{Request: r})
	keys, err := s.MessageKeys(t.Context(), "P-1")
	check(t, err)
	wantIDs(t, "messages", keys, "P-1/results", "P-1/root")
	for range 2 {
		check(t, s.Retire(t.Context(), "P-1", event))
	}
	if n, err := s.VerifyAudit(t.Context()); n != 1 || err != nil {
		t.Errorf("%d audit lines, %v", n, err)
	}
	if done, err := s.Retired(t.Context(), "P-1"); !done || err != nil {
		t.Errorf("retired %v, %v", done, err)
	}
	keys, err = s.MessageKeys(t.Context(), "P-1")
	check(t, err)
	wantIDs(t, "messages afterwards", keys)
	if m, err := s.Message(t.Context(), "P-10/root"); m == nil || err != nil {
		t.Errorf("the messages of another request: %v, %v", m, err)
	}
}
