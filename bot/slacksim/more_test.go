package slacksim_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"portalbot/bot/slacksim"
)

func TestEveryElementIsTakenWhereItBelongs(t *testing.T) {
	elements := []any{
		with(button("Go", "e0"), object{"style": "primary", "url": "https://x.example", "accessibility_label": "Go on"}),
		object{"type": "checkboxes", "action_id": "e1", "options": options(2), "initial_options": options(1)},
		object{"type": "radio_buttons", "action_id": "e2", "options": options(2), "initial_option": options(1)[0]},
		object{"type": "overflow", "action_id": "e3", "options": options(2)},
		object{"type": "datepicker", "action_id": "e4", "initial_date": "2026-12-24"},
		object{"type": "timepicker", "action_id": "e5", "initial_time": "09:30"},
		object{"type": "datetimepicker", "action_id": "e6", "initial_date_time": 1795000000},
		object{"type": "users_select", "action_id": "e7", "initial_user": "U0ANN"},
		object{"type": "channels_select", "action_id": "e8", "initial_channel": "C0PORTAL"},
		object{"type": "conversations_select", "action_id": "e9", "filter": object{"include": []any{"im", "public"}, "exclude_bot_users": true}},
		object{"type": "external_select", "action_id": "e10", "min_query_length": 3},
		object{"type": "multi_static_select", "action_id": "e11", "max_selected_items": 2, "option_groups": []any{object{"label": plain("g"), "options": options(2)}}},
		object{"type": "multi_users_select", "action_id": "e12", "initial_users": []any{"U0ANN"}},
		object{"type": "multi_conversations_select", "action_id": "e13", "default_to_current_conversation": true},
		object{"type": "multi_channels_select", "action_id": "e14"},
		object{"type": "workflow_button", "action_id": "e15", "text": plain("Run"), "workflow": object{"trigger": object{"url": "https://slack.example/t"}}},
	}
	all := []any{
		actions(elements...),
		object{"type": "section", "text": mrkdwn("x"), "accessory": object{"type": "image", "slack_file": object{"id": "F1"}, "alt_text": "a"}},
		object{"type": "context", "elements": []any{object{"type": "image", "image_url": "https://x.example/i.png", "alt_text": "a"}, plain("x")}},
		object{"type": "context_actions", "elements": []any{object{
			"type": "feedback_buttons", "action_id": "f", "positive_button": object{"text": plain("Good"), "value": "1"},
			"negative_button": object{"text": plain("Bad"), "value": "0"},
		}}},
		rich(
			richSection(
				object{"type": "text", "text": "bold", "style": object{"bold": true}}, object{"type": "link", "url": "https://x.example", "text": "here"},
				object{"type": "emoji", "name": "tada"}, object{"type": "user", "user_id": "U0ANN"}, object{"type": "usergroup", "usergroup_id": "S0GROUP"},
				object{"type": "channel", "channel_id": "C0PORTAL"}, object{"type": "broadcast", "range": "here"},
				object{"type": "date", "timestamp": 1795000000, "format": "{date}", "fallback": "Nov 18"}, object{"type": "color", "value": "#fff"},
			),
			object{"type": "rich_text_quote", "elements": []any{run("q")}}, object{"type": "rich_text_preformatted", "elements": []any{run("p")}, "border": 1},
			object{"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": []any{richSection(run("l"))}},
		),
		object{"type": "carousel", "elements": []any{object{"type": "card", "title": plain("One"), "actions": []any{button("Open", "o")}}}},
		object{"type": "container", "title": plain("More"), "child_blocks": []any{section("inside")}, "collapsible": true},
		with(dataTable(2, 1), object{"rows": []any{[]any{raw("Head")}, []any{object{
			"type": "action_cell", "element": button("Retry", "r"), "fallback": raw("Retry"),
		}}}}),
		with(task("complete"), object{"details": rich(richSection(run("60 rows"))), "sources": []any{object{"type": "url", "url": "https://x.example", "text": "x"}}}),
	}
	if problems := lintOf(t, all...); len(problems) > 0 {
		t.Fatal(problems)
	}
	ws := start(t, slacksim.Config{})
	app{t, ws}.call("chat.postMessage", object{"channel": "C0PORTAL", "text": "x", "blocks": all})
	read := ws.Messages("#portal")[0].Read
	for _, want := range []string{"[Go]", "boldhere:tada:@ann@approvers#portal@hereNov 18", "One", "[Open]", "More\ninside", "Head\n[Retry]", "[complete] Create users: 60 rows"} {
		if !strings.Contains(read, want) {
			t.Errorf("%q is not in %q", want, read)
		}
	}
	home, err := json.Marshal(object{"type": "home", "blocks": []any{
		input("Text", with(typed("t"), object{"multiline": true, "initial_value": "x", "dispatch_action_config": object{"trigger_actions_on": []any{"on_enter_pressed"}}})),
		input("Rich", object{"type": "rich_text_input", "action_id": "r", "initial_value": rich(richSection(run("x")))}),
		input("URL", object{"type": "url_text_input", "action_id": "u", "initial_value": "https://x.example"}),
		input("Number", object{"type": "number_input", "action_id": "n", "is_decimal_allowed": true, "min_value": "0.5"}),
	}})
	ok(t, err)
	if problems := slacksim.LintView(home); len(problems) > 0 {
		t.Fatal(problems)
	}
}

