package salesforce

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"portalbot/provisioning"
)

// userPage is a full page as Salesforce writes it: 2,000 users with all the fields that are read.
func userPage() []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" ` +
		`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:sf="urn:sobject.partner.soap.sforce.com"><soapenv:Body><queryResponse><result xsi:type="QueryResult"><done>true</done><queryLocator xsi:nil="true"/>`)
	for i := range pageSize {
		b.WriteString(`<records xsi:type="sf:sObject"><sf:type>User</sf:type>`)
		for _, f := range userFields {
			switch {
			case f == "LastLoginDate":
				b.WriteString(`<sf:LastLoginDate xsi:nil="true"/>`)
			case strings.HasSuffix(f, "Date"):
				b.WriteString("<sf:" + f + ">2026-11-22T02:33:00.000Z</sf:" + f + ">")
			case f == "Id" || f == "ContactId":
				fmt.Fprintf(&b, "<sf:%s>005%015d</sf:%s>", f, i, f)
			case strings.HasSuffix(f, "Id"):
				b.WriteString("<sf:" + f + ">00e000000000001AAA</sf:" + f + ">")
			case strings.HasPrefix(f, "Is"):
				b.WriteString("<sf:" + f + ">true</sf:" + f + ">")
			default:
				fmt.Fprintf(&b, "<sf:%s>person.%d@example.com</sf:%s>", f, i, f)
			}
		}
		b.WriteString("</records>")
	}
	b.WriteString(`<size>2000</size></result></queryResponse></soapenv:Body></soapenv:Envelope>`)
	return []byte(b.String())
}

func BenchmarkReadPageOf2000Users(b *testing.B) {
	data := userPage()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		users := 0
		if _, _, err := readPage(bytes.NewReader(data), "query", func(v *values) { _ = readUser(v); users++ }); err != nil || users != pageSize {
			b.Fatal(users, err)
		}
	}
}

func BenchmarkWriteCreateOf200Users(b *testing.B) {
	records := make([]provisioning.Record, provisioning.MaxWrite)
	for i := range records {
		for _, f := range []string{
			"Alias", "CommunityNickname", "ContactId", "Email", "EmailEncodingKey", "FirstName", "LanguageLocaleKey", "LastName",
			"LocaleSidKey", "ProfileId", "TimeZoneSidKey", "Username",
		} {
			records[i].Fields = append(records[i].Fields, provisioning.Field{Name: f, Value: fmt.Sprintf("O'Brien & %d@example.com", i)})
		}
	}
	mail := true
	var buf bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		buf.Reset()
		writeEnvelope(&buf, "token", saveHeaders(false, &mail), func(w *bytes.Buffer) { writeSave(w, "create", "User", records) })
	}
	b.SetBytes(int64(buf.Len()))
}

func BenchmarkCutLookUpOf10000Users(b *testing.B) {
	var contacts, mails []string
	for i := range 10_000 {
		contacts, mails = append(contacts, fmt.Sprintf("003%012d", i)), append(mails, fmt.Sprintf("person.%d@example.com", i))
	}
	b.ReportAllocs()
	for b.Loop() {
		w := where{any: []in{ids("ContactId", contacts), texts("Email", mails), texts("Username", mails), texts("Contact.Email", mails)}}
		for _, p := range w.split(1000) {
			_ = p.String()
		}
	}
}
