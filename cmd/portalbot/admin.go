package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"portalbot/provisioning"
	"portalbot/store"
)

// adminNone switches the operator's listener off.
const adminNone = "none"

// deafAfter is how long Slack may be silent before the bot counts as deaf: the sockets' own limit of 40 s, and some.
const deafAfter = 45 * time.Second

// adminHandler answers /healthz (the process and its connection to Slack are alive), /readyz (the data file can be read as well) and
// /metrics. It tells no names, addresses or tokens.
func (p *program) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { tellHealth(w, p.deaf()) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		err := p.deaf()
		if err == nil {
			_, err = p.store.Switch(r.Context())
		}
		tellHealth(w, err)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.metrics(), promhttp.HandlerOpts{}))
	return mux
}

// deaf says why Slack cannot be heard, nil when it can.
func (p *program) deaf() error {
	h := p.receiver.Health()
	switch {
	case h.Wanted == 0: // http mode: silence is no sign of anything
		return nil
	case h.Sockets == 0 && h.LastError != "":
		return fmt.Errorf("no connection to Slack: %s", h.LastError)
	case h.Sockets == 0:
		return errors.New("no connection to Slack yet")
	case time.Since(h.LastHeard) > deafAfter:
		return fmt.Errorf("nothing heard from Slack since %s", h.LastHeard.UTC().Format(time.RFC3339))
	}
	return nil
}

func tellHealth(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// metrics are read when they are asked for.
func (p *program) metrics() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	gauge := func(name, help string, value func() float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "portalbot_" + name, Help: help}, value))
	}
	gauge("slack_sockets", "Connections to Slack that are open and were heard lately.", func() float64 { return float64(p.receiver.Health().Sockets) })
	gauge("deliveries_unfinished", "Deliveries from Slack that are being handled or wait for it.", func() float64 { return float64(p.receiver.Health().Unfinished) })
	gauge("salesforce_api_requests_used", "API requests of the org in the last 24 hours, as Salesforce told last.", func() float64 { return float64(p.org.Usage().Used) })
	gauge("salesforce_api_requests_max", "Daily API requests of the org, 0 while not known.", func() float64 { return float64(p.org.Usage().Max) })
	gauge("store_bytes", "Size of the data file.", func() float64 {
		n, err := p.store.Size()
		if err != nil {
			return -1
		}
		return float64(n)
	})
	reg.MustRegister(openRequests{p})
	return reg
}

// openRequests counts the requests that have not ended, by state, at each scrape.
type openRequests struct{ p *program }

var openRequestsDesc = prometheus.NewDesc("portalbot_open_requests", "Requests that have not ended, by state.", []string{"state"}, nil)

// Describe implements prometheus.Collector.
func (c openRequests) Describe(ch chan<- *prometheus.Desc) { ch <- openRequestsDesc }

// Collect implements prometheus.Collector.
func (c openRequests) Collect(ch chan<- prometheus.Metric) {
	counts := map[provisioning.State]int{
		provisioning.StatePending: 0, provisioning.StateRunning: 0, provisioning.StatePaused: 0, provisioning.StateBlocked: 0,
	}
	for r, err := range c.p.service.Requests(context.Background(), provisioning.Filter{Open: true}) {
		if err != nil {
			ch <- prometheus.NewInvalidMetric(openRequestsDesc, err)
			return
		}
		counts[r.State]++
	}
	for s, n := range counts {
		ch <- prometheus.MustNewConstMetric(openRequestsDesc, prometheus.GaugeValue, float64(n), string(s))
	}
}

// controlSocket is where the command line reaches a running serve: a Unix socket beside the data file, for its owner alone.
func controlSocket(db string) string { return db + ".sock" }

// serveControl answers the command line until ctx ends.
func (p *program) serveControl(ctx context.Context) error {
	path := controlSocket(p.store.Path())
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // left behind by a crash: we hold the file's lock
		return fmt.Errorf("make the control socket: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return fmt.Errorf("make the control socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(fmt.Errorf("make the control socket: %w", err), l.Close())
	}
	mux := http.NewServeMux()
	for _, c := range []struct {
		path string
		do   func(context.Context, *store.Store, io.Writer) error
	}{{"/backup", writeBackup}, {"/audit/verify", verifyAudit}, {"/audit/export", exportAudit}} {
		mux.HandleFunc("GET "+c.path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", controlError)
			if err := c.do(r.Context(), p.store, w); err != nil {
				w.Header().Set(controlError, err.Error())
			}
		})
	}
	return serveHTTP(ctx, l, mux)
}

// controlError is the trailer that says what went wrong after the answer had begun.
const controlError = "X-Portalbot-Error"

// writeBackup writes a consistent copy of the data file.
func writeBackup(ctx context.Context, s *store.Store, w io.Writer) error { return s.Backup(ctx, w) }

// verifyAudit recomputes the chain of the audit trail.
func verifyAudit(ctx context.Context, s *store.Store, w io.Writer) error {
	n, err := s.VerifyAudit(ctx)
	if err != nil {
		return fmt.Errorf("after %d good events: %w", n, err)
	}
	_, err = fmt.Fprintf(w, "%d audit events, every link of the chain holds\n", n)
	return err
}

// exportAudit writes the audit trail as JSON, one event a line.
func exportAudit(ctx context.Context, s *store.Store, w io.Writer) error {
	enc := json.NewEncoder(w)
	for line, err := range s.Audit(ctx, 1) {
		if err != nil {
			return err
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}
