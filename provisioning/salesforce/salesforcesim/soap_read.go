package salesforcesim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The namespaces of the partner WSDL.
const (
	nsEnvelope = "http://schemas.xmlsoap.org/soap/envelope/"
	nsSchema   = "http://www.w3.org/2001/XMLSchema-instance"
	nsPartner  = "urn:partner.soap.sforce.com"
	nsSObject  = "urn:sobject.partner.soap.sforce.com"
	nsFault    = "urn:fault.partner.soap.sforce.com"
)

// maxDepthXML bounds the nesting of a request; the WSDL needs six levels.
const maxDepthXML = 32

// element is an XML element, read as a whole.
type element struct {
	name xml.Name
	attr []xml.Attr
	kids []*element
	text string
}

func (e *element) isNil() bool {
	for _, a := range e.attr {
		if a.Name.Space == nsSchema && a.Name.Local == "nil" {
			return a.Value == "true" || a.Value == "1"
		}
	}
	return false
}

func readXML(body []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	var stack []*element
	var root *element
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			if root == nil || len(stack) > 0 {
				return nil, io.ErrUnexpectedEOF
			}
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := tok.(type) {
		case xml.Directive:
			return nil, errors.New("DOCTYPE is not allowed")
		case xml.StartElement:
			e := &element{name: t.Name, attr: t.Attr}
			switch {
			case len(stack) > 0:
				parent := stack[len(stack)-1]
				parent.kids = append(parent.kids, e)
			case root != nil:
				return nil, errors.New("content after the root element")
			default:
				root = e
			}
			stack = append(stack, e)
			if len(stack) > maxDepthXML {
				return nil, errors.New("elements are nested too deep")
			}
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text += string(t)
			} else if strings.TrimSpace(string(t)) != "" {
				return nil, errors.New("content is not allowed in prolog")
			}
		}
	}
}

// soapRequest is an envelope whose headers are understood.
type soapRequest struct {
	sessionID string
	userEmail bool // EmailHeader/triggerUserEmail
	allOrNone bool
	batch     int
	method    *element
	lax       bool // element namespaces do not matter
}

// clientFault refuses an envelope that does not follow the WSDL.
func clientFault(format string, args ...any) *callError {
	return badRequest("soapenv:Client", fmt.Sprintf(format, args...))
}

func misplaced(e *element) *callError {
	return clientFault("Element {%s}%s invalid at this location", e.name.Space, e.name.Local)
}

func readEnvelope(body []byte, lax bool) (*soapRequest, *callError) {
	root, err := readXML(body)
	if err != nil {
		return nil, clientFault("Failed to parse XML: %v", err)
	}
	if root.name.Local != "Envelope" {
		return nil, misplaced(root)
	}
	if root.name.Space != nsEnvelope {
		return nil, badRequest("soapenv:VersionMismatch", "Envelope namespace is not "+nsEnvelope)
	}
	req := &soapRequest{lax: lax, batch: defaultSOAPBatch}
	for i, e := range root.kids {
		switch {
		case e.name == xml.Name{Space: nsEnvelope, Local: "Header"} && i == 0:
			if err := req.headers(e.kids); err != nil {
				return nil, err
			}
		case e.name == xml.Name{Space: nsEnvelope, Local: "Body"} && req.method == nil:
			if len(e.kids) != 1 {
				return nil, clientFault("Body must hold exactly one operation")
			}
			req.method = e.kids[0]
		default:
			return nil, misplaced(e)
		}
	}
	if req.method == nil {
		return nil, clientFault("No Body in the envelope")
	}
	if req.method.name.Space != nsPartner {
		return nil, clientFault("No operation available for request {%s}%s", req.method.name.Space, req.method.name.Local)
	}
	return req, nil
}

