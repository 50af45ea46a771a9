package slacksim

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Sign returns the X-Slack-Signature of a body posted at a Unix time.
func Sign(secret string, unix int64, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "v0:%d:%s", unix, body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// request builds the signed request that carries an envelope. The caller holds mu.
func (ws *Workspace) request(e *envelope) (*http.Request, error) {
	where, kind, body := ws.cfg.HTTP.EventURL, "application/json", []byte(mustJSON(e.payload))
	switch e.kind {
	case kindCommand:
		form := url.Values{}
		for k, v := range e.payload {
			s, ok := v.(string)
			if !ok {
				s = string(mustJSON(v))
			}
			form.Set(k, s)
		}
		where, kind, body = ws.cfg.HTTP.CommandURL, "application/x-www-form-urlencoded", []byte(form.Encode())
	case kindInteractive:
		form := url.Values{"payload": {string(mustJSON(e.payload))}}
		where, kind, body = ws.cfg.HTTP.InteractionURL, "application/x-www-form-urlencoded", []byte(form.Encode())
	}
	req, err := ws.signed(where, kind, body)
	if err != nil {
		return nil, err
	}
	if e.attempt > 0 {
		req.Header.Set("X-Slack-Retry-Num", strconv.Itoa(e.attempt))
		req.Header.Set("X-Slack-Retry-Reason", e.reason)
	}
	return req, nil
}

func (ws *Workspace) signed(where, kind string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ws.ctx, http.MethodPost, where, strings.NewReader(string(body)))
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", where, err)
	}
	now := ws.clock.Now().Unix()
	req.Header.Set("Content-Type", kind)
	req.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	req.Header.Set("X-Slack-Request-Timestamp", strconv.FormatInt(now, 10))
	req.Header.Set("X-Slack-Signature", Sign(ws.cfg.SigningSecret, now, body))
	return req, nil
}

// postEnvelope posts an envelope to the app's URL; a 2xx within the deadline is its ack. The caller
// holds mu.
func (ws *Workspace) postEnvelope(e *envelope) {
	id, attempt := e.id, e.attempt
	req, err := ws.request(e)
	if err != nil {
		ws.ackProblems = append(ws.ackProblems, err.Error())
		return
	}
	ws.wg.Go(func() {
		status, body, header, err := ws.exchange(req)
		ws.mu.Lock()
		defer ws.mu.Unlock()
		e := ws.envelopes[id]
		switch {
		case err != nil:
			ws.reject(e, attempt, "connection_failed", header)
		case status < 200 || status > 299:
			ws.reject(e, attempt, "http_error", header)
		default:
			var response map[string]any
			if len(body) > 0 && json.Unmarshal(body, &response) != nil {
				response = map[string]any{"text": string(body)}
			}
			ws.accept(e, response)
		}
	})
}

func (ws *Workspace) exchange(req *http.Request) (status int, body []byte, header http.Header, err error) {
	res, err := ws.client.Do(req)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("post to the app: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if body, err = io.ReadAll(io.LimitReader(res.Body, 1<<20)); err != nil {
		return 0, nil, nil, fmt.Errorf("read the app's answer: %w", err)
	}
	return res.StatusCode, body, res.Header, nil
}

// reject handles an attempt that the app's URL refused. The caller holds mu.
func (ws *Workspace) reject(e *envelope, attempt int, reason string, header http.Header) {
	if e.accepted || e.attempt != attempt || ws.closed {
		return
	}
	if header.Get("X-Slack-No-Retry") == "1" {
		e.disarm()
		ws.settle(e, ErrDispatchFailed)
		return
	}
	ws.fail(e, ErrDispatchFailed, reason)
	if e.attempt == attempt {
		e.disarm()
	}
}

// VerifyURL does what Slack does when an event URL is entered: it posts a challenge and wants it back.
func (ws *Workspace) VerifyURL(ctx context.Context) error {
	const challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
	req, err := ws.signed(ws.cfg.HTTP.EventURL, "application/json", mustJSON(map[string]any{
		"type": "url_verification", "token": verificationToken, "challenge": challenge,
	}))
	if err != nil {
		return err
	}
	status, body, _, err := ws.exchange(req.WithContext(ctx))
	if err != nil {
		return err
	}
	var o map[string]any
	if json.Unmarshal(body, &o) == nil && str(o["challenge"]) != "" {
		body = []byte(str(o["challenge"]))
	}
	if status != http.StatusOK || strings.TrimSpace(string(body)) != challenge {
		return fmt.Errorf("your URL didn't respond with the value of the challenge parameter: status %d, %q", status, body)
	}
	return nil
}
