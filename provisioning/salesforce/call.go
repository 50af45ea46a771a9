package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"portalbot/provisioning"
)

const (
	// writeTimeout is above the ten minutes after which Salesforce itself ends a call, so that its answer is waited for.
	// Source: Salesforce app limits cheat sheet, API request time-out 10 minutes.
	writeTimeout = 11 * time.Minute
	// readTimeout is above the two minutes after which Salesforce ends a query with QUERY_TIMEOUT.
	// Source: Salesforce app limits cheat sheet, SOQL query runtime 120 seconds.
	readTimeout = 150 * time.Second

	readTries   = 3                      // a read is sent at most so often
	firstWait   = 500 * time.Millisecond // before the second try; four times as long before the third
	longestWait = 30 * time.Second       // a Retry-After above this is left to the caller

	maxAnswer = 256 << 20 // bytes of one answer, after decompression; a full page of wide records has some 10 MB
	maxDrain  = 4 << 10   // bytes read after the end of an answer, so that its connection can be used again
	maxError  = 64 << 10  // bytes of an error answer
)

// call is one request to the org.
type call struct {
	op     string
	read   bool // without effect: it may be sent again
	halves bool // on QUERY_TIMEOUT the caller asks for less instead of the same again
	method string
	path   string // below the instance URL
	// encode writes the body for a session id. nil: no body, the id goes into the Authorization header.
	encode func(b *bytes.Buffer, sessionID string)
	// decode reads an answer. SOAP answers come with status 200 or, holding a fault, with 500. nil: the answer is not read.
	decode func(r io.Reader) error
}

type opKey struct{}

func withOp(ctx context.Context, op string) context.Context {
	return context.WithValue(ctx, opKey{}, op)
}

// OpName tells a wrapping http.RoundTripper what a request is for, in the words of CallError.Op: "create User".
func OpName(req *http.Request) string {
	op, _ := req.Context().Value(opKey{}).(string)
	return op
}

// do makes a call, and fails with a *provisioning.CallError. What it repeats is in the package comment.
func (c *Client) do(ctx context.Context, k call) error {
	renewed := false
	for try := 1; ; {
		ce := c.attempt(ctx, k, &renewed)
		if ce == nil {
			return nil
		}
		if k.halves && ce.Code == codeTimeout {
			return ce
		}
		if !k.read || ce.Class != provisioning.ClassRetry || try >= readTries || ctx.Err() != nil {
			return ce
		}
		wait := firstWait << (2 * (try - 1))
		wait += rand.N(wait / 2) //nolint:gosec // jitter is no secret
		if ce.RetryAfter > longestWait {
			return ce
		}
		if err := c.cfg.Sleep(ctx, max(wait, ce.RetryAfter)); err != nil {
			return ce
		}
		try++
	}
}

// attempt sends a call once, and once more when its session had ended.
func (c *Client) attempt(ctx context.Context, k call, renewed *bool) *provisioning.CallError {
	for {
		s, err := c.session(ctx)
		if err != nil {
			return asCallError(k.op, err)
		}
		ce := c.once(ctx, s, k)
		if ce == nil || ce.Code != codeSession {
			return ce
		}
		c.tokens.drop(s)
		if *renewed {
			return ce
		}
		*renewed = true
	}
}

// asCallError keeps what a failed login says and names the call that needed it.
func asCallError(op string, err error) *provisioning.CallError {
	var ce *provisioning.CallError
	if !errors.As(err, &ce) {
		return &provisioning.CallError{Op: op, Code: codeNetwork, Class: provisioning.ClassRetry, Err: err}
	}
	named := *ce
	if named.Op != op {
		named.Op = op + ": " + ce.Op
	}
	return &named
}

// once sends the request once.
func (c *Client) once(ctx context.Context, s *session, k call) *provisioning.CallError {
	limit := c.cfg.WriteTimeout
	if k.read {
		limit = c.cfg.ReadTimeout
		select {
		case c.reads <- struct{}{}:
			defer func() { <-c.reads }()
		case <-ctx.Done():
			return &provisioning.CallError{
				Op: k.op, Code: codeNetwork, Text: "gave up before it was sent", Class: provisioning.ClassRetry, Unsent: true, Err: ctx.Err(),
			}
		}
	}
	ctx, cancel := context.WithTimeout(withOp(ctx, k.op), limit)
	defer cancel()
	var asked, connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	req, err := newRequest(ctx, s, k)
	if err != nil {
		return &provisioning.CallError{Op: k.op, Code: codeNetwork, Class: provisioning.ClassJob, Unsent: true, Err: err}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		ce := c.networkError(ctx, k.op, err)
		// Only a request that waited for a connection and never got one was certainly not sent.
		ce.Unsent = asked.Load() && !connected.Load()
		return ce
	}
	defer func() { _ = resp.Body.Close() }() // what matters of it was read
	c.noteUsage(parseLimitInfo(resp.Header))
	if ce := c.answer(ctx, k, resp); ce != nil {
		ce.Op, ce.Text = k.op, c.redact(ce.Text, s.token)
		ce.RetryAfter = retryAfter(resp.Header, c.cfg.Now())
		return ce
	}
	return nil
}

