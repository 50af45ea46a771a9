package sheet

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// byteOrderMark at the beginning tells Excel that a CSV is UTF-8.
const byteOrderMark = "\uFEFF"

// quoteWorthy are the characters that put a cell into quotes. All separators
// that Open looks for are among them, so that it finds the right one whatever
// the cells hold.
const quoteWorthy = "\",;|\t\r\n"

// WriterOptions says how a CSV is written. The zero value is a plain UTF-8 CSV.
type WriterOptions struct {
	// ByteOrderMark writes one, without which Excel takes the file for the
	// encoding of the country it runs in.
	ByteOrderMark bool
}

// Writer writes rows as a CSV: comma, CRLF, UTF-8. A cell that a spreadsheet
// would run as a formula gets an apostrophe before it, which Open takes away
// again. What is written and read back is the same, with these exceptions:
// a row in which nothing can be seen is no row, names in the header lose the
// white space around them, bytes that are not UTF-8 become U+FFFD, and Open
// refuses NUL. A Writer must not be used by several goroutines at once.
type Writer struct {
	out   *bufio.Writer
	bom   bool
	begun bool
}

// NewWriter returns a Writer on w. Flush must be called at the end.
func NewWriter(w io.Writer, o WriterOptions) *Writer {
	return &Writer{out: bufio.NewWriter(w), bom: o.ByteOrderMark}
}

// Write writes one row. The first one is the header and is defused as any
// other. The error is that of the underlying writer and stays.
func (w *Writer) Write(cells []string) error {
	first := !w.begun
	w.begun = true
	if first && w.bom {
		w.put(byteOrderMark)
	}
	for i, cell := range cells {
		if i > 0 {
			w.put(",")
		}
		// The first cell of the file is always quoted: Excel takes a file that
		// begins with ID for a SYLK file, and "sep=;" for an order.
		w.cell(defuse(strings.ToValidUTF8(cell, "\uFFFD")), first && i == 0)
	}
	w.put("\r\n")
	return w.failure()
}

// Flush writes what is still held back.
func (w *Writer) Flush() error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func (w *Writer) cell(cell string, quote bool) {
	if !quote && !strings.ContainsAny(cell, quoteWorthy) && !strings.HasPrefix(cell, " ") && !strings.HasSuffix(cell, " ") {
		w.put(cell)
		return
	}
	w.put(`"`)
	w.put(strings.ReplaceAll(cell, `"`, `""`))
	w.put(`"`)
}

// put leaves the error to failure: a bufio.Writer keeps its first one.
func (w *Writer) put(s string) { _, _ = w.out.WriteString(s) }

func (w *Writer) failure() error {
	if _, err := w.out.Write(nil); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}
