package bot_test

import (
	"context"
	"errors"
	"fmt"
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

func modal(title string) slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: slack.NewTextBlockObject(slack.PlainTextType, title, false, false),
		Submit: slack.NewTextBlockObject(slack.PlainTextType, "Send", false, false), CallbackID: "add", PrivateMetadata: "C0PORTAL",
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock("csv", slack.NewTextBlockObject(slack.PlainTextType, "CSV file", false, false), nil,
				slack.NewFileInputBlockElement("file").WithMaxFiles(1)),
		}},
	}
}

func TestACommandOpensAModalWhoseFileArrives(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	client, ctx := clientOf(ws), within(t)
	got := make(chan bot.Delivery, 10)
	content := make(chan []byte, 1)
	refuse := atomic.Bool{}
	refuse.Store(true)
	_, stop := receive(t, ws, bot.ReceiverConfig{Client: client, Memory: newDisk(), Handler: handler{
		ack: func(d bot.Delivery) bot.Ack {
			if d.Kind != bot.KindSubmit {
				return bot.Ack{}
			}
			if refuse.Swap(false) {
				return bot.Ack{Errors: map[string]string{"csv": "not this one"}}
			}
			checking := modal("Checking")
			return bot.Ack{Update: &checking}
		},
		handle: func(ctx context.Context, d bot.Delivery) error {
			got <- d
			switch d.Kind {
			case bot.KindCommand:
				_, err := client.OpenView(ctx, d.TriggerID, modal("Add users"))
				return err
			case bot.KindSubmit:
				body, err := client.Download(ctx, d.Submit.State.Files("csv")[0], 1<<20)
				content <- body
				return err
			}
			return nil
		},
	}})
	ann := ws.User("ann")
	ok(t, ann.Type(ctx, "#portal", "/portal  add acme "))
	d := <-got
	wants(t, "kind", d.Kind, bot.KindCommand)
	wants(t, "text", d.Command.Text, "add acme")
	wants(t, "user", d.User, "U0ANN")
	wants(t, "channel", d.Channel, "C0PORTAL")

	m, err := ann.WaitModal(ctx, "Add users")
	ok(t, err)
	ok(t, m.Attach("CSV file", "users.csv", []byte("Email\na@b.example\n")))
	seen, err := m.Submit(ctx)
	ok(t, err)
	wants(t, "error at the field", seen.Errors["CSV file"], "not this one")
	seen, err = m.Submit(ctx) // the same view and hash: still not a redelivery
	ok(t, err)
	wants(t, "updated", seen.Updated, true)
	wants(t, "content", string(<-content), "Email\na@b.example\n")
	d = <-got
	wants(t, "callback", d.Submit.CallbackID, "add")
	wants(t, "metadata", d.Submit.PrivateMetadata, "C0PORTAL")
	ok(t, stop())
}

func TestARedeliveryIsAcknowledgedAndNotHandledAgain(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	var handled atomic.Int32
	d := newDisk()
	h := handler{handle: func(context.Context, bot.Delivery) error { handled.Add(1); return nil }}
	_, stop := receive(t, ws, bot.ReceiverConfig{Memory: d, Handler: h})
	ok(t, ws.User("ann").Type(within(t), "#portal", "/portal help"))
	for attempt := range 4 {
		if !ws.Redeliver(attempt) {
			t.Fatal("nothing to redeliver")
		}
	}
	waitAcks(t, ws, 5)
	ok(t, stop())
	wants(t, "handled", handled.Load(), 1)

	_, stop = receive(t, ws, bot.ReceiverConfig{Memory: d, Handler: h}) // a restart does not forget
	ws.Redeliver(1)
	waitAcks(t, ws, 6)
	ok(t, stop())
	wants(t, "handled after a restart", handled.Load(), 1)
}

func waitAcks(t *testing.T, ws *slacksim.Workspace, n int) {
	t.Helper()
	await(t, fmt.Sprintf("%d acks", n), func() bool { return len(ws.Acks()) >= n })
}

