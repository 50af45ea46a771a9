package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"portalbot/provisioning/salesforce"
	"portalbot/store"
)

var errKilled = errors.New("the process was killed")

// live runs one life of the bot after another on the same data file, until ctx ends or a life fails by itself.
func (s *sandbox) live(ctx context.Context) error {
	for {
		killed, err := s.life(ctx)
		if err != nil || !killed {
			return err
		}
	}
}

// life runs the bot until it is killed or ctx ends. A killed bot has no grace: from that moment none of its saves and calls takes effect
// or is answered.
func (s *sandbox) life(ctx context.Context) (killed bool, err error) {
	around, die := mortal()
	defer die()
	p, err := wire(s.cfg, s.log, around)
	if err != nil {
		return false, err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- p.Run(running) }()
	s.setBot(p)
	select {
	case err = <-ended:
	case <-s.kills:
		die()
		stop()
		killed = true
		if said := <-ended; said != nil { // of interest to nobody but who looks for a fault in the sandbox
			s.log.Debug("the killed bot has ended", "error", said)
		}
	}
	s.setBot(nil)
	if cerr := p.Close(); cerr != nil {
		err = errors.Join(err, fmt.Errorf("close the data file: %w", cerr))
	}
	return killed, err
}

// setBot waits for those who read the store of the life before.
func (s *sandbox) setBot(p *program) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bot = p
}

// mortal returns what stands around one life of the bot. Once die was called, every save fails and every call is cut. It may be called more
// than once.
func mortal() (o outside, die func()) {
	dead, cut := context.WithCancel(context.Background())
	alive := func(string) error {
		if dead.Err() != nil {
			return errKilled
		}
		return nil
	}
	calls := func(next *http.Transport) callFunc {
		context.AfterFunc(dead, next.CloseIdleConnections)
		return func(req *http.Request) (*http.Response, error) { return callUntil(dead, next, req) }
	}
	return outside{
		store:      store.Options{BeforeCommit: alive, AfterCommit: alive},
		slack:      &http.Client{Transport: calls(&http.Transport{})},
		salesforce: calls(salesforce.NewTransport()),
	}, cut
}

// callFunc is an http.RoundTripper.
type callFunc func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f callFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// callUntil makes a call and reads the whole answer, so that a dead program gets none of it.
func callUntil(dead context.Context, next http.RoundTripper, req *http.Request) (*http.Response, error) {
	if dead.Err() != nil {
		return nil, errKilled
	}
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	defer context.AfterFunc(dead, cancel)()
	resp, err := next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if dead.Err() != nil {
		return nil, errKilled
	}
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
