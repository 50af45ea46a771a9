package sheet_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"testing"
)

// part is one file of a workbook that is put together by hand.
type part struct{ name, content string }

// minimal is a workbook with one sheet, whose rows are given as XML.
func minimal(rows string, more ...part) []part {
	const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	return append([]part{
		{"[Content_Types].xml", `<Types/>`},
		{"xl/workbook.xml", `<workbook xmlns:r="` + office + `"><sheets><sheet name="People" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships>` +
			`<Relationship Id="rId1" Type="` + office + `/worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="rId2" Type="` + office + `/styles" Target="/xl/styles.xml"/>` +
			`<Relationship Id="rId3" Type="` + office + `/sharedStrings" Target="sharedStrings.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", `<worksheet><sheetData>` + rows + `</sheetData></worksheet>`},
	}, more...)
}

func zipped(tb testing.TB, parts ...part) []byte {
	tb.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, p := range parts {
		w, err := archive.Create(p.name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(w, p.content); err != nil {
			tb.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// writeSharedWorkbook writes a workbook the way Excel does: every different
// text once, in a part of its own.
func writeSharedWorkbook(tb testing.TB, path string, rows int, row func(int) []string) {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	out := bufio.NewWriter(f)
	archive := zip.NewWriter(out)
	create := func(name string) *bufio.Writer {
		w, err := archive.Create(name)
		if err != nil {
			tb.Fatal(err)
		}
		return bufio.NewWriterSize(w, 1<<20)
	}
	put := func(w *bufio.Writer, format string, args ...any) {
		if _, err := fmt.Fprintf(w, format, args...); err != nil {
			tb.Fatal(err)
		}
	}
	flush := func(w *bufio.Writer) {
		if err := w.Flush(); err != nil {
			tb.Fatal(err)
		}
	}
	for _, p := range minimal("")[:3] {
		w := create(p.name)
		put(w, "%s", p.content)
		flush(w)
	}
	index := make(map[string]int)
	var texts []string
	w := create("xl/worksheets/sheet1.xml")
	put(w, `<worksheet><sheetData>`)
	for i := range rows {
		put(w, `<row r="%d" spans="1:12">`, i+1)
		for c, cell := range row(i) {
			at, known := index[cell]
			if !known {
				at = len(texts)
				index[cell] = at
				texts = append(texts, cell)
			}
			put(w, `<c r="%c%d" t="s"><v>%d</v></c>`, 'A'+c, i+1, at)
		}
		put(w, `</row>`)
	}
	put(w, `</sheetData></worksheet>`)
	flush(w)
	w = create("xl/sharedStrings.xml")
	put(w, `<sst uniqueCount="%d">`, len(texts))
	for _, text := range texts {
		put(w, `<si><t>`)
		if err := xml.EscapeText(w, []byte(text)); err != nil {
			tb.Fatal(err)
		}
		put(w, `</t></si>`)
	}
	put(w, `</sst>`)
	flush(w)
	for _, err := range []error{archive.Close(), out.Flush(), f.Close()} {
		if err != nil {
			tb.Fatal(err)
		}
	}
}
