package commands_test

import (
	"strings"
	"testing"

	"portalbot/bot/slacksim"
	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

func TestExportComesByDirectMessageAndDisableTakesIt(t *testing.T) {
	w := begin(t, nil)
	w.request("/portal add", "Add portal users", "", w.contacts(3), "P-1 is done: 3 created")
	posts := len(w.ws.Messages("#portal"))
	w.says(w.types("ann", "/portal export acme corporation").Read, "I sent you 3 portal users of Acme Corporation by direct message")
	ann := w.ws.User("ann")
	m, err := ann.WaitDM(w.ctx, func(m slacksim.Message) bool { return len(m.Files) > 0 })
	w.ok(err)
	csv := string(m.Files[0].Data)
	w.says(csv, "Username,ContactId,Email,FirstName,LastName,Profile,IsActive,IsFrozen,LastLogin,Created,AccountId,Account",
		"tester01@acme.example", "Terry,Tester03,Customer Community User,true,false,,2")
	for _, m := range w.ws.Messages("#portal")[posts:] {
		w.saysNot(m.Read, "tester0", "Tester0")
		if len(m.Files) > 0 {
			t.Error("a file stands in the channel")
		}
	}
	if _, problems := provisioning.MatchColumns(strings.Split("UserId,Username,ContactId,Email,FirstName,LastName,Profile,IsActive,IsFrozen,LastLogin,Created,AccountId,Account", ","),
		provisioning.VerbDisable, customer()); len(problems) > 0 {
		t.Errorf("disable does not take the columns: %+v", problems)
	}
	w.request("/portal disable", "Disable portal users", "", m.Files[0].Data, "P-2 is done: 3 deactivated")
}

func TestExportNeverGuessesTheAccount(t *testing.T) {
	w := begin(t, nil)
	other := w.org.AddAccount(salesforcesim.Fields{"Name": "Acme Corporation", "OwnerId": w.acme.Owner})
	w.org.AddAccount(salesforcesim.Fields{"Name": "Müller & Söhne <AG>", "OwnerId": w.acme.Owner})
	w.says(w.types("ann", "/portal export Acme Corporation").Read, "2 accounts are named “Acme Corporation”", "/portal export "+other, "/portal export "+w.acme.Account)
	w.says(w.types("ann", "/portal export "+other).Read, "Acme Corporation has no portal users")
	w.says(w.types("ann", "/portal export “Müller & Söhne <AG>”").Read, "Müller & Söhne <AG> has no portal users")
	w.says(w.types("ann", "/portal export Acme").Read, "No account is named “Acme”", "the account's id")
	w.says(w.types("ann", "/portal export").Read, "Of which account?")
	w.says(w.types("ben", "/portal export Acme Corporation").Read, "is for requesters")
	if len(w.ws.User("ann").DM()) > 0 {
		t.Error("something was sent")
	}
	ann := w.ws.User("ann")
	_, err := ann.Message("@portal", "export "+other)
	w.ok(err)
	_, err = ann.WaitDM(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "Acme Corporation has no portal users") })
	w.ok(err)
}
