package salesforcesim

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strings"
)

// maxSOAPBytes bounds a SOAP request, "API Request Limits" of the SOAP guide.
const maxSOAPBytes = 50 << 20

func (o *Org) serveSOAP(w http.ResponseWriter, r *http.Request, version string) {
	if r.Method != http.MethodPost {
		http.Error(w, "HTTP Method '"+r.Method+"' not allowed. Allowed are POST", http.StatusMethodNotAllowed)
		return
	}
	req, err := o.soapRequest(w, r, version)
	if err != nil {
		send(w, soapFault(err))
		return
	}
	c := &call{
		op: Op{Name: req.method.name.Local, Protocol: "soap"}, api: true, token: req.sessionID, refusal: soapFault,
	}
	if err := o.understand(c, req); err != nil {
		send(w, soapFault(err))
		return
	}
	o.perform(w, r, c)
}

func (o *Org) soapRequest(w http.ResponseWriter, r *http.Request, version string) (*soapRequest, *callError) {
	switch versionState(version) {
	case versionRetired:
		return nil, badRequest("UNSUPPORTED_API_VERSION", "API version "+version+" is retired")
	case versionUnknown:
		return nil, badRequest("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
	}
	if _, ok := r.Header["Soapaction"]; !ok {
		return nil, clientFault("SOAPAction HTTP header missing")
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "text/xml" {
		return nil, clientFault("content-type of the request should be text/xml")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSOAPBytes))
	if err != nil {
		return nil, badRequest("EXCEEDED_MAX_SIZE_REQUEST", "request exceeded max size limit of 50 MB")
	}
	return readEnvelope(body, o.config.AnyNamespace)
}

// understand turns an operation's element into a call.
func (o *Org) understand(c *call, req *soapRequest) *callError {
	switch req.method.name.Local {
	case "login":
		return badRequest("INVALID_LOGIN", "SOAP API login() is disabled by default in this org. Use OAuth to obtain an access token.")
	case "create", "update":
		return o.soapSave(c, req)
	case "delete":
		return o.soapDelete(c, req)
	case "query", "queryMore":
		return o.soapQuery(c, req)
	case "retrieve":
		return o.soapRetrieve(c, req)
	case "resetPassword":
		return o.soapResetPassword(c, req)
	case "getUserInfo", "getServerTimestamp":
		if _, err := req.sequence(req.method); err != nil {
			return err
		}
		c.effect = func(work *working) (reply, *callError) {
			if c.op.Name == OpGetServerTimestamp {
				return o.soapReply(c.op.Name, func(b *bytes.Buffer) {
					b.WriteString("<result>")
					tag(b, "timestamp", timeText(o.Now()))
					b.WriteString("</result>")
				}), nil
			}
			return o.soapUserInfo(work.session.user), nil
		}
		return nil
	}
	return clientFault("No operation available for request {%s}%s", nsPartner, req.method.name.Local)
}

func (o *Org) soapSave(c *call, req *soapRequest) *callError {
	records, err := req.records()
	if err != nil {
		return err
	}
	create := c.op.Name == OpCreate
	c.write = true
	c.op.Records = len(records)
	if len(records) > 0 {
		c.op.Object = o.objectName(records[0].object)
	}
	c.prepare = func() { c.locked = len(records) <= maxRecords && o.takesLock(records, create) }
	c.effect = func(work *working) (reply, *callError) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if err := o.checkBatchShape(records); err != nil {
			return reply{}, err
		}
		b := &batch{
			o: o, records: records, create: create, user: work.session.user, userEmail: req.userEmail, allOrNone: req.allOrNone,
			noLock: work.noLock, number: work.number,
		}
		return o.savedReply(c.op.Name, b.save(), work), nil
	}
	return nil
}

func (o *Org) savedReply(method string, results []saveResult, work *working) reply {
	for _, r := range results {
		if len(r.errors) > 0 {
			work.failed++
		}
	}
	return o.soapReply(method, func(b *bytes.Buffer) {
		for _, r := range results {
			writeSaved(b, r)
		}
	})
}

func (o *Org) soapDelete(c *call, req *soapRequest) *callError {
	var ids []string
	for _, kid := range req.method.kids {
		if kid.name.Local != "ids" || !req.in(kid, nsPartner) {
			return misplaced(kid)
		}
		ids = append(ids, kid.text)
	}
	c.write = true
	c.op.Records = len(ids)
	c.effect = func(work *working) (reply, *callError) {
		o.mu.Lock()
		defer o.mu.Unlock()
		b := &batch{o: o, user: work.session.user, allOrNone: req.allOrNone, number: work.number}
		results, err := b.delete(ids)
		if err != nil {
			return reply{}, err
		}
		return o.savedReply(c.op.Name, results, work), nil
	}
	return nil
}

