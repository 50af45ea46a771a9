package salesforce

import (
	"slices"
	"strings"
)

const (
	// pageSize is the number of records in one answer.
	// Source: Salesforce SOAP API developer guide, QueryOptions: default 500, at most 2,000.
	pageSize = 2000
	// maxSOQL is the number of bytes of a query that we stay under. Salesforce counts characters, which are never more.
	// Source: Salesforce SOQL reference, limits: 100,000 characters in a statement.
	maxSOQL = 95_000
	// maxLiteral is the number of bytes of a text in a query. A longer one is in no field that we search.
	// Source: Salesforce SOQL reference, limits: 4,000 characters in a WHERE string.
	maxLiteral = 4000
)

// quote writes a text as a SOQL literal. It is the only way a text gets into a query.
// Source: Salesforce SOQL reference, quoted string escape sequences.
func quote(b *strings.Builder, s string) {
	b.WriteByte('\'')
	for i := range len(s) {
		switch c := s[i]; c {
		case '\'', '"', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
}

// in is "field IN (keys)".
type in struct {
	field string
	keys  []string
}

// ids makes a list of record ids, texts one of texts. Each leaves out what is empty, there already, or can match nothing: one key
// that Salesforce refuses would spoil the look-up of all others.
func ids(field string, keys []string) in { return in{field, unique(keys, longID, validID)} }

func texts(field string, keys []string) in {
	// SOQL compares these without regard to case, so keys that differ in case alone are the same key.
	return in{field, unique(keys, strings.ToLower, func(s string) bool {
		return s != "" && len(s) <= maxLiteral && legalText(s)
	})}
}

func unique(keys []string, same func(string) string, usable func(string) bool) []string {
	seen := make(map[string]struct{}, len(keys))
	out := make([]string, 0, len(keys))
	for _, k := range keys {
		if !usable(k) {
			continue
		}
		id := same(k)
		if _, ok := seen[id]; !ok {
			seen[id] = struct{}{}
			out = append(out, k)
		}
	}
	return out
}

// where is a condition: any of the lists, and always what fixed says.
type where struct {
	fixed string // ends in " AND " when it is not empty
	any   []in
}

func (w where) keys() (n int) {
	for _, l := range w.any {
		n += len(l.keys)
	}
	return n
}

func (w where) String() string {
	var b strings.Builder
	b.WriteString(w.fixed)
	several := len(w.any) > 1 && w.fixed != ""
	if several {
		b.WriteByte('(')
	}
	for i, l := range w.any {
		if i > 0 {
			b.WriteString(" OR ")
		}
		b.WriteString(l.field)
		b.WriteString(" IN (")
		for j, k := range l.keys {
			if j > 0 {
				b.WriteByte(',')
			}
			quote(&b, k)
		}
		b.WriteByte(')')
	}
	if several {
		b.WriteByte(')')
	}
	return b.String()
}

// size is the length of the condition in bytes when nothing needs escaping, and at most twice too little when all does.
func (w where) size() int {
	n := len(w.fixed)
	for _, l := range w.any {
		n += len(l.field) + 10
		for _, k := range l.keys {
			n += len(k) + 3 + strings.Count(k, `'`) + strings.Count(k, `\`) + strings.Count(k, `"`)
		}
	}
	return n
}

// split cuts the condition into parts that each fit a query beside taken bytes of other text, and whose lists each have at
// most a page of keys. The same share of every list goes into each part: callers give the lists in the order of
// their rows, so that keys which find the same records stay together.
func (w where) split(taken int) []where {
	w.any = slices.DeleteFunc(slices.Clone(w.any), func(l in) bool { return len(l.keys) == 0 })
	if len(w.any) == 0 {
		return nil
	}
	most := maxSOQL - taken
	parts := (w.size() + most - 1) / most
	for _, l := range w.any {
		parts = max(parts, (len(l.keys)+pageSize-1)/pageSize)
	}
	if parts <= 1 {
		return []where{w}
	}
	return w.cut(parts, taken)
}

// cut cuts the condition into parts of the same number of keys, and those again that are still too large.
func (w where) cut(parts, taken int) []where {
	parts = min(parts, w.keys())
	if parts <= 1 {
		return []where{w}
	}
	var out []where
	for i := range parts {
		share := where{fixed: w.fixed}
		for _, l := range w.any {
			from, to := i*len(l.keys)/parts, (i+1)*len(l.keys)/parts
			if from < to {
				share.any = append(share.any, in{l.field, l.keys[from:to]})
			}
		}
		if share.keys() == w.keys() { // one key a list: it cannot get smaller
			return []where{w}
		}
		out = append(out, share.split(taken)...)
	}
	return out
}
