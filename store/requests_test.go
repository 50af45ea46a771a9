package store_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/store"
)

// list returns the ids that a filter lets through, in order.
func list(t testing.TB, s *store.Store, f provisioning.Filter) []string {
	t.Helper()
	var ids []string
	for r, err := range s.Requests(t.Context(), f) {
		check(t, err)
		ids = append(ids, r.ID)
	}
	return ids
}

func wantIDs(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestRequestsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i, id := range []string{"P-1", "P-2", "P-9", "P-10", "P-11"} {
		r := newRequest(id)
		if i < 2 {
			r.CreatedAt = noon.Add(-time.Duration(2-i) * time.Hour)
		} // the others come in the same moment
		r.Terms.Requester = "U" + fmt.Sprint(i%2) // U0, U1, U0, U1, U0
		commit(t, s, provisioning.Commit{Request: r})
	}
	old := newRequest("P-0")
	old.CreatedAt = time.Time{}
	commit(t, s, provisioning.Commit{Request: old})

	wantIDs(t, "all", list(t, s, provisioning.Filter{}), "P-11", "P-10", "P-9", "P-2", "P-1", "P-0")
	wantIDs(t, "two", list(t, s, provisioning.Filter{Limit: 2}), "P-11", "P-10")
	wantIDs(t, "of a person", list(t, s, provisioning.Filter{Requester: "U1"}), "P-10", "P-2")
	wantIDs(t, "the last of a person", list(t, s, provisioning.Filter{Requester: "U0", Limit: 1}), "P-11")
	wantIDs(t, "of nobody", list(t, s, provisioning.Filter{Requester: "U"}))
}

func TestEndedRequestIsNoLongerListedAsOpen(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := commit(t, s, provisioning.Commit{Request: newRequest("P-1")})
	commit(t, s, provisioning.Commit{Request: newRequest("P-2")})
	other := newRequest("P-3")
	other.Terms.Requester = "U0OTHER"
	commit(t, s, provisioning.Commit{Request: other})
	wantIDs(t, "before", list(t, s, provisioning.Filter{Open: true}), "P-3", "P-2", "P-1")

	r.State = provisioning.StateDone
	commit(t, s, provisioning.Commit{Request: r})
	wantIDs(t, "after", list(t, s, provisioning.Filter{Open: true}), "P-3", "P-2")
	wantIDs(t, "open of a person", list(t, s, provisioning.Filter{Open: true, Requester: "U0OTHER"}), "P-3")
	wantIDs(t, "all", list(t, s, provisioning.Filter{}), "P-3", "P-2", "P-1")
}

func TestListingGoesOverManyPagesWhileRequestsEnd(t *testing.T) {
	t.Parallel()
	s := open(t)
	const total = 150
	for i := range total {
		r := newRequest(fmt.Sprintf("P-%d", i+1))
		r.CreatedAt = noon.Add(time.Duration(i) * time.Second)
		commit(t, s, provisioning.Commit{Request: r})
	}
	seen := 0
	for r, err := range s.Requests(t.Context(), provisioning.Filter{Open: true}) {
		check(t, err)
		r.State = provisioning.StateDone
		commit(t, s, provisioning.Commit{Request: r})
		seen++
	}
	if left := list(t, s, provisioning.Filter{Open: true}); seen != total || len(left) != 0 {
		t.Errorf("ended %d of %d, %d are left open", seen, total, len(left))
	}
	if n := len(list(t, s, provisioning.Filter{Requester: "U0REQUESTER", Limit: 100})); n != 100 {
		t.Errorf("a limit of 100 gives %d", n)
	}
}
