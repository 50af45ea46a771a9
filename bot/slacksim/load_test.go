package slacksim_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"portalbot/bot/slacksim"
)

func TestHundredsOfPeopleAtOnce(t *testing.T) {
	ws := start(t, slacksim.Config{NoRateLimits: true})
	ctx := within(t)
	bot := app{t, ws}
	var apps sync.WaitGroup
	for range 2 {
		sock, _ := bot.connect()
		apps.Go(func() {
			for env := range sock.in {
				_ = sock.conn.Write(context.Background(), websocket.MessageText, fmt.Appendf(nil, `{"envelope_id":%q}`, env["envelope_id"]))
			}
		})
	}
	ts := bot.call("chat.postMessage", object{"channel": "C0PORTAL", "text": "x", "blocks": []any{actions(button("Approve", "a"))}})["ts"].(string)
	m, _ := ws.Message("#portal", ts)
	var people sync.WaitGroup
	for i := range 300 {
		people.Go(func() {
			p := ws.User([]string{"ann", "ben", "cas"}[i%3])
			var err error
			switch i % 3 {
			case 0:
				err = p.Type(ctx, "#portal", "/portal status")
			case 1:
				err = p.Click(ctx, m, "Approve")
			default:
				_, err = p.Upload("@portal", "a.csv", []byte("x"))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	people.Wait()
	ws.Close()
	apps.Wait()
	var took []time.Duration
	for _, a := range ws.Acks() {
		took = append(took, a.Latency)
	}
	slices.Sort(took)
	t.Logf("%d acks, p50 %v, p99 %v", len(took), took[len(took)/2], took[len(took)*99/100])
}

func TestNothingRunsAfterClose(t *testing.T) {
	ws, err := slacksim.New(slacksim.Config{})
	ok(t, err)
	bot := app{t, ws}
	bot.connect()
	_, err = ws.User("ann").Message("@portal", "never acknowledged")
	ok(t, err)
	ws.Watch(t.Context())
	ws.Close()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, g := range strings.Split(string(stacks), "\n\n") {
		if strings.Contains(g, "slacksim.(*Workspace)") || strings.Contains(g, "slacksim.(*conn)") {
			t.Fatal(g)
		}
	}
}
