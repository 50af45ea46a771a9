package bot

import (
	"context"
	"strings"
)

// Links finds the messages that an [Outbox] has posted, by their keys. It is safe for concurrent use.
type Links struct {
	client *Client
	memory Memory
}

// NewLinks returns Links over the memory of the outbox.
func NewLinks(client *Client, memory Memory) *Links { return &Links{client, memory} }

// Find returns where the message with this key stands. The zero Ref means that it was not posted, or that nobody knows whether it was.
func (l *Links) Find(ctx context.Context, key string) (Ref, error) {
	rec, err := l.posted(ctx, key)
	return Ref{Channel: rec.Channel, TS: rec.TS}, err
}

// Link returns the address of the message with this key, for people; empty when it was not posted. It makes no call to Slack but the
// first time: addresses are put together as Slack does (docs.slack.dev, chat.getPermalink).
func (l *Links) Link(ctx context.Context, key string) (string, error) {
	rec, err := l.posted(ctx, key)
	if err != nil || rec.TS == "" {
		return "", err
	}
	who, err := l.client.Identity(ctx)
	if err != nil || who.TeamURL == "" {
		return "", err
	}
	link := strings.TrimSuffix(who.TeamURL, "/") + "/archives/" + rec.Channel + "/p" + strings.ReplaceAll(rec.TS, ".", "")
	if rec.Thread != "" {
		link += "?thread_ts=" + rec.Thread + "&cid=" + rec.Channel
	}
	return link, nil
}

// posted returns what is known of a message that was posted, or the zero record.
func (l *Links) posted(ctx context.Context, key string) (record, error) {
	rec, err := recall(ctx, l.memory, key)
	if err != nil || rec.State != statePosted {
		return record{}, err
	}
	return rec, nil
}
