package sheet_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"portalbot/provisioning/sheet"

	"github.com/rogpeppe/go-internal/txtar"
)

func TestFoldMakesEqualWhatPeopleTakeForEqual(t *testing.T) {
	same := []string{
		"ContactId", "contactid", "Contact ID", "CONTACT_ID", " contact  id ", "\uFEFFContactId", "Contact\u00a0Id",
		"Contact\u200bId", `"Contact ID"`, "'ContactId'", "“Contact ID”", "Contact\nID",
	}
	for _, name := range same {
		if got := sheet.Fold(name); got != "contactid" {
			t.Errorf("%q folds to %q", name, got)
		}
	}
	for _, name := range []string{"Contact-Id", "Contact.Id", "ContactIds"} {
		if sheet.Fold(name) == "contactid" {
			t.Errorf("%q folds to contactid", name)
		}
	}
	if sheet.Fold("Pre\u0301nom") != sheet.Fold("PRÉNOM") {
		t.Error("the two ways to write é differ")
	}
}

func FuzzFoldIsIdempotent(f *testing.F) {
	f.Add("Contact ID")
	f.Add("\" '_Æ\u0301İ")
	f.Fuzz(func(t *testing.T, name string) {
		once := sheet.Fold(name)
		if twice := sheet.Fold(once); twice != once {
			t.Errorf("%q folds to %q and then to %q", name, once, twice)
		}
	})
}

func TestRowsNameTheirCells(t *testing.T) {
	f := open(t, []byte("Contact ID,Email\n1,a@acme.example\n"))
	if i, ok := f.Column("contact_id"); !ok || i != 0 {
		t.Errorf("ContactId is column %d, %v", i, ok)
	}
	if got := f.Place(f.HeaderLine(), 2); got != "Line 1, column 2 (Email)" {
		t.Errorf("got %q", got)
	}
	if _, ok := f.Column("Alias"); ok {
		t.Error("there is an Alias")
	}
	rows, err := f.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if rows[0].Get("CONTACTID") != "1" || rows[0].Get("E MAIL") != "a@acme.example" || rows[0].Get("Alias") != "" {
		t.Errorf("got %q", rows[0].Cells)
	}
}

func TestRowsAreReadOnce(t *testing.T) {
	f := open(t, []byte("Name\nAda\nBob\n"))
	for _, err := range f.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if _, err := f.ReadAll(); err == nil {
		t.Error("a second reading gave no error")
	}
}

// failingFile fails to be read from an offset on.
type failingFile struct {
	*bytes.Reader
	from int64
}

func (f failingFile) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, iotest.ErrTimeout
	}
	return f.Reader.ReadAt(p, off)
}

func TestFailedReadsAreNotTakenForTheEnd(t *testing.T) {
	content := []byte("Name,Email\n" + strings.Repeat("Ada,ada@acme.example\n", 20_000))
	utf16 := encode(t, content, map[string]string{"encoding": "utf-16le", "bom": "yes"})
	for _, file := range [][]byte{content, utf16} {
		for from := int64(0); from < int64(len(file)); from += 50_000 {
			f, err := sheet.Open(failingFile{bytes.NewReader(file), from}, int64(len(file)), sheet.Options{})
			if err == nil {
				_, err = f.ReadAll()
			}
			if !errors.Is(err, iotest.ErrTimeout) {
				t.Fatalf("failing at %d: got %v", from, err)
			}
		}
	}
}

func TestExampleHasTwoInstructiveFaultsAndNoOthers(t *testing.T) {
	content, err := os.ReadFile("../../docs/examples/acme-60.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := open(t, content).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 60 {
		t.Fatalf("%d rows", len(rows))
	}
	contacts, usernames := make(map[string]bool), make(map[string]bool)
	for _, row := range rows {
		id := row.Get("ContactId")
		valid := len(id) == 18 && strings.HasPrefix(id, "003") && checksum(id[:15]) == id[15:]
		if valid != (row.Number != 17) {
			t.Errorf("row %d: ContactId %s", row.Number, id)
		}
		if label := strings.HasPrefix(row.Get("TimeZoneSidKey"), "("); label != (row.Number == 42) {
			t.Errorf("row %d: TimeZoneSidKey %s", row.Number, row.Get("TimeZoneSidKey"))
		}
		if profile := row.Get("ProfileId"); !strings.HasPrefix(profile, "00e") || checksum(profile[:15]) != profile[15:] {
			t.Errorf("row %d: ProfileId %s", row.Number, profile)
		}
		contacts[id], usernames[row.Get("Username")] = true, true
		if alias := row.Get("Alias"); alias == "" || len(alias) > 8 {
			t.Errorf("row %d: Alias %s", row.Number, alias)
		}
	}
	if len(contacts) != 60 || len(usernames) != 60 {
		t.Errorf("%d contacts, %d usernames", len(contacts), len(usernames))
	}
}

