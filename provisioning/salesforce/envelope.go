package salesforce

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"portalbot/provisioning"
)

const (
	envelopeOpen = `<?xml version="1.0" encoding="UTF-8"?>` +
		`<soapenv:Envelope xmlns:soapenv="` + soapSpace + `" xmlns:urn="urn:partner.soap.sforce.com" xmlns:sf="urn:sobject.partner.soap.sforce.com">` +
		`<soapenv:Header><urn:SessionHeader><urn:sessionId>`
	envelopeSession = `</urn:sessionId></urn:SessionHeader>`
	envelopeBody    = `</soapenv:Header><soapenv:Body>`
	envelopeClose   = `</soapenv:Body></soapenv:Envelope>`
)

// writeEnvelope writes a request of the partner API: its session, further headers, its body.
func writeEnvelope(b *bytes.Buffer, sessionID, headers string, body func(*bytes.Buffer)) {
	b.WriteString(envelopeOpen)
	escapeXML(b, sessionID)
	b.WriteString(envelopeSession)
	b.WriteString(headers)
	b.WriteString(envelopeBody)
	body(b)
	b.WriteString(envelopeClose)
}

// queryHeaders ask for full pages.
var queryHeaders = `<urn:QueryOptions><urn:batchSize>` + strconv.Itoa(pageSize) + `</urn:batchSize></urn:QueryOptions>`

// saveHeaders are the headers of create and update. mail is nil for objects that mail nobody. All three children of EmailHeader
// must be there; the two that are always false would mail people who are not asked about.
func saveHeaders(allOrNone bool, mail *bool) string {
	h := ""
	if mail != nil {
		h = `<urn:EmailHeader><urn:triggerAutoResponseEmail>false</urn:triggerAutoResponseEmail>` +
			`<urn:triggerOtherEmail>false</urn:triggerOtherEmail>` +
			`<urn:triggerUserEmail>` + strconv.FormatBool(*mail) + `</urn:triggerUserEmail></urn:EmailHeader>`
	}
	return h + `<urn:AllOrNoneHeader><urn:allOrNone>` + strconv.FormatBool(allOrNone) + `</urn:allOrNone></urn:AllOrNoneHeader>`
}

// writeSave writes the body of create or update. An empty value is left out on create, and named in fieldsToNull on update.
// The records were checked with sendable. A create has no Id, although the WSDL's sObject says <Id xsi:nil="true"/> by the letter:
// Salesforce's own Java client and jsforce leave it out too.
func writeSave(b *bytes.Buffer, op, object string, records []provisioning.Record) {
	b.WriteString("<urn:" + op + ">")
	for _, r := range records {
		b.WriteString("<urn:sObjects><sf:type>" + object + "</sf:type>")
		if op == "update" {
			for _, f := range r.Fields {
				if f.Value == "" {
					b.WriteString("<sf:fieldsToNull>" + f.Name + "</sf:fieldsToNull>")
				}
			}
			b.WriteString("<sf:Id>")
			escapeXML(b, r.ID)
			b.WriteString("</sf:Id>")
		}
		for _, f := range r.Fields {
			if f.Value != "" {
				b.WriteString("<sf:" + f.Name + ">")
				escapeXML(b, f.Value)
				b.WriteString("</sf:" + f.Name + ">")
			}
		}
		b.WriteString("</urn:sObjects>")
	}
	b.WriteString("</urn:" + op + ">")
}

// sendable returns why a record cannot be put into a request, nil when it can. Leaving characters out silently would make
// another record than the one that was approved.
func sendable(r provisioning.Record) *provisioning.RowError {
	for _, f := range r.Fields {
		if !validField(f.Name) || strings.EqualFold(f.Name, "Id") || strings.EqualFold(f.Name, "type") {
			return rowError(codeField, strconv.Quote(f.Name)+" is no field that can be written", f.Name)
		}
		if !legalText(f.Value) {
			return rowError(codeText, f.Name+" holds a character that cannot be sent", f.Name)
		}
	}
	if !legalText(r.ID) {
		return rowError(codeMalformed, "the id holds a character that cannot be sent", "Id")
	}
	return nil
}

func rowError(code, text string, fields ...string) *provisioning.RowError {
	e := &provisioning.RowError{Code: code, Text: text, Fields: fields}
	classifyRow(e)
	return e
}

// validField reports whether s has the form of a field's API name, namespaces and __c included.
func validField(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}

// legalText reports whether XML 1.0 can carry the text: control characters and broken UTF-8 cannot be escaped in any way.
func legalText(s string) bool {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return false
			}
		}
		if !legal(r) {
			return false
		}
	}
	return true
}

// escapeXML writes legal text as XML text. The carriage return is escaped too: a reader would make a line feed of it.
func escapeXML(b *bytes.Buffer, s string) {
	from := 0
	for i := range len(s) {
		var e string
		switch s[i] {
		case '&':
			e = "&amp;"
		case '<':
			e = "&lt;"
		case '>':
			e = "&gt;"
		case '\r':
			e = "&#xD;"
		default:
			continue
		}
		b.WriteString(s[from:i])
		b.WriteString(e)
		from = i + 1
	}
	b.WriteString(s[from:])
}
