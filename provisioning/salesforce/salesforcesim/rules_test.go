package salesforcesim_test

import (
	"strings"
	"testing"

	"portalbot/provisioning/salesforce/salesforcesim"
)

func TestUserFieldsAreChecked(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	contact := c.contact(c.acme.Account, "Miller")
	c.org.TakeUsername("elsewhere@other.example")
	c.org.AddUser(salesforcesim.Fields{
		"Username": "taken@portal.example.com", "LastName": "Taken", "CommunityNickname": "taken", "ProfileId": c.acme.StandardProfile,
	})
	for _, tt := range []struct {
		name          string
		with          []string
		code, message string
		fields        []string
	}{
		{"no last name", []string{"LastName", ""}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", []string{"LastName"}},
		{
			"nothing",
			[]string{"Alias", "", "Email", "", "LocaleSidKey", ""},
			"REQUIRED_FIELD_MISSING",
			"Required fields are missing: [Email, Alias, LocaleSidKey]",
			[]string{"Email", "Alias", "LocaleSidKey"},
		},
		{"long alias", []string{"Alias", "ninechars"}, "STRING_TOO_LONG", "Alias: data value too large: ninechars (max length=8)", []string{"Alias"}},
		{"bad mail", []string{"Email", "nobody"}, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: nobody", []string{"Email"}},
		{"bad username", []string{"Username", "nobody"}, "FIELD_INTEGRITY_EXCEPTION", "Username must be in the form of an email address", []string{"Username"}},
		{"bad zone", []string{"TimeZoneSidKey", "Mars/Olympus"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "bad value for restricted picklist field: Mars/Olympus", []string{"TimeZoneSidKey"}},
		{"picklist label", []string{"LanguageLocaleKey", "English"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "English", []string{"LanguageLocaleKey"}},
		{"read-only", []string{"AccountId", c.acme.Account}, "INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: AccountId", []string{"AccountId"}},
		{"bad id", []string{"ProfileId", "00e12"}, "MALFORMED_ID", "id value of incorrect type: 00e12", []string{"ProfileId"}},
		{"wrong object", []string{"ContactId", c.acme.Account}, "MALFORMED_ID", "id value of incorrect type", []string{"ContactId"}},
		{"no such contact", []string{"ContactId", "003000000000000AAA"}, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", []string{"ContactId"}},
		{"no contact", []string{"ContactId", ""}, "INVALID_CROSS_REFERENCE_KEY", "Cannot create a portal user without contact", []string{"ContactId"}},
		{"username here", []string{"Username", "TAKEN@portal.example.com"}, "DUPLICATE_USERNAME", "already exists in this or another Salesforce organization", []string{"Username"}},
		{"username elsewhere", []string{"Username", "Elsewhere@other.example"}, "DUPLICATE_USERNAME", "Duplicate Username", []string{"Username"}},
		{"nickname", []string{"CommunityNickname", "Taken"}, "DUPLICATE_COMM_NICKNAME", "Duplicate Nickname", []string{"CommunityNickname"}},
		{"internal profile", []string{"ProfileId", c.acme.StandardProfile}, "FIELD_INTEGRITY_EXCEPTION", "Contact ID can only be set on portal users", []string{"ContactId"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.t = t
			got := c.create("User", user(c.acme.CustomerProfile, contact, "Miller", tt.with...))
			c.wantCode(got[0], tt.code, tt.message, tt.fields...)
		})
	}
	if n := len(c.org.UsersByContact(contact)); n != 0 {
		t.Errorf("%d users were made by refused creates", n)
	}
}

func TestOwnerAndAccountOfAPortalUserAreChecked(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	loose := c.org.AddContact(salesforcesim.Fields{"LastName": "Loose"})
	plain := c.org.AddAccount(salesforcesim.Fields{"Name": "Plain", "OwnerId": c.acme.Owner})
	license := c.org.AddLicense(salesforcesim.License{Name: "Closed", Key: "PID_Closed", Total: 5})
	closed := c.org.AddProfile(salesforcesim.Profile{Name: "Closed", UserType: "CspLitePortal", LicenseID: license, NoAccess: true})
	const needsRole = "portal account owner must have a role"
	c.wantCode(c.create("User", user(c.acme.CustomerProfile, loose, "Loose"))[0], "UNKNOWN_EXCEPTION", needsRole)
	c.wantCode(c.create("User", user(c.acme.CustomerProfile, c.contact(c.acme.Orphan, "Orphan"), "Orphan"))[0], "UNKNOWN_EXCEPTION", needsRole)
	c.wantCode(c.create("User", user(c.acme.PartnerProfile, c.contact(plain, "Plain"), "Plain"))[0], "FIELD_INTEGRITY_EXCEPTION", "partner account", "ContactId")
	c.wantCode(c.create("User", user(closed, c.contact(plain, "Closed"), "Closed"))[0], "PORTAL_NO_ACCESS", "no access to portal")

	c.token = c.org.Token(c.acme.OwnerWithoutRole)
	c.wantCode(c.create("User", user(c.acme.CustomerProfile, c.contact(plain, "Runner"), "Runner"))[0], "UNKNOWN_EXCEPTION", needsRole)
}

func TestStandardProfilesCanBeSwitchedOff(t *testing.T) {
	c := newClient(t, salesforcesim.Config{RefuseStandardProfiles: true})
	got := c.create("User", user(c.acme.CustomerProfile, c.contact(c.acme.Account, "Std"), "Std"))[0]
	c.wantCode(got, "UNKNOWN_EXCEPTION", "Allow using standard external profiles")
}

func TestSeatsAreCountedPerLicence(t *testing.T) {
	org, err := salesforcesim.New(salesforcesim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	acme := org.Seed(salesforcesim.Seats{Customer: 2, Login: 1})
	url, err := org.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer org.Close()
	c := &client{t: t, org: org, acme: acme, url: url, token: org.Token(acme.Integration)}
	name := func(i int) string { return "Seat" + "ABCDE"[i:i+1] }
	var ids []string
	for i := range 2 {
		ids = append(ids, c.wantSaved(c.create("User", user(acme.CustomerProfile, c.contact(acme.Account, name(i)), name(i)))[0]))
	}
	third := user(acme.CustomerProfile, c.contact(acme.Account, "SeatC"), "SeatC")
	c.wantCode(c.create("User", third)[0], "LICENSE_LIMIT_EXCEEDED", "License Limit Exceeded - Customer Community")
	idle := c.wantSaved(c.create("User", append(third, "IsActive", "false"))[0])
	c.wantCode(c.update("User", idle, record{"IsActive", "true"}), "LICENSE_LIMIT_EXCEEDED", "Customer Community")
	c.wantSaved(c.update("User", ids[0], record{"IsActive", "false"}))
	c.wantSaved(c.update("User", idle, record{"IsActive", "true"}))
	if rows := c.rows("SELECT UsedLicenses, TotalLicenses FROM UserLicense WHERE LicenseDefinitionKey = 'PID_Customer_Community'"); rows[0]["UsedLicenses"] != 2.0 || rows[0]["TotalLicenses"] != 2.0 {
		t.Errorf("licence %v", rows)
	}
	login := c.org.Find("UserLogin", "UserId", ids[1])[0]
	c.wantSaved(c.update("UserLogin", login, record{"IsFrozen", "true"}))
	if org.UsedSeats(acme.CustomerLicense) != 2 {
		t.Error("freezing must keep the seat")
	}
	for i := 3; i < 5; i++ {
		c.wantSaved(c.create("User", user(acme.LoginProfile, c.contact(acme.Account, name(i)), name(i)))[0])
	}
}

func TestDisablingEndsAPortalUserForGood(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	contact := c.contact(c.acme.Account, "Miller")
	id := c.wantSaved(c.create("User", user(c.acme.CustomerProfile, contact, "Miller"))[0])

	c.wantSaved(c.update("User", id, record{"IsActive", "false"}))
	c.wantCode(c.create("User", user(c.acme.CustomerProfile, contact, "Second"))[0], "PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT", "portal user already exists for contact", "ContactId")
	c.wantSaved(c.update("User", id, record{"IsActive", "true"}))
	if got := c.org.Record(id); got["ContactId"] != contact || got["Username"] != "miller@portal.example.com" {
		t.Errorf("deactivation and back changed the user: %v", got)
	}

	c.wantSaved(c.update("User", id, record{"IsActive", "false", "IsPortalEnabled", "false"}))
	got := c.org.Record(id)
	if got["ContactId"] != "" || got["AccountId"] != "" || got["IsActive"] != "false" || got["IsPortalEnabled"] != "false" ||
		got["Username"] == "miller@portal.example.com" || !strings.HasSuffix(got["Username"], "miller@portal.example.com") {
		t.Errorf("disabled user %v", got)
	}
	c.wantCode(c.update("User", id, record{"IsActive", "true"}), "INVALID_CROSS_REFERENCE_KEY", "Cannot create a portal user without contact", "ContactId")
	c.wantCode(c.update("User", id, record{"ContactId", contact}), "INVALID_FIELD_FOR_INSERT_UPDATE", "ContactId", "ContactId")
	again := c.wantSaved(c.create("User", user(c.acme.CustomerProfile, contact, "Miller", "CommunityNickname", "Miller2"))[0])
	if again == id {
		t.Error("a new user has the old id")
	}
}

func TestPortalRolesAreMadeForTheSecondUser(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	contact := func(name string) string { return c.contact(c.acme.Account, name) }
	first := c.wantSaved(c.create("User", user(c.acme.PartnerProfile, contact("One"), "One"))[0])
	if r := c.org.Record(first); r["PortalRole"] != "PersonAccount" || r["UserRoleId"] == "" {
		t.Errorf("first user %v", r)
	}
	if n := len(c.org.Find("UserRole", "PortalAccountId", c.acme.Account)); n != 0 {
		t.Errorf("%d account roles after the first user", n)
	}
	second := c.wantSaved(c.create("User", user(c.acme.PartnerProfile, contact("Two"), "Two"))[0])
	var names []string
	for _, id := range c.org.Find("UserRole", "PortalAccountId", c.acme.Account) {
		names = append(names, c.org.Record(id)["Name"])
	}
	if got := strings.Join(names, ", "); got != "Acme Corporation Partner User, Acme Corporation Partner Manager, Acme Corporation Partner Executive" {
		t.Errorf("roles %s", got)
	}
	role := c.org.Record(second)["UserRoleId"]
	if c.org.Record(role)["PortalRole"] != "Worker" {
		t.Errorf("second user has the role %v", c.org.Record(role))
	}
	boss := c.wantSaved(c.create("User", user(c.acme.PartnerProfile, contact("Boss"), "Boss", "PortalRole", "Executive"))[0])
	if r := c.org.Record(c.org.Record(boss)["UserRoleId"]); r["PortalRole"] != "Executive" {
		t.Errorf("boss has the role %v", r)
	}
	internal := c.org.Record(c.acme.Owner)["UserRoleId"]
	c.wantCode(c.create("User", user(c.acme.PartnerProfile, contact("Wrong"), "Wrong", "UserRoleId", internal))[0], "FIELD_INTEGRITY_EXCEPTION", "role type must match user type", "UserRoleId")
	c.wantCode(c.create("User", user(c.acme.CustomerProfile, contact("High"), "High", "UserRoleId", role))[0], "FIELD_INTEGRITY_EXCEPTION", "role type must match user type", "UserRoleId")
}

func TestCustomerPortalFlagIsSetOnceAndStays(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	c.wantSaved(c.create("User", user(c.acme.CustomerProfile, c.contact(c.acme.Account, "One"), "One"))[0])
	if c.org.Record(c.acme.Account)["IsCustomerPortal"] != "true" {
		t.Error("the account's flag is not set")
	}
	if got := c.update("Account", c.acme.Account, record{"IsCustomerPortal", "false"}); got.Success {
		t.Error("the flag could be unset")
	}
}

func TestCustomFieldsValidationAndCurrency(t *testing.T) {
	c := newClient(t, salesforcesim.Config{
		MultiCurrency: true,
		CustomFields:  []salesforcesim.CustomField{{Object: "User", Name: "Region__c", Type: "picklist", Values: []string{"EMEA", "AMER"}}},
	})
	c.org.AddValidationRule(salesforcesim.ValidationRule{Object: "User", Field: "Phone", Check: func(r map[string]string) string {
		if r["Phone"] == "13" {
			return "Unlucky number"
		}
		return ""
	}})
	contact := c.contact(c.acme.Account, "Miller")
	c.wantCode(c.create("User", user(c.acme.CustomerProfile, contact, "Miller"))[0], "REQUIRED_FIELD_MISSING", "[CurrencyIsoCode]", "CurrencyIsoCode")
	with := func(more ...string) record {
		return user(c.acme.CustomerProfile, contact, "Miller", append([]string{"CurrencyIsoCode", "EUR"}, more...)...)
	}
	c.wantCode(c.create("User", with("Region__c", "MOON"))[0], "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "MOON", "Region__c")
	c.wantCode(c.create("User", with("Phone", "13"))[0], "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Unlucky number", "Phone")
	id := c.wantSaved(c.create("User", with("Region__c", "EMEA"))[0])
	if c.org.Record(id)["Region__c"] != "EMEA" {
		t.Error("the custom field is not kept")
	}
}

func TestAllOrNoneRollsEverythingBack(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	good, bad := c.contact(c.acme.Account, "Good"), c.contact(c.acme.Account, "Bad")
	before := c.org.UsedSeats(c.acme.PartnerLicense)
	results := c.results(c.soap(mailHeader+"<urn:AllOrNoneHeader><urn:allOrNone>true</urn:allOrNone></urn:AllOrNoneHeader>", "<urn:create>"+
		sobject("User", "", user(c.acme.PartnerProfile, good, "Good"))+sobject("User", "", user(c.acme.PartnerProfile, bad, "Bad", "Alias", ""))+"</urn:create>"))
	c.wantCode(results[0], "ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back because not all records were valid")
	c.wantCode(results[1], "REQUIRED_FIELD_MISSING", "Alias", "Alias")
	if len(c.org.UsersByContact(good)) != 0 || len(c.org.Mails()) != 0 || c.org.UsedSeats(c.acme.PartnerLicense) != before ||
		len(c.org.Find("UserRole", "PortalRole", "PersonAccount")) != 0 {
		t.Error("something of the batch is left")
	}
}

func TestContactsAreWrittenAndProtected(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	id := c.wantSaved(c.create("Contact", record{"LastName", "New", "AccountId", c.acme.Account, "Email", "new@example.com"})[0])
	c.wantCode(c.create("Contact", record{"FirstName", "Nobody"})[0], "REQUIRED_FIELD_MISSING", "[LastName]", "LastName")
	c.wantSaved(c.update("Contact", id, record{"Title", "Chief"}))
	nulled := c.results(c.soap("", `<urn:update><urn:sObjects><sf:type>Contact</sf:type><sf:fieldsToNull>Title</sf:fieldsToNull><sf:Id>`+id+`</sf:Id></urn:sObjects></urn:update>`))
	c.wantSaved(nulled[0])
	if r := c.org.Record(id); r["Title"] != "" || r["OwnerId"] != c.acme.Integration {
		t.Errorf("contact %v", r)
	}
	c.wantSaved(c.create("User", user(c.acme.CustomerProfile, id, "New"))[0])
	deleted := c.results(c.soap("", "<urn:delete><urn:ids>"+id+"</urn:ids></urn:delete>"))
	c.wantCode(deleted[0], "DELETE_FAILED", "associated with the following portal users")
	c.wantCode(c.update("Contact", "003000000000000AAA", record{"Title", "x"}), "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
}

func TestMembershipsAreOnceAndNotForHighVolumeUsers(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	high := c.wantSaved(c.create("User", user(c.acme.CustomerProfile, c.contact(c.acme.Account, "High"), "High"))[0])
	plus := c.wantSaved(c.create("User", user(c.acme.CustomerPlusProfile, c.contact(c.acme.Account, "Plus"), "Plus"))[0])
	set := c.org.Add("PermissionSet", salesforcesim.Fields{"Name": "Portal_Reports", "Label": "Portal Reports"})
	group := c.org.Add("Group", salesforcesim.Fields{"Name": "Portal", "DeveloperName": "Portal", "Type": "Regular"})
	c.wantSaved(c.create("PermissionSetAssignment", record{"AssigneeId", high, "PermissionSetId", set})[0])
	c.wantCode(c.create("PermissionSetAssignment", record{"AssigneeId", high, "PermissionSetId", set})[0], "DUPLICATE_VALUE", "duplicate value found", "AssigneeId")
	c.wantSaved(c.create("GroupMember", record{"GroupId", group, "UserOrGroupId", plus})[0])
	c.wantCode(c.create("GroupMember", record{"GroupId", group, "UserOrGroupId", high})[0], "OP_WITH_INVALID_USER_TYPE_EXCEPTION", "invalid user type", "UserOrGroupId")
	c.wantSaved(c.update("User", plus, record{"IsActive", "false", "IsPortalEnabled", "false"}))
	if n := len(c.org.Find("GroupMember", "UserOrGroupId", plus)); n != 0 {
		t.Error("a disabled user is still in its group")
	}
}

func TestMailsAreAskedForByTheirOwnSwitches(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	create := func(headers, name string) string {
		return c.wantSaved(c.results(c.soap(headers, "<urn:create>"+sobject("User", "", user(c.acme.CustomerProfile, c.contact(c.acme.Account, name), name))+"</urn:create>"))[0])
	}
	want := func(when string, newUser, welcome int) {
		t.Helper()
		if n, s := c.org.MailCount(salesforcesim.MailNewUser), c.org.MailCount(salesforcesim.MailSiteWelcome); n != newUser || s != welcome {
			t.Errorf("%s: %d new-user and %d welcome mails, want %d and %d", when, n, s, newUser, welcome)
		}
	}
	create("", "None")
	want("neither", 0, 0)
	create(mailHeader, "Header")
	want("header", 1, 0)
	c.org.Edit(c.acme.Site, salesforcesim.Fields{"OptionsSendWelcomeEmail": "true"})
	create("", "Site")
	want("site", 1, 1)
	id := create(mailHeader, "Both")
	want("both", 2, 2)
	c.org.Edit(c.acme.Site, salesforcesim.Fields{"Status": "UnderConstruction"})
	create("", "Dark")
	want("site not live", 2, 2)
	c.wantSaved(c.update("User", id, record{"Username", "renamed@portal.example.com"}))
	if c.org.MailCount(salesforcesim.MailUsernameChanged) != 1 {
		t.Error("a change of username always mails")
	}
}

func TestPermissionsOfTheRunningUser(t *testing.T) {
	c := newClient(t, salesforcesim.Config{})
	c.org.SetPermissions(c.acme.Integration, salesforcesim.Permissions{NoManageUsers: true})
	got := c.create("User", user(c.acme.CustomerProfile, c.contact(c.acme.Account, "Miller"), "Miller"))[0]
	c.wantCode(got, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
	c.org.SetPermissions(c.acme.Integration, salesforcesim.Permissions{NoAPI: true})
	c.wantFault(c.soap("", "<urn:getUserInfo/>"), "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner")
	c.wantRefused(c.restQuery("SELECT Id FROM User"), 403, "API_DISABLED_FOR_ORG", "API is not enabled")
}
