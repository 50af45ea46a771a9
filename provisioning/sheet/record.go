package sheet

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxRecordBytes bounds the text of one row, so that a quote which is never
// closed does not pull the rest of the file into memory.
const maxRecordBytes = 2 << 20

// record is one row as a source delivers it.
type record struct {
	line   int
	cells  []string // at most MaxColumns
	width  int      // number of cells up to the last one that is not empty, stored or not
	blank  bool     // nothing in it can be seen
	flaws  []flaw
	hidden bool // a workbook's row that is not shown
}

// source delivers the rows of a file one by one.
type source interface {
	// next fills rec with the next row, blank ones included, or returns io.EOF
	// at the end, a *Refusal, or a failed read. What it put into rec.cells may
	// be kept, rec.cells itself is used again.
	next(rec *record) error
}

// textSource cuts text into records. It is our own because encoding/csv
// neither knows lines that end with CR alone, nor bounds a record, nor keeps
// CRLF inside quotes, nor goes on after a fault.
type textSource struct {
	in    io.Reader
	buf   []byte
	pos   int
	end   int
	err   error // of the last read; io.EOF at the end
	delim byte  // 0: a line is one cell
	stop  [256]bool
	line  int // of the byte at pos

	text   []byte // of the record
	ends   []int  // of its stored cells in text
	cells  int    // seen so far
	quoted bool   // whether any of its cells was
	full   bool   // whether text was dropped
}

func newTextSource(in io.Reader, delim byte) *textSource {
	s := &textSource{in: in, delim: delim, buf: make([]byte, 64<<10), line: 1}
	for _, b := range []byte{'\n', '\r', 0, delim} {
		s.stop[b] = true
	}
	return s
}

// next implements source.
func (s *textSource) next(rec *record) error {
	s.text, s.ends, s.cells, s.quoted, s.full = s.text[:0], s.ends[:0], 0, false, false
	*rec = record{line: s.line, cells: rec.cells[:0], flaws: rec.flaws[:0]}
	if !s.more() {
		return s.failure(io.EOF)
	}
	for {
		start := len(s.text)
		if s.more() && s.buf[s.pos] == '"' {
			s.quotedCell(rec, start)
		} else {
			s.plainCell(start)
		}
		s.endCell(rec, start)
		if !s.more() {
			break
		}
		b := s.buf[s.pos]
		if b == 0 {
			return refuseAt(Binary, s.line, "This is not a text file: line %d holds bytes that no CSV has. "+
				"Send a CSV or an Excel workbook (.xlsx).", s.line)
		}
		if b == '\n' || b == '\r' {
			s.endLine()
			break
		}
		s.pos++ // the separator
	}
	if err := s.failure(nil); err != nil {
		return err
	}
	s.finish(rec)
	return nil
}

// more makes sure that there is a byte at pos and tells whether there is.
func (s *textSource) more() bool {
	for s.pos == s.end {
		if s.err != nil {
			return false
		}
		s.pos = 0
		s.end, s.err = s.in.Read(s.buf)
	}
	return true
}

// failure returns the read error, if any, and atEnd otherwise.
func (s *textSource) failure(atEnd error) error {
	if s.err != nil && !errors.Is(s.err, io.EOF) && s.pos == s.end {
		return fmt.Errorf("read line %d: %w", s.line, s.err)
	}
	return atEnd
}

// plainCell takes everything up to the next separator or line end. Quotes in
// it are text, as they are to Excel.
func (s *textSource) plainCell(start int) {
	for s.more() {
		i := s.pos
		for i < s.end && !s.stop[s.buf[i]] {
			i++
		}
		s.keep(s.buf[s.pos:i], start)
		s.pos = i
		if i < s.end {
			return
		}
	}
}

// quotedCell takes a cell in quotes, over line ends.
func (s *textSource) quotedCell(rec *record, start int) {
	opened := s.line
	s.quoted = true
	s.pos++
	afterCR := false
	for s.more() {
		i := s.pos
		for i < s.end && s.buf[i] != '"' && s.buf[i] != '\n' && s.buf[i] != '\r' && s.buf[i] != 0 {
			i++
		}
		if i > s.pos {
			afterCR = false
		}
		s.keep(s.buf[s.pos:i], start)
		s.pos = i
		if i == s.end {
			continue
		}
		switch b := s.buf[i]; b {
		case 0:
			return // next refuses it
		case '"':
			s.pos++
			afterCR = false
			if !s.more() || s.buf[s.pos] != '"' {
				s.afterQuote(rec, opened, start)
				return
			}
			s.keep([]byte{'"'}, start)
			s.pos++
		default:
			if b == '\r' || !afterCR {
				s.line++
			}
			afterCR = b == '\r'
			s.keep(s.buf[i:i+1], start)
			s.pos++
		}
	}
	rec.flaws = append(rec.flaws, flaw{line: opened, column: s.cells + 1, text: "a quote (\") opens here and is never closed. " +
		"Close it, or write it twice (\"\") if it is part of the text."})
}

// afterQuote forgives white space between a closing quote and what ends the cell.
func (s *textSource) afterQuote(rec *record, opened, start int) {
	for s.more() && s.buf[s.pos] == ' ' {
		s.pos++
	}
	if !s.more() || s.stop[s.buf[s.pos]] {
		return
	}
	text := "there is text after the closing quote. Write a quote that is part of the text twice (\"\"), or take the quotes away."
	if opened != s.line {
		text = fmt.Sprintf("there is text after the closing quote; the cell began on line %d. "+
			"Look there for a quote that is not closed, and write a quote that is part of the text twice (\"\").", opened)
	}
	rec.flaws = append(rec.flaws, flaw{line: s.line, column: s.cells + 1, text: text})
	s.plainCell(start)
}

// keep adds to the cell that began at start, within bounds.
func (s *textSource) keep(b []byte, start int) {
	if s.cells >= MaxColumns {
		// Not stored, but one byte must tell that the cell is not empty.
		if len(b) > 0 && len(s.text) == start {
			s.text = append(s.text, 'x')
		}
		return
	}
	if len(s.text)-start > utf8.UTFMax*MaxCellRunes || len(s.text)+len(b) > maxRecordBytes {
		s.full = s.full || len(s.text)+len(b) > maxRecordBytes
		return
	}
	s.text = append(s.text, b...)
}

func (s *textSource) endCell(rec *record, start int) {
	s.cells++
	if len(s.text) > start {
		rec.width = s.cells
	}
	if s.cells > MaxColumns {
		s.text = s.text[:start]
		return
	}
	s.ends = append(s.ends, len(s.text))
}

func (s *textSource) endLine() {
	cr := s.buf[s.pos] == '\r'
	s.pos++
	s.line++
	if cr && s.more() && s.buf[s.pos] == '\n' {
		s.pos++
	}
}

// finish makes strings of the cells: one allocation for the text of all.
func (s *textSource) finish(rec *record) {
	if s.full {
		rec.flaws = append(rec.flaws, flaw{line: rec.line, text: fmt.Sprintf("the row is longer than %d MB. "+
			"Look for a quote (\") that is not closed, or shorten the row.", maxRecordBytes>>20)})
	}
	text := string(s.text)
	start := 0
	rec.blank = rec.width <= MaxColumns
	for _, end := range s.ends {
		cell := text[start:end]
		rec.cells = append(rec.cells, cell)
		rec.blank = rec.blank && isBlank(cell)
		start = end
	}
	if s.delim == 0 && !s.quoted && !rec.blank {
		rec.blank = strings.Trim(text, separators+" ") == ""
	}
	if len(rec.flaws) > 0 {
		rec.blank = false
	}
}
