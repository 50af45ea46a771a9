package bot_test

import (
	"context"
	"strings"
	"testing"

	"portalbot/bot"
	"portalbot/bot/slacksim"
)

func TestAPostedFileIsDeletedAndStaysDeleted(t *testing.T) {
	ws := startSlack(t, slacksim.Config{NoRateLimits: true})
	d := newDisk()
	stop := post(t, ws, d, renderStory, bot.OutboxConfig{})
	d.add(story("R1", 1)...)
	d.empty(t)
	stop()
	links := bot.NewLinks(clientOf(ws), d)
	for range 2 { // after a crash it is done again
		had, err := links.DeletePosted(t.Context(), "R1/file")
		if err != nil || !had {
			t.Errorf("deleted %v, %v", had, err)
		}
	}
	if had, err := links.DeletePosted(t.Context(), "R1/line"); had || err != nil {
		t.Errorf("a message without a file: %v, %v", had, err)
	}
	for _, m := range ws.Messages("#portal") {
		for _, f := range m.Files {
			if !f.Deleted {
				t.Errorf("%s still stands", f.Name)
			}
		}
	}
	ok(t, clientOf(ws).DeleteFile(t.Context(), "F0NOBODY"))
}

func TestAPictureSaysWhatItShows(t *testing.T) {
	ws := startSlack(t, slacksim.Config{NoRateLimits: true})
	d := newDisk()
	said := make(chan any, 1)
	ws.OnCall(func(c slacksim.Call) {
		if c.Method == "files.getUploadURLExternal" {
			said <- c.Args["alt_txt"]
		}
	}, nil)
	stop := post(t, ws, d, func(ctx context.Context, i bot.Item) (bot.Post, error) {
		p, err := renderStory(ctx, i)
		if p.File != nil {
			p.File.Alt = "two rows" + strings.Repeat(" of text", 200)
		}
		return p, err
	}, bot.OutboxConfig{})
	d.add(story("R1", 1)...)
	d.empty(t)
	stop()
	if alt, _ := (<-said).(string); !strings.HasPrefix(alt, "two rows of text") || len([]rune(alt)) != 1000 {
		t.Errorf("the description is %q", alt)
	}
}
