package salesforcesim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
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
