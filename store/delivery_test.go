package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"portalbot/store"
)

// unfinished returns the keys in the inbox.
func unfinished(t testing.TB, s *store.Store) []string {
	t.Helper()
	var keys []string
	check(t, s.UnfinishedDeliveries(t.Context(), func(key, _ string, _ []byte, _ time.Time) error {
		keys = append(keys, key)
		return nil
	}))
	return keys
}

func accept(t testing.TB, s *store.Store, key string, at time.Time) bool {
	t.Helper()
	fresh, err := s.AcceptDelivery(t.Context(), key, "command", []byte("body of "+key), at)
	check(t, err)
	return fresh
}

func TestDeliveryIsFreshOnceAlsoAfterAReopening(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	s, err := store.Open(path, store.Options{})
	check(t, err)
	if !accept(t, s, "a", noon) || accept(t, s, "a", noon) || !accept(t, s, "b", noon) {
		t.Error("fresh is not: yes, no, yes")
	}
	check(t, s.FinishDelivery(t.Context(), "b"))
	check(t, s.Close())

	s = openFile(t, path, store.Options{})
	if accept(t, s, "a", noon) || accept(t, s, "b", noon) {
		t.Error("a delivery was forgotten")
	}
	check(t, s.UnfinishedDeliveries(t.Context(), func(key, kind string, body []byte, at time.Time) error {
		if key != "a" || kind != "command" || !bytes.Equal(body, []byte("body of a")) || !at.Equal(noon) {
			t.Errorf("unfinished: %s %s %q %s", key, kind, body, at)
		}
		return nil
	}))
}

func TestUnfinishedDeliveriesComeInOrderOfArrival(t *testing.T) {
	t.Parallel()
	s := open(t)
	var want []string
	for i := range 40 {
		key := fmt.Sprintf("key %d", (i*7)%40)
		accept(t, s, key, noon.Add(-time.Duration(i)*time.Second)) // a clock that runs backwards changes nothing
		if i%4 == 0 {
			check(t, s.FinishDelivery(t.Context(), key))
			check(t, s.FinishDelivery(t.Context(), key))
		} else {
			want = append(want, key)
		}
	}
	check(t, s.FinishDelivery(t.Context(), "never came"))
	if got := unfinished(t, s); !slices.Equal(got, want) {
		t.Errorf("unfinished %v, want %v", got, want)
	}
	stop := errors.New("stop")
	calls := 0
	err := s.UnfinishedDeliveries(t.Context(), func(key, _ string, _ []byte, _ time.Time) error {
		if calls++; calls == 3 {
			return stop
		}
		return s.FinishDelivery(t.Context(), key)
	})
	wantErr(t, err, stop)
	if got := unfinished(t, s); !slices.Equal(got, want[2:]) {
		t.Errorf("unfinished %v, want %v", got, want[2:])
	}
}

func TestOneOfManyAcceptsIsFresh(t *testing.T) {
	t.Parallel()
	s := open(t)
	fresh := make([]bool, 30)
	var wg sync.WaitGroup
	for i := range fresh {
		wg.Go(func() { fresh[i], _ = s.AcceptDelivery(context.Background(), "same", "event", nil, noon) })
	}
	wg.Wait()
	if n := len(slices.DeleteFunc(fresh, func(b bool) bool { return !b })); n != 1 {
		t.Errorf("%d are fresh, want 1", n)
	}
}

func TestPruningForgetsOldFinishedDeliveriesOnly(t *testing.T) {
	t.Parallel()
	saves := 0
	s := openFile(t, filepath.Join(t.TempDir(), "p.db"), store.Options{BeforeCommit: func(op string) error {
		if op == "prune deliveries" {
			saves++
		}
		return nil
	}})
	const old = 1100
	var wg sync.WaitGroup
	for i := range old {
		wg.Go(func() {
			key := fmt.Sprintf("old %d", i)
			if _, err := s.AcceptDelivery(t.Context(), key, "event", nil, noon.Add(-time.Hour)); err != nil {
				t.Error(err)
			}
			if err := s.FinishDelivery(t.Context(), key); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	accept(t, s, "old and waiting", noon.Add(-time.Hour))
	accept(t, s, "young", noon)
	check(t, s.FinishDelivery(t.Context(), "young"))

	n, err := s.PruneDeliveries(t.Context(), noon)
	check(t, err)
	if n != old || saves != 3 {
		t.Errorf("forgot %d in %d transactions, want %d in 3", n, saves, old)
	}
	if accept(t, s, "old and waiting", noon) || accept(t, s, "young", noon) || !accept(t, s, "old 5", noon) {
		t.Error("the wrong ones were forgotten")
	}
}

func TestDeliveryWithoutAKeyIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := open(t).AcceptDelivery(t.Context(), "", "event", nil, noon); err == nil {
		t.Error("saved a delivery without a key")
	}
}

func TestDeliveryOverTheLargestValueIsRefused(t *testing.T) {
	t.Parallel()
	_, err := open(t).AcceptDelivery(t.Context(), "k", "event", make([]byte, 600<<10), noon)
	wantErr(t, err, store.ErrTooLarge)
}

func TestMessagesAreRememberedUntilTheyAreDeleted(t *testing.T) {
	t.Parallel()
	s := open(t)
	read := func(want []byte) {
		t.Helper()
		body, err := s.Message(t.Context(), "P-1/root")
		check(t, err)
		if !bytes.Equal(body, want) || (body == nil) != (want == nil) {
			t.Errorf("message is %q, want %q", body, want)
		}
	}
	read(nil)
	check(t, s.SetMessage(t.Context(), "P-1/root", []byte("one")))
	check(t, s.SetMessage(t.Context(), "P-1/root", []byte("two")))
	read([]byte("two"))
	check(t, s.SetMessage(t.Context(), "P-1/root", nil))
	read([]byte{})
	check(t, s.DeleteMessage(t.Context(), "P-1/root"))
	check(t, s.DeleteMessage(t.Context(), "P-1/root"))
	read(nil)
	wantErr(t, s.SetMessage(t.Context(), "k", make([]byte, 600<<10)), store.ErrTooLarge)
}
