package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// OutboxConfig wires an [Outbox]. Client, Memory, Queue and Renderer are required.
type OutboxConfig struct {
	Client   *Client
	Memory   Memory
	Queue    Queue
	Renderer Renderer
	// Failed is told of items that Slack refuses, once for each item and reason, from the goroutine of the lane: it must be quick.
	// May be nil; they are logged as errors in any case.
	Failed func(Failure)
	Log    *slog.Logger // default: discard
	// EditEvery is the least time between two edits of one message, where its Post does not say; default 2 s.
	EditEvery time.Duration
	// Lanes is how many lanes send at once; default 64.
	Lanes int
	// RetryMax bounds the waits between attempts of a lane whose calls fail; default 1 minute. MendWait is the wait when somebody has
	// to mend something first; default 5 minutes.
	RetryMax, MendWait time.Duration
}

const (
	defaultLanes    = 64
	defaultRetryMax = time.Minute
	defaultMendWait = 5 * time.Minute

	// pendingStep is how many items are asked for at first. When the lanes of all of them have to wait, more are asked for.
	pendingStep = 256
)

// Outbox sends what stands in a [Queue]. See the package's documentation for what it promises.
type Outbox struct {
	cfg    OutboxConfig
	client *Client
	log    *slog.Logger

	mu      sync.Mutex      // guards the fields below
	edited  map[string]edit // the last post or edit of a message, by key
	refused map[string]bool // sets of block kinds that the workspace does not know; see richKinds
}

// NewOutbox returns an Outbox. It does nothing before Run.
func NewOutbox(cfg OutboxConfig) *Outbox {
	cfg.Lanes = or(cfg.Lanes, defaultLanes)
	cfg.EditEvery = or(cfg.EditEvery, editEvery)
	cfg.RetryMax = or(cfg.RetryMax, defaultRetryMax)
	cfg.MendWait = or(cfg.MendWait, defaultMendWait)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Outbox{
		cfg: cfg, client: cfg.Client, log: cfg.Log,
		edited: make(map[string]edit), refused: make(map[string]bool),
	}
}

// lane is what Run knows of a lane that is sending or has to wait.
type lane struct {
	sending bool
	notYet  time.Time // do not send before
	retry   backoff
	told    map[string]bool // failures that were reported: item id and Slack's word
}

// laneEnd is how a lane's turn ended.
type laneEnd struct {
	name string
	err  error // nil when all of its items were sent
}

// Run sends until ctx ends, and returns nil once no lane is sending any more. What was not sent stays in the queue. Run is called
// once.
func (o *Outbox) Run(ctx context.Context) error {
	lanes := make(map[string]*lane)
	ends := make(chan laneEnd)
	sending, limit := 0, pendingStep
	var retry backoff
	finish := func(end laneEnd) {
		sending--
		o.settleLane(lanes, end)
	}
	defer func() {
		for sending > 0 {
			finish(<-ends)
		}
	}()
	for ctx.Err() == nil {
		changed := o.cfg.Queue.Changed()
		items, err := o.cfg.Queue.Pending(ctx, limit)
		if err != nil {
			if ctx.Err() == nil {
				o.log.ErrorContext(ctx, "cannot read what is to be told", "error", err)
				_ = sleep(ctx, retry.next()) // ctx is looked at next
			}
			continue
		}
		retry.reset()

		wake := time.Hour
		started := false
		for name, items := range byLane(items) {
			l := lanes[name]
			if l == nil {
				l = &lane{told: make(map[string]bool)}
				lanes[name] = l
			}
			switch wait := time.Until(l.notYet); {
			case l.sending:
			case wait > 0:
				wake = min(wake, wait)
			case sending < o.cfg.Lanes:
				l.sending, started = true, true
				sending++
				go func() { ends <- laneEnd{name, o.runLane(ctx, l, items)} }()
			}
		}
		// Lanes that wait must not hide those behind them.
		if !started && len(items) == limit && sending < o.cfg.Lanes {
			limit *= 2
			continue
		}
		if started {
			limit = pendingStep
		}

		timer := time.NewTimer(wake)
		select {
		case <-ctx.Done():
		case <-changed:
		case <-timer.C:
		case end := <-ends:
			finish(end)
		}
		timer.Stop()
	}
	return nil
}

// byLane yields each lane with its items, in the order of their first items.
func byLane(items []Item) func(func(string, []Item) bool) {
	lanes := make(map[string][]Item)
	for _, i := range items {
		lanes[i.Lane] = append(lanes[i.Lane], i)
	}
	names := slices.SortedFunc(maps.Keys(lanes), func(a, b string) int {
		if lanes[a][0].ID < lanes[b][0].ID {
			return -1
		}
		return 1
	})
	return func(yield func(string, []Item) bool) {
		for _, n := range names {
			if !yield(n, lanes[n]) {
				return
			}
		}
	}
}

