package provisioning_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// mess is a file with everything in it, in any order: people to create, with contacts and without, users who are there already or
// inactive, people who come twice, and rows that mean nobody.
func (r *rig) mess(seed uint64, n int) provisioning.Input {
	rnd := rand.New(rand.NewPCG(seed, 9))
	crowd := r.sim.AddCrowd(salesforcesim.Crowd{
		Name: fmt.Sprintf("Mess%d", seed), Accounts: 3, Contacts: n, Users: n / 3, Owner: r.acme.Owner, Profile: r.acme.CustomerProfile,
	})
	for i, u := range crowd.Users {
		if i%2 == 0 {
			r.sim.Edit(u, salesforcesim.Fields{"IsActive": "false"})
		}
	}
	in := provisioning.Input{}
	in.Columns, _ = provisioning.MatchColumns([]string{"ContactId", "Email", "AccountId", "LastName"}, provisioning.VerbAdd, r.portal)
	for i := range n {
		cells := []string{crowd.Contacts[rnd.IntN(n)], "", "", ""} // some twice
		switch rnd.IntN(6) {
		case 0:
			cells = []string{"", fmt.Sprintf("new%d.%d@acme.example", seed, i), crowd.Accounts[rnd.IntN(3)], "New"}
		case 1:
			cells = []string{"", fmt.Sprintf("new%d.%d@acme.example", seed, i), "", ""}
		case 2:
			cells = []string{"", "", "", ""}
		}
		in.Rows = append(in.Rows, provisioning.InputRow{Number: i + 1, Line: 2*i + 2, Cells: cells})
	}
	return in
}

func TestEveryInputRowIsOnceInPlanAndResultsInOrder(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := newRig(t, salesforcesim.Config{})
			r.portal.CreateContacts = true
			in := r.mess(seed, 60)
			terms := r.terms()
			terms.CreateContacts = true
			l := r.start()
			defer l.end()

			d := mustPlan(t, l.org, r.portal, terms, in)
			p, err := l.service.Propose(t.Context(), terms, in)
			if err != nil {
				t.Fatal(err)
			}
			if p.Request.Plan.Digest != d.Digest {
				t.Error("the same file planned twice has two digests: an unchanged plan must keep its approval")
			}
			planned := map[int]provisioning.Action{}
			number := 0
			for row, err := range l.service.PlanRows(t.Context(), p.Request) {
				if err != nil {
					t.Fatal(err)
				}
				if number++; row.Number != number || row.Line != 2*number {
					t.Errorf("row %d, line %d stands at %d", row.Number, row.Line, number)
				}
				planned[row.Number] = row.Action
			}
			if number != len(in.Rows) {
				t.Errorf("%d of %d rows are planned", number, len(in.Rows))
			}
			if a := p.Summary.Actions; a[provisioning.ActionCreate] == 0 || a[provisioning.ActionReactivate] == 0 || a[provisioning.ActionSkip] == 0 || a[provisioning.ActionInvalid] == 0 {
				t.Fatalf("the file has too little in it: %v", a)
			}

			if _, err := l.service.Send(t.Context(), p.Request.ID, terms.Requester); err != nil {
				t.Fatal(err)
			}
			if _, err := l.service.Approve(t.Context(), p.Request.ID, p.Request.Plan.Digest, "U0BOB"); err != nil {
				t.Fatal(err)
			}
			end := l.waitEnd(p.Request.ID)
			number = 0
			for res, err := range l.service.Results(t.Context(), end) {
				if err != nil {
					t.Fatal(err)
				}
				if number++; res.Row.Number != number {
					t.Errorf("the result of row %d stands at %d", res.Row.Number, number)
				}
				want := planned[res.Row.Number].Done()
				switch planned[res.Row.Number] {
				case provisioning.ActionSkip:
					want = provisioning.StatusSkipped
				case provisioning.ActionInvalid:
					want = provisioning.StatusFailed
				}
				if res.Status != want {
					t.Errorf("row %d was to %s and is %s: %s", res.Row.Number, planned[res.Row.Number], res.Status, res.Text)
				}
				if len(res.Row.NewContact) == 0 || res.Status != provisioning.StatusCreated {
					continue
				}
				u := r.sim.Record(res.UserID)
				if c := r.sim.Record(u["ContactId"]); c["LastName"] != "New" || c["Email"] != res.Row.Email || c["AccountId"] != res.Row.AccountID {
					t.Errorf("row %d made the contact %v for the user %v", res.Row.Number, c, u)
				}
			}
			if number != len(in.Rows) {
				t.Errorf("%d of %d rows have a result", number, len(in.Rows))
			}
		})
	}
}
