package bot_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/bot/slacksim"
)

func section(text string) slack.Block {
	return slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, text, false, false), nil, nil)
}

// story is a request's thread as items: a root that is edited, a line, progress that is edited, a file and a last line.
func story(request string, first uint64) []bot.Item {
	var items []bot.Item
	for n, part := range []string{"root", "line", "progress", "progress", "root", "file", "done"} {
		items = append(items, bot.Item{ID: first + uint64(n), Lane: request, Key: request + "/" + part, Rev: uint64(n + 1)})
	}
	return items
}

// renderStory renders it.
func renderStory(_ context.Context, i bot.Item) (bot.Post, error) {
	request, part, _ := strings.Cut(i.Key, "/")
	p := bot.Post{ThreadKey: request + "/root", Text: part, Blocks: []slack.Block{section(part)}, MinInterval: time.Nanosecond}
	switch part {
	case "root":
		p.Channel, p.ThreadKey = "C0PORTAL", ""
		p.Text = fmt.Sprintf("%s at %d", request, i.Rev)
		p.Blocks = nil
	case "progress":
		p.Text = fmt.Sprintf("progress %d", i.Rev)
		p.Blocks = []slack.Block{section(p.Text)}
	case "file":
		p.File = &bot.Upload{Name: "results.csv", Comment: "the results", Write: func(w io.Writer) error {
			_, err := io.WriteString(w, "Row,Status\n1,created\n")
			return err
		}}
	}
	return p, nil
}

// thread returns what stands in the channel, as a person reads it.
func thread(ws *slacksim.Workspace) string {
	var lines []string
	for _, m := range ws.Messages("#portal") {
		line := m.Read
		if m.ThreadTS != "" && m.ThreadTS != m.TS {
			line = "  " + line
		}
		for _, f := range m.Files {
			line += " [" + f.Name + "]"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

const toldOnce = "R1 at 5\n  line\n  progress 4\n  the results [results.csv]\n  done"

func TestAStoryIsToldInOrderWithEditsInPlace(t *testing.T) {
	ws := startSlack(t, slacksim.Config{NoRateLimits: true})
	d := newDisk()
	stop := post(t, ws, d, renderStory, bot.OutboxConfig{})
	d.add(story("R1", 1)...)
	d.empty(t)
	stop()
	wants(t, "thread", thread(ws), toldOnce)
	wants(t, "posts", ws.Count("chat.postMessage"), 4)
}

// TestWhateverFailsTheStoryIsToldOnce goes through each call that the outbox makes, has it fail before and after it took effect, with
// the program stopped and started again in between or not, and compares the thread with the undisturbed one.
func TestWhateverFailsTheStoryIsToldOnce(t *testing.T) {
	calls := []struct {
		method string
		times  int
	}{
		{"chat.postMessage", 4},
		{"chat.update", 2},
		{"files.getUploadURLExternal", 1},
		{"upload", 1},
		{"files.completeUploadExternal", 1},
	}
	kinds := map[slacksim.FaultKind]string{
		slacksim.FailBefore: "HTTP 500 before", slacksim.CutBefore: "cut before",
		slacksim.FailAfter: "HTTP 500 after", slacksim.LoseAnswer: "answer lost",
	}
	for _, call := range calls {
		for kind, name := range kinds {
			for nth := range call.times {
				for _, restart := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s %d %s restart=%v", call.method, nth+1, name, restart), func(t *testing.T) {
						t.Parallel()
						ws := startSlack(t, slacksim.Config{NoRateLimits: true})
						d := newDisk()
						reached := make(chan struct{}, 100)
						ws.OnCall(func(c slacksim.Call) {
							if c.Method == call.method {
								reached <- struct{}{}
							}
						}, nil)
						ws.Inject(slacksim.Fault{Kind: kind, Method: call.method, Nth: nth + 1, Times: 1})
						stop := post(t, ws, d, renderStory, bot.OutboxConfig{})
						d.add(story("R1", 1)...)
						if restart {
							for range nth + 1 {
								<-reached
							}
							stop()
							post(t, ws, d, renderStory, bot.OutboxConfig{})
						}
						d.empty(t)
						wants(t, "thread", thread(ws), toldOnce)
					})
				}
			}
		}
	}
}

