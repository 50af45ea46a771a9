package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/oauth2/jwt"

	"portalbot/provisioning"
)

const (
	tokenPath    = "/services/oauth2/token" //nolint:gosec // an address
	tokenTimeout = 30 * time.Second
	// assertionLife is how long a signed assertion may be used. Salesforce refuses those that live longer than 3 to 5 minutes;
	// a clock that is a minute slow still works.
	assertionLife = 3 * time.Minute
)

// session is one access token and what its answer told. It has no expiry: Salesforce sends none, since a session lives as
// long as it is used, within the org's session timeout. So it is used until Salesforce refuses it.
type session struct {
	token    string
	instance string // scheme and host
	identity provisioning.Identity
}

// String keeps the token out of logs.
func (*session) String() string { return "session [not shown]" }

func (c *Client) session(ctx context.Context) (*session, error) {
	s, err := c.tokens.get(ctx, func(*session) bool { return true }, c.login)
	var ce *provisioning.CallError
	if err != nil && !errors.As(err, &ce) {
		// The caller gave up while another one was fetching.
		return nil, &provisioning.CallError{
			Op: opToken, Code: codeNetwork, Text: "gave up while waiting for an access token",
			Class: provisioning.ClassRetry, Unsent: true, Err: err,
		}
	}
	return s, err
}

const opToken = "get an access token"

// login fetches a token by the configured grant. Whatever it fails with, the call that needed the token was not sent.
func (c *Client) login(ctx context.Context) (*session, error) {
	ctx, cancel := context.WithTimeout(withOp(ctx, opToken), c.tokenTimeout())
	defer cancel()
	line := &tokenLine{ctx: ctx, next: c.http.Transport}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: line, CheckRedirect: c.http.CheckRedirect})
	token, err := c.source(ctx).Token()
	if err != nil {
		return nil, c.loginError(line.err, err)
	}
	text := func(key string) string { s, _ := token.Extra(key).(string); return s }
	s := &session{token: token.AccessToken}
	if s.token == "" {
		return nil, badLogin("the answer holds no access_token")
	}
	instance, err := checkURL("instance_url", text("instance_url"))
	if err != nil {
		return nil, badLogin("the answer's instance_url is missing or not usable")
	}
	if instance.Scheme == "http" && !strings.HasPrefix(c.cfg.LoginURL, "http:") {
		return nil, badLogin("the answer's instance_url is not https")
	}
	s.instance = instance.Scheme + "://" + instance.Host
	s.identity.OrgID, s.identity.UserID = parseIDURL(text("id"))
	s.identity.Sandbox = sandboxHost(instance.Hostname())
	return s, nil
}

func (c *Client) tokenTimeout() time.Duration { return min(tokenTimeout, c.cfg.ReadTimeout) }

func (c *Client) source(ctx context.Context) oauth2.TokenSource {
	if c.cfg.Auth == AuthJWT {
		return (&jwt.Config{
			Email:      c.cfg.ClientID, // iss
			Subject:    c.cfg.Username,
			PrivateKey: c.cfg.PrivateKeyPEM,
			TokenURL:   c.cfg.LoginURL + tokenPath,
			Audience:   c.cfg.Audience,
			Expires:    assertionLife,
		}).TokenSource(ctx)
	}
	return (&clientcredentials.Config{
		ClientID:     c.cfg.ClientID,
		ClientSecret: c.cfg.ClientSecret,
		TokenURL:     c.cfg.LoginURL + tokenPath,
		AuthStyle:    oauth2.AuthStyleInParams, // named, since finding out costs a refused request
	}).TokenSource(ctx)
}

// tokenLine stands between x/oauth2 and the network for one token request. x/oauth2 leaves the context out of the request of
// the jwt grant, and keeps only the text of a network error: this puts the one in and remembers the other.
type tokenLine struct {
	ctx  context.Context //nolint:containedctx // it lives for the one token request
	next http.RoundTripper
	err  error
}

func (t *tokenLine) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r.WithContext(t.ctx))
	if err != nil {
		t.err = err
		return nil, err
	}
	resp.Body = lineBody{resp.Body, t}
	return resp, nil
}

type lineBody struct {
	io.ReadCloser
	line *tokenLine
}

func (b lineBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.line.err = err
	}
	return n, err
}

// loginError turns what x/oauth2 returns into the words of the error table. broken is what went wrong with the connection.
func (c *Client) loginError(broken, err error) error {
	ce := &provisioning.CallError{Op: opToken, Unsent: true}
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused):
		var answer struct {
			Code string `json:"error"`
			Text string `json:"error_description"`
		}
		status := 0
		if refused.Response != nil {
			status = refused.Response.StatusCode
			ce.RetryAfter = retryAfter(refused.Response.Header, c.cfg.Now())
		}
		if json.Unmarshal(refused.Body, &answer) == nil && answer.Code != "" {
			ce.Code, ce.Text = answer.Code, answer.Text
			classify(ce, loginRules)
			break
		}
		ce.Code, ce.Text = statusCode(status), "the answer is not that of a Salesforce token endpoint"
		classifyStatus(ce, status)
		ce.Unsent = true
		if ce.Class != provisioning.ClassRetry {
			ce.Class, ce.Fix = provisioning.ClassJob, "Check login_url: it must be the org's My Domain address, https://YOURDOMAIN.my.salesforce.com."
		}
	case broken != nil:
		ce.Code, ce.Text, ce.Class, ce.Err = codeNetwork, broken.Error(), provisioning.ClassRetry, broken
		ce.Fix = "Check that this machine reaches " + c.cfg.LoginURL + "."
	default:
		return badLogin(c.redact(err.Error(), ""))
	}
	ce.Text = c.redact(ce.Text, "")
	return ce
}

func badLogin(text string) error {
	return &provisioning.CallError{
		Op: opToken, Code: codeBadAnswer, Text: text, Class: provisioning.ClassJob, Unsent: true,
		Fix: "Check login_url: it must be the org's My Domain address, https://YOURDOMAIN.my.salesforce.com.",
	}
}

// redact takes out of a text what must not be shown, should the far end have put it there.
func (c *Client) redact(text, token string) string {
	for _, secret := range []string{token, c.cfg.ClientSecret} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[not shown]")
		}
	}
	return text
}

// parseIDURL reads org and user out of https://login.salesforce.com/id/ORG/USER.
func parseIDURL(s string) (org, user string) {
	u, err := url.Parse(s)
	if err != nil {
		return "", ""
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) != 3 || parts[0] != "id" || !validID(parts[1]) || !validID(parts[2]) {
		return "", ""
	}
	return longID(parts[1]), longID(parts[2])
}

// Identity says who the bot is in the org, from the answer that the token came in. Before the first Schema a sandbox is told by
// its address alone.
func (c *Client) Identity(ctx context.Context) (provisioning.Identity, error) {
	s, err := c.session(ctx)
	if err != nil {
		return provisioning.Identity{}, err
	}
	if s.identity.UserID == "" {
		return provisioning.Identity{}, badLogin("the answer's id does not name org and user")
	}
	who := s.identity
	if d := c.schema.peek(); d != nil {
		who.Sandbox = d.sandbox
	}
	return who, nil
}
