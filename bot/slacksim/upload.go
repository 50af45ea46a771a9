package slacksim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
)

func (ws *Workspace) filesUploadURL(a args) (reply, error) {
	name, err := a.need("filename")
	if err != nil {
		return nil, err
	}
	length, err := a.integer("length", 0)
	if err != nil {
		return nil, err
	}
	if length < 1 {
		return nil, invalidArguments("must be greater than 0 [json-pointer:/length]")
	}
	f := &file{id: ws.id("F"), name: name, title: name, user: ws.cfg.BotUserID, wanted: length, created: ws.clock.Now()}
	ws.files[f.id] = f
	where := "/upload/v1/" + ws.id("CwAB")
	ws.uploads[where] = f
	return reply{"upload_url": ws.base + where, "file_id": f.id}, nil
}

// serveUpload takes the bytes of a file, raw or as the first file of a multipart form.
func (ws *Workspace) serveUpload(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
	if err != nil {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		if body, err = firstFile(body, params["boundary"]); err != nil {
			http.Error(w, "bad multipart form", http.StatusBadRequest)
			return
		}
	}
	ws.transfer(w, r, "upload", args{"path": r.URL.Path, "length": float64(len(body))}, func() (int, string, []byte) {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		f := ws.uploads[r.URL.Path]
		switch {
		case f == nil || f.complete:
			return http.StatusNotFound, "text/plain", []byte("not found")
		case len(body) != f.wanted:
			return http.StatusBadRequest, "text/plain", fmt.Appendf(nil, "got %d bytes, %d were announced", len(body), f.wanted)
		}
		f.data, f.uploaded = body, true
		return http.StatusOK, "text/plain", fmt.Appendf(nil, "OK - %d", len(body))
	})
}

func (ws *Workspace) filesComplete(a args) (reply, error) {
	files, err := ws.uploadedFiles(a)
	if err != nil {
		return nil, err
	}
	id, err := a.str("channel_id")
	if err != nil {
		return nil, err
	}
	if id == "" {
		if id, err = a.str("channels"); err != nil {
			return nil, err
		}
	}
	var c *channel
	var thread string
	if id != "" {
		if c, err = ws.target(args{"channel": id}); err != nil {
			return nil, err
		}
		if thread, err = threadOf(c, a); err != nil {
			return nil, err
		}
	}
	comment, err := a.str("initial_comment")
	if err != nil {
		return nil, err
	}
	said, err := ws.content(args{"text": comment, "blocks": a["blocks"]})
	if err != nil {
		return nil, err
	}
	var out []any
	ids := make([]string, len(files))
	for i, f := range files {
		f.complete = true
		ids[i] = f.id
		out = append(out, ws.fullFileJSON(f))
	}
	ws.signal()
	if c != nil {
		appear := func() { ws.shareFiles(c, thread, said, ids) }
		if ws.cfg.ShareDelay <= 0 {
			appear()
		} else {
			ws.later(ws.cfg.ShareDelay, func() {
				ws.mu.Lock()
				defer ws.mu.Unlock()
				appear()
			})
		}
	}
	return reply{"files": out}, nil
}

func (ws *Workspace) uploadedFiles(a args) ([]*file, error) {
	v, err := a.json("files")
	if err != nil {
		return nil, err
	}
	var files []*file
	for i, e := range list(v) {
		f := ws.files[str(obj(e)["id"])]
		switch {
		case obj(e) == nil:
			return nil, invalidArguments("must provide an object [json-pointer:/files/%d]", i)
		case f == nil || !f.uploaded || f.user != ws.cfg.BotUserID:
			return nil, refuse("file_not_found")
		case f.complete:
			return nil, refuse("file_update_failed")
		}
		f.title = or(str(obj(e)["title"]), f.name)
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, invalidArguments("missing required field: files")
	}
	return files, nil
}

// shareFiles posts the bot's message that carries the files. The caller holds mu.
func (ws *Workspace) shareFiles(c *channel, thread string, said content, ids []string) {
	m := ws.fromBot(c, said)
	m.thread, m.files = thread, ids
	ws.postFiles(m)
}

func (ws *Workspace) postFiles(m *message) {
	ws.post(m)
	for _, id := range m.files {
		ws.files[id].shares = append(ws.files[id].shares, share{channel: m.channel, ts: m.ts, thread: m.thread})
	}
	ws.signal()
}

// parseMultipart reads the plain fields of a multipart form.
func parseMultipart(body []byte, boundary string, into args) error {
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read form: %w", err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return fmt.Errorf("read form: %w", err)
		}
		into[part.FormName()] = string(data)
	}
}

func firstFile(body []byte, boundary string) ([]byte, error) {
	part, err := multipart.NewReader(bytes.NewReader(body), boundary).NextPart()
	if err != nil {
		return nil, fmt.Errorf("read form: %w", err)
	}
	return io.ReadAll(part)
}
