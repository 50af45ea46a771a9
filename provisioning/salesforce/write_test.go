package salesforce_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"portalbot/provisioning"
)

// hostile is text that breaks whatever forgets to escape it.
const hostile = "O'Brien \"quoted\" \\back\\ <b>&amp;</b> ]]> \r\n\ttab 名前 😀 \u202e\u00a0 ' OR Id != '"

// sentRecord is a record as a SOAP reader that is not ours sees it.
type sentRecord struct {
	Nulls  []string    `xml:"urn:sobject.partner.soap.sforce.com fieldsToNull"`
	ID     string      `xml:"urn:sobject.partner.soap.sforce.com Id"`
	Type   string      `xml:"urn:sobject.partner.soap.sforce.com type"`
	Fields []sentField `xml:",any"`
}

type sentField struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
}

type sentEnvelope struct {
	Session   string `xml:"Header>SessionHeader>sessionId"`
	AutoMail  string `xml:"Header>EmailHeader>triggerAutoResponseEmail"`
	OtherMail string `xml:"Header>EmailHeader>triggerOtherEmail"`
	UserMail  string `xml:"Header>EmailHeader>triggerUserEmail"`
	AllOrNone string `xml:"Header>AllOrNoneHeader>allOrNone"`

	Create []sentRecord `xml:"Body>create>sObjects"`
	Update []sentRecord `xml:"Body>update>sObjects"`
}

// saver answers every create and update with success, and keeps what was sent.
func saver(t *testing.T) (*fake, *[]sentEnvelope) {
	t.Helper()
	var sent []sentEnvelope
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, body string) {
		var e sentEnvelope
		if err := xml.Unmarshal([]byte(body), &e); err != nil {
			t.Errorf("not XML: %v", err)
		}
		if r.Header.Get("Content-Type") != "text/xml; charset=utf-8" || r.Header.Get("SOAPAction") != `""` || r.URL.Path != "/services/Soap/u/66.0" {
			t.Errorf("%s with %v", r.URL.Path, r.Header)
		}
		sent = append(sent, e)
		op, n := "create", len(e.Create)
		if n == 0 {
			op, n = "update", len(e.Update)
		}
		result := ""
		for i := range n {
			result += fmt.Sprintf("<result><id>005%015d</id><success>true</success></result>", i)
		}
		soap(w, "<"+op+"Response>"+result+"</"+op+"Response>")
	})
	return f, &sent
}

func TestCreateSendsEveryValueAndLeavesOutEmptyOnes(t *testing.T) {
	f, sent := saver(t)
	results, err := f.client(t).CreateUsers(context.Background(), []provisioning.Record{{Fields: []provisioning.Field{
		{Name: "LastName", Value: hostile}, {Name: "FirstName", Value: ""}, {Name: "Region__c", Value: "EMEA"},
	}}}, provisioning.WriteOptions{UserEmail: true})
	if err != nil || len(results) != 1 || results[0].Error != nil || results[0].ID != "005000000000000000" {
		t.Fatalf("%+v, %v", results, err)
	}
	e := (*sent)[0]
	if e.Session != "T1!tok" || e.AutoMail != "false" || e.OtherMail != "false" || e.UserMail != "true" || e.AllOrNone != "false" {
		t.Errorf("headers %+v", e)
	}
	r := e.Create[0]
	if r.Type != "User" || r.ID != "" || len(r.Nulls) != 0 || len(r.Fields) != 2 ||
		r.Fields[0].XMLName.Local != "LastName" || r.Fields[0].Text != hostile || r.Fields[1].XMLName.Local != "Region__c" {
		t.Errorf("sent %+v", r)
	}
}

