package bot_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"portalbot/bot"
	"portalbot/bot/slacksim"
)

// patience is how long a test waits for what should come at once.
const patience = 20 * time.Second

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// await waits until what holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx := within(t)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// startSlack starts a workspace that ends with the test.
func startSlack(t *testing.T, cfg slacksim.Config) *slacksim.Workspace {
	t.Helper()
	ws, err := slacksim.New(cfg)
	ok(t, err)
	t.Cleanup(ws.Close)
	return ws
}

// clientOf returns a client that does not pace its calls.
func clientOf(ws *slacksim.Workspace) *bot.Client {
	return bot.NewClient(bot.Config{BotToken: ws.BotToken(), AppToken: ws.AppToken(), APIURL: ws.APIURL(), Haste: 100})
}

// disk is a Memory and a Queue that outlive the receivers and outboxes of a test, as a file would.
type disk struct {
	mu         sync.Mutex
	deliveries []*delivery
	messages   map[string][]byte
	items      []bot.Item
	changed    chan struct{}
	// fail is asked before and after every save: an error is what the save returns. After means that it was made.
	fail func(save string, after bool) error
}

type delivery struct {
	key, kind string
	body      []byte
	at        time.Time
	done      bool
}

func newDisk() *disk {
	return &disk{messages: make(map[string][]byte), changed: make(chan struct{})}
}

// save runs a change unless the disk is to fail.
func (d *disk) save(name string, change func()) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		if err := d.fail(name, false); err != nil {
			return err
		}
	}
	change()
	if d.fail != nil {
		return d.fail(name, true)
	}
	return nil
}

func (d *disk) failWith(f func(save string, after bool) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = f
}

func (d *disk) AcceptDelivery(_ context.Context, key, kind string, body []byte, at time.Time) (fresh bool, err error) {
	err = d.save("accept", func() {
		if fresh = !slices.ContainsFunc(d.deliveries, func(x *delivery) bool { return x.key == key }); fresh {
			d.deliveries = append(d.deliveries, &delivery{key: key, kind: kind, body: bytes.Clone(body), at: at})
		}
	})
	return fresh, err
}

func (d *disk) FinishDelivery(_ context.Context, key string) error {
	return d.save("finish", func() {
		for _, x := range d.deliveries {
			x.done = x.done || x.key == key
		}
	})
}

func (d *disk) UnfinishedDeliveries(_ context.Context, yield func(key, kind string, body []byte, at time.Time) error) error {
	d.mu.Lock()
	var open []delivery
	for _, x := range d.deliveries {
		if !x.done {
			open = append(open, *x)
		}
	}
	d.mu.Unlock()
	for _, x := range open {
		if err := yield(x.key, x.kind, x.body, x.at); err != nil {
			return err
		}
	}
	return nil
}

func (d *disk) unfinished() int {
	n := 0
	_ = d.UnfinishedDeliveries(context.Background(), func(string, string, []byte, time.Time) error { n++; return nil })
	return n
}

func (d *disk) PruneDeliveries(_ context.Context, before time.Time) (n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deliveries = slices.DeleteFunc(d.deliveries, func(x *delivery) bool {
		old := x.done && x.at.Before(before)
		if old {
			n++
		}
		return old
	})
	return n, nil
}

func (d *disk) Message(_ context.Context, key string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.messages[key], nil
}

func (d *disk) SetMessage(_ context.Context, key string, body []byte) error {
	return d.save("message", func() { d.messages[key] = bytes.Clone(body) })
}

func (d *disk) DeleteMessage(_ context.Context, key string) error {
	return d.save("forget", func() { delete(d.messages, key) })
}

func (d *disk) Pending(_ context.Context, limit int) ([]bot.Item, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.items[:min(limit, len(d.items))]), nil
}

func (d *disk) Sent(_ context.Context, id uint64) error {
	return d.save("sent", func() {
		d.items = slices.DeleteFunc(d.items, func(i bot.Item) bool { return i.ID == id })
		d.signal()
	})
}

func (d *disk) Changed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed
}

// signal wakes the outbox and whoever waits in empty. The caller holds mu.
func (d *disk) signal() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// add queues items; ids grow from 1.
func (d *disk) add(items ...bot.Item) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.items = append(d.items, items...)
	d.signal()
}

// empty waits until everything was sent.
func (d *disk) empty(t *testing.T) {
	t.Helper()
	ctx := within(t)
	for {
		d.mu.Lock()
		n, changed := len(d.items), d.changed
		d.mu.Unlock()
		if n == 0 {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("%d items were not sent", n)
		}
	}
}

// handler is a Handler made of two functions, either of which may be nil.
type handler struct {
	ack    func(bot.Delivery) bot.Ack
	handle func(context.Context, bot.Delivery) error
}

func (h handler) Ack(d bot.Delivery) bot.Ack {
	if h.ack == nil {
		return bot.Ack{}
	}
	return h.ack(d)
}

func (h handler) Handle(ctx context.Context, d bot.Delivery) error {
	if h.handle == nil {
		return nil
	}
	return h.handle(ctx, d)
}

// receive runs a receiver until the returned stop, which waits for its end and returns Run's error.
func receive(t *testing.T, ws *slacksim.Workspace, cfg bot.ReceiverConfig) (r *bot.Receiver, stop func() error) {
	t.Helper()
	if cfg.Client == nil {
		cfg.Client = clientOf(ws)
	}
	if cfg.Log == nil {
		cfg.Log = testLog(t)
	}
	r = bot.NewReceiver(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() {
			cancel()
			err = <-ended
			gone, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			err = errors.Join(err, ws.WaitSockets(gone, 0))
		})
		return err
	}
	t.Cleanup(func() { _ = stop() })
	if cfg.SigningSecret == "" {
		want := 2
		if cfg.Sockets > 0 {
			want = min(cfg.Sockets, 10)
		}
		ok(t, ws.WaitSockets(within(t), want))
	}
	return r, stop
}

// testLog writes the program's log into the test's.
func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// post runs an outbox until the returned stop, which waits for its end.
func post(t *testing.T, ws *slacksim.Workspace, d *disk, render renderFunc, cfg bot.OutboxConfig) (stop func()) {
	t.Helper()
	if cfg.Client == nil {
		cfg.Client = clientOf(ws)
	}
	cfg.Memory, cfg.Queue, cfg.Renderer = d, d, render
	if cfg.Log == nil {
		cfg.Log = testLog(t)
	}
	if cfg.EditEvery == 0 {
		cfg.EditEvery = time.Millisecond
	}
	if cfg.RetryMax == 0 {
		cfg.RetryMax = 10 * time.Millisecond
	}
	o := bot.NewOutbox(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); ok(t, <-ended) }) }
	t.Cleanup(stop)
	return stop
}

// renderFunc is a Renderer.
type renderFunc func(context.Context, bot.Item) (bot.Post, error)

func (f renderFunc) Render(ctx context.Context, i bot.Item) (bot.Post, error) { return f(ctx, i) }
