package bot

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

const (
	// socketBuffer is the write buffer of a socket: an acknowledgement that does not fit is sent in fragments, which Slack
	// drops (measured by slack-go, socketmode.go).
	socketBuffer = 32 * 1024
	// maxEnvelope bounds a message from Slack. A view's payload is at most 250 kB (docs.slack.dev, views), messages less.
	maxEnvelope = 4 << 20
	// dialTimeout bounds the connection to Slack's socket and its handshake, each.
	dialTimeout = 15 * time.Second
	// staggerAfter is after how long each socket but the first renews itself once, each at another time. Sockets that were opened
	// together would be refreshed by Slack together, and what comes in that moment would find none.
	staggerAfter = 10 * time.Minute
)

// runSocket keeps one Socket Mode connection open until ctx ends, or until Slack refuses it for good.
func (r *Receiver) runSocket(ctx context.Context, n int) error {
	var b backoff
	stagger := time.NewTimer(time.Duration(n) * staggerAfter)
	defer stagger.Stop()
	if n == 0 {
		stagger.Stop()
	}
	for {
		wait, err := r.oneSocket(ctx, n, &b, stagger.C)
		r.status.setOpen(n, false)
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, errRenew) {
			continue
		}
		if perm := permanentConnect(err); perm != nil {
			return perm
		}
		wait = max(wait, b.next())
		if err != nil {
			r.status.failed(err)
		}
		r.log.WarnContext(ctx, "no connection to Slack", "socket", n, "error", err, "wait", wait)
		if sleep(ctx, wait) != nil {
			return nil
		}
	}
}

// oneSocket runs slack-go's client until an attempt to connect fails. Reconnecting after a refresh or a broken connection is
// slack-go's; waiting between failed attempts is ours, since slack-go waits up to five minutes and takes some permanent refusals for
// passing ones. It returns why it ended and how long Slack wants us to wait.
func (r *Receiver) oneSocket(ctx context.Context, n int, b *backoff, renew <-chan time.Time) (time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	smc := socketmode.New(r.client.connect,
		socketmode.OptionDialer(r.dialer(n)), socketmode.OptionReadLimit(maxEnvelope),
		socketmode.OptionLog(log.New(io.Discard, "", 0)))
	var ended error // set before done is closed
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended = smc.RunContext(ctx)
	}()
	defer func() {
		cancel()
		<-done
	}()
	greeted := true // no connection has failed us yet
	for {
		select {
		case <-done:
			return 0, ended
		case <-renew:
			return 0, errRenew
		case evt := <-smc.Events:
			switch evt.Type {
			case socketmode.EventTypeConnecting:
				r.status.setOpen(n, false)
				if !greeted {
					return 0, errNoHello // slack-go would try again at once, and for ever
				}
				greeted = false
			case socketmode.EventTypeHello:
				greeted = true
				b.reset()
				r.status.setOpen(n, true)
				r.log.InfoContext(ctx, "connected to Slack", "socket", n, "of", evt.Request.NumConnections,
					"lasts", time.Duration(evt.Request.DebugInfo.ApproximateConnectionTime)*time.Second)
			case socketmode.EventTypeEventsAPI, socketmode.EventTypeInteractive, socketmode.EventTypeSlashCommand:
				r.take(ctx, smc, *evt.Request)
			case socketmode.EventTypeErrorBadMessage:
				r.takeUnknown(ctx, smc, evt)
			case socketmode.EventTypeConnectionError:
				if e, ok := evt.Data.(*slack.ConnectionErrorEvent); ok {
					wait, _ := retryAfter(e.ErrorObj)
					return wait, e.ErrorObj
				}
			case socketmode.EventTypeInvalidAuth:
				return 0, slack.StatusCodeError{Code: http.StatusNotFound, Status: "404 Not Found"}
			case socketmode.EventTypeErrorWriteFailed:
				r.log.WarnContext(ctx, "an acknowledgement did not go out; Slack will deliver again", "socket", n)
			case socketmode.EventTypeIncomingError:
				r.log.InfoContext(ctx, "the connection broke and is opened anew", "socket", n)
			}
		}
	}
}

// take has an envelope accepted, without making the socket wait.
func (r *Receiver) take(ctx context.Context, smc *socketmode.Client, req socketmode.Request) {
	select {
	case r.intake <- struct{}{}:
	default:
		r.log.ErrorContext(ctx, "too many deliveries wait for the disk; Slack will deliver again", "waiting", maxIntake)
		return
	}
	if !r.begin() {
		<-r.intake
		return
	}
	go func() {
		defer r.work.Done()
		defer func() { <-r.intake }()
		err := r.accept(ctx, req.Type, req.Payload, func(payload any) error {
			sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), ackDeadline)
			defer cancel()
			return smc.AckCtx(sending, req.EnvelopeID, payload)
		})
		if err != nil {
			r.log.ErrorContext(ctx, "not acknowledged; Slack will deliver again",
				"envelope", req.EnvelopeID, "attempt", req.RetryAttempt, "error", err)
		}
	}()
}

// takeUnknown accepts what slack-go could not read: a new kind of event, or a known one with a new kind of block. We read less of it
// than slack-go does; what we do not know either is acknowledged, or Slack would send it three times more.
func (r *Receiver) takeUnknown(ctx context.Context, smc *socketmode.Client, evt socketmode.Event) {
	bad, ok := evt.Data.(*socketmode.ErrorBadMessage)
	if !ok {
		return
	}
	var req socketmode.Request
	if err := json.Unmarshal(bad.Message, &req); err != nil || req.EnvelopeID == "" {
		r.log.WarnContext(ctx, "unreadable message on the socket", "bytes", len(bad.Message))
		return
	}
	r.take(ctx, smc, req)
}

// dialer returns a dialer whose connections end when nothing, not even a ping, came for the silence limit.
func (r *Receiver) dialer(n int) *websocket.Dialer {
	d := net.Dialer{Timeout: dialTimeout}
	return &websocket.Dialer{
		Proxy:            http.ProxyFromEnvironment,
		HandshakeTimeout: dialTimeout,
		WriteBufferSize:  socketBuffer,
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := d.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &watchedConn{Conn: conn, silence: r.cfg.Silence, heard: func() { r.status.hear(n) }}, nil
		},
	}
}

// watchedConn is a connection that fails when the other side is silent for too long. slack-go watches for pings too, but may take a
// minute to notice.
type watchedConn struct {
	net.Conn
	silence time.Duration
	heard   func()
}

func (c *watchedConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.heard()
	}
	if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
		return n, errSilent
	}
	return n, err
}

// errRenew ends a socket that is to be refreshed at another time than the others.
var errRenew = errors.New("renewed, to be refreshed at another time than the other sockets")

// errNoHello ends a socket that Slack closed before it said hello: there are too many of them, or the app's link is disabled.
var errNoHello = errors.New("closed by Slack at once: are there ten other connections, or is Socket Mode off?")

// errSilent ends a connection on which nothing was heard for too long.
var errSilent = errors.New("nothing was heard from Slack for too long")
