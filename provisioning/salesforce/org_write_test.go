package salesforce_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

func TestCreatedUsersHaveTheirMailsAndErrors(t *testing.T) {
	s := newStage(t, salesforcesim.Config{})
	ctx := context.Background()
	a, b, taken := s.contact("a@x.example"), s.contact("b@x.example"), s.contact("c@x.example")
	s.AddUser(salesforcesim.Fields{"Username": "old@x.example", "LastName": "Old", "ContactId": taken, "ProfileId": s.acme.CustomerProfile})
	records := []provisioning.Record{
		s.newUser(a, "a@x.example", provisioning.Field{Name: "FirstName", Value: `O'B <&> "\ 名前`}),
		s.newUser(taken, "c@x.example"),
		s.newUser(b, "OLD@x.example"),
		s.newUser(b, "no-mail-form"),
		s.newUser(b, "b@x.example", provisioning.Field{Name: "LocaleSidKey", Value: "xx_YY"}),
	}
	results, err := s.c.CreateUsers(ctx, records, provisioning.WriteOptions{UserEmail: true})
	if err != nil {
		t.Fatal(err)
	}
	if results[0].Error != nil || s.Record(results[0].ID)["FirstName"] != `O'B <&> "\ 名前` {
		t.Errorf("first: %+v, %v", results[0], s.Record(results[0].ID))
	}
	for i, class := range []provisioning.Class{1: provisioning.ClassExists, 2: provisioning.ClassExists, 3: provisioning.ClassRow, 4: provisioning.ClassRow} {
		if i > 0 && (results[i].Error == nil || results[i].Error.Class != class || results[i].Error.Fix == "") {
			t.Errorf("%d: %+v", i, results[i].Error)
		}
	}
	if n := s.MailCount(salesforcesim.MailNewUser); n != 1 {
		t.Errorf("%d welcome mails", n)
	}
	results, err = s.c.UpdateUsers(ctx, []provisioning.Record{{ID: results[0].ID, Fields: []provisioning.Field{
		{Name: "FirstName", Value: ""}, {Name: "IsActive", Value: "false"},
	}}}, provisioning.WriteOptions{})
	if err != nil || results[0].Error != nil {
		t.Fatalf("%+v, %v", results, err)
	}
	if r := s.Record(results[0].ID); r["FirstName"] != "" || r["IsActive"] != "false" {
		t.Errorf("after the update: %v", r)
	}
	if used := s.c.Usage(); used.Used == 0 || used.Max != 150_000 {
		t.Errorf("usage %+v", used)
	}
}

func TestAllOrNoneLeavesNothingBehind(t *testing.T) {
	s := newStage(t, salesforcesim.Config{})
	results, err := s.c.CreateUsers(context.Background(), []provisioning.Record{
		s.newUser(s.contact("a@x.example"), "a@x.example"), s.newUser(s.contact("b@x.example"), "no-mail-form"),
	}, provisioning.WriteOptions{AllOrNone: true})
	if err != nil || results[0].Error == nil || results[0].Error.Code != "ALL_OR_NONE_OPERATION_ROLLED_BACK" || results[1].Error.Code == results[0].Error.Code {
		t.Errorf("%+v, %v", results, err)
	}
	if n := s.Find("User", "Username", "a@x.example"); len(n) != 0 {
		t.Errorf("user was left behind")
	}
}

func TestCreatedContactsTakeEveryField(t *testing.T) {
	s := newStage(t, salesforcesim.Config{})
	results, err := s.c.CreateContacts(context.Background(), []provisioning.Record{{Fields: []provisioning.Field{
		{Name: "LastName", Value: "Nový"}, {Name: "Email", Value: "n@x.example"}, {Name: "AccountId", Value: s.acme.Account}, {Name: "Phone", Value: ""},
	}}})
	if err != nil || results[0].Error != nil || s.Record(results[0].ID)["LastName"] != "Nový" {
		t.Errorf("%+v, %v", results, err)
	}
	found, err := s.c.Contacts(context.Background(), provisioning.ContactQuery{IDs: []string{results[0].ID}})
	if err != nil || len(found) != 1 || found[0].CreatedByID != s.acme.Integration || time.Since(found[0].CreatedAt) > time.Minute {
		t.Errorf("who created it, and when, is how a lost answer is settled: %+v, %v", found, err)
	}
}

