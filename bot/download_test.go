package bot_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"portalbot/bot"
	"portalbot/bot/slacksim"
)

// shared has ann drop a file in the bot's direct messages and returns it as the event tells of it.
func shared(t *testing.T, ws *slacksim.Workspace, kind slacksim.FileKind, content string) bot.File {
	t.Helper()
	got := make(chan bot.Delivery, 1)
	_, stop := receive(t, ws, bot.ReceiverConfig{Memory: newDisk(), Handler: handler{ack: func(d bot.Delivery) bot.Ack {
		got <- d
		return bot.Ack{}
	}}})
	_, err := ws.User("ann").Post("@portal", slacksim.Post{Files: []slacksim.Attachment{{Name: "users.csv", Data: []byte(content), Kind: kind}}})
	ok(t, err)
	d := <-got
	ok(t, stop())
	return d.Event.Files[0]
}

func TestAFileIsDownloadedWhole(t *testing.T) {
	for name, kind := range map[string]slacksim.FileKind{"hosted": slacksim.Hosted, "snippet": slacksim.Snippet, "check first": slacksim.CheckFirst} {
		t.Run(name, func(t *testing.T) {
			ws := startSlack(t, slacksim.Config{})
			f := shared(t, ws, kind, "Email\na@b.example\n")
			content, err := clientOf(ws).Download(t.Context(), f, 1<<20)
			ok(t, err)
			wants(t, "content", string(content), "Email\na@b.example\n")
		})
	}
}

func TestFilesThatSlackDoesNotGive(t *testing.T) {
	reason := func(t *testing.T, err error, want bot.FileReason) {
		t.Helper()
		var f *bot.FileError
		if !errors.As(err, &f) || f.Reason != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	t.Run("external", func(t *testing.T) {
		ws := startSlack(t, slacksim.Config{})
		_, err := clientOf(ws).Download(t.Context(), shared(t, ws, slacksim.External, "x"), 100)
		reason(t, err, bot.FileExternal)
	})
	t.Run("too large", func(t *testing.T) {
		ws := startSlack(t, slacksim.Config{})
		_, err := clientOf(ws).Download(t.Context(), shared(t, ws, slacksim.Hosted, "Email\n"), 5)
		reason(t, err, bot.FileTooLarge)
	})
	t.Run("wrong token", func(t *testing.T) {
		ws := startSlack(t, slacksim.Config{})
		f := shared(t, ws, slacksim.Hosted, "Email\n")
		_, err := bot.NewClient(bot.Config{BotToken: "xoxb-wrong", APIURL: ws.APIURL()}).Download(t.Context(), f, 100)
		reason(t, err, bot.FileSignIn)
	})
	t.Run("somebody else's server", func(t *testing.T) {
		ws := startSlack(t, slacksim.Config{})
		f := shared(t, ws, slacksim.Hosted, "Email\n")
		f.URL = "https://slack.com.evil.example/users.csv"
		_, err := clientOf(ws).Download(t.Context(), f, 100)
		reason(t, err, bot.FileForeign)
	})
}

// fileServer answers each request for a file with the next of the answers, the last one again and again.
func fileServer(t *testing.T, answers ...http.HandlerFunc) (*bot.Client, bot.File, *atomic.Int32) {
	t.Helper()
	var n atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers[min(int(n.Add(1)), len(answers))-1](w, r)
	}))
	t.Cleanup(srv.Close)
	return bot.NewClient(bot.Config{BotToken: "xoxb", APIURL: srv.URL + "/api/"}),
		bot.File{ID: "F1", Size: 6, URL: srv.URL + "/files-pri/users.csv"}, &n
}

func says(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}
}

func TestWhatIsNotTheFileIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   bot.FileReason
		calls  int32
	}{
		{"a page by its type", says(200, "text/html; charset=utf-8", "hello!"), bot.FileSignIn, 1},
		{"a page by its body", says(200, "text/csv", " <!DOCTYPE html><p>sign in"), bot.FileSignIn, 1},
		{"fewer bytes than announced", says(200, "text/csv", "Ema"), bot.FileTruncated, 4},
		{"more bytes than announced", says(200, "text/csv", "Email\n\n"), bot.FileTruncated, 4},
		{"more bytes than allowed", says(200, "text/csv", strings.Repeat("x", 200)), bot.FileTooLarge, 1},
		{"deleted", says(404, "text/plain", ""), bot.FileMissing, 4},
		{"forbidden", says(403, "text/plain", ""), bot.FileSignIn, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client, f, n := fileServer(t, c.answer)
			_, err := client.Download(t.Context(), f, 100)
			var fe *bot.FileError
			if !errors.As(err, &fe) || fe.Reason != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			wants(t, "attempts", n.Load(), c.calls)
		})
	}
}

func TestAFileThatIsNotThereYetIsWaitedFor(t *testing.T) {
	client, f, n := fileServer(t, says(404, "text/plain", ""), says(503, "text/html", ""), says(200, "text/csv", "Email\n"))
	content, err := client.Download(t.Context(), f, 100)
	ok(t, err)
	wants(t, "content", string(content), "Email\n")
	wants(t, "attempts", n.Load(), 3)
}
