package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// users adds n portal users to an account and returns them as an input by UserId.
func (r *rig) users(n int, profile string, fields salesforcesim.Fields) (provisioning.Input, []string) {
	in := provisioning.Input{Columns: []provisioning.Column{{Header: "UserId", Name: "UserId"}}}
	var ids []string
	for i, row := range r.contacts(r.acme.Account, n).Rows {
		f := salesforcesim.Fields{"ContactId": row.Cells[0], "ProfileId": profile, "Username": row.Cells[1], "LastName": "Doe", "Email": row.Cells[1]}
		maps.Copy(f, fields)
		id := r.sim.AddUser(f)
		ids = append(ids, id)
		in.Rows = append(in.Rows, provisioning.InputRow{Number: i + 1, Line: i + 2, Cells: []string{id}})
	}
	return in, ids
}

// verb returns the terms of another verb than add.
func (r *rig) verb(v provisioning.Verb, m provisioning.Method) provisioning.Terms {
	terms := r.terms()
	terms.Verb, terms.Method, terms.Mail = v, m, provisioning.MailNone
	return terms
}

func TestEnabledUserWhoWasInactiveAndFrozenIsActiveAndNotFrozen(t *testing.T) {
	for name, fault := range map[string]salesforcesim.Fault{
		"undisturbed":             {Operation: salesforcesim.OpDelete, Kind: salesforcesim.Slow},
		"the first answer lost":   {Operation: salesforcesim.OpUpdate, Object: "User", Nth: 1, Kind: salesforcesim.LoseAnswer},
		"the second answer lost":  {Operation: salesforcesim.OpUpdate, Object: "UserLogin", Nth: 1, Kind: salesforcesim.LoseAnswer},
		"the second one not done": {Operation: salesforcesim.OpUpdate, Object: "UserLogin", Nth: 1, Kind: salesforcesim.FailBefore},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, salesforcesim.Config{})
			in, ids := r.users(3, r.acme.CustomerProfile, salesforcesim.Fields{"IsActive": "false"})
			for _, id := range ids[:2] {
				r.sim.Edit(r.sim.Find("UserLogin", "UserId", id)[0], salesforcesim.Fields{"IsFrozen": "true"})
			}
			r.sim.Inject(fault)
			l := r.start()
			defer l.end()
			req := l.waitEnd(l.approve(r.verb(provisioning.VerbEnable, ""), in).ID)
			if got := l.results(req); !maps.Equal(got, map[provisioning.Status]int{provisioning.StatusEnabled: 3}) {
				t.Errorf("results %v", got)
			}
			for _, id := range ids {
				login := r.sim.Record(r.sim.Find("UserLogin", "UserId", id)[0])
				if r.sim.Record(id)["IsActive"] != "true" || login["IsFrozen"] == "true" {
					t.Errorf("user %s: %v, login %v", id, r.sim.Record(id)["IsActive"], login["IsFrozen"])
				}
			}
		})
	}
}

