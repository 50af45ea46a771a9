package salesforcesim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxRESTBytes bounds a REST request's body.
const maxRESTBytes = 50 << 20

const jsonContentType = "application/json;charset=UTF-8"

// restRequest is a REST request with what its path says.
type restRequest struct {
	*http.Request
	version string   // "66.0"
	parts   []string // of the path below the version
	body    []byte
}

func jsonReply(status int, v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		return reply{status: http.StatusInternalServerError, contentType: jsonContentType, body: []byte(strconv.Quote(err.Error()))}
	}
	return reply{status: status, contentType: jsonContentType, body: body}
}

type restError struct {
	Message string   `json:"message"`
	Code    string   `json:"errorCode"`
	Fields  []string `json:"fields,omitempty"`
}

func (o *Org) restRefusal(e *callError) reply {
	r := jsonReply(e.status, []restError{{Message: e.message, Code: e.code, Fields: e.fields}})
	o.tellUsage(&r)
	return r
}

// tellUsage adds the header that tells how much of the daily budget is spent.
func (o *Org) tellUsage(r *reply) {
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set("Sforce-Limit-Info", fmt.Sprintf("api-usage=%d/%d", o.traffic.usage(), o.config.DailyRequests))
}

// serveREST routes a request below /services/data.
func (o *Org) serveREST(w http.ResponseWriter, r *http.Request, rest string) {
	refuseNow := func(e *callError) { send(w, o.restRefusal(e)) }
	notFound := refuse(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	if rest == "" {
		o.perform(w, r, &call{op: Op{Name: OpVersions, Protocol: "rest"}, refusal: o.restRefusal, effect: func(*working) (reply, *callError) {
			return jsonReply(http.StatusOK, versionList()), nil
		}})
		return
	}
	parts := strings.Split(rest, "/")
	version, ok := strings.CutPrefix(parts[0], "v")
	switch state := versionState(version); {
	case !ok || state == versionUnknown:
		refuseNow(notFound)
		return
	case state == versionRetired:
		refuseNow(refuse(http.StatusGone, "UNSUPPORTED_API_VERSION", "The requested API version is retired"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRESTBytes))
	if err != nil {
		refuseNow(refuse(http.StatusRequestEntityTooLarge, "REQUEST_TOO_LARGE", "The request body is too large"))
		return
	}
	req := &restRequest{Request: r, version: version, parts: parts[1:], body: body}
	c := &call{op: Op{Protocol: "rest"}, api: true, token: bearerToken(r), refusal: o.restRefusal}
	if refused := o.route(c, req); refused != nil {
		refuseNow(refused)
		return
	}
	inner := c.effect
	c.effect = func(work *working) (reply, *callError) {
		answer, err := inner(work)
		if err == nil {
			o.tellUsage(&answer)
		}
		return answer, err
	}
	o.perform(w, r, c)
}

// route finds out what a request asks for.
func (o *Org) route(c *call, req *restRequest) *callError {
	notFound := refuse(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	head := ""
	if len(req.parts) > 0 {
		head = req.parts[0]
	}
	switch {
	case head == "" && len(req.parts) == 0:
		return o.routeResources(c, req)
	case head == "limits" && len(req.parts) == 1:
		return o.routeLimits(c, req)
	case head == "query":
		return o.routeQuery(c, req)
	case head == "sobjects":
		return o.routeSObjects(c, req)
	case head == "composite" && len(req.parts) == 2 && req.parts[1] == "sobjects":
		return o.routeCollections(c, req)
	case head == "composite" && len(req.parts) == 3 && req.parts[1] == "sobjects":
		return o.routeRetrieveMany(c, req)
	}
	return notFound
}

func methodNotAllowed(req *restRequest, allowed string) *callError {
	return refuse(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED",
		"HTTP Method '"+req.Method+"' not allowed. Allowed are "+allowed)
}

func (o *Org) routeResources(c *call, req *restRequest) *callError {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return methodNotAllowed(req, "HEAD,GET")
	}
	c.op.Name = OpResources
	c.effect = func(work *working) (reply, *callError) {
		base := "/services/data/v" + req.version + "/"
		return jsonReply(http.StatusOK, map[string]string{
			"sobjects": base + "sobjects", "query": base + "query", "limits": base + "limits", "composite": base + "composite",
			"identity": baseURL(req.Request) + "/id/" + o.id + "/" + work.session.user,
		}), nil
	}
	return nil
}

type versionEntry struct {
	Label   string `json:"label"`
	URL     string `json:"url"`
	Version string `json:"version"`
}

func versionList() []versionEntry {
	var out []versionEntry
	seasons := [3]string{"Winter", "Spring", "Summer"}
	for n := oldestVersion; n <= newestVersion; n++ {
		// Summer '14 is 31.0; there are three releases a year, and a winter bears the next year's number.
		k := n - oldestVersion + 2
		version := strconv.Itoa(n) + ".0"
		out = append(out, versionEntry{
			Label: fmt.Sprintf("%s '%02d", seasons[k%3], 14+k/3), URL: "/services/data/v" + version, Version: version,
		})
	}
	return out
}

func (o *Org) routeLimits(c *call, req *restRequest) *callError {
	if req.Method != http.MethodGet {
		return methodNotAllowed(req, "HEAD,GET")
	}
	c.op.Name = OpLimits
	c.effect = func(work *working) (reply, *callError) {
		o.mu.RLock()
		defer o.mu.RUnlock()
		if o.permissions[work.session.user].NoViewSetup {
			return reply{}, refuse(http.StatusForbidden, "INSUFFICIENT_ACCESS", "You do not have access to this resource")
		}
		type limit struct{ Max, Remaining int }
		return jsonReply(http.StatusOK, map[string]limit{
			"DailyApiRequests":     {o.config.DailyRequests, max(0, o.config.DailyRequests-o.traffic.usage())},
			"DailyBulkV2QueryJobs": {10_000, 10_000},
			"SingleEmail":          {5000, 5000},
			"MassEmail":            {5000, 5000},
			"DataStorageMB":        {10_240, 10_000},
		}), nil
	}
	return nil
}

func (o *Org) routeQuery(c *call, req *restRequest) *callError {
	if req.Method != http.MethodGet {
		return methodNotAllowed(req, "HEAD,GET")
	}
	batch := maxBatch
	if options := req.Header.Get("Sforce-Query-Options"); options != "" {
		value, ok := strings.CutPrefix(strings.ReplaceAll(options, " ", ""), "batchSize=")
		n, err := strconv.Atoi(value)
		if !ok || err != nil {
			return badRequest("INVALID_BATCH_SIZE", "Sforce-Query-Options is not understood: "+options)
		}
		if err := checkBatch(n); err != nil {
			return err
		}
		batch = n
	}
	locator, soql, columns := "", req.URL.Query().Get("q"), req.URL.Query().Get("columns") == "true"
	c.op.Name = OpQuery
	switch len(req.parts) {
	case 1:
		c.op.Object, c.op.Detail = o.queriedObject(soql), strings.Clone(clip(soql, 200))
	case 2:
		c.op.Name, locator = OpQueryMore, req.parts[1]
		c.op.Detail = locator
	default:
		return refuse(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
	}
	c.effect = func(work *working) (reply, *callError) {
		o.mu.RLock()
		defer o.mu.RUnlock()
		var p *page
		var err *callError
		if columns && locator == "" {
			p, err := o.planQuery(soql)
			if err != nil {
				return reply{}, err
			}
			return columnsReply(p), nil
		}
		if locator == "" {
			p, err = o.firstPage(soql, work.session.user, batch)
		} else {
			p, err = o.nextPage(locator, work.session.user, batch)
		}
		if err != nil {
			return reply{}, err
		}
		work.records = p.records()
		return reply{status: http.StatusOK, contentType: jsonContentType, body: pageJSON(p, req.version)}, nil
	}
	return nil
}

// unescapeSegment resolves the escapes of a path segment.
func unescapeSegment(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}
