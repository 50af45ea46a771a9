package commands_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"portalbot/bot/slacksim"
	"portalbot/provisioning/salesforce/salesforcesim"
)

func TestRequesterReplacesTheFileAndApprovalsStartOver(t *testing.T) {
	w := begin(t, func(s *setup) { s.policy.Required = 2 })
	ann, ben := w.ws.User("ann"), w.ws.User("ben")
	old := w.send("ann", w.contacts(3))
	w.ok(ben.Click(w.ctx, old, "Approve"))
	old = w.edited(old, "Needs 1 more approval")

	w.ok(w.ws.User("cas").Click(w.ctx, old, "Replace the file"))
	_, err := w.ws.User("cas").WaitEphemeral(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "Only the person who made P-1") })
	w.ok(err)
	w.ok(ann.Click(w.ctx, old, "Replace the file"))
	v, err := ann.WaitModal(w.ctx, "Replace the file")
	w.ok(err)
	w.says(v.Text(), "takes the place of the one in *P-1*", "approvals start over")
	w.check(v, "mended.csv", w.contacts(2))
	w.says(v.Text(), "takes the place of the plan of *P-1*", "*Rows:* 2", "Needs 2 approvals")
	_, err = v.Submit(w.ctx)
	w.ok(err)
	w.says(v.Text(), "*P-1* is on its way")

	w.message("@ann put another file in the place of the one in P-1")
	gone := w.edited(old, "is not the newest any more")
	w.saysNot(gone.Read, "[Approve]")
	plan, err := w.ws.WaitMessage(w.ctx, func(m slacksim.Message) bool {
		return m.TS != old.TS && m.EphemeralTo == "" && strings.Contains(m.Read, "[Approve] [Deny]")
	})
	w.ok(err)
	if plan.ThreadTS != old.ThreadTS {
		t.Error("the new plan is not in the same thread")
	}
	w.says(plan.Read, "mended.csv", "Needs 2 approvals")
	w.ok(ben.ClickSeen(w.ctx, old, "Approve"))
	_, err = ben.WaitEphemeral(w.ctx, func(m slacksim.Message) bool {
		return strings.Contains(m.Read, "has changed since this button was shown")
	})
	w.ok(err)
	w.ok(ben.Click(w.ctx, plan, "Approve"))
	w.edited(plan, "Needs 1 more approval")
	w.ok(w.ws.User("cas").Click(w.ctx, plan, "Approve"))
	w.message("@ann P-1 is done: 2 created.")
	w.saysNot(w.types("ann", "/portal list").Read, "P-2")
}

func TestApproverLeavesRowsOut(t *testing.T) {
	w := begin(t, nil)
	ben := w.ws.User("ben")
	plan := w.send("ann", w.contacts(4))
	w.ok(ben.Click(w.ctx, plan, "Approve in part"))
	v, err := ben.WaitModal(w.ctx, "Approve P-1 in part")
	w.ok(err)
	w.ok(v.Fill("Reason", "these two left the company"))
	for typed, says := range map[string]string{"": "Nothing is left out", "2 to 3": "names no rows", "4-2": "names no rows"} {
		w.ok(v.Fill("Rows to leave out", typed))
		seen, err := v.Submit(w.ctx)
		w.ok(err)
		w.says(seen.Errors["Rows to leave out"], says)
	}
	w.ok(v.Fill("Rows to leave out", "2-3"))
	_, err = v.Submit(w.ctx)
	w.ok(err)
	_, err = ben.WaitEphemeral(w.ctx, func(m slacksim.Message) bool {
		return strings.Contains(m.Read, "Your approval of P-1 is counted. It runs now")
	})
	w.ok(err)
	w.says(w.message("@ben approved P-1 without rows 2 and 3").Read, "these two left the company", "@ann, these go back to you")
	w.edited(plan, "is not the newest any more")
	w.message("@ann P-1 is done: 2 created and 2 skipped.")
	if n := len(w.org.Find("User", "Email", "tester02@acme.example")); n != 0 {
		t.Error("a row that was left out has run")
	}
}

