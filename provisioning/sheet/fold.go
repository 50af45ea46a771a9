package sheet

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold returns the form of a column's name in which names are compared:
// without regard to case, white space of any kind, underscores, invisible
// characters (byte order mark, zero-width characters) and quotes around it.
// Hyphens and other marks stay. Fold is idempotent.
func Fold(name string) string {
	name = norm.NFC.String(strings.ToLower(strings.Map(func(r rune) rune {
		if r == '_' || unicode.IsSpace(r) || isInvisible(r) {
			return -1
		}
		return r
	}, name)))
	return strings.Trim(name, "\"'`´“”„‟‘’‚‛«»‹›")
}

// cleanName is a column's name as a person would read it: on one line,
// without what cannot be seen.
func cleanName(name string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if isInvisible(r) {
			return -1
		}
		return r
	}, name)), " ")
}

// isInvisible tells characters that take no room on the screen and that
// strings.Fields does not know as white space.
func isInvisible(r rune) bool {
	switch r {
	case '\u00AD', // soft hyphen
		'\u180E',                               // mongolian vowel separator
		'\u200B', '\u200C', '\u200D', '\u2060', // zero-width space, non-joiner, joiner, word joiner
		'\u200E', '\u200F', // left-to-right and right-to-left marks
		'\uFEFF': // byte order mark
		return true
	}
	return false
}

// isBlank tells whether nothing in the cell can be seen.
func isBlank(cell string) bool {
	for _, r := range cell {
		if !unicode.IsSpace(r) && !isInvisible(r) {
			return false
		}
	}
	return true
}
