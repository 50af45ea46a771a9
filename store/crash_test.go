package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/store"
)

// errKilled is what every save returns once the process counts as dead.
var errKilled = errors.New("killed")

// killer lets a process die at its nth save, before or after it took effect. The store calls it from one goroutine.
type killer struct {
	nth   int
	after bool

	saves int
	ops   []string
	dead  bool
}

func (k *killer) options() store.Options {
	return store.Options{
		BeforeCommit: func(op string) error {
			if k.dead {
				return errKilled
			}
			k.saves++
			k.ops = append(k.ops, op)
			k.dead = k.saves == k.nth && !k.after
			return k.err()
		},
		AfterCommit: func(string) error {
			k.dead = k.dead || k.saves == k.nth
			return k.err()
		},
	}
}

func (k *killer) err() error {
	if k.dead {
		return errKilled
	}
	return nil
}

// story does every kind of save once and can be told again from the start: what was done is found and not done twice.
func story(ctx context.Context, s *store.Store) error {
	r, err := s.RequestByOrigin(ctx, "view/story")
	if errors.Is(err, provisioning.ErrNotFound) {
		if _, err := s.AcceptDelivery(ctx, "view/story", "view", []byte("{}"), noon); err != nil {
			return err
		}
		id, err := s.NewID(ctx)
		if err != nil {
			return err
		}
		r = newRequest(id)
		r.Terms.Origin = "view/story"
		if r, err = s.Commit(ctx, provisioning.Commit{Request: r, Audit: []provisioning.AuditEvent{{At: noon, Event: "asked"}}}); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if r.Plan.ID == "" {
		planID := r.ID + ".1"
		for from := 0; from < 6; from += 2 {
			if err := s.PutPlanRows(ctx, planID, planRows(from, 2, 6)); err != nil {
				return err
			}
		}
		r.Plan = provisioning.Plan{ID: planID, Summary: provisioning.PlanSummary{Rows: 6}}
		r.State = provisioning.StateDone
		if r, err = s.Commit(ctx, provisioning.Commit{
			Request: r,
			Entries: []provisioning.Entry{{Call: 1, Rows: []provisioning.RowRecord{{Text: "a name"}}}},
			Notices: []provisioning.Notice{{Kind: provisioning.NoticeRoot}},
			Audit:   []provisioning.AuditEvent{{At: noon, Event: "planned"}},
		}); err != nil {
			return err
		}
	}
	if err := s.FinishDelivery(ctx, "view/story"); err != nil {
		return err
	}
	notices, err := s.PendingNotices(ctx, 10)
	if err != nil {
		return err
	}
	for _, n := range notices {
		if err := s.SetMessage(ctx, n.Key(), []byte("ts")); err != nil {
			return err
		}
		if err := s.NoticeSent(ctx, n.ID); err != nil {
			return err
		}
	}
	if err := s.Purge(ctx, r.ID); err != nil {
		return err
	}
	_, err = s.PruneDeliveries(ctx, noon.Add(time.Hour))
	return err
}

// end describes everything that the story leaves. An id may be lost in a crash, so that ids are not part of it.
func end(t *testing.T, s *store.Store) string {
	t.Helper()
	r, err := s.RequestByOrigin(t.Context(), "view/story")
	check(t, err)
	rows, err := s.PlanRows(t.Context(), r.Plan.ID, 0, 100)
	check(t, err)
	notices, err := s.PendingNotices(t.Context(), 10)
	check(t, err)
	lines, err := s.VerifyAudit(t.Context())
	check(t, err)
	message, err := s.Message(t.Context(), r.ID+"/root")
	check(t, err)
	entries := journal(t, s, r.ID, 0)
	return fmt.Sprintf("rev %d, %d rows, %d notices, %d audit lines, message %q, %d entries, text %q, %d in the inbox, %d requests, %d open",
		r.Rev, len(rows), len(notices), lines, message, len(entries), entries[0].Rows[0].Text, len(unfinished(t, s)),
		len(list(t, s, provisioning.Filter{})), len(list(t, s, provisioning.Filter{Open: true})))
}

func TestKilledAtAnySaveTheStoryEndsTheSame(t *testing.T) {
	t.Parallel()
	undisturbed := &killer{}
	s := openFile(t, filepath.Join(t.TempDir(), "p.db"), undisturbed.options())
	check(t, story(t.Context(), s))
	want := end(t, s)
	if want != `rev 2, 0 rows, 0 notices, 2 audit lines, message "ts", 1 entries, text "", 0 in the inbox, 1 requests, 0 open` {
		t.Fatalf("the undisturbed story ends with: %s", want)
	}
	for nth := 1; nth <= undisturbed.saves; nth++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %s after=%v", nth, undisturbed.ops[nth-1], after), func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "p.db")
				k := &killer{nth: nth, after: after}
				s, err := store.Open(path, k.options())
				check(t, err)
				wantErr(t, story(t.Context(), s), errKilled)
				check(t, s.Close())

				s = openFile(t, path, store.Options{})
				check(t, story(t.Context(), s))
				if got := end(t, s); got != want {
					t.Errorf("after the restart: %s\nundisturbed: %s", got, want)
				}
			})
		}
	}
}

