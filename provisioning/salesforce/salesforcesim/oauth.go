package salesforcesim

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	grantClientCredentials = "client_credentials"
	grantJWT               = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	maxFormBytes           = 64 << 10
)

type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func (o *Org) serveToken(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "must use HTTP POST", http.StatusBadRequest)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		send(w, oauthRefusal("invalid_request", "malformed form body"))
		return
	}
	o.perform(w, r, &call{
		op:      Op{Name: OpToken, Protocol: "oauth", Detail: r.PostForm.Get("grant_type")},
		refusal: func(e *callError) reply { return oauthRefusal(e.code, e.message) },
		effect: func(*working) (reply, *callError) {
			return o.token(r)
		},
	})
}

func oauthRefusal(code, description string) reply {
	return jsonReply(http.StatusBadRequest, oauthError{Code: code, Description: description})
}

func (o *Org) token(r *http.Request) (reply, *callError) {
	var user string
	var app App
	var err *callError
	switch grant := r.PostForm.Get("grant_type"); grant {
	case grantClientCredentials:
		app, user, err = o.clientCredentials(r)
	case grantJWT:
		app, user, err = o.bearer(r.PostForm.Get("assertion"))
	case "":
		return reply{}, badRequest("invalid_request", "grant_type not supplied")
	default:
		return reply{}, badRequest("unsupported_grant_type", "grant type not supported")
	}
	if err != nil {
		return reply{}, err
	}
	s := o.login(app.ClientID, user)
	o.noteLogin(user)
	base := baseURL(r)
	issued := strconv.FormatInt(o.Now().UnixMilli(), 10)
	id := base + "/id/" + o.id + "/" + user
	mac := hmac.New(sha256.New, []byte(app.ClientSecret))
	mac.Write([]byte(id + issued))
	answer := map[string]string{
		"access_token": s.token,
		"signature":    base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		"scope":        app.Scope,
		"instance_url": base,
		"id":           id,
		"token_type":   "Bearer",
		"issued_at":    issued,
	}
	return jsonReply(http.StatusOK, answer), nil
}

// clientCredentials checks the app's id and secret, which stand in the form or in a Basic header.
func (o *Org) clientCredentials(r *http.Request) (App, string, *callError) {
	clientID, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if name, password, ok := r.BasicAuth(); ok {
		// RFC 6749 section 2.3.1: both are form-encoded before they go into the header.
		clientID, secret = unescape(name), unescape(password)
	}
	app, ok := o.auth.app(clientID)
	if !ok {
		return App{}, "", badRequest("invalid_client_id", "client identifier invalid")
	}
	if subtle.ConstantTimeCompare([]byte(secret), []byte(app.ClientSecret)) != 1 {
		return App{}, "", badRequest("invalid_client", "invalid client credentials")
	}
	if app.RunAs == "" {
		return App{}, "", badRequest("invalid_grant", "no client credentials user enabled")
	}
	user, err := o.activeUser(app.RunAs)
	return app, user, err
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

func (o *Org) activeUser(username string) (string, *callError) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	row := o.userByName(username)
	if row == noRow {
		return "", badRequest("invalid_grant", "user hasn't approved this consumer")
	}
	if o.users.get(row, "IsActive") != "true" {
		return "", badRequest("invalid_grant", "inactive user")
	}
	id := o.users.get(row, "Id")
	if login := o.logins.first(o.logins.field("UserId"), id, noRow); login != noRow && o.logins.get(login, "IsFrozen") == "true" {
		return "", badRequest("invalid_grant", "user is frozen")
	}
	return id, nil
}

type assertionClaims struct {
	Issuer   string          `json:"iss"`
	Subject  string          `json:"sub"`
	Audience json.RawMessage `json:"aud"`
	Expires  float64         `json:"exp"`
}

