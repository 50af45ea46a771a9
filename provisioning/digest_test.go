package provisioning_test

import (
	"slices"
	"testing"

	"portalbot/provisioning"
)

func TestDigestIsStable(t *testing.T) {
	org, in := mixedFile(3, 200)
	want := mustPlan(t, org, newPortal(), addTerms, in).Digest
	if len(want) != 64 {
		t.Fatalf("digest %q", want)
	}
	t.Run("same file again", func(t *testing.T) {
		if got := mustPlan(t, org, newPortal(), addTerms, in).Digest; got != want {
			t.Error("differs")
		}
	})
	t.Run("other column order, spelling and an unused column", func(t *testing.T) {
		other := provisioning.Input{}
		var problems []provisioning.Problem
		other.Columns, problems = provisioning.MatchColumns([]string{"Locale", "user name", "Last Login Date", "E-MAIL", "contact_id"}, provisioning.VerbAdd, newPortal())
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		for _, r := range in.Rows {
			cell := func(i int) string {
				if i < len(r.Cells) {
					return r.Cells[i] + "\u00a0 "
				}
				return ""
			}
			other.Rows = append(other.Rows, provisioning.InputRow{Number: r.Number, Line: r.Line + 3, Cells: []string{cell(3), cell(2), "x", cell(1), cell(0)}})
		}
		if got := mustPlan(t, org, newPortal(), addTerms, other).Digest; got != want {
			t.Error("differs")
		}
	})
	t.Run("seats move", func(t *testing.T) {
		org.licenses[0].Used += 5
		if got := mustPlan(t, org, newPortal(), addTerms, in).Digest; got != want {
			t.Error("differs")
		}
	})
	t.Run("engine computes it from stored rows", func(t *testing.T) {
		d := mustPlan(t, org, newPortal(), addTerms, in)
		g := provisioning.NewDigester(addTerms)
		for r := range d.Rows() {
			g.Add(r)
		}
		if g.Sum() != want {
			t.Error("differs")
		}
	})
}

func TestDigestCoversWhatIsApproved(t *testing.T) {
	terms := addTerms
	row := provisioning.PlanRow{
		Number: 1, Action: provisioning.ActionCreate, ContactID: recordID("003", 1), UserID: "", Username: "a@b.example",
		Fields: []provisioning.Field{{Name: "Email", Value: "a@b.example"}, {Name: "LastName", Value: "A"}}, NewContact: []provisioning.Field{{Name: "LastName", Value: "A"}},
		PermissionSets: []provisioning.Ref{{ID: "0PS1"}}, Groups: []provisioning.Ref{{ID: "00G1"}},
	}
	sum := func(terms provisioning.Terms, rows ...provisioning.PlanRow) string {
		d := provisioning.NewDigester(terms)
		for _, r := range rows {
			d.Add(r)
		}
		return d.Sum()
	}
	want := sum(terms, row)
	changes := map[string]func(*provisioning.Terms, *provisioning.PlanRow){
		"verb":           func(t *provisioning.Terms, _ *provisioning.PlanRow) { t.Verb = provisioning.VerbEnable },
		"portal":         func(t *provisioning.Terms, _ *provisioning.PlanRow) { t.Portal = "partner" },
		"mail":           func(t *provisioning.Terms, _ *provisioning.PlanRow) { t.Mail = provisioning.MailNone },
		"all or none":    func(t *provisioning.Terms, _ *provisioning.PlanRow) { t.AllOrNone = true },
		"number":         func(_ *provisioning.Terms, r *provisioning.PlanRow) { r.Number = 2 },
		"action":         func(_ *provisioning.Terms, r *provisioning.PlanRow) { r.Action = provisioning.ActionReactivate },
		"user":           func(_ *provisioning.Terms, r *provisioning.PlanRow) { r.UserID = recordID("005", 9) },
		"contact":        func(_ *provisioning.Terms, r *provisioning.PlanRow) { r.ContactID = recordID("003", 9) },
		"value":          func(_ *provisioning.Terms, r *provisioning.PlanRow) { r.Fields[1].Value = "B" },
		"field":          func(_ *provisioning.Terms, r *provisioning.PlanRow) { r.Fields = r.Fields[:1] },
		"new contact":    func(_ *provisioning.Terms, r *provisioning.PlanRow) { r.NewContact = nil },
		"permission set": func(_ *provisioning.Terms, r *provisioning.PlanRow) { r.PermissionSets = nil },
		"group":          func(_ *provisioning.Terms, r *provisioning.PlanRow) { r.Groups[0].ID = "00G2" },
		"where a value ends": func(_ *provisioning.Terms, r *provisioning.PlanRow) {
			r.Fields[0].Value, r.Fields[1].Name = "a@b.exampleL", "astName"
		},
	}
	for name, change := range changes {
		tt, r := terms, row
		r.Fields, r.Groups = slices.Clone(row.Fields), slices.Clone(row.Groups)
		change(&tt, &r)
		if sum(tt, r) == want {
			t.Errorf("%s is not covered", name)
		}
	}
	if sum(terms, row, row) == want {
		t.Error("a further row is not covered")
	}
	same := row
	same.Fields = []provisioning.Field{row.Fields[1], row.Fields[0]}
	same.Warnings, same.Cells, same.Reason.Text, same.AccountName, same.Line = []string{"X"}, []string{"x"}, "text", "name", 9
	if sum(terms, same) != want {
		t.Error("order of fields, warnings, cells, sentences and names must not matter")
	}
}
