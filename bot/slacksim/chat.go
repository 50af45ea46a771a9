package slacksim

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// content is what a message says, checked.
type content struct {
	text      string
	blocks    []any
	hasBlocks bool // blocks were given, be it an empty list
	metadata  any
}

// content reads and checks text, blocks and metadata.
func (ws *Workspace) content(a args) (content, error) {
	var c content
	var err error
	if c.text, err = a.str("text"); err != nil {
		return c, err
	}
	if utf8.RuneCountInString(c.text) > maxText {
		c.text = string([]rune(c.text)[:maxText])
	}
	raw, err := a.json("blocks")
	if err != nil {
		return c, refuse("invalid_blocks_format")
	}
	blocks, ok := raw.([]any)
	if raw != nil && !ok {
		return c, refuse("invalid_blocks_format")
	}
	c.blocks, c.hasBlocks = blocks, ok
	if err := refusal(lintBlocks(blocks, ws.cfg.Unavailable)); err != nil {
		return c, err
	}
	if c.metadata, err = a.json("metadata"); err != nil {
		return c, refuse("invalid_metadata_format")
	}
	if m := obj(c.metadata); m != nil && str(m["event_type"]) == "" && len(obj(m["event_payload"])) == 0 {
		c.metadata = nil // clients send an empty one
	}
	if err := refusal(lintMetadata(c.metadata)); err != nil {
		return c, err
	}
	return c, nil
}

// refusal turns problems into Slack's answer, nil for none.
func refusal(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	e := &apiError{code: problems[0].Code}
	for _, p := range problems[:min(len(problems), maxResponseErrors)] {
		if p.Code == e.code {
			e.messages = append(e.messages, "[ERROR] "+p.String())
		}
	}
	return e
}

// refuseUnknown refuses what this simulator does not play.
func refuseUnknown(a args) error {
	if v, err := a.json("attachments"); err != nil || len(list(v)) > 0 {
		return refuse("invalid_attachments")
	}
	for _, k := range []string{"username", "icon_url", "icon_emoji"} {
		if a[k] != nil && a[k] != "" {
			return &apiError{code: "missing_scope", extra: map[string]any{"needed": "chat:write.customize"}}
		}
	}
	for _, k := range []string{"link_names", "markdown_text", "file_ids", "reply_broadcast"} {
		if v := a[k]; v != nil && v != "" && v != false && v != "false" && v != "0" {
			return invalidArguments("unsupported argument: %s", k)
		}
	}
	if v, err := a.boolean("mrkdwn"); err != nil || !v && a["mrkdwn"] != nil {
		return invalidArguments("unsupported argument: mrkdwn")
	}
	if p := a["parse"]; p != nil && p != "" && p != "none" {
		return invalidArguments("unsupported argument: parse")
	}
	return nil
}

// target finds the channel to post to, which may be a person.
func (ws *Workspace) target(a args) (*channel, error) {
	name, err := a.need("channel")
	if err != nil {
		return nil, err
	}
	if u := ws.users[name]; u != nil {
		if u.Deleted || u.ID == ws.cfg.BotUserID || u.TeamID != ws.cfg.TeamID {
			return nil, refuse("channel_not_found")
		}
		return ws.dm(u.ID), nil
	}
	c := ws.channelNamed(name)
	switch {
	case c == nil, c.private && !c.has(ws.cfg.BotUserID):
		return nil, refuse("channel_not_found")
	case c.archived:
		return nil, refuse("is_archived")
	case !c.has(ws.cfg.BotUserID) && !slices.Contains(ws.cfg.Scopes, "chat:write.public"):
		return nil, refuse("not_in_channel")
	}
	return c, nil
}

// threadOf checks thread_ts: it must name a message that is not itself a reply.
func threadOf(c *channel, a args) (string, error) {
	ts, err := a.str("thread_ts")
	if err != nil || ts == "" {
		return "", err
	}
	if m := c.message(ts); m == nil || m.deleted || m.thread != "" {
		return "", refuse("thread_not_found")
	}
	return ts, nil
}

func (ws *Workspace) chatPostMessage(a args) (reply, error) {
	c, err := ws.target(a)
	if err != nil {
		return nil, err
	}
	if err := refuseUnknown(a); err != nil {
		return nil, err
	}
	said, err := ws.content(a)
	if err != nil {
		return nil, err
	}
	if said.text == "" && len(said.blocks) == 0 {
		return nil, refuse("no_text")
	}
	thread, err := threadOf(c, a)
	if err != nil {
		return nil, err
	}
	m := ws.fromBot(c, said)
	m.thread = thread
	ws.post(m)
	return reply{"channel": c.id, "ts": m.ts, "message": ws.messageJSON(m)}, nil
}

