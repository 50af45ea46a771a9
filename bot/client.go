package bot

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

const (
	// callTimeout is the deadline of one call to the Web API, from asking to the whole answer. Slack's own deadline is not
	// published; its answers come within a second or two.
	callTimeout = 15 * time.Second
	// connectTimeout is the deadline of apps.connections.open.
	connectTimeout = 20 * time.Second
)

// Config wires a [Client].
type Config struct {
	BotToken string // xoxb-...
	AppToken string // xapp-..., for Socket Mode
	// APIURL is where the Web API is; default Slack's. A missing slash at its end is added.
	APIURL string
	// HTTP makes the calls; default one with Go's default transport. Its Timeout is left alone for the Web API, where each
	// call has a deadline of its own.
	HTTP *http.Client
	Log  *slog.Logger // default: discard
	// Haste is how many times faster than Slack's published limits calls may go out; default 1. More is for servers that have no
	// limits. What Slack says with its 429s is honoured in any case.
	Haste int
}

// Client makes calls to Slack's Web API. Each has a deadline, honours Slack's rate limits, and may be made from several goroutines
// at once. Errors name the method; [Code] has Slack's word.
type Client struct {
	api     *slack.Client // for the Web API
	connect *slack.Client // for apps.connections.open, whose callers set no deadline
	http    *http.Client
	token   string
	apiURL  string
	log     *slog.Logger
	pace    pacer
	self    cell[Identity]

	mu    sync.Mutex // guards spent
	spent map[string]spent
}

// NewClient returns a Client. It makes no call.
func NewClient(cfg Config) *Client {
	c := &Client{http: cfg.HTTP, token: cfg.BotToken, log: cfg.Log, apiURL: or(cfg.APIURL, slack.APIURL), spent: make(map[string]spent)}
	if !strings.HasSuffix(c.apiURL, "/") {
		c.apiURL += "/"
	}
	if c.http == nil {
		c.http = &http.Client{}
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	impatient := *c.http
	impatient.Timeout = connectTimeout
	quiet := slack.OptionLog(log.New(io.Discard, "", 0))
	c.pace.haste = or(cfg.Haste, 1)
	c.api = slack.New(cfg.BotToken, slack.OptionAPIURL(c.apiURL), slack.OptionHTTPClient(c.http), quiet)
	c.connect = slack.New(cfg.BotToken, slack.OptionAPIURL(c.apiURL), slack.OptionHTTPClient(&impatient), quiet,
		slack.OptionAppLevelToken(cfg.AppToken))
	return c
}

// Identity is who the bot is.
type Identity struct {
	TeamID, Team, TeamURL string
	UserID, BotID         string
	// Scopes are what the bot token may do, as Slack lists them in the header X-OAuth-Scopes; empty when it does not.
	Scopes []string
}

// Identity asks Slack who the bot is (auth.test). A good answer is kept for the life of the Client.
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	return c.self.get(ctx, forever, func(ctx context.Context) (id Identity, err error) {
		err = c.read(ctx, "auth.test", func(ctx context.Context) error {
			r, err := c.api.AuthTestContext(ctx)
			if err != nil {
				return err
			}
			id = Identity{TeamID: r.TeamID, Team: r.Team, TeamURL: r.URL, UserID: r.UserID, BotID: r.BotID}
			for s := range strings.SplitSeq(r.Header.Get("X-OAuth-Scopes"), ",") {
				if s = strings.TrimSpace(s); s != "" {
					id.Scopes = append(id.Scopes, s)
				}
			}
			return nil
		})
		return id, err
	})
}

// Permalink returns the address of a message, for people.
func (c *Client) Permalink(ctx context.Context, channel, ts string) (link string, err error) {
	err = c.call(ctx, "chat.getPermalink", "", func(ctx context.Context) error {
		link, err = c.api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: channel, Ts: ts})
		return err
	})
	return link, err
}

// readWaits are the waits before a read is tried again. A person waits for what hangs on it.
var readWaits = [...]time.Duration{100 * time.Millisecond, 400 * time.Millisecond, time.Second}

// read is call for what only reads: it is tried again when Slack has trouble of its own or its answer is lost.
func (c *Client) read(ctx context.Context, method string, fn func(context.Context) error) error {
	for _, wait := range readWaits {
		err := c.call(ctx, method, "", fn)
		if err == nil || classify(err) != passes || ctx.Err() != nil {
			return err
		}
		c.log.WarnContext(ctx, "reading from Slack failed, trying again", "method", method, "error", err)
		if sleep(ctx, wait) != nil {
			return err
		}
	}
	return c.call(ctx, method, "", fn)
}

// call makes one call when the limits allow, and again for as long as Slack answers 429 and ctx lasts. Nothing else is repeated
// here: whether a lost answer may be asked for again only the caller knows.
func (c *Client) call(ctx context.Context, method, channel string, fn func(context.Context) error) error {
	if err := c.await(ctx, method, channel); err != nil {
		return err
	}
	return c.callNow(ctx, method, channel, fn)
}

// await waits until the limits allow a call, and counts it: callNow must follow.
func (c *Client) await(ctx context.Context, method, channel string) error {
	if err := c.pace.bucket(method, channel).wait(ctx); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

// callNow is call after await.
func (c *Client) callNow(ctx context.Context, method, channel string, fn func(context.Context) error) error {
	for {
		err := c.once(ctx, fn)
		if err == nil {
			return nil
		}
		wait, limited := retryAfter(err)
		if !limited {
			return fmt.Errorf("%s: %w", method, withoutURL(err))
		}
		c.log.WarnContext(ctx, "Slack asks us to slow down", "method", method, "channel", channel, "wait", wait)
		c.pace.bucket(method, channel).pause(wait)
		if err := c.await(ctx, method, channel); err != nil {
			return err
		}
	}
}

// once gives fn the deadline of a call.
func (c *Client) once(ctx context.Context, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return fn(ctx)
}
