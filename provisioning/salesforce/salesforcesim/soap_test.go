package salesforcesim_test

import (
	"net/http"
	"strings"
	"testing"

	"portalbot/provisioning/salesforce/salesforcesim"
)

func TestCreatedUsersAreAnsweredInRequestOrder(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	contact := c.contact(c.acme.Account, "Miller")
	a := c.soap(mailHeader+"<urn:AllOrNoneHeader><urn:allOrNone>false</urn:allOrNone></urn:AllOrNoneHeader>",
		"<urn:create>"+sobject("User", "", user(c.acme.CustomerProfile, contact, "Miller"))+
			sobject("User", "", user(c.acme.CustomerProfile, contact, "Twice"))+"</urn:create>")
	results := c.results(a)
	id := c.wantSaved(results[0])
	c.wantCode(results[1], "PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT", "portal user already exists for contact", "ContactId")
	want := `<result><errors><fields>ContactId</fields><message>portal user already exists for contact</message>` +
		`<statusCode>PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT</statusCode></errors><id xsi:nil="true"/><success>false</success></result>`
	if !strings.Contains(a.body, want) {
		t.Errorf("the error is not in the WSDL's sequence: %s", a.body)
	}
	if !strings.Contains(a.body, "<LimitInfoHeader><limitInfo><current>1</current><limit>150000</limit><type>API REQUESTS</type>") {
		t.Errorf("no limit header: %s", a.body)
	}
	if n := c.org.MailCount(salesforcesim.MailNewUser); n != 1 {
		t.Errorf("%d mails to new users, want 1", n)
	}
	rows := c.rows("SELECT Id, IsActive, IsPortalEnabled, AccountId, UserType, Name FROM User WHERE ContactId = '" + contact + "'")
	if len(rows) != 1 || rows[0]["Id"] != id || rows[0]["IsPortalEnabled"] != true || rows[0]["AccountId"] != c.acme.Account ||
		rows[0]["UserType"] != "CspLitePortal" {
		t.Errorf("stored user %v", rows)
	}
}

func TestQueryIsAnsweredAsTheWSDLSays(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	c.contact(c.acme.Account, "O'Hara & Sons")
	a := c.soap("", `<urn:query><urn:queryString>SELECT Id, LastName, Phone, Account.Name, Account.Owner.UserRoleId FROM Contact `+
		`WHERE LastName = 'o\'hara &amp; sons'</urn:queryString></urn:query>`)
	if a.status != http.StatusOK {
		t.Fatal(a.body)
	}
	for _, want := range []string{
		`<queryResponse><result xsi:type="QueryResult"><done>true</done><queryLocator xsi:nil="true"/><records xsi:type="sf:sObject"><sf:type>Contact</sf:type><sf:Id>003`,
		`</sf:Id><sf:Id>003`, `<sf:LastName>O&#39;Hara &amp; Sons</sf:LastName><sf:Phone xsi:nil="true"/>`,
		`<sf:Account xsi:type="sf:sObject"><sf:type>Account</sf:type><sf:Id xsi:nil="true"/><sf:Name>Acme Corporation</sf:Name>`,
		`<sf:Owner xsi:type="sf:sObject"><sf:type>User</sf:type>`, `<size>1</size>`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("%s is missing in\n%s", want, a.body)
		}
	}
}

func TestEnvelopesThatDoNotFollowTheWSDLAreRefused(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	contact := sobject("Contact", "", record{"LastName", "A"})
	create := "<urn:create>" + contact + "</urn:create>"
	for _, tt := range []struct{ name, envelope, message string }{
		{"not XML", "hello", "Failed to parse XML"},
		{"half an envelope", c.envelope("", create)[:200], "Failed to parse XML"},
		{"doctype", `<!DOCTYPE x [<!ENTITY a "b">]>` + c.envelope("", create)[38:], "DOCTYPE"},
		{"other envelope", strings.Replace(c.envelope("", create), "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope", 1), "soapenv:VersionMismatch"},
		{"wrong namespace", c.envelope("", strings.ReplaceAll(create, "urn:create", "sf:create")), "No operation available"},
		{"unknown operation", c.envelope("", "<urn:explode/>"), "No operation available for request {urn:partner.soap.sforce.com}explode"},
		{"fields in the wrong namespace", c.envelope("", strings.ReplaceAll(create, "sf:LastName", "urn:LastName")), "Element {urn:partner.soap.sforce.com}LastName invalid at this location"},
		{"type not first", c.envelope("", `<urn:create><urn:sObjects><sf:LastName>A</sf:LastName><sf:type>Contact</sf:type></urn:sObjects></urn:create>`), "type is missing"},
		{"fieldsToNull after fields", c.envelope("", `<urn:update><urn:sObjects><sf:type>Contact</sf:type><sf:Title>A</sf:Title><sf:fieldsToNull>Phone</sf:fieldsToNull></urn:sObjects></urn:update>`), "fieldsToNull invalid at this location"},
		{"two of three mail flags", c.envelope(strings.Replace(mailHeader, "<urn:triggerOtherEmail>false</urn:triggerOtherEmail>", "", 1), create), "triggerUserEmail invalid at this location"},
		{"mail flags cut short", c.envelope(`<urn:EmailHeader><urn:triggerAutoResponseEmail>false</urn:triggerAutoResponseEmail></urn:EmailHeader>`, create), "triggerOtherEmail is missing"},
		{"mail flag not a boolean", c.envelope(strings.Replace(mailHeader, "true", "yes", 1), create), "&#39;yes&#39; is not a valid value for the type xsd:boolean"},
		{"unknown header", c.envelope("<urn:OwnerChangeOptions/>", create), "not understood"},
		{"two operations", c.envelope("", create+create), "exactly one operation"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := c.post(tt.envelope)
			if a.status != http.StatusInternalServerError || !strings.Contains(a.body, tt.message) || !strings.Contains(a.body, "<faultcode>soapenv:") {
				t.Errorf("%d %s, want %s", a.status, a.body, tt.message)
			}
		})
	}
	if c.org.Len("Contact") != 0 || len(c.org.Operations()) != 0 {
		t.Error("a refused envelope took effect")
	}
}

