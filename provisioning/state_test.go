package provisioning_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"portalbot/provisioning"
)

var t0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// must applies events one after another, a second apart.
func must(t *testing.T, r provisioning.Request, events ...provisioning.Event) provisioning.Request {
	t.Helper()
	for i, ev := range events {
		c, err := provisioning.Apply(r, ev, t0.Add(time.Duration(i)*time.Second))
		if err != nil {
			t.Fatalf("event %d %T: %v", i, ev, err)
		}
		r = c.Request
	}
	return r
}

func newRequest() provisioning.Request {
	return provisioning.Request{ID: "P-1", Terms: provisioning.Terms{Requester: "U0ANN", Verb: provisioning.VerbAdd}}
}

func plan(creates, skips int) provisioning.Plan {
	return provisioning.Plan{ID: "P-1.1", Digest: "d1", Summary: provisioning.PlanSummary{
		Rows:    creates + skips,
		Actions: map[provisioning.Action]int{provisioning.ActionCreate: creates, provisioning.ActionSkip: skips},
	}}
}

func yes(person string) provisioning.Approved {
	return provisioning.Approved{Approval: provisioning.Approval{Person: person, Digest: "d1", At: t0}}
}

func pending(t *testing.T, required int) provisioning.Request {
	t.Helper()
	return must(t, newRequest(), provisioning.Proposed{}, provisioning.Planned{Plan: plan(2, 1)},
		provisioning.Sent{Required: required, ExpiresAt: t0.Add(time.Hour)})
}

func TestApprovedRequestRunsToDone(t *testing.T) {
	r := must(t, pending(t, 1), yes("U0BOB"), provisioning.Started{}, provisioning.Called{Call: 1},
		provisioning.Closed{Step: provisioning.StepUser, Rows: []provisioning.RowRecord{
			{Pos: 0, Status: provisioning.StatusCreated, ID: "005000000000001AAA"},
			{Pos: 1, Status: provisioning.StatusFailed, Code: "DUPLICATE_USERNAME"},
		}}, provisioning.Finished{})
	if r.State != provisioning.StateDone {
		t.Fatalf("state %s", r.State)
	}
	want := map[provisioning.Status]int{
		provisioning.StatusCreated: 1, provisioning.StatusFailed: 1, provisioning.StatusSkipped: 1,
	}
	if !reflect.DeepEqual(r.Progress.Counts, want) {
		t.Errorf("counts %v, want %v", r.Progress.Counts, want)
	}
}

func TestRunCannotFinishWhileRowsAreOpen(t *testing.T) {
	r := must(t, pending(t, 1), yes("U0BOB"), provisioning.Started{})
	if _, err := provisioning.Apply(r, provisioning.Finished{}, t0); !errors.Is(err, provisioning.ErrConflict) {
		t.Fatalf("got %v, want a conflict", err)
	}
	r = must(t, r, provisioning.StopAsked{Person: "U0ANN"}, provisioning.Finished{})
	if r.State != provisioning.StateStopped || r.Progress.Counts[provisioning.StatusNotStarted] != 2 {
		t.Errorf("state %s, counts %v: want stopped with 2 not started", r.State, r.Progress.Counts)
	}
}

func TestStoppedRunBeginsNoCall(t *testing.T) {
	r := must(t, pending(t, 1), yes("U0BOB"), provisioning.Started{}, provisioning.StopAsked{Person: "U0BOB"})
	if _, err := provisioning.Apply(r, provisioning.Called{Call: 1}, t0); err == nil {
		t.Error("a call began after the stop")
	}
}

func TestTwoApprovalsComeFromTwoPeople(t *testing.T) {
	r := must(t, pending(t, 2), yes("U0BOB"))
	if r.State != provisioning.StatePending {
		t.Fatalf("one approval of two made it %s", r.State)
	}
	if _, err := provisioning.Apply(r, yes("U0BOB"), t0); err == nil {
		t.Error("the same person was counted twice")
	}
	if r = must(t, r, yes("U0CLEO")); r.State != provisioning.StateApproved {
		t.Errorf("two approvals made it %s", r.State)
	}
}

