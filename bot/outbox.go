package bot

import (
	"log/slog"
	"time"
)

// OutboxConfig wires an [Outbox]. Client, Memory, Queue and Renderer are required.
type OutboxConfig struct {
	Client   *Client
	Memory   Memory
	Queue    Queue
	Renderer Renderer
	// Failed is told of items that Slack refuses, once each, from the goroutine of the lane: it must be quick. May be nil; they are
	// logged as errors in any case.
	Failed func(Failure)
	Log    *slog.Logger // default: discard
	// EditEvery is the least time between two edits of one message, where its Post does not say; default 2 s.
	EditEvery time.Duration
	// Lanes is how many lanes send at once; default 16.
	Lanes int
}
