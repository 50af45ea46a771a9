package slacksim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// responseURL lets the app answer where something was typed or clicked.
type responseURL struct {
	user, channel string
	source        *message // what was clicked, nil for a command
	thread        string
	made          time.Time
	uses          int
}

// newResponseURL makes one below the path prefix. The caller holds mu.
func (ws *Workspace) newResponseURL(kind string, r responseURL) string {
	r.made = ws.clock.Now()
	where := "/" + kind + "/" + ws.cfg.TeamID + "/" + ws.id("") + "/" + ws.id("r")
	ws.responseURLs[where] = &r
	return ws.base + where
}

func (ws *Workspace) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var a args
	if err == nil {
		err = json.Unmarshal(body, &a)
	}
	ws.transfer(w, r, "response_url", a, func() (int, string, []byte) {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		const kind = "application/json; charset=utf-8"
		if err != nil {
			return http.StatusBadRequest, kind, []byte(`{"ok":false,"error":"invalid_payload"}`)
		}
		if status, err := ws.respond(r.URL.Path, a); err != nil {
			var refused *apiError
			code := "internal_error"
			if errors.As(err, &refused) {
				code = refused.code
			}
			return status, kind, mustJSON(map[string]any{"ok": false, "error": code})
		}
		return http.StatusOK, kind, []byte(`{"ok":true}`)
	})
}

// respond does what a post to a response URL asks for. The caller holds mu.
func (ws *Workspace) respond(where string, a args) (int, error) {
	u := ws.responseURLs[where]
	switch {
	case u == nil:
		return http.StatusNotFound, refuse("no_service")
	case ws.clock.Now().Sub(u.made) > responseURLLife:
		return http.StatusNotFound, refuse("expired_url")
	case u.uses >= responseURLUses:
		return http.StatusNotFound, refuse("used_url")
	}
	if err := ws.reply(u, a); err != nil {
		return http.StatusBadRequest, err
	}
	u.uses++
	return http.StatusOK, nil
}

// reply posts, replaces or deletes for a response URL or a command's ack.
func (ws *Workspace) reply(u *responseURL, a args) error {
	remove, err := a.boolean("delete_original")
	if err != nil {
		return err
	}
	replace, err := a.boolean("replace_original")
	if err != nil {
		return err
	}
	if remove {
		if u.source == nil || u.source.deleted {
			return refuse("message_not_found")
		}
		ws.remove(u.source)
		return nil
	}
	if err := refuseUnknown(a); err != nil {
		return err
	}
	said, err := ws.content(a)
	if err != nil {
		return err
	}
	if said.text == "" && len(said.blocks) == 0 {
		return refuse("no_text")
	}
	if replace {
		if u.source == nil || u.source.deleted {
			return refuse("message_not_found")
		}
		ws.edit(u.source, said.text, said.blocks)
		return nil
	}
	m := ws.fromBot(ws.channels[u.channel], said)
	m.thread = u.thread
	if ts, err := a.str("thread_ts"); err == nil && ts != "" {
		m.thread = ts
	}
	switch kind, _ := a["response_type"].(string); kind {
	case "in_channel":
	case "", "ephemeral":
		m.ephemeralTo = u.user
	default:
		return refuse("invalid_response_type")
	}
	ws.post(m)
	return nil
}
