package salesforcesim

import (
	"hash/maphash"
	"strings"
)

// The field types that the org knows, as describe names them.
const (
	typeID        = "id"
	typeString    = "string"
	typeTextArea  = "textarea"
	typeEmail     = "email"
	typePhone     = "phone"
	typePicklist  = "picklist"
	typeBoolean   = "boolean"
	typeReference = "reference"
	typeDateTime  = "datetime"
	typeInt       = "int"
	typeURL       = "url"
)

// flag is a property of a field.
type flag uint16

const (
	creates    flag = 1 << iota // may be set on create
	updates                     // may be set on update
	nullable                    // may be null
	defaulted                   // the org fills it in on create
	indexed                     // found through a hash index
	restricted                  // a picklist that takes its own values only
	unique                      // no two records share a value
	custom                      // defined by the customer, ends in __c
	nameField                   // the record's name
	noFilter                    // cannot stand in WHERE, ORDER BY, GROUP BY
)

const writes = creates | updates

// field is one field of an object. The struct is complete once the org is built; only index changes.
type field struct {
	name    string
	label   string
	typ     string
	length  int
	flags   flag
	preset  string // value on create where none is given
	values  []PicklistValue
	refersT []string // objects a reference may point to; the first one is followed in queries
	rel     string   // relationshipName
	number  uint8
	index   *index
	seed    maphash.Seed
	compute func(row int32) string // a field that is not stored
	instead *field                 // the field whose value stands in while this one has none
	visible func() bool            // nil: always
}

func (f *field) is(g flag) bool { return f.flags&g != 0 }

// required says whether a create without the field is refused.
func (f *field) required() bool {
	return f.is(creates) && !f.is(nullable) && !f.is(defaulted) && f.typ != typeBoolean
}

// object describes one sObject.
type object struct {
	name       string
	label      string
	plural     string
	prefix     string
	setup      bool // a Setup object: does not mix with others in one call
	createable bool
	updateable bool
	deletable  bool
	fields     []*field
	byName     map[string]*field // by lower-case name
	byRel      map[string]*field // by lower-case relationship name
	id         *field
}

// field returns the named field; the name must be right.
func (o *object) field(name string) *field { return o.byName[strings.ToLower(name)] }

// lookupField returns the field a caller named, in any case, or nil where the org has none.
func (o *object) lookupField(name string) *field {
	f := o.byName[strings.ToLower(name)]
	if f == nil || f.visible != nil && !f.visible() {
		return nil
	}
	return f
}

func (o *object) relation(name string) *field { return o.byRel[strings.ToLower(name)] }

// finish numbers the fields and builds the name maps.
func (o *object) finish(seed maphash.Seed) {
	o.byName = make(map[string]*field, len(o.fields))
	o.byRel = map[string]*field{}
	for i, f := range o.fields {
		f.number = uint8(i)
		f.seed = seed
		o.byName[strings.ToLower(f.name)] = f
		if f.rel != "" {
			o.byRel[strings.ToLower(f.rel)] = f
		}
	}
	o.id = o.byName["id"]
}

// CustomField defines one more field of an object.
type CustomField struct {
	Object string
	Name   string // ends in __c
	Label  string
	// Type is one of string, textarea, email, phone, picklist, boolean, datetime, int, url. Empty means string.
	Type     string
	Length   int // characters; 255 where 0
	Required bool
	Values   []string // of a picklist; a picklist with values is restricted
}

func (c CustomField) field() *field {
	f := &field{name: c.Name, label: c.Label, typ: c.Type, length: c.Length, flags: writes | custom}
	if f.typ == "" {
		f.typ = typeString
	}
	if f.label == "" {
		f.label = strings.ReplaceAll(strings.TrimSuffix(c.Name, "__c"), "_", " ")
	}
	if f.length == 0 && f.typ != typeBoolean && f.typ != typeInt && f.typ != typeDateTime {
		f.length = 255
	}
	if !c.Required {
		f.flags |= nullable
	}
	if len(c.Values) > 0 {
		f.flags |= restricted
	}
	for _, v := range c.Values {
		f.values = append(f.values, PicklistValue{Value: v, Label: v})
	}
	return f
}

// PicklistValue is one value of a picklist: the value that the API takes and the label that people see.
type PicklistValue struct {
	Value string
	Label string
}

func text(name, label string, length int, flags flag) *field {
	return &field{name: name, label: label, typ: typeString, length: length, flags: flags}
}

func typed(typ, name, label string, length int, flags flag) *field {
	return &field{name: name, label: label, typ: typ, length: length, flags: flags}
}

func boolean(name, label string, flags flag) *field {
	return &field{name: name, label: label, typ: typeBoolean, flags: flags | defaulted}
}

func picklist(name, label string, flags flag, values []PicklistValue) *field {
	return &field{name: name, label: label, typ: typePicklist, length: 255, flags: flags, values: values}
}

func reference(name, label, rel string, flags flag, objects ...string) *field {
	return &field{name: name, label: label, typ: typeReference, length: idLength, flags: flags, rel: rel, refersT: objects}
}

// audit says which of the system fields an object has.
type audit uint8

const (
	created audit = 1 << iota
	modified
	modstamp
	fullAudit = created | modified | modstamp
)

// newObject returns an object with its Id, the given fields, and its system fields.
func newObject(name, label, plural, prefix string, a audit, fields ...*field) object {
	o := object{name: name, label: label, plural: plural, prefix: prefix}
	o.fields = append(o.fields, &field{name: "Id", label: label + " ID", typ: typeID, length: idLength, flags: defaulted})
	o.fields = append(o.fields, fields...)
	if a&created != 0 {
		o.fields = append(o.fields,
			typed(typeDateTime, "CreatedDate", "Created Date", 0, defaulted),
			reference("CreatedById", "Created By ID", "CreatedBy", defaulted, "User"))
	}
	if a&modified != 0 {
		o.fields = append(o.fields,
			typed(typeDateTime, "LastModifiedDate", "Last Modified Date", 0, defaulted),
			reference("LastModifiedById", "Last Modified By ID", "LastModifiedBy", defaulted, "User"))
	}
	if a&modstamp != 0 {
		o.fields = append(o.fields, typed(typeDateTime, "SystemModstamp", "System Modstamp", 0, defaulted))
	}
	return o
}
