package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

const (
	// metadataType and metadataKey mark a message as ours, with the key by which it is found again.
	metadataType = "portalbot"
	metadataKey  = "key"

	// searchSlack is how far before its intent a message is looked for: Slack's clock and ours differ.
	searchSlack = time.Minute
	// searchPage and searchPages bound that search, to the last 2,000 messages. Slack takes at most 999 a page
	// (docs.slack.dev, conversations.history).
	searchPage, searchPages = 200, 10

	// maxEdited is after how many messages those are forgotten that may be edited again at once.
	maxEdited = 1000
)

// The states of a message, as saved.
const (
	statePosting   = "posting"   // is being posted: nobody knows whether it is there
	stateUploading = "uploading" // its file is uploaded, and is being shared: nobody knows whether it is
	statePosted    = "posted"
)

// record is what [Memory] keeps of a message.
type record struct {
	State   string    `json:"state"`
	Channel string    `json:"channel"`
	Thread  string    `json:"thread,omitempty"`
	TS      string    `json:"ts,omitempty"`
	Rev     uint64    `json:"rev,omitempty"`
	Since   time.Time `json:"since"` // when the first attempt began
	FileID  string    `json:"file,omitempty"`
}

// edit is when a message was shown last, and how long it stays so at least.
type edit struct {
	at    time.Time
	every time.Duration
}

// send does what an item asks for and returns the revision that the message now shows.
func (o *Outbox) send(ctx context.Context, item Item) (uint64, error) {
	rec, err := recall(ctx, o.cfg.Memory, item.Key)
	if err != nil {
		return 0, err
	}
	posted := rec.State == statePosted
	if posted && (item.Rev <= rec.Rev || rec.FileID != "") {
		return max(rec.Rev, item.Rev), nil
	}
	if posted {
		// All waiting comes before the rendering, so that what is sent is the state of that moment.
		if err := sleep(ctx, o.untilEdit(item.Key)); err != nil {
			return 0, err
		}
		if err := o.client.await(ctx, "chat.update", ""); err != nil {
			return 0, err
		}
	}
	post, err := o.cfg.Renderer.Render(ctx, item)
	if err != nil {
		return 0, fmt.Errorf("render: %w", err)
	}
	post.Rev = or(post.Rev, item.Rev)
	post.MinInterval = or(post.MinInterval, o.cfg.EditEvery)
	switch {
	case post.Skip:
		return post.Rev, nil
	case post.File != nil && !posted:
		return post.Rev, o.upload(ctx, item, post, rec)
	case posted:
		gone, err := o.edit(ctx, item, post, rec, o.client.callNow)
		if err != nil || !gone {
			return post.Rev, err
		}
		rec = record{}
	}
	return post.Rev, o.post(ctx, item, post, rec)
}

// post posts a message that is not there, or of which nobody knows.
func (o *Outbox) post(ctx context.Context, item Item, post Post, rec record) error {
	if rec.State == statePosting {
		ts, err := o.find(ctx, item.Key, rec)
		if err != nil {
			return err
		}
		if ts != "" {
			rec.State, rec.TS = statePosted, ts
			if err := o.remember(ctx, item.Key, rec); err != nil {
				return err
			}
			if gone, err := o.edit(ctx, item, post, rec, o.client.call); err != nil || !gone {
				return err
			}
			rec = record{}
		}
	}
	channel, thread, err := o.place(ctx, post)
	if err != nil {
		return err
	}
	rec = record{State: statePosting, Channel: channel, Thread: thread, Since: firstTime(rec.Since, time.Now())}
	if err := o.remember(ctx, item.Key, rec); err != nil {
		return err
	}
	err = o.withFallback(ctx, item, post, func(m Message) error {
		return o.client.call(ctx, "chat.postMessage", channel, func(ctx context.Context) error {
			options := append(m.options(), slack.MsgOptionMetadata(metadataOf(item.Key)))
			if thread != "" {
				options = append(options, slack.MsgOptionTS(thread))
			}
			var err error
			rec.Channel, rec.TS, err = o.client.api.PostMessageContext(ctx, channel, options...)
			return err
		})
	})
	if err != nil {
		if classify(err) != passes { // then it is certain that it was not posted
			err = errors.Join(err, o.cfg.Memory.DeleteMessage(ctx, item.Key))
		}
		return err
	}
	o.noteEdit(item.Key, post.MinInterval)
	rec.State, rec.Rev = statePosted, post.Rev
	return o.remember(ctx, item.Key, rec)
}

