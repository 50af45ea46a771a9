package provisioning_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"portalbot/provisioning"
)

// other is a plan with another digest.
func other(id, digest string, creates int) provisioning.Plan {
	p := plan(creates, 0)
	p.ID, p.Digest = id, digest
	return p
}

func refs(c provisioning.Commit, kind provisioning.NoticeKind) []string {
	var out []string
	for _, n := range c.Notices {
		if n.Kind == kind {
			out = append(out, n.Ref)
		}
	}
	return out
}

func TestAmendedPlanStartsApprovalsOver(t *testing.T) {
	r := must(t, pending(t, 2), yes("U0BOB"))
	draft := r.Terms
	draft.Note, draft.FileName = "mended", "mended.csv"
	ev := provisioning.Amended{Plan: other("P-1.2", "d2", 3), Terms: draft, Required: 3, ExpiresAt: t0.Add(3 * time.Hour), StartAfter: t0.Add(time.Hour)}
	c, err := provisioning.Apply(r, ev, t0)
	if err != nil {
		t.Fatal(err)
	}
	got := c.Request
	if got.State != provisioning.StatePending || len(got.Approvals) != 0 || got.Required != 3 || got.Plan.Digest != "d2" ||
		got.Terms.Note != "mended" || got.Terms.FileName != "mended.csv" || !got.StartAfter.Equal(t0.Add(time.Hour)) {
		t.Errorf("the request is %+v", got)
	}
	if plans := refs(c, provisioning.NoticePlan); !slices.Equal(plans, []string{"", "2"}) {
		t.Errorf("plans that are told: %q, want the old one and the new one", plans)
	}
	if _, err := provisioning.Apply(got, yes("U0BOB"), t0); !errors.Is(err, provisioning.ErrConflict) {
		t.Errorf("an approval of the old digest: %v", err)
	}
}

func TestAmendmentIsRefused(t *testing.T) {
	base := pending(t, 1)
	another := base.Terms
	another.Verb = provisioning.VerbDisable
	for name, c := range map[string]struct {
		r  provisioning.Request
		ev provisioning.Amended
		at time.Time
	}{
		"approved already":     {must(t, base, yes("U0BOB")), provisioning.Amended{Plan: other("P-1.2", "d2", 1), Terms: base.Terms}, t0},
		"expired":              {base, provisioning.Amended{Plan: other("P-1.2", "d2", 1), Terms: base.Terms}, t0.Add(2 * time.Hour)},
		"nothing to do":        {base, provisioning.Amended{Plan: other("P-1.2", "d2", 0), Terms: base.Terms}, t0},
		"the same digest":      {base, provisioning.Amended{Plan: other("P-1.2", "d1", 1), Terms: base.Terms}, t0},
		"the same plan's rows": {base, provisioning.Amended{Plan: other("P-1.1", "d2", 1), Terms: base.Terms}, t0},
		"something else":       {base, provisioning.Amended{Plan: other("P-1.2", "d2", 1), Terms: another}, t0},
	} {
		if _, err := provisioning.Apply(c.r, c.ev, c.at); !errors.Is(err, provisioning.ErrConflict) {
			t.Errorf("%s: %v, want a conflict", name, err)
		}
	}
}

func TestNarrowedPlanIsApprovedByWhoNarrowedIt(t *testing.T) {
	narrow := func(person, digest string) provisioning.Narrowed {
		return provisioning.Narrowed{
			Plan: other("P-1.3", "d3", 1), Approval: provisioning.Approval{Person: person, Digest: digest, At: t0}, Left: 1, Required: 1,
		}
	}
	r := must(t, pending(t, 2), yes("U0BOB"), narrow("U0CAS", "d3"))
	if r.State != provisioning.StatePending || len(r.Approvals) != 1 || !r.ApprovedBy("U0CAS") || r.Required != 2 {
		t.Errorf("the request is %+v", r)
	}
	one := must(t, pending(t, 1), narrow("U0CAS", "d3"))
	if one.State != provisioning.StateApproved {
		t.Errorf("state %s", one.State)
	}
	for name, ev := range map[string]provisioning.Narrowed{"by the requester": narrow("U0ANN", "d3"), "another digest": narrow("U0CAS", "d1")} {
		if _, err := provisioning.Apply(pending(t, 1), ev, t0); !errors.Is(err, provisioning.ErrConflict) {
			t.Errorf("%s: %v, want a conflict", name, err)
		}
	}
}

func TestRemindersAreTwoAtMostAndChangeNothingElse(t *testing.T) {
	r := must(t, newRequest(), provisioning.Proposed{}, provisioning.Planned{Plan: plan(1, 0)})
	c, err := provisioning.Apply(r, provisioning.Sent{Required: 1, ExpiresAt: t0.Add(72 * time.Hour), RemindAt: t0.Add(4 * time.Hour)}, t0)
	if err != nil {
		t.Fatal(err)
	}
	r = c.Request
	told := 0
	for at := t0; at.Before(t0.Add(80 * time.Hour)); at = at.Add(30 * time.Minute) {
		c, err := provisioning.Apply(r, provisioning.Reminded{}, at)
		if err != nil {
			continue
		}
		told++
		if r = c.Request; r.State != provisioning.StatePending || len(r.Approvals) != 0 {
			t.Fatalf("a reminder made it %s", r.State)
		}
		if want := []time.Time{t0.Add(4 * time.Hour), t0.Add(66 * time.Hour)}[told-1]; !at.Equal(want) {
			t.Errorf("reminder %d came %v, want %v", told, at, want)
		}
	}
	if told != 2 {
		t.Errorf("%d reminders", told)
	}
}
