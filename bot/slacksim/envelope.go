package slacksim

import (
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// The kinds of envelope.
const (
	kindCommand     = "slash_commands"
	kindInteractive = "interactive"
	kindEvent       = "events_api"
)

// Failures that a person sees, in Slack's words.
var (
	ErrOperationTimeout = errors.New("operation_timeout") // no ack within 3 s
	ErrDispatchFailed   = errors.New("dispatch_failed")   // no socket, or the URL did not answer
)

// envelope is one payload on its way to the app.
type envelope struct {
	id, kind string
	payload  map[string]any
	attempt  int    // of the delivery under way; the first is 0
	reason   string // why this is a retry
	sent     time.Time
	accepted bool
	settled  bool // the first attempt was acknowledged or failed
	err      error
	response map[string]any                // the ack's payload
	onAck    func(response map[string]any) // called once, with mu held
	verdict  chan struct{}                 // closed when settled
	stop     func()                        // disarms the deadline or the next retry
}

func (e *envelope) disarm() {
	if e.stop != nil {
		e.stop()
		e.stop = nil
	}
}

// Ack is what became of one delivery of an envelope.
type Ack struct {
	EnvelopeID string
	Kind       string // slash_commands, interactive or events_api
	Type       string // the command, the interaction's type or the event's type
	Attempt    int
	Latency    time.Duration // from sending to the ack
	Late       bool          // came after the deadline and did not count
	Repeat     bool          // the envelope had been acknowledged before
}

// Acks returns every ack received, late ones too, in order.
func (ws *Workspace) Acks() []Ack {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return slices.Clone(ws.acks)
}

// AckProblems lists what was wrong with what the app sent over its sockets: an ack of 20 KB or more,
// which Slack drops without a word, one that is not JSON, or one for an unknown envelope.
func (ws *Workspace) AckProblems() []string {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return slices.Clone(ws.ackProblems)
}

// send starts the delivery of a payload. The caller holds mu.
func (ws *Workspace) send(kind string, payload map[string]any, onAck func(map[string]any)) *envelope {
	e := &envelope{id: ws.id("E"), kind: kind, payload: decodeMap(payload), onAck: onAck, verdict: make(chan struct{})}
	ws.envelopes[e.id] = e
	ws.last = e
	ws.deliver(e)
	return e
}

// deliver makes one attempt. The caller holds mu.
func (ws *Workspace) deliver(e *envelope) {
	if ws.closed {
		return
	}
	e.disarm()
	e.sent = ws.clock.Now()
	attempt := e.attempt
	var c *conn
	if ws.cfg.HTTP == nil {
		if c = ws.nextSocket(); c == nil {
			ws.undeliverable(e)
			return
		}
	}
	e.stop = ws.later(ws.cfg.AckTimeout, func() { ws.expire(e, attempt) })
	ws.transmit(e, c)
}

// transmit puts an envelope on its way, over the socket or to the app's URL. The caller holds mu.
func (ws *Workspace) transmit(e *envelope, c *conn) {
	if ws.cfg.HTTP != nil {
		ws.postEnvelope(e)
		return
	}
	c.queue(ws.frame(e, e.attempt, e.reason))
}

// frame is the envelope as it goes over a socket.
func (ws *Workspace) frame(e *envelope, attempt int, reason string) []byte {
	o := map[string]any{
		"type": e.kind, "envelope_id": e.id, "payload": e.payload, "accepts_response_payload": e.kind != kindEvent,
	}
	if e.kind == kindEvent || attempt > 0 {
		o["retry_attempt"], o["retry_reason"] = attempt, reason
	}
	return mustJSON(o)
}

// undeliverable handles an attempt that found no socket: events are kept for the next one, a person
// sees an error.
func (ws *Workspace) undeliverable(e *envelope) {
	if e.kind == kindEvent {
		ws.parked = append(ws.parked, e)
		return
	}
	ws.settle(e, ErrDispatchFailed)
}

// unpark sends the events that found no socket. The caller holds mu.
func (ws *Workspace) unpark() {
	waiting := ws.parked
	ws.parked = nil
	for _, e := range waiting {
		e.attempt, e.reason = min(e.attempt+1, maxRetries), "timeout"
		ws.deliver(e)
	}
}

// settle ends the first attempt. The caller holds mu.
func (ws *Workspace) settle(e *envelope, err error) {
	if e.settled {
		return
	}
	e.settled, e.err = true, err
	close(e.verdict)
	ws.signal()
}

// expire is the ack deadline of one attempt.
func (ws *Workspace) expire(e *envelope, attempt int) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if e.accepted || e.attempt != attempt {
		return
	}
	ws.fail(e, ErrOperationTimeout, "timeout")
}

