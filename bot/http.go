package bot

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/slack-go/slack"
)

// maxRequest bounds the body of a request from Slack: see maxEnvelope.
const maxRequest = maxEnvelope

// ServeHTTP takes commands, interactions and events in HTTP mode, all at one URL. Requests without Slack's signature, or whose
// signature is older than five minutes, are refused; within those five minutes a request that is sent again is a redelivery like
// any other: it is acknowledged and does nothing. While Run is not running, and when a delivery cannot be saved, the answer is
// an error, so that Slack delivers again.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "only POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequest))
	if err != nil {
		http.Error(w, "cannot read the body", http.StatusBadRequest)
		return
	}
	if err := verify(req.Header, body, r.cfg.SigningSecret); err != nil {
		r.log.WarnContext(req.Context(), "refused a request without a valid signature", "error", err)
		http.Error(w, "invalid signature", http.StatusUnauthorized)
		return
	}
	envelope, payload, challenge, err := unwrap(req.Header.Get("Content-Type"), body)
	switch {
	case err != nil:
		http.Error(w, "cannot read the request", http.StatusBadRequest)
		return
	case challenge != "":
		_ = writeAck(w, map[string]string{"challenge": challenge}) // a client that is gone needs no answer
		return
	case envelope == "":
		return // ssl_check
	}
	if !r.begin() {
		http.Error(w, "not running", http.StatusServiceUnavailable)
		return
	}
	defer r.work.Done()
	r.status.hear(0)
	acked := false
	err = r.accept(context.WithoutCancel(req.Context()), envelope, payload, func(answer any) error {
		acked = true
		return writeAck(w, answer)
	})
	if err != nil {
		r.log.ErrorContext(req.Context(), "not acknowledged; Slack will deliver again", "error", err)
		if !acked {
			http.Error(w, "cannot save", http.StatusInternalServerError)
		}
	}
}

// verify checks that Slack signed a request in the last five minutes.
func verify(h http.Header, body []byte, secret string) error {
	v, err := slack.NewSecretsVerifier(h, secret)
	if err != nil {
		return err
	}
	if _, err := v.Write(body); err != nil {
		return err
	}
	return v.Ensure()
}

// writeAck answers a request at once: the work goes on after it.
func writeAck(w http.ResponseWriter, answer any) error {
	if answer == nil {
		w.WriteHeader(http.StatusOK)
	} else {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			return err
		}
	}
	return http.NewResponseController(w).Flush()
}

// unwrap finds the payload in a request and brings it into the form that it has in Socket Mode. It returns the challenge of a URL
// verification instead, and nothing at all for a check of our certificate.
func unwrap(contentType string, body []byte) (envelope string, payload []byte, challenge string, err error) {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", nil, "", err
	}
	switch kind {
	case "application/json":
		var p struct{ Type, Challenge string }
		if err := json.Unmarshal(body, &p); err != nil {
			return "", nil, "", err
		}
		if p.Type == "url_verification" {
			return "", nil, p.Challenge, nil
		}
		return envelopeEvent, body, "", nil
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return "", nil, "", err
		}
		if p := form.Get("payload"); p != "" {
			return envelopeInteractive, []byte(p), "", nil
		}
		if form.Get("ssl_check") != "" {
			return "", nil, "", nil
		}
		fields := make(map[string]string, len(form))
		for k := range form {
			fields[k] = form.Get(k)
		}
		payload, err := json.Marshal(fields)
		return envelopeCommand, payload, "", err
	}
	return "", nil, "", errors.New("unknown content type")
}
