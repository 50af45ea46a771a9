package commands_test

import (
	"strings"
	"testing"
	"time"

	"portalbot/bot"
	"portalbot/bot/slacksim"
	"portalbot/provisioning"
)

func TestRequestIsProvisionedAfterApproval(t *testing.T) {
	w := begin(t, nil)
	v := w.form("ann", "/portal add", "Add portal users")
	w.check(v, "people.csv", w.contacts(5))
	w.says(v.Text(), "Add 5 portal users on Acme Corporation", "Nothing was sent yet", "5 to create", "0 → 5 of 1,000", "@ben and @cas can give it")
	_, err := v.Submit(w.ctx)
	w.ok(err)
	w.says(v.Text(), "is on its way to the approvers in #portal")
	w.ok(v.Wait(w.ctx, func(v *slacksim.View) bool { return strings.Contains(v.Text(), "Open its thread") }))

	plan := w.message("[Approve] [Deny]")
	w.saysNot(plan.Read, "tester01@")
	w.says(plan.Read, "t***@acme.example", "Needs 1 approval")
	w.ok(w.ws.User("ben").Click(w.ctx, plan, "Approve"))
	done := w.message("@ann P-1 is done: 5 created.")
	if strings.Join(done.Mentions, " ") != "@ann" {
		t.Errorf("the last line mentions %v", done.Mentions)
	}
	plan = w.edited(plan, "Approved by @ben")
	w.saysNot(plan.Read, "[Approve]")
	root := w.message("*P-1* · Add 5 portal users")
	w.edited(root, "Done: 5 created.")
	w.says(w.message("*Welcome e-mails:* 5 requested").Read, "P-1: done")
	var files []string
	for _, m := range w.ws.Thread("#portal", root.TS) {
		for _, f := range m.Files {
			files = append(files, f.Name)
		}
	}
	if strings.Join(files, " ") != "P-1-plan.csv P-1-results.csv" {
		t.Errorf("files in the thread: %v", files)
	}
	for _, m := range w.ws.Messages("#portal") {
		w.saysNot(m.Read, " sent to", "mail sent")
	}
}

func TestDenialAsksForTheReasonAndShowsIt(t *testing.T) {
	w := begin(t, nil)
	plan := w.send("ann", w.contacts(2))
	w.ok(w.ws.User("ben").Click(w.ctx, plan, "Deny"))
	v, err := w.ws.User("ben").WaitModal(w.ctx, "Deny P-1")
	w.ok(err)
	w.ok(v.Fill("Reason", "wrong account <!channel>"))
	_, err = v.Submit(w.ctx)
	w.ok(err)
	story := w.message("@ben denied P-1: wrong account")
	if strings.Contains(strings.Join(story.Mentions, " "), "channel") {
		t.Error("a reason mentions the whole channel")
	}
	plan = w.edited(plan, "Denied by @ben")
	w.saysNot(plan.Read, "[Approve]")
	if n := w.org.Len("User"); n != len(w.org.Find("User", "ContactId", "")) && n > 6 {
		t.Errorf("%d users exist", n)
	}
}

func TestRequesterCannotApproveTheirOwnRequest(t *testing.T) {
	w := begin(t, func(s *setup) { s.policy.Approvers = []string{"U0ANN", "U0BEN"} })
	plan := w.send("ann", w.contacts(1))
	w.ok(w.ws.User("ann").Click(w.ctx, plan, "Approve"))
	m, err := w.ws.User("ann").WaitEphemeral(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "somebody else has to decide") })
	w.ok(err)
	w.says(m.Read, "You asked for this request")
	w.ok(w.ws.User("cas").Click(w.ctx, plan, "Approve"))
	_, err = w.ws.User("cas").WaitEphemeral(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "not on the list of approvers") })
	w.ok(err)
}

func TestSecondClickGivesAFriendlyAnswer(t *testing.T) {
	w := begin(t, func(s *setup) { s.policy.Required = 2 })
	plan := w.send("ann", w.contacts(1))
	ben := w.ws.User("ben")
	w.ok(ben.Click(w.ctx, plan, "Approve"))
	_, err := ben.WaitEphemeral(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "needs 1 more approval") })
	w.ok(err)
	w.ok(ben.ClickSeen(w.ctx, plan, "Approve"))
	_, err = ben.WaitEphemeral(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "is counted already") })
	w.ok(err)
	plan = w.edited(plan, "Needs 1 more approval")
	w.ok(w.ws.User("cas").Click(w.ctx, plan, "Approve"))
	w.message("@ann P-1 is done")
}

