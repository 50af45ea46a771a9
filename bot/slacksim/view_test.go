package slacksim_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"portalbot/bot/slacksim"
)

// trigger has ann type a command and returns its trigger id.
func (a app) trigger(ctx context.Context, sock *socket) any {
	a.t.Helper()
	typed := async(func() error { return a.ws.User("ann").Type(ctx, "#portal", "/portal add") })
	env := sock.next()
	sock.ack(env, nil)
	ok(a.t, <-typed)
	return at(env, "payload", "trigger_id")
}

func TestATriggerOpensOneModalAndSoon(t *testing.T) {
	clock := slacksim.NewManualClock(morning)
	ws := start(t, slacksim.Config{Clock: clock})
	ctx := within(t)
	bot := app{t, ws}
	sock, _ := bot.connect()
	trigger := bot.trigger(ctx, sock)
	wants(t, bot.refused("views.open", object{"trigger_id": trigger, "view": modal(object{"title": plain(long(25))})}), "invalid_arguments")
	bot.call("views.open", object{"trigger_id": trigger, "view": csvModal()})
	wants(t, bot.refused("views.open", object{"trigger_id": trigger, "view": csvModal()}), "exchanged_trigger_id")
	trigger = bot.trigger(ctx, sock)
	clock.Advance(3*time.Second + 1)
	wants(t, bot.refused("views.open", object{"trigger_id": trigger, "view": csvModal()}), "expired_trigger_id")
}

func TestAViewIsUpdatedOnlyAgainstItsHash(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	bot := app{t, ws}
	sock, _ := bot.connect()
	opened := bot.call("views.open", object{"trigger_id": bot.trigger(ctx, sock), "view": modal(object{"external_id": "draft-1"})})
	id, hash := at(opened, "view", "id"), at(opened, "view", "hash")
	m := ws.User("ann").Modal()
	ok(t, m.Fill("Name", "Acme"))
	updated := bot.call("views.update", object{"view_id": id, "hash": hash, "view": modal(object{"title": plain("Two"), "external_id": "draft-1"})})
	wants(t, m.Title(), "Two")
	wants(t, at(updated, "view", "state", "values", "Name", "n", "value"), "Acme")
	wants(t, bot.refused("views.update", object{"view_id": id, "hash": hash, "view": modal(nil)}), "hash_conflict")
	bot.call("views.update", object{"external_id": "draft-1", "view": modal(object{"title": plain("Three")})})
	wants(t, m.Title(), "Three")
	ok(t, m.Close(ctx))
	wants(t, bot.refused("views.update", object{"view_id": id, "view": modal(nil)}), "not_found")
}

// submit presses submit and answers it with the response given.
func submit(ctx context.Context, m *slacksim.View, sock *socket, response any) (slacksim.Submitted, object, error) {
	var seen slacksim.Submitted
	done := async(func() (err error) { seen, err = m.Submit(ctx); return err })
	env := sock.next()
	sock.ack(env, response)
	return seen, env, <-done
}

