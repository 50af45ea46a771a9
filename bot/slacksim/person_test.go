package slacksim_test

import (
	"fmt"
	"testing"

	"portalbot/bot/slacksim"
)

func TestPeopleAreRefusedAsTheClientRefusesThem(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	ann := ws.User("ann")
	m, err := ann.Message("#portal", "hi")
	ok(t, err)
	for want, got := range map[string]error{
		"/portal is not supported in threads. Sorry!": ann.TypeInThread(ctx, m, "/portal status"),
		`/nope is not a valid command. In Slack, all messages that start with the "/" character are interpreted as commands`: ann.Type(ctx, "#portal", "/nope"),
		"dan is deactivated and cannot sign in":           ws.User("dan").Type(ctx, "#portal", "/portal"),
		"there is no user zoe":                            ws.User("zoe").Type(ctx, "#portal", "/portal"),
		"ann is in no conversation #nowhere":              ann.Type(ctx, "#nowhere", "/portal"),
		`there is no shortcut "Other" on that message`:    ann.Shortcut(ctx, m, "Other"),
		`there is no button "Approve", only []`:           ann.Click(ctx, m, "Approve"),
		`/portal failed with the error "dispatch_failed"`: ann.Type(ctx, "#portal", "/portal"),
	} {
		if got == nil || got.Error() != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}

func TestAShortcutCarriesTheMessageWithItsFiles(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	sock, _ := app{t, ws}.connect()
	root, err := ws.User("ann").Message("#portal", "for <you> & @ben in #ops")
	ok(t, err)
	wants(t, root.Text, "for &lt;you&gt; &amp; <@U0BEN> in <#C0OPS>")
	wants(t, root.Read, "for <you> & @ben in #ops")
	m, err := ws.User("ann").UploadReply(root, "users.csv", []byte("Email\n"))
	ok(t, err)
	wants(t, m.ThreadTS, root.TS)
	done := async(func() error { return ws.User("ben").Shortcut(ctx, m, "Provision from CSV") })
	env := sock.next()
	wants(t, at(env, "payload", "type"), "message_action")
	wants(t, at(env, "payload", "message", "files", 0, "name"), "users.csv")
	wants(t, at(env, "payload", "message", "thread_ts"), root.TS)
	wants(t, at(env, "payload", "user", "id"), "U0BEN")
	sock.ack(env, nil)
	ok(t, <-done)
	wants(t, len(ws.Thread("#portal", root.TS)), 2)
}

func TestAButtonMayAskToConfirm(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	bot := app{t, ws}
	sock, _ := bot.connect()
	bot.call("chat.postMessage", object{"channel": "C0PORTAL", "text": "x", "blocks": []any{actions(
		with(button("Stop", "stop"), object{"confirm": dialog(5, 5, 3)}), button("Look", "l"),
		with(selectOf(options(2)), object{"placeholder": plain("More")}),
	)}})
	m := ws.Messages("#portal")[0]
	wants(t, m.Read, "[Stop] [Look] <More> (option 0) (option 1)")
	is(t, ws.User("ben").Click(ctx, m, "Stop"), slacksim.ErrConfirm)
	wants(t, ws.User("ben").ClickConfirm(ctx, m, "Look") != nil, true)
	done := async(func() error { return ws.User("ben").ClickConfirm(ctx, m, "Stop") })
	env := sock.next()
	sock.ack(env, nil)
	ok(t, <-done)
	done = async(func() error { return ws.User("ben").Choose(ctx, m, "More", "option 1") })
	env = sock.next()
	wants(t, at(env, "payload", "actions", 0, "selected_option", "value"), "1")
	sock.ack(env, nil)
	ok(t, <-done)
}

func TestAClickOnAnOldScreenStillArrives(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	bot := app{t, ws}
	sock, _ := bot.connect()
	ts := bot.call("chat.postMessage", object{"channel": "C0PORTAL", "text": "x", "blocks": []any{actions(button("Approve", "a"))}})["ts"]
	m := ws.Messages("#portal")[0]
	bot.call("chat.update", object{"channel": "C0PORTAL", "ts": ts, "text": "approved", "blocks": []any{section("approved")}})
	wants(t, ws.User("cas").Click(ctx, m, "Approve") != nil, true)
	done := async(func() error { return ws.User("cas").ClickSeen(ctx, m, "Approve") })
	env := sock.next()
	wants(t, at(env, "payload", "user", "id"), "U0CAS")
	wants(t, at(env, "payload", "message", "text"), "approved")
	sock.ack(env, nil)
	ok(t, <-done)
}

func TestMentionsAreThoseThatFire(t *testing.T) {
	ws := start(t, slacksim.Config{})
	bot := app{t, ws}
	for i, c := range []struct {
		body     object
		mentions string
		fallback string
	}{
		{object{"text": "<!channel> <@U0ANN> <!subteam^S0GROUP>"}, "[@channel @ann @approvers]", "[]"},
		{object{"text": "&lt;!channel&gt; @ann <https://x.example|@ann>"}, "[]", "[]"},
		{object{"text": "<!here>", "blocks": []any{section("quiet")}}, "[]", "[@here]"},
		{object{"text": "x", "blocks": []any{section("<!channel>"), object{"type": "context", "elements": []any{plain("<!here>")}}}}, "[@channel]", "[]"},
		{object{"text": "x", "blocks": []any{table(1, 1, "<!channel>")}}, "[]", "[]"},
		{object{"text": "x", "blocks": []any{rich(richSection(object{"type": "broadcast", "range": "here"}, object{"type": "user", "user_id": "U0BEN"}, run("<!channel>")))}}, "[@here @ben]", "[]"},
		{object{"text": "x", "blocks": []any{object{"type": "markdown", "text": "<!everyone>"}}}, "[@everyone]", "[]"},
	} {
		bot.call("chat.postMessage", with(c.body, object{"channel": fmt.Sprintf("U0%s", []string{"ANN", "BEN", "CAS"}[i%3])}))
		name := []string{"@ann", "@ben", "@cas"}[i%3]
		all := ws.Messages(name)
		m := all[len(all)-1]
		wants(t, fmt.Sprint(m.Mentions), c.mentions)
		wants(t, fmt.Sprint(m.FallbackMentions), c.fallback)
	}
}

func TestWhatAPersonReads(t *testing.T) {
	ws := start(t, slacksim.Config{})
	bot := app{t, ws}
	bot.call("chat.postMessage", object{"channel": "C0PORTAL", "text": "x", "blocks": []any{
		object{"type": "header", "text": plain("60 users & more")},
		section("*Acme* &lt;b&gt; <!date^1795000000^{date}|Nov 18> <https://x.example|here>"),
		object{"type": "divider"},
		object{"type": "plan", "title": "Run", "tasks": []any{task("complete"), task("error")}},
		table(2, 2, "c"),
		object{"type": "context", "elements": []any{mrkdwn("42/120"), plain("3 failed")}},
	}})
	wants(t, ws.Messages("#portal")[0].Read, "60 users & more\n*Acme* <b> Nov 18 here\n---\nRun\n[complete] Create users\n[error] Create users\nc | c\nc | c\n42/120 3 failed")
}

func TestTheFeedTellsEveryPostAndEditInOrder(t *testing.T) {
	ws := start(t, slacksim.Config{NoRateLimits: true})
	ctx := within(t)
	bot := app{t, ws}
	ts := bot.call("chat.postMessage", object{"channel": "C0PORTAL", "text": "0"})["ts"]
	feed := ws.Watch(ctx)
	for i := 1; i < 50; i++ {
		bot.call("chat.update", object{"channel": "C0PORTAL", "ts": ts, "text": fmt.Sprint(i)})
	}
	bot.call("chat.delete", object{"channel": "C0PORTAL", "ts": ts})
	for i := range 50 {
		c := <-feed
		wants(t, c.Message.Text, fmt.Sprint(i))
		wants(t, len(c.Message.Versions), i+1)
	}
	wants(t, (<-feed).Kind, slacksim.Deleted)
	ws.Close()
	if _, open := <-feed; open {
		t.Fatal("the feed outlives the workspace")
	}
}

func TestTheBotSeesItsOwnMessagesAndEditsWhereSubscribed(t *testing.T) {
	ws := start(t, slacksim.Config{})
	bot := app{t, ws}
	sock, _ := bot.connect()
	o := bot.call("chat.postMessage", object{"channel": "U0ANN", "text": "one"})
	env := sock.next()
	wants(t, at(env, "payload", "event", "bot_id"), "B0PORTAL")
	sock.ack(env, nil)
	bot.call("chat.update", object{"channel": o["channel"], "ts": o["ts"], "text": "two"})
	env = sock.next()
	wants(t, at(env, "payload", "event", "subtype"), "message_changed")
	wants(t, at(env, "payload", "event", "previous_message", "text"), "one")
	bot.call("chat.delete", object{"channel": o["channel"], "ts": o["ts"]})
	wants(t, at(sock.next(), "payload", "event", "subtype"), "message_deleted")
}

func TestChannelsAndPeopleChange(t *testing.T) {
	ws := start(t, slacksim.Config{})
	bot := app{t, ws}
	ok(t, ws.AddChannel(slacksim.ChannelConfig{ID: "C0NEW", Name: "new", Members: []string{"ann"}, NoBot: true}))
	wants(t, bot.refused("chat.postMessage", object{"channel": "C0NEW", "text": "x"}), "not_in_channel")
	ok(t, ws.Invite("#new", "portal"))
	bot.call("chat.postMessage", object{"channel": "C0NEW", "text": "x"})
	ok(t, ws.Kick("#new", "portal"))
	wants(t, bot.refused("chat.postMessage", object{"channel": "C0NEW", "text": "x"}), "not_in_channel")
	ok(t, ws.Archive("#portal", true))
	wants(t, bot.refused("chat.postMessage", object{"channel": "C0PORTAL", "text": "x"}), "is_archived")
	ws.AddUser(slacksim.UserConfig{Name: "eve"})
	ok(t, ws.Deactivate("eve"))
	wants(t, at(bot.call("users.info", object{"user": "U0EVE"}), "user", "deleted"), true)
	ws.SetUnavailable(slacksim.NewerBlocks()...)
	wants(t, bot.refused("chat.postMessage", object{"channel": "C0OPS", "text": "x", "blocks": []any{table(1, 1, "x")}}), "invalid_blocks")
}
