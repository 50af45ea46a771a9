package commands_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"portalbot/bot/slacksim"
	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// request makes a request with a form, up to its end.
func (w *world) request(command, title, method string, data []byte, done string) {
	w.t.Helper()
	v := w.form("ann", command, title)
	if method != "" {
		w.ok(v.Choose("How", method))
	}
	w.check(v, "people.csv", data)
	w.finish(v, done)
}

// finish sends a preview, has it approved and waits for the end that is told.
func (w *world) finish(v *slacksim.View, done string) {
	w.t.Helper()
	id, _, _ := strings.Cut(done, " ")
	_, err := v.Submit(w.ctx)
	w.ok(err)
	w.ok(w.ws.User("ben").Click(w.ctx, w.message("Plan of "+id), "Approve"))
	w.message(done)
}

// preview waits until a view that was opened at once shows what would happen.
func (w *world) preview(who, title string) *slacksim.View {
	w.t.Helper()
	v, err := w.ws.User(who).WaitModal(w.ctx, title)
	w.ok(err)
	w.ok(v.Wait(w.ctx, func(v *slacksim.View) bool { return !strings.Contains(v.Text(), "Looking at the rows") }))
	return v
}

// click clicks a button of a message and waits for what only this person is answered.
func (w *world) click(who string, m slacksim.Message, button, says string) {
	w.t.Helper()
	w.ok(w.ws.User(who).Click(w.ctx, m, button))
	_, err := w.ws.User(who).WaitEphemeral(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, says) })
	w.ok(err)
}

// rule makes the org refuse users with a last name while it is on.
func (w *world) rule(lastName string) *atomic.Bool {
	on := new(atomic.Bool)
	on.Store(true)
	w.org.AddValidationRule(salesforcesim.ValidationRule{Object: "User", Check: func(rec map[string]string) string {
		if on.Load() && rec["LastName"] == lastName {
			return "Not on a Sunday"
		}
		return ""
	}})
	return on
}

func TestFailedRowsAreRetriedAsANewRequest(t *testing.T) {
	w := begin(t, nil)
	rule := w.rule("Tester02")
	w.request("/portal add", "Add portal users", "", w.contacts(3), "P-1 is done: 2 created and 1 failed")
	summary := w.message("P-1: done, 1 row needs a look")
	w.says(summary.Read, "[Retry failed] [Undo]", "Not on a Sunday")
	w.click("ben", summary, "Retry failed", "`/portal retry` is for requesters and admins")

	rule.Store(false)
	w.ok(w.ws.User("ann").Click(w.ctx, summary, "Retry failed"))
	v := w.preview("ann", "Check before you send")
	w.says(v.Text(), "Add 1 portal user on Acme Corporation", "Retry of P-1:* 1 row: 1 to create", "Row in P-1", "Nothing was sent yet")
	w.finish(v, "P-2 is done: 1 created")
	w.says(w.message("*P-2* · Add 1 portal user").Read, "retry of P-1")
	for _, m := range w.ws.Messages("#portal") {
		for _, f := range m.Files {
			if f.Name == "P-2-results.csv" {
				w.says(string(f.Data), "Row in P-1", "1,created,", ",2,003", "Tester02")
			}
		}
	}

	w.says(w.types("ann", "/portal retry P-2").Read, "No row of P-2 failed", "nothing to retry")
	w.ok(w.ws.User("ann").Type(w.ctx, "#portal", "/portal retry 1"))
	w.says(w.preview("ann", "Retry").Text(), "There is nothing to do", "1 row, 1 skipped", "active user")
	w.says(w.types("ann", "/portal retry P-9").Read, "There is no request “P-9”")
	w.says(w.types("ann", "/portal retry").Read, "Which one?", "/portal retry P-17")
	w.says(w.types("ann", "/portal status P-2").Read, "retry of P-1")
}

func TestAdminRetriesForTheRequesterWhoseTriggerIsDead(t *testing.T) {
	w := begin(t, nil)
	rule := w.rule("Tester01")
	w.request("/portal add", "Add portal users", "", w.contacts(2), "P-1 is done: 1 created and 1 failed")
	rule.Store(false)
	defer w.ws.Inject(slacksim.Fault{Kind: slacksim.Refuse, Method: "views.open", Error: "expired_trigger_id", Times: 1})()
	m := w.types("ada", "/portal retry P-1")
	w.says(m.Read, "Add 1 portal user", "[Send for approval] [Cancel]")
	w.ok(w.ws.User("ada").Click(w.ctx, m, "Send for approval"))
	w.says(w.message("*P-2* · Add 1 portal user").Read, "Asked for by @ada")
	w.says(w.types("ann", "/portal retry P-1").Read, "P-2 does that already; it is pending")
}

