package salesforce_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce"
)

// hangUp closes the connection in place of an answer.
func hangUp(t *testing.T, w http.ResponseWriter) {
	t.Helper()
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_ = conn.Close()
}

func TestFailedWriteSaysWhetherItCanHaveTakenEffect(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(w http.ResponseWriter)
		code   string
		class  provisioning.Class
		unsent bool
	}{
		"concurrent limit": {func(w http.ResponseWriter) {
			soapFault(w, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
		}, "REQUEST_LIMIT_EXCEEDED", provisioning.ClassRetry, true},
		"daily limit": {func(w http.ResponseWriter) { soapFault(w, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.") }, "REQUEST_LIMIT_EXCEEDED", provisioning.ClassPause, true},
		"maintenance": {func(w http.ResponseWriter) {
			soapFault(w, "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", "wait")
		}, "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", provisioning.ClassPause, true},
		"field not there": {func(w http.ResponseWriter) { soapFault(w, "INVALID_FIELD", "No such column 'X'") }, "INVALID_FIELD", provisioning.ClassJob, true},
		"ended by the server": {func(w http.ResponseWriter) {
			soapFault(w, "REQUEST_RUNNING_TOO_LONG", "Your request was running for too long")
		}, "REQUEST_RUNNING_TOO_LONG", provisioning.ClassRetry, false},
		"unavailable":  {func(w http.ResponseWriter) { soapFault(w, "SERVER_UNAVAILABLE", "busy") }, "SERVER_UNAVAILABLE", provisioning.ClassRetry, false},
		"unknown code": {func(w http.ResponseWriter) { soapFault(w, "BRAND_NEW", "what is this") }, "BRAND_NEW", provisioning.ClassRow, false},
		"lock text": {func(w http.ResponseWriter) {
			soapFault(w, "UNKNOWN_EXCEPTION", "Group membership operation already in progress")
		}, "UNKNOWN_EXCEPTION", provisioning.ClassRetry, false},
		"gateway timeout": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusGatewayTimeout) }, "GATEWAY_TIMEOUT", provisioning.ClassRetry, false},
		"a 500 page":      {func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError); say(w, "%s", "<html>") }, "INTERNAL_SERVER_ERROR", provisioning.ClassRetry, false},
		"a 503 in XML, no fault": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/xml")
			w.WriteHeader(http.StatusServiceUnavailable)
			say(w, "%s", "<oops/>")
		}, "SERVICE_UNAVAILABLE", provisioning.ClassRetry, false},
		"request timeout": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusRequestTimeout) }, "REQUEST_TIMEOUT", provisioning.ClassRetry, false},
		"too many":        {func(w http.ResponseWriter) { w.WriteHeader(http.StatusTooManyRequests) }, "TOO_MANY_REQUESTS", provisioning.ClassRetry, true},
		"forbidden":       {func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) }, "FORBIDDEN", provisioning.ClassJob, true},
		"redirect": {func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://evil.example/")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, "TEMPORARY_REDIRECT", provisioning.ClassJob, true},
		"old version": {func(w http.ResponseWriter) { soapFault(w, "UNSUPPORTED_API_VERSION", "retired") }, "UNSUPPORTED_API_VERSION", provisioning.ClassJob, true},
		"hung up":     {nil, "NETWORK", provisioning.ClassRetry, false},
		"a page":      {func(w http.ResponseWriter) { say(w, "%s", "<!DOCTYPE html><html><p>Hello</html>") }, "BAD_ANSWER", provisioning.ClassRetry, false},
		"truncated": {func(w http.ResponseWriter) {
			say(w, "%s", strings.TrimSuffix(envelope(saved), "</soapenv:Body></soapenv:Envelope>"))
		}, "NETWORK", provisioning.ClassRetry, false},
		"nothing": {func(http.ResponseWriter) {}, "NETWORK", provisioning.ClassRetry, false},
		"wrong namespace": {func(w http.ResponseWriter) {
			say(w, "%s", strings.Replace(envelope(saved), "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope", 1))
		}, "BAD_ANSWER", provisioning.ClassRetry, false},
		"another answer":  {func(w http.ResponseWriter) { soap(w, `<updateResponse/>`) }, "BAD_ANSWER", provisioning.ClassRetry, false},
		"too few results": {func(w http.ResponseWriter) { soap(w, `<createResponse/>`) }, "BAD_ANSWER", provisioning.ClassRetry, false},
		"result without a word": {func(w http.ResponseWriter) {
			soap(w, `<createResponse><result><success>false</success></result></createResponse>`)
		}, "BAD_ANSWER", provisioning.ClassRetry, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
				if tt.answer == nil {
					hangUp(t, w)
					return
				}
				tt.answer(w)
			})
			_, err := create(f.client(t))
			ce := callError(t, err)
			if ce.Code != tt.code || ce.Class != tt.class || ce.Unsent != tt.unsent || ce.Op != "create User" {
				t.Errorf("error is %+v", ce)
			}
			if (ce.Class == provisioning.ClassPause) != (ce.Hold != "") {
				t.Errorf("hold is %q", ce.Hold)
			}
			if calls, _ := f.seen(); len(calls) != 1 {
				t.Errorf("the write was sent %d times", len(calls))
			}
		})
	}
}

