package sheet

import (
	"bytes"
	"strings"
)

// separators are what is looked for, in the order in which a tie is decided.
const separators = ",;\t|"

// sampleBytes is how much text the separator is looked for in, and
// sampleRecords how many rows of it.
const (
	sampleBytes   = 64 << 10
	sampleRecords = 200
)

// findSeparator returns the separator of the text that begins with sample, or
// 0 if it has but one column. complete tells that sample is the whole text.
// What stands in quotes does not count.
func findSeparator(sample []byte, complete bool) byte {
	var best byte
	var bestScore float64
	bestWidth := 1
	for _, delim := range []byte(separators) {
		width, score := trySeparator(sample, complete, delim)
		if width < 2 {
			continue
		}
		if score > bestScore || score == bestScore && width > bestWidth {
			best, bestScore, bestWidth = delim, score, width
		}
	}
	return best
}

// trySeparator returns how many cells the header has with this separator and
// how well the rows agree with it: 1 if all have as many, less if some have
// fewer, least if some have more. A separator with which the quotes of the
// header make no sense is worse than any other.
func trySeparator(sample []byte, complete bool, delim byte) (width int, score float64) {
	s := newTextSource(bytes.NewReader(sample), delim)
	var rec record
	rows, least := 0, 1e-9
	for range sampleRecords {
		if err := s.next(&rec); err != nil {
			break
		}
		if !complete && s.pos == s.end && rows > 0 && width > 0 {
			break // the sample may have cut this record
		}
		if rec.blank {
			continue
		}
		if width == 0 {
			width = s.cells
			if len(rec.flaws) > 0 {
				return width, least / 2
			}
			continue
		}
		rows++
		switch {
		case len(rec.flaws) > 0 || rec.width > width:
		case s.cells == width:
			score++
		default:
			score += 0.5
		}
	}
	if rows == 0 {
		return width, 1
	}
	return width, max(score/float64(rows), least)
}

// separatorLine takes Excel's "sep=;" line off the text. It returns the
// separator and the length of the line, or 0 and 0 if there is none.
func separatorLine(sample []byte) (delim byte, length int) {
	const key = "sep="
	if len(sample) < len(key)+1 || !strings.EqualFold(string(sample[:len(key)]), key) {
		return 0, 0
	}
	rest := sample[len(key)+1:]
	switch {
	case len(rest) == 0:
	case rest[0] == '\n':
		rest = rest[1:]
	case rest[0] == '\r':
		rest = bytes.TrimPrefix(rest[1:], []byte("\n"))
	default:
		return 0, 0
	}
	return sample[len(key)], len(sample) - len(rest)
}

// usableSeparator tells whether a "sep=" line may name the character.
func usableSeparator(b byte) bool {
	digit, letter := '0' <= b && b <= '9', 'a' <= b|0x20 && b|0x20 <= 'z'
	return b == '\t' || ' ' < b && b < 0x7f && b != '"' && !digit && !letter
}