// TestWhateverSaveFailsTheStoryIsToldOnce has each save of the outbox fail, before and after it was made, and starts the program
// again.
func TestWhateverSaveFailsTheStoryIsToldOnce(t *testing.T) {
	count := 0
	counting := newDisk()
	counting.failWith(func(_ string, after bool) error {
		if after {
			count++
		}
		return nil
	})
	ws := startSlack(t, slacksim.Config{NoRateLimits: true})
	stop := post(t, ws, counting, renderStory, bot.OutboxConfig{})
	counting.add(story("R1", 1)...)
	counting.empty(t)
	stop()
	t.Logf("%d saves", count)
	if count < 10 {
		t.Fatalf("only %d saves", count)
	}
	for nth := range count {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("save %d after=%v", nth+1, after), func(t *testing.T) {
				t.Parallel()
				ws := startSlack(t, slacksim.Config{NoRateLimits: true})
				d := newDisk()
				seen := 0
				failed := make(chan struct{})
				d.failWith(func(_ string, late bool) error {
					if late != after {
						return nil
					}
					if seen++; seen == nth+1 {
						close(failed)
						return errors.New("disk full")
					}
					return nil
				})
				stop := post(t, ws, d, renderStory, bot.OutboxConfig{})
				d.add(story("R1", 1)...)
				<-failed
				stop()
				post(t, ws, d, renderStory, bot.OutboxConfig{})
				d.empty(t)
				wants(t, "thread", thread(ws), toldOnce)
			})
		}
	}
}

func TestWithoutHistoryScopesALineMayStandTwiceButNothingIsLost(t *testing.T) {
	ws := startSlack(t, slacksim.Config{NoRateLimits: true, Scopes: []string{"chat:write", "files:write", "files:read"}})
	d := newDisk()
	ws.Inject(slacksim.Fault{Kind: slacksim.LoseAnswer, Method: "chat.postMessage", Nth: 2, Times: 1})
	post(t, ws, d, renderStory, bot.OutboxConfig{})
	d.add(story("R1", 1)...)
	d.empty(t)
	wants(t, "thread", thread(ws), strings.Replace(toldOnce, "  line", "  line\n  line", 1))
}

func TestEditsThatPileUpAreSentOnceAndTheLastStateAlways(t *testing.T) {
	ws := startSlack(t, slacksim.Config{NoRateLimits: true})
	d := newDisk()
	var state atomic.Uint64
	state.Store(1)
	render := func(context.Context, bot.Item) (bot.Post, error) {
		rev := state.Load()
		return bot.Post{Channel: "C0PORTAL", Rev: rev, Text: fmt.Sprintf("%d of 500", rev), MinInterval: 50 * time.Millisecond}, nil
	}
	post(t, ws, d, render, bot.OutboxConfig{})
	for rev := uint64(1); rev <= 500; rev++ {
		state.Store(rev)
		d.add(bot.Item{ID: rev, Lane: "R1", Key: "R1/progress", Rev: rev})
	}
	d.empty(t)
	wants(t, "shown", thread(ws), "500 of 500")
	if n := ws.Count("chat.update"); n > 5 {
		t.Errorf("%d edits", n)
	}
}

func TestABlockThatTheWorkspaceDoesNotKnowIsAskedForOnce(t *testing.T) {
	ws := startSlack(t, slacksim.Config{NoRateLimits: true, Unavailable: []string{"plan", "task_card"}})
	d := newDisk()
	render := func(_ context.Context, i bot.Item) (bot.Post, error) {
		text := fmt.Sprintf("step %d", i.Rev)
		plan := slack.NewPlanBlock(text)
		return bot.Post{
			Channel: "C0PORTAL", Text: text, MinInterval: time.Nanosecond,
			Blocks: []slack.Block{section(text), plan}, Fallback: []slack.Block{section(text + " plainly")},
		}, nil
	}
	post(t, ws, d, render, bot.OutboxConfig{})
	for rev := uint64(1); rev <= 3; rev++ {
		d.add(bot.Item{ID: rev, Lane: "R1", Key: fmt.Sprintf("R1/line%d", rev), Rev: rev})
	}
	d.empty(t)
	wants(t, "thread", thread(ws), "step 1 plainly\nstep 2 plainly\nstep 3 plainly")
	wants(t, "posts", ws.Count("chat.postMessage"), 4)
}

func TestWhatSlackRefusesIsReportedOnceAndHoldsNobodyUp(t *testing.T) {
	ws := startSlack(t, slacksim.Config{NoRateLimits: true, Channels: []slacksim.ChannelConfig{
		{ID: "C0PORTAL", Name: "portal"}, {ID: "C0AWAY", Name: "away", NoBot: true},
	}})
	d := newDisk()
	var mu sync.Mutex
	var failures []bot.Failure
	render := func(_ context.Context, i bot.Item) (bot.Post, error) {
		p := bot.Post{Channel: "C0PORTAL", Text: i.Key}
		switch i.Lane {
		case "away":
			p.Channel = "C0AWAY"
		case "long":
			p.Blocks = []slack.Block{section(strings.Repeat("x", 3001))}
		}
		return p, nil
	}
	post(t, ws, d, render, bot.OutboxConfig{MendWait: 20 * time.Millisecond, Failed: func(f bot.Failure) {
		mu.Lock()
		defer mu.Unlock()
		failures = append(failures, f)
	}})
	d.add(
		bot.Item{ID: 1, Lane: "away", Key: "away/1", Rev: 1},
		bot.Item{ID: 2, Lane: "long", Key: "long/1", Rev: 1},
		bot.Item{ID: 3, Lane: "long", Key: "long/2", Rev: 1},
		bot.Item{ID: 4, Lane: "fine", Key: "fine/1", Rev: 1},
	)
	await(t, "a few attempts", func() bool { return ws.Count("chat.postMessage") > 6 })
	wants(t, "others", thread(ws), "fine/1")
	ok(t, ws.Invite("#away", "portal"))
	d.empty(t)
	wants(t, "after the invitation", len(ws.Messages("#away")), 1)
	mu.Lock()
	defer mu.Unlock()
	slices.SortFunc(failures, func(a, b bot.Failure) int { return int(a.Item.ID) - int(b.Item.ID) })
	got := ""
	for _, f := range failures {
		got += fmt.Sprintf("%d %s %v\n", f.Item.ID, bot.Code(f.Err), f.Dropped)
	}
	wants(t, "failures", got, "1 not_in_channel false\n2 invalid_blocks true\n3 invalid_blocks true\n")
}