func TestBadFilesAreAnsweredInTheFormAndCanBeTriedAgain(t *testing.T) {
	for _, tc := range []struct {
		name, file, data string
		says             []string
	}{
		{"unknown column", "x.csv", "ContactId,Emial\n003000000000001AAA,a@b.example\n", []string{"Line 1, column 2 (Emial)", "Did you mean Email"}},
		{"no key column", "x.csv", "LastName\nSmith\n", []string{"No column says which contact a row is about"}},
		{"web page", "x.csv", "<!doctype html><html><body>Sign in</body></html>", []string{"web page, not a spreadsheet"}},
		{"empty", "x.csv", "\n\n", []string{"This file is empty"}},
		{"header only", "x.csv", "Email\n", []string{"a header but no rows"}},
		{"binary", "x.csv", "\x00\x01\x02\x03\x04\x00\x00", []string{"cannot be used"}},
		{"ragged", "x.csv", "Email,LastName\na@b.example,Smith,extra\n", []string{"Line 2"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := begin(t, nil)
			v := w.form("ann", "/portal add", "Add portal users")
			w.check(v, tc.file, []byte(tc.data))
			w.says(v.Text(), append(tc.says, "Nothing was stored")...)
			w.check(v, "good.csv", w.contacts(1))
			w.says(v.Text(), "Add 1 portal user on Acme Corporation")
			w.ok(v.Close(w.ctx))
		})
	}
}

func TestFileThatIsTooLargeIsRefusedAtOnce(t *testing.T) {
	w := begin(t, nil)
	v := w.form("ann", "/portal add", "Add portal users")
	err := v.Attach("File", "big.csv", make([]byte, 10<<20+1))
	if err == nil {
		t.Error("the client took a file of more than 10 MB")
	}
}

func TestNothingToDoIsAnAnswer(t *testing.T) {
	w := begin(t, nil)
	csv := w.contacts(1)
	plan := w.send("ann", csv)
	w.ok(w.ws.User("ben").Click(w.ctx, plan, "Approve"))
	w.message("@ann P-1 is done")
	v := w.form("ann", "/portal add", "Add portal users")
	w.check(v, "people.csv", csv)
	w.says(v.Text(), "There is nothing to do", "1 row in the file, 1 skipped", "active user")
	w.saysNot(v.Text(), "tester01@")
}

func TestClosedFormBringsThePreviewByDirectMessage(t *testing.T) {
	w := begin(t, nil)
	v := w.form("ann", "/portal add", "Add portal users")
	remove := w.ws.Inject(slacksim.Fault{Kind: slacksim.Refuse, Method: "views.update", Error: "not_found"})
	defer remove()
	w.ok(v.Attach("File", "people.csv", w.contacts(1)))
	_, err := v.Submit(w.ctx)
	w.ok(err)
	ann := w.ws.User("ann")
	dm, err := ann.WaitDM(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "[Send for approval] [Cancel]") })
	w.ok(err)
	w.ok(ann.Click(w.ctx, dm, "Send for approval"))
	w.message("[Approve] [Deny]")
}

func TestGuestsAndStrangersAreRefusedInWords(t *testing.T) {
	w := begin(t, nil)
	w.says(w.types("gus", "/portal help").Read, "You are a guest")
	w.says(w.types("sam", "/portal add").Read, "another workspace")
	w.says(w.types("ben", "/portal add").Read, "is for requesters", "@cs-team")
	w.says(w.types("ann", "/portal pause").Read, "is for admins", "@ada")
}

