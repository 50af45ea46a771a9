package sheet_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"portalbot/provisioning/sheet"

	"github.com/xuri/excelize/v2"
)

// workbook returns the bytes of a workbook that excelize writes, as filled.
func workbook(tb testing.TB, fill func(f *excelize.File) error) []byte {
	tb.Helper()
	f := excelize.NewFile()
	if err := fill(f); err != nil {
		tb.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func TestWorkbookCellsReadAsExcelShowsThem(t *testing.T) {
	euro := `#,##0.00 "€"`
	german := "dd.mm.yyyy"
	cases := []struct {
		name  string
		value any
		style *excelize.Style
		want  string
	}{
		{"text", "Zoë", nil, "Zoë"},
		{"text that looks like a number", "00123", nil, "00123"},
		{"phone number stored as a number", 4917012345678, nil, "4917012345678"},
		{"long number in General, which Excel shows as 1.23E+10", 12345678901, nil, "12345678901"},
		{"number in scientific style", 12345678901, &excelize.Style{NumFmt: 11}, "12345678901"},
		{"fraction", 0.1 + 0.2, nil, "0.3"},
		{"negative", -5, nil, "-5"},
		{"money", 1234.5, &excelize.Style{CustomNumFmt: &euro}, "1,234.50 €"},
		{"percent", 0.25, &excelize.Style{NumFmt: 9}, "25%"},
		{"date in the reader's own style", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), &excelize.Style{NumFmt: 14}, "2026-03-01"},
		{"date in a style of its own", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), &excelize.Style{CustomNumFmt: &german}, "01.03.2026"},
		{"date and time in the reader's own style", time.Date(2026, 3, 1, 14, 5, 0, 0, time.UTC), &excelize.Style{NumFmt: 22}, "2026-03-01 14:05"},
		{"month by name", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), &excelize.Style{NumFmt: 15}, "1-Mar-26"},
		{"time", time.Date(2026, 3, 1, 14, 5, 0, 0, time.UTC), &excelize.Style{NumFmt: 20}, "14:05"},
		{"true", true, nil, "TRUE"},
		{"false", false, nil, "FALSE"},
		{"line break", "a\nb", nil, "a\nb"},
		{"defused formula", "'=1+1", nil, "=1+1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			content := workbook(t, func(f *excelize.File) error {
				if err := f.SetCellValue("Sheet1", "A1", "Value"); err != nil {
					return err
				}
				if err := f.SetCellValue("Sheet1", "A2", c.value); err != nil {
					return err
				}
				if c.style == nil {
					return nil
				}
				id, err := f.NewStyle(c.style)
				if err != nil {
					return err
				}
				return f.SetCellStyle("Sheet1", "A2", "A2", id)
			})
			rows, err := open(t, content).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			if got := rows[0].Get("value"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWorkbookFirstVisibleSheetIsRead(t *testing.T) {
	content := workbook(t, func(f *excelize.File) error {
		if _, err := f.NewSheet("Users"); err != nil {
			return err
		}
		if err := f.SetSheetRow("Users", "B3", &[]string{"Name", "", "Email"}); err != nil {
			return err
		}
		if err := f.SetSheetRow("Users", "B5", &[]string{"Ada", "", "ada@acme.example"}); err != nil {
			return err
		}
		if err := f.SetSheetRow("Users", "B6", &[]string{"Bob", "", "bob@acme.example"}); err != nil {
			return err
		}
		if err := f.SetRowVisible("Users", 6, false); err != nil {
			return err
		}
		f.SetActiveSheet(1)
		return f.SetSheetVisible("Sheet1", false)
	})
	want := `format: Excel workbook, sheet "Users"
header: ["" "Name" "" "Email"]
row 1, line 5: ["" "Ada" "" "ada@acme.example"]
row 2, line 6: ["" "Bob" "" "bob@acme.example"]
notice (0): The workbook has 2 sheets; only "Users" is read.
notice (6): Row 6: the workbook hides rows, perhaps by a filter; they are read like all others (hidden rows: 1).
`
	if got := describe(content, sheet.Options{}); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestWorkbookWrittenByOthers(t *testing.T) {
	cases := []struct {
		name string
		rows string
		more []part
		want string
	}{
		{
			name: "rows and cells without references, prefixed names, rich and phonetic text",
			rows: `<x:row xmlns:x="m"><x:c t="inlineStr"><x:is><x:r><x:t>Na</x:t></x:r><x:r><x:t>me</x:t></x:r></x:is></x:c></x:row>` +
				`<row><c t="s"><v>0</v></c></row>`,
			more: []part{{"xl/sharedStrings.xml", `<sst><si><r><t>東</t></r><r><t>京</t></r><rPh><t>とうきょう</t></rPh></si></sst>`}},
			want: "header: [\"Name\"]\nrow 1, line 2: [\"東京\"]\n",
		},
		{
			name: "faults name the row and the column's letters",
			rows: `<row r="1"><c r="A1" t="str"><v>Id</v></c><c r="B1" t="str"><v>Phone</v></c></row>` +
				`<row r="4"><c r="A4"><v>123456789012345678</v></c><c r="B4" t="e"><v>#N/A</v></c></row>` +
				`<row r="5"><c r="A5"><f>B5</f></c><c r="C5" t="str"><v>x</v></c></row>` +
				`<row r="6"><c r="A6"><f>1+1</f><v>2</v></c><c r="ZZ6" t="str"><v>x</v></c></row>`,
			want: `header: ["Id" "Phone"]
problem (4, 1, "Id"): Row 4, column A (Id): Excel keeps only 15 digits of a number, so the end of this one is lost. Format the column as Text, then type or paste the values again.
problem (4, 2, "Phone"): Row 4, column B (Phone): this cell shows an Excel error such as #N/A. Type the value in place of the formula.
problem (5, 1, "Id"): Row 5, column A (Id): this cell holds a formula that was never calculated. Open the file in Excel, save it and send it again.
problem (6, 0, ""): Row 6: this row has 702 cells, the header has 2. Name the columns in the header or remove the extra cells.
`,
		},
		{
			name: "characters that XML cannot hold",
			rows: `<row><c t="str"><v>Name</v></c></row><row><c t="inlineStr"><is><t>a_x0001_b_x005F_x0001_</t></is></c></row>`,
			want: "header: [\"Name\"]\nrow 1, line 2: [\"a\\x01b_x0001_\"]\n",
		},
		{name: "no rows", rows: ``, want: "refused (empty file, line 0): "},
		{
			name: "header only", rows: `<row r="1"><c t="str"><v>Id</v></c></row><row r="2"/><row r="9"><c t="str"><v> </v></c></row>`,
			want: "header: [\"Id\"]\nrefused (header without rows, line 0): ",
		},
		{name: "text that is not in the table", rows: `<row><c t="s"><v>7</v></c></row>`, want: "refused (damaged workbook, line 0): "},
		{name: "rows in disorder", rows: `<row r="2"><c t="str"><v>x</v></c></row><row r="1"><c t="str"><v>x</v></c></row>`, want: "header: [\"x\"]\nrefused (damaged workbook, line 0): "},
		{name: "cells in disorder", rows: `<row><c r="B1"/><c r="A1"/></row>`, want: "refused (damaged workbook, line 0): "},
		{name: "XML that ends early", rows: `<row><c t="str"><v>x</v></c></row><row><c>` + "\x00", want: "header: [\"x\"]\nrefused (damaged workbook, line 0): "},
		{name: "style that does not exist", rows: `<row><c t="str"><v>x</v></c></row><row><c s="99"><v>5</v></c></row>`, want: "header: [\"x\"]\nrow 1, line 2: [\"5\"]\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := describe(zipped(t, minimal(c.rows, c.more...)...), sheet.Options{})
			got = strings.TrimPrefix(got, "format: Excel workbook, sheet \"People\"\n")
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

func TestWorkbookDates1904(t *testing.T) {
	parts := minimal(`<row><c t="str"><v>Since</v></c></row><row><c s="1"><v>44620</v></c></row>`,
		part{"xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`})
	parts[1].content = strings.Replace(parts[1].content, "<sheets>", `<workbookPr date1904="1"/><sheets>`, 1)
	rows, err := open(t, zipped(t, parts...)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := rows[0].Get("Since"); got != "2026-03-01" {
		t.Errorf("got %q", got)
	}
}

// FuzzFormatCode shows numbers in arbitrary formats.
func FuzzFormatCode(f *testing.F) {
	for _, code := range []string{"0", "#,##0.00", "[$-407]dd.mm.yyyy;@", "[h]:mm:ss", "0.0E+0", "# ?/?", `"x"0`, "_-* #,##0", "[Red](0)", "@", "yyyy-mm-dd hh:mm AM/PM", "[>100]0;0"} {
		f.Add(code, 45000.25)
		f.Add(code, -1e20)
	}
	f.Fuzz(func(t *testing.T, code string, value float64) {
		var escaped bytes.Buffer
		if err := xml.EscapeText(&escaped, []byte(code)); err != nil {
			t.Fatal(err)
		}
		checkReading(t, zipped(t, minimal(
			fmt.Sprintf(`<row><c t="str"><v>Name</v></c></row><row><c s="1"><v>%v</v></c></row>`, value),
			part{"xl/styles.xml", `<styleSheet><numFmts><numFmt numFmtId="170" formatCode="` + escaped.String() + `"/></numFmts>` +
				`<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>`})...))
	})
}
