package slacksim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portalbot/bot/slacksim"
)

func TestCallsAreRefusedInSlacksWords(t *testing.T) {
	ws := start(t, slacksim.Config{NoRateLimits: true, Channels: []slacksim.ChannelConfig{
		{ID: "C0PORTAL", Name: "portal"},
		{ID: "C0AWAY", Name: "away", NoBot: true},
		{ID: "C0OLD", Name: "old", Archived: true},
		{ID: "C0SECRET", Name: "secret", Private: true, NoBot: true},
	}})
	bot := app{t, ws}
	ann, err := ws.User("ann").Message("#portal", "mine")
	ok(t, err)
	for _, c := range []struct {
		method string
		body   object
		want   string
	}{
		{"chat.nonsense", object{}, "unknown_method"},
		{"apps.connections.open", object{}, "not_allowed_token_type"},
		{"conversations.open", object{"users": "U0ANN"}, "missing_scope"},
		{"conversations.info", object{"channel": "C0PORTAL"}, "missing_scope"},
		{"chat.postMessage", object{"text": "x"}, "invalid_arguments"},
		{"chat.postMessage", object{"channel": "C0NONE", "text": "x"}, "channel_not_found"},
		{"chat.postMessage", object{"channel": "C0SECRET", "text": "x"}, "channel_not_found"},
		{"chat.postMessage", object{"channel": "U0DAN", "text": "x"}, "channel_not_found"},
		{"chat.postMessage", object{"channel": "C0AWAY", "text": "x"}, "not_in_channel"},
		{"chat.postMessage", object{"channel": "C0OLD", "text": "x"}, "is_archived"},
		{"chat.postMessage", object{"channel": "C0PORTAL"}, "no_text"},
		{"chat.postMessage", object{"channel": "C0PORTAL", "text": "x", "blocks": "no"}, "invalid_blocks_format"},
		{"chat.postMessage", object{"channel": "C0PORTAL", "text": "x", "blocks": []any{section("")}}, "invalid_blocks"},
		{"chat.postMessage", object{"channel": "C0PORTAL", "text": "x", "blocks": times(5, func(int) object { return section(long(3000)) })}, "msg_blocks_too_long"},
		{"chat.postMessage", object{"channel": "C0PORTAL", "text": "x", "metadata": object{"event_type": "a"}}, "invalid_metadata_format"},
		{"chat.postMessage", object{"channel": "C0PORTAL", "text": "x", "thread_ts": "1.2"}, "thread_not_found"},
		{"chat.postMessage", object{"channel": "C0PORTAL", "text": object{}}, "invalid_arguments"},
		{"chat.postMessage", object{"channel": "C0PORTAL", "text": "x", "attachments": []any{object{"text": "x"}}}, "invalid_attachments"},
		{"chat.postMessage", object{"channel": "C0PORTAL", "text": "x", "username": "boss"}, "missing_scope"},
		{"chat.postEphemeral", object{"channel": "C0PORTAL", "text": "x", "user": "U0NOBODY"}, "user_not_in_channel"},
		{"chat.update", object{"channel": "C0PORTAL", "ts": "1.2", "text": "x"}, "message_not_found"},
		{"chat.update", object{"channel": "C0PORTAL", "ts": ann.TS, "text": "x"}, "cant_update_message"},
		{"chat.delete", object{"channel": "C0PORTAL", "ts": ann.TS}, "cant_delete_message"},
		{"chat.getPermalink", object{"channel": "C0PORTAL", "message_ts": "1.2"}, "message_not_found"},
		{"conversations.history", object{"channel": "C0SECRET"}, "channel_not_found"},
		{"conversations.history", object{"channel": "C0AWAY"}, "not_in_channel"},
		{"conversations.history", object{"channel": "C0PORTAL", "limit": 0}, "invalid_limit"},
		{"conversations.history", object{"channel": "C0PORTAL", "cursor": "x"}, "invalid_cursor"},
		{"conversations.replies", object{"channel": "C0PORTAL", "ts": "1.2"}, "thread_not_found"},
		{"users.info", object{"user": "U0NOBODY"}, "user_not_found"},
		{"users.lookupByEmail", object{"email": "no@where.example"}, "users_not_found"},
		{"usergroups.users.list", object{"usergroup": "S0NONE"}, "no_such_subteam"},
		{"files.info", object{"file": "F0NONE"}, "file_not_found"},
		{"files.completeUploadExternal", object{"files": []any{object{"id": "F0NONE"}}}, "file_not_found"},
		{"files.getUploadURLExternal", object{"filename": "a.csv", "length": 0}, "invalid_arguments"},
		{"views.open", object{"view": csvModal()}, "invalid_arguments"},
		{"views.open", object{"trigger_id": "1.2.3", "view": csvModal()}, "invalid_trigger_id"},
		{"views.update", object{"view_id": "V0", "view": csvModal()}, "not_found"},
		{"views.publish", object{"user_id": "U0ANN", "view": csvModal()}, "invalid_arguments"},
		{"reactions.add", object{"channel": "C0PORTAL", "timestamp": ann.TS, "name": "eyes"}, "missing_scope"},
		{"bots.info", object{"bot": "B0"}, "bot_not_found"},
	} {
		if got := bot.refused(c.method, c.body); got != c.want {
			t.Errorf("%s %v: got %s, want %s", c.method, c.body, got, c.want)
		}
	}
	wants(t, len(ws.Messages("#portal")), 1)
}

