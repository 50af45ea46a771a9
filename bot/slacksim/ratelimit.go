package slacksim

import (
	"math"
	"time"
)

const (
	postPerSecond    = 1   // messages a channel, docs.slack.dev/apis/web-api/rate-limits
	postBurst        = 3   // Slack allows "short bursts" and does not say how short
	postsPerMinute   = 300 // over all channels; Slack says "several hundred"
	connectPerMinute = 1
)

// rateLimited refuses a call with HTTP 429.
type rateLimited struct{ after time.Duration }

func (*rateLimited) Error() string { return "ratelimited" }

// bucket is a token bucket.
type bucket struct {
	tokens, capacity, perSecond float64
	at                          time.Time
}

// take takes a token, or says how long until there is one.
func (b *bucket) take(now time.Time) (wait time.Duration) {
	b.tokens = math.Min(b.capacity, b.tokens+now.Sub(b.at).Seconds()*b.perSecond)
	b.at = now
	if b.tokens >= 1 {
		b.tokens--
		return 0
	}
	return time.Duration((1 - b.tokens) / b.perSecond * float64(time.Second))
}

// takeToken counts a call against its limits. A method's bucket holds a minute's worth of its tier.
func (ws *Workspace) takeToken(name string, m method, a args) error {
	if ws.cfg.NoRateLimits {
		return nil
	}
	switch {
	case name == "chat.postMessage":
		channel, err := a.str("channel")
		if err != nil {
			return err
		}
		if err := ws.take(name+" "+channel, ws.cfg.PostBurst, postPerSecond); err != nil {
			return err
		}
		return ws.take(name, postsPerMinute, postsPerMinute/60.0)
	case m.app:
		return ws.take(name, ws.cfg.ConnectBurst, connectPerMinute/60.0)
	default:
		return ws.take(name, m.tier, float64(m.tier)/60)
	}
}

func (ws *Workspace) take(key string, capacity int, perSecond float64) error {
	b := ws.buckets[key]
	if b == nil {
		b = &bucket{tokens: float64(capacity), capacity: float64(capacity), perSecond: perSecond, at: ws.clock.Now()}
		ws.buckets[key] = b
	}
	if wait := b.take(ws.clock.Now()); wait > 0 {
		return &rateLimited{after: wait}
	}
	return nil
}