// checksum returns the three characters that make a Salesforce id of 15
// characters safe against changes of case.
func checksum(id string) string {
	var sum []byte
	for block := range 3 {
		index := 0
		for i, b := range []byte(id[block*5 : block*5+5]) {
			if 'A' <= b && b <= 'Z' {
				index |= 1 << i
			}
		}
		sum = append(sum, "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[index])
	}
	return string(sum)
}

// FuzzRead reads arbitrary bytes. It must end, with each row as wide as the
// header, numbers that rise by one where there is no problem, and lines that
// rise.
func FuzzRead(f *testing.F) {
	paths, err := filepath.Glob("testdata/zoo/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		animal, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encode(f, animal.Files[0].Data, settings(animal.Comment)))
	}
	const styles = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts><numFmt numFmtId="170" formatCode="0.0E+0"/></numFmts>` +
		`<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/></cellXfs></styleSheet>`
	f.Add(zipped(f, minimal(`<row><c t="str"><v>x</v></c></row><row><c s="1"><v>5</v></c></row><row><c s="2"><v>5e20</v></c></row>`, part{"xl/styles.xml", styles})...))
	f.Fuzz(func(t *testing.T, content []byte) {
		checkReading(t, content)
	})
}

// FuzzReadWorkbook reads workbooks whose XML parts are arbitrary.
func FuzzReadWorkbook(f *testing.F) {
	f.Add(`<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="3" hidden="1"><c r="A3" s="1"><v>45000.5</v></c></row>`,
		`<sst><si><t>Name</t></si></sst>`,
		`<numFmts><numFmt numFmtId="170" formatCode="[$-407]dd.mm.yyyy;@"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs>`)
	f.Add(`<row><c t="inlineStr"><is><t>a_x000D_</t></is></c></row><row><c s="2"><f>A1</f></c></row>`, ``, `<cellXfs><xf/><xf numFmtId="11"/></cellXfs>`)
	f.Fuzz(func(t *testing.T, rows, texts, styles string) {
		checkReading(t, zipped(t, minimal(rows, part{"xl/sharedStrings.xml", texts},
			part{"xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` + styles + `</styleSheet>`})...))
	})
}

func checkReading(t *testing.T, content []byte) {
	t.Helper()
	f, err := sheet.Open(bytes.NewReader(content), int64(len(content)), sheet.Options{})
	if err != nil {
		var refusal *sheet.Refusal
		if !errors.As(err, &refusal) || refusal.Text == "" {
			t.Fatalf("no refusal: %v", err)
		}
		return
	}
	number, line, ended := 0, 0, false
	for row, err := range f.Rows() {
		if ended {
			t.Fatal("something came after the error")
		}
		if err != nil {
			var refusal *sheet.Refusal
			var problems *sheet.Problems
			if !errors.As(err, &refusal) && !errors.As(err, &problems) || errors.Is(err, io.EOF) {
				t.Fatalf("unknown error: %v", err)
			}
			if problems != nil && (len(problems.List) == 0 || len(problems.List) > sheet.MaxProblems || problems.Count() < len(problems.List)) {
				t.Fatalf("%d problems, %d listed", problems.Count(), len(problems.List))
			}
			ended = true
			continue
		}
		if len(row.Cells) != len(f.Header()) || row.Number <= number || row.Line <= line {
			t.Fatalf("row %d on line %d has %d cells after row %d on line %d", row.Number, row.Line, len(row.Cells), number, line)
		}
		number, line = row.Number, row.Line
	}
}
