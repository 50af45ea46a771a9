package slacksim

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// file is an uploaded file.
type file struct {
	id, name, title, user string
	data                  []byte
	wanted                int // length announced; -1 for a person's upload
	uploaded, complete    bool
	deleted, external     bool
	snippet, checkFirst   bool
	forBot                bool // given to the app through a modal
	created               time.Time
	shares                []share
}

type share struct{ channel, ts, thread string }

// File is a file as it stood at one moment.
type File struct {
	ID, Name, Title, UserID string
	Data                    []byte
	Deleted                 bool
}

func (f *file) snapshot() File {
	return File{ID: f.id, Name: f.name, Title: f.title, UserID: f.user, Data: slices.Clone(f.data), Deleted: f.deleted}
}

// FileKind is what is odd about a file that a person uploads.
type FileKind int

// The kinds of file.
const (
	Hosted     FileKind = iota // an ordinary one
	Snippet                    // pasted text, mode "snippet"
	External                   // kept elsewhere, such as Google Drive; Slack has no bytes of it
	CheckFirst                 // from a shared channel: payloads hold only "check_file_info"
)

func (ws *Workspace) newFile(user, name string, data []byte, kind FileKind) *file {
	f := &file{
		id: ws.id("F"), name: name, title: name, user: user, data: slices.Clone(data), wanted: -1, uploaded: true, complete: true,
		created: ws.clock.Now(), snippet: kind == Snippet, external: kind == External, checkFirst: kind == CheckFirst,
	}
	ws.files[f.id] = f
	return f
}

func filetype(name string) (kind, mimetype string) {
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".csv":
		return "csv", "text/csv"
	case ".txt", "":
		return "text", "text/plain"
	case ".xlsx":
		return "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	default:
		return ext[1:], or(mime.TypeByExtension(ext), "application/octet-stream")
	}
}

// fileJSON is a file in a payload. The caller holds mu.
func (ws *Workspace) fileJSON(f *file) map[string]any {
	if f.checkFirst {
		return map[string]any{
			"id": f.id, "mode": "file_access", "file_access": "check_file_info", "created": 0, "timestamp": 0, "user": "",
		}
	}
	return ws.fullFileJSON(f)
}

func (ws *Workspace) fullFileJSON(f *file) map[string]any {
	kind, mimetype := filetype(f.name)
	mode := "hosted"
	switch {
	case f.snippet:
		mode = "snippet"
	case f.external:
		mode = "external"
	}
	o := map[string]any{
		"id": f.id, "created": f.created.Unix(), "timestamp": f.created.Unix(), "name": f.name, "title": f.title, "mimetype": mimetype,
		"filetype": kind, "pretty_type": strings.ToUpper(kind), "user": f.user, "user_team": ws.cfg.TeamID, "mode": mode,
		"editable": f.snippet, "size": len(f.data), "is_external": f.external, "external_type": "", "is_public": false,
		"public_url_shared": false, "permalink": fmt.Sprintf("https://%s.slack.com/files/%s/%s/%s", ws.cfg.TeamDomain, f.user, f.id, url.PathEscape(f.name)),
		"file_access": "visible",
	}
	if f.external {
		o["external_type"], o["size"] = "gdrive", 0
		o["url_private"] = "https://docs.google.com/spreadsheets/d/" + f.id
	} else {
		base := fmt.Sprintf("%s/files-pri/%s-%s/", ws.base, ws.cfg.TeamID, f.id)
		o["url_private"] = base + url.PathEscape(f.name)
		o["url_private_download"] = base + "download/" + url.PathEscape(f.name)
	}
	shown := map[string]map[string]any{"public": {}, "private": {}}
	ids := map[string][]string{"channels": {}, "groups": {}, "ims": {}}
	for _, s := range f.shares {
		c := ws.channels[s.channel]
		one := map[string]any{"ts": s.ts, "channel_name": c.name, "team_id": ws.cfg.TeamID, "share_user_id": f.user}
		if s.thread != "" {
			one["thread_ts"] = s.thread
		}
		side, kind := "public", "channels"
		switch {
		case c.im != "":
			side, kind = "private", "ims"
		case c.private:
			side, kind = "private", "groups"
		}
		shown[side][c.id] = append(list(shown[side][c.id]), one)
		ids[kind] = append(ids[kind], c.id)
	}
	o["channels"], o["groups"], o["ims"] = ids["channels"], ids["groups"], ids["ims"]
	shares := map[string]any{}
	for side, m := range shown {
		if len(m) > 0 {
			shares[side] = m
		}
	}
	o["shares"] = shares
	return o
}