// bearer verifies a JWT assertion, help.salesforce.com remoteaccess_oauth_jwt_flow.
func (o *Org) bearer(assertion string) (App, string, *callError) {
	invalid := badRequest("invalid_grant", "invalid assertion")
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return App{}, "", invalid
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	var claims assertionClaims
	if !decodePart(parts[0], &header) || !decodePart(parts[1], &claims) {
		return App{}, "", invalid
	}
	if header.Algorithm != "RS256" {
		return App{}, "", badRequest("invalid_grant", "algorithm not supported")
	}
	app, ok := o.auth.app(claims.Issuer)
	if !ok {
		return App{}, "", badRequest("invalid_client_id", "client identifier invalid")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || app.PublicKey == nil {
		return App{}, "", invalid
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(app.PublicKey, crypto.SHA256, digest[:], signature) != nil {
		return App{}, "", invalid
	}
	if !o.audience(claims.Audience) {
		return App{}, "", badRequest("invalid_grant", "audience is invalid")
	}
	expires := time.Unix(int64(claims.Expires), 0)
	now := o.Now()
	if !now.Before(expires) {
		return App{}, "", badRequest("invalid_grant", "expired authorization code")
	}
	if expires.After(now.Add(maxAssertionLife)) {
		return App{}, "", invalid
	}
	approved := slices.ContainsFunc(app.Approved, func(name string) bool { return strings.EqualFold(name, claims.Subject) })
	if !approved {
		return App{}, "", badRequest("invalid_grant", "user hasn't approved this consumer")
	}
	user, refused := o.activeUser(claims.Subject)
	return app, user, refused
}

func decodePart(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, into) == nil
}

// audience says whether the aud claim names this org's login site. A single string or an array of one.
func (o *Org) audience(raw json.RawMessage) bool {
	var one string
	if json.Unmarshal(raw, &one) != nil {
		var many []string
		if json.Unmarshal(raw, &many) != nil || len(many) != 1 {
			return false
		}
		one = many[0]
	}
	if site := o.URL(); site != "" && one == site {
		return true
	}
	if o.config.Sandbox {
		return one == "https://test.salesforce.com"
	}
	return one == "https://login.salesforce.com"
}

func (o *Org) serveRevoke(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		send(w, oauthRefusal("invalid_request", "malformed form body"))
		return
	}
	o.perform(w, r, &call{
		op:      Op{Name: OpRevoke, Protocol: "oauth"},
		refusal: func(e *callError) reply { return oauthRefusal(e.code, e.message) },
		effect: func(*working) (reply, *callError) {
			if !o.auth.expire(r.Form.Get("token")) {
				return reply{}, badRequest("unsupported_token_type", "this token type is not supported")
			}
			return reply{status: http.StatusOK}, nil
		},
	})
}

// serveIdentity answers userinfo and the id URL.
func (o *Org) serveIdentity(w http.ResponseWriter, r *http.Request, user string) {
	token := bearerToken(r)
	o.perform(w, r, &call{
		op:    Op{Name: OpUserInfo, Protocol: "oauth"},
		token: token,
		refusal: func(e *callError) reply {
			return reply{status: http.StatusForbidden, contentType: "text/html;charset=UTF-8", body: []byte(e.message)}
		},
		effect: func(*working) (reply, *callError) {
			s, err := o.sessionOf(token)
			if err != nil {
				return reply{}, refuse(http.StatusForbidden, "", "Bad_OAuth_Token")
			}
			if user != "" && user != s.user && user != s.user[:shortIDLength] {
				return reply{}, refuse(http.StatusForbidden, "", "Wrong_Org")
			}
			return jsonReply(http.StatusOK, o.identity(s.user, baseURL(r), user == "")), nil
		},
	})
}

func (o *Org) identity(user, base string, openID bool) map[string]any {
	o.mu.RLock()
	defer o.mu.RUnlock()
	row := o.users.find(user)
	get := func(name string) string { return o.users.get(row, name) }
	out := map[string]any{
		"user_id": user, "organization_id": o.id, "email": get("Email"), "active": true, "user_type": strings.ToUpper(get("UserType")),
		"urls": map[string]string{
			"rest":    base + "/services/data/v{version}/",
			"partner": base + "/services/Soap/u/{version}/" + o.id[:shortIDLength],
			"query":   base + "/services/data/v{version}/query/",
			"profile": base + "/" + user,
		},
	}
	if openID {
		out["sub"] = base + "/id/" + o.id + "/" + user
		out["preferred_username"] = get("Username")
		out["name"], out["given_name"], out["family_name"] = get("Name"), get("FirstName"), get("LastName")
		out["zoneinfo"], out["locale"] = get("TimeZoneSidKey"), get("LocaleSidKey")
		return out
	}
	out["id"] = base + "/id/" + o.id + "/" + user
	out["username"], out["display_name"] = get("Username"), get("Name")
	out["first_name"], out["last_name"] = get("FirstName"), get("LastName")
	out["timezone"], out["locale"], out["language"] = get("TimeZoneSidKey"), get("LocaleSidKey"), get("LanguageLocaleKey")
	return out
}

func bearerToken(r *http.Request) string {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "OAuth") {
		return ""
	}
	return strings.TrimSpace(token)
}

// baseURL returns the address under which the client reached the org.
func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
