package bot

import (
	"log/slog"
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
	// Keep is how long keys of finished deliveries are remembered; default 24 h. Slack redelivers for minutes, delayed events for
	// 24 h (docs.slack.dev, Events API).
	Keep time.Duration
}

// Health says how the connection to Slack is doing.
type Health struct {
	// Sockets is how many connections are open and heard from Slack within [SilenceLimit]; Wanted is how many there should be. Both are
	// 0 in HTTP mode.
	Sockets, Wanted int
	// LastHeard is when Slack was last heard on any connection, pings included; in HTTP mode, when the last signed request came.
	LastHeard time.Time
	// LastError is the last failed attempt to connect, in Slack's words; empty once all are connected.
	LastError string
	// Unfinished is how many deliveries are accepted and not finished yet.
	Unfinished int
}
