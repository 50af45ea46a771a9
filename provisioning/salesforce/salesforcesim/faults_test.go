package salesforcesim_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portalbot/provisioning/salesforce/salesforcesim"
)

// try sends a create of one user and returns the answer, or the error of a connection that was cut.
func (c *client) try(name, contact string) (answer, error) {
	r := c.request(http.MethodPost, "/services/Soap/u/66.0",
		c.envelope("", "<urn:create>"+sobject("User", "", user(c.acme.CustomerProfile, contact, name))+"</urn:create>"))
	r.Header.Set("Content-Type", "text/xml")
	r.Header.Set("SOAPAction", `""`)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	var b strings.Builder
	if _, err := fmt.Fprint(&b, res.Status); err != nil {
		return answer{}, err
	}
	return answer{status: res.StatusCode, header: res.Header, body: b.String()}, nil
}

func TestFaultsBeforeAndAfterTheEffect(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	for _, tt := range []struct {
		name    string
		fault   salesforcesim.Fault
		status  int // 0: the connection is cut
		applied bool
	}{
		{"Cut", salesforcesim.Fault{Kind: salesforcesim.FailBefore}, 0, false},
		{"Gateway", salesforcesim.Fault{Kind: salesforcesim.FailBefore, Status: 502, Body: "<html>"}, 502, false},
		{"Code", salesforcesim.Fault{Kind: salesforcesim.FailBefore, Code: "SERVER_UNAVAILABLE", Message: "busy"}, 500, false},
		{"Later", salesforcesim.Fault{Kind: salesforcesim.RetryAfter, Delay: 7 * time.Second}, 503, false},
		{"Lost", salesforcesim.Fault{Kind: salesforcesim.LoseAnswer}, 0, true},
		{"Slow", salesforcesim.Fault{Kind: salesforcesim.Slow, Delay: time.Millisecond}, 200, true},
		{"Expired", salesforcesim.Fault{Kind: salesforcesim.ExpireSession}, 500, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.t = t
			c.token = c.org.Token(c.acme.Integration)
			contact := c.contact(c.acme.Account, tt.name)
			tt.fault.Operation, tt.fault.Object, tt.fault.Nth = salesforcesim.OpCreate, "User", 1
			fault := c.org.Inject(tt.fault)
			defer fault.Remove()
			a, err := c.try(tt.name, contact)
			if (err != nil) != (tt.status == 0) || a.status != tt.status {
				t.Errorf("answer %+v, error %v, want the status %d", a, err, tt.status)
			}
			if tt.name == "Later" && a.header.Get("Retry-After") != "7" {
				t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
			}
			if got := len(c.org.UsersByContact(contact)); (got == 1) != tt.applied {
				t.Errorf("%d users", got)
			}
			ops := c.org.Operations()
			if last := ops[len(ops)-1]; last.Number != len(ops) || last.Applied != tt.applied || last.Status != tt.status || fault.Hits() != 1 {
				t.Errorf("log %+v, %d hits", last, fault.Hits())
			}
			// The fault is spent.
			c.token = c.org.Token(c.acme.Integration)
			if a, err := c.try(tt.name+"2", c.contact(c.acme.Account, tt.name+"2")); err != nil || a.status != 200 {
				t.Errorf("after the fault: %+v %v", a, err)
			}
		})
	}
}

func TestTheOrgGoesOnWorkingWhenTheClientIsGone(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	contact := c.contact(c.acme.Account, "Late")
	release, done := make(chan struct{}), make(chan struct{})
	c.org.OnOperation(func(phase salesforcesim.Phase, op salesforcesim.Op) {
		if phase == salesforcesim.After && op.Name == salesforcesim.OpCreate {
			close(done)
		}
	})
	c.org.Inject(salesforcesim.Fault{Operation: salesforcesim.OpCreate, Kind: salesforcesim.StillWorking, Release: release})
	if _, err := c.try("Late", contact); err == nil {
		t.Fatal("the client got an answer")
	}
	if n := len(c.org.UsersByContact(contact)); n != 0 || c.org.InFlight() != 1 {
		t.Errorf("%d users, %d in flight while it is still working", n, c.org.InFlight())
	}
	close(release)
	<-done
	if n := len(c.org.UsersByContact(contact)); n != 1 {
		t.Errorf("%d users in the end", n)
	}
}

func TestHangingCallsEndWithTheirClientOrTheOrg(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	fault := c.org.Inject(salesforcesim.Fault{Kind: salesforcesim.Hang})
	var wait sync.WaitGroup
	wait.Go(func() {
		if _, err := c.try("Hung", c.contact(c.acme.Account, "Hung")); err == nil {
			t.Error("a hanging call was answered")
		}
	})
	<-fault.Fired()
	c.org.Close()
	wait.Wait()
	if n := c.org.Len("User"); n != 4 {
		t.Errorf("%d users, want the seeded 4", n)
	}
}

