package salesforcesim

import (
	"encoding/binary"
	"hash/maphash"
	"strings"
)

// table holds the records of one object. A record is one string: for each field that has a value its number, the length of
// the value, and the value. That keeps an org with 100,000 users in some tens of megabytes. An empty string is a deleted
// record or one that was rolled back. The org's mutex guards every table.
type table struct {
	object
	rows    []string
	live    int
	ids     map[idKey]int32
	gone    map[idKey]bool // ids of records that were deleted; made with the first one
	indexes []*index
	serial  uint64
	changed func(before, after string) // told of every change to a row; may be nil
}

// index finds rows by the folded value of one field: chains of row numbers, headed by the hash of the value.
type index struct {
	field *field
	heads map[uint64]int32
	next  []int32
}

const noRow = int32(-1)

func newTable(def object) *table {
	t := &table{object: def, ids: map[idKey]int32{}, serial: 1}
	for _, f := range t.fields {
		if f.is(indexed) {
			f.index = &index{field: f, heads: map[uint64]int32{}}
			t.indexes = append(t.indexes, f.index)
		}
	}
	return t
}

// reserve makes room for n more rows, so that a bulk seed does not copy its maps and slices while they grow.
func (t *table) reserve(n int) {
	if cap(t.rows)-len(t.rows) >= n {
		return
	}
	t.rows = append(make([]string, 0, len(t.rows)+n), t.rows...)
	ids := make(map[idKey]int32, len(t.ids)+n)
	for k, v := range t.ids {
		ids[k] = v
	}
	t.ids = ids
	for _, ix := range t.indexes {
		ix.next = append(make([]int32, 0, len(ix.next)+n), ix.next...)
		heads := make(map[uint64]int32, len(ix.heads)+n)
		for k, v := range ix.heads {
			heads[k] = v
		}
		ix.heads = heads
	}
}

func (t *table) nextID() string {
	id := makeID(t.prefix, t.serial)
	t.serial++
	return id
}

// find returns the row of an 18-character id, or noRow.
func (t *table) find(id string) int32 {
	if len(id) != idLength || id[:prefixLength] != t.prefix {
		return noRow
	}
	row, ok := t.ids[keyOf(id)]
	if !ok {
		return noRow
	}
	return row
}

// missing is the error of a record that find does not find.
func (t *table) missing(id string) *RowError {
	if len(id) == idLength && t.gone[keyOf(id)] {
		return rowError("ENTITY_IS_DELETED", "entity is deleted")
	}
	return rowError("INVALID_CROSS_REFERENCE_KEY", msgInvalidCrossReference)
}

// stored returns the value of a stored field, "" for null.
func (t *table) stored(row int32, f *field) string { return packedValue(t.rows[row], f) }

// value returns the value of a field, stored or computed, "" for null. Booleans are never null.
func (t *table) value(row int32, f *field) string {
	if f.compute != nil {
		return f.compute(row)
	}
	v := packedValue(t.rows[row], f)
	switch {
	case v != "":
		return v
	case f.typ == typeBoolean:
		return "false"
	case f.instead != nil:
		return t.value(row, f.instead)
	}
	return ""
}

// get is value by the field's name. The name must exist.
func (t *table) get(row int32, name string) string { return t.value(row, t.field(name)) }

func packedValue(data string, f *field) string {
	for i := 0; i < len(data); {
		number := data[i]
		size, width := uvarint(data[i+1:])
		i += 1 + width
		if number == f.number {
			return data[i : i+size]
		}
		i += size
	}
	return ""
}

func uvarint(s string) (value, width int) {
	for shift := 0; width < len(s); shift += 7 {
		b := s[width]
		width++
		value |= int(b&0x7f) << shift
		if b < 0x80 {
			break
		}
	}
	return value, width
}

// pack encodes values, indexed by field number. Null values and false are left out.
func pack(values []string, fields []*field) string {
	size := 0
	for i, v := range values {
		if keep(fields[i], v) {
			size += len(v) + 3
		}
	}
	b := make([]byte, 0, size)
	for i, v := range values {
		if keep(fields[i], v) {
			b = append(b, fields[i].number)
			b = binary.AppendUvarint(b, uint64(len(v)))
			b = append(b, v...)
		}
	}
	return string(b)
}

