package slacksim_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"portalbot/bot/slacksim"
)

// put posts bytes to an upload URL and returns the status and the answer's text.
func (a app) put(where, kind string, data []byte) (int, string) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, where, bytes.NewReader(data))
	ok(a.t, err)
	req.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(req)
	ok(a.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	ok(a.t, err)
	return res.StatusCode, string(body)
}

func TestAFileIsUploadedInThreeSteps(t *testing.T) {
	clock := slacksim.NewManualClock(morning)
	ws := start(t, slacksim.Config{Clock: clock, ShareDelay: time.Second})
	bot := app{t, ws}
	ctx := within(t)
	root := bot.call("chat.postMessage", object{"channel": "C0PORTAL", "text": "root"})["ts"]
	step1 := bot.call("files.getUploadURLExternal", object{"filename": "results.csv", "length": 12})
	id, where := step1["file_id"], step1["upload_url"].(string)
	done := object{"files": []any{object{"id": id, "title": "Results"}}, "channel_id": "C0PORTAL", "thread_ts": root, "initial_comment": "done"}
	wants(t, bot.refused("files.completeUploadExternal", done), "file_not_found")
	status, _ := bot.put(where, "application/octet-stream", []byte("short"))
	wants(t, status, http.StatusBadRequest)
	status, text := bot.put(where, "application/octet-stream", []byte("Row,Status\n1"))
	wants(t, status, http.StatusOK)
	wants(t, text, "OK - 12")
	wants(t, bot.refused("files.info", object{"file": id}), "file_not_found")
	wants(t, at(bot.call("files.completeUploadExternal", done), "files", 0, "id"), id)
	wants(t, bot.refused("files.completeUploadExternal", done), "file_update_failed")

	info := bot.call("files.info", object{"file": id})
	wants(t, at(info, "file", "title"), "Results")
	wants(t, at(info, "file", "shares", "public"), nil)
	clock.Advance(time.Second)
	m, err := ws.WaitMessage(ctx, func(m slacksim.Message) bool { return len(m.Files) == 1 })
	ok(t, err)
	wants(t, m.ThreadTS, root)
	wants(t, m.Text, "done")
	wants(t, string(m.Files[0].Data), "Row,Status\n1")
	info = bot.call("files.info", object{"file": id})
	wants(t, at(info, "file", "shares", "public", "C0PORTAL", 0, "ts"), m.TS)
	wants(t, at(info, "file", "shares", "public", "C0PORTAL", 0, "thread_ts"), root)
	bot.call("files.delete", object{"file": id})
	wants(t, bot.refused("files.info", object{"file": id}), "file_deleted")
	wants(t, len(ws.Files()), 0)
}

func TestAnUploadMayBeMultipart(t *testing.T) {
	ws := start(t, slacksim.Config{})
	bot := app{t, ws}
	step1 := bot.call("files.getUploadURLExternal", object{"filename": "a.csv", "length": 3})
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "a.csv")
	ok(t, err)
	_, err = part.Write([]byte("a,b"))
	ok(t, err)
	ok(t, form.Close())
	body.WriteString("\r\n--" + form.Boundary() + "--\r\n") // some clients close twice
	status, text := bot.put(step1["upload_url"].(string), form.FormDataContentType(), body.Bytes())
	wants(t, status, http.StatusOK)
	wants(t, text, "OK - 3")
}

func TestAFileIsReadOnlyWithRights(t *testing.T) {
	ws := start(t, slacksim.Config{Channels: []slacksim.ChannelConfig{
		{ID: "C0PORTAL", Name: "portal"}, {ID: "C0SECRET", Name: "secret", Private: true, NoBot: true},
	}})
	bot := app{t, ws}
	sock, _ := bot.connect()
	_, err := ws.User("ann").Upload("@portal", "users.csv", []byte("Email\n"))
	ok(t, err)
	env := sock.next()
	wants(t, at(env, "payload", "event", "subtype"), "file_share")
	wants(t, at(env, "payload", "event", "channel_type"), "im")
	where := at(env, "payload", "event", "files", 0, "url_private_download").(string)
	body, status := bot.download(where, ws.BotToken())
	wants(t, status, http.StatusOK)
	wants(t, string(body), "Email\n")
	body, status = bot.download(where, "xoxb-wrong")
	wants(t, status, http.StatusOK)
	wants(t, strings.HasPrefix(string(body), "<!DOCTYPE html>"), true)
	ws.SetScopes("chat:write")
	body, _ = bot.download(where, ws.BotToken())
	wants(t, strings.Contains(string(body), "Sign in"), true)
	ws.SetScopes(slacksim.DefaultScopes()...)

	m, err := ws.User("ann").Upload("#secret", "users.csv", []byte("x"))
	ok(t, err)
	wants(t, bot.refused("files.info", object{"file": m.Files[0].ID}), "file_not_found")
	_, status = bot.download(ws.URL()+"/files-pri/T0ACME-"+m.Files[0].ID+"/users.csv", ws.BotToken())
	wants(t, status, http.StatusNotFound)
}

func TestOddFiles(t *testing.T) {
	ws := start(t, slacksim.Config{})
	bot := app{t, ws}
	m, err := ws.User("ann").Post("@portal", slacksim.Post{Files: []slacksim.Attachment{
		{Name: "a.csv", Data: []byte("a"), Kind: slacksim.Snippet},
		{Name: "b.csv", Kind: slacksim.External},
		{Name: "c.csv", Data: []byte("c"), Kind: slacksim.CheckFirst},
	}})
	ok(t, err)
	history := bot.call("conversations.history", object{"channel": m.Channel})
	files := at(history, "messages", 0, "files")
	wants(t, at(files, 0, "mode"), "snippet")
	wants(t, at(files, 1, "is_external"), true)
	wants(t, strings.HasPrefix(fmt.Sprint(at(files, 1, "url_private")), "https://docs.google.com/"), true)
	wants(t, at(files, 2, "file_access"), "check_file_info")
	wants(t, at(files, 2, "url_private"), nil)
	wants(t, at(bot.call("files.info", object{"file": at(files, 2, "id")}), "file", "name"), "c.csv")
}
