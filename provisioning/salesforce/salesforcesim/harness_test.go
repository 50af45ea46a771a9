package salesforcesim_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portalbot/provisioning/salesforce/salesforcesim"
)

// client speaks to an org with hand-written requests.
type client struct {
	t     *testing.T
	org   *salesforcesim.Org
	acme  salesforcesim.Acme
	url   string
	token string
}

// clock is an org's time that a test sets.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func november() *clock { return &clock{now: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)} }

func newClient(t *testing.T, config salesforcesim.Config) *client {
	t.Helper()
	org, err := salesforcesim.New(config)
	if err != nil {
		t.Fatal(err)
	}
	acme := org.Seed(salesforcesim.Seats{})
	url, err := org.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(org.Close)
	return &client{t: t, org: org, acme: acme, url: url, token: org.Token(acme.Integration)}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (c *client) do(r *http.Request) answer {
	c.t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer{status: res.StatusCode, header: res.Header, body: string(body)}
}

func (c *client) request(method, path, body string) *http.Request {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// rest sends a REST request as the integration user.
func (c *client) rest(method, path, body string) answer {
	c.t.Helper()
	r := c.request(method, "/services/data/v66.0"+path, body)
	r.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return c.do(r)
}

func (c *client) restQuery(soql string) answer {
	c.t.Helper()
	return c.rest(http.MethodGet, "/query?q="+url.QueryEscape(soql), "")
}

// rows runs a REST query that must succeed and returns its records.
func (c *client) rows(soql string) []map[string]any {
	c.t.Helper()
	a := c.restQuery(soql)
	if a.status != http.StatusOK {
		c.t.Fatalf("query %.200s: %d %s", soql, a.status, a.body)
	}
	var out struct{ Records []map[string]any }
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		c.t.Fatal(err)
	}
	return out.Records
}

const mailHeader = `<urn:EmailHeader><urn:triggerAutoResponseEmail>false</urn:triggerAutoResponseEmail>` +
	`<urn:triggerOtherEmail>false</urn:triggerOtherEmail><urn:triggerUserEmail>true</urn:triggerUserEmail></urn:EmailHeader>`

func (c *client) envelope(headers, body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ` +
		`xmlns:urn="urn:partner.soap.sforce.com" xmlns:sf="urn:sobject.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<soapenv:Header><urn:SessionHeader><urn:sessionId>` + c.token + `</urn:sessionId></urn:SessionHeader>` + headers +
		`</soapenv:Header><soapenv:Body>` + body + `</soapenv:Body></soapenv:Envelope>`
}

func (c *client) post(envelope string) answer {
	c.t.Helper()
	r := c.request(http.MethodPost, "/services/Soap/u/66.0", envelope)
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("SOAPAction", `""`)
	return c.do(r)
}

// soap sends one operation as the integration user.
func (c *client) soap(headers, body string) answer {
	c.t.Helper()
	return c.post(c.envelope(headers, body))
}

type saved struct {
	ID struct {
		Nil  string `xml:"http://www.w3.org/2001/XMLSchema-instance nil,attr"`
		Text string `xml:",chardata"`
	} `xml:"id"`
	Success bool `xml:"success"`
	Errors  []struct {
		Fields     []string `xml:"fields"`
		Message    string   `xml:"message"`
		StatusCode string   `xml:"statusCode"`
	} `xml:"errors"`
}

func (c *client) results(a answer) []saved {
	c.t.Helper()
	if a.status != http.StatusOK {
		c.t.Fatalf("status %d: %s", a.status, a.body)
	}
	var envelope struct {
		Body struct {
			Response struct {
				Results []saved `xml:"result"`
			} `xml:",any"`
		}
	}
	if err := xml.Unmarshal([]byte(a.body), &envelope); err != nil {
		c.t.Fatal(err)
	}
	return envelope.Body.Response.Results
}

// record is a record to send: name and value alternate. The order is kept.
type record []string

func sobject(object, id string, r record) string {
	var b bytes.Buffer
	b.WriteString("<urn:sObjects><sf:type>" + object + "</sf:type>")
	if id != "" {
		b.WriteString("<sf:Id>" + id + "</sf:Id>")
	}
	for i := 0; i+1 < len(r); i += 2 {
		b.WriteString("<sf:" + r[i] + ">")
		_ = xml.EscapeText(&b, []byte(r[i+1]))
		b.WriteString("</sf:" + r[i] + ">")
	}
	b.WriteString("</urn:sObjects>")
	return b.String()
}

// create sends records of one object by SOAP and returns their results.
func (c *client) create(object string, records ...record) []saved {
	c.t.Helper()
	var b strings.Builder
	for _, r := range records {
		b.WriteString(sobject(object, "", r))
	}
	return c.results(c.soap("", "<urn:create>"+b.String()+"</urn:create>"))
}

func (c *client) update(object, id string, r record) saved {
	c.t.Helper()
	return c.results(c.soap("", "<urn:update>"+sobject(object, id, r)+"</urn:update>"))[0]
}

// contact adds a contact on an account past the rules.
func (c *client) contact(account, name string) string {
	return c.org.AddContact(salesforcesim.Fields{
		"AccountId": account, "FirstName": "Test", "LastName": name, "Email": strings.ToLower(name) + "@example.com",
	})
}

// user returns a complete portal user, with the given fields in place of or beside the usual ones; an empty value leaves one out.
func user(profile, contact, name string, with ...string) record {
	fields := [][2]string{
		{"Username", strings.ToLower(name) + "@portal.example.com"},
		{"LastName", name},
		{"Email", strings.ToLower(name) + "@example.com"},
		{"Alias", name[:min(8, len(name))]},
		{"CommunityNickname", name},
		{"ProfileId", profile},
		{"ContactId", contact},
		{"TimeZoneSidKey", "America/Los_Angeles"},
		{"LocaleSidKey", "en_US"},
		{"EmailEncodingKey", "UTF-8"},
		{"LanguageLocaleKey", "en_US"},
	}
	var out record
	given := map[string]string{}
	for i := 0; i+1 < len(with); i += 2 {
		given[with[i]] = with[i+1]
	}
	for _, f := range fields {
		v, ok := given[f[0]]
		if !ok {
			v = f[1]
		}
		delete(given, f[0])
		if v != "" {
			out = append(out, f[0], v)
		}
	}
	for i := 0; i+1 < len(with); i += 2 {
		if _, left := given[with[i]]; left {
			out = append(out, with[i], with[i+1])
		}
	}
	return out
}

func (c *client) wantCode(got saved, code, message string, fields ...string) {
	c.t.Helper()
	if got.Success || len(got.Errors) != 1 || got.ID.Nil != "true" {
		c.t.Fatalf("got %+v, want the error %s", got, code)
	}
	e := got.Errors[0]
	if e.StatusCode != code || !strings.Contains(e.Message, message) || fmt.Sprint(e.Fields) != fmt.Sprint(fields) {
		c.t.Errorf("got %s %q %v, want %s %q %v", e.StatusCode, e.Message, e.Fields, code, message, fields)
	}
}

func (c *client) wantSaved(got saved) string {
	c.t.Helper()
	if !got.Success || !salesforcesim.ValidID(got.ID.Text) {
		c.t.Fatalf("got %+v, want success", got)
	}
	return got.ID.Text
}

func (c *client) wantFault(a answer, code, message string) {
	c.t.Helper()
	if a.status != http.StatusInternalServerError || !strings.Contains(a.body, "<faultcode>sf:"+code+"</faultcode>") ||
		!strings.Contains(a.body, "<sf:exceptionCode>"+code+"</sf:exceptionCode>") || !strings.Contains(a.body, message) {
		c.t.Errorf("got %d %s, want the fault %s %q", a.status, a.body, code, message)
	}
}

func (c *client) wantRefused(a answer, status int, code, message string) {
	c.t.Helper()
	var errs []struct{ ErrorCode, Message string }
	if err := json.Unmarshal([]byte(a.body), &errs); err != nil || len(errs) != 1 {
		c.t.Fatalf("got %d %s, want %d %s", a.status, a.body, status, code)
	}
	if a.status != status || errs[0].ErrorCode != code || !strings.Contains(errs[0].Message, message) {
		c.t.Errorf("got %d %+v, want %d %s %q", a.status, errs[0], status, code, message)
	}
}
