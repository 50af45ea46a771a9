package salesforce_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

func TestContactsAreCountedByAccountAndDomain(t *testing.T) {
	s := newStage(t, salesforcesim.Config{})
	for i := range 7 {
		s.AddContact(salesforcesim.Fields{"LastName": "A", "Email": fmt.Sprintf("p%d@Acme.Example", i), "AccountId": s.acme.Account})
	}
	for i := range 3 {
		s.AddContact(salesforcesim.Fields{"LastName": "B", "Email": fmt.Sprintf("p%d@sub.acme.example", i), "AccountId": s.acme.Account})
		s.AddContact(salesforcesim.Fields{"LastName": "C", "Email": fmt.Sprintf("p%d@orphan.example", i), "AccountId": s.acme.Orphan})
	}
	s.AddContact(salesforcesim.Fields{"LastName": "Without", "AccountId": s.acme.Account})
	s.ForgetTraffic()
	counts, err := s.c.ContactDomains(context.Background(), []provisioning.AccountDomain{
		{AccountID: s.acme.Account, Domain: "acme.example"},
		{AccountID: s.acme.Orphan, Domain: "acme.example"},
		{AccountID: "no id", Domain: "acme.example"},
		{AccountID: s.acme.Owner, Domain: "100%.example"},
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(counts, func(a, b provisioning.DomainCount) int { return cmp.Compare(b.Contacts, a.Contacts) })
	want := []provisioning.DomainCount{
		{AccountDomain: provisioning.AccountDomain{AccountID: s.acme.Account, Domain: "acme.example"}, Contacts: 10, Same: 7},
		{AccountDomain: provisioning.AccountDomain{AccountID: s.acme.Orphan, Domain: "acme.example"}, Contacts: 3},
	}
	if !slices.Equal(counts, want) {
		t.Errorf("got %+v", counts)
	}
	if n := s.Count(salesforcesim.OpQuery); n != 2 {
		t.Errorf("%d queries, want 2", n)
	}
}

func TestManyDomainsAreCountedInBoundedQueries(t *testing.T) {
	s := newStage(t, salesforcesim.Config{})
	crowd := s.AddCrowd(salesforcesim.Crowd{Accounts: 120, Contacts: 240, Owner: s.acme.Owner, Profile: s.acme.CustomerProfile})
	pairs := make([]provisioning.AccountDomain, len(crowd.Accounts))
	for i, a := range crowd.Accounts {
		pairs[i] = provisioning.AccountDomain{AccountID: a, Domain: fmt.Sprintf("d%d.example", i)}
	}
	pairs[70].Domain = "example.com"
	s.ForgetTraffic()
	counts, err := s.c.ContactDomains(context.Background(), pairs)
	if err != nil || len(counts) != 120 {
		t.Fatalf("%d counts, %v", len(counts), err)
	}
	for _, n := range counts {
		if want := map[bool]int{true: 2}[n.Domain == "example.com"]; n.Contacts != 2 || n.Same != want {
			t.Errorf("%+v", n)
		}
	}
	if n := s.Count(salesforcesim.OpQuery); n != 4 {
		t.Errorf("%d queries, want one for the totals and three for 120 domains", n)
	}
	if none, err := s.c.ContactDomains(context.Background(), nil); err != nil || len(none) != 0 {
		t.Errorf("%v, %v", none, err)
	}
}
