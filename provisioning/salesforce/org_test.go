package salesforce_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// stage is a strict org and a client of it.
type stage struct {
	*salesforcesim.Org
	acme salesforcesim.Acme
	url  string
	c    *salesforce.Client
}

func newStage(t testing.TB, config salesforcesim.Config, change ...func(*salesforce.Config)) *stage {
	t.Helper()
	org, err := salesforcesim.New(config)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{Org: org, acme: org.Seed(salesforcesim.Seats{Customer: 20_000})}
	if s.url, err = org.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(org.Close)
	s.c = newClient(t, s.url, append([]func(*salesforce.Config){func(c *salesforce.Config) {
		c.ClientID, c.ClientSecret = s.acme.ClientID, s.acme.ClientSecret
	}}, change...)...)
	return s
}

// newUser is a record that the org takes as a customer user of the contact.
func (s *stage) newUser(contact, username string, more ...provisioning.Field) provisioning.Record {
	local, _, _ := strings.Cut(username, "@")
	return provisioning.Record{Fields: append([]provisioning.Field{
		{Name: "Username", Value: username},
		{Name: "Email", Value: username},
		{Name: "LastName", Value: "Doe"},
		{Name: "Alias", Value: local[:min(8, len(local))]},
		{Name: "CommunityNickname", Value: local},
		{Name: "ProfileId", Value: s.acme.CustomerProfile},
		{Name: "ContactId", Value: contact},
		{Name: "TimeZoneSidKey", Value: "America/Los_Angeles"},
		{Name: "LocaleSidKey", Value: "en_US"},
		{Name: "LanguageLocaleKey", Value: "en_US"},
		{Name: "EmailEncodingKey", Value: "UTF-8"},
	}, more...)}
}

func (s *stage) contact(email string) string {
	return s.AddContact(salesforcesim.Fields{"LastName": "Doe", "Email": email, "AccountId": s.acme.Account})
}

func TestBothGrantsWork(t *testing.T) {
	ctx := context.Background()
	for _, auth := range []string{salesforce.AuthClientCredentials, salesforce.AuthJWT} {
		t.Run(auth, func(t *testing.T) {
			s := newStage(t, salesforcesim.Config{Sandbox: true}, func(c *salesforce.Config) {
				c.Auth, c.PrivateKeyPEM, c.Username = auth, keyPEM(), "portalbot@acme.example.com"
				c.Audience = "https://test.salesforce.com"
			})
			s.AddApp(salesforcesim.App{
				ClientID: s.acme.ClientID, ClientSecret: s.acme.ClientSecret, RunAs: s.acme.IntegrationUsername,
				Approved: []string{s.acme.IntegrationUsername}, PublicKey: &testKey().PublicKey,
			})
			if _, err := s.c.Schema(ctx); err != nil {
				t.Fatal(err)
			}
			who, err := s.c.Identity(ctx)
			if err != nil || who.UserID != s.acme.Integration || who.OrgID != s.ID() || !who.Sandbox {
				t.Errorf("identity %+v, %v", who, err)
			}
		})
	}
}