func TestHelpShowsWhatOneMayUse(t *testing.T) {
	w := begin(t, nil)
	help := w.types("ann", "/portal").Read
	w.says(help, "/portal add", "/portal status [ID]", "/portal template")
	w.saysNot(help, "/portal pause")
	w.says(w.types("ada", "/portal help").Read, "/portal pause")
	w.says(w.types("ann", "/portal help add").Read, "Create portal users from a CSV or Excel file")
	w.says(w.types("ann", "/portal ad").Read, "Did you mean `/portal add`")
	w.says(w.types("ann", "/portal stauts").Read, "Did you mean `/portal status`")
	w.says(w.types("ann", "/portal frobnicate").Read, "There is no command", "/portal help")
	w.says(w.types("ann", "/portal list opne").Read, "Did you mean `/portal list open`")
	w.says(w.types("ann", "/portal whoami").Read, "You are ann", "You can make requests", "You cannot approve")
}

func TestTemplateComesByDirectMessage(t *testing.T) {
	w := begin(t, nil)
	w.says(w.types("ann", "/portal template").Read, "by direct message")
	m, err := w.ws.User("ann").WaitDM(w.ctx, func(m slacksim.Message) bool { return len(m.Files) > 0 })
	w.ok(err)
	if m.Files[0].Name != "portal-add.csv" {
		t.Errorf("file %s", m.Files[0].Name)
	}
}

func TestStatusAndListShowRequests(t *testing.T) {
	w := begin(t, nil)
	w.says(w.types("ann", "/portal status").Read, "You have nothing open")
	w.send("ann", w.contacts(1))
	w.says(w.types("ann", "/portal status").Read, "P-1", "Waiting for approval (0 of 1)")
	w.says(w.types("ben", "/portal status p1").Read, "P-1", "Add 1 portal user")
	w.says(w.types("ben", "/portal list mine").Read, "You have made no request yet")
	w.says(w.types("ben", "/portal status P-99").Read, "There is no request “P-99”")
	w.says(w.types("ann", "/portal cancel P-1").Read, "P-1 is cancelled", "none was run")
	w.says(w.types("ann", "/portal stop P-1").Read, "nothing to stop")
	w.message("@ann cancelled P-1")
}

func TestFileInADirectMessageIsOfferedByButtons(t *testing.T) {
	w := begin(t, nil)
	ann := w.ws.User("ann")
	_, err := ann.Upload("@portal", "people.csv", w.contacts(2))
	w.ok(err)
	ask, err := ann.WaitDM(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "What shall I do with *people.csv*?") })
	w.ok(err)
	w.ok(ann.Click(w.ctx, ask, "Add portal users"))
	v, err := ann.WaitModal(w.ctx, "Add portal users")
	w.ok(err)
	_, err = v.Submit(w.ctx)
	w.ok(err)
	w.ok(v.Wait(w.ctx, func(v *slacksim.View) bool { return strings.Contains(v.Text(), "Add 2 portal users") }))
}

func TestMessageShortcutOpensTheForm(t *testing.T) {
	w := begin(t, nil)
	m, err := w.ws.User("ben").Upload("#portal", "people.csv", w.contacts(2))
	w.ok(err)
	ann := w.ws.User("ann")
	w.ok(ann.Shortcut(w.ctx, m, "Provision from CSV"))
	v, err := ann.WaitModal(w.ctx, "Add portal users")
	w.ok(err)
	w.says(v.Text(), "people.csv")
	_, err = v.Submit(w.ctx)
	w.ok(err)
	w.ok(v.Wait(w.ctx, func(v *slacksim.View) bool { return strings.Contains(v.Text(), "Add 2 portal users") }))
}

func TestHomeShowsWhatWaits(t *testing.T) {
	w := begin(t, nil)
	w.send("ann", w.contacts(1))
	ben := w.ws.User("ben")
	w.ok(ben.OpenHome(w.ctx))
	v, err := ben.WaitHome(w.ctx, func(v *slacksim.View) bool { return strings.Contains(v.Text(), "P-1") })
	w.ok(err)
	w.says(v.Text(), "Waiting for you", "Running now", "Your requests")
	w.ok(v.Click(w.ctx, "Show"))
	m, err := ben.WaitModal(w.ctx, "P-1")
	w.ok(err)
	w.says(m.Text(), "1 to create", "Needs 1 approval")
	w.ok(m.Click(w.ctx, "Approve"))
	w.ok(m.Wait(w.ctx, func(v *slacksim.View) bool { return strings.Contains(v.Text(), "is counted. It runs now") }))
	w.message("@ann P-1 is done")
}