func TestTheAnswerToASubmissionIsShown(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	bot := app{t, ws}
	sock, _ := bot.connect()
	bot.call("views.open", object{"trigger_id": bot.trigger(ctx, sock), "view": modal(nil)})
	ann := ws.User("ann")
	m := ann.Modal()
	ok(t, m.Fill("Name", "x"))

	seen, _, err := submit(ctx, m, sock, object{"response_action": "errors", "errors": object{"Name": "too short"}})
	ok(t, err)
	wants(t, seen.Errors["Name"], "too short")
	_, _, err = submit(ctx, m, sock, object{"response_action": "errors", "errors": object{"nowhere": "x"}})
	wants(t, err.Error(), `We had some trouble connecting. Try again? (errors names "nowhere", which is no input block)`)
	_, _, err = submit(ctx, m, sock, object{"response_action": "update", "view": modal(object{"title": plain(long(25))})})
	var shown *slacksim.SeenError
	wants(t, errors.As(err, &shown), true)
	wants(t, m.Open(), true)

	seen, env, err := submit(ctx, m, sock, object{"response_action": "push", "view": modal(object{"title": plain("Second"), "notify_on_close": true})})
	ok(t, err)
	wants(t, ann.Modal().Title(), "Second")
	wants(t, at(env, "payload", "view", "root_view_id"), m.ID())
	if _, err := m.Submit(ctx); err == nil {
		t.Fatal("a covered modal was submitted")
	}
	closed := async(func() error { return seen.Pushed.Close(ctx) })
	env = sock.next()
	wants(t, at(env, "payload", "type"), "view_closed")
	wants(t, at(env, "payload", "is_cleared"), false)
	wants(t, at(env, "payload", "view", "previous_view_id"), m.ID())
	sock.ack(env, nil)
	ok(t, <-closed)
	wants(t, ann.Modal().ID(), m.ID())
	seen, _, err = submit(ctx, m, sock, nil)
	ok(t, err)
	wants(t, seen.Closed, true)
	wants(t, ann.Modal() == nil, true)
}

func TestASubmissionWithoutAnAckShowsTrouble(t *testing.T) {
	clock := slacksim.NewManualClock(morning)
	ws := start(t, slacksim.Config{Clock: clock})
	ctx := within(t)
	bot := app{t, ws}
	sock, _ := bot.connect()
	bot.call("views.open", object{"trigger_id": bot.trigger(ctx, sock), "view": modal(nil)})
	m := ws.User("ann").Modal()
	ok(t, m.Fill("Name", "x"))
	done := async(func() error { _, err := m.Submit(ctx); return err })
	first := sock.next()
	clock.Advance(3 * time.Second)
	is(t, <-done, slacksim.ErrOperationTimeout)
	again := sock.next()
	wants(t, again["envelope_id"], first["envelope_id"])
	wants(t, again["retry_attempt"], float64(1))
	wants(t, m.Open(), true)
}

