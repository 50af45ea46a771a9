package salesforcesim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"portalbot/provisioning/salesforce/salesforcesim"
)

func TestSOQLSelectsWhatTheGrammarSays(t *testing.T) {
	clock := november()
	c := newClient(t, salesforcesim.Config{Now: clock.Now})
	contacts := c.org.AddCrowd(salesforcesim.Crowd{
		Name: "Zed", Accounts: 2, Contacts: 4, Users: 3, Owner: c.acme.Owner, Profile: c.acme.CustomerProfile,
	})
	c.org.Edit(contacts.Users[0], salesforcesim.Fields{"LastLoginDate": "2026-11-20T09:00:00.000Z"})
	c.org.Edit(contacts.Users[1], salesforcesim.Fields{"LastLoginDate": "2026-06-01T09:00:00.000Z", "IsActive": "false"})
	c.org.Edit(contacts.Contacts[3], salesforcesim.Fields{"Title": "100% _real"})
	first := contacts.Contacts[0]
	for _, tt := range []struct {
		soql string
		want string // last names, by their last digit
	}{
		{"SELECT LastName FROM Contact WHERE LastName LIKE 'zed%'", "1 2 3 4"},
		{"SELECT LastName FROM Contact WHERE LastName LIKE 'ZED 00000_' ORDER BY LastName DESC", "4 3 2 1"},
		{`SELECT LastName FROM Contact WHERE Title LIKE '100\% \_r%l'`, "4"},
		{"SELECT LastName FROM Contact WHERE Id = '" + first + "'", "1"},
		{"SELECT LastName FROM Contact WHERE Id = '" + first[:15] + "'", "1"},
		{"SELECT LastName FROM Contact WHERE Email IN ('ZED000002@example.com','nobody@example.com', null) AND LastName != null", "2"},
		{"SELECT LastName FROM Contact WHERE Email IN ('zed000002@example.com') OR Id IN ('" + first + "')", "1 2"},
		{"SELECT LastName FROM Contact WHERE LastName LIKE 'Zed%' AND Email NOT IN ('zed000002@example.com')", "1 3 4"},
		{"SELECT LastName FROM Contact WHERE LastName LIKE 'Zed%' AND (NOT Email = 'zed000002@example.com')", "1 3 4"},
		{"SELECT LastName FROM Contact WHERE Account.Name = 'zed account 00002'", "3 4"},
		{"SELECT LastName FROM Contact WHERE Title = null AND LastName LIKE 'Zed%'", "1 2 3"},
		{"SELECT LastName FROM Contact WHERE LastName LIKE 'Zed%' ORDER BY Title NULLS LAST, LastName LIMIT 2", "4 1"},
		{"SELECT LastName FROM Contact WHERE LastName LIKE 'Zed%' ORDER BY LastName LIMIT 2 OFFSET 1", "2 3"},
		{"SELECT LastName FROM User WHERE Contact.Email = 'zed000003@example.com'", "3"},
		{"SELECT LastName FROM User WHERE Contact.Account.Name IN ('Zed Account 00001')", "1 2"},
		{"SELECT LastName FROM User WHERE UserType = 'CSPLITEPORTAL' AND IsActive = TRUE", "1 3"},
		{"SELECT LastName FROM User WHERE IsPortalEnabled = true AND IsActive != false AND LastLoginDate = null", "3"},
		{"SELECT LastName FROM User WHERE LastLoginDate != null AND LastLoginDate < LAST_N_DAYS:90 AND LastName LIKE 'Zed%'", "2"},
		{"SELECT LastName FROM User WHERE LastLoginDate = LAST_N_DAYS:14", "1"},
		{"SELECT LastName FROM User WHERE LastLoginDate >= 2026-11-20T10:00:00+01:00", "1"},
		{"SELECT LastName FROM User WHERE CreatedDate = TODAY AND LastName LIKE 'Zed%' ORDER BY LastLoginDate", "3 2 1"},
		{"SELECT LastName FROM User WHERE Profile.UserLicense.Name = 'Customer Community' AND ContactId != ''", "1 2 3"},
	} {
		var got []string
		for _, row := range c.rows(tt.soql) {
			name, _ := row["LastName"].(string)
			got = append(got, name[len(name)-1:])
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s\ngot  %s\nwant %s", tt.soql, strings.Join(got, " "), tt.want)
		}
	}
}