// edit changes a message that is there. It reports whether somebody took it away, or it is too old to be changed: then it is posted
// anew. The first attempt is made by first, which is [Client.call], or [Client.callNow] when its turn was waited for.
func (o *Outbox) edit(
	ctx context.Context, item Item, post Post, rec record, first func(context.Context, string, string, func(context.Context) error) error,
) (gone bool, err error) {
	call := first
	err = o.withFallback(ctx, item, post, func(m Message) error {
		defer func() { call = o.client.call }()
		return call(ctx, "chat.update", "", func(ctx context.Context) error {
			options := append(m.options(), slack.MsgOptionMetadata(metadataOf(item.Key)))
			if len(m.Blocks) == 0 {
				options = append(options, slack.MsgOptionBlocks()) // or those of before stay
			}
			_, _, _, err := o.client.api.UpdateMessageContext(ctx, rec.Channel, rec.TS, options...)
			return err
		})
	})
	switch Code(err) {
	case "message_not_found", "edit_window_closed":
		o.log.WarnContext(ctx, "a message cannot be edited any more and is posted anew", "key", item.Key, "error", err)
		return true, o.cfg.Memory.DeleteMessage(ctx, item.Key)
	}
	if err != nil {
		return false, err
	}
	o.noteEdit(item.Key, post.MinInterval)
	rec.Rev = post.Rev
	return false, o.remember(ctx, item.Key, rec)
}

// place returns the conversation and the thread that a post goes to.
func (o *Outbox) place(ctx context.Context, post Post) (channel, thread string, err error) {
	if post.ThreadKey == "" {
		return post.Channel, post.ThreadTS, nil
	}
	parent, err := recall(ctx, o.cfg.Memory, post.ThreadKey)
	if err != nil {
		return "", "", err
	}
	if parent.State != statePosted || parent.TS == "" {
		return "", "", fmt.Errorf("thread of %s: %w", post.ThreadKey, errNoParent)
	}
	return parent.Channel, or(parent.Thread, parent.TS), nil
}

// find looks for a message that may have been posted, by its metadata, and returns its timestamp; empty when it is not there, or we
// may not look.
func (o *Outbox) find(ctx context.Context, key string, rec record) (string, error) {
	if rec.Channel == "" || rec.Channel[0] == 'U' || rec.Channel[0] == 'W' {
		return "", nil // the conversation is not known
	}
	oldest := strconv.FormatInt(rec.Since.Add(-searchSlack).Unix(), 10) + ".000000"
	cursor := ""
	for range searchPages {
		messages, next, err := o.messages(ctx, rec, oldest, cursor)
		switch Code(err) {
		case "missing_scope", "not_in_channel", "channel_not_found", "no_permission", "not_allowed_token_type":
			o.log.WarnContext(ctx, "cannot look whether a message was posted; it may be posted twice", "key", key, "error", err)
			return "", nil
		case "thread_not_found":
			return "", nil
		}
		if err != nil {
			return "", err
		}
		for _, m := range messages {
			if m.Metadata.EventType == metadataType && m.Metadata.EventPayload[metadataKey] == key {
				return m.Timestamp, nil
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return "", nil
}

// messages returns a page of the thread or channel that a message would stand in.
func (o *Outbox) messages(ctx context.Context, rec record, oldest, cursor string) (messages []slack.Message, next string, err error) {
	if rec.Thread != "" {
		err = o.client.call(ctx, "conversations.replies", "", func(ctx context.Context) error {
			messages, _, next, err = o.client.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
				ChannelID: rec.Channel, Timestamp: rec.Thread, Oldest: oldest, Cursor: cursor, Limit: searchPage, IncludeAllMetadata: true,
			})
			return err
		})
		return messages, next, err
	}
	err = o.client.call(ctx, "conversations.history", "", func(ctx context.Context) error {
		r, err := o.client.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
			ChannelID: rec.Channel, Oldest: oldest, Cursor: cursor, Limit: searchPage, IncludeAllMetadata: true,
		})
		if err == nil {
			messages, next = r.Messages, r.ResponseMetaData.NextCursor
		}
		return err
	})
	return messages, next, err
}

