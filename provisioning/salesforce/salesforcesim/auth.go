package salesforcesim

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// App is an external client app that may ask for tokens.
type App struct {
	// ClientID and ClientSecret are the consumer key and secret.
	ClientID     string
	ClientSecret string
	// RunAs is the username of the user that the client-credentials flow runs as. Empty: the flow is off.
	RunAs string
	// PublicKey verifies JWT assertions. nil: the flow is off.
	PublicKey *rsa.PublicKey
	// Approved lists the usernames that approved the app, or that an administrator approved for it.
	Approved []string
	// Scope is granted with every token. Default "api".
	Scope string
}

// Permissions are what a user may do over the API. A user has all of them unless SetPermissions says otherwise.
type Permissions struct {
	NoAPI         bool // API_DISABLED_FOR_ORG on every call
	NoManageUsers bool // writes to users and their logins, roles, groups and permission sets are refused
	NoViewSetup   bool // the limits resource is refused
}

type session struct {
	token  string
	client string
	user   string // id
	dead   bool
}

// auth keeps apps and sessions.
type auth struct {
	mu       sync.Mutex // guards all fields
	apps     []App
	sessions map[string]*session
}

// AddApp registers an app.
func (o *Org) AddApp(app App) {
	if app.Scope == "" {
		app.Scope = "api"
	}
	o.auth.mu.Lock()
	defer o.auth.mu.Unlock()
	o.auth.apps = append(slices.DeleteFunc(o.auth.apps, func(a App) bool { return a.ClientID == app.ClientID }), app)
}

func (a *auth) app(clientID string) (App, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, app := range a.apps {
		if app.ClientID == clientID {
			return app, true
		}
	}
	return App{}, false
}

// ExpireSessions ends all sessions, as the session timeout would.
func (o *Org) ExpireSessions() {
	o.auth.mu.Lock()
	defer o.auth.mu.Unlock()
	for _, s := range o.auth.sessions {
		s.dead = true
	}
}

// LiveSessions returns the number of sessions that are not expired.
func (o *Org) LiveSessions() int {
	o.auth.mu.Lock()
	defer o.auth.mu.Unlock()
	n := 0
	for _, s := range o.auth.sessions {
		if !s.dead {
			n++
		}
	}
	return n
}

func (a *auth) expire(token string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.sessions[token]
	if !ok || s.dead {
		return false
	}
	s.dead = true
	return true
}

// login returns a session for the user: the live one of that app and user, or a new one.
func (o *Org) login(client, user string) *session {
	o.auth.mu.Lock()
	defer o.auth.mu.Unlock()
	if !o.config.FreshTokens {
		for _, s := range o.auth.sessions {
			if !s.dead && s.client == client && s.user == user {
				return s
			}
		}
	}
	secret := make([]byte, 66)
	_, _ = rand.Read(secret) // never fails, crypto/rand
	s := &session{
		token:  o.id[:shortIDLength] + "!AQ" + base64.RawURLEncoding.EncodeToString(secret),
		client: client, user: user,
	}
	o.auth.sessions[s.token] = s
	return s
}

// Token returns a live access token of the user, as a login through an app would.
func (o *Org) Token(userID string) string {
	id, _ := normalID(userID)
	return o.login("", id).token
}

// sessionOf returns the live session of a token whose user is active and may use the API.
func (o *Org) sessionOf(token string) (*session, *callError) {
	o.auth.mu.Lock()
	s, ok := o.auth.sessions[token]
	dead := !ok || s.dead
	o.auth.mu.Unlock()
	expired := refuse(http.StatusUnauthorized, "INVALID_SESSION_ID", "Session expired or invalid")
	if dead {
		return nil, expired
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	row := o.users.find(s.user)
	if row == noRow || o.users.get(row, "IsActive") != "true" {
		return nil, expired
	}
	if o.permissions[s.user].NoAPI {
		return nil, refuse(http.StatusForbidden, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner")
	}
	return s, nil
}

// SetPermissions replaces what a user may do.
func (o *Org) SetPermissions(userID string, p Permissions) {
	id, _ := normalID(userID)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.permissions[id] = p
}

// userByName returns the row of a username, or noRow. The caller holds o.mu.
func (o *Org) userByName(username string) int32 {
	return o.users.first(o.users.field("Username"), strings.TrimSpace(username), noRow)
}

// noteLogin records the login on the user.
func (o *Org) noteLogin(user string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	row := o.users.find(user)
	if row == noRow {
		return
	}
	values := o.users.unpack(row)
	values[o.users.field("LastLoginDate").number] = timeText(o.Now())
	o.users.put(row, pack(values, o.users.fields))
}

// maxAssertionLife is how far ahead the exp of a JWT may lie, help.salesforce.com remoteaccess_oauth_jwt_flow.
const maxAssertionLife = 3 * time.Minute