// settleLane notes how a lane's turn ended: a lane that failed waits, longer each time.
func (o *Outbox) settleLane(lanes map[string]*lane, end laneEnd) {
	l := lanes[end.name]
	l.sending = false
	if end.err == nil {
		delete(lanes, end.name)
		return
	}
	l.retry.max = o.cfg.RetryMax
	wait := l.retry.next()
	if classify(end.err) == mend {
		wait = o.cfg.MendWait
	}
	l.notYet = time.Now().Add(wait)
}

// runLane sends a lane's items in order. It stops at the first that has to wait, and returns why.
func (o *Outbox) runLane(ctx context.Context, l *lane, items []Item) error {
	done := make(map[uint64]bool)
	for n, item := range items {
		if done[item.ID] {
			continue
		}
		rev, err := o.sendSafely(ctx, item)
		switch {
		case err == nil:
			l.retry.reset()
		case ctx.Err() != nil:
			return ctx.Err()
		case classify(err) == refusal:
			o.report(ctx, l, Failure{Item: item, Err: err, Dropped: true})
			rev = 0
		case classify(err) == mend:
			o.report(ctx, l, Failure{Item: item, Err: err})
			return err
		default:
			o.log.WarnContext(ctx, "not sent yet", "item", item.ID, "key", item.Key, "error", err)
			return err
		}
		for _, later := range items[n:] {
			if later.ID == item.ID || later.Key == item.Key && later.Rev <= rev {
				if err := o.cfg.Queue.Sent(ctx, later.ID); err != nil {
					return fmt.Errorf("record item %d as sent: %w", later.ID, err)
				}
				done[later.ID] = true
			}
		}
	}
	return nil
}

// report logs a failure and tells the program, once for each item and reason.
func (o *Outbox) report(ctx context.Context, l *lane, f Failure) {
	key := fmt.Sprintf("%d %s", f.Item.ID, Code(f.Err))
	if l.told[key] {
		return
	}
	l.told[key] = true
	o.log.ErrorContext(ctx, "Slack does not take this; unless it is dropped, it is tried again until somebody has mended it",
		"item", f.Item.ID, "key", f.Item.Key, "lane", f.Item.Lane, "dropped", f.Dropped, "error", f.Err)
	if o.cfg.Failed != nil {
		o.cfg.Failed(f)
	}
}

// sendSafely turns a panic of the renderer's into an error that is tried again.
func (o *Outbox) sendSafely(ctx context.Context, item Item) (rev uint64, err error) {
	defer func() {
		if p := recover(); p != nil {
			o.log.ErrorContext(ctx, "panic while sending", "item", item.ID, "key", item.Key, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	return o.send(ctx, item)
}

var (
	errPanic = errors.New("panic while sending")
	// errNoParent says that a message's thread is not there since its first message was refused.
	errNoParent = errors.New("the first message of the thread was never posted")
)

// class says what a failure asks for.
type class int

const (
	passes  class = iota // may pass: try again soon
	mend                 // somebody has to mend something: try again later
	refusal              // will never be taken
)

// classify tells failures apart by Slack's word. What is not Slack's word is a lost answer or a broken connection, and passes.
func classify(err error) class {
	if errors.Is(err, errNoParent) || errors.Is(err, errNoContent) {
		return refusal
	}
	code := Code(err)
	switch {
	case code == "" || passingCodes[code]:
		return passes
	case mendCodes[code]:
		return mend
	}
	return refusal
}

// passingCodes lists Slack's words for trouble of its own, after which nobody knows whether the call took effect
// (docs.slack.dev, chat.postMessage, errors).
var passingCodes = map[string]bool{
	"internal_error": true, "fatal_error": true, "service_unavailable": true, "request_timeout": true, "team_added_to_org": true,
	"rollup_error": true, "accesslimited": true, "method_timeout": true,
}

// mendCodes lists Slack's words for what somebody can mend: inviting the bot, unarchiving the channel, a scope, a token
// (docs.slack.dev, chat.postMessage and files.completeUploadExternal, errors).
var mendCodes = map[string]bool{
	"not_in_channel": true, "channel_not_found": true, "is_archived": true, "restricted_action": true,
	"restricted_action_read_only_channel": true, "restricted_action_thread_only_channel": true,
	"restricted_action_non_threadable_channel": true, "restricted_action_thread_locked": true,
	"posting_to_general_channel_denied": true, "messages_tab_disabled": true, "storage_limit_reached": true,
	"file_uploads_disabled": true, "missing_scope": true, "no_permission": true, "not_allowed_token_type": true,
	"invalid_auth": true, "not_authed": true, "account_inactive": true, "token_revoked": true, "token_expired": true,
	"team_access_not_granted": true, "org_login_required": true, "ekm_access_denied": true, "access_denied": true,
}