func TestFreezingNamesUsersNotLogins(t *testing.T) {
	s := newStage(t, salesforcesim.Config{})
	ctx := context.Background()
	crowd := s.AddCrowd(salesforcesim.Crowd{Contacts: 3, Users: 3, Owner: s.acme.Owner, Profile: s.acme.CustomerProfile})
	for _, frozen := range []bool{true, true, false} {
		results, err := s.c.SetFrozen(ctx, []string{crowd.Users[1], "005000000000XYZAAA", crowd.Users[0], "junk"}, frozen)
		if err != nil {
			t.Fatal(err)
		}
		if results[0].ID != crowd.Users[1] || results[2].ID != crowd.Users[0] || results[1].Error == nil || results[3].Error == nil {
			t.Errorf("results %+v", results)
		}
		users, err := s.c.Users(ctx, provisioning.UserQuery{IDs: crowd.Users, Frozen: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range users {
			if u.Frozen != (frozen && u.ID != crowd.Users[2]) {
				t.Errorf("frozen=%v: %s is %v", frozen, u.ID, u.Frozen)
			}
		}
	}
	s.Inject(salesforcesim.Fault{Operation: salesforcesim.OpQuery, Kind: salesforcesim.FailBefore})
	_, err := s.c.SetFrozen(ctx, crowd.Users, true)
	if ce := callError(t, err); !ce.Unsent || ce.Class != provisioning.ClassRetry {
		t.Errorf("error when logins cannot be read is %+v", ce)
	}
}

func TestResetMailsTheUser(t *testing.T) {
	s := newStage(t, salesforcesim.Config{})
	crowd := s.AddCrowd(salesforcesim.Crowd{Contacts: 1, Users: 1, Owner: s.acme.Owner, Profile: s.acme.CustomerProfile})
	if err := s.c.ResetPassword(context.Background(), crowd.Users[0]); err != nil {
		t.Fatal(err)
	}
	if n := s.MailCount(salesforcesim.MailPasswordReset); n != 1 {
		t.Errorf("%d mails", n)
	}
	err := s.c.ResetPassword(context.Background(), "005000000000XYZAAA")
	if ce := callError(t, err); ce.Class != provisioning.ClassRow || !ce.Unsent {
		t.Errorf("error for an unknown user is %+v", ce)
	}
}

func TestLostWritesAreToldApart(t *testing.T) {
	for name, tt := range map[string]struct {
		fault  salesforcesim.Fault
		unsent bool
		exists bool
	}{
		"answer lost":            {salesforcesim.Fault{Kind: salesforcesim.LoseAnswer}, false, true},
		"cut before":             {salesforcesim.Fault{Kind: salesforcesim.FailBefore}, false, false},
		"refused by the limit":   {salesforcesim.Fault{Kind: salesforcesim.FailBefore, Code: "REQUEST_LIMIT_EXCEEDED", Message: "ConcurrentRequests (Concurrent API Requests) Limit exceeded."}, true, false},
		"gateway":                {salesforcesim.Fault{Kind: salesforcesim.FailBefore, Status: 502, Body: "<html>"}, false, false},
		"unavailable, and since": {salesforcesim.Fault{Kind: salesforcesim.RetryAfter, Delay: 7 * time.Second}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, salesforcesim.Config{})
			tt.fault.Operation = salesforcesim.OpCreate
			s.Inject(tt.fault)
			contact := s.contact("a@x.example")
			_, err := s.c.CreateUsers(context.Background(), []provisioning.Record{s.newUser(contact, "a@x.example")}, provisioning.WriteOptions{})
			ce := callError(t, err)
			if ce.Unsent != tt.unsent || ce.Class != provisioning.ClassRetry {
				t.Errorf("error is %+v", ce)
			}
			if (tt.fault.Kind == salesforcesim.RetryAfter) != (ce.RetryAfter == 7*time.Second) {
				t.Errorf("retry after %v", ce.RetryAfter)
			}
			if n := len(s.UsersByContact(contact)); (n == 1) != tt.exists || s.Count(salesforcesim.OpCreate) != 1 {
				t.Errorf("%d users, %d creates", n, s.Count(salesforcesim.OpCreate))
			}
		})
	}
}

func TestExpiredSessionsCostOneLogin(t *testing.T) {
	s := newStage(t, salesforcesim.Config{FreshTokens: true})
	ctx := context.Background()
	if _, err := s.c.Licenses(ctx); err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		s.ExpireSessions()
		s.ForgetTraffic()
		var wg sync.WaitGroup
		for i := range 20 {
			contact := s.contact(fmt.Sprintf("u%d-%d@x.example", round, i))
			wg.Go(func() {
				var err error
				if i%2 == 0 {
					_, err = s.c.Licenses(ctx)
				} else {
					var r []provisioning.SaveResult
					r, err = s.c.CreateUsers(ctx, []provisioning.Record{s.newUser(contact, fmt.Sprintf("u%d-%d@x.example", round, i))}, provisioning.WriteOptions{})
					if err == nil && r[0].Error != nil {
						t.Errorf("%+v", r[0].Error)
					}
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := s.Count(salesforcesim.OpToken); n != 1 {
			t.Errorf("%d logins, want 1", n)
		}
	}
}

// 10,000 rows read with contacts and users hold little more than the records themselves.
func TestLargeLookUpIsFrugal(t *testing.T) {
	if testing.Short() {
		t.Skip("builds an org of 10,000")
	}
	s := newStage(t, salesforcesim.Config{PerRequest: 20 * time.Millisecond})
	crowd := s.AddCrowd(salesforcesim.Crowd{Contacts: 10_000, Users: 10_000, Accounts: 200, Owner: s.acme.Owner, Profile: s.acme.CustomerProfile})
	ctx := context.Background()
	if _, err := s.c.Schema(ctx); err != nil {
		t.Fatal(err)
	}
	s.ForgetTraffic()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	contacts, err := s.c.Contacts(ctx, provisioning.ContactQuery{IDs: crowd.Contacts})
	if err != nil {
		t.Fatal(err)
	}
	users, err := s.c.Users(ctx, provisioning.UserQuery{ContactIDs: crowd.Contacts})
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	kept := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d contacts and %d users in %v, %d requests, %d KiB kept", len(contacts), len(users), took, s.Count(salesforcesim.OpQuery), kept>>10)
	if len(contacts) != 10_000 || len(users) != 10_000 || s.Count(salesforcesim.OpQuery) != 10 {
		t.Errorf("%d contacts, %d users, %d queries", len(contacts), len(users), s.Count(salesforcesim.OpQuery))
	}
	if kept > 24<<20 {
		t.Errorf("%d KiB kept", kept>>10)
	}
	runtime.KeepAlive(contacts)
	runtime.KeepAlive(users)
}
