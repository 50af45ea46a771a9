package salesforcesim

import (
	"net/http"
	"slices"
	"strings"
)

// maxRecords is how many records a create, update or delete may hold, "create()" page of the SOAP guide; sObject
// Collections has the same bound.
const maxRecords = 200

// inputRecord is a record that a client wants written.
type inputRecord struct {
	object string
	id     string
	fields []inputField
	nulls  []string
}

// inputField is one value that a client sent. kind is the JSON kind over REST and "" over SOAP, where all is text.
type inputField struct {
	name  string
	value string
	kind  string
}

// saveResult tells what became of one record.
type saveResult struct {
	id     string
	errors []RowError
}

// batch is a create or update of up to 200 records.
type batch struct {
	o         *Org
	records   []inputRecord
	create    bool
	user      string // who writes
	userEmail bool   // the client asked for mails to users
	allOrNone bool
	noLock    bool
	number    int // of the operation

	undo  []undoStep
	mails []Mail
}

type undoStep struct {
	table *table
	row   int32
	data  string
}

// checkBatchShape refuses what fails a whole call before any record is looked at. The caller holds o.mu.
func (o *Org) checkBatchShape(records []inputRecord) *callError {
	if len(records) > maxRecords {
		return badRequest("EXCEEDED_ID_LIMIT", msgTooManyRecords)
	}
	for _, rec := range records {
		t := o.tables[lower(rec.object)]
		if t == nil {
			return badRequest("INVALID_TYPE", unknownObject(rec.object))
		}
		for _, f := range rec.fields {
			if t.lookupField(f.name) == nil {
				return badRequest("INVALID_FIELD", unknownField(f.name, t.name))
			}
		}
		for _, name := range rec.nulls {
			if t.lookupField(name) == nil {
				return badRequest("INVALID_FIELD", unknownField(name, t.name))
			}
		}
	}
	return nil
}

// save applies a batch. Records are independent of each other unless allOrNone is set. The caller holds o.mu for writing.
func (b *batch) save() []saveResult {
	results := make([]saveResult, len(b.records))
	failed := false
	for i := range b.records {
		results[i] = b.saveOne(&b.records[i])
		failed = failed || len(results[i].errors) > 0
	}
	if failed && b.allOrNone {
		b.rollback(0)
		b.mails = nil
		for i := range results {
			results[i].id = ""
			if len(results[i].errors) == 0 {
				results[i].errors = []RowError{*rowError("ALL_OR_NONE_OPERATION_ROLLED_BACK", msgRolledBack)}
			}
		}
	}
	b.o.mails = append(b.o.mails, b.mails...)
	return results
}

func (b *batch) saveOne(rec *inputRecord) saveResult {
	mark, mailMark := len(b.undo), len(b.mails)
	id, problem := b.apply(rec)
	if problem == nil {
		return saveResult{id: id}
	}
	b.rollback(mark)
	b.mails = b.mails[:mailMark]
	return saveResult{errors: []RowError{*problem}}
}

func (b *batch) apply(rec *inputRecord) (string, *RowError) {
	t := b.o.tables[lower(rec.object)]
	if problem := b.mixed(t); problem != nil {
		return "", problem
	}
	c, problem := b.change(t, rec)
	if problem != nil {
		return "", problem
	}
	if problem := c.fill(rec); problem != nil {
		return "", problem
	}
	if problem := c.check(); problem != nil {
		return "", problem
	}
	return c.values[t.id.number], nil
}

// mixed refuses a Setup object beside another kind of object in one call.
func (b *batch) mixed(t *table) *RowError {
	for i := range b.records {
		other := b.o.tables[lower(b.records[i].object)]
		if other.setup != t.setup {
			return rowError("MIXED_DML_OPERATION", "DML operation on setup object is not permitted after you have updated a non-setup "+
				"object (or vice versa): "+t.name+", original object: "+other.name)
		}
	}
	return nil
}

// change begins a write to a new or an existing row.
func (b *batch) change(t *table, rec *inputRecord) (*change, *RowError) {
	if t.setup && b.o.permissions[b.user].NoManageUsers {
		return nil, rowError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
	}
	if b.create {
		if !t.createable {
			return nil, rowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted: "+t.label)
		}
		if rec.id != "" {
			return nil, rowError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", "Id")
		}
		return &change{batch: b, table: t, row: noRow, values: make([]string, len(t.fields)), was: make([]string, len(t.fields))}, nil
	}
	if !t.updateable {
		return nil, rowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be updated: "+t.label)
	}
	if rec.id == "" {
		return nil, rowError("MISSING_ARGUMENT", "Id not specified in an update call")
	}
	id, ok := normalID(rec.id)
	if !ok || id[:prefixLength] != t.prefix {
		return nil, rowError("MALFORMED_ID", t.label+" ID: id value of incorrect type: "+rec.id, "Id")
	}
	row := t.find(id)
	if row == noRow {
		return nil, t.missing(id)
	}
	values := t.unpack(row)
	return &change{batch: b, table: t, row: row, values: values, was: slices.Clone(values)}, nil
}

