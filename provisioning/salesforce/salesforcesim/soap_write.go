package salesforcesim

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strings"
)

const soapContentType = "text/xml;charset=UTF-8"

// openEnvelope begins an answer, with the header that tells the use of the daily budget.
func (o *Org) openEnvelope(b *bytes.Buffer) {
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="` + nsEnvelope + `" xmlns="` + nsPartner +
		`" xmlns:xsi="` + nsSchema + `" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:sf="` + nsSObject + `"><soapenv:Header><LimitInfoHeader><limitInfo><current>` +
		intText(o.traffic.usage()) + `</current><limit>` + intText(o.config.DailyRequests) +
		`</limit><type>API REQUESTS</type></limitInfo></LimitInfoHeader></soapenv:Header><soapenv:Body>`)
}

// soapReply wraps an operation's answer.
func (o *Org) soapReply(method string, write func(*bytes.Buffer)) reply {
	var b bytes.Buffer
	o.openEnvelope(&b)
	b.WriteString("<" + method + "Response>")
	write(&b)
	b.WriteString("</" + method + "Response></soapenv:Body></soapenv:Envelope>")
	return reply{status: http.StatusOK, contentType: soapContentType, body: b.Bytes()}
}

// soapFault renders a refusal as the fault that the WSDL declares for its code.
func soapFault(e *callError) reply {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="` + nsEnvelope + `" xmlns:sf="` + nsFault +
		`" xmlns:xsi="` + nsSchema + `"><soapenv:Body><soapenv:Fault>`)
	if strings.HasPrefix(e.code, "soapenv:") {
		tag(&b, "faultcode", e.code)
		tag(&b, "faultstring", e.message)
	} else {
		message := e.message
		if e.code == "INVALID_SESSION_ID" {
			message = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session hash. " +
				"This error usually occurs after a session expires or a user logs out."
		}
		tag(&b, "faultcode", "sf:"+e.code)
		tag(&b, "faultstring", e.code+": "+message)
		name := faultName(e)
		b.WriteString(`<detail><sf:` + name + ` xsi:type="sf:` + name + `">`)
		tag(&b, "sf:exceptionCode", e.code)
		tag(&b, "sf:exceptionMessage", message)
		if queryFault(name) {
			tag(&b, "sf:row", intText(max(e.row, -1)))
			tag(&b, "sf:column", intText(max(e.column, -1)))
		}
		b.WriteString(`</sf:` + name + `></detail>`)
	}
	b.WriteString(`</soapenv:Fault></soapenv:Body></soapenv:Envelope>`)
	return reply{status: http.StatusInternalServerError, contentType: soapContentType, body: b.Bytes()}
}

func faultName(e *callError) string {
	switch e.code {
	case "MALFORMED_QUERY":
		return "MalformedQueryFault"
	case "INVALID_FIELD":
		return "InvalidFieldFault"
	case "INVALID_TYPE":
		return "InvalidSObjectFault"
	case "INVALID_QUERY_LOCATOR":
		return "InvalidQueryLocatorFault"
	case "INVALID_ID", "MALFORMED_ID":
		return "InvalidIdFault"
	case "INVALID_LOGIN", "LOGIN_MUST_USE_SECURITY_TOKEN":
		return "LoginFault"
	}
	return "UnexpectedErrorFault"
}

// queryFault says whether a fault extends ApiQueryFault, which tells row and column.
func queryFault(name string) bool {
	return name == "MalformedQueryFault" || name == "InvalidFieldFault" || name == "InvalidSObjectFault"
}

func tag(b *bytes.Buffer, name, value string) {
	b.WriteString("<" + name + ">")
	escapeXML(b, value)
	b.WriteString("</" + localPart(name) + ">")
}

// localPart drops the attributes that may follow a tag's name.
func localPart(name string) string {
	name, _, _ = strings.Cut(name, " ")
	return name
}

func nilTag(b *bytes.Buffer, name string) { b.WriteString("<" + name + ` xsi:nil="true"/>`) }

func escapeXML(b *bytes.Buffer, s string) {
	if !strings.ContainsAny(s, "<>&'\"\r\n\t") {
		b.WriteString(s)
		return
	}
	_ = xml.EscapeText(b, []byte(s)) // a bytes.Buffer takes everything
}

// writePage renders a QueryResult. The caller holds o.mu.
func writePage(b *bytes.Buffer, p *page) {
	b.WriteString(`<result xsi:type="QueryResult">`)
	tag(b, "done", boolText(p.locator == ""))
	if p.locator == "" {
		nilTag(b, "queryLocator")
	} else {
		tag(b, "queryLocator", p.locator)
	}
	for _, row := range p.rows {
		writeRecord(b, "records", p.plan.shape, row)
	}
	for _, line := range p.lines {
		b.WriteString(`<records xsi:type="sf:sObject"><sf:type>AggregateResult</sf:type>`)
		nilTag(b, "sf:Id")
		for i, c := range p.plan.columns {
			writeAggregate(b, &c, line[i])
		}
		b.WriteString("</records>")
	}
	tag(b, "size", intText(p.size))
	b.WriteString("</result>")
}

func writeAggregate(b *bytes.Buffer, c *column, value string) {
	if value == "" {
		nilTag(b, "sf:"+c.name)
		return
	}
	kind := "xsd:string"
	switch {
	case strings.HasPrefix(c.function, "COUNT") || c.path.field.typ == typeInt:
		kind = "xsd:int"
	case c.path.field.typ == typeDateTime:
		kind = "xsd:dateTime"
	case c.path.field.typ == typeBoolean:
		kind = "xsd:boolean"
	}
	tag(b, "sf:"+c.name+` xsi:type="`+kind+`"`, value)
}

// writeRecord renders an sObject. Its Id stands there twice where it was selected, as the service has it: once as a part of
// every sObject, once as a field.
func writeRecord(b *bytes.Buffer, name string, s *shape, row int32) {
	b.WriteString("<" + name + ` xsi:type="sf:sObject">`)
	tag(b, "sf:type", s.table.name)
	selected := false
	for _, item := range s.items {
		selected = selected || item.field == s.table.id
	}
	if selected {
		tag(b, "sf:Id", s.table.value(row, s.table.id))
	} else {
		nilTag(b, "sf:Id")
	}
	for _, item := range s.items {
		if item.field != nil {
			if v := s.table.value(row, item.field); v == "" {
				nilTag(b, "sf:"+item.field.name)
			} else {
				tag(b, "sf:"+item.field.name, v)
			}
			continue
		}
		parent := noRow
		if id := s.table.value(row, item.rel); id != "" {
			parent = item.shape.table.find(id)
		}
		if parent == noRow {
			nilTag(b, "sf:"+item.rel.rel)
		} else {
			writeRecord(b, "sf:"+item.rel.rel, item.shape, parent)
		}
	}
	b.WriteString("</" + name + ">")
}

// writeSaved renders the result of one record of a create, update or delete.
func writeSaved(b *bytes.Buffer, r saveResult) {
	b.WriteString("<result>")
	for _, e := range r.errors {
		b.WriteString("<errors>")
		for _, f := range e.Fields {
			tag(b, "fields", f)
		}
		tag(b, "message", e.Message)
		tag(b, "statusCode", e.Code)
		b.WriteString("</errors>")
	}
	if r.id == "" {
		nilTag(b, "id")
	} else {
		tag(b, "id", r.id)
	}
	tag(b, "success", boolText(len(r.errors) == 0))
	b.WriteString("</result>")
}
