package bot

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/slack-go/slack"
)

// Message is what one person is told. Text is shown in notifications; Blocks, when there are any, take its place on the screen.
type Message struct {
	Text   string
	Blocks []slack.Block
	// ReplaceOriginal puts the message in the place of the one that was clicked. For [Client.Respond] and [Client.Reply] alone, and
	// only for a click in a message.
	ReplaceOriginal bool
	// DeleteOriginal takes the clicked message away instead; Text and Blocks are then not used.
	DeleteOriginal bool
}

// Ref names a posted message.
type Ref struct{ Channel, TS string }

// Ephemeral shows a message to one person in a channel (and thread, if threadTS is not empty) that they and the bot are in. Slack
// neither keeps nor guarantees it: results go to the channel or a direct message.
func (c *Client) Ephemeral(ctx context.Context, channel, threadTS, userID string, m Message) error {
	return c.call(ctx, "chat.postEphemeral", "", func(ctx context.Context) error {
		options := m.options()
		if threadTS != "" {
			options = append(options, slack.MsgOptionTS(threadTS))
		}
		_, err := c.api.PostEphemeralContext(ctx, channel, userID, options...)
		return err
	})
}

// DM posts a message to one person and returns where it stands. It is posted at least once: when the answer is lost an error comes
// back though the message may be there. What must be told exactly once goes through an [Outbox].
func (c *Client) DM(ctx context.Context, userID string, m Message) (ref Ref, err error) {
	err = c.call(ctx, "chat.postMessage", userID, func(ctx context.Context) error {
		ref.Channel, ref.TS, err = c.api.PostMessageContext(ctx, userID, m.options()...)
		return err
	})
	return ref, err
}

// Respond answers through a response_url, which reaches the person alone. Its error is [ErrResponseSpent] when the URL was used
// [ResponseUses] times or is older than [ResponseLife].
func (c *Client) Respond(ctx context.Context, responseURL string, m Message) error {
	if !c.mayUse(responseURL) {
		return ErrResponseSpent
	}
	u, err := url.Parse(responseURL)
	if err != nil || !c.isSlack(u) {
		return errors.New("respond: the response URL is not Slack's")
	}
	options := []slack.MsgOption{slack.MsgOptionResponseURL(responseURL, slack.ResponseTypeEphemeral)}
	switch {
	case m.DeleteOriginal:
		options = append(options, slack.MsgOptionDeleteOriginal(responseURL))
	case m.ReplaceOriginal:
		options = append(m.options(), append(options, slack.MsgOptionReplaceOriginal(responseURL))...)
	default:
		options = append(m.options(), options...)
	}
	err = c.call(ctx, "response_url", "", func(ctx context.Context) error {
		_, _, _, err := c.api.SendMessageContext(ctx, "", options...)
		return err
	})
	if spentAnswer(err) {
		return ErrResponseSpent
	}
	return err
}

// Reply answers the person who did d in the way that reaches them: through the response_url while it lasts, else by an ephemeral
// message where they were, else by a direct message.
func (c *Client) Reply(ctx context.Context, d Delivery, m Message) error {
	var errs []error
	if d.ResponseURL != "" && time.Since(d.At) < ResponseLife {
		err := c.Respond(ctx, d.ResponseURL, m)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	if m.DeleteOriginal {
		return errors.Join(errs...)
	}
	if d.Channel != "" && d.Channel[0] != 'D' {
		err := c.Ephemeral(ctx, d.Channel, d.ThreadTS, d.User, m)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	if _, err := c.DM(ctx, d.User, m); err != nil {
		return errors.Join(append(errs, err)...)
	}
	return nil
}

// options returns a message's content for slack-go. Links and media are not unfolded.
func (m Message) options() []slack.MsgOption {
	options := []slack.MsgOption{
		slack.MsgOptionText(m.Text, false), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
	if len(m.Blocks) > 0 {
		options = append(options, slack.MsgOptionBlocks(m.Blocks...))
	}
	return options
}

// spent counts the uses of a response_url.
type spent struct {
	uses  int
	first time.Time
}

// mayUse counts one more use of a response_url and reports whether Slack will take it.
func (c *Client) mayUse(responseURL string) bool {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	s, known := c.spent[responseURL]
	if !known {
		for u, old := range c.spent {
			if now.Sub(old.first) > ResponseLife {
				delete(c.spent, u)
			}
		}
		s.first = now
	}
	s.uses++
	c.spent[responseURL] = s
	return s.uses <= ResponseUses && now.Sub(s.first) < ResponseLife
}

// spentAnswer reports whether Slack says that a response_url is used up. It answers 404 for one that it has forgotten.
func spentAnswer(err error) bool {
	if s, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return s.Code == http.StatusNotFound
	}
	if err == nil {
		return false
	}
	switch Code(err) {
	case "used_url", "expired_url":
		return true
	}
	return false
}
