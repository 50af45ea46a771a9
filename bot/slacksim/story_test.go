package slacksim_test

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"

	"portalbot/bot/slacksim"
)

func csvModal() object {
	return object{
		"type": "modal", "title": plain("Add portal users"), "submit": plain("Check"), "callback_id": "add", "private_metadata": "C0PORTAL",
		"blocks": []any{
			object{
				"type": "input", "block_id": "csv", "label": plain("CSV file"),
				"element": object{"type": "file_input", "action_id": "file", "filetypes": []any{"csv"}, "max_files": 1},
			},
			object{
				"type": "input", "block_id": "note", "label": plain("Note"), "optional": true,
				"element": object{"type": "plain_text_input", "action_id": "text"},
			},
		},
	}
}

func TestACommandOpensAModalWhoseFileIsPostedForApproval(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	bot := app{t, ws}
	sock, hello := bot.connect()
	wants(t, hello["type"], "hello")
	wants(t, hello["num_connections"], float64(1))
	ann, ben := ws.User("ann"), ws.User("ben")

	typed := async(func() error { return ann.Type(ctx, "#portal", "/portal add @ben") })
	env := sock.next()
	wants(t, env["type"], "slash_commands")
	wants(t, env["accepts_response_payload"], true)
	wants(t, at(env, "payload", "command"), "/portal")
	wants(t, at(env, "payload", "text"), "add <@U0BEN|ben>")
	wants(t, at(env, "payload", "channel_name"), "portal")
	sock.ack(env, nil)
	ok(t, <-typed)

	opened := bot.call("views.open", object{"trigger_id": at(env, "payload", "trigger_id"), "view": csvModal()})
	m, err := ann.WaitModal(ctx, "Add portal users")
	ok(t, err)
	wants(t, m.ID(), at(opened, "view", "id"))

	seen, err := m.Submit(ctx)
	ok(t, err)
	wants(t, seen.Errors["CSV file"], "Please complete this required field.")

	csv := []byte("Email\na@b.example\n")
	ok(t, m.Attach("CSV file", "users.csv", csv))
	ok(t, m.Fill("Note", "for Acme"))
	sent := async(func() (err error) { seen, err = m.Submit(ctx); return err })
	env = sock.next()
	wants(t, at(env, "payload", "type"), "view_submission")
	wants(t, at(env, "payload", "view", "private_metadata"), "C0PORTAL")
	wants(t, at(env, "payload", "view", "state", "values", "note", "text", "value"), "for Acme")
	file := at(env, "payload", "view", "state", "values", "csv", "file", "files", 0)
	wants(t, at(file, "mimetype"), "text/csv")
	wants(t, at(file, "size"), float64(len(csv)))
	sock.ack(env, object{"response_action": "update", "view": object{
		"type": "modal", "title": plain("Checking"), "blocks": []any{section("Checking your file ...")},
	}})
	ok(t, <-sent)
	wants(t, seen.Updated, true)
	wants(t, m.Text(), "Checking your file ...")

	body, status := bot.download(at(file, "url_private_download").(string), ws.BotToken())
	wants(t, status, http.StatusOK)
	wants(t, bytes.Equal(body, csv), true)

	posted := bot.call("chat.postMessage", object{"channel": "C0PORTAL", "text": "plan", "blocks": []any{
		section("1 user for <@U0ANN>"),
		object{"type": "actions", "elements": []any{button("Approve", "ok"), button("Deny", "no")}},
	}})
	msg, err := ws.WaitMessage(ctx, func(m slacksim.Message) bool { return m.TS == posted["ts"] })
	ok(t, err)
	wants(t, ws.Text(msg), "1 user for @ann\n[Approve] [Deny]")
	wants(t, fmt.Sprint(msg.Mentions), "[@ann]")

	clicked := async(func() error { return ben.Click(ctx, msg, "Approve") })
	env = sock.next()
	wants(t, at(env, "payload", "type"), "block_actions")
	wants(t, at(env, "payload", "user", "id"), "U0BEN")
	wants(t, at(env, "payload", "actions", 0, "action_id"), "ok")
	wants(t, at(env, "payload", "message", "ts"), msg.TS)
	wants(t, at(env, "payload", "container", "channel_id"), "C0PORTAL")
	sock.ack(env, object{})
	ok(t, <-clicked)

	bot.call("chat.update", object{"channel": "C0PORTAL", "ts": msg.TS, "text": "approved", "blocks": []any{section("approved")}})
	msg, err = ws.WaitEdit(ctx, msg, func(m slacksim.Message) bool { return m.Read == "approved" })
	ok(t, err)
	wants(t, msg.Edited, false)
	wants(t, len(msg.Versions), 2)
	if err := ben.Click(ctx, msg, "Approve"); err == nil {
		t.Fatal("the button is gone, yet it was clicked")
	}
	wants(t, len(ws.Acks()), 3)
	wants(t, len(ws.AckProblems()), 0)
}

// download gets a file with a token and follows redirects, as clients do.
func (a app) download(where, token string) ([]byte, int) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, where, nil)
	ok(a.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	ok(a.t, err)
	defer func() { _ = res.Body.Close() }()
	var buf bytes.Buffer
	_, err = buf.ReadFrom(res.Body)
	ok(a.t, err)
	return buf.Bytes(), res.StatusCode
}