func TestUndoTakesBackAndUndoOfThatLeadsBack(t *testing.T) {
	w := begin(t, nil)
	csv := w.contacts(3)
	w.request("/portal add", "Add portal users", "", csv, "P-1 is done: 3 created")
	seats := w.org.UsedSeats(w.acme.CustomerLicense)
	summary := w.message("P-1: done")
	w.saysNot(summary.Read, "[Retry failed]")
	w.click("ben", summary, "Undo", "`/portal undo` is for requesters")
	w.ok(w.ws.User("ann").Click(w.ctx, summary, "Undo"))
	v := w.preview("ann", "Check before you send")
	w.says(v.Text(), "Undo P-1 for 3 portal users on Acme Corporation", "Undo of P-1:* 3 rows: 3 to deactivate", "3 → 0 of 1,000",
		"Users cannot be deleted in Salesforce")
	w.finish(v, "P-2 is done: 3 deactivated")
	if got := w.org.UsedSeats(w.acme.CustomerLicense); got != seats-3 {
		t.Errorf("%d seats are used, %d were", got, seats)
	}
	w.ok(w.ws.User("ann").Type(w.ctx, "#portal", "/portal undo P-2"))
	v = w.preview("ann", "Check before you send")
	w.says(v.Text(), "Undo P-2 for 3 portal users", "3 to reactivate")
	w.finish(v, "P-3 is done: 3 reactivated")
	w.ok(w.ws.User("ann").Type(w.ctx, "#portal", "/portal undo P-2"))
	w.says(w.preview("ann", "Undo").Text(), "There is nothing to do", "3 rows, 3 skipped", "There is an active user already")
}

func TestUndoOfAnEnableDeactivatesAndFreezesAgain(t *testing.T) {
	w := begin(t, nil)
	csv := w.contacts(3)
	for i, state := range []struct{ active, frozen string }{{"true", "true"}, {"false", "false"}, {"true", "false"}} {
		contact, _, _ := strings.Cut(strings.Split(string(csv), "\n")[i+1], ",")
		id := w.org.AddUser(salesforcesim.Fields{
			"ContactId": contact, "ProfileId": w.acme.CustomerProfile, "LastName": "Tester", "IsActive": state.active,
			"Email": fmt.Sprintf("tester%02d@acme.example", i+1), "Username": fmt.Sprintf("tester%02d@acme.example", i+1),
		})
		w.org.Edit(w.org.Find("UserLogin", "UserId", id)[0], salesforcesim.Fields{"IsFrozen": state.frozen})
	}
	w.request("/portal enable", "Enable portal users", "", csv, "P-1 is done: 1 enabled, 1 unfrozen and 1 skipped")
	w.ok(w.ws.User("ann").Type(w.ctx, "#portal", "/portal undo P-1"))
	v := w.preview("ann", "Check before you send")
	w.says(v.Text(), "Undo P-1 for 2 portal users", "1 to deactivate and 1 to freeze")
	w.finish(v, "P-2 is done: 1 deactivated and 1 frozen")
}

func TestFreezeIsUndoneByUnfreezing(t *testing.T) {
	w := begin(t, nil)
	csv := w.contacts(1)
	contact, _, _ := strings.Cut(strings.Split(string(csv), "\n")[1], ",")
	w.org.AddUser(salesforcesim.Fields{
		"ContactId": contact, "ProfileId": w.acme.CustomerProfile, "LastName": "Tester", "Email": "tester01@acme.example", "Username": "tester01@acme.example",
	})
	w.request("/portal disable", "Disable portal users", "Freeze", csv, "P-1 is done: 1 frozen")
	w.ok(w.ws.User("ann").Click(w.ctx, w.message("P-1: done"), "Undo"))
	w.finish(w.preview("ann", "Check before you send"), "P-2 is done: 1 unfrozen")
}

func TestWhatCannotBeTakenBackIsSaid(t *testing.T) {
	w := begin(t, nil)
	csv := w.contacts(1)
	w.request("/portal add", "Add portal users", "", csv, "P-1 is done: 1 created")
	w.request("/portal resend", "Resend access e-mails", "", csv, "P-2 is done: 1 access e-mail requested")
	w.saysNot(w.message("P-2: done").Read, "[Undo]", "[Retry failed]")
	w.says(w.types("ann", "/portal undo P-2").Read, "Nothing that P-2 did can be taken back")
	w.send("ann", w.contacts(2))
	w.says(w.types("ann", "/portal undo P-3").Read, "has not begun to run")
	w.says(w.types("ann", "/portal cancel P-3").Read, "P-3 is cancelled")
	w.says(w.types("ann", "/portal retry P-3").Read, "Nothing of P-3 was run")
}

func TestStoppedRunTellsExactCountsAndItsRestIsRetried(t *testing.T) {
	w := begin(t, func(s *setup) { s.engine = provisioning.Options{Parallel: 1} })
	began, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.org.OnOperation(func(phase salesforcesim.Phase, op salesforcesim.Op) {
		if phase == salesforcesim.Before && op.Name == salesforcesim.OpCreate && op.Object == "User" {
			once.Do(func() { close(began) })
			<-release
		}
	})
	plan := w.send("ann", w.contacts(230)) // a call takes 200
	w.ok(w.ws.User("ben").Click(w.ctx, plan, "Approve"))
	<-began
	w.says(w.types("ann", "/portal retry P-1").Read, "P-1 is running", "/portal stop P-1")
	w.says(w.types("ann", "/portal cancel P-1").Read, "is running already")
	w.says(w.types("ben", "/portal stop P-1").Read, "P-1 stops", "up to 230 rows will not be started")
	close(release)
	w.message("@ann P-1 was stopped: 200 created and 30 not started")
	summary := w.message("P-1: stopped")
	w.says(summary.Read, "Run the rest with Retry failed", "[Retry failed] [Undo]")
	w.ok(w.ws.User("ann").Click(w.ctx, summary, "Retry failed"))
	v := w.preview("ann", "Check before you send")
	w.says(v.Text(), "30 to create")
	w.finish(v, "P-2 is done: 30 created")
	if n := w.org.Count(salesforcesim.OpCreate); n != 2 {
		t.Errorf("%d creates were sent", n)
	}
}
