package slacksim_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"portalbot/bot/slacksim"
)

var morning = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func TestACommandWithoutAnAckShowsAnErrorAndIsNotRepeated(t *testing.T) {
	clock := slacksim.NewManualClock(morning)
	ws := start(t, slacksim.Config{Clock: clock})
	ctx := within(t)
	sock, _ := app{t, ws}.connect()
	ann := ws.User("ann")
	typed := async(func() error { return ann.Type(ctx, "#portal", "/portal help") })
	env := sock.next()
	clock.Advance(3*time.Second - 1)
	clock.Advance(1)
	err := <-typed
	is(t, err, slacksim.ErrOperationTimeout)
	wants(t, err.Error(), `/portal failed with the error "operation_timeout"`)
	wants(t, ann.Notices()[0], err.Error())
	clock.Advance(time.Hour)
	sock.ack(env, object{"text": "too late"})

	again := async(func() error { return ann.Type(ctx, "#portal", "/portal again") })
	env = sock.next()
	wants(t, at(env, "payload", "text"), "again")
	sock.ack(env, object{"text": "here"})
	ok(t, <-again)
	acks := ws.Acks()
	wants(t, len(acks), 2)
	wants(t, acks[0].Late, true)
	wants(t, acks[1].Late, false)
	got := ann.Sees("#portal")
	wants(t, len(got), 1)
	wants(t, got[0].Read, "here")
	wants(t, got[0].EphemeralTo, "U0ANN")
	wants(t, len(ws.User("ben").Sees("#portal")), 0)
}

func TestAnEventWithoutAnAckComesThreeTimesMore(t *testing.T) {
	clock := slacksim.NewManualClock(morning)
	ws := start(t, slacksim.Config{Clock: clock})
	sock, _ := app{t, ws}.connect()
	_, err := ws.User("ann").Message("#portal", "hello @portal")
	ok(t, err)
	first := sock.next()
	wants(t, first["type"], "events_api")
	wants(t, first["accepts_response_payload"], false)
	wants(t, first["retry_attempt"], float64(0))
	wants(t, at(first, "payload", "event", "type"), "app_mention")
	wants(t, at(first, "payload", "event", "text"), "hello <@U0PORTAL>")
	for attempt, pause := range []time.Duration{0, time.Minute, 5 * time.Minute} {
		clock.Advance(3 * time.Second)
		clock.Advance(pause)
		env := sock.next()
		wants(t, env["envelope_id"], first["envelope_id"])
		wants(t, env["retry_attempt"], float64(attempt+1))
		wants(t, env["retry_reason"], "timeout")
		wants(t, at(env, "payload", "event_id"), at(first, "payload", "event_id"))
	}
	clock.Advance(24 * time.Hour)
	wants(t, ws.Redeliver(0), true)
	wants(t, sock.next()["retry_attempt"], float64(0)) // nothing came before it
}

func TestAnAcknowledgedEnvelopeCanComeAgain(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	sock, _ := app{t, ws}.connect()
	typed := async(func() error { return ws.User("ann").Type(ctx, "#portal", "/portal help") })
	env := sock.next()
	sock.ack(env, nil)
	ok(t, <-typed)
	wants(t, ws.Redeliver(0), true)
	again := sock.next()
	wants(t, again["envelope_id"], env["envelope_id"])
	wants(t, again["retry_attempt"], nil)
	wants(t, at(again, "payload", "trigger_id"), at(env, "payload", "trigger_id"))
	sock.ack(again, nil)
	wants(t, ws.RedeliverEnvelope(env["envelope_id"].(string), 2), true)
	wants(t, sock.next()["retry_attempt"], float64(2))
	wants(t, ws.RedeliverEnvelope("E-nowhere", 0), false)
}

func TestEachPayloadGoesToOneOfTheConnections(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	bot := app{t, ws}
	var handled [2]atomic.Int32
	for i := range handled {
		sock, hello := bot.connect()
		wants(t, hello["num_connections"], float64(i+1))
		go func() {
			for env := range sock.in {
				handled[i].Add(1)
				_ = sock.conn.Write(context.Background(), websocket.MessageText, fmt.Appendf(nil, `{"envelope_id":%q,"payload":{}}`, env["envelope_id"]))
			}
		}()
	}
	for range 10 {
		ok(t, ws.User("ann").Type(ctx, "#portal", "/portal help"))
	}
	wants(t, handled[0].Load(), int32(5))
	wants(t, handled[1].Load(), int32(5))
}

func TestTheEleventhConnectionIsSentAway(t *testing.T) {
	ws := start(t, slacksim.Config{NoRateLimits: true})
	bot := app{t, ws}
	for range 10 {
		bot.connect()
	}
	sock := bot.dial()
	env := sock.next()
	wants(t, env["type"], "disconnect")
	wants(t, env["reason"], "too_many_websockets")
	wants(t, ws.Sockets(), 10)
}

