package sheet

import (
	"archive/zip"
	"bytes"
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

// Limits given to excelize, which gets to see a workbook of our own making
// whose only foreign part is the styles.
const (
	excelizeUnzipLimit    = 2 * maxPartBytes
	excelizeUnzipXMLLimit = maxPartBytes
)

// maxFormatted is how many formatted numbers are remembered. Dates repeat, and
// formatting one costs as much as reading a row.
const maxFormatted = 4096

// isoDate is how a date looks whose style leaves the look to the country of the
// reader.
const isoDate = "yyyy-mm-dd"

// numbers turns stored numbers into what Excel shows.
type numbers struct {
	book      *excelize.File // nil if the workbook has no styles
	plain     map[int]bool   // styles that change nothing
	formatted map[styledNumber]string
}

type styledNumber struct {
	style int
	value string
}

func newNumbers(styles *zip.File, date1904 bool) (*numbers, error) {
	n := &numbers{plain: map[int]bool{0: true}, formatted: make(map[styledNumber]string)}
	if styles == nil {
		return n, nil
	}
	content, err := readPart(styles)
	if err != nil {
		return nil, err
	}
	scratch, err := scratchWorkbook(content, date1904)
	if err != nil {
		return nil, err
	}
	n.book, err = excelize.OpenReader(bytes.NewReader(scratch), excelize.Options{
		UnzipSizeLimit:    excelizeUnzipLimit,
		UnzipXMLSizeLimit: excelizeUnzipXMLLimit,
		ShortDatePattern:  isoDate,
	})
	if err != nil {
		return nil, refuse(Damaged)
	}
	return n, nil
}

const scratchSheet = "S"

// scratchWorkbook is an empty workbook with the given styles.
func scratchWorkbook(styles []byte, date1904 bool) ([]byte, error) {
	const (
		head   = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`
		office = `http://schemas.openxmlformats.org/officeDocument/2006/relationships`
		main   = `http://schemas.openxmlformats.org/spreadsheetml/2006/main`
		pack   = `http://schemas.openxmlformats.org/package/2006`
		kinds  = `application/vnd.openxmlformats-officedocument.spreadsheetml`
	)
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
		{"xl/styles.xml", string(styles)},
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
	key := styledNumber{style, stored}
	text, known := n.formatted[key]
	if !known {
		text = n.format(stored, style)
		if len(n.formatted) >= maxFormatted {
			clear(n.formatted)
		}
		n.formatted[key] = text
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

// format asks excelize; it returns "" where the plain digits are wanted.
func (n *numbers) format(stored string, style int) string {
	if n.isPlain(style) {
		return ""
	}
	cell := "A1"
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

// isPlain tells whether a style shows numbers as they are: General, 0 and Text.
// Source of the numbers: ECMA-376 part 1, 18.8.30 (numFmt).
func (n *numbers) isPlain(style int) bool {
	plain, known := n.plain[style]
	if known || n.book == nil {
		return plain || n.book == nil
	}
	const general, text = 0, 49
	described, err := n.book.GetStyle(style)
	plain = err != nil || described.CustomNumFmt == nil && (described.NumFmt == general || described.NumFmt == text)
	n.plain[style] = plain
	return plain
}

// digits writes a number without exponent, with as many digits as Excel shows.
func digits(value float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(value, 'e', excelDigits-1, 64), 64)
	if err != nil {
		rounded = value
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
