package provisioning_test

import (
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"portalbot/provisioning"
)

var update = flag.Bool("update", false, "write what the plan cases give into them")

// TestPlanCases plans the cases of testdata/plan. A case is a txtar archive: "request" sets terms and portal, "org" adds records to
// newOrg, "input.csv" is the file, "plan" is what must come out. Names in braces stand for record ids: {C1} is a contact, {A1} an
// account, {U1} a user, {R1} a role, {P1} to {P4} the profiles of newOrg. Run with -update to write the plans anew.
func TestPlanCases(t *testing.T) {
	files, err := filepath.Glob("testdata/plan/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := readCase(t, a)
			got := c.plan(t)
			want := c.parts["plan"]
			if got == want {
				return
			}
			if !*update {
				t.Fatalf("got:\n%s\nwant:\n%s", got, want)
			}
			for i := range a.Files {
				if a.Files[i].Name == "plan" {
					a.Files[i].Data = []byte(got)
				}
			}
			if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
				t.Fatal(err)
			}
		})
	}
}

type planCase struct {
	parts  map[string]string
	org    *memOrg
	portal provisioning.Portal
	terms  provisioning.Terms
}

func readCase(t *testing.T, a *txtar.Archive) *planCase {
	t.Helper()
	c := &planCase{parts: map[string]string{}, org: newOrg(), portal: newPortal()}
	for _, f := range a.Files {
		c.parts[f.Name] = string(f.Data)
	}
	c.terms = provisioning.Terms{Verb: provisioning.VerbAdd, Portal: "customer", Mail: provisioning.MailHeader}
	for line := range strings.Lines(c.parts["request"]) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		c.set(t, key, value)
	}
	for line := range strings.Lines(c.parts["org"]) {
		if line = strings.TrimSpace(line); line != "" {
			c.record(t, line)
		}
	}
	return c
}

func (c *planCase) set(t *testing.T, key, value string) {
	t.Helper()
	n, _ := strconv.Atoi(value)
	switch key {
	case "":
	case "verb":
		c.terms.Verb = provisioning.Verb(value)
	case "method":
		c.terms.Method = provisioning.Method(value)
	case "all-or-none":
		c.terms.AllOrNone = true
	case "create-contacts":
		c.terms.CreateContacts, c.portal.CreateContacts = true, true
	case "reactivate":
		c.portal.Reactivate = true
	case "profile":
		c.portal.Profile = value
	case "tail":
		c.portal.UsernameTail = value
	case "timezone":
		c.portal.TimeZone = value
	case "currency":
		c.portal.Currency, c.org.schema.HasCurrency = value, true
	case "protect-user":
		c.portal.ProtectedUsers = append(c.portal.ProtectedUsers, ids(value))
	case "protect-account":
		c.portal.ProtectedAccounts = append(c.portal.ProtectedAccounts, ids(value)[:15])
	case "blast-users":
		c.portal.BlastUsers = n
	case "blast-percent":
		c.portal.BlastPercent = n
	case "contact-needs":
		c.org.contact[strings.ToLower(value)] = provisioning.FieldInfo{Name: value, Label: "Region", Createable: true, Custom: true, Required: true}
	case "user-needs":
		c.org.schema.User[strings.ToLower(value)] = provisioning.FieldInfo{Name: value, Label: "Region", Createable: true, Custom: true, Required: true}
	case "domains-fail":
		c.org.fail = map[string]error{"ContactDomains": &provisioning.CallError{Op: "count", Code: "QUERY_TIMEOUT"}}
	case "bot-without-role":
		c.org.users[0].RoleID = ""
	default:
		t.Fatalf("request: %q", key)
	}
}

var prefixes = map[byte]string{'A': "001", 'C': "003", 'U': "005", 'R': "00E", 'P': "00e"}

// numbers of named records, so that {U1} is not the bot.
const firstNumber = 100

