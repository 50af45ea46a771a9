package provisioning_test

import (
	"strings"
	"testing"

	"portalbot/provisioning"
)

func TestParseID(t *testing.T) {
	for _, c := range []struct{ in, prefix, want, err string }{
		{"001D000000IqhSL", provisioning.PrefixAccount, "001D000000IqhSLIAZ", ""}, // the example of Salesforce's documentation
		{"0035g00000ABCDEAA5", provisioning.PrefixContact, "0035g00000ABCDEAA5", ""},
		{" 0035g00000ABCDE ", provisioning.PrefixContact, "0035g00000ABCDEAA5", ""},
		{"0035g00000ABCDEaa5", provisioning.PrefixContact, "0035g00000ABCDEAA5", ""},
		{"0035g00000abcdeAA5", provisioning.PrefixContact, "", "letter case"},
		{"0035G00000ABCDEAA5", provisioning.PrefixContact, "", "letter case"},
		{"0015g00000ABCDE", provisioning.PrefixContact, "", "is the id of an account, not of a contact"},
		{"00e5g00000ABCDE", provisioning.PrefixRole, "", "is the id of a profile, not of a role"},
		{"0Zz5g00000ABCDE", provisioning.PrefixUser, "", "is the id of another object, not of a user"},
		{"003", provisioning.PrefixContact, "", "has 3 characters"},
		{"0035g00000ABCD!", provisioning.PrefixContact, "", "has the character '!'"},
		{"", provisioning.PrefixContact, "", "has 0 characters"},
	} {
		got, err := provisioning.ParseID(c.in, c.prefix)
		if c.err == "" && (err != nil || got != c.want) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%q: got %q, %v", c.in, got, err)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("0035g00000ABCDEAA5")
	f.Add("0035g00000ABCDE")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := provisioning.ParseID(s, provisioning.PrefixContact)
		if err != nil {
			return
		}
		again, err := provisioning.ParseID(id, provisioning.PrefixContact)
		if err != nil || again != id || !strings.HasPrefix(strings.TrimSpace(s), id[:15]) {
			t.Errorf("%q gives %q, which gives %q, %v", s, id, again, err)
		}
	})
}