func TestFaultIsReadWithStatus200Too(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
		soap(w, `<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>Element {}x invalid at this location</faultstring></soapenv:Fault>`)
	})
	_, err := create(f.client(t))
	if ce := callError(t, err); ce.Code != "soapenv:Client" || ce.Class != provisioning.ClassJob || !ce.Unsent || ce.Text != "Element {}x invalid at this location" {
		t.Errorf("error is %+v", ce)
	}
}

func TestWriteWithoutAConnectionWasNotSent(t *testing.T) {
	f := newFake(t, nil)
	c := f.client(t, func(c *salesforce.Config) {
		tr := salesforce.NewTransport()
		dial := tr.DialContext
		first := true
		tr.DisableKeepAlives = true
		tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if first { // the token
				first = false
				return dial(ctx, network, addr)
			}
			return nil, &net.OpError{Op: "dial", Err: errors.New("no route to host")}
		}
		c.Transport = tr
	})
	_, err := create(c)
	if ce := callError(t, err); ce.Code != "NETWORK" || !ce.Unsent || !strings.Contains(ce.Text, "no route to host") {
		t.Errorf("error is %+v", ce)
	}
}

func TestErrorOfAForeignTransportIsNotTakenForUnsent(t *testing.T) {
	f := newFake(t, nil)
	next := salesforce.NewTransport()
	c := f.client(t, func(c *salesforce.Config) {
		c.Transport = tripper(func(r *http.Request) (*http.Response, error) {
			if salesforce.OpName(r) == "create User" {
				return nil, errors.New("lost") // it may have sent it or not
			}
			return next.RoundTrip(r)
		})
	})
	_, err := create(c)
	if ce := callError(t, err); ce.Unsent {
		t.Errorf("error is %+v", ce)
	}
}

func TestAnswerThatComesTooLateIsNotUnsent(t *testing.T) {
	stop := make(chan struct{})
	f := newFake(t, func(_ http.ResponseWriter, _ *http.Request, _ string) { <-stop })
	defer close(stop)
	c := f.client(t, func(c *salesforce.Config) { c.WriteTimeout = 50 * time.Millisecond })
	_, err := create(c)
	ce := callError(t, err)
	if ce.Code != "NETWORK" || ce.Unsent || ce.Class != provisioning.ClassRetry || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %+v", ce)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.CreateUsers(ctx, oneUser, provisioning.WriteOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error of a cancelled write is %v", err)
	}
}

// The server closes a kept connection at the moment the write arrives on it: Go's transport must not send the write again.
func TestWriteOnADyingConnectionIsNotRepeated(t *testing.T) {
	var mu sync.Mutex
	writes := 0
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = conn.Close() }()
				r := bufio.NewReader(conn)
				for {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					body, _ := io.ReadAll(req.Body)
					if strings.HasSuffix(req.URL.Path, "/token") {
						answer := fmt.Sprintf(`{"access_token":"T1!tok","instance_url":"http://%s"}`, l.Addr())
						say(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer)
						continue
					}
					if strings.Contains(string(body), "create") || req.Method == http.MethodDelete {
						mu.Lock()
						writes++
						mu.Unlock()
					}
					return // hang up on a connection that was used before
				}
			})
		}
	})
	c := newClient(t, "http://"+l.Addr().String())
	_, err = create(c)
	if ce := callError(t, err); ce.Unsent {
		t.Errorf("create: %+v", ce)
	}
	err = c.ResetPassword(context.Background(), "005000000000009AAA")
	if ce := callError(t, err); ce.Unsent {
		t.Errorf("reset: %+v", ce)
	}
	_ = l.Close()
	c.Close()
	wg.Wait()
	if writes != 2 {
		t.Errorf("%d writes arrived, want 2", writes)
	}
}

func TestReadsAreTriedAgainAndHonourRetryAfter(t *testing.T) {
	tries := 0
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
		switch tries++; tries {
		case 1:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			hangUp(t, w)
		default:
			soap(w, `<queryResponse><result><done>true</done><size>0</size></result></queryResponse>`)
		}
	})
	var waits []time.Duration
	c := f.client(t, func(c *salesforce.Config) {
		c.Sleep = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
	})
	if _, err := c.Licenses(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(waits) != 2 || waits[0] != 7*time.Second || waits[1] < 2*time.Second || waits[1] > 3*time.Second {
		t.Errorf("waited %v", waits)
	}
}

func TestReadsAreGivenUpAfterAFewTries(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ string) { w.WriteHeader(http.StatusBadGateway) })
	_, err := f.client(t).Licenses(context.Background())
	if ce := callError(t, err); ce.Class != provisioning.ClassRetry || ce.Op != "read UserLicense" {
		t.Errorf("error is %+v", ce)
	}
	if calls, _ := f.seen(); len(calls) != 3 {
		t.Errorf("sent %d times", len(calls))
	}
}