func TestOperationsAreNumberedFromAnUndisturbedRun(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	run := func() []salesforcesim.Op {
		c.restQuery("SELECT Id FROM Contact")
		_, _ = c.try("Numb", c.contact(c.acme.Account, "Numb"))
		c.rest(http.MethodGet, "/sobjects/User/describe", "")
		return c.org.Operations()
	}
	var names []string
	for _, op := range run() {
		names = append(names, fmt.Sprintf("%d %s %s %s %d", op.Number, op.Protocol, op.Name, op.Object, op.Records))
	}
	want := "1 rest query Contact 0\n2 soap create User 1\n3 rest describe User 0"
	if got := strings.Join(names, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	c.org.ForgetTraffic()
	c.org.Inject(salesforcesim.Fault{Number: 2, Kind: salesforcesim.FailBefore, Status: 500})
	if ops := run(); ops[1].Status != 500 || ops[0].Status != 200 || ops[2].Status != 200 {
		t.Errorf("%+v", ops)
	}
}

func TestRoleMakingCallsLockEachOtherOut(t *testing.T) {
	c := newClient(t, salesforcesim.Config{LockWait: -1})
	release := make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	defer letGo()
	second := c.org.AddAccount(salesforcesim.Fields{"Name": "Second", "OwnerId": c.acme.Owner, "IsPartner": "true"})
	third := c.org.AddAccount(salesforcesim.Fields{"Name": "Third", "OwnerId": c.acme.Owner, "IsPartner": "true"})
	// The first user of the owner makes the shared role, the second of an account makes the account's roles: both take the lock.
	c.wantSaved(c.create("User", user(c.acme.PartnerProfile, c.contact(second, "Base"), "Base"))[0])
	c.wantSaved(c.create("User", user(c.acme.PartnerProfile, c.contact(third, "Other"), "Other"))[0])
	holding := make(chan struct{})
	var held atomic.Bool
	c.org.OnOperation(func(phase salesforcesim.Phase, _ salesforcesim.Op) {
		if phase == salesforcesim.After && held.CompareAndSwap(false, true) {
			close(holding)
			<-release
		}
	})
	var wait sync.WaitGroup
	contactA, contactB, contactH := c.contact(second, "HolderA"), c.contact(third, "LoserB"), c.contact(third, "HighC")
	wait.Go(func() {
		c.wantSaved(c.create("User", user(c.acme.PartnerProfile, contactA, "HolderA"))[0])
	})
	<-holding
	c.wantCode(c.create("User", user(c.acme.PartnerProfile, contactB, "LoserB"))[0], "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
	c.wantSaved(c.create("User", user(c.acme.CustomerProfile, contactH, "HighC"))[0])
	letGo()
	wait.Wait()
	c.wantSaved(c.create("User", user(c.acme.PartnerProfile, contactB, "LoserB"))[0])
}

func TestLimitsAndMaintenanceRefuseCalls(t *testing.T) {
	c := newClient(t, salesforcesim.Config{DailyRequests: 10})
	c.org.SetUsedRequests(9)
	if a := c.soap("", "<urn:getUserInfo/>"); a.status != http.StatusOK {
		t.Fatal(a.body)
	}
	c.wantFault(c.soap("", "<urn:getUserInfo/>"), "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
	c.wantRefused(c.restQuery("SELECT Id FROM User"), http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
	c.org.SetUsedRequests(0)
	c.org.SetMaintenance(true)
	c.wantFault(c.soap("", "<urn:create>"+sobject("Contact", "", record{"LastName", "A"})+"</urn:create>"),
		"INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", "maintenance")
	if a := c.restQuery("SELECT Id FROM User"); a.status != http.StatusOK {
		t.Errorf("reads go on: %d %s", a.status, a.body)
	}
	c.org.SetMaintenance(false)
	if a := c.soap("", "<urn:create>"+sobject("Contact", "", record{"LastName", "A"})+"</urn:create>"); a.status != http.StatusOK {
		t.Error(a.body)
	}
}

func TestConcurrentRequestsAreBounded(t *testing.T) {
	c := newClient(t, salesforcesim.Config{MaxConcurrent: 1})
	release, inside := make(chan struct{}), make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	defer letGo()
	var held atomic.Bool
	c.org.OnOperation(func(salesforcesim.Phase, salesforcesim.Op) {
		if held.CompareAndSwap(false, true) {
			close(inside)
			<-release
		}
	})
	var wait sync.WaitGroup
	wait.Go(func() { c.restQuery("SELECT Id FROM User") })
	<-inside
	c.wantRefused(c.restQuery("SELECT Id FROM User"), http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
	letGo()
	wait.Wait()
	if c.org.MaxInFlight() != 2 {
		t.Errorf("%d in flight at most, want 2", c.org.MaxInFlight())
	}
}