func TestUpdateSendsEmptyValuesAsNull(t *testing.T) {
	f, sent := saver(t)
	_, err := f.client(t).UpdateUsers(context.Background(), []provisioning.Record{{ID: "005000000000001AAA", Fields: []provisioning.Field{
		{Name: "IsActive", Value: "false"}, {Name: "Phone", Value: ""}, {Name: "Title", Value: ""},
	}}}, provisioning.WriteOptions{AllOrNone: true})
	if err != nil {
		t.Fatal(err)
	}
	e := (*sent)[0]
	if e.UserMail != "false" || e.AllOrNone != "true" {
		t.Errorf("headers %+v", e)
	}
	r := e.Update[0]
	if r.ID != "005000000000001AAA" || !slices.Equal(r.Nulls, []string{"Phone", "Title"}) || len(r.Fields) != 1 || r.Fields[0].Text != "false" {
		t.Errorf("sent %+v", r)
	}
}

func TestContactsAskForNoMail(t *testing.T) {
	f, sent := saver(t)
	if _, err := f.client(t).CreateContacts(context.Background(), oneUser); err != nil {
		t.Fatal(err)
	}
	if e := (*sent)[0]; e.UserMail != "" || e.Create[0].Type != "Contact" {
		t.Errorf("sent %+v", e)
	}
}

func TestRecordThatCannotBeSentDoesNotStopTheOthers(t *testing.T) {
	record := func(name, value string) provisioning.Record {
		return provisioning.Record{Fields: []provisioning.Field{{Name: name, Value: value}}}
	}
	records := []provisioning.Record{
		record("LastName", "A"), record("LastName", "bell\a"), record("LastName", "broken\xff"), record("Last Name", "x"),
		record("LastName", "B"), record("LastName", "\ufffe"), record("x><y", "x"), record("LastName", "replaced \ufffd is fine"),
	}
	f, sent := saver(t)
	c := f.client(t)
	results, err := c.CreateUsers(context.Background(), records, provisioning.WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, r := range results {
		code := r.ID
		if r.Error != nil {
			code = r.Error.Code
			if r.Error.Fix == "" {
				t.Errorf("no fix: %+v", r.Error)
			}
		}
		codes = append(codes, code)
	}
	want := []string{
		"005000000000000000", "INVALID_CHARACTER", "INVALID_CHARACTER", "INVALID_FIELD",
		"005000000000000001", "INVALID_CHARACTER", "INVALID_FIELD", "005000000000000002",
	}
	if !slices.Equal(codes, want) || len((*sent)[0].Create) != 3 {
		t.Errorf("results %q, want %q", codes, want)
	}
	results, err = c.CreateUsers(context.Background(), records[:2], provisioning.WriteOptions{AllOrNone: true})
	if err != nil || len(*sent) != 1 || results[0].Error.Code != "ALL_OR_NONE_OPERATION_ROLLED_BACK" || results[1].Error.Code != "INVALID_CHARACTER" {
		t.Errorf("all or none: %+v, %v, %d calls", results, err, len(*sent))
	}
}

func TestTooManyRecordsAreNotSent(t *testing.T) {
	f, sent := saver(t)
	c := f.client(t)
	records := make([]provisioning.Record, provisioning.MaxWrite+1)
	_, err := c.CreateUsers(context.Background(), records, provisioning.WriteOptions{})
	if ce := callError(t, err); ce.Class != provisioning.ClassJob || !ce.Unsent || len(*sent) != 0 {
		t.Errorf("error is %+v", ce)
	}
	_, err = c.SetFrozen(context.Background(), make([]string, provisioning.MaxWrite+1), true)
	if ce := callError(t, err); !ce.Unsent {
		t.Errorf("error is %+v", ce)
	}
	if results, err := c.CreateUsers(context.Background(), nil, provisioning.WriteOptions{}); len(results) != 0 || err != nil || len(*sent) != 0 {
		t.Errorf("no records: %v, %v, %d calls", results, err, len(*sent))
	}
}

func TestRowErrorsAreClassed(t *testing.T) {
	for _, tt := range []struct {
		code, text string
		class      provisioning.Class
	}{
		{"DUPLICATE_USERNAME", "Duplicate Username.<br>The username already exists", provisioning.ClassExists},
		{"PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT", "portal user already exists for contact", provisioning.ClassExists},
		{"DUPLICATE_COMM_NICKNAME", "Duplicate Nickname.", provisioning.ClassRow},
		{"LICENSE_LIMIT_EXCEEDED", "License Limit Exceeded - Customer Community", provisioning.ClassProfile},
		{"PORTAL_NO_ACCESS", "no access to portal", provisioning.ClassProfile},
		{"UNKNOWN_EXCEPTION", "portal account owner must have a role", provisioning.ClassAccount},
		{"UNKNOWN_EXCEPTION", "portal users cannot own partner accounts", provisioning.ClassAccount},
		{"UNKNOWN_EXCEPTION", "Enable \"Allow using standard external profiles for self-registration, user creation, and login\"", provisioning.ClassProfile},
		{"UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId", provisioning.ClassRow},
		{"UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", provisioning.ClassRetry},
		{"UNKNOWN_EXCEPTION", "Group membership operation already in progress", provisioning.ClassRetry},
		{"FIELD_INTEGRITY_EXCEPTION", "Username must be in the form of an email address", provisioning.ClassRow},
		{"SOMETHING_NEW_2027", "never seen", provisioning.ClassRow},
	} {
		t.Run(tt.code+" "+tt.text, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
				text := strings.NewReplacer("<", "&lt;", "\"", "&quot;").Replace(tt.text)
				soap(w, `<createResponse><result xsi:type="SaveResult"><errors xsi:type="Error"><extendedErrorDetails xsi:nil="true"/><fields>A</fields><fields>B</fields>`+
					`<message>`+text+`</message><statusCode>`+tt.code+`</statusCode></errors><errors><message>second</message><statusCode>X</statusCode></errors>`+
					`<id xsi:nil="true"/><success>false</success></result></createResponse>`)
			})
			results, err := create(f.client(t))
			if err != nil {
				t.Fatal(err)
			}
			e := results[0].Error
			if e == nil || e.Code != tt.code || e.Text != tt.text+"; second" || e.Class != tt.class || !slices.Equal(e.Fields, []string{"A", "B"}) || results[0].ID != "" {
				t.Errorf("result is %+v, %+v", results[0], e)
			}
			if known := tt.text != "never seen" && !strings.HasPrefix(tt.text, "An unexpected"); known != (e.Fix != "") {
				t.Errorf("fix is %q", e.Fix)
			}
		})
	}
}

