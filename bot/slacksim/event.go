package slacksim

import (
	"maps"
	"slices"
	"strings"
)

const verificationToken = "simulatedverificationtoken" // deprecated by Slack, still in every payload

// event sends an event of the Events API, when subscribed. The caller holds mu.
func (ws *Workspace) event(name string, inner map[string]any) {
	if !slices.Contains(ws.cfg.Events, name) {
		return
	}
	inner["event_ts"] = or(str(inner["event_ts"]), ws.eventTS())
	ws.send(kindEvent, map[string]any{
		"token": verificationToken, "team_id": ws.cfg.TeamID, "api_app_id": ws.cfg.AppID, "event": inner, "type": "event_callback",
		"event_id": ws.id("Ev"), "event_time": ws.clock.Now().Unix(), "event_context": ws.id("4-"), "is_ext_shared_channel": false,
		"authorizations": []any{map[string]any{
			"enterprise_id": nil, "team_id": ws.cfg.TeamID, "user_id": ws.cfg.BotUserID, "is_bot": true, "is_enterprise_install": false,
		}},
	}, nil)
}

func (ws *Workspace) eventTS() string { return ws.nextTS() }

// messageEvent names the message event of a channel and the channel_type it carries; ok is false when
// the app's scopes or membership keep it from the bot.
func (ws *Workspace) messageEvent(c *channel) (name, kind string, ok bool) {
	name, kind = "message.channels", "channel"
	switch {
	case c.im != "":
		name, kind = "message.im", "im"
	case c.private:
		name, kind = "message.groups", "group"
	}
	return name, kind, c.has(ws.cfg.BotUserID) && slices.Contains(ws.cfg.Scopes, c.prefix()+":history")
}

// tellMessage sends the events of a new message, the bot's own ones too.
func (ws *Workspace) tellMessage(m *message) {
	c := ws.channels[m.channel]
	body := ws.messageJSON(m)
	body["channel"] = c.id
	delete(body, "reply_count")
	if len(m.files) > 0 {
		body["subtype"] = "file_share"
	}
	if name, kind, ok := ws.messageEvent(c); ok {
		inner := maps.Clone(body)
		inner["channel_type"], inner["event_ts"] = kind, m.ts
		ws.event(name, inner)
	}
	mentioned := strings.Contains(m.text, "<@"+ws.cfg.BotUserID+">")
	if mentioned && m.bot == "" && c.im == "" && c.has(ws.cfg.BotUserID) && slices.Contains(ws.cfg.Scopes, "app_mentions:read") {
		inner := maps.Clone(body)
		delete(inner, "subtype")
		inner["type"], inner["event_ts"] = "app_mention", m.ts
		ws.event("app_mention", inner)
	}
}

// tellChanged sends the message_changed event of an edit.
func (ws *Workspace) tellChanged(m *message, before map[string]any) {
	c := ws.channels[m.channel]
	if name, kind, ok := ws.messageEvent(c); ok {
		ws.event(name, map[string]any{
			"type": "message", "subtype": "message_changed", "hidden": true, "channel": c.id, "channel_type": kind, "ts": ws.eventTS(),
			"message": ws.messageJSON(m), "previous_message": before,
		})
	}
}

// tellDeleted sends the message_deleted event.
func (ws *Workspace) tellDeleted(m *message) {
	c := ws.channels[m.channel]
	if name, kind, ok := ws.messageEvent(c); ok {
		ws.event(name, map[string]any{
			"type": "message", "subtype": "message_deleted", "hidden": true, "channel": c.id, "channel_type": kind, "ts": ws.eventTS(),
			"deleted_ts": m.ts, "previous_message": ws.messageJSON(m),
		})
	}
}