func (req *soapRequest) headers(headers []*element) *callError {
	seen := map[string]bool{}
	for _, h := range headers {
		if h.name.Space != nsPartner || seen[h.name.Local] {
			return misplaced(h)
		}
		seen[h.name.Local] = true
		var err *callError
		switch h.name.Local {
		case "SessionHeader":
			var values []string
			if values, err = req.sequence(h, "sessionId"); err == nil {
				req.sessionID = strings.TrimSpace(values[0])
			}
		case "EmailHeader":
			var flags []bool
			if flags, err = req.booleans(h, "triggerAutoResponseEmail", "triggerOtherEmail", "triggerUserEmail"); err == nil {
				req.userEmail = flags[2]
			}
		case "AllOrNoneHeader":
			var flags []bool
			if flags, err = req.booleans(h, "allOrNone"); err == nil {
				req.allOrNone = flags[0]
			}
		case "QueryOptions":
			err = req.queryOptions(h)
		case "CallOptions":
		default:
			err = clientFault("The header %s is not understood", h.name.Local)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (req *soapRequest) queryOptions(h *element) *callError {
	if len(h.kids) == 0 {
		return nil
	}
	values, err := req.sequence(h, "batchSize")
	if err != nil {
		return err
	}
	n, bad := strconv.Atoi(strings.TrimSpace(values[0]))
	if bad != nil {
		return clientFault("'%s' is not a valid value for the type xsd:int", values[0])
	}
	req.batch = n
	return checkBatch(n)
}

// sequence returns the texts of an element's children, which must be these, all of them, in this order.
func (req *soapRequest) sequence(e *element, names ...string) ([]string, *callError) {
	values := make([]string, 0, len(names))
	for _, kid := range e.kids {
		if len(values) == len(names) || kid.name.Local != names[len(values)] || !req.in(kid, nsPartner) {
			return nil, misplaced(kid)
		}
		values = append(values, kid.text)
	}
	if len(e.kids) < len(names) {
		return nil, clientFault("Required element {%s}%s is missing in {%s}%s", nsPartner, names[len(e.kids)], nsPartner, e.name.Local)
	}
	return values, nil
}

func (req *soapRequest) booleans(e *element, names ...string) ([]bool, *callError) {
	values, err := req.sequence(e, names...)
	if err != nil {
		return nil, err
	}
	flags := make([]bool, len(values))
	for i, v := range values {
		flag, ok := parseBool(v)
		if !ok {
			return nil, clientFault("'%s' is not a valid value for the type xsd:boolean", v)
		}
		flags[i] = flag
	}
	return flags, nil
}

func (req *soapRequest) in(e *element, namespace string) bool {
	return req.lax || e.name.Space == namespace
}

// parseBool reads an xsd:boolean.
func parseBool(s string) (value, ok bool) {
	switch strings.TrimSpace(s) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

// records reads the sObjects of a create or update.
func (req *soapRequest) records() ([]inputRecord, *callError) {
	var out []inputRecord
	for _, e := range req.method.kids {
		if e.name.Local != "sObjects" || !req.in(e, nsPartner) {
			return nil, misplaced(e)
		}
		rec, err := req.record(e)
		if err != nil {
			return nil, err
		}
		out = append(out, rec)
	}
	return out, nil
}

// record reads one sObject: type, then fieldsToNull, then Id and fields.
func (req *soapRequest) record(e *element) (inputRecord, *callError) {
	var rec inputRecord
	if len(e.kids) == 0 || e.kids[0].name.Local != "type" {
		return rec, clientFault("Required element {%s}type is missing in {%s}sObject", nsSObject, nsSObject)
	}
	fieldsBegan := false
	for i, kid := range e.kids {
		if !req.in(kid, nsSObject) {
			return rec, misplaced(kid)
		}
		if len(kid.kids) > 0 {
			return rec, clientFault("Nested sObjects are not understood: %s", kid.name.Local)
		}
		switch {
		case i == 0:
			rec.object = strings.TrimSpace(kid.text)
		case kid.name.Local == "fieldsToNull":
			if fieldsBegan && !req.lax {
				return rec, misplaced(kid)
			}
			rec.nulls = append(rec.nulls, strings.TrimSpace(kid.text))
		case strings.EqualFold(kid.name.Local, "Id"):
			fieldsBegan = true
			if !kid.isNil() {
				rec.id = strings.TrimSpace(kid.text)
			}
		default:
			fieldsBegan = true
			// A nil or empty element sets nothing over SOAP; only fieldsToNull does.
			if !kid.isNil() && kid.text != "" {
				rec.fields = append(rec.fields, inputField{name: kid.name.Local, value: kid.text})
			}
		}
	}
	return rec, nil
}