func TestAMessageThatSomebodyDeletedIsPostedAnew(t *testing.T) {
	ws := startSlack(t, slacksim.Config{NoRateLimits: true})
	d := newDisk()
	post(t, ws, d, renderStory, bot.OutboxConfig{})
	d.add(bot.Item{ID: 1, Lane: "R1", Key: "R1/root", Rev: 1})
	d.empty(t)
	ws.Inject(slacksim.Fault{Kind: slacksim.Refuse, Method: "chat.update", Error: "message_not_found", Times: 1, Nth: 1})
	d.add(bot.Item{ID: 2, Lane: "R1", Key: "R1/root", Rev: 2})
	d.empty(t)
	wants(t, "thread", thread(ws), "R1 at 1\nR1 at 2")
}

func TestSlackSlowsDownOnlyWhatItMust(t *testing.T) {
	ws := startSlack(t, slacksim.Config{NoRateLimits: true})
	d := newDisk()
	ws.Inject(slacksim.Fault{
		Kind: slacksim.RateLimit, Method: "chat.postMessage", RetryAfter: time.Second, Nth: 1,
		Match: func(c slacksim.Call) bool { return c.Args["channel"] == "C0PORTAL" },
	})
	began := time.Now()
	post(t, ws, d, func(_ context.Context, i bot.Item) (bot.Post, error) {
		return bot.Post{Channel: i.Lane, Text: i.Key}, nil
	}, bot.OutboxConfig{})
	d.add(
		bot.Item{ID: 1, Lane: "C0PORTAL", Key: "a", Rev: 1},
		bot.Item{ID: 2, Lane: "C0OPS", Key: "b", Rev: 1},
	)
	await(t, "the other channel", func() bool { return len(ws.Messages("#ops")) == 1 })
	if len(ws.Messages("#portal")) != 0 {
		t.Error("the limited channel was posted to at once")
	}
	d.empty(t)
	if took := time.Since(began); took < time.Second {
		t.Errorf("Retry-After was not honoured: %v", took)
	}
	wants(t, "calls", ws.Count("chat.postMessage"), 3)
}

func TestTheSimulatorsRateLimitsAreKept(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	d := newDisk()
	client := bot.NewClient(bot.Config{BotToken: ws.BotToken(), APIURL: ws.APIURL()})
	post(t, ws, d, renderStory, bot.OutboxConfig{Client: client})
	d.add(story("R1", 1)...)
	d.add(story("R2", 100)...)
	d.empty(t)
	wants(t, "messages", len(ws.Messages("#portal")), 10)
	for method, n := range ws.RateLimited() {
		t.Errorf("%s was limited %d times", method, n)
	}
}

func TestEachMessageCarriesItsKey(t *testing.T) {
	ws := startSlack(t, slacksim.Config{NoRateLimits: true})
	d := newDisk()
	post(t, ws, d, renderStory, bot.OutboxConfig{})
	d.add(bot.Item{ID: 1, Lane: "R1", Key: "R1/root", Rev: 1})
	d.empty(t)
	var meta struct {
		Type    string            `json:"event_type"`
		Payload map[string]string `json:"event_payload"`
	}
	ok(t, json.Unmarshal(ws.Messages("#portal")[0].Metadata, &meta))
	wants(t, "type", meta.Type, "portalbot")
	wants(t, "key", meta.Payload["key"], "R1/root")
}

func TestAnEditToPlainTextTakesTheBlocksAway(t *testing.T) {
	ws := startSlack(t, slacksim.Config{NoRateLimits: true})
	d := newDisk()
	post(t, ws, d, func(_ context.Context, i bot.Item) (bot.Post, error) {
		p := bot.Post{Channel: "C0PORTAL", Text: "decided"}
		if i.Rev == 1 {
			p.Blocks = []slack.Block{section("a plan"), buttons("approve", "Approve")}
		}
		return p, nil
	}, bot.OutboxConfig{})
	for rev := uint64(1); rev <= 2; rev++ {
		d.add(bot.Item{ID: rev, Lane: "R1", Key: "R1/plan", Rev: rev})
		d.empty(t)
	}
	wants(t, "thread", thread(ws), "decided")
}
