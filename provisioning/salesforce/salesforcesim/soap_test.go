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