func TestSchemaIsReadOnceADay(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	s := newStage(t, salesforcesim.Config{CustomFields: []salesforcesim.CustomField{{Object: "User", Name: "Region__c", Type: "string", Length: 20}}},
		func(c *salesforce.Config) {
			c.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
		})
	ctx := context.Background()
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if _, err := s.c.Schema(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	schema, err := s.c.Schema(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if n := s.Count(salesforcesim.OpDescribe); n != 2 {
		t.Errorf("%d describes, want 2", n)
	}
	alias, zone, region := schema.User["alias"], schema.User["timezonesidkey"], schema.User["region__c"]
	if alias.Length != 8 || alias.Name != "Alias" || !alias.Createable || schema.HasCurrency || !schema.HasIsPartner || !schema.HasIsCustomer {
		t.Errorf("alias %+v, %+v", alias, schema.HasCurrency)
	}
	if !zone.Restricted || !zone.Values["America/Los_Angeles"] || len(zone.Labels) == 0 || !region.Custom || region.Length != 20 {
		t.Errorf("zone %v, region %+v", zone.Restricted, region)
	}
	mu.Lock()
	now = now.Add(24*time.Hour + time.Second)
	mu.Unlock()
	if _, err := s.c.Schema(ctx); err != nil {
		t.Fatal(err)
	}
	if n := s.Count(salesforcesim.OpDescribe); n != 4 {
		t.Errorf("%d describes after a day, want 4", n)
	}
}

func TestOrgWithoutPortalLicencesIsAskedForNoPortalFields(t *testing.T) {
	org, err := salesforcesim.New(salesforcesim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer org.Close()
	key := org.AddLicense(salesforcesim.License{Name: "Salesforce", Key: "SFDC", Total: 5})
	admins := org.AddProfile(salesforcesim.Profile{Name: "System Administrator", UserType: "Standard", LicenseID: key, Standard: true})
	me := org.AddUser(salesforcesim.Fields{"Username": "bot@acme.example.com", "LastName": "Bot", "ProfileId": admins})
	account := org.AddAccount(salesforcesim.Fields{"Name": "Acme", "OwnerId": me})
	contact := org.AddContact(salesforcesim.Fields{"LastName": "Doe", "AccountId": account})
	org.AddApp(salesforcesim.App{ClientID: clientID, ClientSecret: secret, RunAs: "bot@acme.example.com"})
	url, err := org.Start()
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, url)
	found, err := c.Contacts(context.Background(), provisioning.ContactQuery{IDs: []string{contact}})
	if err != nil || len(found) != 1 || found[0].Account.Name != "Acme" || found[0].Account.IsPartner {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestContactsComeWithAccountAndOwner(t *testing.T) {
	s := newStage(t, salesforcesim.Config{})
	full := s.AddContact(salesforcesim.Fields{
		"FirstName": "Zoë", "LastName": "O'Brien & <Söhne>", "Email": "zoe@acme.example.com", "Phone": "1", "MobilePhone": "2",
		"MailingStreet": "1 Main St\nFloor 2", "MailingCity": "Köln", "MailingState": "NRW", "MailingPostalCode": "50667", "MailingCountry": "Germany",
		"AccountId": s.acme.Account,
	})
	orphan := s.AddContact(salesforcesim.Fields{"LastName": "Orphan", "Email": "o@orphan.example.com", "AccountId": s.acme.Orphan})
	alone := s.AddContact(salesforcesim.Fields{"LastName": "Alone", "Email": "ZOE@acme.example.com"})
	found, err := s.c.Contacts(context.Background(), provisioning.ContactQuery{
		IDs: []string{full[:15], orphan, "no id", "003000000000XYZ", full}, Emails: []string{"Zoe@Acme.example.com", "nobody@acme.example.com", ""},
	})
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]provisioning.Contact{}
	for _, c := range found {
		byID[c.ID] = c
	}
	want := provisioning.Contact{
		ID: full, FirstName: "Zoë", LastName: "O'Brien & <Söhne>", Email: "zoe@acme.example.com", Phone: "1", MobilePhone: "2",
		Street: "1 Main St\nFloor 2", City: "Köln", State: "NRW", PostalCode: "50667", Country: "Germany",
		Account: provisioning.Account{
			ID: s.acme.Account, Name: "Acme Corporation", OwnerID: s.acme.Owner, OwnerActive: true,
			OwnerRoleID: s.Record(s.acme.Owner)["UserRoleId"], IsPartner: true,
		},
	}
	got := byID[full]
	got.CreatedAt = time.Time{}
	if len(found) != 3 || got != want {
		t.Errorf("%d found, got %+v\nwant %+v", len(found), got, want)
	}
	if a := byID[orphan].Account; a.ID != s.acme.Orphan || a.OwnerRoleID != "" || !a.OwnerActive || a.IsPartner {
		t.Errorf("orphan's account %+v", a)
	}
	if a := byID[alone].Account; a != (provisioning.Account{}) {
		t.Errorf("account of a contact without one is %+v", a)
	}
	accounts, err := s.c.Accounts(context.Background(), provisioning.AccountQuery{IDs: []string{s.acme.Orphan}, Names: []string{"ACME corporation", `it's "\`}})
	if err != nil || len(accounts) != 2 || !slices.Contains(accounts, want.Account) {
		t.Errorf("accounts %+v, %v", accounts, err)
	}
}

func TestUsersAreFoundByEveryKindOfKeyInOneRequest(t *testing.T) {
	s := newStage(t, salesforcesim.Config{CustomFields: []salesforcesim.CustomField{{Object: "User", Name: "Region__c", Type: "string", Length: 20}}})
	crowd := s.AddCrowd(salesforcesim.Crowd{Contacts: 8, Users: 8, Accounts: 8, Owner: s.acme.Owner, Profile: s.acme.CustomerProfile})
	s.Edit(crowd.Users[0], salesforcesim.Fields{"Region__c": "EMEA", "LastLoginDate": "2026-11-01T10:00:00.000Z"})
	s.Edit(crowd.Users[1], salesforcesim.Fields{"Email": "other@acme.example.com"})
	login := s.Find("UserLogin", "UserId", crowd.Users[2])[0]
	s.Edit(login, salesforcesim.Fields{"IsFrozen": "true"})
	s.ForgetTraffic()
	found, err := s.c.Users(context.Background(), provisioning.UserQuery{
		IDs: []string{crowd.Users[0], s.acme.Integration}, ContactIDs: []string{crowd.Contacts[1]}, ContactEmails: []string{"crowd000003@example.com"},
		Emails: []string{"CROWD000004@example.com"}, Usernames: []string{"crowd000005@portal.example.com"}, Nicknames: []string{"crowd000006"},
		AccountIDs: []string{crowd.Accounts[6]}, Fields: []string{"region__c", "Email"}, Frozen: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]provisioning.User{}
	for _, u := range found {
		byID[u.ID] = u
	}
	if len(found) != 8 || len(byID) != 8 || byID[crowd.Users[7]].ID != "" {
		t.Errorf("%d users, %d of them different", len(found), len(byID))
	}
	u := byID[crowd.Users[0]]
	if u.Fields["region__c"] != "EMEA" || u.Fields["Email"] != "crowd000001@example.com" || u.LastLogin != time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC) ||
		u.ContactID != crowd.Contacts[0] || u.AccountID != crowd.Accounts[0] || !u.Active || !u.PortalEnabled || u.Frozen || !u.Portal() ||
		u.ProfileID != s.acme.CustomerProfile || u.CreatedAt.IsZero() || u.Nickname != "crowd000001" || u.Alias != "000001" {
		t.Errorf("user %+v", u)
	}
	if !byID[crowd.Users[2]].Frozen || byID[s.acme.Integration].Portal() {
		t.Errorf("frozen user %+v", byID[crowd.Users[2]])
	}
	if n := s.Count(salesforcesim.OpQuery); n != 2 {
		t.Errorf("%d queries, want one for users and one for logins", n)
	}
	var ce *provisioning.CallError
	if _, err := s.c.Users(context.Background(), provisioning.UserQuery{IDs: crowd.Users, Fields: []string{"Id FROM User--"}}); !errors.As(err, &ce) || !ce.Unsent {
		t.Errorf("field that is none: %v", err)
	}
	if _, err := s.c.Users(context.Background(), provisioning.UserQuery{IDs: crowd.Users, Fields: []string{"Nope__c"}}); !errors.As(err, &ce) || ce.Code != "INVALID_FIELD" {
		t.Errorf("field that is not there: %v", err)
	}
}

func TestHostileKeysFindExactlyTheirRecord(t *testing.T) {
	s := newStage(t, salesforcesim.Config{})
	names := []string{
		`O'Brien`, `"quoted"`, `back\slash`, `trailing\`, `' OR Name != '`, `<b>&amp;]]>`, "名前 😀", "a\u00a0b", `\n`, `%`, `_`, `')`, `\'`,
	}
	for _, n := range names {
		s.AddAccount(salesforcesim.Fields{"Name": n, "OwnerId": s.acme.Owner})
	}
	for _, n := range append(names, "bell\a", "\xff", "no such") {
		found, err := s.c.Accounts(context.Background(), provisioning.AccountQuery{Names: []string{n}})
		if err != nil {
			t.Fatalf("%q: %v", n, err)
		}
		if slices.Contains(names, n) != (len(found) == 1) || len(found) == 1 && found[0].Name != n {
			t.Errorf("%q found %+v", n, found)
		}
	}
	all, err := s.c.Accounts(context.Background(), provisioning.AccountQuery{Names: names})
	if err != nil || len(all) != len(names) {
		t.Errorf("all at once: %d, %v", len(all), err)
	}
}

func TestLookUpsOfAnySizeAreComplete(t *testing.T) {
	s := newStage(t, salesforcesim.Config{})
	crowd := s.AddCrowd(salesforcesim.Crowd{Contacts: 5000, Users: 5000, Accounts: 200, Owner: s.acme.Owner, Profile: s.acme.CustomerProfile})
	mails := make([]string, len(crowd.Contacts))
	for i := range mails {
		mails[i] = fmt.Sprintf("crowd%06d@example.com", i+1)
	}
	ctx := context.Background()
	if _, err := s.c.Schema(ctx); err != nil {
		t.Fatal(err)
	}
	s.ForgetTraffic()
	contacts, err := s.c.Contacts(ctx, provisioning.ContactQuery{IDs: crowd.Contacts, Emails: mails})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range contacts {
		seen[c.ID] = true
	}
	if len(contacts) != 5000 || len(seen) != 5000 {
		t.Errorf("%d contacts, %d different", len(contacts), len(seen))
	}
	if q, m := s.Count(salesforcesim.OpQuery), s.Count(salesforcesim.OpQueryMore); q > 4 || m != 0 {
		t.Errorf("%d queries and %d further pages", q, m)
	}
	s.ForgetTraffic()
	users, err := s.c.Users(ctx, provisioning.UserQuery{AccountIDs: crowd.Accounts})
	if err != nil || len(users) != 5000 {
		t.Errorf("%d users, %v", len(users), err)
	}
	if q, m := s.Count(salesforcesim.OpQuery), s.Count(salesforcesim.OpQueryMore); q != 1 || m != 2 {
		t.Errorf("%d queries and %d further pages, want 1 and 2", q, m)
	}
	if none, err := s.c.Contacts(ctx, provisioning.ContactQuery{Emails: []string{"", "\x00"}}); len(none) != 0 || err != nil {
		t.Errorf("nothing to look for: %v, %v", none, err)
	}
}

func TestPagesOutliveAFault(t *testing.T) {
	for name, fault := range map[string]salesforcesim.Fault{
		"answer lost":   {Operation: salesforcesim.OpQueryMore, Nth: 1, Kind: salesforcesim.LoseAnswer},
		"unavailable":   {Operation: salesforcesim.OpQueryMore, Nth: 1, Kind: salesforcesim.RetryAfter, Delay: time.Second},
		"session ended": {Operation: salesforcesim.OpQueryMore, Nth: 1, Kind: salesforcesim.ExpireSession},
		"slow query": {
			Operation: salesforcesim.OpQuery, Object: "User", Nth: 1, Kind: salesforcesim.FailBefore, Code: "QUERY_TIMEOUT",
			Message: "Your query request was running for too long.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, salesforcesim.Config{})
			crowd := s.AddCrowd(salesforcesim.Crowd{Contacts: 4500, Users: 4500, Accounts: 2, Owner: s.acme.Owner, Profile: s.acme.CustomerProfile})
			hit := s.Inject(fault)
			users, err := s.c.Users(context.Background(), provisioning.UserQuery{AccountIDs: crowd.Accounts})
			if err != nil || len(users) != 4500 || hit.Hits() != 1 {
				t.Errorf("%d users, %v, %d faults", len(users), err, hit.Hits())
			}
		})
	}
}

func TestSetUpIsRead(t *testing.T) {
	s := newStage(t, salesforcesim.Config{})
	ctx := context.Background()
	profiles, err := s.c.Profiles(ctx)
	if err != nil || len(profiles) != 4 {
		t.Fatalf("%+v, %v", profiles, err)
	}
	want := provisioning.Profile{
		ID: s.acme.CustomerProfile, Name: "Customer Community User", UserType: "CspLitePortal", LicenseKey: "PID_Customer_Community", License: "Customer Community",
		Seats: provisioning.License{Key: "PID_Customer_Community", Name: "Customer Community", Active: true, Total: 20_000},
	}
	if !slices.Contains(profiles, want) {
		t.Errorf("profiles %+v", profiles)
	}
	licenses, err := s.c.Licenses(ctx)
	if err != nil || !slices.Contains(licenses, provisioning.License{Key: "PID_Partner_Community", Name: "Partner Community", Active: true, Total: 200}) {
		t.Errorf("licences %+v, %v", licenses, err)
	}
	s.ForgetTraffic()
	for range 2 {
		contact, err := s.c.ContactFields(ctx)
		if last := contact["lastname"]; err != nil || !last.Required || last.Length != 80 || contact["firstname"].Required {
			t.Errorf("fields of contacts %+v, %v", contact, err)
		}
	}
	if n := s.Count(salesforcesim.OpDescribe); n != 1 {
		t.Errorf("%d describes of Contact, want 1 a day", n)
	}
	role := s.Add("UserRole", salesforcesim.Fields{"Name": "Acme Customer User", "PortalAccountId": s.acme.Account, "PortalType": "CustomerPortal", "PortalRole": "Worker"})
	roles, err := s.c.Roles(ctx, []string{s.acme.Account, s.acme.Orphan, "junk"})
	if err != nil || !slices.Equal(roles, []provisioning.Role{{ID: role, AccountID: s.acme.Account, Type: "CustomerPortal", Level: "Worker"}}) {
		t.Errorf("roles %+v, %v", roles, err)
	}
}

func TestPermissionSetsAreFoundByNameOrLabelAndAssignedOnce(t *testing.T) {
	s := newStage(t, salesforcesim.Config{})
	set := s.Add("PermissionSet", salesforcesim.Fields{"Name": "Portal_Docs", "Label": "Portal Docs", "IsOwnedByProfile": "false"})
	sets, err := s.c.PermissionSets(context.Background(), []string{"portal docs", "Portal_Docs", "nope"})
	if err != nil || !slices.Equal(sets, []provisioning.Ref{{ID: set, Name: "portal docs"}, {ID: set, Name: "Portal_Docs"}}) {
		t.Errorf("permission sets %+v, %v", sets, err)
	}
	s.assignTwice(t, provisioning.StepAssign, set)
	if _, err := s.c.Assign(context.Background(), provisioning.StepUser, nil); err == nil {
		t.Error("nothing can be assigned in the user's own step")
	}
}

func TestGroupsAreJoinedOnce(t *testing.T) {
	s := newStage(t, salesforcesim.Config{})
	s.assignTwice(t, provisioning.StepGroup, s.Add("Group", salesforcesim.Fields{"DeveloperName": "EMEA", "Name": "EMEA", "Type": "Regular"}))
}

func TestPublicGroupsAreFoundByNameOrLabel(t *testing.T) {
	asked := ""
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, body string) {
		asked = body
		soap(w, `<queryResponse><result><done>true</done><records><sf:type>Group</sf:type><sf:Id>00G000000000001AAA</sf:Id>`+
			`<sf:DeveloperName>EMEA_Customers</sf:DeveloperName><sf:Name>EMEA Customers</sf:Name></records></result></queryResponse>`)
	})
	groups, err := f.client(t).Groups(context.Background(), []string{"emea customers", "O'Brien"})
	if err != nil || !slices.Equal(groups, []provisioning.Ref{{ID: "00G000000000001AAA", Name: "emea customers"}}) {
		t.Errorf("groups %+v, %v", groups, err)
	}
	want := `SELECT Id, DeveloperName, Name FROM Group WHERE Type = 'Regular' AND (DeveloperName IN ('emea customers','O\'Brien') OR Name IN ('emea customers','O\'Brien'))`
	if !strings.Contains(asked, "<urn:queryString>"+want+"</urn:queryString>") || !strings.Contains(asked, "<urn:batchSize>2000</urn:batchSize>") {
		t.Errorf("asked %s", asked)
	}
}

func (s *stage) assignTwice(t *testing.T, step provisioning.Step, target string) {
	t.Helper()
	ctx := context.Background()
	pair := provisioning.Assignment{UserID: s.acme.Owner, TargetID: target}
	other := provisioning.Assignment{UserID: s.acme.Admin, TargetID: target}
	for range 2 { // the second time it is there already
		results, err := s.c.Assign(ctx, step, []provisioning.Assignment{pair})
		if err != nil || len(results) != 1 || results[0].Error != nil {
			t.Errorf("%+v, %v", results, err)
		}
	}
	found, err := s.c.Assigned(ctx, []provisioning.Assignment{other, pair, {UserID: "x", TargetID: target}})
	if err != nil || !slices.Equal(found, []provisioning.Assignment{pair}) {
		t.Errorf("assigned %+v, %v", found, err)
	}
}
