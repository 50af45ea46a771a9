package salesforce_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce"
)

const (
	clientID = "3MVG9.consumer-key"
	secret   = "s3cret-of-the-app"
)

// fake is a server whose answers a test writes by hand: for what no strict server would answer. Tokens are T1, T2, and so on.
type fake struct {
	*httptest.Server
	answer func(w http.ResponseWriter, r *http.Request, body string)

	mu     sync.Mutex // guards the fields below
	tokens int
	calls  []string // "POST /path"
}

func newFake(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, body string)) *fake {
	t.Helper()
	f := &fake{answer: answer}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	f.mu.Lock()
	f.calls = append(f.calls, r.Method+" "+r.URL.Path)
	if r.URL.Path == "/services/oauth2/token" {
		f.tokens++
	}
	n := f.tokens
	f.mu.Unlock()
	if r.URL.Path == "/services/oauth2/token" {
		w.Header().Set("Content-Type", "application/json")
		say(w, `{"access_token":"T%d!tok","instance_url":%q,"id":"https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA","token_type":"Bearer","issued_at":"1"}`, n, f.URL)
		return
	}
	f.answer(w, r, string(body))
}

// seen returns the calls other than those for a token.
func (f *fake) seen() (calls []string, tokens int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if !strings.HasSuffix(c, "/token") {
			calls = append(calls, c)
		}
	}
	return calls, f.tokens
}

// client returns a client of the fake that waits for nothing and keeps the waits.
func (f *fake) client(t *testing.T, change ...func(*salesforce.Config)) *salesforce.Client {
	t.Helper()
	return newClient(t, f.URL, change...)
}

func newClient(t testing.TB, url string, change ...func(*salesforce.Config)) *salesforce.Client {
	t.Helper()
	cfg := salesforce.Config{
		LoginURL: url, Auth: salesforce.AuthClientCredentials, ClientID: clientID, ClientSecret: secret,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, c := range change {
		c(&cfg)
	}
	c, err := salesforce.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// envelope wraps the body of an answer as Salesforce does.
func envelope(body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ` +
		`xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:sobject.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<soapenv:Header><LimitInfoHeader><limitInfo><current>42</current><limit>15000</limit><type>API REQUESTS</type></limitInfo></LimitInfoHeader></soapenv:Header>` +
		`<soapenv:Body>` + body + `</soapenv:Body></soapenv:Envelope>`
}

func soap(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	say(w, "%s", envelope(body))
}

func soapFault(w http.ResponseWriter, code, text string) {
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.WriteHeader(http.StatusInternalServerError)
	say(w, "%s", envelope(`<soapenv:Fault><faultcode>sf:`+code+`</faultcode><faultstring>`+code+`: `+text+`</faultstring>`+
		`<detail><sf:UnexpectedErrorFault xsi:type="sf:UnexpectedErrorFault"><sf:exceptionCode>`+code+`</sf:exceptionCode>`+
		`<sf:exceptionMessage>`+text+`</sf:exceptionMessage></sf:UnexpectedErrorFault></detail></soapenv:Fault>`))
}

// say writes to a client that may have left.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

const saved = `<createResponse><result><id>005000000000009AAA</id><success>true</success></result></createResponse>`

var oneUser = []provisioning.Record{{Fields: []provisioning.Field{{Name: "LastName", Value: "Doe"}}}}

func create(c *salesforce.Client) ([]provisioning.SaveResult, error) {
	return c.CreateUsers(context.Background(), oneUser, provisioning.WriteOptions{UserEmail: true})
}

func callError(t *testing.T, err error) *provisioning.CallError {
	t.Helper()
	var ce *provisioning.CallError
	if !errors.As(err, &ce) {
		t.Fatalf("error is %v (%T), want a CallError", err, err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", err, *ce, *ce), "!tok") || strings.Contains(fmt.Sprintf("%v %+v", err, *ce), secret) {
		t.Errorf("error holds token or secret: %+v", *ce)
	}
	return ce
}
