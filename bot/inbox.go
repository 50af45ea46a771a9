package bot

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/slack-go/slack"
)

// tellTimeout is the deadline for telling a person that something went wrong, and for recording that a delivery is done.
const tellTimeout = 20 * time.Second

// accept takes one payload in: parse, decide the acknowledgement, save, acknowledge, and leave the rest to a worker. It returns an
// error when the payload must not be acknowledged. The caller holds a begin.
func (r *Receiver) accept(ctx context.Context, envelope string, body []byte, ack func(payload any) error) error {
	at := time.Now()
	d, err := parse(envelope, body, r.selfID)
	if err != nil {
		if u, ok := errors.AsType[unknownError](err); ok {
			r.log.InfoContext(ctx, "nothing for us", "what", u.what)
		} else {
			r.log.ErrorContext(ctx, "unreadable delivery", "envelope", envelope, "error", err)
		}
		return ack(nil)
	}
	d.At = at
	decided := r.decide(ctx, d)
	if len(decided.Errors) > 0 {
		return r.acknowledge(ctx, d, decided, ack)
	}
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), ackDeadline)
	defer cancel()
	fresh, err := r.cfg.Memory.AcceptDelivery(saving, d.Key, envelope, body, at)
	if err != nil {
		return fmt.Errorf("save delivery %s: %w", d.Key, err)
	}
	err = r.acknowledge(ctx, d, decided, ack)
	if !fresh {
		r.log.InfoContext(ctx, "delivered again", "key", d.Key)
		return err
	}
	r.dispatch(d)
	return err
}

// decide asks the handler what the acknowledgement carries.
func (r *Receiver) decide(ctx context.Context, d Delivery) (a Ack) {
	defer func() {
		if p := recover(); p != nil {
			r.log.ErrorContext(ctx, "panic in Ack", "key", d.Key, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			a = Ack{}
		}
	}()
	return r.cfg.Handler.Ack(d)
}

// acknowledge sends the acknowledgement.
func (r *Receiver) acknowledge(ctx context.Context, d Delivery, a Ack, ack func(any) error) error {
	payload := a.payload(d.Kind)
	if payload != nil {
		if js, err := json.Marshal(payload); err != nil || len(js)+len(`{"envelope_id":"","payload":}`)+64 >= maxAckBytes {
			r.log.ErrorContext(ctx, "acknowledgement is too long for Slack, sent a plain one", "key", d.Key, "bytes", len(js), "error", err)
			payload = nil
		}
	}
	err := ack(payload)
	if err == nil && r.cfg.Acked != nil {
		r.cfg.Acked(d, time.Since(d.At))
	}
	return err
}

// payload returns what goes to Slack: nil for a plain acknowledgement.
func (a Ack) payload(kind Kind) any {
	if kind != KindSubmit {
		return nil
	}
	switch {
	case len(a.Errors) > 0:
		return slack.NewErrorsViewSubmissionResponse(a.Errors)
	case a.Update != nil:
		return slack.NewUpdateViewSubmissionResponse(a.Update)
	case a.Push != nil:
		return slack.NewPushViewSubmissionResponse(a.Push)
	case a.Clear:
		return slack.NewClearViewSubmissionResponse()
	}
	return nil
}

// replay handles again what the last run accepted and did not finish.
func (r *Receiver) replay(ctx context.Context) error {
	return r.cfg.Memory.UnfinishedDeliveries(ctx, func(key, envelope string, body []byte, at time.Time) error {
		d, err := parse(envelope, body, r.selfID)
		if err != nil {
			r.log.ErrorContext(ctx, "unreadable delivery from the last run, dropped", "key", key, "error", err)
			return r.cfg.Memory.FinishDelivery(ctx, key)
		}
		r.log.InfoContext(ctx, "handled again after a restart", "key", key)
		d.At, d.Replayed = at, true
		if r.begin() {
			r.dispatch(d)
			r.work.Done()
		}
		return nil
	})
}

// dispatch hands a saved delivery to a worker, when one is free. The caller holds a begin.
func (r *Receiver) dispatch(d Delivery) {
	r.status.addUnfinished(1)
	r.work.Add(1)
	go func() {
		defer r.work.Done()
		defer r.status.addUnfinished(-1)
		select {
		case r.workers <- struct{}{}:
			defer func() { <-r.workers }()
		case <-r.working.Done():
			return // not finished: the next start handles it
		}
		r.handle(r.working, d)
	}()
}

// handle has a delivery handled, tells the person if that went wrong, and records that it is done.
func (r *Receiver) handle(working context.Context, d Delivery) {
	ctx, cancel := context.WithTimeout(working, r.cfg.HandleTimeout)
	err := r.handleSafely(ctx, d)
	cancel()
	if err != nil && working.Err() != nil {
		r.log.InfoContext(working, "stopped while handling, goes on at the next start", "key", d.Key)
		return
	}
	after, cancel := context.WithTimeout(context.WithoutCancel(working), tellTimeout)
	defer cancel()
	if err != nil {
		ref := newRef()
		r.log.ErrorContext(after, "handling failed", "ref", ref, "key", d.Key, "kind", d.Kind, "user", d.User, "error", err)
		m := Message{Text: "Something went wrong (ref " + ref + "). Nothing is lost: try again, or give that reference to whoever runs this bot."}
		if err := r.client.Reply(after, d, m); err != nil {
			r.log.ErrorContext(after, "cannot tell the person", "ref", ref, "key", d.Key, "error", err)
		}
	}
	if err := r.cfg.Memory.FinishDelivery(after, d.Key); err != nil {
		r.log.ErrorContext(after, "cannot record that a delivery is done; it will be handled again", "key", d.Key, "error", err)
	}
}

// handleSafely turns a panic into an error.
func (r *Receiver) handleSafely(ctx context.Context, d Delivery) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return r.cfg.Handler.Handle(ctx, d)
}

// newRef returns a reference by which a person's report and our log are brought together.
func newRef() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}
