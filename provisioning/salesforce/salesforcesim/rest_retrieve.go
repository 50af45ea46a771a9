package salesforcesim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// routeRetrieveMany serves composite/sobjects/Object: records of one object by id, in the order of the ids, null for each that there is
// not. "Get Records Using sObject Collections" page of the REST guide.
func (o *Org) routeRetrieveMany(c *call, req *restRequest) *callError {
	var in struct{ IDs, Fields []string }
	switch req.Method {
	case http.MethodGet:
		q := req.URL.Query()
		for _, p := range []struct {
			to   *[]string
			name string
		}{{&in.IDs, "ids"}, {&in.Fields, "fields"}} {
			if list := q.Get(p.name); list != "" {
				*p.to = strings.Split(list, ",")
			}
		}
	case http.MethodPost:
		if err := json.Unmarshal(req.body, &in); err != nil {
			return parserError(err)
		}
	default:
		return methodNotAllowed(req, "GET,HEAD,POST")
	}
	t := o.tables[lower(req.parts[2])]
	switch {
	case t == nil:
		return refuse(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	case len(in.IDs) == 0:
		return badRequest("MISSING_ARGUMENT", "The ids parameter is required")
	case len(in.Fields) == 0:
		return badRequest("MISSING_ARGUMENT", "The fields parameter is required")
	case len(in.IDs) > maxBatch:
		return badRequest("EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 2000 records into this call")
	}
	c.op.Name, c.op.Object, c.op.Records = OpRetrieve, t.name, len(in.IDs)
	c.effect = func(*working) (reply, *callError) {
		o.mu.RLock()
		defer o.mu.RUnlock()
		p, err := o.planQuery("SELECT " + strings.Join(in.Fields, ",") + " FROM " + t.name)
		if err != nil {
			return reply{}, err
		}
		var b bytes.Buffer
		b.WriteByte('[')
		for i, raw := range in.IDs {
			if i > 0 {
				b.WriteByte(',')
			}
			id, _ := normalID(strings.TrimSpace(raw))
			if row := t.find(id); row != noRow {
				recordJSON(&b, p.shape, row, req.version)
			} else {
				b.WriteString("null")
			}
		}
		b.WriteByte(']')
		return reply{status: http.StatusOK, contentType: jsonContentType, body: b.Bytes()}, nil
	}
	return nil
}