func TestPasswordOfAResetIsNeverTold(t *testing.T) {
	const path = "DELETE /services/data/v66.0/sobjects/User/005000000000009AAA/password"
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		if r.Header.Get("Authorization") != "Bearer T1!tok" {
			t.Errorf("header %v", r.Header)
		}
		say(w, `{"NewPassword":"tempPassw0rd"}`)
	})
	c := f.client(t)
	if err := c.ResetPassword(context.Background(), "005000000000009AAA"); err != nil {
		t.Fatal(err)
	}
	if calls, _ := f.seen(); !slices.Equal(calls, []string{path}) {
		t.Errorf("calls %q", calls)
	}
	for _, id := range []string{"", "../../x", "005000000000009AA?", "a@b.example"} {
		err := c.ResetPassword(context.Background(), id)
		if ce := callError(t, err); ce.Code != "MALFORMED_ID" || !ce.Unsent {
			t.Errorf("%q: %+v", id, ce)
		}
	}
	if calls, _ := f.seen(); len(calls) != 1 {
		t.Errorf("calls %q", calls)
	}
}

func TestRefusedResetSaysWhy(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
		w.WriteHeader(http.StatusForbidden)
		say(w, `[{"message":"you do not have access","errorCode":"INSUFFICIENT_ACCESS","fields":[]}]`)
	})
	err := f.client(t).ResetPassword(context.Background(), "005000000000009AAA")
	if ce := callError(t, err); ce.Code != "INSUFFICIENT_ACCESS" || ce.Class != provisioning.ClassRow || !ce.Unsent || ce.Text != "you do not have access" {
		t.Errorf("error is %+v", ce)
	}
}