func TestWhatCannotBeSavedIsNotAcknowledged(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after=%v", after), func(t *testing.T) {
			ws := startSlack(t, slacksim.Config{AckTimeout: 200 * time.Millisecond, RetryCommands: true})
			var handled atomic.Int32
			d := newDisk()
			broken := true
			d.failWith(func(save string, late bool) error {
				if save == "accept" && late == after && broken {
					broken = false
					return errors.New("disk full")
				}
				return nil
			})
			done := make(chan struct{}, 10)
			_, stop := receive(t, ws, bot.ReceiverConfig{Memory: d, Handler: handler{handle: func(context.Context, bot.Delivery) error {
				handled.Add(1)
				done <- struct{}{}
				return nil
			}}})
			err := ws.User("ann").Type(within(t), "#portal", "/portal help")
			if !errors.Is(err, slacksim.ErrOperationTimeout) {
				t.Errorf("got %v, want a timeout since the first attempt must not be acknowledged", err)
			}
			waitAcks(t, ws, 1)
			if !after {
				<-done
			}
			ok(t, stop())
			if after { // it was saved after all: the next start handles it
				_, stop = receive(t, ws, bot.ReceiverConfig{Memory: d, Handler: handler{handle: func(_ context.Context, d bot.Delivery) error {
					handled.Add(1)
					wants(t, "replayed", d.Replayed, true)
					done <- struct{}{}
					return nil
				}}})
				<-done
				ok(t, stop())
			}
			wants(t, "handled", handled.Load(), 1)
			wants(t, "unfinished", d.unfinished(), 0)
		})
	}
}

func TestACrashBetweenSaveAndHandleIsMadeUpForAtTheNextStart(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	d := newDisk()
	began := make(chan struct{})
	_, stop := receive(t, ws, bot.ReceiverConfig{Memory: d, DrainTimeout: time.Millisecond, Handler: handler{
		handle: func(ctx context.Context, _ bot.Delivery) error {
			close(began)
			<-ctx.Done()
			return ctx.Err()
		},
	}})
	ok(t, ws.User("ann").Type(within(t), "#portal", "/portal add"))
	<-began
	ok(t, stop())
	wants(t, "unfinished", d.unfinished(), 1)

	again := make(chan bot.Delivery, 1)
	_, stop = receive(t, ws, bot.ReceiverConfig{Memory: d, Handler: handler{handle: func(_ context.Context, d bot.Delivery) error {
		again <- d
		return nil
	}}})
	got := <-again
	wants(t, "replayed", got.Replayed, true)
	wants(t, "text", got.Command.Text, "add")
	ok(t, stop())
	wants(t, "unfinished", d.unfinished(), 0)
}

func TestAPanicIsAReferenceForThePersonAndTheBotLives(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	ctx := within(t)
	log := &logLines{}
	_, stop := receive(t, ws, bot.ReceiverConfig{Memory: newDisk(), Log: log.logger(), Handler: handler{
		handle: func(_ context.Context, d bot.Delivery) error {
			switch d.Command.Text {
			case "panic":
				panic("secret-of-the-row")
			case "error":
				return errors.New("salesforce is away")
			}
			return nil
		},
	}})
	ann := ws.User("ann")
	for _, text := range []string{"panic", "error"} {
		ok(t, ann.Type(ctx, "#portal", "/portal "+text))
		m, err := ann.WaitEphemeral(ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "Something went wrong (ref ") })
		ok(t, err)
		if strings.Contains(m.Read, "secret") || strings.Contains(m.Read, "salesforce") {
			t.Errorf("the person was told too much: %s", m.Read)
		}
		_, ref, _ := strings.Cut(m.Read, "(ref ")
		ref, _, _ = strings.Cut(ref, ")")
		if !log.has("ref=" + ref) {
			t.Errorf("reference %s is not in the log", ref)
		}
	}
	ok(t, ann.Type(ctx, "#portal", "/portal fine"))
	ok(t, stop())
}

func TestAPanicInAckIsAPlainAck(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	_, stop := receive(t, ws, bot.ReceiverConfig{Memory: newDisk(), Handler: handler{ack: func(bot.Delivery) bot.Ack { panic("no") }}})
	ok(t, ws.User("ann").Type(within(t), "#portal", "/portal help"))
	ok(t, stop())
}

