package slacksim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

// Workspace is one Slack team with one installed app, served over HTTP and WebSocket. All methods may
// be called from several goroutines.
type Workspace struct {
	cfg    Config
	clock  Clock
	base   string
	api    map[string]method
	server *http.Server
	client *http.Client    // posts to the app in HTTP mode
	ctx    context.Context //nolint:containedctx // the workspace's own life, ended by Close
	cancel context.CancelFunc
	wg     sync.WaitGroup // every goroutine and armed timer

	mu           sync.Mutex // guards the fields below
	closed       bool
	down         bool
	changed      chan struct{} // closed and replaced at every change
	seq          int           // for ids
	lastTS       int64         // microseconds, of the youngest message
	users        map[string]*user
	channels     map[string]*channel
	groups       []*group
	files        map[string]*file
	uploads      map[string]*file // by upload path
	views        map[string]*view
	stacks       map[string][]string // user id -> ids of open modals, the top one last
	homes        map[string]string   // user id -> id of the published Home view
	triggers     map[string]*trigger
	responseURLs map[string]*responseURL
	tickets      map[string]bool
	conns        []*conn
	nextConn     int
	envelopes    map[string]*envelope
	last         *envelope
	parked       []*envelope // events that found no socket
	acks         []Ack
	ackProblems  []string
	changes      []Change
	buckets      map[string]*bucket
	calls        []Call
	limited      map[string]int // 429s by method
	faults       []*armedFault
	before       func(Call)
	after        func(Call, Reply)
	notices      map[string][]string // user id -> errors that the client showed
}

// New starts a workspace. The caller closes it.
func New(cfg Config) (*Workspace, error) {
	cfg = cfg.withDefaults()
	ctx, cancel := context.WithCancel(context.Background())
	ws := &Workspace{
		cfg: cfg, clock: cfg.Clock, ctx: ctx, cancel: cancel,
		changed: make(chan struct{}), users: map[string]*user{}, channels: map[string]*channel{},
		files: map[string]*file{}, uploads: map[string]*file{}, views: map[string]*view{}, stacks: map[string][]string{},
		homes: map[string]string{}, triggers: map[string]*trigger{}, responseURLs: map[string]*responseURL{},
		tickets: map[string]bool{}, envelopes: map[string]*envelope{}, buckets: map[string]*bucket{},
		limited: map[string]int{}, notices: map[string][]string{},
	}
	ws.api = methods()
	ws.client = &http.Client{Transport: &http.Transport{}}
	if err := ws.seed(); err != nil {
		cancel()
		return nil, err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("listen on %s: %w", cfg.Addr, err)
	}
	ws.base = "http://" + ln.Addr().String()
	ws.server = &http.Server{Handler: ws.handler(), ReadHeaderTimeout: 10 * time.Second}
	ws.wg.Go(func() {
		if err := ws.server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			ws.mu.Lock()
			ws.ackProblems = append(ws.ackProblems, "server: "+err.Error())
			ws.mu.Unlock()
		}
	})
	return ws, nil
}

// Close cuts every connection, stops every timer and waits for all goroutines of the workspace.
func (ws *Workspace) Close() {
	ws.mu.Lock()
	if ws.closed {
		ws.mu.Unlock()
		return
	}
	ws.closed = true
	conns := slices.Clone(ws.conns)
	for _, e := range ws.envelopes {
		e.disarm()
	}
	ws.signal()
	ws.mu.Unlock()
	ws.cancel()
	for _, c := range conns {
		c.cut()
	}
	_ = ws.server.Close() // the listener's error tells nothing that could be acted on
	ws.wg.Wait()
	ws.client.CloseIdleConnections()
}

// URL returns the origin of everything: the Web API, files, sockets and response URLs.
func (ws *Workspace) URL() string { return ws.base }

// APIURL returns the base of the Web API, with the slash that clients want at its end.
func (ws *Workspace) APIURL() string { return ws.base + "/api/" }

