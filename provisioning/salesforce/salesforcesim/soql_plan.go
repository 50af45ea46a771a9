package salesforcesim

import (
	"fmt"
	"net/http"
	"strings"
)

// maxParents is how many relationships a path may follow, "Relationship Queries" of the SOQL reference.
const maxParents = 5

// path is a field reached from the queried object over parent relationships.
type path struct {
	hops  []*field
	via   []*table // the table each hop leads to
	field *field
	table *table // the field's
}

// column is one thing that a query selects.
type column struct {
	path     path
	function string
	name     string // key in an AggregateResult
}

type orderKey struct {
	path      path
	column    int // of an aggregate query: which of its columns
	desc      bool
	nullsLast bool
}

// plan is a query that is bound to the tables.
type plan struct {
	*query
	table     *table
	filter    *node
	columns   []column
	groups    []path
	keys      []orderKey
	aggregate bool
	shape     *shape // of the records in the answer
}

// shape nests the selected columns by relationship, in the order in which they were first named.
type shape struct {
	items []shapeItem
	table *table
}

type shapeItem struct {
	field *field // a field of this object, or
	rel   *field // a reference whose parent record has this
	shape *shape
}

// planQuery parses and binds a query. The caller holds o.mu.
func (o *Org) planQuery(text string) (*plan, *callError) {
	q, err := parseQuery(text)
	if err != nil {
		return nil, err
	}
	t := o.tables[lower(q.object.text)]
	if t == nil {
		return nil, queryError(text, q.object.pos, "INVALID_TYPE", unknownObject(q.object.text))
	}
	p := &plan{query: q, table: t, aggregate: len(q.groupBy) > 0}
	for _, item := range q.fields {
		p.aggregate = p.aggregate || item.function != ""
	}
	if err := o.bindColumns(p); err != nil {
		return nil, err
	}
	if q.where != nil {
		if p.filter, err = o.bindCondition(p, q.where); err != nil {
			return nil, err
		}
	}
	return p, o.bindOrder(p)
}

func unknownObject(name string) string {
	return "sObject type '" + name + "' is not supported. If you are attempting to use a custom object, be sure to append the '__c' " +
		"after the entity name. Please reference your WSDL or the describe call for the appropriate names."
}

func unknownField(name, object string) string {
	return "No such column '" + name + "' on entity '" + object + "'. If you are attempting to use a custom field, be sure to append " +
		"the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
}

func unknownRelation(name string) string {
	return "Didn't understand relationship '" + name + "' in field path. If you are attempting to use a custom relationship, be sure to " +
		"append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names."
}

func (o *Org) bindColumns(p *plan) *callError {
	for _, g := range p.groupBy {
		bound, err := o.bindPath(p, g)
		if err != nil {
			return err
		}
		if bound.field.is(noFilter) || bound.field.typ == typeDateTime || bound.field.compute != nil && bound.field.typ == typeInt {
			return queryError(p.text, g.pos, "MALFORMED_QUERY", "field '"+bound.field.name+"' can not be grouped in a query call")
		}
		p.groups = append(p.groups, bound)
	}
	seen := map[string]bool{}
	expressions := 0
	p.shape = &shape{table: p.table}
	for _, item := range p.fields {
		bound, err := o.bindPath(p, item.path)
		if err != nil {
			return err
		}
		c := column{path: bound, function: item.function, name: bound.field.name}
		if !p.aggregate {
			if item.alias.text != "" {
				return queryError(p.text, item.alias.pos, "MALFORMED_QUERY", "only aggregate expressions use field aliasing")
			}
			if seen[lower(item.path.text)] {
				return queryError(p.text, item.path.pos, "INVALID_FIELD", "duplicate field selected: "+item.path.text)
			}
			seen[lower(item.path.text)] = true
			p.shape.add(bound)
			p.columns = append(p.columns, c)
			continue
		}
		if item.function == "" && !grouped(p.groups, bound) {
			return queryError(p.text, item.path.pos, "MALFORMED_QUERY", "Field must be grouped or aggregated: "+item.path.text)
		}
		if err := checkAggregate(p, item, bound.field); err != nil {
			return err
		}
		switch {
		case item.alias.text != "":
			c.name = item.alias.text
		case item.function != "":
			c.name = fmt.Sprintf("expr%d", expressions)
			expressions++
		}
		if seen[lower(c.name)] {
			return queryError(p.text, item.path.pos, "MALFORMED_QUERY", "duplicate alias: "+c.name)
		}
		seen[lower(c.name)] = true
		p.columns = append(p.columns, c)
	}
	return nil
}