// fail handles an attempt that failed: the person sees it, and a retry is planned. Retries come at
// once, after a minute and after five (docs.slack.dev/apis/events-api). The caller holds mu.
func (ws *Workspace) fail(e *envelope, err error, reason string) {
	ws.settle(e, err)
	limit := maxRetries
	if e.kind == kindCommand {
		limit = 0
		if ws.cfg.RetryCommands {
			limit = 1
		}
	}
	if e.attempt >= limit || ws.closed {
		return
	}
	e.disarm()
	e.attempt, e.reason = e.attempt+1, reason
	switch e.attempt {
	case 1:
		ws.deliver(e)
	case 2:
		e.stop = ws.later(time.Minute, func() { ws.redeliver(e) })
	default:
		e.stop = ws.later(5*time.Minute, func() { ws.redeliver(e) })
	}
}

func (ws *Workspace) redeliver(e *envelope) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if !e.accepted {
		ws.deliver(e)
	}
}

// acknowledge takes an ack that came over a socket.
func (ws *Workspace) acknowledge(data []byte) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if len(data) >= maxAckPayload {
		ws.ackProblems = append(ws.ackProblems, "an ack of 20 KB or more was dropped")
		ws.signal()
		return
	}
	var ack struct {
		EnvelopeID string `json:"envelope_id"`
		Payload    any    `json:"payload"`
	}
	if err := json.Unmarshal(data, &ack); err != nil {
		ws.ackProblems = append(ws.ackProblems, "not JSON: "+err.Error())
		return
	}
	e := ws.envelopes[ack.EnvelopeID]
	if e == nil {
		ws.ackProblems = append(ws.ackProblems, "an ack for an unknown envelope: "+ack.EnvelopeID)
		return
	}
	if ack.Payload != nil && e.kind == kindEvent && len(obj(ack.Payload)) > 0 {
		ws.ackProblems = append(ws.ackProblems, "an ack with a payload for an event, which takes none")
	}
	ws.accept(e, obj(ack.Payload))
}

// accept counts an ack. The caller holds mu.
func (ws *Workspace) accept(e *envelope, response map[string]any) {
	took := ws.clock.Now().Sub(e.sent)
	repeat := e.accepted
	late := !repeat && (took > ws.cfg.AckTimeout || e.settled && e.attempt == 0)
	ws.acks = append(ws.acks, Ack{
		EnvelopeID: e.id, Kind: e.kind, Type: e.what(), Attempt: e.attempt, Latency: took, Late: late, Repeat: repeat,
	})
	if late || repeat {
		ws.signal()
		return
	}
	e.accepted, e.response = true, response
	e.disarm()
	if e.onAck != nil && !e.settled {
		e.onAck(response)
	}
	ws.settle(e, nil)
	ws.signal()
}

func (e *envelope) what() string {
	switch e.kind {
	case kindCommand:
		return str(e.payload["command"])
	case kindInteractive:
		return str(e.payload["type"])
	default:
		return str(obj(e.payload["event"])["type"])
	}
}

// Redeliver sends the latest envelope once more, as Slack now and then does although it was
// acknowledged: with the same envelope_id and the retry_attempt given, which may be 0. It reports
// whether there was one.
func (ws *Workspace) Redeliver(attempt int) bool {
	ws.mu.Lock()
	e := ws.last
	ws.mu.Unlock()
	return e != nil && ws.RedeliverEnvelope(e.id, attempt)
}

// RedeliverEnvelope is Redeliver for the envelope with that id.
func (ws *Workspace) RedeliverEnvelope(id string, attempt int) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	e := ws.envelopes[id]
	if e == nil {
		return false
	}
	var c *conn
	if ws.cfg.HTTP == nil {
		if c = ws.nextSocket(); c == nil {
			return false
		}
	}
	e.sent = ws.clock.Now()
	once := *e // the retry under way, if any, keeps its own count
	once.attempt, once.reason = attempt, ""
	if attempt > 0 {
		once.reason = "timeout"
	}
	ws.transmit(&once, c)
	return true
}
