package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// excelDigits is how many digits of a number Excel keeps; it makes zeros of the
// rest. Source: support.microsoft.com, "Excel specifications and limits".
const excelDigits = 15

// Limits given to excelize, which gets to see a small workbook of our own making.
const (
	excelizeUnzipLimit    = 32 << 20
	excelizeUnzipXMLLimit = 16 << 20
)

// Limits of what a workbook may say about its styles. Source:
// support.microsoft.com, "Excel specifications and limits" (65,490 cell styles)
// and what Excel's dialog takes as a format.
const (
	maxStyles     = 65_490
	maxFormatCode = 255
)

// maxFormatted is how many formatted numbers are remembered. Dates repeat, and
// formatting one costs about as much as reading a row.
const maxFormatted = 4096

// Dates and times whose look Excel leaves to the country of the reader: 14 and
// 22 of the built-in formats. They are shown the way Salesforce takes them.
// Source of the numbers: ECMA-376 part 1, 18.8.30 (numFmt).
const builtInDates = `<numFmt numFmtId="14" formatCode="` + english + `yyyy\-mm\-dd"/>` +
	`<numFmt numFmtId="22" formatCode="` + english + `yyyy\-mm\-dd hh:mm"/>`

// english names the language of a format code. Without one excelize looks
// through all the languages that it knows, for each part of each date, which
// takes longer than all the rest of a row.
const english = `[$-409]`

// withLanguage names the language in a code for dates that names none.
func withLanguage(code string) string {
	if code != "" && strings.ContainsRune("yYmMdDhH", rune(code[0])) && !strings.Contains(code, "[") {
		return english + code
	}
	return code
}

// numbers turns stored numbers into what Excel shows.
type numbers struct {
	book      *excelize.File // nil if the workbook has no styles
	styles    styles
	formatted map[styledNumber]string
}

type styledNumber struct {
	style int
	value string
}

// styles is what is taken of xl/styles.xml. Source: ECMA-376 part 1, 18.8.
type styles struct {
	Formats []struct {
		ID   int    `xml:"numFmtId,attr"`
		Code string `xml:"formatCode,attr"`
	} `xml:"numFmts>numFmt"`
	Cells []struct {
		Format int `xml:"numFmtId,attr"`
	} `xml:"cellXfs>xf"`
}

func newNumbers(part *zip.File, date1904 bool) (*numbers, error) {
	n := &numbers{formatted: make(map[styledNumber]string)}
	if part == nil {
		return n, nil
	}
	if err := decodePart(part, &n.styles); err != nil {
		return nil, err
	}
	if len(n.styles.Cells) > maxStyles || len(n.styles.Formats) > maxStyles {
		return nil, refuse(Damaged)
	}
	scratch, err := scratchWorkbook(n.styles, date1904)
	if err != nil {
		return nil, err
	}
	n.book, err = excelize.OpenReader(bytes.NewReader(scratch), excelize.Options{
		UnzipSizeLimit:    excelizeUnzipLimit,
		UnzipXMLSizeLimit: excelizeUnzipXMLLimit,
	})
	if err != nil {
		return nil, refuse(Damaged)
	}
	return n, nil
}

const scratchSheet = "S"

