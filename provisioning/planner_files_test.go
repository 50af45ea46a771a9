package provisioning_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"

	"portalbot/provisioning"
	"portalbot/provisioning/sheet"
)

// readFile takes a file the whole way that it takes in production: bytes, rows, known columns.
func readFile(t testing.TB, content []byte, verb provisioning.Verb, portal provisioning.Portal) (provisioning.Input, []provisioning.Problem) {
	t.Helper()
	f, err := sheet.Open(bytes.NewReader(content), int64(len(content)), sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	in := provisioning.Input{}
	var problems []provisioning.Problem
	in.Columns, problems = provisioning.MatchColumns(f.Header(), verb, portal)
	for row, err := range f.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		in.Rows = append(in.Rows, provisioning.InputRow{Number: row.Number, Line: row.Line, Cells: row.Cells})
	}
	return in, problems
}

// asWorkbook writes rows as an Excel workbook; every cell is a text.
func asWorkbook(t testing.TB, rows [][]string) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range rows {
		for j, c := range row {
			name, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err == nil && c != "" {
				err = f.SetCellStr("Sheet1", name, c)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// asText writes rows with a separator, cells quoted where they must be.
func asText(rows [][]string, separator string) string {
	var b strings.Builder
	for _, row := range rows {
		for j, c := range row {
			if j > 0 {
				b.WriteString(separator)
			}
			if strings.ContainsAny(c, separator+"\"\r\n") {
				c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
			}
			b.WriteString(c)
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

func asUTF16(s string, order binary.AppendByteOrder) []byte {
	out := order.AppendUint16(nil, 0xFEFF)
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func asWindows(t testing.TB, s string) []byte {
	t.Helper()
	b, err := charmap.Windows1252.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// peopleOrg has contacts with numbers from 1 on a few accounts, as their names need more than ASCII.
func peopleOrg(n int) *memOrg {
	org := newOrg()
	for i := range 3 {
		org.accounts = append(org.accounts, provisioning.Account{
			ID: recordID("001", i+1), Name: fmt.Sprintf("Konto %d", i+1), OwnerID: recordID("005", 2), OwnerActive: true, OwnerRoleID: recordID("00E", 2),
		})
	}
	for i := range n {
		org.contacts = append(org.contacts, provisioning.Contact{
			ID: recordID("003", i+1), LastName: fmt.Sprintf("Müller %d", i+1), Email: fmt.Sprintf("p%d@acme.example", i+1), Account: org.accounts[i%3],
		})
	}
	return org
}

func TestCellsAsPeopleHaveThem(t *testing.T) {
	id := recordID("003", 1)
	for name, cells := range map[string][]string{
		"15 characters":          {id[:15], "", ""},
		"18 characters":          {id, "", ""},
		"blanks around":          {"\u00a0 " + id + " \u00a0\t", "p1@acme.example\u00a0", ""},
		"zero-width characters":  {"\ufeff" + id + "\u200b", "\u200bp1@acme\u2060.example", "\u200bMü\u00adller\u200d"},
		"link to mail":           {"", "mailto:p1@acme.example", "Müller"},
		"link with a subject":    {"", "MailTo:p1@acme.example?subject=Hello", "Müller"},
		"copied from Outlook":    {"", "Müller, Mia <p1@acme.example>", "Müller"},
		"only brackets":          {"", "<P1@acme.example>", "Müller"},
		"page of the contact":    {"https://acme.lightning.force.com/lightning/r/Contact/" + id + "/view", "", ""},
		"page in Classic":        {"https://acme.my.salesforce.com/" + id[:15] + "?srPos=0", "", ""},
		"soft hyphen in address": {"", "p1@ac\u00adme.example", "Müller"},
	} {
		t.Run(name, func(t *testing.T) {
			rows := [][]string{{"Contact ID", "Email", "Last Name"}, cells}
			for kind, content := range map[string][]byte{
				"csv": []byte(asText(rows, ";")), "utf-16": asUTF16(asText(rows, "\t"), binary.LittleEndian), "xlsx": asWorkbook(t, rows),
			} {
				in, problems := readFile(t, content, provisioning.VerbAdd, newPortal())
				if len(problems) > 0 {
					t.Fatalf("%s: %v", kind, problems)
				}
				d := mustPlan(t, peopleOrg(3), newPortal(), addTerms, in)
				for r := range d.Rows() {
					if r.Action != provisioning.ActionCreate || r.ContactID != id || !strings.EqualFold(r.Email, "p1@acme.example") {
						t.Errorf("%s: %s, contact %q, address %q: %+v", kind, r.Action, r.ContactID, r.Email, r.Reason)
					}
					if v := fieldOf(r, "LastName"); v != "Müller 1" && v != "Müller" {
						t.Errorf("%s: last name %q", kind, v)
					}
				}
			}
		})
	}
}

func fieldOf(r provisioning.PlanRow, name string) string {
	i := slices.IndexFunc(r.Fields, func(f provisioning.Field) bool { return f.Name == name })
	if i < 0 {
		return ""
	}
	return r.Fields[i].Value
}

func TestMangledIDsAreNamed(t *testing.T) {
	id, err := provisioning.ParseID("0035g00000ABcde", provisioning.PrefixContact)
	if err != nil {
		t.Fatal(err)
	}
	for cell, want := range map[string]string{
		"3.5E+14": "was made a number by a spreadsheet", "3,00E+14": "was made a number", "3000000000001": "was made a number",
		strings.ToUpper(id): "its letter case or a character was changed", id[:17]: "has 17 characters",
		"003 5g00000ABcde": "has 16 characters", "0035g00000ABcd?": "has the character '?'", recordID("005", 1): "is the id of a user, not of a contact",
	} {
		in, _ := readFile(t, []byte("Contact ID,Account ID\n\""+cell+"\",001x\n"), provisioning.VerbAdd, newPortal())
		for r := range mustPlan(t, peopleOrg(1), newPortal(), addTerms, in).Rows() {
			p := r.Reason
			if r.Action != provisioning.ActionInvalid || r.Line != 2 || p.Column != "Contact ID" || !strings.Contains(p.Text, want) || p.Fix == "" {
				t.Errorf("%s: line %d, %+v", cell, r.Line, p)
			}
			if !strings.Contains(p.Text, `Account ID "001x" has 4 characters`) {
				t.Errorf("%s: the second id is not told: %s", cell, p.Text)
			}
		}
	}
}

func TestRowSaysAllThatIsWrongWithIt(t *testing.T) {
	rows := [][]string{
		{"ContactId", "Email", "Time Zone", "Language", "Username", "Alias", "Profile", "Permission Sets", "Active"},
		{recordID("003", 99), "ann(at)acme.example", "Berlin", "Klingon", "ann", "far too long", "Standard User", "Secrets", "no"},
		{"", "nobody@acme.example", "Berlin", "", "", "", "", "", ""},
		{recordID("003", 1), "ann(at)acme.example", "Berlin", "Klingon", "ann", "far too long", "Standard User", "Secrets", "no"},
	}
	in, problems := readFile(t, []byte(asText(rows, ",")), provisioning.VerbAdd, newPortal())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	common := []string{
		`Email "ann(at)acme.example" is not an e-mail address.`, `Time Zone "Berlin" is not a value of this org.`, `Language "Klingon" is not`,
		`Username "ann" does not have the form of an e-mail address.`, "Alias has 12 characters, Salesforce takes 8.",
		`"Standard User" is not a portal profile of this org.`, `"Secrets" in Permission Sets is not allowed`, `Active is "no"`,
	}
	want := map[int][]string{
		1: append([]string{"No contact has the id " + recordID("003", 99)}, common...),
		2: {"No contact has the e-mail address nobody@acme.example.", `Time Zone "Berlin"`},
		3: common,
	}
	for r := range mustPlan(t, peopleOrg(3), newPortal(), addTerms, in).Rows() {
		for _, w := range want[r.Number] {
			if !strings.Contains(r.Reason.Text, w) {
				t.Errorf("row %d: %q is not told in %s", r.Number, w, r.Reason.Text)
			}
		}
		if !strings.Contains(r.Reason.Fix, `Write "Europe/Berlin" in Time Zone.`) {
			t.Errorf("row %d: %s", r.Number, r.Reason.Fix)
		}
	}
}

func TestHeadersAsPeopleHaveThem(t *testing.T) {
	id := recordID("003", 1)
	rows := [][]string{{"", " contact_id ", "", "E-MAIL", "\u200bLast\u00a0Name", ""}, {"", id, "", "", "", ""}, {}, {"", recordID("003", 2)}}
	in, problems := readFile(t, asWorkbook(t, rows), provisioning.VerbAdd, newPortal())
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	d := mustPlan(t, peopleOrg(3), newPortal(), addTerms, in)
	if d.Summary.Actions[provisioning.ActionCreate] != 2 {
		t.Errorf("%v %+v", d.Summary.Actions, d.Summary.Problems)
	}
	var lines []int
	for r := range d.ByNumber() {
		lines = append(lines, r.Line)
	}
	if !slices.Equal(lines, []int{2, 4}) {
		t.Errorf("lines %v, want those of the sheet", lines)
	}

	_, problems = readFile(t, []byte("ContactId,Contact,Contact Record ID,Frist Name,Foo,User Permissions Marketing User\na,b,c,d,e,f\n"), provisioning.VerbAdd, newPortal())
	var columns []string
	for _, p := range problems {
		columns = append(columns, p.Column)
		if p.Text == "" || p.Fix == "" {
			t.Errorf("%+v says too little", p)
		}
	}
	if !slices.Equal(columns, []string{"Contact", "Contact Record ID", "Frist Name", "Foo", "User Permissions Marketing User"}) {
		t.Errorf("problems of %q, want all", columns)
	}
}

// TestDigestDoesNotDependOnTheFilesForm writes the same rows in every encoding, separator and format, with columns in any order and
// unused ones between them.
func TestDigestDoesNotDependOnTheFilesForm(t *testing.T) {
	const people = 40
	head := []string{"Contact ID", "Email", "First Name", "Last Name", "Username", "Time Zone", "Street", "Notes"}
	spelled := [][]string{
		{"ContactId", "e_mail", "FIRSTNAME", "Last_Name", "user name", "TimeZoneSidKey", "mailing street", "Last Login"},
		{"CONTACT ID", "Email Address", "First Name", "Surname", "User Login", "Time_Zone", "Street", "Last Login"},
	}
	head[7] = "Last Login"
	rows := [][]string{head}
	for i := range people {
		rows = append(rows, []string{
			recordID("003", i+1), fmt.Sprintf("zoë%d@acme.example", i), "Zoë", fmt.Sprintf("Groß, \"%d\"", i), fmt.Sprintf("zoe%d@portal.example", i),
			"Europe/Berlin", fmt.Sprintf("Straße %d\nHof", i), "2026-01-01",
		})
	}
	rows[5][0] = recordID("003", 999) // one that cannot run
	rnd := rand.New(rand.NewPCG(3, 14))
	permuted := func(head []string) [][]string {
		order := rnd.Perm(len(head))
		out := make([][]string, len(rows))
		for i, row := range rows {
			if i == 0 {
				row = head
			}
			for _, at := range order {
				out[i] = append(out[i], row[at])
			}
		}
		return out
	}
	want := ""
	for round := range 4 {
		for _, h := range append(spelled, head) {
			p := permuted(h)
			for name, content := range map[string][]byte{
				"utf-8, comma": []byte(asText(p, ",")), "utf-8 with a mark, semicolon": []byte("\ufeff" + asText(p, ";")),
				"utf-16 le, tab": asUTF16(asText(p, "\t"), binary.LittleEndian), "utf-16 be, pipe": asUTF16(asText(p, "|"), binary.BigEndian),
				"windows-1252": asWindows(t, asText(p, ";")), "workbook": asWorkbook(t, p),
				"lf": []byte(strings.ReplaceAll(asText(p, ","), "\r\n", "\n")),
			} {
				in, problems := readFile(t, content, provisioning.VerbAdd, newPortal())
				if len(problems) > 0 {
					t.Fatalf("%s: %v", name, problems)
				}
				d := mustPlan(t, peopleOrg(people), newPortal(), addTerms, in)
				if want == "" {
					want = d.Digest
					if n := d.Summary.Actions[provisioning.ActionCreate]; n != people-1 {
						t.Fatalf("%v: %+v", d.Summary.Actions, d.Summary.Problems)
					}
				}
				if d.Digest != want {
					t.Errorf("round %d, %s: another digest", round, name)
				}
			}
		}
	}
}

// FuzzPlanOfAnyFile reads any bytes as a file and plans them: each input row is in the plan exactly once, in the order of the file when
// asked for so, with an action or a reason that says what to do.
func FuzzPlanOfAnyFile(f *testing.F) {
	f.Add([]byte("Contact ID;Email\n"+recordID("003", 1)+";\n;p2@acme.example\n;;\n003;x\n"), true)
	f.Add([]byte("Email\nmailto:p1@acme.example\n<p2@acme.example>\n"), true)
	f.Add([]byte("UserId,Username\n"+recordID("005", 1)+",\n,bot@acme.example\n"), false)
	f.Add(asUTF16("ContactId\tProfile\n"+recordID("003", 2)+"\tx\n", binary.BigEndian), true)
	org := peopleOrg(3)
	f.Fuzz(func(t *testing.T, content []byte, add bool) {
		terms := addTerms
		if !add {
			terms = provisioning.Terms{Verb: provisioning.VerbDisable, Portal: "customer"}
		}
		file, err := sheet.Open(bytes.NewReader(content), int64(len(content)), sheet.Options{MaxBytes: 1 << 16, MaxRows: 500})
		if err != nil {
			return
		}
		columns, problems := provisioning.MatchColumns(file.Header(), terms.Verb, newPortal())
		if len(problems) > 0 {
			return
		}
		in := provisioning.Input{Columns: columns}
		for row, err := range file.Rows() {
			if err != nil {
				var bad *sheet.Problems
				var no *sheet.Refusal
				if !errors.As(err, &bad) && !errors.As(err, &no) {
					t.Fatalf("an error that nobody wrote for a person: %v", err)
				}
				return
			}
			in.Rows = append(in.Rows, provisioning.InputRow{Number: row.Number, Line: row.Line, Cells: row.Cells})
		}
		d := mustPlan(t, org, newPortal(), terms, in)
		n := 0
		for r := range d.ByNumber() {
			if r.Number != in.Rows[n].Number || r.Line != in.Rows[n].Line {
				t.Fatalf("row %d stands where row %d should", r.Number, in.Rows[n].Number)
			}
			if r.Action == provisioning.ActionInvalid && (r.Reason.Text == "" || r.Reason.Fix == "" || r.Reason.Code == "") {
				t.Errorf("row %d is invalid without saying why and what to do: %+v", r.Number, r.Reason)
			}
			n++
		}
		if n != len(in.Rows) || d.Len() != n {
			t.Errorf("%d rows of %d", n, len(in.Rows))
		}
		again := mustPlan(t, org, newPortal(), terms, in)
		if again.Digest != d.Digest {
			t.Error("the same file and org gave another digest")
		}
	})
}