func TestRefusedBlocksComeWithPointers(t *testing.T) {
	ws := start(t, slacksim.Config{})
	_, _, o := app{t, ws}.post(ws.BotToken(), "chat.postMessage", object{
		"channel": "C0PORTAL", "text": "x", "blocks": []any{object{"type": "header", "text": plain(long(151))}},
	})
	wants(t, at(o, "response_metadata", "messages", 0), "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]")
}

func TestTokensAndBodies(t *testing.T) {
	ws := start(t, slacksim.Config{})
	bot := app{t, ws}
	_, _, o := bot.post("", "auth.test", object{})
	wants(t, o["error"], "not_authed")
	_, _, o = bot.post("", "auth.test", object{"token": ws.BotToken()}) // Slack wants it in the header
	wants(t, o["error"], "not_authed")
	_, _, o = bot.post("xoxb-wrong", "auth.test", object{})
	wants(t, o["error"], "invalid_auth")
	_, _, o = bot.post(ws.AppToken(), "auth.test", object{})
	wants(t, o["error"], "not_allowed_token_type")
	_, _, o = bot.post(ws.BotToken(), "auth.test", []any{})
	wants(t, o["error"], "json_not_object")
	_, _, o = bot.form("auth.test", url.Values{})
	wants(t, o["user_id"], "U0PORTAL")
	_, _, o = bot.form("chat.postMessage", url.Values{
		"channel": {"C0PORTAL"}, "text": {"x"}, "blocks": {`[{"type":"divider"}]`}, "unfurl_links": {"false"},
	})
	wants(t, at(o, "message", "blocks", 0, "type"), "divider")
	wants(t, at(o, "message", "bot_id"), "B0PORTAL")
	_, _, o = bot.form("chat.postMessage", url.Values{"channel": {"C0PORTAL"}, "blocks": {`[{`}})
	wants(t, o["error"], "invalid_blocks_format")
	ws.SetScopes("chat:write")
	_, _, o = bot.form("users.info", url.Values{"user": {"U0ANN"}})
	wants(t, o["error"], "missing_scope")
	wants(t, o["needed"], "users:read")
	wants(t, o["provided"], "chat:write")
}

func TestRateLimitsAnswer429AndSayWhenToComeBack(t *testing.T) {
	clock := slacksim.NewManualClock(morning)
	ws := start(t, slacksim.Config{Clock: clock})
	bot := app{t, ws}
	post := func(channel string) (int, http.Header) {
		status, header, _ := bot.post(ws.BotToken(), "chat.postMessage", object{"channel": channel, "text": "x"})
		return status, header
	}
	for range 3 {
		status, _ := post("C0PORTAL")
		wants(t, status, http.StatusOK)
	}
	status, header := post("C0PORTAL")
	wants(t, status, http.StatusTooManyRequests)
	wants(t, header.Get("Retry-After"), "1")
	status, _ = post("C0OPS")
	wants(t, status, http.StatusOK)
	clock.Advance(time.Second)
	status, _ = post("C0PORTAL")
	wants(t, status, http.StatusOK)

	for range 20 {
		bot.call("usergroups.list", object{})
	}
	status, header, o := bot.post(ws.BotToken(), "usergroups.list", object{})
	wants(t, status, http.StatusTooManyRequests)
	wants(t, header.Get("Retry-After"), "3")
	wants(t, o["error"], "ratelimited")
	clock.Advance(3 * time.Second)
	bot.call("usergroups.list", object{})
	wants(t, ws.RateLimited()["usergroups.list"], 1)
	wants(t, ws.RateLimited()["chat.postMessage"], 1)
	wants(t, ws.Count("usergroups.list"), 22)
}

