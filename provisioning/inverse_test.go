package provisioning_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

func TestEveryStatusHasAnInverseOrAReason(t *testing.T) {
	t.Parallel()
	want := map[provisioning.Status]provisioning.Action{
		provisioning.StatusCreated:     provisioning.ActionDeactivate,
		provisioning.StatusReactivated: provisioning.ActionDeactivate,
		provisioning.StatusEnabled:     provisioning.ActionDeactivate,
		provisioning.StatusDeactivated: provisioning.ActionReactivate,
		provisioning.StatusFrozen:      provisioning.ActionUnfreeze,
		provisioning.StatusUnfrozen:    provisioning.ActionFreeze,
	}
	for _, s := range []provisioning.Status{
		provisioning.StatusOpen, provisioning.StatusCreated, provisioning.StatusReactivated, provisioning.StatusDeactivated,
		provisioning.StatusDisabled, provisioning.StatusEnabled, provisioning.StatusFrozen, provisioning.StatusUnfrozen,
		provisioning.StatusResent, provisioning.StatusSkipped, provisioning.StatusFailed, provisioning.StatusHeld,
		provisioning.StatusNotStarted, provisioning.StatusUnknown,
	} {
		a, p := provisioning.Inverse(s)
		if w, ok := want[s]; ok != p.IsZero() || ok && a != w || !ok && a.Runs() {
			t.Errorf("%q: action %s, reason %+v", s, a, p)
		}
	}
}

// login is what an undo must restore of one contact's user. A contact without a user counts as one with an inactive user.
type login struct{ active, frozen bool }

// logins reads the org.
func (r *rig) logins(in provisioning.Input) []login {
	out := make([]login, len(in.Rows))
	for i, row := range in.Rows {
		for _, id := range r.sim.UsersByContact(row.Cells[0]) {
			out[i].active = r.sim.Record(id)["IsActive"] == "true"
			out[i].frozen = r.sim.Record(r.sim.Find("UserLogin", "UserId", id)[0])["IsFrozen"] == "true"
		}
	}
	return out
}

// The states that a contact's user may be in before a request.
var (
	nobody   *login
	active   = &login{active: true}
	inactive = &login{}
	frozen   = &login{active: true, frozen: true}
	both     = &login{frozen: true}
)

// crowd adds contacts, each with a user in one of the states.
func (r *rig) crowd(dice *rand.Rand, n int, states ...*login) provisioning.Input {
	in := r.contacts(r.acme.Account, n)
	for i, row := range in.Rows {
		state := states[(i+dice.IntN(2))%len(states)]
		if state == nobody {
			continue
		}
		id := r.sim.AddUser(salesforcesim.Fields{
			"ContactId": row.Cells[0], "ProfileId": r.acme.CustomerProfile, "LastName": "Doe", "Email": row.Cells[1],
			"Username": fmt.Sprintf("user%d@acme.example", i), "IsActive": fmt.Sprint(state.active),
		})
		r.sim.Edit(r.sim.Find("UserLogin", "UserId", id)[0], salesforcesim.Fields{"IsFrozen": fmt.Sprint(state.frozen)})
	}
	return in
}

// run sends and approves a proposal and waits for its end.
func (l *life) run(p provisioning.Proposal, err error) provisioning.Request {
	l.rig.t.Helper()
	ctx, t := l.rig.t.Context(), l.rig.t
	if err != nil {
		t.Fatal(err)
	}
	if p.Request.ID == "" {
		t.Fatalf("nothing to do: %+v", p.Summary)
	}
	if _, err := l.service.Send(ctx, p.Request.ID, p.Request.Terms.Requester); err != nil {
		t.Fatal(err)
	}
	if _, err := l.service.Approve(ctx, p.Request.ID, p.Request.Plan.Digest, "U0BOB"); err != nil {
		t.Fatal(err)
	}
	return l.waitEnd(p.Request.ID)
}

func TestUndoOfUndoLeadsBack(t *testing.T) {
	t.Parallel()
	all := []*login{active, inactive, frozen, both}
	for name, c := range map[string]struct {
		terms  provisioning.Terms
		states []*login
	}{
		"add":        {provisioning.Terms{Verb: provisioning.VerbAdd, Mail: provisioning.MailNone}, append(all, nobody)},
		"deactivate": {provisioning.Terms{Verb: provisioning.VerbDisable}, all},
		"freeze":     {provisioning.Terms{Verb: provisioning.VerbDisable, Method: provisioning.MethodFreeze}, all},
		"enable":     {provisioning.Terms{Verb: provisioning.VerbEnable}, all},
	} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("%s-%d", name, seed), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, salesforcesim.Config{})
				r.opts.Parallel = 1 // scarce slots: rows of different calls are ready at the same time
				in := r.crowd(rand.New(rand.NewPCG(5, seed)), 12, c.states...)
				l := r.start()
				defer l.end()
				ctx := t.Context()
				before := r.logins(in)
				terms := c.terms
				terms.Origin, terms.Portal, terms.Requester = "first", r.portal.Name, "U0ANN"
				first := l.run(l.service.Propose(ctx, terms, in))
				after := r.logins(in)
				if slices.Equal(before, after) {
					t.Fatal("the request changed nothing")
				}
				undo := l.run(l.service.Undo(ctx, first.ID, "U0CAT", "second"))
				if undo.Terms.RefersTo != first.ID || undo.Terms.Undoes != first.ID {
					t.Errorf("terms %+v", undo.Terms)
				}
				want := slices.Clone(before)
				unfrozen := 0
				for i, b := range before {
					if terms.Verb == provisioning.VerbEnable && !b.active && b.frozen {
						want[i].frozen = false // a row is one action; a warning says it
						unfrozen++
					}
				}
				warned := slices.ContainsFunc(undo.Plan.Summary.Warnings, func(w provisioning.WarningGroup) bool {
					return w.Code == "STAYS_UNFROZEN" && w.Count == unfrozen
				})
				if warned != (unfrozen > 0) {
					t.Errorf("%d users stay unfrozen, the warnings are %+v", unfrozen, undo.Plan.Summary.Warnings)
				}
				if got := r.logins(in); !slices.Equal(got, want) {
					t.Errorf("after the undo\n got %v\nwant %v", got, want)
				}
				l.run(l.service.Undo(ctx, undo.ID, "U0ANN", "third"))
				if got := r.logins(in); !slices.Equal(got, after) {
					t.Errorf("after the undo of the undo\n got %v\nwant %v", got, after)
				}
			})
		}
	}
}

