package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// excelRows and excelColumns are how large a sheet can be.
// Source: support.microsoft.com, "Excel specifications and limits".
const (
	excelRows    = 1_048_576
	excelColumns = 16_384
)

// workbookSource streams the rows of one sheet.
type workbookSource struct {
	in      markup
	texts   *sharedTexts
	numbers *numbers
	row     int  // number of the last row begun
	inData  bool // within sheetData
	ended   bool // sheetData has ended as it should

	cell    xmlCell
	content textCollector // of an inline text
	value   []byte        // of v
}

// xmlCell is a c element while it is read. Source: ECMA-376 part 1, 18.3.1.4.
type xmlCell struct {
	column  int // from 1
	kind    string
	style   int
	formula bool
	valued  bool
}

func newWorkbookSource(part *zip.File, texts *sharedTexts, n *numbers) (*workbookSource, error) {
	in, err := openMarkup(part)
	if err != nil {
		return nil, err
	}
	return &workbookSource{in: in, texts: texts, numbers: n}, nil
}

// next implements source.
func (s *workbookSource) next(rec *record) error {
	for !s.ended {
		token, err := s.in.next()
		if err != nil {
			return atSheetEnd(err)
		}
		switch el := token.(type) {
		case xml.StartElement:
			switch el.Name.Local {
			case "sheetData":
				s.inData = true
			case "row":
				if !s.inData {
					continue
				}
				if err := s.beginRow(rec, el); err != nil {
					return err
				}
				return s.readRow(rec)
			}
		case xml.EndElement:
			s.ended = s.inData && el.Name.Local == "sheetData"
		}
	}
	// The rest is read for the archive's checksum, which comes at the end.
	for {
		if _, err := s.in.next(); err != nil {
			return err
		}
	}
}

// atSheetEnd turns an end of the part where there must be more into a refusal.
func atSheetEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return refuse(Damaged)
	}
	return err
}

func (s *workbookSource) beginRow(rec *record, el xml.StartElement) error {
	number := s.row + 1
	hidden := false
	for _, attr := range el.Attr {
		switch attr.Name.Local {
		case "r":
			n, err := strconv.Atoi(attr.Value)
			if err != nil || n <= s.row || n > excelRows {
				return refuse(Damaged)
			}
			number = n
		case "hidden":
			hidden = attr.Value == "1" || attr.Value == "true"
		}
	}
	s.row = number
	*rec = record{line: number, cells: rec.cells[:0], flaws: rec.flaws[:0], blank: true, hidden: hidden}
	return nil
}

// readRow reads up to the end of the row.
func (s *workbookSource) readRow(rec *record) error {
	column := 0
	inCell, inValue := false, false
	for {
		token, err := s.in.next()
		if err != nil {
			return atSheetEnd(err)
		}
		switch el := token.(type) {
		case xml.StartElement:
			name := el.Name.Local
			if inCell {
				inValue = name == "v"
				s.cell.valued = s.cell.valued || inValue
				s.cell.formula = s.cell.formula || name == "f"
				s.content.start(name)
				continue
			}
			if name != "c" {
				continue
			}
			if err := s.beginCell(el, column+1); err != nil {
				return err
			}
			inCell, column = true, s.cell.column
		case xml.CharData:
			if inValue && len(s.value) <= utf8.UTFMax*MaxCellRunes {
				s.value = append(s.value, el...)
			}
			if inCell {
				s.content.text(el)
			}
		case xml.EndElement:
			switch el.Name.Local {
			case "v":
				inValue = false
			case "c":
				inCell = false
				if err := s.endCell(rec); err != nil {
					return err
				}
			case "row":
				return nil
			default:
				s.content.end(el.Name.Local)
			}
		}
	}
}

func (s *workbookSource) beginCell(el xml.StartElement, column int) error {
	last := column - 1
	s.cell = xmlCell{column: column}
	s.content.reset()
	s.value = s.value[:0]
	for _, attr := range el.Attr {
		switch attr.Name.Local {
		case "r":
			n, ok := columnNumber(attr.Value)
			if !ok || n <= last {
				return refuse(Damaged)
			}
			s.cell.column = n
		case "t":
			s.cell.kind = attr.Value
		case "s":
			n, err := strconv.Atoi(attr.Value)
			if err != nil {
				return refuse(Damaged)
			}
			s.cell.style = n
		}
	}
	if s.cell.column > excelColumns {
		return refuse(Damaged)
	}
	return nil
}

// endCell adds the cell to the record.
func (s *workbookSource) endCell(rec *record) error {
	text, fault, err := s.cellText()
	if err != nil {
		return err
	}
	if fault != "" {
		rec.flaws = append(rec.flaws, flaw{line: rec.line, column: s.cell.column, text: fault})
		rec.blank = false
	}
	if text == "" {
		return nil
	}
	rec.width = s.cell.column
	rec.blank = rec.blank && isBlank(text)
	if s.cell.column > MaxColumns {
		return nil
	}
	for len(rec.cells) < s.cell.column-1 {
		rec.cells = append(rec.cells, "")
	}
	rec.cells = append(rec.cells, text)
	return nil
}

// cellText returns what Excel shows in the cell, and what is wrong with it.
func (s *workbookSource) cellText() (text, fault string, err error) {
	value := string(s.value)
	switch s.cell.kind {
	case "s":
		if value == "" {
			return "", "", nil
		}
		shared, ok := s.texts.get(value)
		if !ok {
			return "", "", refuse(Damaged)
		}
		// A copy, so that a row that is kept does not keep its block.
		return strings.Clone(shared), "", nil
	case "inlineStr":
		return s.content.String(), "", nil
	case "b":
		switch strings.TrimSpace(value) {
		case "1", "true":
			return "TRUE", "", nil
		case "0", "false":
			return "FALSE", "", nil
		}
		return value, "", nil
	case "e":
		return value, "this cell shows an Excel error such as #N/A. Type the value in place of the formula.", nil
	case "str", "d":
		return unescapeText(value), "", nil
	}
	if !s.cell.valued && s.cell.formula {
		return "", "this cell holds a formula that was never calculated. Open the file in Excel, save it and send it again.", nil
	}
	if value == "" {
		return "", "", nil
	}
	text, fault = s.numbers.text(strings.TrimSpace(value), s.cell.style)
	return text, fault, nil
}

// columnNumber returns the column, from 1, of a reference such as AB12.
func columnNumber(ref string) (int, bool) {
	column := 0
	for _, b := range []byte(ref) {
		switch {
		case 'A' <= b && b <= 'Z':
			column = column*26 + int(b-'A') + 1
		case 'a' <= b && b <= 'z':
			column = column*26 + int(b-'a') + 1
		default:
			return column, column > 0
		}
		if column > excelColumns {
			return 0, false
		}
	}
	return column, column > 0
}

// columnLetters is the reverse: 28 is AB.
func columnLetters(column int) string {
	var letters []byte
	for ; column > 0; column = (column - 1) / 26 {
		letters = append([]byte{byte('A' + (column-1)%26)}, letters...)
	}
	return string(letters)
}