func newRequest(ctx context.Context, s *session, k call) (*http.Request, error) {
	var body io.Reader
	if k.encode != nil {
		var b bytes.Buffer
		k.encode(&b, s.token)
		body = &b
	}
	req, err := http.NewRequestWithContext(ctx, k.method, s.instance+k.path, body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	if k.encode != nil {
		req.Header.Set("Content-Type", "text/xml; charset=utf-8")
		req.Header.Set("SOAPAction", `""`) // must be there, its value is not looked at
	} else {
		req.Header.Set("Authorization", "Bearer "+s.token)
		req.Header.Set("Accept", "application/json")
	}
	return req, nil
}

// answer reads an answer. The op and the header's part of the error are filled in by the caller.
func (c *Client) answer(ctx context.Context, k call, resp *http.Response) *provisioning.CallError {
	soap := k.encode != nil
	ok := resp.StatusCode >= 200 && resp.StatusCode <= 299
	// A fault comes with status 500, and is recognised by what it is.
	isXML := strings.Contains(resp.Header.Get("Content-Type"), "xml")
	switch {
	case ok && k.decode == nil:
		drain(resp.Body)
		return nil
	case ok || soap && isXML:
		err := k.decode(io.LimitReader(resp.Body, maxAnswer))
		var f *fault
		switch {
		case err == nil && ok:
			drain(resp.Body)
			return nil
		case errors.As(err, &f):
			drain(resp.Body)
			ce := &provisioning.CallError{Code: f.code, Text: f.text}
			classify(ce, rules)
			return ce
		case !ok:
			return httpError(resp, nil)
		case ctx.Err() != nil || isNetwork(err):
			return c.networkError(ctx, k.op, err)
		}
		return &provisioning.CallError{
			Code: codeBadAnswer, Text: err.Error(), Class: provisioning.ClassRetry, Err: err,
			Fix: "Check that no proxy changes the answers of " + resp.Request.URL.Host + ".",
		}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxError))
	if err != nil {
		body = nil // the status says enough
	}
	return httpError(resp, body)
}

// httpError reads a refusal that is no SOAP fault: REST's list of errors, or whatever stands between here and Salesforce.
func httpError(resp *http.Response, body []byte) *provisioning.CallError {
	ce := &provisioning.CallError{Code: statusCode(resp.StatusCode)}
	var list []struct {
		Code string `json:"errorCode"`
		Text string `json:"message"`
	}
	if json.Unmarshal(body, &list) == nil && len(list) > 0 && list[0].Code != "" {
		ce.Code, ce.Text = list[0].Code, list[0].Text
		classify(ce, rules)
		ce.Unsent = ce.Unsent || refusedStatus(resp.StatusCode)
		return ce
	}
	if resp.StatusCode == http.StatusUnauthorized {
		ce.Code = codeSession
		classify(ce, rules)
		return ce
	}
	ce.Text = "answered with HTTP status " + resp.Status
	classifyStatus(ce, resp.StatusCode)
	return ce
}

// networkError words an error of the connection. Whether the request was sent is for the caller to say.
func (c *Client) networkError(ctx context.Context, op string, err error) *provisioning.CallError {
	ce := &provisioning.CallError{Op: op, Code: codeNetwork, Class: provisioning.ClassRetry, Err: err}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err // method and address are no news
	}
	ce.Text = c.redact(err.Error(), "")
	if cause := ctx.Err(); cause != nil {
		ce.Err = cause
		if errors.Is(cause, context.DeadlineExceeded) {
			ce.Text = "no answer in time"
		}
	}
	return ce
}

// isNetwork reports whether an error came from the connection and not from what was in an answer.
func isNetwork(err error) bool {
	var ne net.Error
	var ue *url.Error
	return errors.As(err, &ne) || errors.As(err, &ue) || errors.Is(err, io.ErrUnexpectedEOF)
}

// drain reads the little that may be left of an answer, so that its connection can be used again, and wipes it: it can be
// the temporary password that a reset returns.
func drain(r io.Reader) {
	var buf [512]byte
	for n := 0; n < maxDrain; {
		m, err := r.Read(buf[:])
		n += m
		if err != nil {
			break
		}
	}
	clear(buf[:])
}

// retryAfter reads the header of that name, seconds or a date; 0 when there is none.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if v == "" {
		return 0
	}
	if d, err := time.ParseDuration(v + "s"); err == nil {
		return max(0, d)
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