func TestDisablingForGoodAsksForTheCount(t *testing.T) {
	w := begin(t, nil)
	csv := w.contacts(2)
	plan := w.send("ann", csv)
	w.ok(w.ws.User("ben").Click(w.ctx, plan, "Approve"))
	w.message("@ann P-1 is done: 2 created")

	v := w.form("ann", "/portal disable", "Disable portal users")
	w.ok(v.Choose("How", "Disable for good"))
	w.check(v, "leavers.csv", csv)
	w.says(v.Text(), "Disable 2 portal users for good", "2 to disable for good", "cannot be undone")
	w.ok(v.Fill("Disabling 2 users for good cannot be undone. Type 2 to go on.", "3"))
	seen, err := v.Submit(w.ctx)
	w.ok(err)
	if len(seen.Errors) != 1 {
		t.Fatalf("a wrong count was taken: %+v", seen)
	}
	w.ok(v.Fill("Disabling 2 users for good cannot be undone. Type 2 to go on.", "2"))
	_, err = v.Submit(w.ctx)
	w.ok(err)
	plan, err = w.ws.WaitMessage(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "Plan of P-2") })
	w.ok(err)
	w.ok(w.ws.User("cas").Click(w.ctx, plan, "Approve"))
	w.message("@ann P-2 is done: 2 disabled for good")
}

func TestDeactivatedUsersAreEnabledAgain(t *testing.T) {
	w := begin(t, nil)
	csv := w.contacts(2)
	for i, step := range []struct{ command, title, plan, done string }{
		{"/portal add", "Add portal users", "Plan of P-1", "P-1 is done: 2 created"},
		{"/portal disable", "Disable portal users", "Plan of P-2", "P-2 is done: 2 deactivated"},
		{"/portal enable", "Enable portal users", "Plan of P-3", "P-3 is done: 2 enabled"},
		{"/portal resend", "Resend access e-mails", "Plan of P-4", "P-4 is done: 2 access e-mails requested"},
	} {
		v := w.form("ann", step.command, step.title)
		w.check(v, "people.csv", csv)
		_, err := v.Submit(w.ctx)
		w.ok(err)
		plan := w.message(step.plan)
		w.ok(w.ws.User("ben").Click(w.ctx, plan, "Approve"))
		w.message(step.done)
		if t.Failed() {
			t.Fatalf("step %d", i+1)
		}
	}
}

func TestNobodyCanApproveIsSaidBeforeSending(t *testing.T) {
	w := begin(t, func(s *setup) { s.policy.Approvers = []string{"U0ANN"} })
	v := w.form("ann", "/portal add", "Add portal users")
	w.check(v, "people.csv", w.contacts(1))
	w.says(v.Text(), "Nobody can give it", "Ask an admin of this bot: @ada")
	w.ok(v.Close(w.ctx))
}

func TestCancelledDraftLeavesNothingBehind(t *testing.T) {
	w := begin(t, nil)
	v := w.form("ann", "/portal add", "Add portal users")
	w.check(v, "people.csv", w.contacts(1))
	w.ok(v.Close(w.ctx))
	for range 100 { // the close is handled after it was acknowledged
		if m := w.types("ann", "/portal status"); strings.Contains(m.Read, "You have nothing open") {
			w.saysNot(w.types("ben", "/portal list").Read, "P-1")
			return
		}
	}
	t.Error("the draft is still open")
}

func TestOldCancelButtonOfADraftDoesNotCancelWhatWasSent(t *testing.T) {
	w := begin(t, nil)
	v := w.form("ann", "/portal add", "Add portal users")
	w.check(v, "people.csv", w.contacts(1))
	shown := w.types("ann", "/portal status P-1")
	w.says(shown.Read, "[Send for approval] [Cancel]", "Needs 1 approval")
	_, err := v.Submit(w.ctx)
	w.ok(err)
	w.message("[Approve] [Deny]")
	ann := w.ws.User("ann")
	w.ok(ann.ClickSeen(w.ctx, shown, "Cancel"))
	_, err = ann.WaitEphemeral(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "P-1 was sent already") })
	w.ok(err)
	r, err := w.service.Request(w.ctx, "P-1")
	w.ok(err)
	if r.State != provisioning.StatePending {
		t.Errorf("P-1 is %s", r.State)
	}
}