func TestLongRetryAfterIsLeftToTheCaller(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	_, err := f.client(t).Licenses(context.Background())
	if ce := callError(t, err); ce.RetryAfter != 10*time.Minute {
		t.Errorf("error is %+v", ce)
	}
	if calls, _ := f.seen(); len(calls) != 1 {
		t.Errorf("sent %d times", len(calls))
	}
}

func TestReadThatCannotWorkIsNotTriedAgain(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
		soapFault(w, "INVALID_TYPE", "sObject type 'UserLicense' is not supported.")
	})
	_, err := f.client(t).Licenses(context.Background())
	if ce := callError(t, err); ce.Class != provisioning.ClassJob || !strings.Contains(ce.Fix, "permissions") {
		t.Errorf("error is %+v", ce)
	}
	if calls, _ := f.seen(); len(calls) != 1 {
		t.Errorf("sent %d times", len(calls))
	}
}

func TestReadsSideBySideAreBounded(t *testing.T) {
	var mu sync.Mutex
	now, most, arrived := 0, 0, 0
	three := make(chan struct{}) // closed when three are there
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
		mu.Lock()
		now++
		most = max(most, now)
		gate := three
		if arrived++; arrived%3 == 0 {
			close(three)
			three = make(chan struct{})
		}
		mu.Unlock()
		<-gate
		mu.Lock()
		now--
		mu.Unlock()
		soap(w, `<queryResponse><result><done>true</done><size>0</size></result></queryResponse>`)
	})
	c := f.client(t, func(c *salesforce.Config) { c.Reads = 3 })
	keys := make([]string, 30_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("003%012d", i)
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := c.Users(context.Background(), provisioning.UserQuery{ContactIDs: keys}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most != 3 {
		t.Errorf("%d at once, want 3", most)
	}
	if calls, _ := f.seen(); len(calls) != 30 {
		t.Errorf("%d calls, want 15 for each of the two", len(calls))
	}
}

func TestUsageIsReadFromSOAPAndREST(t *testing.T) {
	header := ""
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		if r.Method == http.MethodDelete {
			w.Header().Set("Sforce-Limit-Info", header)
			say(w, `{"NewPassword":"x"}`)
			return
		}
		soap(w, saved)
	})
	c := f.client(t)
	if u := c.Usage(); u != (provisioning.Usage{}) {
		t.Errorf("before any call: %+v", u)
	}
	if _, err := create(c); err != nil {
		t.Fatal(err)
	}
	if u := c.Usage(); u != (provisioning.Usage{Used: 42, Max: 15000}) {
		t.Errorf("by SOAP: %+v", u)
	}
	for _, tt := range []struct {
		header string
		used   int
	}{
		{"api-usage=100/15000; api-bursts=1/750", 100},
		{"per-app-api-usage=17/250(appName=x), api-usage=101/15000", 101},
		{"api-bursts=1/750", 101},
		{"api-usage=many/15000", 101},
		{"api-usage=7", 101},
		{" api-usage = 102 / 15000 ", 102},
	} {
		header = tt.header
		if err := c.ResetPassword(context.Background(), "005000000000009AAA"); err != nil {
			t.Fatal(err)
		}
		if u := c.Usage(); u != (provisioning.Usage{Used: tt.used, Max: 15000}) {
			t.Errorf("%q: %+v", tt.header, u)
		}
	}
}

func TestOpNameNamesEachRequest(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ string) { soap(w, saved) })
	next := salesforce.NewTransport()
	var ops []string
	c := f.client(t, func(c *salesforce.Config) {
		c.Transport = tripper(func(r *http.Request) (*http.Response, error) {
			ops = append(ops, salesforce.OpName(r))
			return next.RoundTrip(r)
		})
	})
	if _, err := create(c); err != nil {
		t.Fatal(err)
	}
	if want := []string{"get an access token", "create User"}; !slices.Equal(ops, want) {
		t.Errorf("ops are %q, want %q", ops, want)
	}
	if op := salesforce.OpName(httptest.NewRequest(http.MethodGet, "/", nil)); op != "" {
		t.Errorf("a foreign request is %q", op)
	}
}

func TestConnectionsAreKept(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, r *http.Request, _ string) {
		if r.Method == http.MethodDelete {
			say(w, `{"NewPassword":"tempPassw0rd"}`)
			return
		}
		soap(w, saved)
	})
	dials := 0
	c := f.client(t, func(c *salesforce.Config) {
		tr := salesforce.NewTransport()
		dial := tr.DialContext
		tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials++
			return dial(ctx, network, addr)
		}
		c.Transport = tr
	})
	for range 20 {
		if _, err := create(c); err != nil {
			t.Fatal(err)
		}
		if err := c.ResetPassword(context.Background(), "005000000000009AAA"); err != nil {
			t.Fatal(err)
		}
	}
	if dials != 1 {
		t.Errorf("%d connections for 41 requests one after another", dials)
	}
}