func TestApplyRefusesApprovals(t *testing.T) {
	for name, tc := range map[string]struct {
		ev provisioning.Approved
		at time.Time
	}{
		"by the requester":  {yes("U0ANN"), t0},
		"of another digest": {provisioning.Approved{Approval: provisioning.Approval{Person: "U0BOB", Digest: "d0"}}, t0},
		"by nobody":         {yes(""), t0},
		"after the expiry":  {yes("U0BOB"), t0.Add(time.Hour)},
	} {
		if _, err := provisioning.Apply(pending(t, 1), tc.ev, tc.at); !errors.Is(err, provisioning.ErrConflict) {
			t.Errorf("%s: got %v, want a conflict", name, err)
		}
	}
}

func TestEveryEndTellsWhatItMust(t *testing.T) {
	running := must(t, pending(t, 1), yes("U0BOB"), provisioning.Started{})
	for name, tc := range map[string]struct {
		r    provisioning.Request
		ev   provisioning.Event
		want []provisioning.NoticeKind
	}{
		"sent":   {must(t, newRequest(), provisioning.Proposed{}, provisioning.Planned{Plan: plan(1, 0)}), provisioning.Sent{}, []provisioning.NoticeKind{"root", "plan", "planfile"}},
		"denied": {pending(t, 1), provisioning.Denied{Person: "U0BOB", Reason: "no"}, []provisioning.NoticeKind{"root", "plan", "story"}},
		"broken": {running, provisioning.Broken{Reason: "no licence"}, []provisioning.NoticeKind{"root", "progress", "results", "done"}},
	} {
		c, err := provisioning.Apply(tc.r, tc.ev, t0)
		if err != nil {
			t.Fatal(name, err)
		}
		var got []provisioning.NoticeKind
		for _, n := range c.Notices {
			got = append(got, n.Kind)
		}
		if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s tells %v, want %v", name, got, tc.want)
		}
		if len(c.Audit) == 0 {
			t.Errorf("%s leaves no audit event", name)
		}
	}
}

func TestApplyLeavesItsArgumentAlone(t *testing.T) {
	r := must(t, pending(t, 2), yes("U0BOB"), yes("U0CLEO"), provisioning.Started{})
	before := fmt.Sprintf("%+v", r)
	if _, err := provisioning.Apply(r, provisioning.Closed{Step: provisioning.StepUser, Rows: []provisioning.RowRecord{{Status: provisioning.StatusCreated}}}, t0); err != nil {
		t.Fatal(err)
	}
	if after := fmt.Sprintf("%+v", r); after != before {
		t.Errorf("changed\nfrom %s\nto   %s", before, after)
	}
}

// eventAt makes the n-th of all kinds of events, with people and numbers from rnd.
func eventAt(n int, rnd *rand.Rand, r provisioning.Request) provisioning.Event {
	people := []string{"U0ANN", "U0BOB", "U0CLEO", ""}
	who := people[rnd.IntN(len(people))]
	digests := []string{"d1", "d1", "d0"}
	switch n {
	case 0:
		return provisioning.Proposed{}
	case 1:
		return provisioning.Planned{Plan: plan(rnd.IntN(3), rnd.IntN(2))}
	case 2:
		return provisioning.Sent{Required: 1 + rnd.IntN(2), StartAfter: t0.Add(time.Duration(rnd.IntN(3)-1) * time.Hour), ExpiresAt: t0.Add(100 * time.Hour)}
	case 3:
		return provisioning.Approved{Approval: provisioning.Approval{Person: who, Digest: digests[rnd.IntN(3)]}}
	case 4:
		return provisioning.Denied{Person: who}
	case 5:
		return provisioning.Expired{}
	case 6:
		return provisioning.Cancelled{Person: who}
	case 7:
		return provisioning.Due{}
	case 8:
		return provisioning.Started{}
	case 9:
		return provisioning.Restarted{Rechecked: rnd.IntN(3)}
	case 10:
		return provisioning.Called{Call: r.Progress.Calls + rnd.IntN(2)}
	case 11:
		if r.Progress.Closed() >= r.Progress.Total {
			return provisioning.Closed{Step: provisioning.StepUser, Rows: []provisioning.RowRecord{{}}}
		}
		status := []provisioning.Status{provisioning.StatusCreated, provisioning.StatusUnknown}[rnd.IntN(2)]
		return provisioning.Closed{Step: provisioning.StepUser, Rows: []provisioning.RowRecord{{Status: status}}}
	case 12:
		return provisioning.Held{Hold: provisioning.Hold{Code: provisioning.HoldSwitch}}
	case 13:
		return provisioning.Blocked{Hold: provisioning.Hold{Code: provisioning.HoldUnknown}}
	case 14:
		return provisioning.Resumed{}
	case 15:
		return provisioning.StopAsked{Person: who}
	case 16:
		return provisioning.Finished{}
	case 17:
		return provisioning.Parted{Attempting: rnd.IntN(3)}
	case 18:
		return provisioning.Reopened{Person: who, Rows: []provisioning.RowRecord{{}}}
	case 19:
		return provisioning.Resolved{Person: who, Again: rnd.IntN(2) == 0}
	default:
		return provisioning.Broken{Reason: "x"}
	}
}

