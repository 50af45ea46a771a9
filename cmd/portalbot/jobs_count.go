package main

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// requestCount counts the requests that go to the org, by the hour, for the last day. It is a round tripper around another and safe for
// concurrent use.
type requestCount struct {
	next  http.RoundTripper
	now   func() time.Time
	start time.Time

	mu    sync.Mutex    // guards hours
	hours map[int64]int // by hours since 1970
}

func newRequestCount(next http.RoundTripper, now func() time.Time) *requestCount {
	return &requestCount{next: next, now: now, start: now(), hours: map[int64]int{}}
}

// countedHours is how many hours are counted, the present one included.
const countedHours = 24

// RoundTrip implements http.RoundTripper. Logins are no API requests and are not counted.
func (c *requestCount) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(r.URL.Path, "/services/oauth2/") {
		c.note()
	}
	return c.next.RoundTrip(r)
}

func (c *requestCount) note() {
	hour := c.now().Unix() / 3600
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hours[hour]++
	for h := range c.hours {
		if h <= hour-countedHours {
			delete(c.hours, h)
		}
	}
}

// CloseIdleConnections lets the client close what no call uses.
func (c *requestCount) CloseIdleConnections() {
	if n, ok := c.next.(interface{ CloseIdleConnections() }); ok {
		n.CloseIdleConnections()
	}
}

// Count returns the requests since a time: the start of the program or the full hour 23 hours ago, whichever is later.
func (c *requestCount) Count() (requests int, since time.Time) {
	hour := c.now().Unix() / 3600
	since = time.Unix((hour-countedHours+1)*3600, 0).UTC()
	c.mu.Lock()
	defer c.mu.Unlock()
	for h, n := range c.hours {
		if h > hour-countedHours {
			requests += n
		}
	}
	if c.start.After(since) {
		since = c.start
	}
	return requests, since
}