func TestUnknownEventsAreAcknowledged(t *testing.T) {
	ws := startSlack(t, slacksim.Config{
		Events: []string{"app_home_opened", "app_mention", "message.im", "message.channels"},
		Scopes: append(slacksim.DefaultScopes(), "channels:history"),
	})
	got := make(chan bot.Delivery, 10)
	_, stop := receive(t, ws, bot.ReceiverConfig{Memory: newDisk(), Handler: handler{handle: func(_ context.Context, d bot.Delivery) error {
		got <- d
		return nil
	}}})
	ctx, ann := within(t), ws.User("ann")
	_, err := ann.Message("#portal", "not for the bot")
	ok(t, err)
	waitAcks(t, ws, 1)
	ok(t, ann.OpenHome(ctx))
	wants(t, "event", (<-got).Event.Type, bot.EventHome)
	_, err = ann.Upload("@portal", "users.csv", []byte("Email\n"))
	ok(t, err)
	d := <-got
	wants(t, "event", d.Event.Type, bot.EventDirect)
	wants(t, "file", d.Event.Files[0].Name, "users.csv")
	ok(t, stop())
	wants(t, "problems", len(ws.AckProblems()), 0)
}

func TestTwoSocketsLoseNothingWhenOneIsDeaf(t *testing.T) {
	ws := startSlack(t, slacksim.Config{PingInterval: 50 * time.Millisecond})
	var handled atomic.Int32
	r, stop := receive(t, ws, bot.ReceiverConfig{
		Memory: newDisk(), Silence: 400 * time.Millisecond,
		Handler: handler{handle: func(context.Context, bot.Delivery) error { handled.Add(1); return nil }},
	})
	began := time.Now()
	ws.Silence()
	ctx := within(t)
	// What is sent into a deaf socket is lost, and a person sees that; once it was noticed, all is well again.
	for ws.User("ann").Type(shortly(ctx, t), "#portal", "/portal help") != nil {
		if ctx.Err() != nil {
			t.Fatal("the deaf sockets were not noticed")
		}
	}
	t.Logf("noticed and mended after %v", time.Since(began))
	ok(t, ws.WaitSockets(ctx, 2))
	await(t, "two healthy sockets", func() bool { return r.Health().Sockets == 2 })
	ok(t, stop())
	if handled.Load() == 0 {
		t.Error("nothing was handled")
	}
}