func TestApproversAreRemindedOnce(t *testing.T) {
	w := begin(t, func(s *setup) {
		s.policy.RemindAfter = time.Millisecond
		s.engine.SweepEvery = 20 * time.Millisecond
	})
	plan := w.send("ann", w.contacts(1))
	m := w.message(":alarm_clock:")
	w.says(m.Read, "@approvers", "It needs 1 approval")
	if m.ThreadTS != plan.ThreadTS {
		t.Error("the reminder is not in the thread")
	}
	w.ok(w.ws.User("ben").Click(w.ctx, plan, "Approve"))
	w.message("@ann P-1 is done")
	n := 0
	for _, m := range w.ws.Messages("#portal") {
		if strings.Contains(m.Read, ":alarm_clock:") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d reminders", n)
	}
}

func TestLastReminderCallsTheAdminsAndTheRequester(t *testing.T) {
	w := begin(t, func(s *setup) {
		s.policy.ExpiresAfter = 2 * time.Second // the last call comes a quarter before
		s.engine.SweepEvery = 20 * time.Millisecond
	})
	w.send("ann", w.contacts(1))
	w.says(w.message(":rotating_light:").Read, "@approvers", "@ada", "@ann, nothing runs unless somebody decides")
	w.says(w.message("has expired").Read, "@ann, nothing was run")
}

func TestApprovedRequestWaitsForItsTime(t *testing.T) {
	w := begin(t, func(s *setup) { s.engine.SweepEvery = 20 * time.Millisecond })
	v := w.form("ann", "/portal add", "Add portal users")
	w.ok(v.Attach("File", "people.csv", w.contacts(2)))
	w.ok(v.Fill("Do not start before", strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10)))
	seen, err := v.Submit(w.ctx)
	w.ok(err)
	w.says(seen.Errors["Do not start before"], "within the next 30 days")
	at := time.Now().Add(3 * time.Second).Truncate(time.Second)
	w.ok(v.Fill("Do not start before", strconv.FormatInt(at.Unix(), 10)))
	_, err = v.Submit(w.ctx)
	w.ok(err)
	w.ok(v.Wait(w.ctx, func(v *slacksim.View) bool { return strings.Contains(v.Text(), "*Starts:* not before") }))
	_, err = v.Submit(w.ctx)
	w.ok(err)
	plan := w.message("[Approve] [Deny]")
	w.ok(w.ws.User("ben").Click(w.ctx, plan, "Approve"))
	w.says(w.message("@ben approved the plan").Read, "It starts")
	w.message("@ann P-1 is done: 2 created.")
	if time.Now().Before(at) {
		t.Error("it ran before its time")
	}
}

func TestApproverUnticksAnAccount(t *testing.T) {
	w := begin(t, func(s *setup) { s.policy.Required = 2 })
	second := w.org.AddAccount(salesforcesim.Fields{"Name": "Beta Ltd", "OwnerId": w.acme.Owner})
	csv := string(w.contacts(3))
	for _, mail := range []string{"b1@beta.example", "b2@beta.example"} {
		id := w.org.AddContact(salesforcesim.Fields{"FirstName": "B", "LastName": "Beta", "Email": mail, "AccountId": second})
		csv += id + "," + mail + ",Beta\n"
	}
	plan := w.send("ann", []byte(csv))
	ben := w.ws.User("ben")
	w.ok(ben.Click(w.ctx, plan, "Approve in part"))
	v, err := ben.WaitModal(w.ctx, "Approve P-1 in part")
	w.ok(err)
	w.ok(v.Fill("Reason", "Beta has left"))
	w.ok(v.Uncheck("Accounts that run", "Beta Ltd (2 rows)"))
	_, err = v.Submit(w.ctx)
	w.ok(err)
	w.says(w.message("@ben approved P-1 without rows 4 and 5").Read, "The rest needs 1 more approval")
	rest, err := w.ws.WaitMessage(w.ctx, func(m slacksim.Message) bool {
		return m.TS != plan.TS && m.EphemeralTo == "" && strings.Contains(m.Read, "[Approve] [Deny]")
	})
	w.ok(err)
	w.says(rest.Read, "3 to create and 2 skipped", "0 → 3 of 1,000", "Acme Corporation (3)", "Approved by @ben", "Needs 1 more approval")
	w.saysNot(rest.Read, "Beta Ltd (")
	w.ok(w.ws.User("cas").Click(w.ctx, rest, "Approve"))
	w.message("@ann P-1 is done: 3 created and 2 skipped.")
}