func TestSaveThatIsKilledLeavesThoseBesideItAlone(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s := openFile(t, filepath.Join(t.TempDir(), "p.db"), store.Options{BeforeCommit: func(op string) error {
		switch op {
		case "new id": // holds the writer until the others wait
			once.Do(func() { close(begun); <-goOn })
		case "set message":
			return errKilled
		}
		return nil
	}})
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = s.NewID(t.Context()) })
	<-begun
	errs := make([]error, 30)
	for i := range errs {
		wg.Go(func() {
			if i%3 == 0 {
				errs[i] = s.SetMessage(t.Context(), fmt.Sprint(i), []byte("x"))
			} else {
				_, errs[i] = s.AcceptDelivery(t.Context(), fmt.Sprint(i), "event", nil, noon)
			}
		})
	}
	close(goOn)
	wg.Wait()
	for i, err := range errs {
		if i%3 == 0 {
			wantErr(t, err, errKilled)
		} else {
			check(t, err)
		}
	}
	if n := len(unfinished(t, s)); n != 20 {
		t.Errorf("%d deliveries are saved, want 20", n)
	}
}

func TestSaveThatChangesNothingIsNotAnnounced(t *testing.T) {
	t.Parallel()
	k := &killer{}
	s := openFile(t, filepath.Join(t.TempDir(), "p.db"), k.options())
	accept(t, s, "a", noon)
	accept(t, s, "a", noon)
	check(t, s.NoticeSent(t.Context(), 7))
	check(t, s.DeleteMessage(t.Context(), "none"))
	if k.saves != 1 {
		t.Errorf("announced %v, want one save", k.ops)
	}
}

func TestPurgeKeepsWhatHappenedAndForgetsPeople(t *testing.T) {
	t.Parallel()
	s := open(t)
	putPlan(t, s, "P-1.1", 5, 5)
	putPlan(t, s, "P-1.2", 1200, 400)
	putPlan(t, s, "P-10.1", 5, 5)
	r := publish(t, s, newRequest("P-1"), "P-1.2", 1200)
	r = commit(t, s, provisioning.Commit{
		Request: r,
		Entries: []provisioning.Entry{{Call: 1, Rows: []provisioning.RowRecord{{
			Pos: 3, Status: provisioning.StatusFailed, Code: "DUPLICATE_USERNAME", Text: "ann@example.com is taken", Fix: "not ann",
		}}}},
		Notices: []provisioning.Notice{{Kind: provisioning.NoticeRoot}},
	})
	commit(t, s, provisioning.Commit{Request: newRequest("P-10"), Notices: []provisioning.Notice{{Kind: provisioning.NoticeRoot}}})
	wantErr(t, s.Purge(t.Context(), "P-1"), store.ErrOpen)

	r.State = provisioning.StateDone
	commit(t, s, provisioning.Commit{Request: r})
	check(t, s.Purge(t.Context(), "P-1"))
	check(t, s.Purge(t.Context(), "P-1"))
	for planID, want := range map[string]int{"P-1.1": 0, "P-1.2": 0, "P-10.1": 5} {
		rows, err := s.PlanRowsByNumber(t.Context(), planID, 0, 10)
		check(t, err)
		if len(rows) != want {
			t.Errorf("%s has %d rows, want %d", planID, len(rows), want)
		}
	}
	entry := journal(t, s, "P-1", 0)[0].Rows[0]
	if want := (provisioning.RowRecord{Pos: 3, Status: provisioning.StatusFailed, Code: "DUPLICATE_USERNAME"}); entry != want {
		t.Errorf("the journal says %+v, want %+v", entry, want)
	}
	notices, err := s.PendingNotices(t.Context(), 10)
	check(t, err)
	if len(notices) != 1 || notices[0].Request != "P-10" {
		t.Errorf("notices %+v", notices)
	}
	// A request whose plan is gone can still be changed.
	r, err = s.Request(t.Context(), "P-1")
	check(t, err)
	commit(t, s, provisioning.Commit{Request: r})
}