// ids replaces names in braces with record ids.
func ids(s string) string {
	for letter, prefix := range prefixes {
		for n := 1; n < 30; n++ {
			name := fmt.Sprintf("{%c%d}", letter, n)
			if strings.Contains(s, name) {
				s = strings.ReplaceAll(s, name, numbered(letter, prefix, n))
			}
		}
	}
	return s
}

func numbered(letter byte, prefix string, n int) string {
	if letter != 'P' {
		n += firstNumber
	}
	return recordID(prefix, n)
}

// unids is the inverse of ids.
func unids(s string) string {
	for letter, prefix := range prefixes {
		for n := 1; n < 30; n++ {
			s = strings.ReplaceAll(s, numbered(letter, prefix, n), fmt.Sprintf("{%c%d}", letter, n))
		}
	}
	return s
}

// record adds one record: "contact {C1} account={A1} last=Lovelace email=ada@acme.example".
func (c *planCase) record(t *testing.T, line string) {
	t.Helper()
	r := csv.NewReader(strings.NewReader(ids(line)))
	r.Comma = ' '
	r.LazyQuotes = true
	words, err := r.Read()
	if err != nil || len(words) < 2 {
		t.Fatalf("org: %q: %v", line, err)
	}
	v := map[string]string{}
	for _, w := range words[2:] {
		k, x, _ := strings.Cut(w, "=")
		v[k] = strings.ReplaceAll(x, "_", " ")
		if k == "email" || k == "username" || k == "nickname" {
			v[k] = x
		}
	}
	id := words[1]
	yes := func(k string, def bool) bool {
		if v[k] == "" {
			return def
		}
		return v[k] == "yes"
	}
	switch words[0] {
	case "account":
		a := provisioning.Account{
			ID: id, Name: v["name"], OwnerID: recordID("005", 2), OwnerActive: yes("owner-active", true),
			OwnerRoleID: recordID("00E", 2), IsPartner: yes("partner", false),
		}
		if !yes("owner-role", true) {
			a.OwnerRoleID = ""
		}
		c.org.accounts = append(c.org.accounts, a)
	case "contact":
		k := provisioning.Contact{ID: id, FirstName: v["first"], LastName: v["last"], Email: v["email"], Phone: v["phone"], City: v["city"]}
		for _, a := range c.org.accounts {
			if a.ID == v["account"] {
				k.Account = a
			}
		}
		c.org.contacts = append(c.org.contacts, k)
	case "user":
		u := provisioning.User{
			ID: id, Username: v["username"], Email: v["email"], Nickname: v["nickname"], LastName: v["last"], ContactID: v["contact"], AccountID: v["account"],
			ProfileID: v["profile"], RoleID: v["role"], UserType: "CspLitePortal", Active: yes("active", true), PortalEnabled: yes("portal", true),
			Frozen: yes("frozen", false), ModifiedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		}
		u.Fields = map[string]string{"TimeZoneSidKey": v["zone"]}
		if u.ProfileID == "" {
			u.ProfileID = recordID("00e", 1)
		}
		for _, p := range c.org.profiles {
			if p.ID == u.ProfileID {
				u.UserType = p.UserType
			}
		}
		if v["type"] != "" {
			u.UserType = v["type"]
		}
		if yes("logged-in", false) {
			u.LastLogin = time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC)
		}
		c.org.users = append(c.org.users, u)
	case "role":
		c.org.roles = append(c.org.roles, provisioning.Role{ID: id, AccountID: v["account"], Type: v["type"], Level: v["level"]})
	default:
		t.Fatalf("org: %q", line)
	}
}

// plan returns what the planner makes of the case, in a form to read.
func (c *planCase) plan(t *testing.T) string {
	t.Helper()
	in, problems := readTable(t, ids(c.parts["input.csv"]), c.terms.Verb, c.portal)
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintf(&b, "file: %s\n", said(p))
	}
	if len(problems) > 0 {
		return b.String()
	}
	p := &provisioning.Planner{Org: c.org, Portal: c.portal, Now: func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }}
	d, err := p.Plan(context.Background(), c.terms, in)
	if err != nil {
		t.Fatal(err)
	}
	for r := range d.Rows() {
		writeRow(&b, r)
	}
	writeSummary(&b, d.Summary)
	fmt.Fprintf(&b, "requests: %s\n", strings.Join(c.org.requests(), " "))
	return unids(b.String())
}

