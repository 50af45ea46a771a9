package salesforcesim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"portalbot/provisioning/salesforce/salesforcesim"
)

func TestRESTQueryIsJSONWithUsage(t *testing.T) {
	clock := november()
	c := newClient(t, salesforcesim.Config{Now: clock.Now})
	id := c.contact(c.acme.Account, "Miller")
	a := c.restQuery("SELECT Id, Name, Title, CreatedDate, IsDeleted, Account.Name FROM Contact")
	want := `{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Contact","url":"/services/data/v66.0/sobjects/Contact/` + id + `"},` +
		`"Id":"` + id + `","Name":"Test Miller","Title":null,"CreatedDate":"2026-11-22T09:30:00.000+0000","IsDeleted":false,` +
		`"Account":{"attributes":{"type":"Account","url":"/services/data/v66.0/sobjects/Account/` + c.acme.Account + `"},"Name":"Acme Corporation"}}]}`
	if a.body != want {
		t.Errorf("got  %s\nwant %s", a.body, want)
	}
	if got := a.header.Get("Sforce-Limit-Info"); got != "api-usage=1/150000" {
		t.Errorf("Sforce-Limit-Info %q", got)
	}
	if got := c.rest(http.MethodGet, "/limits", ""); !strings.Contains(got.body, `"DailyApiRequests":{"Max":150000,"Remaining":149998}`) {
		t.Errorf("limits %s", got.body)
	}
	c.wantRefused(c.restQuery("SELECT Nope FROM User"), http.StatusBadRequest, "INVALID_FIELD", "ERROR at Row:1:Column:8\nNo such column 'Nope' on entity 'User'")
	c.wantRefused(c.rest(http.MethodGet, "/nowhere", ""), http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
}

func TestLongURIsAreRefused(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	if a := c.restQuery("SELECT Id FROM User WHERE Alias = '" + strings.Repeat("x", 17_000) + "'"); a.status != http.StatusRequestURITooLong {
		t.Errorf("status %d, want 414", a.status)
	}
}

func TestRESTWritesOneRecord(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	a := c.rest(http.MethodPost, "/sobjects/Contact", `{"LastName":"Miller","AccountId":"`+c.acme.Account+`"}`)
	var made struct {
		ID      string
		Success bool
		Errors  []any
	}
	if err := json.Unmarshal([]byte(a.body), &made); err != nil || a.status != http.StatusCreated || !made.Success || made.Errors == nil {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := c.rest(http.MethodPatch, "/sobjects/Contact/"+made.ID, `{"Title":"Chief","Phone":null}`); a.status != http.StatusNoContent {
		t.Errorf("update: %d %s", a.status, a.body)
	}
	if a := c.rest(http.MethodGet, "/sobjects/Contact/"+made.ID+"?fields=Title,LastName", ""); !strings.Contains(a.body, `"Title":"Chief","LastName":"Miller"`) {
		t.Errorf("retrieve: %s", a.body)
	}
	c.wantRefused(c.rest(http.MethodPost, "/sobjects/Contact", `{"FirstName":"No"}`), http.StatusBadRequest, "REQUIRED_FIELD_MISSING", "[LastName]")
	c.wantRefused(c.rest(http.MethodPost, "/sobjects/Contact", `{"LastName":"A","Nope":1}`), http.StatusBadRequest, "INVALID_FIELD", "No such column 'Nope' on sobject of type Contact")
	c.wantRefused(c.rest(http.MethodPost, "/sobjects/Contact", `{"LastName":`), http.StatusBadRequest, "JSON_PARSER_ERROR", "")
	c.wantRefused(c.rest(http.MethodPost, "/sobjects/User", `{"IsActive":"maybe"}`), http.StatusBadRequest, "JSON_PARSER_ERROR", "Cannot deserialize instance of boolean")
	c.wantRefused(c.rest(http.MethodPatch, "/sobjects/Contact/003000000000000AAA", `{"Title":"x"}`), http.StatusNotFound, "NOT_FOUND", "")
	if a := c.rest(http.MethodDelete, "/sobjects/Contact/"+made.ID, ""); a.status != http.StatusNoContent || c.org.Len("Contact") != 0 {
		t.Errorf("delete: %d %s", a.status, a.body)
	}
	c.wantRefused(c.rest(http.MethodDelete, "/sobjects/Contact/"+made.ID, ""), http.StatusNotFound, "ENTITY_IS_DELETED", "entity is deleted")
	c.wantRefused(c.rest(http.MethodPatch, "/sobjects/Contact/"+made.ID, `{"Title":"x"}`), http.StatusNotFound, "ENTITY_IS_DELETED", "entity is deleted")
	c.wantRefused(c.rest(http.MethodDelete, "/sobjects/User/"+c.acme.Owner, ""), http.StatusForbidden, "INSUFFICIENT_ACCESS_OR_READONLY", "does not support delete")
	c.wantRefused(c.rest(http.MethodPut, "/sobjects/Contact/"+made.ID, "{}"), http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "HTTP Method 'PUT' not allowed")
}

func TestCollectionsAnswerPerRecordInOrder(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	body := `{"allOrNone":%v,"records":[{"attributes":{"type":"Contact"},"LastName":"A"},{"attributes":{"type":"Contact"},"LastName":"B","Nope":1},{"attributes":{"type":"Contact"}}]}`
	var out []struct {
		ID      string
		Success bool
		Errors  []struct {
			StatusCode string
			Fields     []string
		}
	}
	a := c.rest(http.MethodPost, "/composite/sobjects", fmt.Sprintf(body, false))
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || len(out) != 3 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if !out[0].Success || out[1].Errors[0].StatusCode != "INVALID_FIELD" || out[2].Errors[0].StatusCode != "REQUIRED_FIELD_MISSING" || out[2].Errors[0].Fields[0] != "LastName" {
		t.Errorf("%s", a.body)
	}
	a = c.rest(http.MethodPost, "/composite/sobjects", fmt.Sprintf(body, true))
	if !strings.Contains(a.body, "ALL_OR_NONE_OPERATION_ROLLED_BACK") || c.org.Len("Contact") != 1 {
		t.Errorf("%d contacts: %s", c.org.Len("Contact"), a.body)
	}
	a = c.rest(http.MethodPatch, "/composite/sobjects", `{"records":[{"attributes":{"type":"Contact"},"id":"`+out[0].ID+`","Title":"T"}]}`)
	if !strings.Contains(a.body, `"success":true`) || c.org.Record(out[0].ID)["Title"] != "T" {
		t.Errorf("update: %s", a.body)
	}
	records := strings.TrimSuffix(strings.Repeat(`{"attributes":{"type":"Contact"},"LastName":"A"},`, 201), ",")
	c.wantRefused(c.rest(http.MethodPost, "/composite/sobjects", `{"records":[`+records+`]}`), http.StatusBadRequest, "EXCEEDED_ID_LIMIT", "200 records")
	mixed := `{"records":[{"attributes":{"type":"Contact"},"LastName":"A"},{"attributes":{"type":"User"},"LastName":"A"}]}`
	c.wantRefused(c.rest(http.MethodPost, "/composite/sobjects", mixed), http.StatusBadRequest, "MIXED_DML_OPERATION", "related to Setup")
	a = c.rest(http.MethodDelete, "/composite/sobjects?ids="+url.QueryEscape(out[0].ID), "")
	if !strings.Contains(a.body, `"success":true`) || c.org.Len("Contact") != 0 {
		t.Errorf("delete: %s", a.body)
	}
}

func TestPasswordResetMailsAndAnswersThePassword(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	id := c.wantSaved(c.create("User", user(c.acme.CustomerProfile, c.contact(c.acme.Account, "Pass"), "Pass"))[0])
	path := "/sobjects/User/" + id + "/password"
	a := c.rest(http.MethodDelete, path, "")
	var out struct{ NewPassword string }
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.status != http.StatusOK || len(out.NewPassword) < 8 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	mails := c.org.Mails()
	if len(mails) != 1 || mails[0].Kind != salesforcesim.MailPasswordReset || mails[0].UserID != id || mails[0].To != "pass@example.com" {
		t.Errorf("mails %+v", mails)
	}
	if a := c.rest(http.MethodGet, path, ""); a.body != `{"isExpired":false}` {
		t.Error(a.body)
	}
	if a := c.rest(http.MethodPost, path, `{"NewPassword":"longer12"}`); a.status != http.StatusNoContent {
		t.Error(a.body)
	}
	c.wantRefused(c.rest(http.MethodPost, path, `{"NewPassword":"short"}`), http.StatusBadRequest, "INVALID_NEW_PASSWORD", "at least 8")
	c.org.SetPermissions(c.acme.Integration, salesforcesim.Permissions{NoManageUsers: true})
	c.wantRefused(c.rest(http.MethodDelete, path, ""), http.StatusForbidden, "INSUFFICIENT_ACCESS", "")
}

func TestFreezeGoesThroughUserLogin(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	id := c.wantSaved(c.create("User", user(c.acme.CustomerProfile, c.contact(c.acme.Account, "Cold"), "Cold"))[0])
	login := c.rows("SELECT Id, IsFrozen FROM UserLogin WHERE UserId = '" + id + "'")
	if len(login) != 1 || login[0]["IsFrozen"] != false {
		t.Fatalf("logins %v", login)
	}
	loginID, _ := login[0]["Id"].(string)
	if !strings.HasPrefix(loginID, "0Yw") {
		t.Errorf("id %s", loginID)
	}
	if a := c.rest(http.MethodPatch, "/sobjects/UserLogin/"+loginID, `{"IsFrozen":true}`); a.status != http.StatusNoContent {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if rows := c.rows("SELECT UserId FROM UserLogin WHERE IsFrozen = true"); len(rows) != 1 || rows[0]["UserId"] != id {
		t.Errorf("frozen %v", rows)
	}
	c.wantRefused(c.rest(http.MethodPost, "/sobjects/UserLogin", `{"IsFrozen":true}`), http.StatusBadRequest, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "")
}

func TestSeveralRecordsAreReadInTheOrderOfTheirIDs(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	a, b := c.contact(c.acme.Account, "A"), c.contact(c.acme.Account, "B")
	lost := "003000000000000AAA"
	for _, got := range []answer{
		c.rest(http.MethodGet, "/composite/sobjects/Contact?fields=LastName&ids="+b+","+lost+","+a, ""),
		c.rest(http.MethodPost, "/composite/sobjects/Contact", `{"ids":["`+b+`","`+lost+`","`+a+`"],"fields":["LastName"]}`),
	} {
		var out []map[string]any
		if err := json.Unmarshal([]byte(got.body), &out); err != nil || len(out) != 3 || out[0]["LastName"] != "B" || out[1] != nil || out[2]["LastName"] != "A" {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	c.wantRefused(c.rest(http.MethodGet, "/composite/sobjects/Contact?ids="+a, ""), http.StatusBadRequest, "MISSING_ARGUMENT", "fields")
	c.wantRefused(c.rest(http.MethodGet, "/composite/sobjects/Contact?ids="+a+"&fields=Nope", ""), http.StatusBadRequest, "INVALID_FIELD", "Nope")
	c.wantRefused(c.rest(http.MethodGet, "/composite/sobjects/Nope?ids="+a+"&fields=Id", ""), http.StatusNotFound, "NOT_FOUND", "")
	c.wantRefused(c.rest(http.MethodPatch, "/composite/sobjects/Contact", `{}`), http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "")
}

func TestSlashesAtTheStartOfAPathAreOne(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	r := c.request(http.MethodGet, "//services/data/v66.0/query?q=SELECT+NamespacePrefix,TrialExpirationDate+FROM+Organization", "")
	r.Header.Set("Authorization", "Bearer "+c.token)
	if a := c.do(r); a.status != http.StatusOK || !strings.Contains(a.body, `"NamespacePrefix":null,"TrialExpirationDate":null`) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAQueryTellsItsColumns(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	for _, tt := range []struct{ soql, want string }{
		{"SELECT Id, IsActive, Profile.Name FROM User", `"columnName":"Profile","custom":false,"displayName":"Profile","foreignKeyName":null,"insertable":false,"joinColumns":[{"aggregate":false,"apexType":"String","booleanType":false,"columnName":"Name"`},
		{"SELECT Id, IsActive, Profile.Name FROM User", `"entityName":"User","groupBy":false,"idSelected":true,"keyPrefix":"005"}`},
		{"SELECT COUNT() FROM User", `{"columnMetadata":[],"entityName":"User","groupBy":false,"idSelected":false`},
		{"SELECT ProfileId, COUNT(Id) n FROM User GROUP BY ProfileId", `{"aggregate":true,"apexType":null,"booleanType":false,"columnName":"n"`},
	} {
		a := c.rest(http.MethodGet, "/query?columns=true&q="+url.QueryEscape(tt.soql), "")
		if a.status != http.StatusOK || !strings.Contains(a.body, tt.want) {
			t.Errorf("%s: %d %s", tt.soql, a.status, a.body)
		}
	}
	c.wantRefused(c.rest(http.MethodGet, "/query?columns=true&q=SELECT+Nope+FROM+User", ""), http.StatusBadRequest, "INVALID_FIELD", "Nope")
}
