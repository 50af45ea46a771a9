package salesforce

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"portalbot/provisioning"
)

// Client is one Salesforce org. All methods are safe for concurrent use. It starts no goroutine that outlives a call.
type Client struct {
	cfg     Config
	http    *http.Client
	tokens  cell[session]
	schema  cell[schemaAt]
	contact cell[contactAt]
	reads   chan struct{} // holds one token for each read that may run

	mu    sync.Mutex // guards usage
	usage provisioning.Usage
}

var _ provisioning.Org = (*Client)(nil)

// New returns a client for the org. It makes no request. Its errors are sentences for the operator, one for each thing that is wrong.
func New(cfg Config) (*Client, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, fmt.Errorf("salesforce settings: %w", err)
	}
	return &Client{
		cfg: cfg,
		http: &http.Client{
			Transport: cfg.Transport,
			// A redirect would carry token or secret to a host that nobody configured.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		reads: make(chan struct{}, cfg.Reads),
	}, nil
}

const (
	// idleConns is the number of connections kept open: all reads and writes that run side by side come back to a warm one.
	idleConns = mostReads + 12
	// idleTimeout closes a connection before the far end or a firewall between does. A write that goes out on a connection
	// just closed by the other side counts as lost and has to be settled by reading.
	idleTimeout = 45 * time.Second
	dialTimeout = 10 * time.Second
)

// NewTransport returns the transport a Client uses by default. It speaks HTTP/1.1 only: there the events of httptrace tell
// reliably whether a request was put on a connection, and one slow answer does not stand in the way of others.
func NewTransport() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout,
		MaxIdleConns:        idleConns,
		MaxIdleConnsPerHost: idleConns,
		IdleConnTimeout:     idleTimeout,
		Protocols:           &protocols,
	}
}

// String tells the settings without their secrets.
func (c *Client) String() string { return c.cfg.String() }

// Close closes the connections that no call uses. The client can be used again afterwards.
func (c *Client) Close() { c.http.CloseIdleConnections() }
