package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"portalbot/provisioning/salesforce/salesforcesim"
)

// browser plays the page's part: it does what app.js does.
type browser struct {
	t   *testing.T
	s   *sandbox
	ctx context.Context
	url string
}

func openSandbox(t *testing.T) *browser {
	t.Helper()
	s, err := newSandbox("", nil, slog.New(slog.NewTextHandler(logTo{t}, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	srv := httptest.NewServer(s.handler())
	ended := make(chan error, 1)
	go func() {
		ended <- s.run(ctx, func(ctx context.Context) error {
			<-ctx.Done()
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	if err := s.ws.WaitSockets(ctx, 2); err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, s: s, ctx: ctx, url: srv.URL}
}

// act posts what a person does, with a file where one is named, and returns the error shown.
func (b *browser) act(as, in, name string, fields map[string]string, file ...string) string {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	fields["as"], fields["in"] = as, in
	for k, v := range fields {
		if err := form.WriteField(k, v); err != nil {
			b.t.Fatal(err)
		}
	}
	if len(file) == 3 {
		part, err := form.CreateFormFile(file[0], file[1])
		if err == nil {
			_, err = io.WriteString(part, file[2])
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(b.ctx, http.MethodPost, b.url+"/act/"+name, &body)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Origin", b.url)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct{ Error string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		b.t.Fatalf("%s: %s: %v", name, resp.Status, err)
	}
	return answer.Error
}

// does is act that must work.
func (b *browser) does(as, in, name string, fields map[string]string, file ...string) {
	b.t.Helper()
	if e := b.act(as, in, name, fields, file...); e != "" {
		b.t.Fatalf("%s does %s: %s", as, name, e)
	}
}

// sees waits until a part of a person's page contains a text, and returns the part.
func (b *browser) sees(as, in, part, text string) string {
	b.t.Helper()
	resp := b.get("/events?as=" + as + "&in=" + in)
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewReader(resp.Body)
	event, last := "", ""
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			b.t.Fatalf("%s never saw %q in %s; there is: %s", as, text, part, last)
		}
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			event = strings.TrimSpace(name)
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok || event != part {
			continue
		}
		if err := json.Unmarshal([]byte(data), &last); err != nil {
			b.t.Fatal(err)
		}
		if strings.Contains(last, text) {
			return last
		}
	}
}

func (b *browser) get(path string) *http.Response {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.ctx, http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp
}

func (b *browser) read(path string) string {
	b.t.Helper()
	resp := b.get(path)
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.t.Fatalf("GET %s: %s, %v", path, resp.Status, err)
	}
	return string(data)
}

// find returns the first group of a pattern in a page, as the browser reads it.
func (b *browser) find(page, pattern string) string {
	b.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(page)
	if m == nil {
		b.t.Fatalf("there is no %s in: %s", pattern, page)
	}
	return html.UnescapeString(m[1])
}

// button returns the ids that a click on the button with this text sends.
func (b *browser) button(page, text string) map[string]string {
	b.t.Helper()
	at := strings.Index(page, ">"+text+"</button>")
	if at < 0 {
		b.t.Fatalf("there is no button %s in: %s", text, page)
	}
	before := page[:at]
	tag := before[strings.LastIndex(before, "<button"):]
	fields := map[string]string{"block": b.find(tag, `data-block="([^"]*)"`), "action": b.find(tag, `data-action="([^"]*)"`)}
	if i := strings.LastIndex(before, `data-ts="`); i >= 0 {
		fields["ts"] = b.find(before[i:], `data-ts="([^"]*)"`)
	}
	return fields
}

// asks lets ann attach a file to the form and send the plan for approval.
func (b *browser) asks(csv string) {
	b.t.Helper()
	b.does("ann", "portal", "type", map[string]string{"text": "/portal add"})
	form := b.sees("ann", "portal", "modal", "Add portal users")
	view := map[string]string{"view": b.find(form, `name="view" value="([^"]*)"`)}
	b.does("ann", "portal", "fields", view, b.find(form, `type="file" id="([^"]*)"`), "people.csv", csv)
	b.sees("ann", "portal", "modal", "people.csv")
	b.does("ann", "portal", "submit", view)
	b.sees("ann", "portal", "modal", "Nothing was sent yet")
	b.does("ann", "portal", "submit", view)
}

func TestSandboxPlaysTheStoryFromCommandToResults(t *testing.T) {
	b := openSandbox(t)
	b.asks(b.read("/example"))
	plan := b.sees("ben", "portal", "main", ">Approve</button>")
	if e := b.act("ben", "portal", "click", b.button(plan, "Approve")); e != "" {
		t.Fatal(e)
	}
	b.sees("ann", "portal", "panel", "state-done")
	done := b.sees("ann", "portal", "main", "-results.csv")
	if n := b.s.org.MailCount(salesforcesim.MailNewUser); n != madeUpRows {
		t.Errorf("%d mails were requested for %d rows", n, madeUpRows)
	}
	results := b.read(b.find(done, `href="([^"]*)"[^>]*download="[^"]*-results.csv"`))
	if n := strings.Count(results, ",created,"); n != madeUpRows {
		t.Errorf("%d rows are told as created in %s", n, results)
	}
}

func TestSandboxShowsWhatTheBotAnswers(t *testing.T) {
	b := openSandbox(t)
	b.does("ann", "portal", "type", map[string]string{"text": "/portal ad"})
	b.sees("ann", "portal", "main", "Only visible to you")
	b.does("ann", "dm", "type", map[string]string{}, "file", "people.csv", b.read("/example"))
	b.does("ann", "dm", "click", b.button(b.sees("ann", "dm", "main", ">Add portal users</button>"), "Add portal users"))
	b.sees("ann", "dm", "modal", "<strong>File:</strong>")
	b.does("ann", "dm", "close", map[string]string{})
	b.does("ann", "home", "home", map[string]string{})
	b.sees("ann", "home", "main", "Your requests")
	b.does("ann", "portal", "type", map[string]string{}, "file", "people.csv", b.read("/example"))
	page, _, _ := strings.Cut(b.sees("ann", "portal", "main", "data-shortcut"), "data-shortcut")
	ts := b.find(page[strings.LastIndex(page, "data-ts"):], `data-ts="([^"]*)"`)
	b.does("ann", "portal", "shortcut", map[string]string{"ts": ts})
	b.sees("ann", "portal", "modal", "<strong>File:</strong>")
}

func TestSandboxShowsFieldErrors(t *testing.T) {
	b := openSandbox(t)
	b.does("ann", "portal", "type", map[string]string{"text": "/portal add"})
	form := b.sees("ann", "portal", "modal", "Add portal users")
	b.does("ann", "portal", "submit", map[string]string{"view": b.find(form, `name="view" value="([^"]*)"`)})
	b.sees("ann", "portal", "modal", "Please complete this required field.")
	b.does("ann", "portal", "close", map[string]string{})
	if page := b.read("/?as=ann"); strings.Contains(page, "Add portal users") {
		t.Error("the form is still there after it was closed")
	}
}

func TestAKilledBotCarriesOnInTheSandbox(t *testing.T) {
	b := openSandbox(t)
	b.asks(b.read("/example"))
	plan := b.sees("ben", "portal", "main", ">Approve</button>")
	struck := make(chan struct{}, 1)
	b.s.org.OnOperation(func(phase salesforcesim.Phase, op salesforcesim.Op) {
		if phase == salesforcesim.Before && op.Name == salesforcesim.OpCreate {
			select {
			case struck <- struct{}{}:
			default:
			}
		}
	})
	b.does("ben", "portal", "click", b.button(plan, "Approve"))
	select {
	case <-struck:
	case <-b.ctx.Done():
		t.Fatal("no user was ever created")
	}
	b.does("ada", "portal", "trouble", map[string]string{"what": "kill"})
	b.sees("ann", "portal", "panel", "state-done")
	if n := b.s.org.MailCount(salesforcesim.MailNewUser); n != madeUpRows {
		t.Errorf("%d mails were requested for %d rows", n, madeUpRows)
	}
}

func TestHostileTextIsEscapedInTheSandbox(t *testing.T) {
	b := openSandbox(t)
	const evil = `<img src=x onerror=alert(1)> *<script>alert(2)</script>* "'`
	b.does("ann", "portal", "type", map[string]string{"text": evil}, "file", `"><script>x.csv`, "a,b\n")
	page := b.sees("ann", "portal", "main", "onerror")
	for _, tag := range []string{"<img", "<script"} {
		if strings.Contains(page, tag) {
			t.Errorf("%s is a tag in %s", tag, page)
		}
	}
	at := look{As: "ann", In: "portal"}
	for text, want := range map[string]string{
		"<javascript:alert(1)|here>":                                       "here",
		"<https://acme.example/?a=1&amp;b=\"|*x*>":                         `<a href="https://acme.example/?a=1&amp;b=&#34;" target="_blank" rel="noopener noreferrer">*x*</a>`,
		"&lt;b&gt; &amp;amp;":                                              "&lt;b&gt; &amp;amp;",
		"`<b>` *bold* _it_ snake_case_word ~s~ 2*3*4":                      "<code>&lt;b&gt;</code> <strong>bold</strong> <em>it</em> snake_case_word <s>s</s> 2*3*4",
		"<@U0ANN> <!subteam^S0GROUP> <#C0PORTAL> <!here>":                  `<span class="mention">@ann</span> <span class="mention">@approvers</span> <span class="mention">#portal</span> <span class="mention">@here</span>`,
		"<@U0NOBODY|&lt;b&gt;>":                                            `<span class="mention">&lt;b&gt;</span>`,
		"```<script>*a*```":                                                "<pre>&lt;script&gt;*a*</pre>",
		"&gt; said":                                                        "<blockquote>said</blockquote>",
		"<https://acme.slack.com/archives/C0PORTAL/p1700000000000100|P-1>": `<a href="/?as=ann&amp;in=portal#m1700000000-000100">P-1</a>`,
	} {
		if got := string(at.mrkdwn(text)); got != want {
			t.Errorf("%s\n is %s\nnot %s", text, got, want)
		}
	}
}

func TestSandboxRefusesWhatOtherSitesSend(t *testing.T) {
	s := &sandbox{}
	for name, change := range map[string]func(*http.Request){
		"a name of another site":    func(r *http.Request) { r.Host = "evil.example:8080" },
		"another site's origin":     func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") },
		"another port's origin":     func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:9999") },
		"an origin that is no site": func(r *http.Request) { r.Header.Set("Origin", "null") },
		"a cross-site form":         func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
	} {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080/act/trouble", strings.NewReader(url.Values{"what": {"kill"}}.Encode()))
		change(r)
		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Errorf("%s is answered with %d", name, w.Code)
		}
	}
}

func TestSandboxServesThisMachineOnly(t *testing.T) {
	for addr, fine := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:0": true, "[::1]:8080": true,
		":8080": false, "0.0.0.0:8080": false, "192.168.1.7:80": false, "example.com:80": false, "8080": false,
	} {
		if err := checkAddr(addr, false); (err == nil) != fine {
			t.Errorf("%s: %v", addr, err)
		}
	}
	if err := checkAddr("0.0.0.0:8080", true); err != nil {
		t.Error(err)
	}
}