// canRead reports whether the bot may read a file: its own, one given to it in a modal, or one shared
// where it is a member.
func (ws *Workspace) canRead(f *file) bool {
	return f.user == ws.cfg.BotUserID || f.forBot || slices.ContainsFunc(f.shares, func(s share) bool {
		return ws.channels[s.channel].has(ws.cfg.BotUserID)
	})
}

func (ws *Workspace) filesInfo(a args) (reply, error) {
	id, err := a.need("file")
	if err != nil {
		return nil, err
	}
	f := ws.files[id]
	switch {
	case f == nil, !f.complete, !ws.canRead(f):
		return nil, refuse("file_not_found")
	case f.deleted:
		return nil, refuse("file_deleted")
	}
	return reply{"file": ws.fullFileJSON(f)}, nil
}

func (ws *Workspace) filesDelete(a args) (reply, error) {
	id, err := a.need("file")
	if err != nil {
		return nil, err
	}
	f := ws.files[id]
	switch {
	case f == nil, !ws.canRead(f):
		return nil, refuse("file_not_found")
	case f.deleted:
		return nil, refuse("file_deleted")
	case f.user != ws.cfg.BotUserID:
		return nil, refuse("cant_delete_file")
	}
	f.deleted = true
	ws.signal()
	return reply{}, nil
}

// transfer is perform for what is not the Web API.
func (ws *Workspace) transfer(w http.ResponseWriter, r *http.Request, name string, a args, run func() (int, string, []byte)) {
	ws.mu.Lock()
	call := Call{Number: len(ws.calls) + 1, Method: name, Args: a, At: ws.clock.Now()}
	ws.calls = append(ws.calls, call)
	before, after := ws.before, ws.after
	fault := ws.faultFor(call)
	ws.signal()
	ws.mu.Unlock()
	if before != nil {
		before(call)
	}
	if fault != nil && fault.early(ws, w, r) {
		return
	}
	status, kind, body := run()
	if after != nil {
		after(call, Reply{Status: status})
	}
	if fault != nil && fault.late(ws, w, r) {
		return
	}
	if status == http.StatusFound {
		http.Redirect(w, r, string(body), status)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// serveFile serves a file's bytes, or leads to the sign-in page.
func (ws *Workspace) serveFile(w http.ResponseWriter, r *http.Request) {
	ws.transfer(w, r, "download", args{"path": r.URL.Path}, func() (int, string, []byte) {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer "+ws.cfg.BotToken || !slices.Contains(ws.cfg.Scopes, "files:read") {
			return http.StatusFound, "", []byte("/?redir=" + url.QueryEscape(r.URL.Path))
		}
		id, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/files-pri/"+ws.cfg.TeamID+"-"), "/")
		f := ws.files[id]
		if f == nil || f.deleted || f.external || !f.complete || !ws.canRead(f) {
			return http.StatusNotFound, "text/html; charset=utf-8", []byte("<!DOCTYPE html><html><body>Not found</body></html>")
		}
		_, kind := filetype(f.name)
		return http.StatusOK, kind, f.data
	})
}

// serveSignIn is where a download without rights ends up: a page, with status 200.
func serveSignIn(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to your workspace</body></html>")
}

// Files returns every file that was not deleted, oldest first.
func (ws *Workspace) Files() []File {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	var out []File
	for _, id := range sortedKeys(ws.files) {
		if f := ws.files[id]; f.complete && !f.deleted {
			out = append(out, f.snapshot())
		}
	}
	return out
}

// decodeMap is a value as payloads hold it, so that no Go type slips into stored JSON.
func decodeMap(v any) map[string]any {
	var out map[string]any
	if err := json.Unmarshal(mustJSON(v), &out); err != nil {
		return nil
	}
	return out
}
