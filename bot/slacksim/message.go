package slacksim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// message is one message with every version it ever had.
type message struct {
	channel, ts, thread string
	user, bot           string
	subtype             string
	ephemeralTo         string
	text                string
	blocks              []any
	metadata            any
	files               []string
	reactions           []string
	at                  time.Time
	edited              bool // carries the "(edited)" mark
	deleted             bool
	versions            []Version
}

// Version is what a message said from At on.
type Version struct {
	At     time.Time
	Text   string          // the raw top-level text
	Blocks json.RawMessage // nil when there were none
	Read   string          // what a person reads
}

// Message is a message as it stood at one moment.
type Message struct {
	Channel     string // id
	ChannelName string // #name, or @name for a DM
	TS          string
	ThreadTS    string // empty for a message that is in no thread
	UserID      string
	User        string // name
	BotID       string
	Subtype     string
	Text        string          // the raw top-level text
	Blocks      json.RawMessage // nil when there are none
	Metadata    json.RawMessage
	Files       []File
	Reactions   []string
	EphemeralTo string // user id of the only reader, or empty
	At          time.Time
	Edited      bool // carries Slack's "(edited)" mark
	Deleted     bool
	// Read is what a person reads: blocks flattened to text, or the text when there are none.
	Read string
	// Mentions are those that fire, as @name, @group, @channel, @here or @everyone, each once.
	Mentions []string
	// FallbackMentions are those in the top-level text of a message that has blocks: no one sees them.
	FallbackMentions []string
	// Versions holds all versions, the first one first.
	Versions []Version
}

// Change is one event of a channel's life, for whoever watches.
type Change struct {
	Kind    ChangeKind
	Message Message
}

// ChangeKind says what happened.
type ChangeKind string

// The kinds of change.
const (
	Posted  ChangeKind = "posted"
	Edited  ChangeKind = "edited"
	Deleted ChangeKind = "deleted"
)

// post adds a message, tells the app and wakes the waiting. The caller holds mu.
func (ws *Workspace) post(m *message) {
	m.ts = ws.nextTS()
	m.at = ws.clock.Now()
	m.blocks = ws.withIDs(m.blocks)
	ws.addVersion(m)
	ws.channels[m.channel].messages = append(ws.channels[m.channel].messages, m)
	ws.note(Posted, m)
	if m.ephemeralTo == "" {
		ws.tellMessage(m)
	}
}

// edit gives a message a new text and blocks. The caller holds mu.
func (ws *Workspace) edit(m *message, text string, blocks []any) {
	before := ws.messageJSON(m)
	m.edited = m.edited || len(blocks) == 0
	m.text, m.blocks = text, ws.withIDs(blocks)
	ws.addVersion(m)
	ws.note(Edited, m)
	if m.ephemeralTo == "" {
		ws.tellChanged(m, before)
	}
}

// remove deletes a message. The caller holds mu.
func (ws *Workspace) remove(m *message) {
	m.deleted = true
	ws.note(Deleted, m)
	if m.ephemeralTo == "" {
		ws.tellDeleted(m)
	}
}

func (ws *Workspace) addVersion(m *message) {
	m.versions = append(m.versions, Version{
		At: ws.clock.Now(), Text: m.text, Blocks: rawBlocks(m.blocks), Read: ws.read(m),
	})
}

func (ws *Workspace) note(kind ChangeKind, m *message) {
	ws.changes = append(ws.changes, Change{Kind: kind, Message: ws.snapshot(m)})
	ws.signal()
}

func rawBlocks(blocks []any) json.RawMessage {
	if len(blocks) == 0 {
		return nil
	}
	return mustJSON(blocks)
}

