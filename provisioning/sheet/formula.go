package sheet

import (
	"strings"
	"unicode"
)

// A spreadsheet runs a cell of a CSV as a formula if it begins with one of
// = + - @, whatever quotes stand around it in the file, and some do so after
// white space or with the full-width forms of these signs.
// Source: OWASP, "CSV Injection".
//
// The rule, one for all cells, and with no exception for numbers or phone
// numbers, since "-2+3+cmd|..." begins as one:
//
//	A cell that is dangerous once all apostrophes at its beginning are taken
//	away is written with one more apostrophe before it. A cell that is read
//	and begins with an apostrophe, and is dangerous once all apostrophes at its
//	beginning are taken away, loses one.
//
// So +49 170 1234567 is written as '+49 170 1234567 and read back as it was, and
// '=1 gets a second apostrophe. Names such as 'Ndrangheta or O'Brien are left alone.
// Only the beginning of a cell counts: a program that splits the file at another
// separator than the one it was written with may still see a formula.

// defuse returns the cell as it is written.
func defuse(cell string) string {
	if isDangerous(strings.TrimLeft(cell, "'")) {
		return "'" + cell
	}
	return cell
}

// undefuse returns the cell that defuse was given.
func undefuse(cell string) string {
	if strings.HasPrefix(cell, "'") && isDangerous(strings.TrimLeft(cell, "'")) {
		return cell[1:]
	}
	return cell
}

// isDangerous tells whether a spreadsheet may run the cell. A tab or a
// carriage return at the beginning counts by itself: some programs drop it
// and then look again.
func isDangerous(cell string) bool {
	for _, r := range cell {
		switch r {
		case '\t', '\r', '=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '−':
			return true
		}
		if !unicode.IsSpace(r) && !isInvisible(r) && !unicode.IsControl(r) {
			return false
		}
	}
	return false
}
