package salesforce_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce"
)

var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func keyPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(testKey())})
}

func pemOf(kind string) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte("not a key at all")})
}

func TestClientCredentialsTellIdentityWithoutAnotherRequest(t *testing.T) {
	f := newFake(t, nil)
	who, err := f.client(t).Identity(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if who.OrgID != "00D000000000001EAA" || who.UserID != "005000000000001AAA" {
		t.Errorf("identity is %+v", who)
	}
	if calls, tokens := f.seen(); len(calls) != 0 || tokens != 1 {
		t.Errorf("%d token requests and %v", tokens, calls)
	}
}

func TestClientCredentialsAreSentAsParameters(t *testing.T) {
	var form url.Values
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		form = r.PostForm
		w.WriteHeader(http.StatusBadRequest)
	}))
	defer srv.Close()
	if _, err := newClient(t, srv.URL).Identity(context.Background()); err == nil {
		t.Error("no error")
	}
	if form.Get("grant_type") != "client_credentials" || form.Get("client_id") != clientID || form.Get("client_secret") != secret {
		t.Errorf("form is %v", form)
	}
}

func TestJWTAssertionIsAsSalesforceWantsIt(t *testing.T) {
	for name, tt := range map[string]struct{ audience, want string }{
		"by default":    {"", "https://login.salesforce.com"},
		"as configured": {"https://acme.my.site.com", "https://acme.my.site.com"},
	} {
		t.Run(name, func(t *testing.T) {
			var assertion, grant string
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := r.ParseForm(); err != nil {
					t.Error(err)
				}
				grant, assertion = r.PostForm.Get("grant_type"), r.PostForm.Get("assertion")
				w.WriteHeader(http.StatusBadRequest)
			}))
			defer srv.Close()
			c := newClient(t, srv.URL, func(c *salesforce.Config) {
				c.Auth, c.Username, c.PrivateKeyPEM, c.Audience = salesforce.AuthJWT, "bot@acme.com", keyPEM(), tt.audience
			})
			if _, err := c.Identity(context.Background()); err == nil {
				t.Error("no error")
			}
			if grant != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
				t.Errorf("grant type %q", grant)
			}
			parts := strings.Split(assertion, ".")
			if len(parts) != 3 {
				t.Fatalf("assertion %q", assertion)
			}
			var claims struct {
				Iss, Sub, Aud string
				Exp           int64
			}
			raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
			if err := json.Unmarshal(raw, &claims); err != nil {
				t.Fatal(err)
			}
			if claims.Iss != clientID || claims.Sub != "bot@acme.com" || claims.Aud != tt.want {
				t.Errorf("claims %+v", claims)
			}
			if left := time.Until(time.Unix(claims.Exp, 0)); left < time.Minute || left > 3*time.Minute {
				t.Errorf("lives for %v", left)
			}
			sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
			sig, _ := base64.RawURLEncoding.DecodeString(parts[2])
			if err := rsa.VerifyPKCS1v15(&testKey().PublicKey, crypto.SHA256, sum[:], sig); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRefusedLoginsAreExplained(t *testing.T) {
	for _, tt := range []struct {
		code, text string
		class      provisioning.Class
		fix        string
	}{
		{"invalid_client_id", "client identifier invalid", provisioning.ClassJob, "client id"},
		{"invalid_client", "invalid client credentials", provisioning.ClassJob, "client secret"},
		{"invalid_grant", "user hasn't approved this consumer", provisioning.ClassJob, "pre-approve"},
		{"invalid_grant", "audience is invalid", provisioning.ClassJob, "https://test.salesforce.com"},
		{"invalid_grant", "inactive user", provisioning.ClassJob, "Activate"},
		{"invalid_grant", "no client credentials user enabled", provisioning.ClassJob, "Run As"},
		{"invalid_grant", "request not supported on this domain", provisioning.ClassJob, "My Domain"},
		{"invalid_grant", "invalid assertion", provisioning.ClassJob, "certificate"},
		{"invalid_grant", "authentication failure", provisioning.ClassJob, "user the bot acts as"},
		{"invalid_grant", "login rate exceeded", provisioning.ClassRetry, "hour"},
		{"something_new", "who knows", provisioning.ClassJob, "External Client App"},
	} {
		for _, auth := range []string{salesforce.AuthClientCredentials, salesforce.AuthJWT} {
			t.Run(auth+" "+tt.text, func(t *testing.T) {
				srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(http.StatusBadRequest)
					say(w, `{"error":%q,"error_description":%q}`, tt.code, tt.text)
				}))
				defer srv.Close()
				c := newClient(t, srv.URL, func(c *salesforce.Config) {
					c.Auth, c.Username, c.PrivateKeyPEM = auth, "bot@acme.com", keyPEM()
				})
				_, err := create(c)
				ce := callError(t, err)
				if ce.Code != tt.code || ce.Text != tt.text || ce.Class != tt.class || !strings.Contains(ce.Fix, tt.fix) || !ce.Unsent {
					t.Errorf("error is %+v", ce)
				}
				if ce.Op != "create User: get an access token" {
					t.Errorf("op is %q", ce.Op)
				}
			})
		}
	}
}

func TestOddTokenAnswersAreErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		class  provisioning.Class
	}{
		"a page":               {200, "<html>log in</html>", provisioning.ClassJob},
		"no token":             {200, `{"instance_url":"https://x.my.salesforce.com"}`, provisioning.ClassJob},
		"no instance":          {200, `{"access_token":"T!tok"}`, provisioning.ClassJob},
		"instance in http":     {200, `{"access_token":"T!tok","instance_url":"http://evil.example"}`, provisioning.ClassJob},
		"instance is no text":  {200, `{"access_token":"T!tok","instance_url":7}`, provisioning.ClassJob},
		"not found":            {404, "nothing here", provisioning.ClassJob},
		"down":                 {503, "<html>maintenance</html>", provisioning.ClassRetry},
		"redirect":             {302, "", provisioning.ClassJob},
		"secret in the answer": {400, `{"error":"invalid_client","error_description":"bad secret ` + secret + `"}`, provisioning.ClassJob},
	} {
		for _, auth := range []string{salesforce.AuthClientCredentials, salesforce.AuthJWT} {
			t.Run(name+" "+auth, func(t *testing.T) {
				srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					w.Header().Set("Location", "https://elsewhere.example/")
					w.WriteHeader(tt.status)
					say(w, "%s", tt.body)
				}))
				defer srv.Close()
				c := newClient(t, srv.URL, func(c *salesforce.Config) {
					c.Auth, c.Username, c.PrivateKeyPEM = auth, "bot@acme.com", keyPEM()
				})
				_, err := create(c)
				if ce := callError(t, err); ce.Class != tt.class || !ce.Unsent || ce.Fix == "" {
					t.Errorf("error is %+v", ce)
				}
			})
		}
	}
}

func TestUnreachableLoginIsRetriable(t *testing.T) {
	srv := httptest.NewServer(nil)
	srv.Close()
	for _, auth := range []string{salesforce.AuthClientCredentials, salesforce.AuthJWT} {
		c := newClient(t, srv.URL, func(c *salesforce.Config) {
			c.Auth, c.Username, c.PrivateKeyPEM = auth, "bot@acme.com", keyPEM()
		})
		_, err := create(c)
		if ce := callError(t, err); ce.Code != "NETWORK" || ce.Class != provisioning.ClassRetry || !ce.Unsent {
			t.Errorf("%s: error is %+v", auth, ce)
		}
	}
}

func TestSessionEndIsMendedOnceForAllCallers(t *testing.T) {
	const callers = 20
	var arrived sync.WaitGroup
	arrived.Add(callers)
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, body string) {
		if strings.Contains(body, "T1!tok") {
			arrived.Done()
			arrived.Wait() // all of them fail with the same token, at the same time
			soapFault(w, "INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: T1!tok")
			return
		}
		soap(w, saved)
	})
	c := f.client(t)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			if _, err := create(c); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	calls, tokens := f.seen()
	if tokens != 2 || len(calls) != 2*callers {
		t.Errorf("%d tokens and %d calls, want 2 and %d", tokens, len(calls), 2*callers)
	}
}

func TestSessionRefusedTwiceIsGivenUp(t *testing.T) {
	for name, refuse := range map[string]func(w http.ResponseWriter, body string){
		"by SOAP": func(w http.ResponseWriter, body string) {
			_, token, _ := strings.Cut(body, "<urn:sessionId>") // echoed, as some services do
			token, _, _ = strings.Cut(token, "<")
			soapFault(w, "INVALID_SESSION_ID", "Session "+token+" expired")
		},
		"by HTTP": func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusUnauthorized) },
		"by REST": func(w http.ResponseWriter, _ string) {
			w.WriteHeader(http.StatusUnauthorized)
			say(w, `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request, body string) { refuse(w, body) })
			_, err := create(f.client(t))
			if ce := callError(t, err); ce.Code != "INVALID_SESSION_ID" || ce.Class != provisioning.ClassJob || !ce.Unsent {
				t.Errorf("error is %+v", ce)
			}
			if calls, tokens := f.seen(); len(calls) != 2 || tokens != 2 {
				t.Errorf("%d calls, %d tokens", len(calls), tokens)
			}
		})
	}
}

func TestFailedLoginIsOneLoginForAllWhoWaited(t *testing.T) {
	const callers = 20
	release := make(chan struct{})
	var mu sync.Mutex
	logins := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		logins++
		mu.Unlock()
		<-release
		w.WriteHeader(http.StatusBadRequest)
		say(w, `{"error":"invalid_client","error_description":"invalid client credentials"}`)
	}))
	defer srv.Close()
	c := newClient(t, srv.URL)
	started := make(chan struct{}, callers)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			started <- struct{}{}
			if _, err := c.Identity(context.Background()); err == nil {
				t.Error("no error")
			}
		})
	}
	for range callers {
		<-started
	}
	close(release)
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	if logins > 3 { // a caller may still come after the first one failed
		t.Errorf("%d logins", logins)
	}
}

func TestCallerWhoGivesUpDoesNotFailTheOthers(t *testing.T) {
	first := make(chan struct{})
	var once sync.Once
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ string) { soap(w, saved) })
	hold := make(chan struct{})
	c := f.client(t, func(c *salesforce.Config) {
		next := salesforce.NewTransport()
		c.Transport = tripper(func(r *http.Request) (*http.Response, error) {
			stop := false
			once.Do(func() { stop = true })
			if stop {
				close(first)
				<-r.Context().Done() // the first login hangs until its caller gives up
				close(hold)
				return nil, r.Context().Err()
			}
			return next.RoundTrip(r)
		})
	})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := c.Identity(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the one who gave up got %v", err)
		}
	})
	<-first
	wg.Go(func() {
		if _, err := create(c); err != nil {
			t.Errorf("the other one: %v", err)
		}
	})
	cancel()
	<-hold
	wg.Wait()
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
