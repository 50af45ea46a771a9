package commands_test

import (
	"strings"
	"testing"

	"portalbot/bot/slacksim"
	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// blocked plays a resend whose answer is lost: nobody can see afterwards whether the mail was requested. It returns the progress message.
func blocked(t *testing.T) (*world, slacksim.Message) {
	t.Helper()
	w := begin(t, func(s *setup) { s.engine = provisioning.Options{Parallel: 1} })
	csv := w.contacts(2)
	plan := w.send("ann", csv)
	w.ok(w.ws.User("ben").Click(w.ctx, plan, "Approve"))
	w.message("@ann P-1 is done")
	w.org.Inject(salesforcesim.Fault{Operation: salesforcesim.OpResetPassword, Nth: 1, Kind: salesforcesim.LoseAnswer})
	v := w.form("ann", "/portal resend", "Resend access e-mails")
	w.check(v, "people.csv", csv)
	_, err := v.Submit(w.ctx)
	w.ok(err)
	w.ok(w.ws.User("ben").Click(w.ctx, w.message("Plan of P-2"), "Approve"))
	m := w.message("[Leave as unknown] [Try again]")
	w.says(m.Read, "Somebody has to decide", "unknown", "nobody can see afterwards whether Salesforce sent the mail", "1 access e-mail requested")
	return w, m
}

func TestUnknownRowsAreLeftByAPersonWhoMay(t *testing.T) {
	w, m := blocked(t)
	w.ok(w.ws.User("ann").ClickConfirm(w.ctx, m, "Leave as unknown"))
	_, err := w.ws.User("ann").WaitEphemeral(w.ctx, func(e slacksim.Message) bool { return strings.Contains(e.Read, "somebody else") })
	w.ok(err)
	w.ok(w.ws.User("ben").ClickConfirm(w.ctx, m, "Leave as unknown"))
	w.message("@ann P-2 is done")
	if n := w.org.MailCount(salesforcesim.MailPasswordReset); n != 2 {
		t.Errorf("%d mails requested, want 2: the lost one was", n)
	}
	w.saysNot(w.edited(m, "P-2: done").Read, "[Leave as unknown]")
	w.message("@ben left the unknown rows of P-2 as they are")
	for _, said := range w.ws.Messages("#portal") {
		w.saysNot(said.Read, "I am being shut down")
	}
}

func TestUnknownRowsAreTriedAgainWhenAPersonSaysSo(t *testing.T) {
	w, m := blocked(t)
	w.ok(w.ws.User("ben").ClickConfirm(w.ctx, m, "Try again"))
	w.message("@ann P-2 is done: 2 access e-mails requested")
	if n := w.org.MailCount(salesforcesim.MailPasswordReset); n != 3 {
		t.Errorf("%d mails requested, want 3: the person took that upon themselves", n)
	}
}