func (ws *Workspace) fromBot(c *channel, said content) *message {
	return &message{
		channel: c.id, user: ws.cfg.BotUserID, bot: ws.cfg.BotID, text: said.text, blocks: said.blocks, metadata: said.metadata,
	}
}

func (ws *Workspace) chatPostEphemeral(a args) (reply, error) {
	c, err := ws.target(a)
	if err != nil {
		return nil, err
	}
	id, err := a.need("user")
	if err != nil {
		return nil, err
	}
	if u := ws.users[id]; u == nil || u.Deleted || !c.has(id) {
		return nil, refuse("user_not_in_channel")
	}
	if err := refuseUnknown(a); err != nil {
		return nil, err
	}
	said, err := ws.content(a)
	if err != nil {
		return nil, err
	}
	if said.text == "" && len(said.blocks) == 0 {
		return nil, refuse("no_text")
	}
	thread, err := threadOf(c, a)
	if err != nil {
		return nil, err
	}
	m := ws.fromBot(c, said)
	m.ephemeralTo, m.thread = id, thread
	ws.post(m)
	return reply{"message_ts": m.ts}, nil
}

// own finds a message that the bot may change.
func (ws *Workspace) own(a args, denied string) (*message, error) {
	id, err := a.need("channel")
	if err != nil {
		return nil, err
	}
	ts, err := a.need("ts")
	if err != nil {
		return nil, err
	}
	c := ws.channels[id] // not by name or person, unlike a post
	if c == nil || c.private && !c.has(ws.cfg.BotUserID) {
		return nil, refuse("channel_not_found")
	}
	if c.archived {
		return nil, refuse("is_archived")
	}
	m := c.message(ts)
	switch {
	case m == nil, m.deleted, m.ephemeralTo != "":
		return nil, refuse("message_not_found")
	case m.user != ws.cfg.BotUserID:
		return nil, refuse(denied)
	}
	return m, nil
}

func (ws *Workspace) chatUpdate(a args) (reply, error) {
	m, err := ws.own(a, "cant_update_message")
	if err != nil {
		return nil, err
	}
	if err := refuseUnknown(a); err != nil {
		return nil, err
	}
	if ws.cfg.EditWindow > 0 && ws.clock.Now().Sub(m.at) > ws.cfg.EditWindow {
		return nil, refuse("edit_window_closed")
	}
	said, err := ws.content(a)
	switch {
	case err != nil:
		return nil, err
	case said.text == "" && len(said.blocks) == 0:
		return nil, refuse("no_text")
	case utf8.RuneCountInString(said.text) > maxUpdateText:
		return nil, refuse("msg_too_long")
	}
	if said.metadata != nil {
		m.metadata = said.metadata
	}
	ws.edit(m, said.text, said.blocks)
	return reply{"channel": m.channel, "ts": m.ts, "text": m.text, "message": ws.messageJSON(m)}, nil
}

func (ws *Workspace) chatDelete(a args) (reply, error) {
	m, err := ws.own(a, "cant_delete_message")
	if err != nil {
		return nil, err
	}
	ws.remove(m)
	return reply{"channel": m.channel, "ts": m.ts}, nil
}

func (ws *Workspace) chatGetPermalink(a args) (reply, error) {
	id, err := a.need("channel")
	if err != nil {
		return nil, err
	}
	ts, err := a.need("message_ts")
	if err != nil {
		return nil, err
	}
	c := ws.channels[id]
	if c == nil || c.private && !c.has(ws.cfg.BotUserID) {
		return nil, refuse("channel_not_found")
	}
	m := c.message(ts)
	if m == nil || m.deleted || m.ephemeralTo != "" {
		return nil, refuse("message_not_found")
	}
	link := fmt.Sprintf("https://%s.slack.com/archives/%s/p%s", ws.cfg.TeamDomain, c.id, strings.ReplaceAll(ts, ".", ""))
	if m.thread != "" {
		link += "?thread_ts=" + m.thread + "&cid=" + c.id
	}
	return reply{"channel": c.id, "permalink": link}, nil
}

func (ws *Workspace) reactionsAdd(a args) (reply, error) {
	id, err := a.need("channel")
	if err != nil {
		return nil, err
	}
	name, err := a.need("name")
	if err != nil {
		return nil, err
	}
	ts, err := a.need("timestamp")
	if err != nil {
		return nil, err
	}
	c := ws.channels[id]
	if c == nil || !c.has(ws.cfg.BotUserID) {
		return nil, refuse("channel_not_found")
	}
	m := c.message(ts)
	switch {
	case m == nil || m.deleted || m.ephemeralTo != "":
		return nil, refuse("message_not_found")
	case slices.Contains(m.reactions, name):
		return nil, refuse("already_reacted")
	}
	m.reactions = append(m.reactions, name)
	ws.note(Edited, m)
	return reply{}, nil
}
