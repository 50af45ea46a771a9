package provisioning_test

import (
	"slices"
	"strings"
	"testing"

	"portalbot/provisioning"
)

func TestDataLoadersColumnsAreKnown(t *testing.T) {
	// The columns of KB 000384961 and 000385503, as spelled there and by Data Loader's and report exports.
	for header, want := range map[string]string{
		"Role ID": "UserRoleId", "FirstName": "FirstName", "First Name": "FirstName", "LastName": "LastName", "LAST_NAME": "LastName",
		"ContactID": "ContactId", "Contact ID": "ContactId", "contactid": "ContactId", "PROFILE ID": "ProfileId", "ProfileId": "ProfileId",
		"Profile": "Profile", "Profile Name": "Profile", "Username": "Username", "User Name": "Username", "Email": "Email", "E-mail": "Email",
		"E-Mail Address": "Email", "Alias": "Alias", "TimeZoneSidKey": "TimeZoneSidKey", "Time Zone": "TimeZoneSidKey", "LocaleSidKey": "LocaleSidKey",
		"Locale": "LocaleSidKey", "EmailEncodingKey": "EmailEncodingKey", "Email Encoding": "EmailEncodingKey", "LanguageLocaleKey": "LanguageLocaleKey",
		"Language": "LanguageLocaleKey", "CurrencyIsoCode": "CurrencyIsoCode", "Currency ISO Code": "CurrencyIsoCode", "Nickname": "CommunityNickname",
		"Community_Nickname": "CommunityNickname", "Zip/Postal Code": "PostalCode", "State/Province": "State", "Account Name": "Account",
		"ACCOUNT ID": "AccountId", "SAML Federation ID": "FederationIdentifier", "Portal Role": "PortalRole", "badge__C": "Badge__c", "ID": "ContactId",
		"Active": "IsActive", "Last Login": "", "": "", "  ": "", "User ID": "", "ErrorCode": "",
	} {
		columns, problems := provisioning.MatchColumns([]string{header, "Street"}, provisioning.VerbAdd, newPortal())
		problems = slices.DeleteFunc(problems, func(p provisioning.Problem) bool { return p.Code == provisioning.CodeColumnMissing })
		if len(problems) > 0 || columns[0].Name != want || columns[0].Header != header {
			t.Errorf("%q: got %q, %v", header, columns[0].Name, problems)
		}
	}
}

func TestFileOfAnAddIsTakenByDisable(t *testing.T) {
	headers := provisioning.ColumnNames(provisioning.VerbAdd)
	headers = append(headers, "Badge__c", "Last Login")
	for _, verb := range []provisioning.Verb{provisioning.VerbDisable, provisioning.VerbEnable, provisioning.VerbResend} {
		columns, problems := provisioning.MatchColumns(headers, verb, newPortal())
		if len(problems) > 0 {
			t.Errorf("%s: %v", verb, problems)
		}
		var used []string
		for _, c := range columns {
			if c.Name != "" {
				used = append(used, c.Name)
			}
		}
		if got := strings.Join(used, " "); got != "ContactId Email Username" {
			t.Errorf("%s uses %s", verb, got)
		}
	}
}

func TestTemplatesAreKnown(t *testing.T) {
	for _, verb := range []provisioning.Verb{provisioning.VerbAdd, provisioning.VerbDisable} {
		names := provisioning.ColumnNames(verb)
		columns, problems := provisioning.MatchColumns(names, verb, newPortal())
		if len(problems) > 0 {
			t.Errorf("%s: %v", verb, problems)
		}
		for i, c := range columns {
			if c.Name != names[i] {
				t.Errorf("%s: %q stands for %q", verb, names[i], c.Name)
			}
		}
	}
}

func TestFeatureLicencesAreRefusedEvenWhenConfigured(t *testing.T) {
	portal := newPortal()
	portal.Fields = append(portal.Fields, "UserPermissionsKnowledgeUser")
	for _, header := range []string{"UserPermissionsKnowledgeUser", "User Permissions Marketing User", "USERPERMISSIONS_X"} {
		_, problems := provisioning.MatchColumns([]string{"ContactId", header}, provisioning.VerbAdd, portal)
		if len(problems) != 1 || problems[0].Code != provisioning.CodeColumnRefused || problems[0].Column != header {
			t.Errorf("%s: %v", header, problems)
		}
	}
}

func FuzzMatchColumns(f *testing.F) {
	f.Add("Contact ID\nFrist Name\nEmail\n", true)
	f.Add("UserPermissionsX\n\u00a0\nÉ-mail\nemail\nEmail", false)
	f.Fuzz(func(t *testing.T, text string, add bool) {
		headers := strings.Split(text, "\n")
		verb := provisioning.VerbDisable
		if add {
			verb = provisioning.VerbAdd
		}
		columns, problems := provisioning.MatchColumns(headers, verb, newPortal())
		if len(columns) != len(headers) {
			t.Fatalf("%d columns for %d headers", len(columns), len(headers))
		}
		seen := map[string]bool{}
		for i, c := range columns {
			if c.Header != headers[i] {
				t.Errorf("header %q became %q", headers[i], c.Header)
			}
			if c.Name != "" && seen[c.Name] {
				t.Errorf("two columns stand for %s", c.Name)
			}
			seen[c.Name] = true
			if strings.HasPrefix(strings.ToLower(c.Name), "userpermissions") {
				t.Errorf("%s got through", c.Name)
			}
		}
		for _, p := range problems {
			if p.Code == "" || p.Text == "" || p.Fix == "" {
				t.Errorf("incomplete problem %+v", p)
			}
		}
	})
}