// mustJSON encodes a value that was decoded from JSON or built from such values, so it cannot fail.
func mustJSON(v any) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // Slack does not, and sizes are counted
	if err := enc.Encode(v); err != nil {
		return json.RawMessage(`{"slacksim":"unencodable"}`)
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// withIDs fills in the block and action ids that Slack makes up when an app gives none.
func (ws *Workspace) withIDs(blocks []any) []any {
	out := deepCopy(blocks)
	for _, b := range out {
		block, _ := b.(map[string]any)
		if block == nil {
			continue
		}
		if str(block["block_id"]) == "" {
			block["block_id"] = ws.id("b")
		}
		for _, el := range interactive(block) {
			if str(el["action_id"]) == "" {
				el["action_id"] = ws.id("a")
			}
		}
	}
	return out
}

func deepCopy(blocks []any) []any {
	if len(blocks) == 0 {
		return nil
	}
	var out []any
	if err := json.Unmarshal(mustJSON(blocks), &out); err != nil {
		return nil
	}
	return out
}

// snapshot is the exported form of a message. The caller holds mu.
func (ws *Workspace) snapshot(m *message) Message {
	s := Message{
		Channel: m.channel, ChannelName: ws.placeName(m.channel), TS: m.ts, ThreadTS: m.thread, UserID: m.user, BotID: m.bot,
		Subtype: m.subtype, Text: m.text, Blocks: rawBlocks(m.blocks), Reactions: slices.Clone(m.reactions),
		EphemeralTo: m.ephemeralTo, At: m.at, Edited: m.edited, Deleted: m.deleted,
		Read: ws.read(m), Versions: m.versions[:len(m.versions):len(m.versions)],
	}
	if u := ws.users[m.user]; u != nil {
		s.User = u.Name
	}
	if m.metadata != nil {
		s.Metadata = mustJSON(m.metadata)
	}
	for _, id := range m.files {
		if f := ws.files[id]; f != nil {
			s.Files = append(s.Files, f.snapshot())
		}
	}
	s.Mentions = ws.mentions(m)
	if len(m.blocks) > 0 {
		s.FallbackMentions = ws.mentionsIn(m.text)
	}
	return s
}

func (ws *Workspace) placeName(id string) string {
	c := ws.channels[id]
	switch {
	case c == nil:
		return id
	case c.im != "":
		if u := ws.users[c.im]; u != nil {
			return "@" + u.Name
		}
		return c.im
	default:
		return "#" + c.name
	}
}

// messageJSON is a message as Slack's payloads and answers show it. The caller holds mu.
func (ws *Workspace) messageJSON(m *message) map[string]any {
	o := map[string]any{"type": "message", "user": m.user, "text": m.text, "ts": m.ts, "team": ws.cfg.TeamID}
	if m.bot != "" {
		o["bot_id"], o["app_id"] = m.bot, ws.cfg.AppID
	}
	if m.subtype != "" {
		o["subtype"] = m.subtype
	}
	if len(m.blocks) > 0 {
		o["blocks"] = m.blocks
	}
	if m.metadata != nil {
		o["metadata"] = m.metadata
	}
	if m.edited {
		o["edited"] = map[string]any{"user": m.user, "ts": m.ts}
	}
	if len(m.files) > 0 {
		var files []any
		for _, id := range m.files {
			if f := ws.files[id]; f != nil {
				files = append(files, ws.fileJSON(f))
			}
		}
		o["files"] = files
	}
	if m.thread != "" {
		o["thread_ts"] = m.thread
	} else if n := len(ws.replies(m)); n > 0 {
		o["thread_ts"], o["reply_count"] = m.ts, n
	}
	return o
}

func (ws *Workspace) replies(parent *message) []*message {
	var out []*message
	for _, m := range ws.channels[parent.channel].messages {
		if m.thread == parent.ts && !m.deleted && m.ephemeralTo == "" {
			out = append(out, m)
		}
	}
	return out
}

// Messages returns what was posted in a channel (#name, id, or @name for the bot's DM with a person),
// oldest first: threads and ephemeral messages too, deleted ones not.
func (ws *Workspace) Messages(place string) []Message {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.selectMessages(place, func(*message) bool { return true })
}

// Thread returns a thread, the parent first.
func (ws *Workspace) Thread(place, ts string) []Message {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.selectMessages(place, func(m *message) bool { return m.ts == ts || m.thread == ts })
}

// Message returns a message as it stands now; ok is false when there is none or it was deleted.
func (ws *Workspace) Message(place, ts string) (msg Message, ok bool) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	found := ws.selectMessages(place, func(m *message) bool { return m.ts == ts })
	if len(found) == 0 {
		return Message{}, false
	}
	return found[0], true
}

