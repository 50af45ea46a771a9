package salesforcesim

import "slices"

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