func TestConnectionsAreRefreshedAndDropped(t *testing.T) {
	ws := start(t, slacksim.Config{})
	ctx := within(t)
	bot := app{t, ws}
	old, _ := bot.connect()
	ws.Disconnect("warning")
	wants(t, old.next()["reason"], "warning")
	wants(t, ws.Sockets(), 1)
	ws.Disconnect("refresh_requested")
	wants(t, old.next()["reason"], "refresh_requested")
	err := ws.User("ann").Type(ctx, "#portal", "/portal help")
	is(t, err, slacksim.ErrDispatchFailed)
	fresh, _ := bot.connect()
	ws.DropSockets()
	if _, open := <-fresh.in; open {
		t.Fatal("the socket is still open")
	}
	ok(t, ws.WaitSockets(ctx, 0))
}

func TestASilentSocketEatsWhatIsSentOnIt(t *testing.T) {
	clock := slacksim.NewManualClock(morning)
	ws := start(t, slacksim.Config{Clock: clock})
	ctx := within(t)
	sock, _ := app{t, ws}.connect()
	ws.Silence()
	wants(t, ws.Sockets(), 1)
	typed := async(func() error { return ws.User("ann").Type(ctx, "#portal", "/portal help") })
	ok(t, clock.WaitTimers(ctx, 1))
	clock.Advance(3 * time.Second)
	is(t, <-typed, slacksim.ErrOperationTimeout)
	wants(t, len(sock.in), 0)
}

func TestEventsSentWhileNoSocketIsOpenAreKept(t *testing.T) {
	ws := start(t, slacksim.Config{})
	_, err := ws.User("ann").Message("@portal", "anyone there?")
	ok(t, err)
	sock, _ := app{t, ws}.connect()
	env := sock.next()
	wants(t, env["retry_attempt"], float64(1))
	wants(t, at(env, "payload", "event", "text"), "anyone there?")
}

func TestAnAckOf20KBIsDroppedWithoutAWord(t *testing.T) {
	clock := slacksim.NewManualClock(morning)
	ws := start(t, slacksim.Config{Clock: clock})
	ctx := within(t)
	sock, _ := app{t, ws}.connect()
	typed := async(func() error { return ws.User("ann").Type(ctx, "#portal", "/portal help") })
	sock.ack(sock.next(), object{"text": long(20 * 1024)})
	clock.Advance(3 * time.Second)
	is(t, <-typed, slacksim.ErrOperationTimeout)

	typed = async(func() error { return ws.User("ann").Type(ctx, "#portal", "/portal help") })
	sock.ack(sock.next(), nil)
	ok(t, <-typed)
	wants(t, strings.Join(ws.AckProblems(), ""), "an ack of 20 KB or more was dropped")
	wants(t, len(ws.Messages("#portal")), 0)
}

func TestATicketOpensOneSocket(t *testing.T) {
	ws := start(t, slacksim.Config{})
	bot := app{t, ws}
	_, _, o := bot.post(ws.AppToken(), "apps.connections.open", object{})
	where := o["url"].(string)
	conn, _, err := websocket.Dial(t.Context(), where, nil)
	ok(t, err)
	_, res, err := websocket.Dial(t.Context(), where, nil)
	if err == nil {
		t.Fatal("the ticket was good twice")
	}
	wants(t, res.StatusCode, http.StatusForbidden)
	ok(t, conn.CloseNow())
}

func TestTheServerPings(t *testing.T) {
	ws := start(t, slacksim.Config{PingInterval: time.Millisecond})
	_, _, o := app{t, ws}.post(ws.AppToken(), "apps.connections.open", object{})
	pinged := make(chan struct{}, 1000)
	conn, _, err := websocket.Dial(t.Context(), o["url"].(string), &websocket.DialOptions{
		OnPingReceived: func(context.Context, []byte) bool {
			pinged <- struct{}{}
			return true
		},
	})
	ok(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			if _, _, err := conn.Read(context.Background()); err != nil {
				return
			}
		}
	}()
	for range 3 {
		<-pinged
	}
	ok(t, conn.CloseNow())
	<-done
}

func TestAckLatencyIsRecorded(t *testing.T) {
	clock := slacksim.NewManualClock(morning)
	ws := start(t, slacksim.Config{Clock: clock})
	ctx := within(t)
	sock, _ := app{t, ws}.connect()
	typed := async(func() error { return ws.User("ann").Type(ctx, "#portal", "/portal help") })
	env := sock.next()
	clock.Advance(40 * time.Millisecond)
	sock.ack(env, nil)
	ok(t, <-typed)
	ack := ws.Acks()[0]
	wants(t, ack.Latency, 40*time.Millisecond)
	wants(t, ack.Type, "/portal")
}
