package salesforcesim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// node is a bound condition.
type node struct {
	kind conditionKind
	kids []*node

	path    path
	op      string
	value   string          // folded; "" is null
	from    string          // of a date range, inclusive; the value elsewhere
	until   string          // of a date range, exclusive
	set     map[string]bool // folded, of IN and NOT IN; "" is null
	raw     []string        // the values of IN or =, not folded
	pattern string          // of LIKE, in lower case, escapes kept
	number  float64
}

// bindCondition resolves and checks a WHERE tree. The caller holds o.mu.
func (o *Org) bindCondition(p *plan, c *condition) (*node, *callError) {
	n := &node{kind: c.kind, op: c.op}
	for _, kid := range c.kids {
		k, err := o.bindCondition(p, kid)
		if err != nil {
			return nil, err
		}
		n.kids = append(n.kids, k)
	}
	if c.kind != condCompare {
		return n, nil
	}
	var err *callError
	if n.path, err = o.bindPath(p, c.path); err != nil {
		return nil, err
	}
	f := n.path.field
	if f.is(noFilter) {
		return nil, queryError(p.text, c.path.pos, "INVALID_FIELD", "field '"+f.name+"' can not be filtered in a query call")
	}
	if err := checkOperator(p, c, f); err != nil {
		return nil, err
	}
	switch c.op {
	case "IN", "NOT IN":
		n.set = make(map[string]bool, len(c.values))
		for _, v := range c.values {
			value, err := o.bindLiteral(p, v, f)
			if err != nil {
				return nil, err
			}
			n.set[f.fold(value)] = true
			n.raw = append(n.raw, value)
		}
	case "LIKE":
		if c.values[0].kind != tokenString {
			return nil, wrongLiteral(p, c.values[0], f)
		}
		n.pattern = strings.ToLower(c.values[0].text)
	default:
		return n, o.bindValue(p, c.values[0], n)
	}
	return n, nil
}