func TestSOQLOutsideTheGrammarIsRefused(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	long := strings.Repeat("x", 4001)
	for _, tt := range []struct{ soql, code, message string }{
		{"", "MALFORMED_QUERY", "A query string has to be specified"},
		{"SELECT", "MALFORMED_QUERY", "unexpected token: '<EOF>'"},
		{"SELECT Id", "MALFORMED_QUERY", "unexpected token: '<EOF>'"},
		{"SELECT * FROM User", "MALFORMED_QUERY", "ERROR at Row:1:Column:8"},
		{"SELECT Id FROM User WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"},
		{"SELECT Id FROM User u", "MALFORMED_QUERY", "unexpected token: 'u'"},
		{"SELECT Id FROM User WHERE Id = 'x", "MALFORMED_QUERY", "expecting a single quote"},
		{`SELECT Id FROM User WHERE Alias = 'a\q'`, "MALFORMED_QUERY", "Bad escape"},
		{"SELECT Id FROM User WHERE Alias = 'a' AND Alias = 'b' OR Alias = 'c'", "MALFORMED_QUERY", "unexpected token: 'OR'"},
		{"SELECT Id FROM User WHERE Alias = 'a' AND NOT Alias = 'b'", "MALFORMED_QUERY", "unexpected token: 'NOT'"},
		{"SELECT Id FROM User WHERE Id IN (SELECT Id FROM User)", "MALFORMED_QUERY", "unexpected token: 'SELECT'"},
		{"SELECT Id, (SELECT Id FROM Contacts) FROM Account", "MALFORMED_QUERY", "unexpected token: '('"},
		{"SELECT Id FROM User WHERE Id IN ()", "MALFORMED_QUERY", "unexpected token: ')'"},
		{"SELECT Id FROM User FOR UPDATE", "MALFORMED_QUERY", "unexpected token: 'FOR'"},
		{"SELECT Id FROM User LIMIT -1", "MALFORMED_QUERY", "unexpected token: '-1'"},
		{"SELECT Id FROM User WHERE Alias = '" + long + "'", "MALFORMED_QUERY", "exceeds 4000 characters"},
		{"SELECT Id FROM User WHERE Alias != '" + strings.Repeat("y", 99_990) + "'", "MALFORMED_QUERY", "cannot be longer than 100000 characters"},
		{"SELECT Nope FROM User", "INVALID_FIELD", "No such column 'Nope' on entity 'User'. If you are attempting to use a custom field"},
		{"SELECT Nope.Id FROM User", "INVALID_FIELD", "Didn't understand relationship 'Nope' in field path"},
		{"SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not supported"},
		{"SELECT Id, id FROM User", "INVALID_FIELD", "duplicate field selected: id"},
		{"SELECT Id x FROM User", "MALFORMED_QUERY", "only aggregate expressions use field aliasing"},
		{"SELECT Id FROM User WHERE IsActive = 'true'", "INVALID_FIELD", "must be of type boolean and should not be enclosed in quotes"},
		{"SELECT Id FROM User WHERE Alias = 5", "INVALID_FIELD", "must be of type string and should be enclosed in quotes"},
		{"SELECT Id FROM User WHERE CreatedDate > '2026-01-01T00:00:00Z'", "INVALID_FIELD", "must be of type dateTime and should not be enclosed in quotes"},
		{"SELECT Id FROM User WHERE ContactId = '003'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: 003"},
		{"SELECT Id FROM User WHERE IsActive > FALSE", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"},
		{"SELECT Id FROM Contact WHERE MailingStreet = 'a'", "INVALID_FIELD", "can not be filtered in a query call"},
		{"SELECT Alias, COUNT(Id) FROM User", "MALFORMED_QUERY", "Field must be grouped or aggregated: Alias"},
		{"SELECT COUNT(), Id FROM User", "MALFORMED_QUERY", "unexpected token: ','"},
		{"SELECT SUM(Id) FROM User", "MALFORMED_QUERY", "unexpected token: 'SUM'"},
		{"SELECT Id FROM User OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"},
		{"SELECT Id FROM User WHERE " + strings.Repeat("(", 5000) + "Alias = 'a'" + strings.Repeat(")", 5000), "QUERY_TOO_COMPLICATED", "too complicated"},
	} {
		a := c.soap("", "<urn:query><urn:queryString>"+tt.soql+"</urn:queryString></urn:query>")
		c.wantFault(a, tt.code, strings.NewReplacer("'", "&#39;", "<", "&lt;", ">", "&gt;").Replace(tt.message))
	}
}

func TestAggregatesAreGroupedAndNamed(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	c.org.AddCrowd(salesforcesim.Crowd{Accounts: 2, Contacts: 5, Users: 5, Owner: c.acme.Owner, Profile: c.acme.CustomerProfile})
	a := c.restQuery("SELECT Profile.UserLicense.Name, COUNT(Id), MAX(Username) last FROM User WHERE IsActive = true GROUP BY Profile.UserLicense.Name ORDER BY Profile.UserLicense.Name")
	want := `{"totalSize":2,"done":true,"records":[` +
		`{"attributes":{"type":"AggregateResult"},"Name":"Customer Community","expr0":5,"last":"crowd000005@portal.example.com"},` +
		`{"attributes":{"type":"AggregateResult"},"Name":"Salesforce","expr0":4,"last":"portalbot@acme.example.com"}]}`
	if a.body != want {
		t.Errorf("got  %s\nwant %s", a.body, want)
	}
	if a := c.restQuery("SELECT COUNT() FROM Contact"); a.body != `{"totalSize":5,"done":true,"records":[]}` {
		t.Errorf("COUNT(): %s", a.body)
	}
	b := c.soap("", "<urn:query><urn:queryString>SELECT COUNT(Id) n, COUNT_DISTINCT(AccountId) FROM Contact</urn:queryString></urn:query>")
	if !strings.Contains(b.body, `<sf:type>AggregateResult</sf:type><sf:Id xsi:nil="true"/><sf:n xsi:type="xsd:int">5</sf:n><sf:expr0 xsi:type="xsd:int">2</sf:expr0>`) {
		t.Errorf("SOAP aggregate: %s", b.body)
	}
}

func TestLongAnswersComeInPages(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	c.org.AddCrowd(salesforcesim.Crowd{Accounts: 1, Contacts: 2500, Owner: c.acme.Owner})
	a := c.soap("", "<urn:query><urn:queryString>SELECT Id FROM Contact</urn:queryString></urn:query>")
	if n := strings.Count(a.body, "<records "); n != 500 || !strings.Contains(a.body, "<done>false</done>") || !strings.Contains(a.body, "<size>2500</size>") {
		t.Fatalf("%d records on the first page, want the default of 500", n)
	}
	options := "<urn:QueryOptions><urn:batchSize>2000</urn:batchSize></urn:QueryOptions>"
	a = c.soap(options, "<urn:query><urn:queryString>SELECT Id FROM Contact</urn:queryString></urn:query>")
	if n := strings.Count(a.body, "<records "); n != 2000 {
		t.Fatalf("%d records on the first page, want 2000", n)
	}
	_, rest, _ := strings.Cut(a.body, "<queryLocator>")
	locator, _, _ := strings.Cut(rest, "<")
	more := func(locator string) answer {
		return c.soap(options, "<urn:queryMore><urn:queryLocator>"+locator+"</urn:queryLocator></urn:queryMore>")
	}
	a = more(locator)
	if n := strings.Count(a.body, "<records "); n != 500 || !strings.Contains(a.body, `<done>true</done><queryLocator xsi:nil="true"/>`) ||
		!strings.Contains(a.body, "<queryMoreResponse>") {
		t.Fatalf("%d records on the last page: %.300s", n, a.body)
	}
	c.wantFault(more("01g000000000000AAA-500"), "INVALID_QUERY_LOCATOR", "invalid query locator")
	c.org.ForgetLocators()
	c.wantFault(more(locator), "INVALID_QUERY_LOCATOR", "invalid query locator")
	a = c.soap("<urn:QueryOptions><urn:batchSize>2001</urn:batchSize></urn:QueryOptions>", "<urn:query><urn:queryString>SELECT Id FROM Contact</urn:queryString></urn:query>")
	c.wantFault(a, "INVALID_BATCH_SIZE", "between 200 and 2000")

	page := c.restQuery("SELECT Id FROM Contact ORDER BY Id")
	_, rest, _ = strings.Cut(page.body, `"nextRecordsUrl":"/services/data/v66.0`)
	next, _, _ := strings.Cut(rest, `"`)
	page = c.rest(http.MethodGet, next, "")
	if n := strings.Count(page.body, `"attributes"`); n != 500 || !strings.Contains(page.body, `"totalSize":2500,"done":true`) {
		t.Errorf("%d records on REST's last page: %.200s", n, page.body)
	}
}

func TestIndexesAndScansAgree(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	crowd := c.org.AddCrowd(salesforcesim.Crowd{Accounts: 7, Contacts: 300, Users: 300, Owner: c.acme.Owner, Profile: c.acme.CustomerProfile})
	for i, id := range crowd.Users {
		switch i % 5 {
		case 0:
			c.org.Edit(id, salesforcesim.Fields{"Email": fmt.Sprintf("moved%d@example.com", i%10), "ContactId": ""})
		case 1:
			c.org.Delete(id)
		}
	}
	for _, where := range []string{
		"Email IN ('moved0@example.com','crowd000003@example.com')", "Username = 'CROWD000008@portal.example.com'",
		"ContactId IN ('" + crowd.Contacts[2] + "','" + crowd.Contacts[0] + "')", "AccountId = '" + crowd.Accounts[3] + "'",
		"CommunityNickname IN ('crowd000003','crowd000002')", "Id IN ('" + crowd.Users[1] + "','" + crowd.Users[2] + "')",
		"(Email = 'moved5@example.com' OR AccountId = '" + crowd.Accounts[0] + "') AND IsActive = true",
	} {
		indexed := c.restQuery("SELECT COUNT() FROM User WHERE " + where)
		// NOT (NOT x) is never answered by an index.
		scanned := c.restQuery("SELECT COUNT() FROM User WHERE NOT (NOT (" + where + "))")
		if indexed.body != scanned.body || indexed.status != http.StatusOK {
			t.Errorf("%s\nby index %s\nby scan  %s", where, indexed.body, scanned.body)
		}
	}
}

func FuzzSOQL(f *testing.F) {
	for _, s := range []string{
		"SELECT Id FROM User", "SELECT COUNT() FROM Contact WHERE Email LIKE '%a_\\%' AND (NOT Id = null)",
		"select max(createddate) x, profile.name from user group by profile.name order by x desc nulls last limit 3 offset 1",
		"SELECT Id FROM User WHERE CreatedDate < LAST_N_DAYS:14 OR Username IN ('a','b') OR LastLoginDate = 2026-01-01T00:00:00Z",
	} {
		f.Add(s)
	}
	org, err := salesforcesim.New(salesforcesim.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(org.Close)
	acme := org.Seed(salesforcesim.Seats{})
	org.AddCrowd(salesforcesim.Crowd{Accounts: 2, Contacts: 5, Users: 5, Owner: acme.Owner, Profile: acme.CustomerProfile})
	f.Fuzz(func(t *testing.T, soql string) {
		a, errA := org.Query(soql)
		b, errB := org.Query(soql)
		if (errA == nil) != (errB == nil) || len(a) != len(b) {
			t.Errorf("two answers to %q", soql)
		}
	})
}

func TestGroupIsAnObjectAfterFROM(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	c.org.Add("Group", salesforcesim.Fields{"Name": "EMEA", "DeveloperName": "EMEA", "Type": "Regular"})
	rows := c.rows("SELECT Type, COUNT(Id) n FROM group WHERE Type = 'Regular' GROUP BY Type")
	if len(rows) != 1 || rows[0]["n"] != float64(1) {
		t.Errorf("%v", rows)
	}
	c.wantRefused(c.restQuery("SELECT Id FROM Order"), http.StatusBadRequest, "INVALID_TYPE", "")
	c.wantRefused(c.restQuery("SELECT Group FROM GroupMember"), http.StatusBadRequest, "MALFORMED_QUERY", "unexpected token: 'Group'")
}
