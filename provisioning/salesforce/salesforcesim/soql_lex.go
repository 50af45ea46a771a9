package salesforcesim

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limits of a query, developer.salesforce.com "SOQL and SOSL Limits".
const (
	maxQueryChars   = 100_000
	maxLiteralChars = 4_000
)

type tokenKind uint8

const (
	tokenEnd     tokenKind = iota
	tokenWord              // a name, a keyword, or a path with dots
	tokenString            // in quotes
	tokenNumber            // 12, -3, 1.5
	tokenTime              // 2026-11-22T02:33:00Z
	tokenDate              // 2026-11-22
	tokenLiteral           // TODAY, LAST_N_DAYS:14
	tokenSymbol            // ( ) , = != < <= > >=
)

type token struct {
	kind tokenKind
	text string // as written; of a string what stands between the quotes
	pos  int
	n    int // of a date literal with a number
}

// lexer cuts a query into tokens.
type lexer struct {
	text string
	pos  int
}

// queryError refuses a query, pointing at the place as Salesforce does.
func queryError(text string, pos int, code, message string) *callError {
	row, column := 1, pos+1
	if i := strings.LastIndexByte(text[:pos], '\n'); i >= 0 {
		row += strings.Count(text[:pos], "\n")
		column = pos - i
	}
	const around = 40
	from, to := max(0, pos-around), min(len(text), pos+around)
	e := refuse(http.StatusBadRequest, code, fmt.Sprintf("\n%s\n%s^\nERROR at Row:%d:Column:%d\n%s",
		strings.ReplaceAll(text[from:to], "\n", " "), strings.Repeat(" ", pos-from), row, column, message))
	e.row, e.column = row, column
	return e
}

func (l *lexer) malformed(pos int, format string, args ...any) *callError {
	return queryError(l.text, pos, "MALFORMED_QUERY", fmt.Sprintf(format, args...))
}

func (l *lexer) next() (token, *callError) {
	for l.pos < len(l.text) && strings.IndexByte(" \t\r\n", l.text[l.pos]) >= 0 {
		l.pos++
	}
	if l.pos == len(l.text) {
		return token{pos: l.pos}, nil
	}
	start := l.pos
	switch c := l.text[l.pos]; {
	case c == '\'':
		return l.quoted()
	case isLetter(c):
		return l.word()
	case isDigit(c) || (c == '-' || c == '+' || c == '.') && l.pos+1 < len(l.text) && isDigit(l.text[l.pos+1]):
		return l.number()
	case strings.IndexByte("(),", c) >= 0:
		l.pos++
	case strings.IndexByte("=<>!", c) >= 0:
		l.pos++
		if l.pos < len(l.text) && c != '=' && (l.text[l.pos] == '=' || c == '<' && l.text[l.pos] == '>') {
			l.pos++
		}
		if l.text[start:l.pos] == "!" {
			return token{}, l.malformed(start, "unexpected token: '!'")
		}
	default:
		return token{}, l.malformed(start, "line 1:%d no viable alternative at character '%c'", start, []rune(l.text[start:])[0])
	}
	return token{kind: tokenSymbol, text: l.text[start:l.pos], pos: start}, nil
}

func (l *lexer) quoted() (token, *callError) {
	start := l.pos
	for l.pos++; l.pos < len(l.text); l.pos++ {
		switch l.text[l.pos] {
		case '\\':
			l.pos++
			if l.pos < len(l.text) && strings.IndexByte(`nNrRtTbBfF"'\_%`, l.text[l.pos]) < 0 {
				return token{}, l.malformed(l.pos, "Bad escape sequence: \\%c", l.text[l.pos])
			}
		case '\'':
			t := token{kind: tokenString, text: l.text[start+1 : l.pos], pos: start}
			l.pos++
			if len(t.text) > maxLiteralChars && len([]rune(t.text)) > maxLiteralChars {
				return token{}, queryError(l.text, start, "MALFORMED_QUERY",
					fmt.Sprintf("String literal in filter exceeds %d characters", maxLiteralChars))
			}
			return t, nil
		}
	}
	return token{}, l.malformed(start, "expecting a single quote, found '<EOF>'")
}

func (l *lexer) word() (token, *callError) {
	start := l.pos
	for l.pos < len(l.text) && (isLetter(l.text[l.pos]) || isDigit(l.text[l.pos]) || l.text[l.pos] == '_' || l.text[l.pos] == '.') {
		l.pos++
	}
	t := token{kind: tokenWord, text: l.text[start:l.pos], pos: start}
	if l.pos < len(l.text) && l.text[l.pos] == ':' {
		digits := l.pos + 1
		end := digits
		for end < len(l.text) && isDigit(l.text[end]) {
			end++
		}
		n, err := strconv.Atoi(l.text[digits:end])
		if err != nil || n < 1 {
			return token{}, l.malformed(l.pos, "unexpected token: ':'")
		}
		l.pos = end
		t.kind, t.n = tokenLiteral, n
	}
	return t, nil
}

func (l *lexer) number() (token, *callError) {
	start := l.pos
	l.pos++
	for l.pos < len(l.text) && strings.IndexByte("0123456789.:-+TZ", l.text[l.pos]) >= 0 {
		l.pos++
	}
	t := token{text: l.text[start:l.pos], pos: start}
	switch {
	case strings.Contains(t.text, "T"):
		t.kind = tokenTime
		if _, ok := parseTime(t.text); !ok {
			return token{}, l.malformed(start, "Invalid datetime: %s", t.text)
		}
	case strings.LastIndexByte(t.text, '-') > 0:
		t.kind = tokenDate
		if _, err := time.Parse(time.DateOnly, t.text); err != nil {
			return token{}, l.malformed(start, "Invalid date: %s", t.text)
		}
	default:
		t.kind = tokenNumber
		if _, err := strconv.ParseFloat(t.text, 64); err != nil {
			return token{}, l.malformed(start, "unexpected token: '%s'", t.text)
		}
	}
	return t, nil
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// plainText resolves the escapes of a string literal.
func plainText(raw string) string {
	if !strings.Contains(raw, `\`) {
		return raw
	}
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			b.WriteByte(raw[i])
			continue
		}
		i++
		switch raw[i] {
		case 'n', 'N':
			b.WriteByte('\n')
		case 'r', 'R':
			b.WriteByte('\r')
		case 't', 'T':
			b.WriteByte('\t')
		case 'b', 'B':
			b.WriteByte('\b')
		case 'f', 'F':
			b.WriteByte('\f')
		default:
			b.WriteByte(raw[i])
		}
	}
	return b.String()
}
