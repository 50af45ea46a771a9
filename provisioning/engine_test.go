package provisioning_test

import (
	"maps"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

func TestApprovedRowsAreCreatedOnceWithTheMailRequested(t *testing.T) {
	r := newRig(t, salesforcesim.Config{})
	in := r.contacts(r.acme.Account, 450)
	l := r.start()
	defer l.end()
	req := l.waitEnd(l.approve(r.terms(), in).ID)
	if req.State != provisioning.StateDone {
		t.Fatalf("state %s, ending %+v", req.State, req.Ending)
	}
	if got, want := l.results(req), (map[provisioning.Status]int{provisioning.StatusCreated: 450}); !maps.Equal(got, want) {
		t.Errorf("results %v, want %v", got, want)
	}
	if got := r.usersPerContact(in); got[1] != 450 {
		t.Errorf("users per contact %v", got)
	}
	if n := r.sim.MailCount(salesforcesim.MailNewUser); n != 450 {
		t.Errorf("%d mails requested", n)
	}
	if n := r.sim.Count(salesforcesim.OpCreate); n != 3 {
		t.Errorf("%d create calls for 450 rows, want 3", n)
	}
}

func TestLostAnswerIsSettledByReading(t *testing.T) {
	for name, fault := range map[string]salesforcesim.Fault{
		"it took effect":           {Kind: salesforcesim.LoseAnswer},
		"it did not take effect":   {Kind: salesforcesim.FailBefore},
		"it takes effect later":    {Kind: salesforcesim.StillWorking, Delay: 20 * time.Millisecond},
		"later than the settling":  {Kind: salesforcesim.StillWorking, Delay: 300 * time.Millisecond},
		"the gateway says 503":     {Kind: salesforcesim.FailBefore, Status: 503, Body: "busy"},
		"the org refuses the call": {Kind: salesforcesim.FailBefore, Code: "SERVER_UNAVAILABLE", Message: "busy"},
		"the session has expired":  {Kind: salesforcesim.ExpireSession},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, salesforcesim.Config{})
			in := r.contacts(r.acme.Account, 220)
			fault.Operation, fault.Nth = salesforcesim.OpCreate, 1
			r.sim.Inject(fault)
			l := r.start()
			defer l.end()
			req := l.waitEnd(l.approve(r.terms(), in).ID)
			if got := l.results(req); got[provisioning.StatusCreated] != 220 {
				t.Errorf("results %v", got)
			}
			if got := r.usersPerContact(in); got[1] != 220 {
				t.Errorf("users per contact %v", got)
			}
			if n := r.sim.MailCount(salesforcesim.MailNewUser); n != 220 {
				t.Errorf("%d mails requested", n)
			}
		})
	}
}

func TestStopLetsTheCallInFlightEndAndCountsTheRest(t *testing.T) {
	r := newRig(t, salesforcesim.Config{})
	in := r.contacts(r.acme.Account, 600)
	r.opts.Parallel = 1
	release := make(chan struct{})
	inCall := r.sim.Inject(salesforcesim.Fault{Operation: salesforcesim.OpCreate, Nth: 1, Kind: salesforcesim.Slow, Release: release})
	l := r.start()
	defer l.end()
	id := l.approve(r.terms(), in).ID
	<-inCall.Fired()
	if _, err := l.service.Stop(t.Context(), id, "U0ANN"); err != nil {
		t.Fatal(err)
	}
	close(release)
	req := l.waitEnd(id)
	want := map[provisioning.Status]int{provisioning.StatusCreated: 200, provisioning.StatusNotStarted: 400}
	if req.State != provisioning.StateStopped || !maps.Equal(req.Progress.Counts, want) || !maps.Equal(l.results(req), want) {
		t.Errorf("state %s, counts %v, want %v", req.State, req.Progress.Counts, want)
	}
}