func (ws *Workspace) selectMessages(place string, keep func(*message) bool) []Message {
	c := ws.place(place)
	if c == nil {
		return nil
	}
	var out []Message
	for _, m := range c.messages {
		if !m.deleted && keep(m) {
			out = append(out, ws.snapshot(m))
		}
	}
	return out
}

// place finds a channel by #name or id, or the bot's DM by @name or @id.
func (ws *Workspace) place(name string) *channel {
	if len(name) > 1 && name[0] == '@' {
		if u := ws.userNamed(name); u != nil {
			return ws.dm(u.ID)
		}
		return nil
	}
	return ws.channelNamed(name)
}

// WaitMessage returns the first message, in any channel and in order of posting, that ok accepts as it
// stands now, and otherwise waits for a post or an edit that ok accepts.
func (ws *Workspace) WaitMessage(ctx context.Context, ok func(Message) bool) (Message, error) {
	ws.mu.Lock()
	pos := len(ws.changes)
	var now []Message
	for _, id := range sortedKeys(ws.channels) {
		now = append(now, ws.selectMessages(id, func(*message) bool { return true })...)
	}
	ws.mu.Unlock()
	slices.SortStableFunc(now, func(a, b Message) int { return strings.Compare(a.TS, b.TS) })
	if i := slices.IndexFunc(now, ok); i >= 0 {
		return now[i], nil
	}
	return ws.waitChange(ctx, pos, "a message", ok)
}

// WaitEdit returns msg once ok accepts it as it stands; at once when it does already.
func (ws *Workspace) WaitEdit(ctx context.Context, msg Message, ok func(Message) bool) (Message, error) {
	ws.mu.Lock()
	pos := len(ws.changes)
	now := ws.selectMessages(msg.Channel, func(m *message) bool { return m.ts == msg.TS })
	ws.mu.Unlock()
	if len(now) > 0 && ok(now[0]) {
		return now[0], nil
	}
	return ws.waitChange(ctx, pos, "an edit of "+msg.TS, func(m Message) bool {
		return m.Channel == msg.Channel && m.TS == msg.TS && ok(m)
	})
}

// waitChange returns the first message posted or edited from the change at pos on that ok accepts. It
// calls ok without holding mu.
func (ws *Workspace) waitChange(ctx context.Context, pos int, what string, ok func(Message) bool) (Message, error) {
	for {
		var fresh []Change
		err := ws.wait(ctx, what, func() bool {
			fresh = ws.changes[pos:len(ws.changes):len(ws.changes)]
			return len(fresh) > 0
		})
		if err != nil {
			return Message{}, err
		}
		pos += len(fresh)
		for _, c := range fresh {
			if c.Kind != Deleted && ok(c.Message) {
				return c.Message, nil
			}
		}
	}
}

// Text returns what a person reads in a message.
func (ws *Workspace) Text(msg Message) string { return msg.Read }

// Watch returns every message posted, edited or deleted, from the workspace's first one on, in order.
// Nothing is dropped, however slow the reader; the channel is closed when ctx ends or the workspace is
// closed.
func (ws *Workspace) Watch(ctx context.Context) <-chan Change {
	out := make(chan Change)
	ws.wg.Go(func() {
		defer close(out)
		for next := 0; ; next++ {
			var c Change
			err := ws.wait(ctx, "a change", func() bool {
				if next >= len(ws.changes) {
					return false
				}
				c = ws.changes[next]
				return true
			})
			if err != nil {
				return
			}
			select {
			case out <- c:
			case <-ctx.Done():
				return
			case <-ws.ctx.Done():
				return
			}
		}
	})
	return out
}

// String identifies a message in a failing test.
func (m Message) String() string {
	return fmt.Sprintf("%s %s %s: %s", m.ChannelName, m.TS, m.User, m.Read)
}
