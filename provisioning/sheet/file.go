package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// Limits of what is read.
const (
	// DefaultMaxBytes is the size of a file if Options says nothing.
	DefaultMaxBytes = 50 << 20
	// DefaultMaxRows is the number of rows if Options says nothing.
	DefaultMaxRows = 100_000
	// MaxColumns is the number of columns; Salesforce's User object has about 200
	// fields.
	MaxColumns = 500
	// MaxCellRunes is the length of a cell. Excel ends at 32,767:
	// support.microsoft.com, "Excel specifications and limits".
	MaxCellRunes = 32_000
)

// Options bounds what is read. The zero value has the defaults.
type Options struct {
	MaxBytes int64 // 0 means DefaultMaxBytes
	MaxRows  int   // 0 means DefaultMaxRows
}

// Format says how a file was understood.
type Format struct {
	// Workbook tells an Excel workbook from text.
	Workbook bool
	// Sheet is the name of the workbook's sheet that is read.
	Sheet string
	// Encoding of a text file: UTF-8, UTF-16 LE, UTF-16 BE or Windows-1252.
	Encoding string
	// Separator of a text file's cells, or 0 if it has one column.
	Separator byte
}

// String returns the format in a few words for a person.
func (f Format) String() string {
	if f.Workbook {
		return fmt.Sprintf("Excel workbook, sheet %q", f.Sheet)
	}
	separator := "one column"
	switch f.Separator {
	case 0:
	case ',':
		separator = "comma"
	case ';':
		separator = "semicolon"
	case '\t':
		separator = "tab"
	case '|':
		separator = "pipe"
	default:
		separator = fmt.Sprintf("separator %q", f.Separator)
	}
	return "CSV, " + f.Encoding + ", " + separator
}

// File is an open spreadsheet whose header has been read. It must not be used
// by several goroutines at once, holds no resource but the reader it was given,
// and needs no closing.
type File struct {
	format   Format
	source   source
	maxRows  int
	header   []string
	line     int            // where the header begins
	columns  map[string]int // Fold of the name to index, first one wins
	wide     int            // cells of the header's row, with the nameless ones at its end
	problems Problems
	notices  []Notice
	read     bool

	orphans map[int]bool // columns with data but without a name that were told
	lost    tally        // cells with U+FFFD
	hidden  tally        // rows that Excel does not show
}

// Row is one row of data.
type Row struct {
	// Number counts the rows of data from 1.
	Number int
	// Line is where the row begins: the physical line of a text file, the row
	// of a workbook, from 1.
	Line int
	// Cells has one cell for each name in File.Header. It may be kept.
	Cells []string

	columns map[string]int
}

// Get returns the cell of the column with this name, compared by [Fold], or ""
// if there is no such column; File.Column tells the two apart.
func (r Row) Get(name string) string {
	if i, ok := r.columns[Fold(name)]; ok {
		return r.Cells[i]
	}
	return ""
}

// Open looks at the size bytes of r, tells what they are, and reads the
// header. The error is a *Refusal, or a failed read of r. r must stay
// readable until Rows has ended.
func Open(r io.ReaderAt, size int64, o Options) (*File, error) {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxRows <= 0 {
		o.MaxRows = DefaultMaxRows
	}
	if size > o.MaxBytes {
		return nil, refuseAt(TooLarge, 0, "This file has %s; at most %s are read. Remove columns that are not needed, or split it into several files.",
			megabytes(size), megabytes(o.MaxBytes))
	}
	head, err := readHead(r, size)
	if err != nil {
		return nil, err
	}
	if len(head) == 0 {
		return nil, refuse(Empty)
	}
	if reason := refusedByMagic(r, head); reason != "" {
		return nil, refuse(reason)
	}
	f := &File{maxRows: o.MaxRows, orphans: make(map[int]bool)}
	if isZip(head) {
		err = f.openWorkbook(r, size)
	} else {
		err = f.openText(r, size, head)
	}
	if err != nil {
		return nil, err
	}
	if err := f.readHeader(); err != nil {
		return nil, err
	}
	return f, nil
}

