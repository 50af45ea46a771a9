package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/store"
)

// noon is the time of everything in these tests that has no time of its own.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// open opens a store in a new folder and closes it when the test ends.
func open(t testing.TB) *store.Store {
	t.Helper()
	return openFile(t, filepath.Join(t.TempDir(), "portalbot.db"), store.Options{})
}

func openFile(t testing.TB, path string, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, s.Close()) })
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantErr fails unless err is what was expected.
func wantErr(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

// commit saves one change and returns the request as written.
func commit(t testing.TB, s *store.Store, c provisioning.Commit) provisioning.Request {
	t.Helper()
	r, err := s.Commit(t.Context(), c)
	check(t, err)
	return r
}

// newRequest is a request as the first save of it has it.
func newRequest(id string) provisioning.Request {
	return provisioning.Request{
		ID:        id,
		State:     provisioning.StatePlanning,
		Terms:     provisioning.Terms{Origin: "view/" + id, Verb: provisioning.VerbAdd, Portal: "customer", Requester: "U0REQUESTER"},
		CreatedAt: noon,
	}
}

// planRows are rows of a plan in execution order whose input order is the reverse.
func planRows(from, n, total int) []provisioning.PlanRow {
	rows := make([]provisioning.PlanRow, n)
	for i := range rows {
		rows[i] = planRow(from+i, total-from-i)
	}
	return rows
}

// planRow is a row as long and as varied as one of a real plan.
func planRow(pos, number int) provisioning.PlanRow {
	email := fmt.Sprintf("person%d@customer%d.example.com", number*7919%100_003, pos/50)
	contact := fmt.Sprintf("0035g00%08dAAQ", number*104729%99_999_989)
	account := fmt.Sprintf("0015g00%08dAAE", pos/50*7919)
	first, last := fmt.Sprintf("First%d", number*31%9973), fmt.Sprintf("Last%d", number*17%99_991)
	const profile = "00e5g000003XyzAAAU"
	return provisioning.PlanRow{
		Pos:         pos,
		Number:      number,
		Line:        number + 1,
		Action:      provisioning.ActionCreate,
		Username:    email,
		Email:       email,
		ContactID:   contact,
		AccountID:   account,
		AccountName: fmt.Sprintf("Customer %d Incorporated", pos/50),
		ProfileID:   profile,
		LicenseKey:  "PID_Customer_Community_Login",
		Fields: []provisioning.Field{
			{Name: "Alias", Value: "last" + fmt.Sprint(number%1000)},
			{Name: "CommunityNickname", Value: "person" + fmt.Sprint(number)},
			{Name: "ContactId", Value: contact},
			{Name: "Email", Value: email},
			{Name: "EmailEncodingKey", Value: "UTF-8"},
			{Name: "FirstName", Value: first},
			{Name: "LanguageLocaleKey", Value: "en_US"},
			{Name: "LastName", Value: last},
			{Name: "LocaleSidKey", Value: "en_US"},
			{Name: "ProfileId", Value: profile},
			{Name: "TimeZoneSidKey", Value: "America/Los_Angeles"},
			{Name: "Username", Value: email},
		},
		Before:         []provisioning.Field{{Name: "AccountId", Value: account}, {Name: "Email", Value: email}},
		PermissionSets: []provisioning.Ref{{ID: "0PS5g000003XyzAAAU", Name: "Portal_Reports"}},
		Cells:          []string{contact, first, last, email, "Customer Community User", "en_US", "America/Los_Angeles", ""},
	}
}

// putPlan saves a whole plan in batches.
func putPlan(t testing.TB, s *store.Store, planID string, total, batch int) {
	t.Helper()
	for from := 0; from < total; from += batch {
		check(t, s.PutPlanRows(t.Context(), planID, planRows(from, min(batch, total-from), total)))
	}
}

// publish saves a change that names the plan.
func publish(t testing.TB, s *store.Store, r provisioning.Request, planID string, rows int) provisioning.Request {
	t.Helper()
	r.Plan = provisioning.Plan{ID: planID, Summary: provisioning.PlanSummary{Rows: rows}}
	return commit(t, s, provisioning.Commit{Request: r})
}