func TestStopSwitchPausesAndResumes(t *testing.T) {
	r := newRig(t, salesforcesim.Config{})
	l := r.start()
	defer l.end()
	if err := l.service.Switch(t.Context(), true, "U0ADMIN", "a change in the org"); err != nil {
		t.Fatal(err)
	}
	id := l.approve(r.terms(), r.contacts(r.acme.Account, 5)).ID
	req := l.wait(id, func(q provisioning.Request) bool { return q.State == provisioning.StatePaused })
	if req.Hold.Code != provisioning.HoldSwitch || r.sim.Count(salesforcesim.OpCreate) != 0 {
		t.Errorf("hold %+v with %d creates", req.Hold, r.sim.Count(salesforcesim.OpCreate))
	}
	if err := l.service.Switch(t.Context(), false, "U0ADMIN", ""); err != nil {
		t.Fatal(err)
	}
	if req = l.waitEnd(id); req.State != provisioning.StateDone {
		t.Errorf("state %s", req.State)
	}
}

func TestDriftedRowIsHeldAndNotRun(t *testing.T) {
	r := newRig(t, salesforcesim.Config{})
	in := r.contacts(r.acme.Account, 3)
	other := r.sim.AddAccount(salesforcesim.Fields{"Name": "Elsewhere", "OwnerId": r.acme.Owner})
	l := r.start()
	defer l.end()
	ctx := t.Context()
	p, err := l.service.Propose(ctx, r.terms(), in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.service.Send(ctx, p.Request.ID, "U0ANN"); err != nil {
		t.Fatal(err)
	}
	r.sim.Edit(in.Rows[1].Cells[0], salesforcesim.Fields{"AccountId": other})
	if _, err := l.service.Approve(ctx, p.Request.ID, p.Request.Plan.Digest, "U0BOB"); err != nil {
		t.Fatal(err)
	}
	req := l.waitEnd(p.Request.ID)
	want := map[provisioning.Status]int{provisioning.StatusCreated: 2, provisioning.StatusHeld: 1}
	if got := l.results(req); !maps.Equal(got, want) {
		t.Errorf("results %v, want %v", got, want)
	}
	if n := len(r.sim.UsersByContact(in.Rows[1].Cells[0])); n != 0 {
		t.Errorf("the moved contact has %d users", n)
	}
}

func TestFullLicenceStopsTheProfilesOtherRows(t *testing.T) {
	r := newRig(t, salesforcesim.Config{})
	r.opts.Parallel = 1
	in := r.contacts(r.acme.Account, 450)
	r.sim.Inject(salesforcesim.Fault{Operation: salesforcesim.OpCreate, Nth: 1, Kind: salesforcesim.Slow, Delay: time.Millisecond})
	l := r.start()
	defer l.end()
	ctx := t.Context()
	p, err := l.service.Propose(ctx, r.terms(), in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.service.Send(ctx, p.Request.ID, "U0ANN"); err != nil {
		t.Fatal(err)
	}
	r.sim.Edit(r.acme.CustomerLicense, salesforcesim.Fields{"TotalLicenses": "150"}) // someone else took the seats
	if _, err := l.service.Approve(ctx, p.Request.ID, p.Request.Plan.Digest, "U0BOB"); err != nil {
		t.Fatal(err)
	}
	req := l.waitEnd(p.Request.ID)
	got := l.results(req)
	if got[provisioning.StatusCreated] != 150 || got[provisioning.StatusFailed] != 50 || got[provisioning.StatusNotStarted] != 250 {
		t.Errorf("results %v", got)
	}
	if n := r.sim.Count(salesforcesim.OpCreate); n != 1 {
		t.Errorf("%d create calls, want 1", n)
	}
	groups, err := l.service.Failures(ctx, req)
	if err != nil || len(groups) != 2 || groups[0].Fix == "" || groups[1].Code != "LICENSE_LIMIT_EXCEEDED" {
		t.Errorf("failures %+v, %v", groups, err)
	}
}