func keep(f *field, v string) bool {
	return v != "" && f.compute == nil && (f.typ != typeBoolean || v != "false")
}

// unpack returns the stored values of a row by field number.
func (t *table) unpack(row int32) []string {
	values := make([]string, len(t.fields))
	data := t.rows[row]
	for i := 0; i < len(data); {
		number := data[i]
		size, width := uvarint(data[i+1:])
		i += 1 + width
		values[number] = data[i : i+size]
		i += size
	}
	return values
}

// insert adds a packed row and returns its number.
func (t *table) insert(data string) int32 {
	row := int32(len(t.rows)) //nolint:gosec // an org of two thousand million rows does not fit in memory.
	t.rows = append(t.rows, "")
	for _, ix := range t.indexes {
		ix.next = append(ix.next, noRow)
	}
	t.put(row, data)
	return row
}

// put replaces a row's data; "" deletes it. Ids and indexes follow.
func (t *table) put(row int32, data string) {
	before := t.rows[row]
	t.rows[row] = data
	if before == "" && data != "" {
		key := keyOf(packedValue(data, t.id))
		t.ids[key] = row
		delete(t.gone, key)
		t.live++
	}
	if before != "" && data == "" {
		key := keyOf(packedValue(before, t.id))
		delete(t.ids, key)
		if t.gone == nil {
			t.gone = map[idKey]bool{}
		}
		t.gone[key] = true
		t.live--
	}
	for _, ix := range t.indexes {
		was, is := packedValue(before, ix.field), packedValue(data, ix.field)
		if was == is {
			continue
		}
		if was != "" {
			ix.remove(row, hashOf(ix.field, was))
		}
		if is != "" {
			ix.add(row, hashOf(ix.field, is))
		}
	}
	if t.changed != nil {
		t.changed(before, data)
	}
}

func (ix *index) add(row int32, h uint64) {
	head, ok := ix.heads[h]
	if !ok {
		head = noRow
	}
	ix.next[row] = head
	ix.heads[h] = row
}

func (ix *index) remove(row int32, h uint64) {
	head := ix.heads[h]
	if head == row {
		if ix.next[row] == noRow {
			delete(ix.heads, h)
		} else {
			ix.heads[h] = ix.next[row]
		}
		ix.next[row] = noRow
		return
	}
	for at := head; at != noRow; at = ix.next[at] {
		if ix.next[at] == row {
			ix.next[at] = ix.next[row]
			ix.next[row] = noRow
			return
		}
	}
}

// lookup appends the rows whose field equals value, without regard to case where the field has none.
func (t *table) lookup(rows []int32, f *field, value string) []int32 {
	if value == "" {
		return rows
	}
	if f == t.id {
		if row := t.find(value); row != noRow {
			rows = append(rows, row)
		}
		return rows
	}
	folded := f.fold(value)
	row, ok := f.index.heads[hashOf(f, value)]
	if !ok {
		return rows
	}
	for ; row != noRow; row = f.index.next[row] {
		if f.fold(packedValue(t.rows[row], f)) == folded {
			rows = append(rows, row)
		}
	}
	return rows
}

// first returns one row whose indexed field equals value, or noRow. It passes over the row given as except.
func (t *table) first(f *field, value string, except int32) int32 {
	folded := f.fold(value)
	row, ok := f.index.heads[hashOf(f, value)]
	if !ok || value == "" {
		return noRow
	}
	for ; row != noRow; row = f.index.next[row] {
		if row != except && f.fold(packedValue(t.rows[row], f)) == folded {
			return row
		}
	}
	return noRow
}

// fold returns the form of a value under which two values of the field count as equal: ids and dates as they are, text in
// lower case.
func (f *field) fold(v string) string {
	if f.typ == typeID || f.typ == typeReference || f.typ == typeDateTime {
		return v
	}
	return strings.ToLower(v)
}

func hashOf(f *field, v string) uint64 { return maphash.String(f.seed, f.fold(v)) }
