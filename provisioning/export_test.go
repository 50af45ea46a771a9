package provisioning_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

func TestExportFindsTheAccountAndIsAudited(t *testing.T) {
	t.Parallel()
	r := newRig(t, salesforcesim.Config{})
	l := r.start()
	defer l.end()
	ctx := t.Context()
	l.run(l.service.Propose(ctx, r.terms(), r.contacts(r.acme.Account, 3)))
	for _, key := range []string{
		"Acme Corporation", " acme corporation ", r.acme.Account, r.acme.Account[:15],
		"https://acme.lightning.force.com/lightning/r/Account/" + r.acme.Account + "/view",
	} {
		found, err := l.service.FindAccounts(ctx, key)
		if err != nil || len(found) != 1 || found[0].ID != r.acme.Account {
			t.Errorf("%q: %+v %v", key, found, err)
		}
	}
	r.sim.AddAccount(salesforcesim.Fields{"Name": "Acme Corporation", "OwnerId": r.acme.Owner})
	if found, err := l.service.FindAccounts(ctx, "Acme Corporation"); err != nil || len(found) != 2 {
		t.Errorf("two of one name: %+v %v", found, err)
	}
	if found, err := l.service.FindAccounts(ctx, "Acme Corp"); err != nil || len(found) != 0 {
		t.Errorf("part of a name: %+v %v", found, err)
	}

	users, err := l.service.Export(ctx, provisioning.Account{ID: r.acme.Account}, "U0ANN")
	if err != nil || len(users) != 3 || users[0].LastName != "Doe1" || users[2].Profile != "Customer Community User" {
		t.Errorf("%+v %v", users, err)
	}
	none, err := l.service.Export(ctx, provisioning.Account{ID: r.acme.Orphan}, "U0ANN")
	if err != nil || len(none) != 0 {
		t.Errorf("%+v %v", none, err)
	}
	var exported []string
	for line, err := range l.store.Audit(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		var e provisioning.AuditEvent
		if err := json.Unmarshal(line.Event, &e); err != nil {
			t.Fatal(err)
		}
		if e.Event == "exported" {
			exported = append(exported, e.Person, e.Detail["account"], e.Detail["users"])
		}
		if strings.Contains(string(line.Event), "acme.example") {
			t.Errorf("an address in the audit trail: %s", line.Event)
		}
	}
	if !slices.Equal(exported, []string{"U0ANN", r.acme.Account, "3"}) {
		t.Errorf("audited: %q", exported)
	}
}