func TestHistoryIsPagedAndShowsMetadataOnRequest(t *testing.T) {
	ws := start(t, slacksim.Config{NoRateLimits: true})
	bot := app{t, ws}
	var root any
	for i := range 5 {
		o := bot.call("chat.postMessage", object{
			"channel": "C0PORTAL", "text": fmt.Sprint(i), "metadata": object{"event_type": "req", "event_payload": object{"n": i}},
		})
		root = o["ts"]
	}
	bot.call("chat.postMessage", object{"channel": "C0PORTAL", "text": "reply", "thread_ts": root})
	page := bot.call("conversations.history", object{"channel": "C0PORTAL", "limit": 2, "include_all_metadata": true})
	wants(t, at(page, "messages", 0, "text"), "4")
	wants(t, at(page, "messages", 0, "metadata", "event_payload", "n"), float64(4))
	wants(t, at(page, "messages", 0, "reply_count"), float64(1))
	wants(t, page["has_more"], true)
	page = bot.call("conversations.history", object{"channel": "C0PORTAL", "limit": 10, "cursor": at(page, "response_metadata", "next_cursor")})
	wants(t, len(page["messages"].([]any)), 3)
	wants(t, at(page, "messages", 0, "metadata"), nil)
	page = bot.call("conversations.replies", object{"channel": "C0PORTAL", "ts": root})
	wants(t, at(page, "messages", 1, "text"), "reply")
	page = bot.call("conversations.history", object{"channel": "C0PORTAL", "oldest": root, "inclusive": true})
	wants(t, len(page["messages"].([]any)), 1)
}

func TestUpdateWithoutBlocksRemovesThemAndMarksTheEdit(t *testing.T) {
	clock := slacksim.NewManualClock(morning)
	ws := start(t, slacksim.Config{Clock: clock, EditWindow: time.Hour})
	bot := app{t, ws}
	ts := bot.call("chat.postMessage", object{"channel": "C0PORTAL", "text": "one", "blocks": []any{section("ONE")}})["ts"].(string)
	clock.Advance(time.Minute)
	bot.call("chat.update", object{"channel": "C0PORTAL", "ts": ts, "text": "two"})
	m, found := ws.Message("#portal", ts)
	wants(t, found, true)
	wants(t, m.Read, "two")
	wants(t, m.Blocks == nil, true)
	wants(t, m.Edited, true)
	wants(t, m.Versions[0].Read, "ONE")
	wants(t, m.Versions[1].At, morning.Add(time.Minute))
	wants(t, bot.refused("chat.update", object{"channel": "C0PORTAL", "ts": ts, "text": long(4001)}), "msg_too_long")
	clock.Advance(time.Hour)
	wants(t, bot.refused("chat.update", object{"channel": "C0PORTAL", "ts": ts, "text": "three"}), "edit_window_closed")
	bot.call("chat.delete", object{"channel": "C0PORTAL", "ts": ts})
	wants(t, len(ws.Messages("#portal")), 0)
	o := bot.call("chat.postMessage", object{"channel": "U0ANN", "text": strings.Repeat("é", 40_001)})
	wants(t, len([]rune(at(o, "message", "text").(string))), 40_000)
	wants(t, ws.User("ann").DM()[0].TS, o["ts"])
}

func TestWhoIsWho(t *testing.T) {
	ws := start(t, slacksim.Config{})
	bot := app{t, ws}
	user := func(id string) any { return bot.call("users.info", object{"user": id})["user"] }
	wants(t, at(user("U0ANN"), "profile", "email"), "ann@acme.example")
	wants(t, at(user("U0GUS"), "is_restricted"), true)
	wants(t, at(user("U0UMA"), "is_ultra_restricted"), true)
	wants(t, at(user("U0DAN"), "deleted"), true)
	wants(t, at(user("U0ROBO"), "is_bot"), true)
	wants(t, at(user("U0SAM"), "team_id"), "T0OTHER")
	wants(t, at(bot.call("users.lookupByEmail", object{"email": "ben@acme.example"}), "user", "id"), "U0BEN")
	wants(t, fmt.Sprint(bot.call("usergroups.users.list", object{"usergroup": "S0GROUP"})["users"]), "[U0BEN U0CAS]")
	ok(t, ws.SetGroup("approvers", "ada"))
	wants(t, fmt.Sprint(bot.call("usergroups.users.list", object{"usergroup": "S0GROUP"})["users"]), "[U0ADMIN]")
	wants(t, at(bot.call("usergroups.list", object{"include_users": true}), "usergroups", 0, "users", 0), "U0ANN")
	wants(t, len(bot.call("users.list", object{})["members"].([]any)), 9)
	ws.SetScopes("users:read", "im:write", "channels:read")
	wants(t, at(user("U0ANN"), "profile", "email"), nil)
	wants(t, at(bot.call("conversations.open", object{"users": "U0ANN"}), "channel", "is_im"), true)
	wants(t, bot.refused("conversations.open", object{"users": "U0DAN"}), "user_disabled")
	wants(t, at(bot.call("conversations.info", object{"channel": "C0PORTAL"}), "channel", "is_member"), true)
	wants(t, bot.refused("conversations.info", object{"channel": "C0OPS"}), "missing_scope")
}