// A reset whose answer is lost cannot be settled by reading: the request waits for a person, and is not repeated by itself.
func TestLostResetBlocksUntilAPersonDecides(t *testing.T) {
	for choice, want := range map[provisioning.Choice]map[provisioning.Status]int{
		provisioning.ChoiceLeave: {provisioning.StatusResent: 2, provisioning.StatusUnknown: 1},
		provisioning.ChoiceAgain: {provisioning.StatusResent: 3},
	} {
		t.Run(string(choice), func(t *testing.T) {
			r := newRig(t, salesforcesim.Config{})
			in, _ := r.users(3, r.acme.CustomerProfile, nil)
			r.sim.Inject(salesforcesim.Fault{Operation: salesforcesim.OpResetPassword, Nth: 2, Kind: salesforcesim.LoseAnswer})
			l := r.start()
			defer func() { l.end() }()
			id := l.approve(r.verb(provisioning.VerbResend, ""), in).ID
			req := l.wait(id, func(q provisioning.Request) bool { return q.State == provisioning.StateBlocked })
			if got := l.results(req); got[provisioning.StatusUnknown] != 1 || got[provisioning.StatusResent] != 2 {
				t.Errorf("results %v", got)
			}
			l.end() // a restart changes nothing
			l = r.start()
			_, err := l.service.ResolveUnknown(t.Context(), id, "U0ANN", choice)
			var no *provisioning.Refusal
			if !errors.As(err, &no) || no.Code != provisioning.RefusedSelf {
				t.Errorf("the requester decided: %v", err)
			}
			if _, err := l.service.ResolveUnknown(t.Context(), id, "U0EVE", choice); !errors.As(err, &no) || no.Code != provisioning.RefusedNotApprover {
				t.Errorf("anybody decided: %v", err)
			}
			if n := r.sim.MailCount(salesforcesim.MailPasswordReset); n != 3 {
				t.Errorf("%d mails before the decision", n)
			}
			if _, err := l.service.ResolveUnknown(t.Context(), id, "U0BOB", choice); err != nil {
				t.Fatal(err)
			}
			req = l.waitEnd(id)
			if got := l.results(req); req.State != provisioning.StateDone || !maps.Equal(got, want) || !maps.Equal(req.Progress.Counts, want) {
				t.Errorf("%s: results %v, counts %v, want %v", req.State, got, req.Progress.Counts, want)
			}
			if _, err := l.service.ResolveUnknown(t.Context(), id, "U0BOB", choice); !errors.As(err, &no) || no.Code != provisioning.RefusedState {
				t.Errorf("decided twice: %v", err)
			}
		})
	}
}

func TestBlockedRequestCanBeStopped(t *testing.T) {
	r := newRig(t, salesforcesim.Config{})
	in, _ := r.users(2, r.acme.CustomerProfile, nil)
	r.sim.Inject(salesforcesim.Fault{Operation: salesforcesim.OpResetPassword, Nth: 1, Kind: salesforcesim.LoseAnswer})
	l := r.start()
	defer l.end()
	id := l.approve(r.verb(provisioning.VerbResend, ""), in).ID
	l.wait(id, func(q provisioning.Request) bool { return q.State == provisioning.StateBlocked })
	if _, err := l.service.Stop(t.Context(), id, "U0ANN"); err != nil {
		t.Fatal(err)
	}
	if req := l.waitEnd(id); req.State != provisioning.StateStopped || req.Progress.Counts[provisioning.StatusUnknown] != 1 {
		t.Errorf("%s %v", req.State, req.Progress.Counts)
	}
}

// A create of two rows is lost without effect, both go again in calls of their own, and its username is taken in another org: the refusal of the second one stands, and is not
// repeated for ever.
func TestRefusalAfterALostCreateIsFinal(t *testing.T) {
	r := newRig(t, salesforcesim.Config{})
	in := r.contacts(r.acme.Account, 2)
	r.sim.TakeUsername(in.Rows[0].Cells[1])
	r.sim.Inject(salesforcesim.Fault{Operation: salesforcesim.OpCreate, Nth: 1, Kind: salesforcesim.FailBefore})
	l := r.start()
	defer l.end()
	req := l.waitEnd(l.approve(r.terms(), in).ID)
	want := map[provisioning.Status]int{provisioning.StatusCreated: 1, provisioning.StatusFailed: 1}
	if got := l.results(req); !maps.Equal(got, want) || r.sim.Count(salesforcesim.OpCreate) != 3 {
		t.Errorf("results %v after %d creates", got, r.sim.Count(salesforcesim.OpCreate))
	}
	groups, err := l.service.Failures(t.Context(), req)
	if err != nil || len(groups) != 1 || groups[0].Code != "DUPLICATE_USERNAME" || groups[0].Fix == "" {
		t.Errorf("failures %+v, %v", groups, err)
	}
}

