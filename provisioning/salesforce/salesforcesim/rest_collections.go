package salesforcesim

import (
	"encoding/json"
	"net/http"
	"strings"
)

// routeCollections serves sObject Collections: create, update and delete of up to 200 records.
func (o *Org) routeCollections(c *call, req *restRequest) *callError {
	switch req.Method {
	case http.MethodPost, http.MethodPatch:
	case http.MethodDelete:
		return o.routeCollectionDelete(c, req)
	default:
		return methodNotAllowed(req, "DELETE,PATCH,POST")
	}
	var in struct {
		AllOrNone bool              `json:"allOrNone"`
		Records   []json.RawMessage `json:"records"`
	}
	if err := json.Unmarshal(req.body, &in); err != nil {
		return parserError(err)
	}
	if in.Records == nil {
		return badRequest("JSON_PARSER_ERROR", "The records element is required")
	}
	if len(in.Records) > maxRecords {
		return badRequest("EXCEEDED_ID_LIMIT", msgTooManyRecords)
	}
	create := req.Method == http.MethodPost
	records := make([]inputRecord, len(in.Records))
	for i, raw := range in.Records {
		rec, err := readRecord(raw, "")
		if err != nil {
			return err
		}
		if rec.object == "" {
			return badRequest("INVALID_INPUT", "Entity type is missing: every record needs attributes with a type")
		}
		records[i] = rec
	}
	if err := o.refuseMixed(records); err != nil {
		return err
	}
	c.op.Name = OpUpdate
	if create {
		c.op.Name = OpCreate
	}
	o.restSave(c, records, create, in.AllOrNone, collectionReply)
	return nil
}

func collectionReply(results []saveResult) (reply, *callError) {
	out := make([]savedRecord, len(results))
	for i, r := range results {
		out[i] = savedJSON(r)
	}
	return jsonReply(http.StatusOK, out), nil
}

// refuseMixed refuses several kinds of object where one of them is a Setup object, "Create Multiple Records" page of the REST
// guide.
func (o *Org) refuseMixed(records []inputRecord) *callError {
	kinds, setup := map[*table]bool{}, false
	for i := range records {
		if t := o.tables[lower(records[i].object)]; t != nil {
			kinds[t] = true
			setup = setup || t.setup
		}
	}
	if setup && len(kinds) > 1 {
		return badRequest("MIXED_DML_OPERATION",
			"Can't create records for multiple object types in one call when one of the types is related to Setup")
	}
	return nil
}

func (o *Org) routeCollectionDelete(c *call, req *restRequest) *callError {
	list := req.URL.Query().Get("ids")
	if list == "" {
		return badRequest("MISSING_ARGUMENT", "The ids parameter is required")
	}
	ids := strings.Split(list, ",")
	allOrNone := req.URL.Query().Get("allOrNone") == "true"
	c.op.Name, c.op.Records, c.write = OpDelete, len(ids), true
	c.effect = func(work *working) (reply, *callError) {
		o.mu.Lock()
		defer o.mu.Unlock()
		b := &batch{o: o, user: work.session.user, allOrNone: allOrNone, number: work.number}
		results, err := b.delete(ids)
		if err != nil {
			return reply{}, err
		}
		for _, r := range results {
			if len(r.errors) > 0 {
				work.failed++
			}
		}
		return collectionReply(results)
	}
	return nil
}