func TestDeadTriggerIsAnsweredByAButton(t *testing.T) {
	w := begin(t, nil)
	defer w.ws.Inject(slacksim.Fault{Kind: slacksim.Refuse, Method: "views.open", Error: "expired_trigger_id", Times: 1})()
	m := w.types("ann", "/portal add")
	w.says(m.Read, "took too long", "[Open the form]")
	ann := w.ws.User("ann")
	w.ok(ann.Click(w.ctx, m, "Open the form"))
	_, err := ann.WaitModal(w.ctx, "Add portal users")
	w.ok(err)
}

func TestOnlyRequesterApproversAndAdminsGetFiles(t *testing.T) {
	portal := customer()
	portal.FilesToDM = true
	w := begin(t, func(s *setup) { s.portals["customer"] = portal })
	plan := w.send("ann", w.contacts(1))
	ben := w.ws.User("ben")
	w.ok(ben.Click(w.ctx, plan, "Send me the plan's CSV"))
	m, err := ben.WaitDM(w.ctx, func(m slacksim.Message) bool { return len(m.Files) > 0 })
	w.ok(err)
	if m.Files[0].Name != "P-1-plan.csv" {
		t.Errorf("file %s", m.Files[0].Name)
	}
	_, err = w.ws.User("ann").WaitDM(w.ctx, func(m slacksim.Message) bool { return len(m.Files) > 0 })
	w.ok(err)
	for _, m := range w.ws.Messages("#portal") {
		if len(m.Files) > 0 {
			t.Errorf("a file stands in the channel: %s", m.Read)
		}
	}
}

func TestAdminPausesAndResumes(t *testing.T) {
	w := begin(t, nil)
	w.says(w.types("ada", "/portal pause tea").Read, "Everything is paused")
	plan := w.send("ann", w.contacts(1))
	w.ok(w.ws.User("ben").Click(w.ctx, plan, "Approve"))
	w.says(w.types("ada", "/portal resume").Read, "Everything goes on")
	w.message("@ann P-1 is done")
}

func TestWorkspaceWithoutNewerBlocksGetsTheFallback(t *testing.T) {
	w := begin(t, func(s *setup) { s.slack.Unavailable = slacksim.NewerBlocks() })
	plan := w.send("ann", w.contacts(2))
	w.says(plan.Read, "Row 1 · create · t***@acme.example · Acme Corporation")
	w.ok(w.ws.User("ben").Click(w.ctx, plan, "Approve"))
	w.message("@ann P-1 is done")
}

func TestCommandHandledAgainAfterARestartIsAnsweredByAButton(t *testing.T) {
	w := begin(t, nil)
	w.ok(w.talk.Handle(w.ctx, bot.Delivery{
		Key: "command/1", Kind: bot.KindCommand, User: "U0ANN", Channel: "C0PORTAL", TriggerID: "1.dead", At: time.Now(), Replayed: true,
		Command: &bot.Command{Name: "/portal", Text: "add"},
	}))
	_, err := w.ws.User("ann").WaitEphemeral(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "[Open the form]") })
	w.ok(err)
}

func TestSendHandledAgainAfterARestartSendsOnce(t *testing.T) {
	w := begin(t, nil)
	v := w.form("ann", "/portal add", "Add portal users")
	w.check(v, "people.csv", w.contacts(1))
	_, err := v.Submit(w.ctx)
	w.ok(err)
	w.message("[Approve] [Deny]")
	w.ok(w.talk.Handle(w.ctx, bot.Delivery{
		Key: "submit/again", Kind: bot.KindSubmit, User: "U0ANN", At: time.Now(), Replayed: true,
		Submit: &bot.View{ID: v.ID(), CallbackID: "portal_preview", PrivateMetadata: `{"i":"P-1","d":""}`},
	}))
	if n := len(w.ws.User("ann").DM()); n != 0 {
		t.Errorf("%d direct messages about a request that was sent", n)
	}
}
