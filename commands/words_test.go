package commands_test

import (
	"testing"

	"portalbot/commands"
)

func TestSlipsOfTheKeyboardAreUnderstood(t *testing.T) {
	words := []string{"add", "disable", "enable", "status", "list", "help", "cancel", "stop"}
	for typed, want := range map[string]string{
		"ad": "add", "addd": "add", "Add": "add", "dsiable": "disable", "disabel": "disable", "enabled": "enable", "staus": "status",
		"stat": "status", "hlep": "help", "xyz": "", "": "", "frobnicate": "",
	} {
		if got := commands.Nearest(typed, words); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

func TestRequestIDsAreReadAsPeopleTypeThem(t *testing.T) {
	for typed, want := range map[string]string{
		"P-17": "P-17", "p-17": "P-17", "p17": "P-17", "17": "P-17", "#17": "P-17", "`P-17`": "P-17", "P-17.": "P-17", "abc": "ABC",
	} {
		if got := commands.RequestID(typed); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

func TestAddressesAreMasked(t *testing.T) {
	for text, want := range map[string]string{
		"dora@acme.com":                         "d***@acme.com",
		"dora.dee+x@acme.com.portal":            "d***@acme.com.portal",
		"User o'brien@acme.com exists.":         "User o***@acme.com exists.",
		"duplicate: \"eve@acme.com\", <f@a.be>": "duplicate: \"e***@acme.com\", <f***@a.be>",
		"a@b@c.com":                             "a***@c.com",
		"no address @ all":                      "no address @ all",
	} {
		if got := commands.Mask(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