func said(p provisioning.Problem) string {
	s := p.Code
	if p.Column != "" {
		s += " [" + p.Column + "]"
	}
	s += ": " + p.Text
	if p.Fix != "" {
		s += " -> " + p.Fix
	}
	return s
}

func writeRow(b *strings.Builder, r provisioning.PlanRow) {
	fmt.Fprintf(b, "%s row %d line %d", r.Action, r.Number, r.Line)
	for _, s := range []string{r.UserID, r.Username, r.ContactID, r.AccountName} {
		if s != "" {
			fmt.Fprintf(b, " %s", s)
		}
	}
	if r.TakesLock {
		b.WriteString(" lock")
	}
	if len(r.Warnings) > 0 {
		fmt.Fprintf(b, " %v", r.Warnings)
	}
	b.WriteString("\n")
	if !r.Reason.IsZero() {
		fmt.Fprintf(b, "  %s\n", said(r.Reason))
	}
	for _, part := range []struct {
		name   string
		fields []provisioning.Field
	}{{"contact", r.NewContact}, {"set", r.Fields}, {"before", r.Before}} {
		if len(part.fields) == 0 {
			continue
		}
		fmt.Fprintf(b, "  %s", part.name)
		for _, f := range part.fields {
			fmt.Fprintf(b, " %s=%s", f.Name, f.Value)
		}
		b.WriteString("\n")
	}
	for _, ref := range slices.Concat(r.PermissionSets, r.Groups) {
		fmt.Fprintf(b, "  assign %s (%s)\n", ref.Name, ref.ID)
	}
}

func writeSummary(b *strings.Builder, s provisioning.PlanSummary) {
	b.WriteString("---\n")
	for _, a := range slices.Sorted(maps.Keys(s.Actions)) {
		fmt.Fprintf(b, "%s: %d\n", a, s.Actions[a])
	}
	for _, c := range s.Seats {
		fmt.Fprintf(b, "seats: %s %d -> %d of %d\n", c.License, c.Used, c.After, c.Total)
	}
	for _, a := range s.Accounts {
		fmt.Fprintf(b, "account: %s (%d)\n", a.Name, a.Rows)
	}
	for _, w := range s.Warnings {
		fmt.Fprintf(b, "warning: %s: %s %v (%d)\n", w.Code, w.Text, w.Rows, w.Count)
	}
	for _, g := range s.Problems {
		fmt.Fprintf(b, "%s: %s %v (%d)\n", g.Action, said(g.Problem), g.Rows, g.Count)
	}
	for _, p := range s.Blocks {
		fmt.Fprintf(b, "block: %s\n", said(p))
	}
	if s.ExtraApprover != "" {
		fmt.Fprintf(b, "extra approver: %s\n", s.ExtraApprover)
	}
	for _, n := range s.Notices {
		fmt.Fprintf(b, "notice: %s\n", n)
	}
}

// readTable reads a plain CSV, as the sheet package would hand it over.
func readTable(t testing.TB, text string, verb provisioning.Verb, portal provisioning.Portal) (provisioning.Input, []provisioning.Problem) {
	t.Helper()
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	records, err := r.ReadAll()
	if err != nil || len(records) == 0 {
		t.Fatalf("input: %v", err)
	}
	columns, problems := provisioning.MatchColumns(records[0], verb, portal)
	in := provisioning.Input{Columns: columns}
	for i, cells := range records[1:] {
		in.Rows = append(in.Rows, provisioning.InputRow{Number: i + 1, Line: i + 2, Cells: cells})
	}
	return in, problems
}
