package commands_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"portalbot/bot"
	"portalbot/bot/slacksim"
	"portalbot/provisioning"
)

// forger makes deliveries of people who may not decide: clicks on every button, submitted modals and typed commands, in any order, with the
// ids and digests of requests that exist. Slack would not even show them some of these.
type forger struct {
	*rand.Rand
	requests []provisioning.Request
	n        int
}

// powerless are the requester, an admin who is no approver, and those whom Slack or the list keeps out.
var powerless = []string{"U0ANN", "U0ADMIN", "U0GUS", "U0UMA", "U0SAM", "U0ROBO", "U0DAN", "U0PORTAL", "U0NOBODY", ""}

func (f *forger) delivery() bot.Delivery {
	f.n++
	r := f.requests[f.IntN(len(f.requests))]
	digest := r.Plan.Digest
	if f.IntN(5) == 0 {
		digest = f.requests[f.IntN(len(f.requests))].Plan.Digest
	}
	d := bot.Delivery{
		Key: fmt.Sprintf("forged/%d", f.n), User: powerless[f.IntN(len(powerless))], Team: "T0ACME", Channel: "C0PORTAL",
		At: time.Now(), Replayed: f.IntN(3) == 0,
	}
	switch f.IntN(3) {
	case 0:
		d.Kind = bot.KindAction
		buttons := []string{"portal_approve", "portal_deny", "portal_part", "portal_amend", "portal_send", "portal_status", "portal_stop", "portal_discard"}
		d.Action = &bot.Action{ID: buttons[f.IntN(len(buttons))], Value: r.ID + " " + digest}
		if f.IntN(4) == 0 {
			d.Channel, d.Action.View = "", &bot.View{ID: "V1", Type: "modal"}
		}
	case 1:
		d.Kind, d.Channel = bot.KindSubmit, ""
		text := func(block, value string) bot.State { return bot.State{block: {"x": {Value: value}}} }
		views := []bot.View{
			{CallbackID: "portal_deny_reason", PrivateMetadata: r.ID + " " + digest + " C0PORTAL 1.2", State: text("reason", "because")},
			{CallbackID: "portal_part_rows", PrivateMetadata: fmt.Sprintf(`{"i":%q,"d":%q}`, r.ID, digest), State: bot.State{
				"reason": {"x": {Value: "because"}}, "rows": {"x": {Value: "1"}},
			}},
			{CallbackID: "portal_preview", PrivateMetadata: fmt.Sprintf(`{"i":%q,"d":%q}`, r.ID, digest)},
		}
		v := views[f.IntN(len(views))]
		v.ID, v.Hash, v.Type = "V1", "h", "modal"
		d.Submit = &v
	default:
		d.Kind = bot.KindCommand
		lines := []string{"status " + r.ID, "list", "stop " + r.ID, "approve " + r.ID, "resume", "help", "run " + r.ID, "retry " + r.ID, "undo " + r.ID}
		d.Command = &bot.Command{Name: "/portal", Text: lines[f.IntN(len(lines))]}
	}
	return d
}

// TestNobodyWithoutThePowerStartsARun is a property: after any sequence of what such people do, no request is approved in the least, none has
// run, and the org has nobody new. A denial is not theirs either.
func TestNobodyWithoutThePowerStartsARun(t *testing.T) {
	w := begin(t, func(s *setup) {
		s.policy.Approvers = []string{"U0BEN", "U0ANN", "U0GUS", "U0SAM", "U0DAN"} // a guest and a stranger on the list have no power either
	})
	w.send("ann", w.contacts(2))
	v := w.form("ann", "/portal add", "Add portal users")
	w.check(v, "people.csv", w.contacts(3))
	_, err := v.Submit(w.ctx)
	w.ok(err)
	w.message("*P-2*")
	f := &forger{Rand: rand.New(rand.NewPCG(7, 7))}
	for _, id := range []string{"P-1", "P-2"} {
		r, err := w.service.Request(w.ctx, id)
		w.ok(err)
		f.requests = append(f.requests, r)
	}
	w.ws.Inject(slacksim.Fault{Kind: slacksim.Refuse, Method: "views.update", Error: "internal_error"})
	users := w.org.Len("User")
	rounds := 1000
	if testing.Short() {
		rounds = 300
	}
	for range rounds {
		d := f.delivery()
		w.talk.Ack(d)
		if err := w.talk.Handle(w.ctx, d); err != nil && !harmless(err) {
			t.Fatalf("%s by %s: %v", d.Kind, d.User, err)
		}
		for _, was := range f.requests {
			r, err := w.service.Request(w.ctx, was.ID)
			w.ok(err)
			if len(r.Approvals) > 0 || r.State != provisioning.StatePending {
				t.Fatalf("%s by %q (%+v %+v %+v): %s is %s with %d approvals", d.Kind, d.User, d.Action, d.Submit, d.Command, r.ID, r.State, len(r.Approvals))
			}
		}
	}
	if n := w.org.Len("User"); n != users {
		t.Errorf("%d users were created", n-users)
	}
}

// harmless reports errors of answering people who cannot be answered.
func harmless(err error) bool {
	for _, word := range []string{"user_not_in_channel", "channel_not_found", "user_not_found", "cannot_dm_bot", "invalid_arguments", "answer:", "invalid_users", "internal_error"} {
		if strings.Contains(err.Error(), word) {
			return true
		}
	}
	return false
}
