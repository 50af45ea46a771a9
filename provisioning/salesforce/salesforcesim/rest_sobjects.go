package salesforcesim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// routeSObjects routes what stands below /sobjects.
func (o *Org) routeSObjects(c *call, req *restRequest) *callError {
	parts := req.parts
	if len(parts) == 1 {
		if req.Method != http.MethodGet {
			return methodNotAllowed(req, "HEAD,GET")
		}
		c.op.Name = OpDescribeGlobal
		c.effect = func(*working) (reply, *callError) {
			return jsonReply(http.StatusOK, o.describeGlobal(req.version)), nil
		}
		return nil
	}
	notFound := refuse(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	t := o.tables[lower(parts[1])]
	if t == nil {
		return notFound
	}
	c.op.Object = t.name
	switch {
	case len(parts) == 2 && req.Method == http.MethodGet:
		c.op.Name = OpDescribe
		c.effect = func(*working) (reply, *callError) {
			return jsonReply(http.StatusOK, map[string]any{"objectDescribe": summary(t, req.version), "recentItems": []any{}}), nil
		}
	case len(parts) == 2 && req.Method == http.MethodPost:
		return o.routeCreate(c, req, t)
	case len(parts) == 3 && parts[2] == "describe":
		if req.Method != http.MethodGet {
			return methodNotAllowed(req, "HEAD,GET")
		}
		c.op.Name = OpDescribe
		c.effect = func(*working) (reply, *callError) {
			o.mu.RLock()
			defer o.mu.RUnlock()
			return jsonReply(http.StatusOK, describe(t, req.version)), nil
		}
	case len(parts) == 3:
		return o.routeRecord(c, req, t, unescapeSegment(parts[2]))
	case len(parts) == 4 && t == o.users && parts[3] == "password":
		return o.routePassword(c, req, unescapeSegment(parts[2]))
	default:
		return notFound
	}
	return nil
}

func (o *Org) routeCreate(c *call, req *restRequest, t *table) *callError {
	rec, err := readRecord(req.body, t.name)
	if err != nil {
		return err
	}
	c.op.Name = OpCreate
	o.restSave(c, []inputRecord{rec}, true, false, func(results []saveResult) (reply, *callError) {
		if len(results[0].errors) > 0 {
			return reply{}, refusedRecord(results[0])
		}
		r := jsonReply(http.StatusCreated, savedJSON(results[0]))
		r.header = http.Header{"Location": {"/services/data/v" + req.version + "/sobjects/" + t.name + "/" + results[0].id}}
		return r, nil
	})
	return nil
}

func refusedRecord(r saveResult) *callError {
	e := r.errors[0]
	status := http.StatusBadRequest
	switch {
	case strings.HasPrefix(e.Code, "INSUFFICIENT_ACCESS"):
		status = http.StatusForbidden
	case e.Code == "ENTITY_IS_DELETED":
		status = http.StatusNotFound
	}
	return &callError{status: status, code: e.Code, message: e.Message, fields: e.Fields}
}

// restSave sets a call up to write records.
func (o *Org) restSave(c *call, records []inputRecord, create, allOrNone bool, answer func([]saveResult) (reply, *callError)) {
	c.write = true
	c.op.Records = len(records)
	if len(records) > 0 {
		c.op.Object = o.objectName(records[0].object)
	}
	c.prepare = func() { c.locked = o.takesLock(records, create) }
	c.effect = func(work *working) (reply, *callError) {
		o.mu.Lock()
		defer o.mu.Unlock()
		b := &batch{
			o: o, records: records, create: create, user: work.session.user, allOrNone: allOrNone, noLock: work.noLock, number: work.number,
		}
		results := b.saveJSON()
		for _, r := range results {
			if len(r.errors) > 0 {
				work.failed++
			}
		}
		return answer(results)
	}
}

func (o *Org) routeRecord(c *call, req *restRequest, t *table, raw string) *callError {
	c.op.Detail, c.op.Records = raw, 1
	switch req.Method {
	case http.MethodGet:
		c.op.Name = OpRetrieve
		fields := req.URL.Query().Get("fields")
		c.effect = func(*working) (reply, *callError) { return o.retrieve(t, raw, fields, req.version) }
	case http.MethodPatch:
		rec, err := readRecord(req.body, t.name)
		if err != nil {
			return err
		}
		if rec.id != "" {
			return badRequest("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
		}
		rec.id = raw
		c.op.Name = OpUpdate
		o.restSave(c, []inputRecord{rec}, false, false, func(results []saveResult) (reply, *callError) {
			if len(results[0].errors) == 0 {
				return reply{status: http.StatusNoContent}, nil
			}
			if results[0].errors[0].Code == "INVALID_CROSS_REFERENCE_KEY" && len(results[0].errors[0].Fields) == 0 {
				return reply{}, refuse(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
			}
			return reply{}, refusedRecord(results[0])
		})
	case http.MethodDelete:
		c.op.Name, c.write = OpDelete, true
		c.effect = func(work *working) (reply, *callError) {
			o.mu.Lock()
			defer o.mu.Unlock()
			b := &batch{o: o, user: work.session.user, number: work.number}
			if r := b.removeRecord(raw); len(r.errors) > 0 {
				work.failed = 1
				return reply{}, refusedRecord(r)
			}
			return reply{status: http.StatusNoContent}, nil
		}
	default:
		return methodNotAllowed(req, "DELETE,GET,HEAD,PATCH")
	}
	return nil
}

func (o *Org) retrieve(t *table, raw, fields, version string) (reply, *callError) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	id, ok := normalID(raw)
	row := noRow
	if ok {
		row = t.find(id)
	}
	if row == noRow {
		return reply{}, refuse(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	}
	if fields == "" {
		var all []string
		for _, f := range t.fields {
			if f.visible == nil || f.visible() {
				all = append(all, f.name)
			}
		}
		fields = strings.Join(all, ",")
	}
	p, err := o.planQuery("SELECT " + fields + " FROM " + t.name)
	if err != nil {
		return reply{}, err
	}
	var b bytes.Buffer
	recordJSON(&b, p.shape, row, version)
	return reply{status: http.StatusOK, contentType: jsonContentType, body: b.Bytes()}, nil
}

// readRecord reads one record in REST's form. Its object is the one given, or the one its attributes name.
func readRecord(body []byte, object string) (inputRecord, *callError) {
	rec := inputRecord{object: object}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	start, err := d.Token()
	if err != nil || start != json.Delim('{') {
		return rec, badRequest("JSON_PARSER_ERROR", "Unexpected character at the start of the record: a JSON object is expected")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return rec, parserError(err)
		}
		name, _ := key.(string)
		var v any
		if err := d.Decode(&v); err != nil {
			return rec, parserError(err)
		}
		if refused := rec.take(name, v); refused != nil {
			return rec, refused
		}
	}
	if _, err := d.Token(); err != nil {
		return rec, parserError(err)
	}
	return rec, nil
}

func parserError(err error) *callError { return badRequest("JSON_PARSER_ERROR", err.Error()) }

func (rec *inputRecord) take(name string, v any) *callError {
	switch v := v.(type) {
	case nil:
		rec.nulls = append(rec.nulls, name)
	case string:
		if strings.EqualFold(name, "Id") {
			rec.id = v
			return nil
		}
		rec.fields = append(rec.fields, inputField{name: name, value: v, kind: "VALUE_STRING"})
	case bool:
		rec.fields = append(rec.fields, inputField{name: name, value: boolText(v), kind: "VALUE_BOOLEAN"})
	case json.Number:
		rec.fields = append(rec.fields, inputField{name: name, value: v.String(), kind: "VALUE_NUMBER"})
	case map[string]any:
		if name == "attributes" {
			if t, ok := v["type"].(string); ok && t != "" {
				rec.object = t
			}
			return nil
		}
		return badRequest("INVALID_FIELD", "Cannot deserialize a nested record: "+name)
	default:
		return badRequest("JSON_PARSER_ERROR", fmt.Sprintf("Cannot deserialize instance of %s from START_ARRAY", name))
	}
	return nil
}

// saveJSON is save for records that came over REST, where an unknown field or object fails its record and not the call, and where a
// value's JSON type matters.
func (b *batch) saveJSON() []saveResult {
	results := make([]saveResult, len(b.records))
	good := make([]inputRecord, 0, len(b.records))
	var at []int
	for i := range b.records {
		if problem := b.o.shapeProblem(&b.records[i]); problem != nil {
			results[i].errors = []RowError{*problem}
			continue
		}
		good, at = append(good, b.records[i]), append(at, i)
	}
	broken := len(good) < len(b.records)
	b.records = good
	for k, r := range b.save() {
		results[at[k]] = r
	}
	if broken && b.allOrNone {
		b.rollback(0)
		for i := range results {
			if len(results[i].errors) == 0 {
				results[i] = saveResult{errors: []RowError{*rowError("ALL_OR_NONE_OPERATION_ROLLED_BACK", msgRolledBack)}}
			}
		}
	}
	return results
}

func (o *Org) shapeProblem(rec *inputRecord) *RowError {
	t := o.tables[lower(rec.object)]
	if t == nil {
		return rowError("INVALID_TYPE", unknownObject(rec.object))
	}
	for _, in := range rec.fields {
		f := t.lookupField(in.name)
		if f == nil {
			return rowError("INVALID_FIELD", "No such column '"+in.name+"' on sobject of type "+t.name)
		}
		want := "VALUE_STRING"
		switch f.typ {
		case typeBoolean:
			want = "VALUE_BOOLEAN"
		case typeInt:
			want = "VALUE_NUMBER"
		}
		quoted := f.typ == typeBoolean && in.kind == "VALUE_STRING" && (in.value == "true" || in.value == "false")
		if in.kind != want && !quoted {
			return rowError("JSON_PARSER_ERROR", fmt.Sprintf("Cannot deserialize instance of %s from %s value %s or request may be missing a required field", f.typ, in.kind, in.value))
		}
	}
	for _, name := range rec.nulls {
		if t.lookupField(name) == nil {
			return rowError("INVALID_FIELD", "No such column '"+name+"' on sobject of type "+t.name)
		}
	}
	return nil
}

type savedRecord struct {
	ID      string       `json:"id,omitempty"`
	Success bool         `json:"success"`
	Errors  []savedError `json:"errors"`
}

type savedError struct {
	StatusCode string   `json:"statusCode"`
	Message    string   `json:"message"`
	Fields     []string `json:"fields"`
}

func savedJSON(r saveResult) savedRecord {
	out := savedRecord{ID: r.id, Success: len(r.errors) == 0, Errors: []savedError{}}
	for _, e := range r.errors {
		fields := e.Fields
		if fields == nil {
			fields = []string{}
		}
		out.Errors = append(out.Errors, savedError{StatusCode: e.Code, Message: e.Message, Fields: fields})
	}
	return out
}