// Three rows refused for the bot's own rights, and none that worked: the set-up is wrong, and the rest is not tried.
func TestMissingRightsEndTheRequest(t *testing.T) {
	r := newRig(t, salesforcesim.Config{})
	r.opts.Parallel = 1
	in := r.contacts(r.acme.Account, 450)
	l := r.start()
	defer l.end()
	p, err := l.service.Propose(t.Context(), r.terms(), in)
	if err != nil {
		t.Fatal(err)
	}
	r.sim.SetPermissions(r.acme.Integration, salesforcesim.Permissions{NoManageUsers: true})
	if _, err := l.service.Send(t.Context(), p.Request.ID, "U0ANN"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.service.Approve(t.Context(), p.Request.ID, p.Request.Plan.Digest, "U0BOB"); err != nil {
		t.Fatal(err)
	}
	req := l.waitEnd(p.Request.ID)
	if req.State != provisioning.StateFailed || req.Ending.Reason == "" || r.sim.Count(salesforcesim.OpCreate) != 1 {
		t.Errorf("%s %+v after %d creates", req.State, req.Ending, r.sim.Count(salesforcesim.OpCreate))
	}
	if got := l.results(req); got[provisioning.StatusFailed] != 200 || got[provisioning.StatusNotStarted] != 250 {
		t.Errorf("results %v", got)
	}
}

func TestAccountThatCannotWorkStopsItsOtherRowsOnly(t *testing.T) {
	r := newRig(t, salesforcesim.Config{})
	r.opts.Parallel = 1
	in := r.contacts(r.acme.Account, 250)
	other := r.sim.AddAccount(salesforcesim.Fields{"Name": "Zeta", "OwnerId": r.acme.Owner})
	for _, row := range r.contacts(other, 250).Rows {
		row.Number, row.Line = row.Number+250, row.Line+250
		in.Rows = append(in.Rows, row)
	}
	l := r.start()
	defer l.end()
	p, err := l.service.Propose(t.Context(), r.terms(), in)
	if err != nil {
		t.Fatal(err)
	}
	r.sim.Edit(r.acme.Account, salesforcesim.Fields{"OwnerId": r.acme.OwnerWithoutRole})
	if _, err := l.service.Send(t.Context(), p.Request.ID, "U0ANN"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.service.Approve(t.Context(), p.Request.ID, p.Request.Plan.Digest, "U0BOB"); err != nil {
		t.Fatal(err)
	}
	req := l.waitEnd(p.Request.ID)
	got := l.results(req)
	if got[provisioning.StatusCreated] != 250 || got[provisioning.StatusFailed] == 0 || got[provisioning.StatusFailed]+got[provisioning.StatusNotStarted] != 250 {
		t.Errorf("results %v", got)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	r := newRig(t, salesforcesim.Config{})
	in := r.contacts(r.acme.Account, 3)
	f := r.sim.Inject(salesforcesim.Fault{Operation: salesforcesim.OpCreate, Nth: 1, Kind: salesforcesim.RetryAfter, Delay: time.Second})
	l := r.start()
	defer l.end()
	id := l.approve(r.terms(), in).ID
	<-f.Fired()
	was := time.Now()
	if req := l.waitEnd(id); req.Progress.Counts[provisioning.StatusCreated] != 3 {
		t.Errorf("%v", req.Progress.Counts)
	}
	if took := time.Since(was); took < time.Second {
		t.Errorf("went on after %v, the org said 1 s", took)
	}
}

func TestBudgetAndMaintenancePauseTheRun(t *testing.T) {
	r := newRig(t, salesforcesim.Config{DailyRequests: 1000})
	in := r.contacts(r.acme.Account, 3)
	r.sim.SetMaintenance(true)
	l := r.start()
	defer l.end()
	id := l.approve(r.terms(), in).ID
	req := l.wait(id, func(q provisioning.Request) bool { return q.State == provisioning.StatePaused })
	if req.Hold.Code != provisioning.HoldMaintenance || req.Hold.Until.Before(time.Now().Add(time.Minute)) {
		t.Errorf("hold %+v", req.Hold)
	}
	if _, err := l.service.Stop(t.Context(), id, "U0ANN"); err != nil {
		t.Fatal(err)
	}
	l.waitEnd(id)
	r.sim.SetMaintenance(false)
	r.sim.SetUsedRequests(950)
	terms := r.terms()
	terms.Origin = "view-2"
	id = l.approve(terms, in).ID
	req = l.wait(id, func(q provisioning.Request) bool { return q.State == provisioning.StatePaused })
	if req.Hold.Code != provisioning.HoldBudget || r.sim.Len("User") > 10 {
		t.Errorf("hold %+v with %d users", req.Hold, r.sim.Len("User"))
	}
}

// Role-based users on many new accounts, five calls side by side, in an org that refuses a lock at once: no row may fail for it.
func TestNoRowFailsForALock(t *testing.T) {
	for _, eager := range []bool{false, true} {
		t.Run(fmt.Sprintf("eager=%t", eager), func(t *testing.T) {
			r := newRig(t, salesforcesim.Config{LockWait: -1, EagerRoles: eager, PerRequest: 2 * time.Millisecond})
			r.portal.Profile = "Customer Community Plus User"
			r.opts.Parallel = 5
			in := provisioning.Input{Columns: []provisioning.Column{{Header: "ContactId", Name: "ContactId"}, {Header: "Email", Name: "Email"}}}
			for a := range 8 {
				account := r.sim.AddAccount(salesforcesim.Fields{"Name": fmt.Sprintf("Acct %d", a), "OwnerId": r.acme.Owner})
				for _, row := range r.contacts(account, 45).Rows {
					n := len(in.Rows) + 1
					in.Rows = append(in.Rows, provisioning.InputRow{Number: n, Line: n + 1, Cells: row.Cells})
				}
			}
			stop := make(chan struct{})
			ended := make(chan struct{})
			go func() { // another integration makes roles all the time
				defer close(ended)
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					case <-time.After(20 * time.Millisecond):
						r.holdLock(t, i)
					}
				}
			}()
			l := r.start()
			defer l.end()
			req := l.waitEnd(l.approve(r.terms(), in).ID)
			close(stop)
			<-ended
			if got := l.results(req); got[provisioning.StatusCreated] != 360 {
				t.Errorf("results %v", got)
			}
		})
	}
}

// A small request that comes while a huge one runs is done long before it.
func TestSmallRequestPassesAHugeOne(t *testing.T) {
	r := newRig(t, salesforcesim.Config{PerRequest: 5 * time.Millisecond})
	r.opts.Parallel = 2
	huge := provisioning.Input{Columns: []provisioning.Column{{Header: "ContactId", Name: "ContactId"}}}
	crowd := r.sim.AddCrowd(salesforcesim.Crowd{Name: "Huge", Accounts: 100, Contacts: 5000, Owner: r.acme.Owner})
	for i, id := range crowd.Contacts {
		huge.Rows = append(huge.Rows, provisioning.InputRow{Number: i + 1, Line: i + 2, Cells: []string{id}})
	}
	small := r.contacts(r.acme.Account, 40)
	l := r.start()
	defer l.end()
	first := l.approve(r.terms(), huge).ID
	l.wait(first, func(q provisioning.Request) bool { return q.Progress.Closed() > 0 })
	terms := r.terms()
	terms.Origin = "view-2"
	second := l.approve(terms, small).ID
	before := r.sim.Count(salesforcesim.OpCreate)
	l.waitEnd(second)
	if calls := r.sim.Count(salesforcesim.OpCreate) - before; calls > 6 {
		t.Errorf("the small request was done after %d calls, want a few", calls)
	}
	if q, err := l.service.Request(t.Context(), first); err != nil || q.State.Ended() {
		t.Errorf("the huge request is %s already, %v: this proves nothing", q.State, err)
	}
	if req := l.waitEnd(first); req.Progress.Counts[provisioning.StatusCreated] != 5000 {
		t.Errorf("%v", req.Progress.Counts)
	}
}

// All-or-none: one row that is refused takes all down, and is named; one that drifted lets none run; one that only met a lock goes
// again with the others.
func TestAllOrNoneKeepsItsRowsTogether(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(*rig, provisioning.Input)
		want  map[provisioning.Status]int
	}{
		"undisturbed": {func(*rig, provisioning.Input) {}, map[provisioning.Status]int{provisioning.StatusCreated: 20}},
		"one is refused": {
			func(r *rig, in provisioning.Input) { r.sim.TakeUsername(in.Rows[3].Cells[1]) },
			map[provisioning.Status]int{provisioning.StatusFailed: 1, provisioning.StatusNotStarted: 19},
		},
		"one has drifted": {
			func(r *rig, in provisioning.Input) { r.sim.Delete(in.Rows[3].Cells[0]) },
			map[provisioning.Status]int{provisioning.StatusHeld: 1, provisioning.StatusNotStarted: 19},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, salesforcesim.Config{})
			in := r.contacts(r.acme.Account, 20)
			terms := r.terms()
			terms.AllOrNone = true
			l := r.start()
			defer l.end()
			p, err := l.service.Propose(t.Context(), terms, in)
			if err != nil {
				t.Fatal(err)
			}
			tc.spoil(r, in)
			if _, err := l.service.Send(t.Context(), p.Request.ID, "U0ANN"); err != nil {
				t.Fatal(err)
			}
			if _, err := l.service.Approve(t.Context(), p.Request.ID, p.Request.Plan.Digest, "U0BOB"); err != nil {
				t.Fatal(err)
			}
			if got := l.results(l.waitEnd(p.Request.ID)); !maps.Equal(got, tc.want) {
				t.Errorf("results %v, want %v", got, tc.want)
			}
		})
	}
}