func TestEveryKindOfInputIsFilledIn(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	bot := app{t, ws}
	sock, _ := bot.connect()
	bot.call("views.open", object{"trigger_id": bot.trigger(ctx, sock), "view": modal(object{"blocks": []any{
		input("Portal", object{"type": "static_select", "action_id": "a", "options": options(2)}),
		input("Mail", object{"type": "radio_buttons", "action_id": "a", "options": options(2)}),
		input("Rows", object{"type": "checkboxes", "action_id": "a", "options": options(3), "initial_options": options(1)}),
		input("Approver", object{"type": "users_select", "action_id": "a"}),
		input("Where", object{"type": "conversations_select", "action_id": "a", "response_url_enabled": true}),
		input("Day", object{"type": "datepicker", "action_id": "a"}),
		input("Count", object{"type": "number_input", "action_id": "a", "is_decimal_allowed": false, "max_value": "50"}),
		input("Reply to", object{"type": "email_text_input", "action_id": "a"}),
		input("Short", object{"type": "plain_text_input", "action_id": "a", "min_length": 3, "max_length": 5}),
		object{"type": "section", "text": mrkdwn("Look ahead"), "accessory": button("Preview", "p")},
	}})})
	m := ws.User("ann").Modal()
	seen, err := m.Submit(ctx)
	ok(t, err)
	wants(t, len(seen.Errors), 8)
	ok(t, m.Choose("Portal", "option 1"))
	ok(t, m.Choose("Mail", "option 0"))
	ok(t, m.Check("Rows", "option 2"))
	ok(t, m.Uncheck("Rows", "option 0"))
	ok(t, m.Choose("Approver", "@ben"))
	ok(t, m.Choose("Where", "#portal"))
	ok(t, m.Fill("Day", "2026-12-24"))
	ok(t, m.Fill("Count", "51"))
	ok(t, m.Fill("Reply to", "nobody"))
	ok(t, m.Fill("Short", "ab"))
	for _, wrong := range []error{
		m.Choose("Portal", "option 9"), m.Fill("Short", "abcdef"), m.Fill("Day", "tomorrow"), m.Fill("Nowhere", "x"),
		m.Attach("Short", "a.csv", nil), m.Check("Portal", "option 1"),
	} {
		if wrong == nil {
			t.Fatal("the client took what it cannot take")
		}
	}
	seen, err = m.Submit(ctx)
	ok(t, err)
	wants(t, len(seen.Errors), 3)
	ok(t, m.Fill("Count", "50"))
	ok(t, m.Fill("Reply to", "a@b.example"))
	ok(t, m.Fill("Short", "abc"))
	clicked := async(func() error { return m.Click(ctx, "Preview") })
	env := sock.next()
	wants(t, at(env, "payload", "type"), "block_actions")
	wants(t, at(env, "payload", "container", "view_id"), m.ID())
	sock.ack(env, nil)
	ok(t, <-clicked)
	pushed := bot.call("views.push", object{"trigger_id": at(env, "payload", "trigger_id"), "view": modal(nil)})
	wants(t, at(pushed, "view", "previous_view_id"), m.ID())
	ok(t, ws.User("ann").Modal().Close(ctx))
	_, env, err = submit(ctx, m, sock, object{"response_action": "clear"})
	ok(t, err)
	state := at(env, "payload", "view", "state", "values")
	wants(t, at(state, "Portal", "a", "selected_option", "value"), "1")
	wants(t, at(state, "Rows", "a", "selected_options", 0, "value"), "2")
	wants(t, at(state, "Approver", "a", "selected_user"), "U0BEN")
	wants(t, at(state, "Where", "a", "selected_conversation"), "C0PORTAL")
	wants(t, at(state, "Day", "a", "selected_date"), "2026-12-24")
	wants(t, at(env, "payload", "response_urls", 0, "channel_id"), "C0PORTAL")
}

func TestAFileInputRefusesWhatTheClientRefuses(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	bot := app{t, ws}
	sock, _ := bot.connect()
	bot.call("views.open", object{"trigger_id": bot.trigger(ctx, sock), "view": csvModal()})
	m := ws.User("ann").Modal()
	wants(t, m.Attach("CSV file", "a.png", []byte("x")) != nil, true)
	wants(t, m.Attach("CSV file", "a.csv", make([]byte, 10<<20+1)) != nil, true)
	ok(t, m.Attach("CSV file", "a.csv", []byte("x")))
	wants(t, m.Attach("CSV file", "b.csv", []byte("x")) != nil, true)
	ok(t, m.Detach("CSV file"))
	ok(t, m.Attach("CSV file", "b.csv", []byte("x")))
}

func TestHomeIsOpenedPublishedAndClicked(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	bot := app{t, ws}
	sock, _ := bot.connect()
	ann := ws.User("ann")
	ok(t, ann.OpenHome(ctx))
	env := sock.next()
	wants(t, at(env, "payload", "event", "type"), "app_home_opened")
	wants(t, at(env, "payload", "event", "tab"), "home")
	bot.call("views.publish", object{"user_id": "U0ANN", "view": object{"type": "home", "blocks": []any{section("Nothing yet"), actions(button("Start", "s"))}}})
	home, err := ann.WaitHome(ctx, func(v *slacksim.View) bool { return v.Text() == "Nothing yet\n[Start]" })
	ok(t, err)
	clicked := async(func() error { return home.Click(ctx, "Start") })
	env = sock.next()
	wants(t, at(env, "payload", "view", "type"), "home")
	sock.ack(env, nil)
	ok(t, <-clicked)
	bot.call("views.publish", object{"user_id": "U0ANN", "view": object{"type": "home", "blocks": []any{section("One")}}})
	ok(t, home.Wait(ctx, func(v *slacksim.View) bool { return v.Text() == "One" }))
}
