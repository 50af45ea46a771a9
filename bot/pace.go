package bot

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/time/rate"
)

// errTooLong says that Slack's limits ask for a wait that is longer than the caller's deadline.
var errTooLong = errors.New("rate limited for longer than there is time")

// blindPause is how long we wait after a 429 without a Retry-After header, which Slack does not promise to leave out.
const blindPause = 30 * time.Second

// pacer holds our side of Slack's rate limits: a token bucket for each method, and for each channel that is posted to.
type pacer struct {
	haste int // how many times faster than the limits

	mu      sync.Mutex // guards buckets
	buckets map[string]*bucket
}

// bucket paces one method or channel.
type bucket struct {
	limit *rate.Limiter

	mu    sync.Mutex // guards until
	until time.Time  // Slack told us to wait until then
}

// bucket returns the bucket of a call. Posts are paced by channel, everything else by method.
func (p *pacer) bucket(method, channel string) *bucket {
	key := method
	if method == "chat.postMessage" {
		key += " " + channel
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.buckets[key]
	if b == nil {
		b = &bucket{limit: p.limitOf(method)}
		if p.buckets == nil {
			p.buckets = make(map[string]*bucket)
		}
		p.buckets[key] = b
	}
	return b
}

// limitOf returns the pace of a method. A quarter of a tier may go out at once, and the rest is spread over the minute, so that no
// minute holds more than the tier; but where a person is waiting with a dying trigger, the whole tier may go at once.
func (p *pacer) limitOf(method string) *rate.Limiter {
	haste := max(p.haste, 1)
	if method == "chat.postMessage" {
		return rate.NewLimiter(rate.Limit(postsPerSecond*float64(haste)), postBurst*haste)
	}
	tier, known := methodTier[method]
	if !known {
		return rate.NewLimiter(rate.Inf, 1)
	}
	tier *= haste
	if waitsForPerson[method] {
		return rate.NewLimiter(rate.Limit(float64(tier)/60), tier)
	}
	burst := tier / 4
	return rate.NewLimiter(rate.Limit(float64(tier-burst)/60), burst)
}

// waitsForPerson lists the methods whose caller cannot wait: we let Slack say when it is too much.
var waitsForPerson = map[string]bool{
	"views.open": true, "views.push": true, "views.update": true, "views.publish": true, "chat.postEphemeral": true,
	"users.info": true, "files.info": true, "auth.test": true, "usergroups.users.list": true,
}

// wait returns when a call may go out, or an error when ctx ends, or would end, before that.
func (b *bucket) wait(ctx context.Context) error {
	now := time.Now()
	r := b.limit.ReserveN(now, 1)
	at := now.Add(r.DelayFrom(now))
	for {
		b.mu.Lock()
		if at.Before(b.until) {
			at = b.until
		}
		b.mu.Unlock()
		if deadline, ok := ctx.Deadline(); ok && at.After(deadline) {
			r.Cancel()
			return errTooLong
		}
		if d := time.Until(at); d > 0 {
			if err := sleep(ctx, d); err != nil {
				r.Cancel()
				return err
			}
			continue // Slack may have told another caller to wait longer
		}
		return ctx.Err()
	}
}

// pause holds all calls back, since Slack said so.
func (b *bucket) pause(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if until := time.Now().Add(d); until.After(b.until) {
		b.until = until
	}
}

// retryAfter returns how long Slack wants us to wait, when err is its 429.
func retryAfter(err error) (time.Duration, bool) {
	if r, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return max(r.RetryAfter, time.Second), true
	}
	if s, ok := errors.AsType[slack.StatusCodeError](err); ok && s.Code == http.StatusTooManyRequests {
		return blindPause, true
	}
	if c := Code(err); c == "ratelimited" || c == "rate_limited" {
		return blindPause, true
	}
	return 0, false
}

// sleep waits for d, or returns ctx's error when that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