// onward is a kind of event that takes a request on, so that most sequences get as far as a run.
func onward(s provisioning.State, rnd *rand.Rand) int {
	switch s {
	case provisioning.StatePlanning:
		return 1
	case provisioning.StateDraft:
		return 2
	case provisioning.StatePending:
		return 3
	case provisioning.StateScheduled:
		return 7
	case provisioning.StateApproved:
		return 8
	case provisioning.StateRunning:
		return []int{10, 11, 11, 13, 16}[rnd.IntN(5)]
	case provisioning.StateBlocked:
		return []int{18, 19}[rnd.IntN(2)]
	case provisioning.StatePaused:
		return 14
	default:
		return 0
	}
}

// Whatever happens in whatever order: a run needs its approvals by others than the requester, an end is an end, and every row of
// an ended run is counted once.
func TestNoSequenceOfEventsBreaksTheRules(t *testing.T) {
	ended, ran, resolved := 0, 0, 0
	for seed := range uint64(4000) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		r := newRequest()
		for range 60 {
			was := r
			kind := rnd.IntN(21)
			if rnd.IntN(2) == 0 {
				kind = onward(r.State, rnd)
			}
			c, err := provisioning.Apply(r, eventAt(kind, rnd, r), t0)
			if err != nil {
				if !errors.Is(err, provisioning.ErrConflict) {
					t.Fatalf("seed %d: %v is no conflict", seed, err)
				}
				continue
			}
			r = c.Request
			if was.State.Ended() {
				t.Fatalf("seed %d: %s became %s", seed, was.State, r.State)
			}
			if r.State.Started() && (len(r.Approvals) < r.Required || r.Required < 1 || r.ApprovedBy("U0ANN") || r.ApprovedBy("")) {
				t.Fatalf("seed %d: %s with approvals %v of %d", seed, r.State, r.Approvals, r.Required)
			}
			for _, a := range r.Approvals {
				if a.Digest != r.Plan.Digest {
					t.Fatalf("seed %d: approval of digest %q counts for %q", seed, a.Digest, r.Plan.Digest)
				}
			}
			if was.State == provisioning.StateBlocked && r.State != provisioning.StateBlocked && r.State == provisioning.StateDone {
				resolved++
			}
			if was.State == provisioning.StateBlocked && r.State == provisioning.StateRunning && r.Progress.Closed() == r.Progress.Total {
				t.Fatalf("seed %d: runs again with nothing to do", seed)
			}
			if r.State.Ended() && r.State.Started() && r.Progress.Closed() != r.Progress.Total {
				t.Fatalf("seed %d: %s with %d of %d rows told", seed, r.State, r.Progress.Closed(), r.Progress.Total)
			}
		}
		if r.State.Ended() {
			ended++
		}
		if r.State.Started() {
			ran++
		}
	}
	if ended == 0 || ran == 0 || resolved == 0 {
		t.Errorf("%d ended, %d ran, %d were resolved: the sequences prove nothing", ended, ran, resolved)
	}
}