func shortly(ctx context.Context, t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestARefreshLosesNoEvent(t *testing.T) {
	ws := startSlack(t, slacksim.Config{ConnectBurst: 100})
	ctx := within(t)
	var mu sync.Mutex
	var texts []string
	all := make(chan struct{})
	const n = 30
	_, stop := receive(t, ws, bot.ReceiverConfig{Memory: newDisk(), Handler: handler{handle: func(_ context.Context, d bot.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		if texts = append(texts, d.Event.Text); len(texts) == n {
			close(all)
		}
		return nil
	}}})
	for i := range n {
		_, err := ws.User("ann").Message("@portal", fmt.Sprintf("message %d", i))
		ok(t, err)
		if i%10 == 5 {
			ws.Disconnect("refresh_requested")
		}
	}
	select {
	case <-all:
	case <-ctx.Done():
		t.Fatalf("%d of %d arrived", len(texts), n)
	}
	ok(t, stop())
	slices.Sort(texts)
	wants(t, "distinct", len(slices.Compact(texts)), n)
}

func TestAPermanentRefusalEndsRunWithASentence(t *testing.T) {
	for _, code := range []string{"invalid_auth", "missing_scope", "not_allowed_token_type"} {
		t.Run(code, func(t *testing.T) {
			ws := startSlack(t, slacksim.Config{})
			ws.Inject(slacksim.Fault{Kind: slacksim.Refuse, Method: "apps.connections.open", Error: code})
			r := bot.NewReceiver(bot.ReceiverConfig{Client: clientOf(ws), Memory: newDisk(), Handler: handler{}})
			err := r.Run(within(t))
			var perm *bot.PermanentError
			if !errors.As(err, &perm) {
				t.Fatalf("got %v, want a PermanentError", err)
			}
			wants(t, "code", perm.Code, code)
			t.Log(err)
		})
	}
}

func TestAWrongBotTokenEndsRunWithASentence(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	client := bot.NewClient(bot.Config{BotToken: "xoxb-wrong", AppToken: ws.AppToken(), APIURL: ws.APIURL()})
	err := bot.NewReceiver(bot.ReceiverConfig{Client: client, Memory: newDisk(), Handler: handler{}}).Run(within(t))
	if err == nil || !strings.Contains(err.Error(), "SLACK_BOT_TOKEN") {
		t.Errorf("got %v", err)
	}
}

func TestASocketThatSlackClosesAtOnceIsNotTriedForEver(t *testing.T) {
	ws := startSlack(t, slacksim.Config{NoRateLimits: true})
	_, stop := receive(t, ws, bot.ReceiverConfig{Memory: newDisk(), Handler: handler{}, Sockets: 12}) // Slack takes ten
	before := ws.Count("apps.connections.open")
	tick := time.NewTimer(300 * time.Millisecond)
	<-tick.C
	if tries := ws.Count("apps.connections.open") - before; tries > 10 {
		t.Errorf("%d attempts in 300 ms", tries)
	}
	ok(t, stop())
}

func TestAnAcknowledgementThatIsTooLongForSlackIsSentPlainly(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	client, ctx := clientOf(ws), within(t)
	_, stop := receive(t, ws, bot.ReceiverConfig{Client: client, Memory: newDisk(), Handler: handler{
		ack: func(bot.Delivery) bot.Ack {
			long := modal("Long")
			for range 10 {
				long.Blocks.BlockSet = append(long.Blocks.BlockSet, section(strings.Repeat("x", 2900)))
			}
			return bot.Ack{Update: &long}
		},
		handle: func(ctx context.Context, d bot.Delivery) error {
			if d.Kind != bot.KindCommand {
				return nil
			}
			short := modal("Add users")
			short.Blocks.BlockSet = []slack.Block{section("nothing to fill in")}
			_, err := client.OpenView(ctx, d.TriggerID, short)
			return err
		},
	}})
	ann := ws.User("ann")
	ok(t, ann.Type(ctx, "#portal", "/portal add"))
	m, err := ann.WaitModal(ctx, "Add users")
	ok(t, err)
	_, err = m.Submit(ctx)
	ok(t, err)
	ok(t, stop())
	wants(t, "problems", len(ws.AckProblems()), 0)
}

func TestAnOutageIsOutlasted(t *testing.T) {
	ws := startSlack(t, slacksim.Config{ConnectBurst: 100})
	r, stop := receive(t, ws, bot.ReceiverConfig{Memory: newDisk(), Handler: handler{}})
	ws.SetDown(true)
	await(t, "an error in the health", func() bool { return r.Health().LastError != "" })
	ws.SetDown(false)
	ok(t, ws.WaitSockets(within(t), 2))
	ok(t, ws.User("ann").Type(within(t), "#portal", "/portal help"))
	ok(t, stop())
}

// The target is 50 ms at the 99th percentile on a machine of its own; BenchmarkAck measures it. Here, where others may be at work on
// the same machine, what counts is that none comes too late for Slack.
func TestTwoHundredCommandsInTwoSecondsAreAllAcknowledged(t *testing.T) {
	took := burst(t, 200, 2*time.Second)
	t.Logf("acks: median %v, p99 %v, longest %v", took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
}

func BenchmarkAck(b *testing.B) {
	for b.Loop() {
		took := burst(b, 200, 2*time.Second)
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
	}
}

// burst types n commands spread over a span and returns how long each acknowledgement took, sorted. All must be handled.
func burst(t testing.TB, n int, span time.Duration) []time.Duration {
	t.Helper()
	ws, err := slacksim.New(slacksim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var handled, running sync.WaitGroup
	handled.Add(n)
	r := bot.NewReceiver(bot.ReceiverConfig{
		Client: clientOf(ws), Memory: newDisk(),
		Handler: handler{handle: func(context.Context, bot.Delivery) error { handled.Done(); return nil }},
	})
	running.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := ws.WaitSockets(ctx, 2); err != nil {
		t.Fatal(err)
	}
	var typing sync.WaitGroup
	tick := time.NewTicker(span / time.Duration(n))
	defer tick.Stop()
	for range n {
		<-tick.C
		typing.Go(func() {
			if err := ws.User("ann").Type(ctx, "#portal", "/portal status"); err != nil {
				t.Error(err)
			}
		})
	}
	typing.Wait()
	handled.Wait()
	cancel()
	running.Wait()
	var took []time.Duration
	for _, a := range ws.Acks() {
		took = append(took, a.Latency)
	}
	slices.Sort(took)
	if len(took) != n {
		t.Fatalf("%d acks, want %d", len(took), n)
	}
	return took
}