// BotToken returns the bot's token.
func (ws *Workspace) BotToken() string { return ws.cfg.BotToken }

// AppToken returns the app-level token.
func (ws *Workspace) AppToken() string { return ws.cfg.AppToken }

// SigningSecret returns the secret that HTTP mode signs with.
func (ws *Workspace) SigningSecret() string { return ws.cfg.SigningSecret }

func (ws *Workspace) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", ws.serveAPI)
	mux.HandleFunc("GET /link/", ws.serveSocket)
	mux.HandleFunc("POST /upload/v1/", ws.serveUpload)
	mux.HandleFunc("GET /files-pri/", ws.serveFile)
	mux.HandleFunc("POST /commands/", ws.serveResponseURL)
	mux.HandleFunc("POST /actions/", ws.serveResponseURL)
	mux.HandleFunc("GET /{$}", serveSignIn)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws.mu.Lock()
		away := ws.down || ws.closed
		if !away {
			ws.wg.Add(1)
		}
		ws.mu.Unlock()
		if away {
			cutConnection(w)
			return
		}
		defer ws.wg.Done()
		mux.ServeHTTP(w, r)
	})
}

// cutConnection ends the request's connection without an answer.
func cutConnection(w http.ResponseWriter) {
	nc, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	_ = nc.Close()
}

// signal wakes everyone who waits for a change. The caller holds mu.
func (ws *Workspace) signal() {
	close(ws.changed)
	ws.changed = make(chan struct{})
}

// wait blocks until ok, called with mu held, returns true.
func (ws *Workspace) wait(ctx context.Context, what string, ok func() bool) error {
	for {
		ws.mu.Lock()
		if ok() {
			ws.mu.Unlock()
			return nil
		}
		closed, changed := ws.closed, ws.changed
		ws.mu.Unlock()
		if closed {
			return fmt.Errorf("wait for %s: the workspace is closed", what)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-changed:
		}
	}
}

// later calls f after d unless the workspace is closed first. The returned stop may be called with mu
// held; f runs without it.
func (ws *Workspace) later(d time.Duration, f func()) (stop func()) {
	ws.wg.Add(1)
	var once sync.Once
	done := func() { once.Do(ws.wg.Done) }
	halt := ws.clock.AfterFunc(d, func() {
		defer done()
		if ws.ctx.Err() == nil {
			f()
		}
	})
	unhook := context.AfterFunc(ws.ctx, func() {
		if halt() {
			done()
		}
	})
	return func() {
		unhook()
		if halt() {
			done()
		}
	}
}

// id returns a fresh id with the prefix. The caller holds mu.
func (ws *Workspace) id(prefix string) string {
	ws.seq++
	return prefix + strings.ToUpper(fmt.Sprintf("%08x", ws.seq))
}

// nextTS returns a fresh message timestamp, later than every other. The caller holds mu.
func (ws *Workspace) nextTS() string {
	ws.lastTS = max(ws.clock.Now().UnixMicro(), ws.lastTS+1)
	return fmt.Sprintf("%d.%06d", ws.lastTS/1e6, ws.lastTS%1e6)
}

// SetDown takes all of Slack away, or brings it back: while down, every request is cut off and no
// socket is open. Sockets do not come back by themselves.
func (ws *Workspace) SetDown(down bool) {
	ws.mu.Lock()
	ws.down = down
	ws.mu.Unlock()
	if down {
		ws.DropSockets()
	}
}

// SetScopes replaces the bot token's scopes, as a reinstall does.
func (ws *Workspace) SetScopes(scopes ...string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.cfg.Scopes = slices.Clone(scopes)
}

// scopeList is what the header X-OAuth-Scopes says.
func (ws *Workspace) scopeList() string {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return strings.Join(ws.cfg.Scopes, ",")
}

// SetUnavailable replaces the list of refused block and cell types.
func (ws *Workspace) SetUnavailable(types ...string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.cfg.Unavailable = slices.Clone(types)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