func checkOperator(p *plan, c *condition, f *field) *callError {
	ordering := strings.ContainsAny(c.op, "<>")
	bad := c.op == "LIKE" && (f.typ == typeID || f.typ == typeReference || f.typ == typeBoolean || f.typ == typeDateTime || f.typ == typeInt) ||
		ordering && (f.typ == typeBoolean) ||
		ordering && c.values[0].kind == tokenWord // < NULL, < TRUE
	if !bad {
		return nil
	}
	return queryError(p.text, c.path.pos, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on "+f.typ+" field")
}

func (o *Org) bindValue(p *plan, v token, n *node) *callError {
	f := n.path.field
	if v.kind == tokenLiteral {
		if f.typ != typeDateTime {
			return wrongLiteral(p, v, f)
		}
		from, until := o.dateRange(v)
		n.from, n.until = timeText(from), timeText(until)
		return nil
	}
	value, err := o.bindLiteral(p, v, f)
	if err != nil {
		return err
	}
	n.value = f.fold(value)
	n.raw = []string{value}
	if f.typ == typeInt && value != "" {
		n.number, _ = strconv.ParseFloat(value, 64)
	}
	return nil
}

// bindLiteral checks a literal against the field's type and returns it in the form in which the field's values are kept.
func (o *Org) bindLiteral(p *plan, v token, f *field) (string, *callError) {
	if v.kind == tokenWord && strings.EqualFold(v.text, "NULL") {
		return "", nil
	}
	switch f.typ {
	case typeBoolean:
		if v.kind != tokenWord {
			return "", wrongLiteral(p, v, f)
		}
		return strings.ToLower(v.text), nil
	case typeInt:
		if v.kind != tokenNumber {
			return "", wrongLiteral(p, v, f)
		}
		return v.text, nil
	case typeDateTime:
		if v.kind != tokenTime {
			return "", wrongLiteral(p, v, f)
		}
		t, _ := parseTime(v.text)
		return timeText(t), nil
	case typeID, typeReference:
		if v.kind != tokenString {
			return "", wrongLiteral(p, v, f)
		}
		if v.text == "" {
			return "", nil
		}
		id, ok := normalID(v.text)
		if !ok {
			return "", queryError(p.text, v.pos, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: "+v.text)
		}
		return id, nil
	}
	if v.kind != tokenString {
		return "", wrongLiteral(p, v, f)
	}
	return plainText(v.text), nil
}

func wrongLiteral(p *plan, v token, f *field) *callError {
	want, quotes := f.typ, "should not be enclosed in quotes"
	switch f.typ {
	case typeBoolean, typeInt:
	case typeDateTime:
		want = "dateTime"
	case typeID, typeReference:
		want, quotes = "id", "should be enclosed in quotes"
	default:
		want, quotes = typeString, "should be enclosed in quotes"
	}
	return queryError(p.text, v.pos, "INVALID_FIELD",
		fmt.Sprintf("value of filter criterion for field '%s' must be of type %s and %s", f.name, want, quotes))
}

// rangeUnit returns the unit of a date literal that takes a number, "" for one that the org does not know.
func rangeUnit(word string) string {
	switch strings.ToUpper(word) {
	case "LAST_N_DAYS", "NEXT_N_DAYS", "N_DAYS_AGO":
		return "day"
	}
	return ""
}

// dateRange returns the span of a date literal in the org's time zone: "Date Formats and Date Literals" of the SOQL reference.
// LAST_N_DAYS begins n days before today and ends with today.
func (o *Org) dateRange(v token) (from, until time.Time) {
	zone, err := time.LoadLocation(o.organization.get(0, "TimeZoneSidKey"))
	if err != nil {
		zone = time.UTC
	}
	y, m, d := o.Now().In(zone).Date()
	day := func(offset int) time.Time { return time.Date(y, m, d+offset, 0, 0, 0, 0, zone) }
	switch strings.ToUpper(v.text) {
	case "YESTERDAY":
		return day(-1), day(0)
	case "TOMORROW":
		return day(1), day(2)
	case "LAST_N_DAYS":
		return day(-v.n), day(1)
	case "NEXT_N_DAYS":
		return day(1), day(v.n + 1)
	case "N_DAYS_AGO":
		return day(-v.n), day(1 - v.n)
	}
	return day(0), day(1)
}

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

// candidates returns rows among which all that meet the condition are, found through indexes; false where only a scan of
// the table would do.
func (n *node) candidates(t *table) ([]int32, bool) {
	switch n.kind {
	case condAnd:
		var best []int32
		found := false
		for _, kid := range n.kids {
			rows, ok := kid.candidates(t)
			if ok && (!found || len(rows) < len(best)) {
				best, found = rows, true
			}
		}
		return best, found
	case condOr:
		var all []int32
		for _, kid := range n.kids {
			rows, ok := kid.candidates(t)
			if !ok {
				return nil, false
			}
			all = append(all, rows...)
		}
		slices.Sort(all)
		return slices.Compact(all), true
	case condNot:
		return nil, false
	}
	return n.lookup(t)
}

// lookup answers = and IN on a field that has an index, also where the field belongs to a parent and the references to it
// are indexed.
func (n *node) lookup(t *table) ([]int32, bool) {
	if n.op != "=" && n.op != "IN" || n.until != "" || slices.Contains(n.raw, "") {
		return nil, false
	}
	f := n.path.field
	if f.index == nil && f != n.path.table.id {
		return nil, false
	}
	for _, hop := range n.path.hops {
		if hop.index == nil {
			return nil, false
		}
	}
	rows := make([]int32, 0, len(n.raw))
	for _, v := range n.raw {
		rows = n.path.table.lookup(rows, f, v)
	}
	rows = distinct(rows)
	for i := len(n.path.hops) - 1; i >= 0; i-- {
		from := t
		if i > 0 {
			from = n.path.via[i-1]
		}
		var children []int32
		for _, row := range rows {
			children = from.lookup(children, n.path.hops[i], n.path.via[i].get(row, "Id"))
		}
		rows = distinct(children)
	}
	return rows, true
}

func distinct(rows []int32) []int32 {
	slices.Sort(rows)
	return slices.Compact(rows)
}