// Whom the configuration protects by the time of the write is not touched, whatever the plan said.
func TestProtectionHoldsAtTheWrite(t *testing.T) {
	r := newRig(t, salesforcesim.Config{})
	in, ids := r.users(3, r.acme.CustomerProfile, nil)
	l := r.start()
	p, err := l.service.Propose(t.Context(), r.verb(provisioning.VerbDisable, ""), in)
	if err != nil {
		t.Fatal(err)
	}
	l.end()
	r.portal.ProtectedUsers = []string{ids[1]}
	l = r.start()
	defer l.end()
	if _, err := l.service.Send(t.Context(), p.Request.ID, "U0ANN"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.service.Approve(t.Context(), p.Request.ID, p.Request.Plan.Digest, "U0BOB"); err != nil {
		t.Fatal(err)
	}
	want := map[provisioning.Status]int{provisioning.StatusDeactivated: 2, provisioning.StatusHeld: 1}
	if got := l.results(l.waitEnd(p.Request.ID)); !maps.Equal(got, want) || r.sim.Record(ids[1])["IsActive"] != "true" {
		t.Errorf("results %v, want %v", got, want)
	}
}

// holdLock makes two role-based users on an account of their own, as another integration might: that takes the lock for a moment.
func (r *rig) holdLock(t *testing.T, n int) {
	org, err := salesforce.New(salesforce.Config{
		LoginURL: r.sim.URL(), Auth: salesforce.AuthClientCredentials, ClientID: r.acme.ClientID, ClientSecret: r.acme.ClientSecret,
	})
	if err != nil {
		t.Error(err)
		return
	}
	defer org.Close()
	account := r.sim.AddAccount(salesforcesim.Fields{"Name": fmt.Sprintf("Other %d", n), "OwnerId": r.acme.Owner})
	var records []provisioning.Record
	for i := range 2 {
		mail := fmt.Sprintf("other%d.%d@acme.example", n, i)
		contact := r.sim.AddContact(salesforcesim.Fields{"AccountId": account, "LastName": "Other", "Email": mail})
		var fields []provisioning.Field
		for name, value := range map[string]string{
			"ContactId": contact, "ProfileId": r.acme.CustomerPlusProfile, "Username": mail, "Email": mail, "LastName": "Other", "Alias": "other",
			"CommunityNickname": mail, "TimeZoneSidKey": "GMT", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US",
		} {
			fields = append(fields, provisioning.Field{Name: name, Value: value})
		}
		records = append(records, provisioning.Record{Fields: fields})
	}
	if _, err := org.CreateUsers(context.Background(), records, provisioning.WriteOptions{}); err != nil {
		t.Error(err)
	}
}