func TestHTTPHeadersOfSOAPAreRequired(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	for _, drop := range []string{"SOAPAction", "Content-Type"} {
		r := c.request(http.MethodPost, "/services/Soap/u/66.0", c.envelope("", "<urn:getServerTimestamp/>"))
		r.Header.Set("Content-Type", "text/xml; charset=utf-8")
		r.Header.Set("SOAPAction", `""`)
		r.Header.Del(drop)
		if a := c.do(r); a.status != http.StatusInternalServerError || !strings.Contains(a.body, "soapenv:Client") {
			t.Errorf("without %s: %d %s", drop, a.status, a.body)
		}
	}
}

func TestWholeCallsAreRefusedByFault(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	many := strings.Repeat(sobject("Contact", "", record{"LastName", "A"}), 201)
	c.wantFault(c.soap("", "<urn:create>"+many+"</urn:create>"), "EXCEEDED_ID_LIMIT", "cannot submit more than 200 records into this call")
	c.wantFault(c.soap("", "<urn:create>"+sobject("Contact", "", record{"LastName", "A", "Nope", "x"})+"</urn:create>"), "INVALID_FIELD", "No such column &#39;Nope&#39; on entity &#39;Contact&#39;")
	c.wantFault(c.soap("", "<urn:create>"+sobject("Nope", "", record{"LastName", "A"})+"</urn:create>"), "INVALID_TYPE", "sObject type &#39;Nope&#39;")
	c.wantFault(c.soap("", "<urn:login><urn:username>a</urn:username><urn:password>b</urn:password></urn:login>"), "INVALID_LOGIN", "login()")
	if c.org.Len("Contact") != 0 {
		t.Error("part of a refused call took effect")
	}
	live := c.token
	c.token = "00D!nonsense"
	c.wantFault(c.soap("", "<urn:getUserInfo/>"), "INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader")
	c.token = live
	c.org.ExpireSessions()
	c.wantFault(c.soap("", "<urn:getUserInfo/>"), "INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader")
}

func TestSetupObjectsDoNotMixWithOthers(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	results := c.results(c.soap("", "<urn:create>"+sobject("Contact", "", record{"LastName", "A"})+
		sobject("User", "", user(c.acme.CustomerProfile, c.contact(c.acme.Account, "Mix"), "Mix"))+"</urn:create>"))
	for _, r := range results {
		c.wantCode(r, "MIXED_DML_OPERATION", "DML operation on setup object is not permitted")
	}
}

func TestSmallSOAPOperations(t *testing.T) {
	clock := november()
	c := newClient(t, salesforcesim.Config{Now: clock.Now})
	if a := c.soap("", "<urn:getServerTimestamp/>"); !strings.Contains(a.body, "<timestamp>2026-11-22T09:30:00.000Z</timestamp>") {
		t.Error(a.body)
	}
	if a := c.soap("", "<urn:getUserInfo/>"); !strings.Contains(a.body, "<userId>"+c.acme.Integration+"</userId>") {
		t.Error(a.body)
	}
	a := c.soap("", "<urn:retrieve><urn:fieldList>Id,Name</urn:fieldList><urn:sObjectType>Account</urn:sObjectType><urn:ids>"+c.acme.Account+
		"</urn:ids><urn:ids>001000000000000AAA</urn:ids></urn:retrieve>")
	if !strings.Contains(a.body, `<sf:Name>Acme Corporation</sf:Name></result><result xsi:nil="true"/>`) {
		t.Error(a.body)
	}
	id := c.wantSaved(c.create("User", user(c.acme.CustomerProfile, c.contact(c.acme.Account, "Pass"), "Pass"))[0])
	reset := "<urn:resetPassword><urn:userId>" + id + "</urn:userId></urn:resetPassword>"
	if a := c.soap("", reset); !strings.Contains(a.body, "<result><password>") || c.org.MailCount(salesforcesim.MailPasswordReset) != 0 {
		t.Errorf("without the header no mail goes out: %s", a.body)
	}
	c.soap(mailHeader, reset)
	if c.org.MailCount(salesforcesim.MailPasswordReset) != 1 {
		t.Error("no mail with the header")
	}
}

func TestAnyNamespaceReadsWhatLaxClientsSend(t *testing.T) {
	c := newClient(t, salesforcesim.Config{AnyNamespace: true})
	a := c.soap("", `<urn:create xmlns:ns1="sobject.partner.soap.sforce.com"><ns1:sObjects><urn:type>Contact</urn:type><urn:LastName>A</urn:LastName></ns1:sObjects></urn:create>`)
	c.wantSaved(c.results(a)[0])
}