func TestUndoSaysRowByRowWhatCannotBeTakenBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, salesforcesim.Config{})
	in := r.contacts(r.acme.Account, 3)
	l := r.start()
	defer l.end()
	ctx := t.Context()
	l.run(l.service.Propose(ctx, r.terms(), in))
	resend := provisioning.Terms{Origin: "resend", Verb: provisioning.VerbResend, Portal: r.portal.Name, Requester: "U0ANN"}
	mailed := l.run(l.service.Propose(ctx, resend, in))
	forGood := provisioning.Terms{
		Origin: "for good", Verb: provisioning.VerbDisable, Method: provisioning.MethodDisable, Portal: r.portal.Name, Requester: "U0ANN",
	}
	disabled := l.run(l.service.Propose(ctx, forGood, in))
	for _, id := range []string{mailed.ID, disabled.ID} {
		_, err := l.service.Undo(ctx, id, "U0ANN", "undo "+id)
		if no := new(provisioning.Refusal); !errors.As(err, &no) || no.Code != provisioning.RefusedNothing {
			t.Errorf("undo of %s: %v", id, err)
		}
	}
}

func TestUndoSkipsWhatIsBackAlreadyAndWarnsOfOthersChanges(t *testing.T) {
	t.Parallel()
	r := newRig(t, salesforcesim.Config{})
	in := r.contacts(r.acme.Account, 4)
	l := r.start()
	defer l.end()
	ctx := t.Context()
	added := l.run(l.service.Propose(ctx, r.terms(), in))
	user := func(row int) string { return r.sim.UsersByContact(in.Rows[row].Cells[0])[0] }
	r.sim.Edit(user(0), salesforcesim.Fields{"IsActive": "false"})
	r.sim.Edit(user(1), salesforcesim.Fields{"Title": "Boss", "LastModifiedById": r.acme.Admin})
	p, err := l.service.Undo(ctx, added.ID, "U0ANN", "undo")
	if err != nil {
		t.Fatal(err)
	}
	want := map[provisioning.Action]int{provisioning.ActionDeactivate: 3, provisioning.ActionSkip: 1}
	if !maps.Equal(p.Summary.Actions, want) {
		t.Errorf("actions %v", p.Summary.Actions)
	}
	if w := p.Summary.Warnings; len(w) != 1 || w[0].Code != "CHANGED_SINCE" || !slices.Equal(w[0].Rows, []int{2}) {
		t.Errorf("warnings %+v", w)
	}
	r.sim.Edit(user(2), salesforcesim.Fields{"UserRoleId": "", "ProfileId": r.acme.CustomerPlusProfile}) // after the plan
	done := l.run(p, nil)
	got := l.results(done)
	if got[provisioning.StatusDeactivated] != 2 || got[provisioning.StatusHeld] != 1 || got[provisioning.StatusSkipped] != 1 {
		t.Errorf("results %v", got)
	}
	if err := l.service.MayAmend(ctx, done.ID, "U0ANN"); refused(err) != provisioning.RefusedState || !strings.Contains(err.Error(), "no file") {
		t.Errorf("another file for an undo: %v", err)
	}
	again := l.run(l.service.Retry(ctx, done.ID, "U0ANN", "retry of the undo"))
	if again.Terms.RefersTo != done.ID || again.Terms.Undoes != added.ID || again.Progress.Counts[provisioning.StatusDeactivated] != 1 {
		t.Errorf("the retry of the undo: %+v %+v", again.Terms, again.Progress.Counts)
	}
}

func TestUndoThatTakesAwayManyUsersNeedsTheSecondApprover(t *testing.T) {
	t.Parallel()
	r := newRig(t, salesforcesim.Config{})
	r.portal.BlastUsers = 2
	l := r.start()
	defer l.end()
	added := l.run(l.service.Propose(t.Context(), r.terms(), r.contacts(r.acme.Account, 3)))
	p, err := l.service.Undo(t.Context(), added.ID, "U0ANN", "undo")
	if err != nil || p.Needs != 2 {
		t.Errorf("needs %d approvals, %v", p.Needs, err)
	}
}
