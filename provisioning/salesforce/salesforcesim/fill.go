package salesforcesim

import (
	"fmt"
	"net/mail"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fill takes the client's values over into the change and checks each by its field: that it may be written, its type, its
// length, its picklist. Then it sets the presets of a new record and looks for what is missing.
func (c *change) fill(rec *inputRecord) *RowError {
	c.sent = make(map[string]bool, len(rec.fields)+len(rec.nulls))
	may := updates
	if c.row == noRow {
		may = creates
	}
	var barred []string
	for _, in := range rec.fields {
		if f := c.table.lookupField(in.name); !f.is(may) {
			barred = append(barred, f.name)
		}
	}
	for _, name := range rec.nulls {
		if f := c.table.lookupField(name); !f.is(may) {
			barred = append(barred, f.name)
		}
	}
	if len(barred) > 0 {
		return rowError("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: "+strings.Join(barred, ", ")+
			". Please check the security settings of this field and verify that it is read/write for your profile or permission set.", barred...)
	}
	for _, in := range rec.fields {
		f := c.table.lookupField(in.name)
		v, problem := f.accept(in.value)
		if problem != nil {
			return problem
		}
		c.values[f.number] = v
		c.sent[lower(f.name)] = true
	}
	for _, name := range rec.nulls {
		f := c.table.lookupField(name)
		c.values[f.number] = ""
		c.sent[lower(f.name)] = true
	}
	if c.row == noRow {
		for _, f := range c.table.fields {
			if f.preset != "" && !c.sent[lower(f.name)] {
				c.values[f.number] = f.preset
			}
		}
	}
	return c.missing()
}

// missing refuses a record without its required fields.
func (c *change) missing() *RowError {
	var names []string
	for _, f := range c.table.fields {
		if f.required() && c.values[f.number] == "" {
			names = append(names, f.name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return rowError("REQUIRED_FIELD_MISSING", "Required fields are missing: ["+strings.Join(names, ", ")+"]", names...)
}

// accept returns the value as it is kept, or refuses it.
func (f *field) accept(v string) (string, *RowError) {
	if f.typ != typeTextArea {
		v = strings.TrimSpace(v)
	}
	if v == "" {
		return "", nil
	}
	switch f.typ {
	case typeBoolean:
		b, ok := parseBool(v)
		if !ok {
			return "", rowError("INVALID_TYPE_ON_FIELD_IN_RECORD", f.label+": value not of required type: "+v, f.name)
		}
		return boolText(b), nil
	case typeInt:
		if _, err := strconv.Atoi(v); err != nil {
			return "", rowError("INVALID_TYPE_ON_FIELD_IN_RECORD", f.label+": value not of required type: "+v, f.name)
		}
		return v, nil
	case typeDateTime:
		t, ok := parseTime(v)
		if !ok {
			return "", rowError("INVALID_TYPE_ON_FIELD_IN_RECORD", f.label+": value not of required type: "+v, f.name)
		}
		return timeText(t), nil
	case typeReference:
		return f.acceptID(v)
	case typePicklist:
		if f.is(restricted) {
			return f.acceptChoice(v)
		}
	case typeEmail:
		if !validEmail(v) {
			return "", rowError("INVALID_EMAIL_ADDRESS", f.label+": invalid email address: "+v, f.name)
		}
	}
	if f.length > 0 && len(v) > f.length && utf8.RuneCountInString(v) > f.length {
		return "", rowError("STRING_TOO_LONG", fmt.Sprintf("%s: data value too large: %s (max length=%d)", f.label, v, f.length), f.name)
	}
	return v, nil
}

func (f *field) acceptID(v string) (string, *RowError) {
	id, ok := normalID(v)
	if !ok {
		return "", rowError("MALFORMED_ID", f.label+": id value of incorrect type: "+v, f.name)
	}
	return id, nil
}

func (f *field) acceptChoice(v string) (string, *RowError) {
	for _, choice := range f.values {
		if choice.Value == v {
			return v, nil
		}
	}
	return "", rowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
		f.label+": bad value for restricted picklist field: "+v, f.name)
}

// validEmail says whether s is a bare address with a dotted domain.
func validEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return false
	}
	_, domain, _ := strings.Cut(s, "@")
	return strings.Contains(domain, ".") && !strings.HasSuffix(domain, ".") && !strings.Contains(domain, "..") && !strings.ContainsAny(s, " <>,\"")
}

// references refuses a reference to a record of the wrong object or to one that does not exist.
func (c *change) references() *RowError {
	for _, f := range c.table.fields {
		if f.typ != typeReference || !f.is(writes) || c.values[f.number] == "" || c.values[f.number] == c.was[f.number] {
			continue
		}
		id := c.values[f.number]
		var target *table
		for _, name := range f.refersT {
			if t := c.o.tables[lower(name)]; t.prefix == id[:prefixLength] {
				target = t
			}
		}
		if target == nil {
			return rowError("MALFORMED_ID", f.label+": id value of incorrect type: "+id, f.name)
		}
		if target.find(id) == noRow {
			return rowError("INVALID_CROSS_REFERENCE_KEY", msgInvalidCrossReference, f.name)
		}
	}
	return nil
}
