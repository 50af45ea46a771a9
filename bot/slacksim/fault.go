package slacksim

import (
	"net/http"
	"strconv"
	"time"
)

// FaultKind says what goes wrong with a call, and whether before or after it took effect.
type FaultKind int

// The kinds of fault. Those before leave no trace in the workspace; those after do all that the call
// asked for, and only its answer is lost.
const (
	FailBefore FaultKind = iota + 1 // HTTP 500
	CutBefore                       // the connection is cut
	Refuse                          // Slack's error in Fault.Error
	RateLimit                       // HTTP 429 with Fault.RetryAfter
	HangBefore                      // no answer until the client gives up
	FailAfter                       // takes effect, then HTTP 500
	LoseAnswer                      // takes effect, then the connection is cut
	HangAfter                       // takes effect, then no answer until the client gives up
	Slow                            // takes effect at once, is answered after Fault.Delay by the Clock
)

// Fault is something that will go wrong. A call must fit all of Method, Call and Match to count.
type Fault struct {
	Kind   FaultKind
	Method string          // empty fits every call; see Call.Method
	Call   int             // the workspace's running number of the call; 0 fits every call
	Match  func(Call) bool // nil fits every call; must not call the workspace
	Nth    int             // only the nth call that fits, counted from Inject; 0 for every one
	Times  int             // how often at most; 0 is once with Nth or Call, else for ever

	Error      string        // for Refuse
	RetryAfter time.Duration // for RateLimit; 0 leaves the header out
	Delay      time.Duration // for Slow
}

type armedFault struct {
	Fault
	seen, done int
}

// Inject arms a fault. The returned function takes it back.
func (ws *Workspace) Inject(f Fault) (remove func()) {
	armed := &armedFault{Fault: f}
	ws.mu.Lock()
	ws.faults = append(ws.faults, armed)
	ws.mu.Unlock()
	return func() {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		for i, x := range ws.faults {
			if x == armed {
				ws.faults = append(ws.faults[:i:i], ws.faults[i+1:]...)
				return
			}
		}
	}
}

// faultFor returns the first armed fault that strikes a call. The caller holds mu.
func (ws *Workspace) faultFor(c Call) *armedFault {
	var hit *armedFault
	for _, f := range ws.faults {
		if f.Method != "" && f.Method != c.Method || f.Call != 0 && f.Call != c.Number || f.Match != nil && !f.Match(c) {
			continue
		}
		f.seen++
		if hit != nil || f.Nth != 0 && f.seen != f.Nth || f.Times != 0 && f.done >= f.Times {
			continue
		}
		f.done++
		hit = f
	}
	return hit
}

// early acts before the call takes effect and reports whether the call ends here.
func (f *armedFault) early(ws *Workspace, w http.ResponseWriter, r *http.Request) bool {
	switch f.Kind {
	case FailBefore:
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
	case CutBefore:
		cutConnection(w)
	case Refuse:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(mustJSON(map[string]any{"ok": false, "error": f.Error}))
	case RateLimit:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(max(1, int(f.RetryAfter.Seconds()))))
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write(mustJSON(map[string]any{"ok": false, "error": "ratelimited"}))
	case HangBefore:
		ws.hang(w, r)
	default:
		return false
	}
	return true
}

// late acts after the call took effect and reports whether its answer is lost.
func (f *armedFault) late(ws *Workspace, w http.ResponseWriter, r *http.Request) bool {
	switch f.Kind {
	case FailAfter:
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
	case LoseAnswer:
		cutConnection(w)
	case HangAfter:
		ws.hang(w, r)
	case Slow:
		over := make(chan struct{})
		stop := ws.later(f.Delay, func() { close(over) })
		defer stop()
		select {
		case <-over:
		case <-r.Context().Done():
		case <-ws.ctx.Done():
		}
		return false
	default:
		return false
	}
	return true
}

// hang waits for the client to give up.
func (ws *Workspace) hang(w http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-ws.ctx.Done():
		cutConnection(w)
	}
}
