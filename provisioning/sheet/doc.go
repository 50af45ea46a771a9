// Package sheet turns any spreadsheet that people really have into rows of
// named cells, and writes rows as a CSV that is safe to open in Excel.
//
// Reading is one call and one loop:
//
//	f, err := sheet.Open(r, size, sheet.Options{})
//	if err != nil {
//		return err // nothing usable: a *Refusal, written for a person
//	}
//	for row, err := range f.Rows() {
//		if err != nil {
//			return err // a *Refusal, *Problems, or a failed read
//		}
//		email := row.Get("Email")
//	}
//
// # What is understood
//
// Text in UTF-8, UTF-16 (either byte order, with or without a byte order
// mark) and Windows-1252; cells separated by comma, semicolon, tab or pipe, or
// by what a leading "sep=" line says; lines ended by LF, CRLF or CR; cells in
// double quotes that hold separators, line breaks and doubled quotes. Excel
// workbooks (.xlsx, .xlsm): the first visible sheet, cells as Excel shows them.
// Everything else is refused by name.
//
// # What is a row
//
// The header is the first row with anything in it. Every later row with
// anything in it counts, in order, from 1; a row of nothing but white space
// and separators is not a row. Row.Line is where it begins in the file: the
// physical line of a text file, the row of a workbook.
//
// A short row is filled up with empty cells. A row with more cells than the
// header is a [Problem]. Reading goes on after a problem, so that a person
// is told all of them at once, and the loop ends with [*Problems]. A file with
// a problem is to be refused as a whole.
//
// Cells are neither trimmed nor normalised: what they mean is the caller's
// business. One thing is undone: the apostrophe that a [Writer] puts before a
// formula.
//
// # Bounds
//
// Memory does not grow with the number of rows, except for the text that an
// Excel workbook stores apart from its sheet, which is limited. Nothing is
// written to disk, so that no personal data is left behind.
package sheet
