package slacksim

import (
	"encoding/base64"
	"slices"
	"strings"
)

// visible finds a conversation that the bot may look into.
func (ws *Workspace) visible(a args) (*channel, error) {
	id, err := a.need("channel")
	if err != nil {
		return nil, err
	}
	c := ws.channels[id]
	if c == nil || c.private && !c.has(ws.cfg.BotUserID) {
		return nil, refuse("channel_not_found")
	}
	return c, nil
}

// prefix is the part of a scope that names the kind of conversation.
func (c *channel) prefix() string {
	switch {
	case c.im != "":
		return "im"
	case c.private:
		return "groups"
	default:
		return "channels"
	}
}

func (ws *Workspace) conversationJSON(c *channel) map[string]any {
	if c.im != "" {
		return map[string]any{"id": c.id, "is_im": true, "user": c.im, "is_archived": c.archived, "is_org_shared": false}
	}
	return map[string]any{
		"id": c.id, "name": c.name, "name_normalized": c.name, "is_channel": !c.private, "is_group": c.private, "is_im": false,
		"is_private": c.private, "is_archived": c.archived, "is_member": c.has(ws.cfg.BotUserID), "is_general": false,
		"context_team_id": ws.cfg.TeamID, "num_members": len(c.members),
	}
}

func (ws *Workspace) conversationsInfo(a args) (reply, error) {
	c, err := ws.visible(a)
	if err != nil {
		return nil, err
	}
	if err := ws.needScope(c.prefix() + ":read"); err != nil {
		return nil, err
	}
	return reply{"channel": ws.conversationJSON(c)}, nil
}

func (ws *Workspace) conversationsMembers(a args) (reply, error) {
	c, err := ws.visible(a)
	if err != nil {
		return nil, err
	}
	if err := ws.needScope(c.prefix() + ":read"); err != nil {
		return nil, err
	}
	members := slices.Clone(c.members)
	slices.Sort(members)
	page, next, err := paged(a, members, 100)
	if err != nil {
		return nil, err
	}
	return reply{"members": page, "response_metadata": next}, nil
}

func (ws *Workspace) conversationsOpen(a args) (reply, error) {
	ids, err := a.str("users")
	if err != nil {
		return nil, err
	}
	if id, err := a.str("channel"); err != nil {
		return nil, err
	} else if c := ws.channels[id]; c != nil && c.im != "" {
		ids = c.im
	}
	u := ws.users[strings.TrimSpace(ids)]
	switch {
	case ids == "":
		return nil, refuse("users_list_not_supplied")
	case strings.Contains(ids, ","):
		return nil, invalidArguments("unsupported: more than one user")
	case u == nil:
		return nil, refuse("user_not_found")
	case u.Deleted:
		return nil, refuse("user_disabled")
	case u.Bot:
		return nil, refuse("cannot_dm_bot")
	case u.TeamID != ws.cfg.TeamID:
		return nil, refuse("user_not_visible")
	}
	return reply{"channel": ws.conversationJSON(ws.dm(u.ID))}, nil
}

// readable finds a conversation whose messages the bot may read.
func (ws *Workspace) readable(a args) (*channel, error) {
	c, err := ws.visible(a)
	if err != nil {
		return nil, err
	}
	if err := ws.needScope(c.prefix() + ":history"); err != nil {
		return nil, err
	}
	if !c.has(ws.cfg.BotUserID) {
		return nil, refuse("not_in_channel")
	}
	return c, nil
}

func (ws *Workspace) conversationsHistory(a args) (reply, error) {
	c, err := ws.readable(a)
	if err != nil {
		return nil, err
	}
	return ws.messagePage(c, a, true, func(m *message) bool { return m.thread == "" })
}

func (ws *Workspace) conversationsReplies(a args) (reply, error) {
	c, err := ws.readable(a)
	if err != nil {
		return nil, err
	}
	ts, err := a.need("ts")
	if err != nil {
		return nil, err
	}
	m := c.message(ts)
	if m == nil || m.deleted || m.ephemeralTo != "" {
		return nil, refuse("thread_not_found")
	}
	root := or(m.thread, m.ts)
	return ws.messagePage(c, a, false, func(m *message) bool { return m.ts == root || m.thread == root })
}

// messagePage answers with a page of messages, newest first for history and oldest first for replies.
// Metadata is shown only when asked for.
func (ws *Workspace) messagePage(c *channel, a args, newestFirst bool, keep func(*message) bool) (reply, error) {
	oldest, err := a.str("oldest")
	if err != nil {
		return nil, err
	}
	latest, err := a.str("latest")
	if err != nil {
		return nil, err
	}
	inclusive, err := a.boolean("inclusive")
	if err != nil {
		return nil, err
	}
	metadata, err := a.boolean("include_all_metadata")
	if err != nil {
		return nil, err
	}
	var found []any
	for _, m := range c.messages {
		edge := inclusive && (m.ts == oldest || m.ts == latest)
		in := (oldest == "" || m.ts > oldest) && (latest == "" || m.ts < latest)
		if m.deleted || m.ephemeralTo != "" || !keep(m) || !edge && !in {
			continue
		}
		o := ws.messageJSON(m)
		if !metadata {
			delete(o, "metadata")
		}
		found = append(found, o)
	}
	if newestFirst {
		slices.Reverse(found)
	}
	page, next, err := paged(a, found, 100)
	if err != nil {
		return nil, err
	}
	return reply{"messages": page, "has_more": next["next_cursor"] != "", "response_metadata": next}, nil
}

// paged cuts a page out of all by the cursor and limit arguments.
func paged[T any](a args, all []T, def int) ([]T, map[string]any, error) {
	limit, err := a.integer("limit", def)
	if err != nil {
		return nil, nil, err
	}
	if limit < 1 || limit > 1000 {
		return nil, nil, refuse("invalid_limit")
	}
	cursor, err := a.str("cursor")
	if err != nil {
		return nil, nil, err
	}
	start := 0
	if cursor != "" {
		raw, err := base64.StdEncoding.DecodeString(cursor)
		if err != nil || !strings.HasPrefix(string(raw), "next:") {
			return nil, nil, refuse("invalid_cursor")
		}
		if start, err = (args{"n": strings.TrimPrefix(string(raw), "next:")}).integer("n", 0); err != nil || start > len(all) || start < 0 {
			return nil, nil, refuse("invalid_cursor")
		}
	}
	end := min(start+limit, len(all))
	next := ""
	if end < len(all) {
		next = base64.StdEncoding.EncodeToString(append([]byte("next:"), mustJSON(end)...))
	}
	page := append([]T{}, all[start:end]...)
	return page, map[string]any{"next_cursor": next}, nil
}
