package salesforcesim

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// holds says whether a row meets the condition.
func (n *node) holds(t *table, row int32) bool {
	switch n.kind {
	case condAnd:
		for _, kid := range n.kids {
			if !kid.holds(t, row) {
				return false
			}
		}
		return true
	case condOr:
		for _, kid := range n.kids {
			if kid.holds(t, row) {
				return true
			}
		}
		return false
	case condNot:
		return !n.kids[0].holds(t, row)
	}
	return n.compare(n.path.value(t, row))
}

func (n *node) compare(v string) bool {
	f := n.path.field
	switch n.op {
	case "IN":
		return n.set[f.fold(v)]
	case "NOT IN":
		return !n.set[f.fold(v)]
	case "LIKE":
		return v != "" && like(strings.ToLower(v), n.pattern)
	}
	if n.until != "" {
		return compareRange(n.op, v, n.from, n.until)
	}
	folded := f.fold(v)
	switch n.op {
	case "=":
		return folded == n.value
	case "!=":
		return folded != n.value
	}
	if v == "" {
		return false
	}
	order := strings.Compare(folded, n.value)
	if f.typ == typeInt {
		x, _ := strconv.ParseFloat(v, 64)
		order = compareNumbers(x, n.number)
	}
	return ordered(n.op, order)
}

func compareNumbers(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func ordered(op string, order int) bool {
	switch op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// compareRange compares a time with the span of a date literal: = is within, < before its start, > after its end.
func compareRange(op, v, from, until string) bool {
	if v == "" {
		return op == "!="
	}
	switch op {
	case "=":
		return v >= from && v < until
	case "!=":
		return v < from || v >= until
	case "<":
		return v < from
	case "<=":
		return v < until
	case ">":
		return v >= until
	}
	return v >= from
}

// like matches a LIKE pattern, both in lower case: % is any text, _ one character, and a backslash takes the next one as it is.
// It goes back only to the last %, so that a pattern of many costs no more than the product of both lengths.
func like(s, pattern string) bool {
	at, p := 0, 0
	starS, starP := -1, -1
	for at < len(s) || p < len(pattern) {
		if p < len(pattern) && pattern[p] == '%' {
			starS, starP = at, p
			p++
			continue
		}
		if stepS, stepP := likeStep(s[at:], pattern[p:]); stepP > 0 {
			at, p = at+stepS, p+stepP
			continue
		}
		if starP < 0 || starS >= len(s) {
			return false
		}
		starS++
		at, p = starS, starP+1
	}
	return true
}

// likeStep matches one character of a pattern without % and returns how many bytes of each it took, or zeros.
func likeStep(s, pattern string) (inS, inPattern int) {
	if s == "" || pattern == "" {
		return 0, 0
	}
	switch pattern[0] {
	case '_':
		_, size := utf8.DecodeRuneInString(s)
		return size, 1
	case '\\':
		plain := plainText(pattern[:2])
		if strings.HasPrefix(s, plain) {
			return len(plain), 2
		}
		return 0, 0
	}
	if s[0] == pattern[0] {
		return 1, 1
	}
	return 0, 0
}
