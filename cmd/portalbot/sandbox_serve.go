package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"portalbot/bot/slacksim"
)

//go:embed sandbox
var sandboxFiles embed.FS

// Limits of the page.
const (
	maxSandboxBody = 64 << 20               // a file by direct message may have 50 MB
	maxFormMemory  = 8 << 20                // of a form; more goes to a temporary file
	lookEvery      = 200 * time.Millisecond // how often an open page is looked at for changes
	actTimeout     = 30 * time.Second       // of one act; Slack itself waits 3 s for the bot
)

// contentPolicy lets the page load its own files and nothing else, run no inline script, and stand in no frame.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// handler serves the page, its events and what a person does on it.
func (s *sandbox) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.servePage)
	mux.HandleFunc("GET /events", s.serveEvents)
	mux.HandleFunc("GET /file/{id}", s.serveFile)
	mux.HandleFunc("GET /example", func(w http.ResponseWriter, _ *http.Request) {
		download(w, s.example.Name, s.example.Data, false)
	})
	if assets, err := fs.Sub(sandboxFiles, "sandbox/assets"); err == nil { // it cannot fail: the name is valid
		mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(assets)))
	}
	for name, act := range s.acts() {
		mux.HandleFunc("POST /act/"+name, s.serveAct(act))
	}
	return s.guard(http.NewCrossOriginProtection().Handler(mux))
}

// guard refuses what another site makes a browser send: a Host that is not ours (DNS rebinding) and an Origin that is not the page's.
func (s *sandbox) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if !s.ownHost(r.Host) {
			http.Error(w, "This sandbox does not answer to the name "+r.Host+".", http.StatusForbidden)
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" {
			u, err := url.Parse(origin)
			if err != nil || u.Scheme != "http" || u.Host != r.Host {
				http.Error(w, "This came from another site.", http.StatusForbidden)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// ownHost accepts what a foreign site cannot make its name resolve to: an address, localhost, and the name that is served.
func (s *sandbox) ownHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	return host == "localhost" || net.ParseIP(host) != nil || s.own != "" && strings.EqualFold(host, s.own)
}

// serveEvents tells an open page what changed: an event per part of the page, with its HTML.
func (s *sandbox) serveEvents(w http.ResponseWriter, r *http.Request) {
	at, err := lookOf(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	shown := map[string]string{}
	seen := uint64(0)
	for first := true; ; first = false {
		posts := s.posts.Load()
		parts, err := s.parts(r.Context(), at, first || posts != seen)
		if err != nil {
			return // the page connects again and is told then
		}
		seen = posts
		for name, html := range parts {
			if shown[name] == html {
				continue
			}
			shown[name] = html
			if err := writeEvent(w, name, html); err != nil {
				return // the page is gone
			}
		}
		if err := out.Flush(); err != nil {
			return // the page is gone
		}
		select {
		case <-r.Context().Done():
			return
		case <-s.ending:
			return
		case <-tick.C:
		}
	}
}

func writeEvent(w http.ResponseWriter, name, html string) error {
	data, err := json.Marshal(html)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, data)
	return err
}

// serveFile gives a person a file of a message that they see.
func (s *sandbox) serveFile(w http.ResponseWriter, r *http.Request) {
	at, err := lookOf(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	id := r.PathValue("id")
	for _, place := range []string{sandboxChannel, "@" + botName} {
		for _, m := range s.ws.User(at.As).Sees(place) {
			for _, f := range m.Files {
				if f.ID == id && !f.Deleted {
					download(w, f.Name, f.Data, isPicture(f))
					return
				}
			}
		}
	}
	http.NotFound(w, r)
}

// isPicture says whether a file is shown in the page: charts are.
func isPicture(f slacksim.File) bool {
	return strings.HasSuffix(f.Name, ".png") && http.DetectContentType(f.Data) == "image/png"
}

func download(w http.ResponseWriter, name string, data []byte, picture bool) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.Header().Set("Content-Type", "application/octet-stream")
	how := "attachment"
	if picture {
		w.Header().Set("Content-Type", "image/png")
		how = "inline"
	}
	if d := mime.FormatMediaType(how, map[string]string{"filename": name}); d != "" {
		how = d
	}
	w.Header().Set("Content-Disposition", how)
	_, _ = bytes.NewReader(data).WriteTo(w) // a browser that is gone needs no answer
}

// act is something that a person does. What goes wrong is a sentence for them.
type act func(ctx context.Context, who *slacksim.Person, at look, r *http.Request) error

// serveAct answers with {} or {"error": sentence}.
func (s *sandbox) serveAct(do act) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxSandboxBody)
		if err := r.ParseMultipartForm(maxFormMemory); err != nil && !errors.Is(err, http.ErrNotMultipart) { //nolint:gosec // bounded one line above
			http.Error(w, "The form cannot be read, or its file is larger than 64 MB.", http.StatusBadRequest)
			return
		}
		if r.MultipartForm != nil {
			defer func() { _ = r.MultipartForm.RemoveAll() }() // temporary files: the system removes what is left
		}
		at, err := lookOf(r.Form)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), actTimeout)
		defer cancel()
		answer := map[string]string{}
		if err := do(ctx, s.ws.User(at.As), at, r); err != nil {
			answer["error"] = err.Error()
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer) // a browser that is gone needs no answer
	}
}