func megabytes(n int64) string {
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

func (f *File) openText(r io.ReaderAt, size int64, head []byte) error {
	encoded, err := detectEncoding(r, size, head)
	if err != nil {
		return err
	}
	text := encoded.reader(r, size)
	sample := make([]byte, sampleBytes)
	n, err := io.ReadFull(text, sample)
	complete := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if err != nil && !complete {
		return fmt.Errorf("read the beginning of the file: %w", err)
	}
	sample = sample[:n]
	if reason := refusedByMarkup(sample); reason != "" {
		return refuse(reason)
	}
	delim, skip := separatorLine(sample)
	if skip > 0 && !usableSeparator(delim) {
		return refuseAt(UnknownSeparator, 1, "Line 1 says that %q separates the cells, which cannot be. "+
			"Remove the line and use commas, or save it as \"CSV UTF-8\".", delim)
	}
	firstLine := 1
	if skip > 0 {
		firstLine = 2
	} else {
		delim = findSeparator(sample, complete)
	}
	lines := newTextSource(io.MultiReader(bytes.NewReader(sample[skip:]), text), delim)
	lines.line = firstLine
	f.source = lines
	f.format = Format{Encoding: encoded.name, Separator: delim}
	if encoded.notice != nil {
		f.notices = append(f.notices, *encoded.notice)
	}
	return nil
}

// readHeader takes the first row with anything in it for the header.
func (f *File) readHeader() error {
	var rec record
	for {
		err := f.source.next(&rec)
		if errors.Is(err, io.EOF) {
			return refuse(Empty)
		}
		if err != nil {
			return err
		}
		if !rec.blank {
			break
		}
	}
	if rec.width > MaxColumns {
		return refuseAt(TooManyColumns, rec.line, "The header has %d columns; at most %d are read. Remove the columns that are not needed.", rec.width, MaxColumns)
	}
	f.line = rec.line
	f.header = make([]string, 0, rec.width)
	for _, cell := range rec.cells[:rec.width] {
		f.header = append(f.header, cleanName(undefuse(cell)))
	}
	f.wide = len(rec.cells)
	for n := len(f.header); n > 0 && f.header[n-1] == ""; n-- {
		f.header = f.header[:n-1]
	}
	f.addFlaws(&rec)
	f.columns = make(map[string]int, len(f.header))
	for i, name := range f.header {
		folded := Fold(name)
		if folded == "" {
			continue
		}
		first, twice := f.columns[folded]
		if !twice {
			f.columns[folded] = i
			continue
		}
		f.addProblem(rec.line, i+1, fmt.Sprintf("this is the same column as %s. Remove one of them or rename it.", f.columnName(first+1)))
	}
	return nil
}

// Format says how the file was understood.
func (f *File) Format() Format { return f.format }

// Header returns the names of the columns in order, as they are written but
// for white space around them and invisible characters. A name is empty where
// the header has a gap; no row has data there, or it is a problem.
func (f *File) Header() []string { return f.header }

// HeaderLine returns where the header begins, counted like Row.Line.
func (f *File) HeaderLine() int { return f.line }

// Column returns the index in Header and Row.Cells of the column with this
// name, compared by [Fold].
func (f *File) Column(name string) (int, bool) {
	i, ok := f.columns[Fold(name)]
	return i, ok
}

// Notices returns what a person should know about how the file was read. It
// is complete once Rows has ended.
func (f *File) Notices() []Notice { return f.notices }

// Rows returns the rows of data in order, once. A row with a problem is left
// out and reading goes on; at the end comes one error if there is any:
// *Problems with all of them, a *Refusal (such as HeaderOnly or TooManyRows),
// or a failed read. The last two end the loop where they arise.
func (f *File) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if f.read {
			yield(Row{}, errors.New("the rows of this file have been read already"))
			return
		}
		f.read = true
		number := 0
		var rec record
		for {
			err := f.source.next(&rec)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				yield(Row{}, err)
				return
			}
			if rec.blank {
				continue
			}
			number++
			if number > f.maxRows {
				yield(Row{}, refuseAt(TooManyRows, rec.line, "This file has more than %d rows, which is the limit. Split it into several files.", f.maxRows))
				return
			}
			row, ok := f.row(number, &rec)
			if ok && !yield(row, nil) {
				return
			}
		}
		f.tellAtEnd()
		switch {
		case f.problems.Count() > 0:
			yield(Row{}, &f.problems)
		case number == 0:
			yield(Row{}, refuse(HeaderOnly))
		}
	}
}

// ReadAll returns all rows of the file, for callers that need them at once.
// The error is as at the end of Rows; no rows are returned with it.
func (f *File) ReadAll() ([]Row, error) {
	var rows []Row
	for row, err := range f.Rows() {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// row makes a row of a record and tells whether it is free of problems.
func (f *File) row(number int, rec *record) (Row, bool) {
	before := f.problems.Count()
	f.addFlaws(rec)
	if rec.width > max(len(f.header), f.wide) && len(rec.flaws) == 0 {
		f.tellWidth(rec)
	}
	if rec.hidden {
		f.hidden.add(rec.line)
	}
	cells := make([]string, len(f.header))
	for i, cell := range rec.cells[:min(len(rec.cells), max(len(f.header), f.wide))] {
		if cell == "" {
			continue
		}
		cell = undefuse(cell)
		if (i >= len(f.header) || f.header[i] == "") && !isBlank(cell) && !f.orphans[i] {
			f.orphans[i] = true
			f.addProblem(rec.line, i+1, "this column has data but no name. Name it in the header or remove it.")
		}
		if i >= len(f.header) {
			continue
		}
		if len(cell) > MaxCellRunes && utf8.RuneCountInString(cell) > MaxCellRunes {
			f.addProblem(rec.line, i+1, fmt.Sprintf("the cell has more than %d characters. "+
				"Shorten it, or look for a quote (\") that is not closed.", MaxCellRunes))
		}
		if strings.ContainsRune(cell, utf8.RuneError) {
			f.lost.add(rec.line)
		}
		cells[i] = cell
	}
	return Row{Number: number, Line: rec.line, Cells: cells, columns: f.columns}, f.problems.Count() == before
}

// tellWidth reports cells beyond the header.
func (f *File) tellWidth(rec *record) {
	hint := "Put quotes around a cell that holds the separator, or remove the extra cells."
	if f.format.Workbook {
		hint = "Name the columns in the header or remove the extra cells."
	}
	f.addProblem(rec.line, 0, fmt.Sprintf("this row has %d cells, the header has %d. %s", rec.width, len(f.header), hint))
}