// scratchWorkbook is an empty workbook in which cells can be styled like those
// of the file. Nothing of the file is in it but numbers and format codes, so
// that little can be done to excelize from outside.
func scratchWorkbook(from styles, date1904 bool) ([]byte, error) {
	const (
		head   = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`
		office = `http://schemas.openxmlformats.org/officeDocument/2006/relationships`
		main   = `http://schemas.openxmlformats.org/spreadsheetml/2006/main`
		pack   = `http://schemas.openxmlformats.org/package/2006`
		kinds  = `application/vnd.openxmlformats-officedocument.spreadsheetml`
	)
	var looks strings.Builder
	looks.WriteString(head + `<styleSheet xmlns="` + main + `"><numFmts>` + builtInDates)
	for _, one := range from.Formats {
		if len(one.Code) > maxFormatCode {
			continue
		}
		fmt.Fprintf(&looks, `<numFmt numFmtId="%d" formatCode="`, one.ID)
		if err := xml.EscapeText(&looks, []byte(withLanguage(one.Code))); err != nil {
			return nil, fmt.Errorf("build the scratch workbook: %w", err)
		}
		looks.WriteString(`"/>`)
	}
	looks.WriteString(`</numFmts><cellXfs>`)
	for _, one := range from.Cells {
		fmt.Fprintf(&looks, `<xf numFmtId="%d"/>`, one.Format)
	}
	looks.WriteString(`</cellXfs></styleSheet>`)
	parts := []struct{ name, content string }{
		{"[Content_Types].xml", head + `<Types xmlns="` + pack + `/content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + kinds + `.sheet.main+xml"/>` +
			`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + kinds + `.worksheet+xml"/>` +
			`<Override PartName="/xl/styles.xml" ContentType="` + kinds + `.styles+xml"/></Types>`},
		{"_rels/.rels", head + `<Relationships xmlns="` + pack + `/relationships">` +
			`<Relationship Id="rId1" Type="` + office + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", head + `<workbook xmlns="` + main + `" xmlns:r="` + office + `">` +
			fmt.Sprintf(`<workbookPr date1904="%t"/>`, date1904) +
			`<sheets><sheet name="` + scratchSheet + `" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", head + `<Relationships xmlns="` + pack + `/relationships">` +
			`<Relationship Id="rId1" Type="` + office + `/worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="rId2" Type="` + office + `/styles" Target="styles.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", head + `<worksheet xmlns="` + main + `"><sheetData/></worksheet>`},
		{"xl/styles.xml", looks.String()},
	}
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, part := range parts {
		w, err := archive.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Store})
		if err != nil {
			return nil, fmt.Errorf("build the scratch workbook: %w", err)
		}
		if _, err := w.Write([]byte(part.content)); err != nil {
			return nil, fmt.Errorf("build the scratch workbook: %w", err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("build the scratch workbook: %w", err)
	}
	return out.Bytes(), nil
}

// scientific is a number that Excel shows with an exponent, as it does with long
// ones. People who see it want the digits.
var scientific = regexp.MustCompile(`^[+-]?[0-9]+([.,][0-9]*)?[Ee][+-]?[0-9]+$`)

// text returns what Excel shows for a stored number in a style, but never with
// an exponent. The string flaw says what is wrong with the cell, if anything.
func (n *numbers) text(stored string, style int) (text, flaw string) {
	value, err := strconv.ParseFloat(stored, 64)
	if err != nil || math.IsInf(value, 0) || math.IsNaN(value) {
		return stored, ""
	}
	if !n.isPlain(style) {
		text = n.remembered(styledNumber{style, stored})
	}
	if text == "" || scientific.MatchString(text) {
		text = digits(value)
	}
	if whole := math.Abs(value); whole == math.Trunc(whole) && whole >= math.Pow10(excelDigits) {
		flaw = fmt.Sprintf("Excel keeps only %d digits of a number, so the end of this one is lost. "+
			"Format the column as Text, then type or paste the values again.", excelDigits)
	}
	return text, flaw
}

// remembered is format with a memory.
func (n *numbers) remembered(key styledNumber) string {
	text, known := n.formatted[key]
	if !known {
		text = n.format(key.value, key.style)
		if len(n.formatted) >= maxFormatted {
			clear(n.formatted)
		}
		n.formatted[key] = text
	}
	return text
}

// format asks excelize; it returns "" where it does not know.
func (n *numbers) format(stored string, style int) (text string) {
	// A format code comes from outside. Should one bring excelize to panic, the
	// digits are a good answer, and the end of the program is not.
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	const cell = "A1"
	if err := n.book.SetCellDefault(scratchSheet, cell, stored); err != nil {
		return ""
	}
	if err := n.book.SetCellStyle(scratchSheet, cell, cell, style); err != nil {
		return ""
	}
	text, err := n.book.GetCellValue(scratchSheet, cell)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(text)
}

// isPlain tells whether a style shows numbers as they are: General and Text.
// Source of the numbers: ECMA-376 part 1, 18.8.30 (numFmt).
func (n *numbers) isPlain(style int) bool {
	const general, text = 0, 49
	if n.book == nil || style < 0 || style >= len(n.styles.Cells) {
		return true
	}
	format := n.styles.Cells[style].Format
	return format == general || format == text
}

// digits writes a number without exponent, with as many digits as Excel shows.
func digits(value float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(value, 'e', excelDigits-1, 64), 64)
	if err != nil {
		rounded = value
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
