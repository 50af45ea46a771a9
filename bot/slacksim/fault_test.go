package slacksim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"portalbot/bot/slacksim"
)

// try posts a message and says how that went: the status, Slack's error or "cut".
func (a app) try(ctx context.Context, text string) string {
	a.t.Helper()
	body := fmt.Sprintf(`{"channel":"C0PORTAL","text":%q}`, text)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.ws.APIURL()+"chat.postMessage", bytes.NewReader([]byte(body)))
	ok(a.t, err)
	req.GetBody = nil // no silent second try by the transport
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+a.ws.BotToken())
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if errors.Is(err, context.Canceled) {
		return "gave up"
	}
	if err != nil {
		return "cut"
	}
	defer func() { _ = res.Body.Close() }()
	return fmt.Sprint(res.StatusCode, res.Header.Get("Retry-After"))
}

func TestFaultsStrikeBeforeOrAfterTheCallTakesEffect(t *testing.T) {
	for _, c := range []struct {
		fault  slacksim.Fault
		want   string
		effect int // messages that are there afterwards
	}{
		{slacksim.Fault{Kind: slacksim.FailBefore}, "500", 0},
		{slacksim.Fault{Kind: slacksim.CutBefore}, "cut", 0},
		{slacksim.Fault{Kind: slacksim.Refuse, Error: "fatal_error"}, "200", 0},
		{slacksim.Fault{Kind: slacksim.RateLimit, RetryAfter: 7 * time.Second}, "4297", 0},
		{slacksim.Fault{Kind: slacksim.RateLimit}, "429", 0},
		{slacksim.Fault{Kind: slacksim.FailAfter}, "500", 1},
		{slacksim.Fault{Kind: slacksim.LoseAnswer}, "cut", 1},
	} {
		ws := start(t, slacksim.Config{})
		bot := app{t, ws}
		c.fault.Method, c.fault.Nth = "chat.postMessage", 2
		ws.Inject(c.fault)
		wants(t, bot.try(t.Context(), "first"), "200")
		wants(t, bot.try(t.Context(), "second"), c.want)
		wants(t, len(ws.Messages("#portal")), 1+c.effect)
		wants(t, bot.try(t.Context(), "third"), "200")
		ws.Close()
	}
}

func TestACallHangsUntilTheClientGivesUp(t *testing.T) {
	for kind, effect := range map[slacksim.FaultKind]int{slacksim.HangBefore: 0, slacksim.HangAfter: 1} {
		ws := start(t, slacksim.Config{})
		ws.Inject(slacksim.Fault{Kind: kind, Times: 1})
		ctx, cancel := context.WithCancel(t.Context())
		if effect == 1 {
			ws.OnCall(nil, func(slacksim.Call, slacksim.Reply) { cancel() })
		} else {
			ws.OnCall(func(slacksim.Call) { cancel() }, nil)
		}
		wants(t, app{t, ws}.try(ctx, "x"), "gave up")
		wants(t, len(ws.Messages("#portal")), effect)
		cancel()
		ws.Close()
	}
}

func TestASlowCallIsAnsweredLater(t *testing.T) {
	clock := slacksim.NewManualClock(morning)
	ws := start(t, slacksim.Config{Clock: clock})
	ctx := within(t)
	ws.Inject(slacksim.Fault{Kind: slacksim.Slow, Delay: time.Minute})
	done := make(chan string, 1)
	go func() { done <- app{t, ws}.try(ctx, "x") }()
	_, err := ws.WaitMessage(ctx, func(m slacksim.Message) bool { return m.Text == "x" })
	ok(t, err)
	ok(t, clock.WaitTimers(ctx, 1))
	wants(t, len(done), 0)
	clock.Advance(time.Minute)
	wants(t, <-done, "200")
}

func TestCallsAreNumberedForAFaultTable(t *testing.T) {
	ws := start(t, slacksim.Config{})
	bot := app{t, ws}
	var seen []string
	ws.OnCall(
		func(c slacksim.Call) { seen = append(seen, fmt.Sprint("before ", c.Number, " ", c.Method)) },
		func(c slacksim.Call, r slacksim.Reply) {
			seen = append(seen, fmt.Sprint("after ", c.Number, " ", r.Body["ok"]))
		},
	)
	bot.call("auth.test", object{})
	remove := ws.Inject(slacksim.Fault{Kind: slacksim.Refuse, Error: "fatal_error", Call: 2})
	wants(t, bot.refused("auth.test", object{}), "fatal_error")
	remove()
	bot.refused("users.info", object{"user": "U0"})
	wants(t, slices.Equal(seen, []string{"before 1 auth.test", "after 1 true", "before 2 auth.test", "before 3 users.info", "after 3 false"}), true)
	wants(t, len(ws.Calls()), 3)
}

func TestFaultsMatchByArguments(t *testing.T) {
	ws := start(t, slacksim.Config{})
	bot := app{t, ws}
	remove := ws.Inject(slacksim.Fault{Kind: slacksim.FailBefore, Match: func(c slacksim.Call) bool { return c.Args["text"] == "bad" }})
	wants(t, bot.try(t.Context(), "good"), "200")
	wants(t, bot.try(t.Context(), "bad"), "500")
	wants(t, bot.try(t.Context(), "bad"), "500")
	remove()
	wants(t, bot.try(t.Context(), "bad"), "200")
}

func TestAllOfSlackGoesAwayAndComesBack(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	bot := app{t, ws}
	bot.connect()
	ws.SetDown(true)
	ok(t, ws.WaitSockets(ctx, 0))
	wants(t, bot.try(ctx, "x"), "cut")
	ws.SetDown(false)
	wants(t, bot.try(ctx, "x"), "200")
	bot.connect()
}
