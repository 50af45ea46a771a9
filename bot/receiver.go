package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// ReceiverConfig wires a [Receiver]. Client, Memory and Handler are required.
type ReceiverConfig struct {
	Client  *Client
	Memory  Memory
	Handler Handler
	Log     *slog.Logger // default: discard

	// SigningSecret switches to HTTP mode: the Receiver is then an http.Handler, for commands, interactions and events alike, and
	// opens no socket. Empty: Socket Mode.
	SigningSecret string
	// Sockets is how many Socket Mode connections are held open, so that the refresh of one loses nothing; default 2. Slack allows
	// 10 (docs.slack.dev, Socket Mode).
	Sockets int
	// Workers is how many deliveries are handled at once; default 64. Further ones wait.
	Workers int
	// HandleTimeout ends the context of one [Handler.Handle]; default 5 minutes.
	HandleTimeout time.Duration
	// DrainTimeout is how long Run waits at the end for deliveries that are being handled; default 10 s. What is not done then is
	// handled again at the next start.
	DrainTimeout time.Duration
	// Silence is after how long without a word from Slack a socket is opened anew; default [SilenceLimit].
	Silence time.Duration
	// Acked is told how long each acknowledgement took, from the receipt to the hand-over to the network, the save included. It must
	// be quick. May be nil.
	Acked func(d Delivery, took time.Duration)
	// Keep is how long keys of finished deliveries are remembered; default 24 h. Slack redelivers for minutes, delayed events for
	// 24 h (docs.slack.dev, Events API).
	Keep time.Duration
}

// The defaults of [ReceiverConfig].
const (
	defaultSockets = 2
	defaultWorkers = 64
	defaultHandle  = 5 * time.Minute
	defaultDrain   = 10 * time.Second
	defaultKeep    = 24 * time.Hour

	// pruneEvery is how often old keys are forgotten.
	pruneEvery = time.Hour
	// maxIntake bounds the deliveries that are being saved at once. More are not acknowledged, so Slack sends them again: that
	// many stand there only when the disk does.
	maxIntake = 1024
	// stopGrace is how long Run waits for handlers whose context was cancelled.
	stopGrace = 5 * time.Second
)

// errShutdown is the cause of a handler's cancelled context at the end of Run.
var errShutdown = errors.New("the program is stopping")

// Receiver takes what Slack delivers. See the package's documentation for the order of things.
type Receiver struct {
	cfg    ReceiverConfig
	client *Client
	log    *slog.Logger
	selfID string // set by Run before anything is received

	workers chan struct{} // holds a token for each delivery that is being handled
	intake  chan struct{} // holds a token for each delivery that is being saved
	status  status

	mu      sync.Mutex // guards open, and that nothing is added to work after it was cleared
	open    bool
	work    sync.WaitGroup  // deliveries that are being saved or handled
	working context.Context //nolint:containedctx // the handlers' life, longer than Run's context and ended by drain
}

// NewReceiver returns a Receiver. It does nothing before Run.
func NewReceiver(cfg ReceiverConfig) *Receiver {
	cfg.Sockets = or(cfg.Sockets, defaultSockets)
	cfg.Workers = or(cfg.Workers, defaultWorkers)
	cfg.HandleTimeout = or(cfg.HandleTimeout, defaultHandle)
	cfg.DrainTimeout = or(cfg.DrainTimeout, defaultDrain)
	cfg.Silence = or(cfg.Silence, SilenceLimit)
	cfg.Keep = or(cfg.Keep, defaultKeep)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.SigningSecret != "" {
		cfg.Sockets = 0
	}
	return &Receiver{
		cfg: cfg, client: cfg.Client, log: cfg.Log,
		workers: make(chan struct{}, cfg.Workers), intake: make(chan struct{}, maxIntake),
		status: status{sockets: make([]socketStatus, cfg.Sockets), silence: cfg.Silence},
	}
}

// Run receives until ctx ends; it then waits for what is being handled and returns nil. It returns a [*PermanentError] when Slack
// refuses the connection for good. It first handles again what the last run accepted and did not finish. Run is called once.
func (r *Receiver) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := r.identify(ctx); err != nil {
		return err
	}
	working, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	r.mu.Lock()
	r.open, r.working = true, working
	r.mu.Unlock()

	var errs []error
	if err := r.replay(ctx); err != nil && ctx.Err() == nil {
		errs = append(errs, fmt.Errorf("read unfinished deliveries: %w", err))
		cancel()
	}
	var loops sync.WaitGroup
	loops.Go(func() { r.prune(ctx) })
	ended := make(chan error, r.cfg.Sockets)
	for n := range r.cfg.Sockets {
		loops.Go(func() { ended <- r.runSocket(ctx, n) })
	}
	if r.cfg.Sockets == 0 {
		<-ctx.Done()
	}
	for range r.cfg.Sockets {
		if err := <-ended; err != nil && ctx.Err() == nil {
			errs = append(errs, err)
			cancel()
		}
	}
	loops.Wait()
	if err := r.drain(stop); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Health reports how the connection to Slack is doing. It may be called at any time.
func (r *Receiver) Health() Health { return r.status.health() }

// begin counts a piece of work in, or reports false when Run is not running.
func (r *Receiver) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open {
		r.work.Add(1)
	}
	return r.open
}

// drain takes no more work in and waits for what is there, at first patiently, then with its context cancelled.
func (r *Receiver) drain(stop context.CancelCauseFunc) error {
	r.mu.Lock()
	r.open = false
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		r.work.Wait()
		close(done)
	}()
	defer stop(errShutdown)
	if waited(done, r.cfg.DrainTimeout) {
		return nil
	}
	stop(errShutdown)
	if waited(done, stopGrace) {
		return nil
	}
	return fmt.Errorf("deliveries were still being handled %v after they were told to stop", stopGrace)
}

// waited reports whether done was closed within d.
func waited(done <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}

// identify asks Slack who we are, as often as it takes, unless Slack says that the bot token is no good.
func (r *Receiver) identify(ctx context.Context) error {
	var b backoff
	for {
		id, err := r.client.Identity(ctx)
		if err == nil {
			r.selfID = id.UserID
			return nil
		}
		if perm := permanentBot(err); perm != nil {
			return perm
		}
		r.status.failed(err)
		r.log.WarnContext(ctx, "cannot reach Slack yet", "error", err)
		if err := sleep(ctx, b.next()); err != nil {
			return nil //nolint:nilerr // ctx ended: an orderly stop
		}
	}
}

// prune forgets old keys now and then, until ctx ends.
func (r *Receiver) prune(ctx context.Context) {
	for {
		switch n, err := r.cfg.Memory.PruneDeliveries(ctx, time.Now().Add(-r.cfg.Keep)); {
		case err != nil && ctx.Err() == nil:
			r.log.ErrorContext(ctx, "cannot forget old deliveries", "error", err)
		case n > 0:
			r.log.InfoContext(ctx, "forgot old deliveries", "count", n)
		}
		if sleep(ctx, pruneEvery) != nil {
			return
		}
	}
}
