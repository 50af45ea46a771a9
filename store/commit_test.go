package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"sync"
	"testing"

	"portalbot/provisioning"
	"portalbot/store"
)

func TestCommitIsReadBackAfterReopening(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	s, err := store.Open(path, store.Options{})
	check(t, err)
	written := commit(t, s, provisioning.Commit{
		Request: newRequest("P-1"),
		Entries: []provisioning.Entry{{Intent: true, Call: 1, Step: provisioning.StepUser, At: noon, Rows: []provisioning.RowRecord{{Pos: 0}}}},
		Notices: []provisioning.Notice{{Kind: provisioning.NoticeRoot, At: noon}},
		Audit:   []provisioning.AuditEvent{{At: noon, Person: "U1", Request: "P-1", Event: "asked"}},
	})
	if written.Rev != 1 {
		t.Errorf("the first revision is %d, want 1", written.Rev)
	}
	check(t, s.Close())

	s = openFile(t, path, store.Options{})
	read, err := s.Request(t.Context(), "P-1")
	check(t, err)
	if !reflect.DeepEqual(read, written) {
		t.Errorf("read back %+v, wrote %+v", read, written)
	}
	byOrigin, err := s.RequestByOrigin(t.Context(), "view/P-1")
	check(t, err)
	if byOrigin.ID != "P-1" {
		t.Errorf("the origin finds %s", byOrigin.ID)
	}
	notices, err := s.PendingNotices(t.Context(), 10)
	check(t, err)
	want := []provisioning.Notice{{ID: 1, Request: "P-1", Kind: provisioning.NoticeRoot, Rev: 1, At: noon}}
	if !reflect.DeepEqual(notices, want) {
		t.Errorf("notices %+v, want %+v", notices, want)
	}
	if n := len(journal(t, s, "P-1", 0)); n != 1 {
		t.Errorf("%d journal entries, want 1", n)
	}
	if n, err := s.VerifyAudit(t.Context()); n != 1 || err != nil {
		t.Errorf("audit: %d lines, %v", n, err)
	}
}

func TestStaleRevisionIsAConflictAndLeavesNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := commit(t, s, provisioning.Commit{Request: newRequest("P-1")})
	second := commit(t, s, provisioning.Commit{Request: first})

	future := second
	future.Rev = 9
	unknown := newRequest("P-2")
	unknown.Rev = 1
	for name, r := range map[string]provisioning.Request{
		"an older revision":       first,
		"new, but it is there":    newRequest("P-1"),
		"a revision to come":      future,
		"changed, but not there":  unknown,
		"other origin, old stamp": func() provisioning.Request { r := first; r.Terms.Origin = "x"; return r }(),
	} {
		_, err := s.Commit(t.Context(), provisioning.Commit{
			Request: r,
			Entries: []provisioning.Entry{{Call: 1}},
			Notices: []provisioning.Notice{{Kind: provisioning.NoticeRoot}},
			Audit:   []provisioning.AuditEvent{{Event: "never"}},
		})
		if !errors.Is(err, provisioning.ErrConflict) {
			t.Errorf("%s: %v, want a conflict", name, err)
		}
	}
	notices, err := s.PendingNotices(t.Context(), 10)
	check(t, err)
	lines, err := s.VerifyAudit(t.Context())
	check(t, err)
	if entries := journal(t, s, "P-1", 0); len(entries)+len(notices)+lines != 0 {
		t.Errorf("refused commits left %d entries, %d notices, %d audit lines", len(entries), len(notices), lines)
	}
}

func TestRedeliveredRequestIsADuplicate(t *testing.T) {
	t.Parallel()
	s := open(t)
	commit(t, s, provisioning.Commit{Request: newRequest("P-1")})
	again := newRequest("P-2")
	again.Terms.Origin = "view/P-1"
	_, err := s.Commit(t.Context(), provisioning.Commit{Request: again})
	wantErr(t, err, provisioning.ErrDuplicate)
	_, err = s.Request(t.Context(), "P-2")
	wantErr(t, err, provisioning.ErrNotFound)
	_, err = s.RequestByOrigin(t.Context(), "view/P-9")
	wantErr(t, err, provisioning.ErrNotFound)
}