func (o *Org) soapQuery(c *call, req *soapRequest) *callError {
	argument := "queryString"
	if c.op.Name == OpQueryMore {
		argument = "queryLocator"
	}
	values, err := req.sequence(req.method, argument)
	if err != nil {
		return err
	}
	c.op.Detail = strings.Clone(clip(values[0], 200))
	c.op.Object = o.queriedObject(values[0])
	c.effect = func(work *working) (reply, *callError) {
		o.mu.RLock()
		defer o.mu.RUnlock()
		var p *page
		var err *callError
		if c.op.Name == OpQuery {
			p, err = o.firstPage(values[0], work.session.user, req.batch)
		} else {
			p, err = o.nextPage(strings.TrimSpace(values[0]), work.session.user, req.batch)
		}
		if err != nil {
			return reply{}, err
		}
		work.records = p.records()
		return o.soapReply(c.op.Name, func(b *bytes.Buffer) { writePage(b, p) }), nil
	}
	return nil
}

func (o *Org) soapRetrieve(c *call, req *soapRequest) *callError {
	head, err := req.sequence(&element{name: req.method.name, kids: req.method.kids[:min(2, len(req.method.kids))]}, "fieldList", "sObjectType")
	if err != nil {
		return err
	}
	var ids []string
	for _, kid := range req.method.kids[2:] {
		if kid.name.Local != "ids" || !req.in(kid, nsPartner) {
			return misplaced(kid)
		}
		ids = append(ids, strings.TrimSpace(kid.text))
	}
	if len(ids) > maxBatch {
		return badRequest("EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 2000 records into this call")
	}
	c.op.Records = len(ids)
	c.op.Object = o.objectName(head[1])
	c.effect = func(*working) (reply, *callError) {
		o.mu.RLock()
		defer o.mu.RUnlock()
		p, err := o.planQuery("SELECT " + head[0] + " FROM " + head[1])
		if err != nil {
			return reply{}, err
		}
		return o.soapReply(c.op.Name, func(b *bytes.Buffer) {
			for _, raw := range ids {
				id, _ := normalID(raw)
				if row := p.table.find(id); row != noRow {
					writeRecord(b, "result", p.shape, row)
				} else {
					nilTag(b, "result")
				}
			}
		}), nil
	}
	return nil
}

func (o *Org) soapResetPassword(c *call, req *soapRequest) *callError {
	values, err := req.sequence(req.method, "userId")
	if err != nil {
		return err
	}
	c.write = true
	c.op.Object, c.op.Records, c.op.Detail = "User", 1, strings.TrimSpace(values[0])
	c.effect = func(work *working) (reply, *callError) {
		password, err := o.resetPassword(c.op.Detail, work, req.userEmail)
		if err != nil {
			return reply{}, err
		}
		return o.soapReply(c.op.Name, func(b *bytes.Buffer) {
			b.WriteString("<result>")
			tag(b, "password", password)
			b.WriteString("</result>")
		}), nil
	}
	return nil
}

func (o *Org) soapUserInfo(user string) reply {
	o.mu.RLock()
	defer o.mu.RUnlock()
	row := o.users.find(user)
	get := func(name string) string { return o.users.get(row, name) }
	return o.soapReply(OpGetUserInfo, func(b *bytes.Buffer) {
		optional := func(name, value string) {
			if value == "" {
				nilTag(b, name)
				return
			}
			tag(b, name, value)
		}
		b.WriteString("<result>")
		for _, pair := range [][2]string{
			{"accessibilityMode", "false"},
			{"chatterExternal", "false"},
			{"currencySymbol", "$"},
			{"orgAttachmentFileSizeLimit", "5242880"},
			{"orgDefaultCurrencyIsoCode", "USD"},
			{"orgDefaultCurrencyLocale", "en_US"},
			{"orgDisallowHtmlAttachments", "false"},
			{"orgHasPersonAccounts", "false"},
			{"organizationId", o.id},
			{"organizationMultiCurrency", boolText(o.config.MultiCurrency)},
			{"organizationName", o.config.OrgName},
			{"profileId", get("ProfileId")},
			{"roleId", get("UserRoleId")},
			{"sessionSecondsValid", "7200"},
			{"userDefaultCurrencyIsoCode", ""},
			{"userEmail", get("Email")},
			{"userFullName", get("Name")},
			{"userId", user},
			{"userLanguage", get("LanguageLocaleKey")},
			{"userLocale", get("LocaleSidKey")},
			{"userName", get("Username")},
			{"userTimeZone", get("TimeZoneSidKey")},
			{"userType", get("UserType")},
			{"userUiSkin", "Theme3"},
		} {
			optional(pair[0], pair[1])
		}
		b.WriteString("</result>")
	})
}

// objectName returns an object's name in its own spelling, or as it was given.
func (o *Org) objectName(name string) string {
	if t := o.tables[lower(strings.TrimSpace(name))]; t != nil {
		return t.name
	}
	return name
}

// queriedObject returns the object of a query, "" where it cannot be told.
func (o *Org) queriedObject(soql string) string {
	from := false
	for word := range strings.FieldsSeq(soql) {
		if from {
			return o.objectName(word)
		}
		from = strings.EqualFold(word, "FROM")
	}
	return ""
}
