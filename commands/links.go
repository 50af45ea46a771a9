package commands

import (
	"context"
	"fmt"
	"time"

	"portalbot/provisioning"
)

// linked is a request with the address of its message in the channel; empty when that is not known.
type linked struct {
	provisioning.Request
	link string
}

// linkTo returns the address of one of a request's messages, empty when it is not posted or cannot be found out: a link is a courtesy.
func (c *Commands) linkTo(ctx context.Context, id string, kind provisioning.NoticeKind) string {
	if c.cfg.Links == nil {
		return ""
	}
	link, err := c.cfg.Links.Link(ctx, provisioning.Notice{Request: id, Kind: kind}.Key())
	if err != nil {
		c.log.WarnContext(ctx, "cannot find the address of a message", "request", id, "kind", kind, "error", err)
	}
	return link
}

// withLink returns a request with the address of its thread.
func (c *Commands) withLink(ctx context.Context, r provisioning.Request) linked {
	return linked{r, c.linkTo(ctx, r.ID, provisioning.NoticeRoot)}
}

// The wait for a thread that is being made, which takes Slack a moment.
const (
	threadLooks = 20
	threadWait  = 150 * time.Millisecond
)

// awaitThread returns the address of a request's thread, which is being posted right now; empty when that takes too long.
func (c *Commands) awaitThread(ctx context.Context, id string) string {
	tick := time.NewTicker(threadWait)
	defer tick.Stop()
	for range threadLooks {
		if link := c.linkTo(ctx, id, provisioning.NoticeRoot); link != "" || c.cfg.Links == nil {
			return link
		}
		select {
		case <-ctx.Done():
			return ""
		case <-tick.C:
		}
	}
	return ""
}

// linkText is a link in mrkdwn, or the text alone. text must be ours or escaped.
func linkText(link, text string) string {
	if link == "" {
		return text
	}
	return fmt.Sprintf("<%s|%s>", link, text)
}