func TestOriginOfARequestCannotChange(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := commit(t, s, provisioning.Commit{Request: newRequest("P-1")})
	r.Terms.Origin = "another"
	if _, err := s.Commit(t.Context(), provisioning.Commit{Request: r}); err == nil {
		t.Error("the origin was changed")
	}
}

func TestRequestsWithoutOriginAreNoDuplicates(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, id := range []string{"P-1", "P-2"} {
		r := newRequest(id)
		r.Terms.Origin = ""
		commit(t, s, provisioning.Commit{Request: r})
	}
}

func TestIDsThatBreakKeysAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, id := range []string{"", "P\x00", string(make([]byte, 300))} {
		r := newRequest(id)
		if _, err := s.Commit(t.Context(), provisioning.Commit{Request: r}); err == nil {
			t.Errorf("id %q was saved", id)
		}
	}
	r := newRequest("P-1")
	r.Terms.Requester = "U\x001"
	if _, err := s.Commit(t.Context(), provisioning.Commit{Request: r}); err == nil {
		t.Error("a requester with a zero byte was saved")
	}
}

func TestEveryOneOfManyWritersWinsOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	commit(t, s, provisioning.Commit{Request: newRequest("P-1")})
	const writers, each = 16, 10
	var wg sync.WaitGroup
	failed := make(chan error, writers)
	for w := range writers {
		wg.Go(func() {
			for i := 0; i < each; {
				r, err := s.Request(t.Context(), "P-1")
				if err == nil {
					r.Required++
					_, err = s.Commit(t.Context(), provisioning.Commit{
						Request: r,
						Entries: []provisioning.Entry{{Call: w}},
						Notices: []provisioning.Notice{{Kind: provisioning.NoticeStory}},
						Audit:   []provisioning.AuditEvent{{Event: "counted"}},
					})
				}
				switch {
				case err == nil:
					i++
				case !errors.Is(err, provisioning.ErrConflict):
					failed <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	r, err := s.Request(t.Context(), "P-1")
	check(t, err)
	if r.Required != writers*each || r.Rev != writers*each+1 {
		t.Errorf("counted %d at revision %d, want %d", r.Required, r.Rev, writers*each)
	}
	for i, e := range journal(t, s, "P-1", 0) {
		if e.Seq != uint64(i+1) {
			t.Fatalf("entry %d has number %d", i, e.Seq)
		}
	}
	lines, err := s.VerifyAudit(t.Context())
	check(t, err)
	notices, err := s.PendingNotices(t.Context(), 1000)
	check(t, err)
	if lines != writers*each || len(notices) != writers*each || len(journal(t, s, "P-1", 0)) != writers*each {
		t.Errorf("%d audit lines, %d notices, want %d of each", lines, len(notices), writers*each)
	}
	for i := 1; i < len(notices); i++ {
		if notices[i].ID <= notices[i-1].ID || notices[i].Rev <= notices[i-1].Rev {
			t.Fatalf("notice %+v comes after %+v", notices[i], notices[i-1])
		}
	}
}

func TestOfManyWithOneOriginOneIsMade(t *testing.T) {
	t.Parallel()
	s := open(t)
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() {
			id, err := s.NewID(t.Context())
			if err == nil {
				r := newRequest(id)
				r.Terms.Origin = "one click"
				_, err = s.Commit(t.Context(), provisioning.Commit{Request: r})
			}
			errs[i] = err
		})
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		switch {
		case err == nil:
			made++
		case !errors.Is(err, provisioning.ErrDuplicate):
			t.Error(err)
		}
	}
	if made != 1 {
		t.Errorf("%d requests were made, want 1", made)
	}
}

func TestNewIDIsNeverGivenOutAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	for i := 1; i <= 3; i++ {
		s, err := store.Open(path, store.Options{})
		check(t, err)
		id, err := s.NewID(t.Context())
		check(t, err)
		if want := fmt.Sprintf("P-%d", i); id != want {
			t.Errorf("id %s, want %s", id, want)
		}
		check(t, s.Close())
	}
}

func TestNoticesAreToldInOrderAndOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	select {
	case <-s.NoticesChanged():
		t.Error("told of notices where there are none")
	default:
	}
	r := commit(t, s, provisioning.Commit{Request: newRequest("P-1"), Notices: []provisioning.Notice{
		{Kind: provisioning.NoticeRoot}, {Kind: provisioning.NoticePlan}, {Kind: provisioning.NoticeStory, Ref: "restart-1"},
	}})
	commit(t, s, provisioning.Commit{Request: r, Notices: []provisioning.Notice{{Kind: provisioning.NoticeRoot}}})
	<-s.NoticesChanged() // one value tells both commits
	select {
	case <-s.NoticesChanged():
		t.Error("two values wait for one reading")
	default:
	}
	first, err := s.PendingNotices(t.Context(), 2)
	check(t, err)
	if len(first) != 2 || first[0].ID != 1 || first[1].Kind != provisioning.NoticePlan {
		t.Fatalf("the first two are %+v", first)
	}
	check(t, s.NoticeSent(t.Context(), 1))
	check(t, s.NoticeSent(t.Context(), 1))
	left, err := s.PendingNotices(t.Context(), 10)
	check(t, err)
	if len(left) != 3 || left[0].ID != 2 || left[2].Rev != 2 {
		t.Errorf("left are %+v", left)
	}
}