func TestEphemeralMessagesReachOnePersonAndAreNotChangedByUpdate(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	bot := app{t, ws}
	o := bot.call("chat.postEphemeral", object{"channel": "C0PORTAL", "user": "U0BEN", "text": "You may not approve this."})
	m, err := ws.User("ben").WaitEphemeral(ctx, func(slacksim.Message) bool { return true })
	ok(t, err)
	wants(t, m.TS, o["message_ts"])
	wants(t, len(ws.User("ann").Sees("#portal")), 0)
	wants(t, bot.refused("chat.update", object{"channel": "C0PORTAL", "ts": m.TS, "text": "x"}), "message_not_found")
	wants(t, len(bot.call("conversations.history", object{"channel": "C0PORTAL"})["messages"].([]any)), 0)
}

func TestADMIsWaitedFor(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	bot := app{t, ws}
	ann := ws.User("ann")
	got := make(chan slacksim.Message, 1)
	done := async(func() error {
		m, err := ann.WaitDM(ctx, func(m slacksim.Message) bool { return m.Text == "second" })
		got <- m
		return err
	})
	bot.call("chat.postMessage", object{"channel": "U0BEN", "text": "second"})
	first := bot.call("chat.postMessage", object{"channel": ann.ID(), "text": "first"})
	bot.call("chat.postMessage", object{"channel": first["channel"], "text": "second", "thread_ts": first["ts"]})
	ok(t, <-done)
	m := <-got
	wants(t, m.ChannelName, "@ann")
	wants(t, m.ThreadTS, first["ts"])
	_, err := ann.Reply(m, "thanks")
	ok(t, err)
	wants(t, len(ws.Thread("@ann", first["ts"].(string))), 3)
	link := bot.call("chat.getPermalink", object{"channel": m.Channel, "message_ts": m.TS})["permalink"].(string)
	wants(t, strings.Contains(link, "thread_ts="+m.ThreadTS), true)
	ok(t, ann.OpenMessagesTab(ctx))
	wants(t, fmt.Sprint(ann.DM()[0]), "@ann "+first["ts"].(string)+" portal: first")
}

func TestAStackOfModalsIsClosedAtOnce(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	bot := app{t, ws}
	sock, _ := bot.connect()
	bot.call("views.open", object{"trigger_id": bot.trigger(ctx, sock), "view": modal(object{"blocks": []any{
		input("Name", typed("n")), actions(with(button("Drop", "d"), object{"confirm": dialog(3, 3, 3)})),
	}})})
	ann := ws.User("ann")
	m := ann.Modal()
	wants(t, fmt.Sprint(m.Labels(), m.Buttons()), "[Name] [Drop]")
	is(t, m.Click(ctx, "Drop"), slacksim.ErrConfirm)
	clicked := async(func() error { return m.ClickConfirm(ctx, "Drop") })
	env := sock.next()
	sock.ack(env, nil)
	ok(t, <-clicked)
	bot.call("views.push", object{"trigger_id": at(env, "payload", "trigger_id"), "view": modal(object{"notify_on_close": true})})
	var shown object
	ok(t, json.Unmarshal(ann.Modal().JSON(), &shown))
	wants(t, shown["previous_view_id"], m.ID())
	closed := async(func() error { return ann.Modal().CloseAll(ctx) })
	env = sock.next()
	wants(t, at(env, "payload", "is_cleared"), true)
	sock.ack(env, nil)
	ok(t, <-closed)
	wants(t, m.Open(), false)
}

func TestSmallMethods(t *testing.T) {
	ws := start(t, slacksim.Config{Scopes: append(slacksim.DefaultScopes(), "channels:read", "reactions:write")})
	bot := app{t, ws}
	o := bot.call("chat.postMessage", object{"channel": "#portal", "text": "x"})
	bot.call("reactions.add", object{"channel": "C0PORTAL", "timestamp": o["ts"], "name": "eyes"})
	wants(t, bot.refused("reactions.add", object{"channel": "C0PORTAL", "timestamp": o["ts"], "name": "eyes"}), "already_reacted")
	wants(t, ws.Messages("#portal")[0].Reactions[0], "eyes")
	wants(t, len(bot.call("conversations.members", object{"channel": "C0PORTAL", "limit": 3})["members"].([]any)), 3)
	wants(t, at(bot.call("bots.info", object{"bot": "B0PORTAL"}), "bot", "user_id"), "U0PORTAL")
	_, _, page := bot.form("users.list", url.Values{"limit": {"2"}})
	wants(t, at(page, "response_metadata", "next_cursor") != "", true)
}

func TestABadConfigurationIsSaid(t *testing.T) {
	for _, cfg := range []slacksim.Config{
		{Addr: "256.0.0.1:0"},
		{Channels: []slacksim.ChannelConfig{{Name: "x", Members: []string{"zoe"}}}},
		{Groups: []slacksim.GroupConfig{{Handle: "x", Members: []string{"zoe"}}}},
	} {
		if _, err := slacksim.New(cfg); err == nil {
			t.Fatalf("%+v was taken", cfg)
		}
	}
}