// put writes a row and remembers how to take it back.
func (b *batch) put(t *table, row int32, values []string) {
	b.undo = append(b.undo, undoStep{table: t, row: row, data: t.rows[row]})
	t.put(row, pack(values, t.fields))
}

func (b *batch) insert(t *table, values []string) int32 {
	row := t.insert(pack(values, t.fields))
	b.undo = append(b.undo, undoStep{table: t, row: row})
	return row
}

func (b *batch) remove(t *table, row int32) {
	b.undo = append(b.undo, undoStep{table: t, row: row, data: t.rows[row]})
	t.put(row, "")
}

// set changes single stored fields of a row.
func (b *batch) set(t *table, row int32, values map[string]string) {
	all := t.unpack(row)
	for name, v := range values {
		all[t.field(name).number] = v
	}
	b.put(t, row, all)
}

func (b *batch) rollback(mark int) {
	for i := len(b.undo) - 1; i >= mark; i-- {
		step := b.undo[i]
		step.table.put(step.row, step.data)
	}
	b.undo = b.undo[:mark]
}

// change is the write of one record: its values as they were and as they will be, by field number.
type change struct {
	*batch
	table  *table
	row    int32 // noRow for a new record
	values []string
	was    []string
	sent   map[string]bool // fields that the client gave, by lower-case name
}

func (c *change) get(name string) string { return c.values[c.table.field(name).number] }
func (c *change) old(name string) string { return c.was[c.table.field(name).number] }
func (c *change) set1(name, value string) {
	c.values[c.table.field(name).number] = value
}

// differs says whether the write changes the field.
func (c *change) differs(name string) bool {
	f := c.table.field(name)
	if f.typ == typeBoolean {
		return (c.values[f.number] == "true") != (c.was[f.number] == "true")
	}
	return c.values[f.number] != c.was[f.number]
}

// on says whether a boolean will be true.
func (c *change) on(name string) bool { return c.get(name) == "true" }

// store writes the record with its system fields and returns its row.
func (c *change) store() int32 {
	now := timeText(c.o.Now())
	set := func(name, v string) {
		if f := c.table.field(name); f != nil {
			c.values[f.number] = v
		}
	}
	if c.row != noRow {
		set("LastModifiedDate", now)
		set("LastModifiedById", c.user)
		c.put(c.table, c.row, c.values)
		return c.row
	}
	c.values[c.table.id.number] = c.table.nextID()
	set("CreatedDate", now)
	set("CreatedById", c.user)
	if c.table.field("CreatedDate") == nil {
		set("LastModifiedDate", now)
		set("LastModifiedById", c.user)
	}
	c.row = c.insert(c.table, c.values)
	return c.row
}

// removeRecord deletes a record by id. The caller holds o.mu for writing.
func (b *batch) removeRecord(raw string) saveResult {
	refused := func(e *RowError) saveResult { return saveResult{errors: []RowError{*e}} }
	id, ok := normalID(raw)
	if !ok {
		return refused(rowError("MALFORMED_ID", "bad id "+raw))
	}
	var t *table
	for _, candidate := range b.o.order {
		if candidate.prefix == id[:prefixLength] {
			t = candidate
		}
	}
	if t == nil {
		return refused(rowError("INVALID_CROSS_REFERENCE_KEY", msgInvalidCrossReference))
	}
	if t.find(id) == noRow {
		return refused(t.missing(id))
	}
	if !t.deletable {
		return refused(rowError("INSUFFICIENT_ACCESS_OR_READONLY", "entity type "+t.name+" does not support delete"))
	}
	row := t.find(id)
	if t == b.o.contacts {
		if user := b.o.users.first(b.o.users.field("ContactId"), id, noRow); user != noRow {
			return refused(rowError("DELETE_FAILED", "Your attempt to delete "+t.get(row, "Name")+" could not be completed because it is "+
				"associated with the following portal users.: "+b.o.users.get(user, "Name")+"\n"))
		}
	}
	if t == b.o.accounts && b.o.contacts.first(b.o.contacts.field("AccountId"), id, noRow) != noRow {
		return refused(rowError("DELETE_FAILED", "Your attempt to delete "+t.get(row, "Name")+" could not be completed because it is "+
			"associated with contacts.\n"))
	}
	b.remove(t, row)
	return saveResult{id: id}
}

// delete applies a delete of up to 200 ids. The caller holds o.mu for writing.
func (b *batch) delete(ids []string) ([]saveResult, *callError) {
	if len(ids) > maxRecords {
		return nil, refuse(http.StatusBadRequest, "EXCEEDED_ID_LIMIT", msgTooManyRecords)
	}
	results := make([]saveResult, len(ids))
	failed := false
	for i, id := range ids {
		results[i] = b.removeRecord(strings.TrimSpace(id))
		failed = failed || len(results[i].errors) > 0
	}
	if failed && b.allOrNone {
		b.rollback(0)
		for i := range results {
			if len(results[i].errors) == 0 {
				results[i] = saveResult{errors: []RowError{*rowError("ALL_OR_NONE_OPERATION_ROLLED_BACK", msgRolledBack)}}
			}
		}
	}
	return results, nil
}