// withFallback sends a post's blocks, or its fallback when Slack does not take them.
func (o *Outbox) withFallback(ctx context.Context, item Item, post Post, send func(Message) error) error {
	kinds := richKinds(post)
	plain := Message{Text: post.Text, Blocks: post.Fallback}
	if len(post.Fallback) > 0 && kinds != "" && o.isRefused(kinds) {
		return send(plain)
	}
	err := send(Message{Text: post.Text, Blocks: post.Blocks})
	code := Code(err)
	if !fallbackCodes[code] || len(post.Fallback) == 0 {
		return err
	}
	o.log.WarnContext(ctx, "Slack does not take the blocks; sending the fallback", "key", item.Key, "kinds", kinds, "error", err)
	if code == "invalid_blocks" && kinds != "" {
		o.mu.Lock()
		o.refused[kinds] = true
		o.mu.Unlock()
	}
	return send(plain)
}

// fallbackCodes lists Slack's words for blocks that it does not take (docs.slack.dev, chat.postMessage, errors).
var fallbackCodes = map[string]bool{
	"invalid_blocks": true, "invalid_blocks_format": true, "invalid_attachments": true, "msg_too_long": true,
	"msg_blocks_too_long": true, "markdown_text_conflict": true,
}

func (o *Outbox) isRefused(kinds string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.refused[kinds]
}

// richKinds names the kinds of blocks that only a post's Blocks have, and its Fallback has not.
func richKinds(post Post) string {
	var kinds []string
	for _, b := range post.Blocks {
		kind := string(b.BlockType())
		inFallback := slices.ContainsFunc(post.Fallback, func(f slack.Block) bool { return string(f.BlockType()) == kind })
		if !inFallback && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return strings.Join(kinds, " ")
}

// untilEdit returns how long to wait before a message is edited again.
func (o *Outbox) untilEdit(key string) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	last := o.edited[key]
	return time.Until(last.at.Add(last.every))
}

// noteEdit remembers that a message was posted or edited now, and forgets what is of no use any more.
func (o *Outbox) noteEdit(key string, every time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if len(o.edited) >= maxEdited {
		maps.DeleteFunc(o.edited, func(_ string, e edit) bool { return now.Sub(e.at) > e.every })
	}
	o.edited[key] = edit{now, every}
}

// recall returns what is known of a message, the zero record when nothing is.
func recall(ctx context.Context, m Memory, key string) (record, error) {
	body, err := m.Message(ctx, key)
	if err != nil {
		return record{}, fmt.Errorf("recall message %s: %w", key, err)
	}
	if body == nil {
		return record{}, nil
	}
	var rec record
	if err := json.Unmarshal(body, &rec); err != nil {
		return record{}, fmt.Errorf("recall message %s: %w", key, err)
	}
	return rec, nil
}

func (o *Outbox) remember(ctx context.Context, key string, rec record) error {
	body, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("remember message %s: %w", key, err)
	}
	// What Slack did must be noted even when we are told to stop meanwhile.
	if err := o.cfg.Memory.SetMessage(context.WithoutCancel(ctx), key, body); err != nil {
		return fmt.Errorf("remember message %s: %w", key, err)
	}
	return nil
}

func metadataOf(key string) slack.SlackMetadata {
	return slack.SlackMetadata{EventType: metadataType, EventPayload: map[string]any{metadataKey: key}}
}

// firstTime returns the first of two moments that is set.
func firstTime(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}
