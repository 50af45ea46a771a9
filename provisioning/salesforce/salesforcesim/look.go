package salesforcesim

import (
	"fmt"
	"slices"
)

// Record returns the fields of a record that have a value, computed ones among them, or nil where there is no such record.
func (o *Org) Record(id string) Fields {
	o.mu.RLock()
	defer o.mu.RUnlock()
	t, row := o.locate(id)
	if t == nil {
		return nil
	}
	out := Fields{}
	for _, f := range t.fields {
		if v := t.value(row, f); v != "" && (f.visible == nil || f.visible()) {
			out[f.name] = v
		}
	}
	return out
}

// Find returns the ids of an object's records whose field has this value, without regard to case, oldest first. A field that
// the object does not have is in no record.
func (o *Org) Find(object, name, value string) []string {
	o.mu.RLock()
	defer o.mu.RUnlock()
	t := o.tables[lower(object)]
	if t == nil || t.lookupField(name) == nil {
		return nil
	}
	f := t.lookupField(name)
	if id, ok := normalID(value); ok && (f.typ == typeReference || f.typ == typeID) {
		value = id
	}
	var rows []int32
	if f.index != nil || f == t.id {
		rows = t.lookup(nil, f, value)
		slices.Sort(rows)
	} else {
		for i, data := range t.rows {
			row := int32(i)
			if data != "" && f.fold(t.value(row, f)) == f.fold(value) {
				rows = append(rows, row)
			}
		}
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = t.value(row, t.id)
	}
	return ids
}

// UsersByContact returns the ids of the users of a contact. The rules allow one; a client that repeats a create blindly is
// refused.
func (o *Org) UsersByContact(contact string) []string { return o.Find("User", "ContactId", contact) }

// Len returns the number of records of an object.
func (o *Org) Len(object string) int {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if t := o.tables[lower(object)]; t != nil {
		return t.live
	}
	return 0
}

// UsedSeats returns how many active users hold a seat of the licence.
func (o *Org) UsedSeats(license string) int {
	id, _ := normalID(license)
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.seats[id]
}

// AllUsers calls f for every user in the order in which they were made, until f returns false. The fields are those with a
// value. The org is locked meanwhile; f must not call it.
func (o *Org) AllUsers(f func(Fields) bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	for i, data := range o.users.rows {
		if data == "" {
			continue
		}
		row := int32(i)
		fields := Fields{}
		for _, field := range o.users.fields {
			if v := o.users.value(row, field); v != "" {
				fields[field.name] = v
			}
		}
		if !f(fields) {
			return
		}
	}
}

// Query runs a SOQL query past OAuth and HTTP and returns all its rows; the keys of a row are field paths as they were selected
// in the object's own spelling, or the aliases of an aggregate. The error's text is what the API would say.
func (o *Org) Query(soql string) ([]Fields, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	p, refused := o.planQuery(soql)
	if refused != nil {
		return nil, fmt.Errorf("query: %s: %s", refused.code, refused.message)
	}
	rows := p.run()
	var out []Fields
	if p.aggregate {
		for _, line := range p.summarize(rows) {
			fields := Fields{}
			for i, c := range p.columns {
				fields[c.name] = line[i]
			}
			out = append(out, fields)
		}
		return out, nil
	}
	for _, row := range rows {
		fields := Fields{}
		for i := range p.columns {
			c := &p.columns[i].path
			name := ""
			for _, hop := range c.hops {
				name += hop.rel + "."
			}
			fields[name+c.field.name] = c.value(p.table, row)
		}
		out = append(out, fields)
	}
	return out, nil
}
