package salesforcesim

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// run returns the rows that a query selects, in order. The caller holds o.mu.
func (p *plan) run() []int32 {
	t := p.table
	rows, ok := []int32(nil), false
	if p.filter != nil {
		rows, ok = p.filter.candidates(t)
	}
	if ok {
		rows = slices.DeleteFunc(rows, func(row int32) bool { return !p.filter.holds(t, row) })
	} else {
		rows = nil
		for i, data := range t.rows {
			row := int32(i)
			if data != "" && (p.filter == nil || p.filter.holds(t, row)) {
				rows = append(rows, row)
			}
			if len(p.keys) == 0 && !p.aggregate && !p.count && p.limit >= 0 && len(rows) >= p.limit+p.offset {
				break
			}
		}
	}
	if p.aggregate {
		return rows
	}
	if len(p.keys) > 0 {
		p.sort(rows)
	}
	return bounded(p, rows)
}

func bounded[T any](p *plan, rows []T) []T {
	rows = rows[min(p.offset, len(rows)):]
	if p.limit >= 0 {
		rows = rows[:min(p.limit, len(rows))]
	}
	return rows
}

func (p *plan) sort(rows []int32) {
	type entry struct {
		row  int32
		keys []string
	}
	entries := make([]entry, len(rows))
	for i, row := range rows {
		entries[i] = entry{row: row, keys: make([]string, len(p.keys))}
		for k := range p.keys {
			entries[i].keys[k] = p.keys[k].path.field.fold(p.keys[k].path.value(p.table, row))
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return p.compareKeys(a.keys, b.keys) })
	for i, e := range entries {
		rows[i] = e.row
	}
}

// compareKeys orders two rows by their sort keys. Null comes first unless NULLS LAST says otherwise, in either direction.
func (p *plan) compareKeys(a, b []string) int {
	for i, key := range p.keys {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x == "" || y == "" {
			if (x == "") != key.nullsLast {
				return -1
			}
			return 1
		}
		order := strings.Compare(x, y)
		if p.numeric(key) {
			m, _ := strconv.ParseFloat(x, 64)
			n, _ := strconv.ParseFloat(y, 64)
			order = cmp.Compare(m, n)
		}
		if key.desc {
			order = -order
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

func (p *plan) numeric(key orderKey) bool {
	if key.column >= 0 {
		c := p.columns[key.column]
		return c.path.field.typ == typeInt || strings.HasPrefix(c.function, "COUNT")
	}
	return key.path.field.typ == typeInt
}

type bucket struct {
	values   []string
	distinct []map[string]bool
	counts   []int
}

// summarize groups the rows of an aggregate query and returns a line of values for each group, in the order of the columns.
// The caller holds o.mu.
func (p *plan) summarize(rows []int32) [][]string {
	buckets := map[string]*bucket{}
	var order []*bucket
	for _, row := range rows {
		var key strings.Builder
		for i := range p.groups {
			key.WriteString(p.groups[i].field.fold(p.groups[i].value(p.table, row)))
			key.WriteByte(0)
		}
		b := buckets[key.String()]
		if b == nil {
			b = &bucket{
				values: make([]string, len(p.columns)), counts: make([]int, len(p.columns)),
				distinct: make([]map[string]bool, len(p.columns)),
			}
			buckets[key.String()] = b
			order = append(order, b)
		}
		for i := range p.columns {
			b.take(i, &p.columns[i], p.columns[i].path.value(p.table, row))
		}
	}
	if len(p.groups) == 0 && len(order) == 0 {
		order = []*bucket{{values: make([]string, len(p.columns)), counts: make([]int, len(p.columns)), distinct: make([]map[string]bool, len(p.columns))}}
	}
	lines := make([][]string, len(order))
	for i, b := range order {
		for c := range p.columns {
			switch p.columns[c].function {
			case "COUNT":
				b.values[c] = intText(b.counts[c])
			case "COUNT_DISTINCT":
				b.values[c] = intText(len(b.distinct[c]))
			}
		}
		lines[i] = b.values
	}
	if len(p.keys) > 0 {
		slices.SortStableFunc(lines, func(a, b []string) int { return p.compareKeys(p.lineKeys(a), p.lineKeys(b)) })
	}
	return bounded(p, lines)
}

func (p *plan) lineKeys(line []string) []string {
	keys := make([]string, len(p.keys))
	for i, key := range p.keys {
		keys[i] = p.columns[key.column].path.field.fold(line[key.column])
	}
	return keys
}

func (b *bucket) take(i int, c *column, v string) {
	switch c.function {
	case "":
		b.values[i] = v
	case "COUNT":
		if v != "" {
			b.counts[i]++
		}
	case "COUNT_DISTINCT":
		if v == "" {
			return
		}
		if b.distinct[i] == nil {
			b.distinct[i] = map[string]bool{}
		}
		b.distinct[i][c.path.field.fold(v)] = true
	default:
		if v == "" {
			return
		}
		if b.values[i] == "" {
			b.values[i] = v
			return
		}
		order := strings.Compare(c.path.field.fold(v), c.path.field.fold(b.values[i]))
		if c.path.field.typ == typeInt {
			x, _ := strconv.ParseFloat(v, 64)
			y, _ := strconv.ParseFloat(b.values[i], 64)
			order = cmp.Compare(x, y)
		}
		if c.function == "MAX" && order > 0 || c.function == "MIN" && order < 0 {
			b.values[i] = v
		}
	}
}
