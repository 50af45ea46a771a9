package slacksim

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// conn is one Socket Mode connection.
type conn struct {
	number int
	ws     *websocket.Conn
	stop   context.CancelFunc
	leave  bool // gets no more payloads; guarded by Workspace.mu

	mu     sync.Mutex // guards the fields below
	out    [][]byte
	more   chan struct{} // closed and replaced when out grows
	silent bool          // half-open: nothing is read, written or pinged any more
}

// queue appends a frame to be written; it never blocks.
func (c *conn) queue(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = append(c.out, frame)
	close(c.more)
	c.more = make(chan struct{})
}

// next takes the frames that wait, or the channel that tells of new ones.
func (c *conn) next() (frames [][]byte, more <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	frames, c.out = c.out, nil
	if c.silent {
		frames = nil
	}
	return frames, c.more
}

func (c *conn) isSilent() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.silent
}

func (c *conn) cut() {
	c.stop()
	_ = c.ws.CloseNow()
}

func (ws *Workspace) connectionsOpen(args) (reply, error) {
	ticket := strings.ToLower(ws.id("ticket-"))
	ws.tickets[ticket] = true
	return reply{"url": "ws" + strings.TrimPrefix(ws.base, "http") + "/link/?ticket=" + ticket + "&app_id=" + ws.cfg.AppID}, nil
}

// serveSocket runs one connection to its end. A ticket is good for one connection.
func (ws *Workspace) serveSocket(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	ws.mu.Lock()
	ok := ws.tickets[ticket] && ws.cfg.HTTP == nil
	delete(ws.tickets, ticket)
	ws.mu.Unlock()
	if !ok {
		http.Error(w, "invalid ticket", http.StatusForbidden)
		return
	}
	// Clients name Slack's own origin, which is not this server's.
	sock, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	sock.SetReadLimit(1 << 20)
	ctx, cancel := context.WithCancel(ws.ctx)
	defer cancel()
	c := &conn{ws: sock, stop: cancel, more: make(chan struct{})}
	var helpers sync.WaitGroup
	ws.mu.Lock()
	if ws.closed || ws.down {
		ws.mu.Unlock()
		_ = sock.CloseNow()
		return
	}
	if ws.openSockets() >= maxSockets {
		ws.mu.Unlock()
		_ = sock.Write(ctx, websocket.MessageText, mustJSON(ws.disconnectFrame("too_many_websockets")))
		_ = sock.Close(websocket.StatusNormalClosure, "")
		return
	}
	ws.nextConn++
	c.number = ws.nextConn
	ws.conns = append(ws.conns, c)
	c.queue(mustJSON(map[string]any{
		"type": "hello", "num_connections": ws.openSockets(), "connection_info": map[string]any{"app_id": ws.cfg.AppID},
		"debug_info": map[string]any{"host": "applink-simulated", "build_number": 1, "approximate_connection_time": 18060},
	}))
	ws.unpark()
	ws.signal()
	ws.mu.Unlock()
	helpers.Go(func() { c.write(ctx) })
	helpers.Go(func() { c.ping(ctx, ws.cfg.PingInterval) })
	ws.readSocket(ctx, c)
	c.cut()
	helpers.Wait()
	ws.mu.Lock()
	ws.conns = slices.DeleteFunc(ws.conns, func(x *conn) bool { return x == c })
	ws.signal()
	ws.mu.Unlock()
}

func (ws *Workspace) disconnectFrame(reason string) map[string]any {
	return map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "applink-simulated"}}
}

// readSocket takes acks until the connection ends.
func (ws *Workspace) readSocket(ctx context.Context, c *conn) {
	for {
		_, data, err := c.ws.Read(ctx)
		if err != nil {
			return
		}
		if !c.isSilent() {
			ws.acknowledge(data)
		}
	}
}

// write sends what is queued until the connection ends.
func (c *conn) write(ctx context.Context) {
	for {
		frames, more := c.next()
		for _, f := range frames {
			if err := c.ws.Write(ctx, websocket.MessageText, f); err != nil {
				return
			}
		}
		if len(frames) > 0 {
			continue
		}
		select {
		case <-more:
		case <-ctx.Done():
			return
		}
	}
}

// ping sends WebSocket pings, by the machine's clock since the client counts by its own.
func (c *conn) ping(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if !c.isSilent() {
			pong, cancel := context.WithTimeout(ctx, every)
			_ = c.ws.Ping(pong) // a missing pong shows as a read error or as missing acks
			cancel()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// openSockets counts the connections that take payloads. The caller holds mu.
func (ws *Workspace) openSockets() int {
	n := 0
	for _, c := range ws.conns {
		if !c.leave {
			n++
		}
	}
	return n
}

// nextSocket picks the connection for the next payload, each in turn; silent ones too, for Slack does
// not know. The caller holds mu.
func (ws *Workspace) nextSocket() *conn {
	for range ws.conns {
		c := ws.conns[0]
		ws.conns = append(ws.conns[1:], c)
		if !c.leave {
			return c
		}
	}
	return nil
}

// Sockets returns the number of open connections.
func (ws *Workspace) Sockets() int {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.openSockets()
}

// WaitSockets waits until exactly n connections are open.
func (ws *Workspace) WaitSockets(ctx context.Context, n int) error {
	return ws.wait(ctx, "sockets", func() bool { return ws.openSockets() == n })
}

// Disconnect sends a disconnect message of the reason (warning, refresh_requested or link_disabled) on
// every connection. Apart from a warning, they get no more payloads and are closed by the client.
func (ws *Workspace) Disconnect(reason string) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, c := range ws.conns {
		c.queue(mustJSON(ws.disconnectFrame(reason)))
		if reason != "warning" {
			c.leave = true
		}
	}
	ws.signal()
}

// DropSockets cuts every connection without a word.
func (ws *Workspace) DropSockets() {
	ws.mu.Lock()
	conns := slices.Clone(ws.conns)
	for _, c := range conns {
		c.leave = true
	}
	ws.mu.Unlock()
	for _, c := range conns {
		c.cut()
	}
}

// Silence makes every open connection half-open: it stays, but nothing comes through in either
// direction, pings included, and payloads sent on it are lost.
func (ws *Workspace) Silence() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for _, c := range ws.conns {
		c.mu.Lock()
		c.silent = true
		c.mu.Unlock()
	}
}
