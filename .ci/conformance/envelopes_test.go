package conformance_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// TestEnvelopesFollowThePartnerWSDL has all of portalbot's calls recorded, and some that only others make, and has the schemas of
// Salesforce's own WSDL judge each request and each answer.
func TestEnvelopesFollowThePartnerWSDL(t *testing.T) {
	wsdl := installed("jsforce/src/api/soap/wsdl.xml")
	need(t, wsdl)
	need(t, installed("xmllint-wasm"))
	o := newOrg(t, 1200, salesforcesim.Config{})
	everyCall(t, o)
	othersCalls(t, o)

	dir := t.TempDir()
	seen := map[string]bool{}
	for i, x := range o.exchanges() {
		if !strings.HasPrefix(x.Path, "/services/Soap/") {
			continue
		}
		for what, data := range map[string][]byte{"request": x.Asked, "answer": x.Told} {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d-%s.xml", i, what)), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		seen[operation(x.Asked)] = true
	}
	for _, op := range []string{"query", "queryMore", "create", "update", "delete", "retrieve", "resetPassword", "getUserInfo", "getServerTimestamp"} {
		if !seen[op] {
			t.Errorf("no envelope of %s was recorded", op)
		}
	}
	node(t, map[string]string{"Envelopes": dir, "WSDL": wsdl}, "--test", "--test-reporter=spec", "envelopes.test.mjs")
}

// operation is the name of a request's operation.
func operation(envelope []byte) string {
	_, body, _ := strings.Cut(string(envelope), "Body><urn:")
	end := strings.IndexAny(body, "/> ")
	if end < 0 {
		return ""
	}
	return body[:end]
}

// everyCall makes each call of provisioning.Org that travels by SOAP, with refused rows, nulls and hostile texts among them.
func everyCall(t *testing.T, o org) {
	t.Helper()
	c, err := salesforce.New(salesforce.Config{
		LoginURL: o.world.URL, Auth: salesforce.AuthClientCredentials, ClientID: o.world.ClientID, ClientSecret: o.world.ClientSecret,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	ctx := t.Context()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	set := o.Add("PermissionSet", salesforcesim.Fields{"Name": "Billing", "Label": "Billing"})
	contacts := o.world.Contacts
	must(c.Identity(ctx))
	must(c.Profiles(ctx))
	must(c.Licenses(ctx))
	must(c.Contacts(ctx, provisioning.ContactQuery{IDs: contacts[:3], Emails: []string{`o'hara\<&>@example.com`, "crowd000001@example.com"}}))
	must(c.Accounts(ctx, provisioning.AccountQuery{IDs: []string{o.world.Account}, Names: []string{"Orphan Industries", `"A" & <B>`}}))
	must(c.PermissionSets(ctx, []string{"Billing"}))
	must(c.Groups(ctx, []string{"EMEA", "O'Brien"}))
	must(c.Roles(ctx, []string{o.world.Account}))
	must(c.ContactDomains(ctx, []provisioning.AccountDomain{{AccountID: o.world.Account, Domain: "example.com"}}))

	row := func(n int, more ...provisioning.Field) provisioning.Record {
		name := fmt.Sprintf("wsdl%03d", n)
		return provisioning.Record{Fields: append([]provisioning.Field{
			{Name: "Username", Value: name + "@portal.example.com"},
			{Name: "Email", Value: name + "@example.com"},
			{Name: "LastName", Value: "Müller & <Söhne> \"x\" '\r\n\t😀"},
			{Name: "FirstName", Value: ""},
			{Name: "Alias", Value: name},
			{Name: "CommunityNickname", Value: name},
			{Name: "ProfileId", Value: o.world.CustomerProfile},
			{Name: "ContactId", Value: contacts[n]},
			{Name: "TimeZoneSidKey", Value: "GMT"},
			{Name: "LocaleSidKey", Value: "en_US"},
			{Name: "LanguageLocaleKey", Value: "en_US"},
			{Name: "EmailEncodingKey", Value: "UTF-8"},
		}, more...)}
	}
	made, err := c.CreateUsers(ctx, []provisioning.Record{row(0), row(0), row(1), row(2, provisioning.Field{Name: "Phone", Value: strings.Repeat("1", 99)})},
		provisioning.WriteOptions{UserEmail: true})
	if err != nil || made[0].ID == "" || made[1].Error == nil || made[2].ID == "" || made[3].Error == nil {
		t.Fatalf("%+v, %v", made, err)
	}
	must(c.CreateUsers(ctx, []provisioning.Record{row(3), row(3)}, provisioning.WriteOptions{AllOrNone: true}))
	must(c.UpdateUsers(ctx, []provisioning.Record{
		{ID: made[0].ID, Fields: []provisioning.Field{{Name: "FirstName", Value: ""}, {Name: "Phone", Value: ""}, {Name: "IsActive", Value: "false"}}},
		{ID: "005000000000000AAA", Fields: []provisioning.Field{{Name: "IsActive", Value: "false"}}},
	}, provisioning.WriteOptions{}))
	must(c.CreateContacts(ctx, []provisioning.Record{{Fields: []provisioning.Field{
		{Name: "LastName", Value: "New"}, {Name: "AccountId", Value: o.world.Account},
	}}}))
	must(c.SetFrozen(ctx, []string{made[2].ID}, true))
	must(c.Assign(ctx, provisioning.StepAssign, []provisioning.Assignment{{UserID: made[2].ID, TargetID: set}}))
	must(c.Assigned(ctx, []provisioning.Assignment{{UserID: made[2].ID, TargetID: set}}))
	must(c.Users(ctx, provisioning.UserQuery{
		ContactIDs: contacts[:3], Usernames: []string{"wsdl000@portal.example.com"}, Fields: []string{"Phone", "LastLoginDate"}, Frozen: true,
	}))
	o.ExpireSessions()
	must(c.Users(ctx, provisioning.UserQuery{IDs: []string{made[0].ID}}))
	o.SetMaintenance(true)
	if _, err := c.UpdateUsers(ctx, []provisioning.Record{{ID: made[0].ID, Fields: []provisioning.Field{{Name: "Phone", Value: "1"}}}}, provisioning.WriteOptions{}); err == nil {
		t.Error("a write in a maintenance window succeeded")
	}
	o.SetMaintenance(false)
}

// othersCalls makes the calls that the simulated org understands and portalbot does not make, and the refusals of each kind.
func othersCalls(t *testing.T, o org) {
	t.Helper()
	o.world.Token = o.Token(o.world.Integration)
	deleted := o.AddContact(salesforcesim.Fields{"LastName": "Gone", "AccountId": o.world.Account})
	user := o.UsersByContact(o.world.Contacts[1])[0]
	page := o.call(t, `<urn:query><urn:queryString>SELECT LastName, Account.Name, ReportsTo.Name FROM Contact</urn:queryString></urn:query>`)
	_, rest, _ := strings.Cut(page, "<queryLocator>")
	locator, _, _ := strings.Cut(rest, "<")
	for _, body := range []string{
		`<urn:queryMore><urn:queryLocator>` + locator + `</urn:queryLocator></urn:queryMore>`,
		`<urn:queryMore><urn:queryLocator>01g000000000000AAA-500</urn:queryLocator></urn:queryMore>`,
		`<urn:query><urn:queryString>SELECT COUNT(Id) n, MAX(CreatedDate), AccountId FROM Contact GROUP BY AccountId</urn:queryString></urn:query>`,
		`<urn:query><urn:queryString>SELECT COUNT() FROM Contact</urn:queryString></urn:query>`,
		`<urn:query><urn:queryString>SELECT Id FROM Contact WHERE LastName = 'nobody'</urn:queryString></urn:query>`,
		`<urn:query><urn:queryString>SELECT</urn:queryString></urn:query>`,
		`<urn:query><urn:queryString>SELECT Nope FROM Contact</urn:queryString></urn:query>`,
		`<urn:query><urn:queryString>SELECT Id FROM Nope</urn:queryString></urn:query>`,
		`<urn:delete><urn:ids>` + deleted + `</urn:ids><urn:ids>` + deleted + `</urn:ids></urn:delete>`,
		`<urn:retrieve><urn:fieldList>Id,LastName,Email</urn:fieldList><urn:sObjectType>Contact</urn:sObjectType><urn:ids>` +
			o.world.Contacts[0] + `</urn:ids><urn:ids>003000000000000AAA</urn:ids></urn:retrieve>`,
		`<urn:resetPassword><urn:userId>` + user + `</urn:userId></urn:resetPassword>`,
		`<urn:getUserInfo/>`,
		`<urn:getServerTimestamp/>`,
		`<urn:login><urn:username>a@example.com</urn:username><urn:password>secret</urn:password></urn:login>`,
	} {
		o.call(t, body)
	}
}

// call posts one operation and returns the answer.
func (o org) call(t *testing.T, body string) string {
	t.Helper()
	envelope := `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ` +
		`xmlns:urn="urn:partner.soap.sforce.com"><soapenv:Header><urn:SessionHeader><urn:sessionId>` + o.world.Token +
		`</urn:sessionId></urn:SessionHeader></soapenv:Header><soapenv:Body>` + body + `</soapenv:Body></soapenv:Envelope>`
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.world.URL+"/services/Soap/u/66.0", strings.NewReader(envelope))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/xml; charset=UTF-8")
	r.Header.Set("SOAPAction", `""`)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	told, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(told)
}