func checkAggregate(p *plan, item selectItem, f *field) *callError {
	if item.function == "" || item.function == "COUNT" {
		return nil
	}
	if f.typ == typeBoolean || f.is(noFilter) || f.typ == typeID && item.function != "COUNT_DISTINCT" {
		return queryError(p.text, item.path.pos, "MALFORMED_QUERY",
			"field "+f.name+" does not support aggregate operator "+item.function)
	}
	return nil
}

func grouped(groups []path, want path) bool {
	for _, g := range groups {
		if g.equal(want) {
			return true
		}
	}
	return false
}

func (p path) equal(q path) bool {
	if p.field != q.field || len(p.hops) != len(q.hops) {
		return false
	}
	for i := range p.hops {
		if p.hops[i] != q.hops[i] {
			return false
		}
	}
	return true
}

func (s *shape) add(p path) {
	at := s
	for i, hop := range p.hops {
		var found *shape
		for _, item := range at.items {
			if item.rel == hop {
				found = item.shape
			}
		}
		if found == nil {
			found = &shape{table: p.via[i]}
			at.items = append(at.items, shapeItem{rel: hop, shape: found})
		}
		at = found
	}
	at.items = append(at.items, shapeItem{field: p.field})
}

// bindPath resolves a dotted name against the queried object. The object's own name may stand in front.
func (o *Org) bindPath(p *plan, t token) (path, *callError) {
	parts := strings.Split(t.text, ".")
	if len(parts) > 1 && strings.EqualFold(parts[0], p.table.name) && p.table.relation(parts[0]) == nil {
		parts = parts[1:]
	}
	out := path{table: p.table}
	if len(parts)-1 > maxParents {
		return out, queryError(p.text, t.pos, "MALFORMED_QUERY",
			"SOQL relationship depth exceeded: "+t.text)
	}
	for _, name := range parts[:len(parts)-1] {
		hop := out.table.relation(name)
		if hop == nil {
			return out, queryError(p.text, t.pos, "INVALID_FIELD", unknownRelation(name))
		}
		out.table = o.tables[lower(hop.refersT[0])]
		out.hops = append(out.hops, hop)
		out.via = append(out.via, out.table)
	}
	name := parts[len(parts)-1]
	out.field = out.table.lookupField(name)
	if out.field == nil {
		return out, queryError(p.text, t.pos, "INVALID_FIELD", unknownField(name, out.table.name))
	}
	return out, nil
}

func (o *Org) bindOrder(p *plan) *callError {
	for _, item := range p.orderBy {
		key := orderKey{desc: item.desc, nullsLast: item.nullsLast, column: -1}
		if p.aggregate {
			for i, c := range p.columns {
				if c.function != "" && strings.EqualFold(c.name, item.path.text) {
					key.column = i
				}
			}
		}
		if key.column < 0 {
			bound, err := o.bindPath(p, item.path)
			if err != nil {
				return err
			}
			if bound.field.is(noFilter) {
				return queryError(p.text, item.path.pos, "MALFORMED_QUERY", "field '"+bound.field.name+"' can not be sorted in a query call")
			}
			key.path = bound
			if p.aggregate {
				for i, c := range p.columns {
					if c.function == "" && c.path.equal(bound) {
						key.column = i
					}
				}
				if key.column < 0 {
					return queryError(p.text, item.path.pos, "MALFORMED_QUERY", "Ordered field must be grouped or aggregated: "+item.path.text)
				}
			}
		}
		p.keys = append(p.keys, key)
	}
	const maxOffset = 2000 // "OFFSET" page of the SOQL reference
	if p.offset > maxOffset {
		return refuse(http.StatusBadRequest, "NUMBER_OUTSIDE_VALID_RANGE",
			fmt.Sprintf("Maximum SOQL offset allowed is %d", maxOffset))
	}
	if p.count && len(p.keys) > 0 {
		return queryError(p.text, p.orderBy[0].path.pos, "MALFORMED_QUERY", "Ordered field must be grouped or aggregated: "+p.orderBy[0].path.text)
	}
	return nil
}

// value follows a path from a row and returns the field's value, "" where a parent is missing.
func (p *path) value(from *table, row int32) string {
	t := from
	for i, hop := range p.hops {
		id := t.value(row, hop)
		if id == "" {
			return ""
		}
		t = p.via[i]
		if row = t.find(id); row == noRow {
			return ""
		}
	}
	return t.value(row, p.field)
}