// journal reads a whole journal.
func journal(t testing.TB, s *store.Store, id string, seq uint64) []provisioning.Entry {
	t.Helper()
	var entries []provisioning.Entry
	for e, err := range s.Journal(t.Context(), id, seq) {
		check(t, err)
		entries = append(entries, e)
	}
	return entries
}

func TestJournalIsReadFromANumberOn(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := newRequest("P-1")
	const total = 300 // several pages
	for call := 1; call <= total; call += 3 {
		var entries []provisioning.Entry
		for i := range 3 {
			entries = append(entries, provisioning.Entry{Call: call + i, Rows: []provisioning.RowRecord{{Pos: call}}})
		}
		r = commit(t, s, provisioning.Commit{Request: r, Entries: entries})
	}
	commit(t, s, provisioning.Commit{Request: newRequest("P-10"), Entries: []provisioning.Entry{{Call: 1}}})
	for _, from := range []int{0, 1, 2, 64, 65, 128, 299, 300, 301} {
		entries := journal(t, s, "P-1", uint64(from))
		if want := total + 1 - max(1, from); len(entries) != want {
			t.Errorf("from %d: %d entries, want %d", from, len(entries), want)
		}
		for i, e := range entries {
			if e.Seq != uint64(max(1, from)+i) || e.Call != int(e.Seq) {
				t.Fatalf("from %d: entry %d is %+v", from, i, e)
			}
		}
	}
	if n := len(journal(t, s, "P-2", 0)); n != 0 {
		t.Errorf("a request that is not there has %d entries", n)
	}
}

func TestReadingAJournalDoesNotHoldUpWriting(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := commit(t, s, provisioning.Commit{Request: newRequest("P-1"), Entries: make([]provisioning.Entry, 200)})
	seen := 0
	for _, err := range s.Journal(t.Context(), "P-1", 0) {
		check(t, err)
		if seen++; seen == 1 {
			r = commit(t, s, provisioning.Commit{Request: r, Entries: make([]provisioning.Entry, 5)})
		}
	}
	if seen != 205 {
		t.Errorf("saw %d entries, want those of the commit in between too: 205", seen)
	}
}
