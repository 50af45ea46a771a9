package provisioning_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"portalbot/provisioning"
)

// flight records calls made through a scheduler.
type flight struct {
	s     *provisioning.Scheduler
	mu    sync.Mutex
	now   map[bool]int // in flight, by lock
	most  map[bool]int
	total int
	order []string
}

func newFlight(parallel int) *flight {
	return &flight{s: provisioning.NewScheduler(parallel, time.Now), now: map[bool]int{}, most: map[bool]int{}}
}

// call takes a slot for d.
func (f *flight) call(t *testing.T, request string, lock bool, d time.Duration) {
	slot, err := f.s.Acquire(t.Context(), request, lock)
	if err != nil {
		t.Error(err)
		return
	}
	f.mu.Lock()
	f.now[lock]++
	f.order = append(f.order, request)
	f.most[lock] = max(f.most[lock], f.now[lock])
	f.total = max(f.total, f.now[true]+f.now[false])
	f.mu.Unlock()
	time.Sleep(d)
	f.mu.Lock()
	f.now[lock]--
	f.mu.Unlock()
	slot.Release()
}

func TestLockingCallsGoOneAfterAnotherAndOthersSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFlight(3)
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() { f.call(t, "P-1", true, time.Second) })
			wg.Go(func() { f.call(t, "P-1", false, time.Second) })
		}
		began := time.Now()
		wg.Wait()
		if f.most[true] != 1 || f.total != 3 {
			t.Errorf("%d locking calls at once and %d in all, want 1 and 3", f.most[true], f.total)
		}
		if took := time.Since(began); took != 12*time.Second {
			t.Errorf("took %v, want 12 s: one locking and two free calls a second", took)
		}
	})
}

func TestSmallRequestIsNotStuckBehindAHugeOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFlight(1)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { f.call(t, "P-huge", false, time.Minute) })
		}
		time.Sleep(10 * time.Minute)
		for range 2 {
			wg.Go(func() { f.call(t, "P-small", false, time.Minute) })
		}
		wg.Wait()
		if first, last := slices.Index(f.order, "P-small"), lastIndex(f.order, "P-small"); first > 11 || last > 14 {
			t.Errorf("the small request had turns %d and %d of %d", first, last, len(f.order))
		}
	})
}

func TestGivingUpReturnsTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := provisioning.NewScheduler(1, time.Now)
		held, err := s.Acquire(t.Context(), "P-1", true)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Acquire(ctx, "P-2", true); err == nil {
			t.Fatal("got a slot that was taken")
		}
		held.Release()
		held.Release()
		slot, err := s.Acquire(t.Context(), "P-3", true)
		if err != nil {
			t.Fatal(err)
		}
		slot.Release()
	})
}

func lastIndex(s []string, v string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == v {
			return i
		}
	}
	return -1
}

// Whoever asks for whatever, for however long: never more calls than parallel, never two that take the lock, everybody who asks and
// waits is served, and a request that comes late is served at least as well as its share.
func TestSchedulerKeepsItsRulesUnderRandomLoad(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 9))
			parallel := 1 + rnd.IntN(6)
			f := newFlight(parallel)
			var wg sync.WaitGroup
			served := make([]int, 1+rnd.IntN(6))
			asked := make([]int, len(served))
			for who := range served {
				lock, calls, most := rnd.IntN(2) == 0, 1+rnd.IntN(25), time.Duration(1+rnd.IntN(600))*time.Second
				late, impatient := time.Duration(rnd.IntN(3600))*time.Second, rnd.IntN(5) == 0
				var mu sync.Mutex
				asked[who] = calls
				for range 1 + rnd.IntN(4) { // a request asks for several slots at once
					took := time.Duration(1 + rnd.Int64N(int64(most)))
					wg.Go(func() {
						time.Sleep(late)
						for {
							mu.Lock()
							if served[who] == asked[who] {
								mu.Unlock()
								return
							}
							served[who]++
							mu.Unlock()
							if impatient { // some give up, and ask again
								ctx, cancel := context.WithTimeout(t.Context(), time.Second)
								if slot, err := f.s.Acquire(ctx, fmt.Sprint("P-", who), lock); err == nil {
									slot.Release()
								}
								cancel()
							}
							f.call(t, fmt.Sprint("P-", who), lock, took)
						}
					})
				}
			}
			wg.Wait() // synctest fails when anybody waits for ever
			if f.total > parallel || f.most[true] > 1 {
				t.Errorf("seed %d: %d calls at once, %d of them with the lock, %d allowed", seed, f.total, f.most[true], parallel)
			}
			if !slices.Equal(served, asked) {
				t.Errorf("seed %d: served %v of %v", seed, served, asked)
			}
		})
	}
}
