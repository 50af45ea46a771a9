package report_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"portalbot/provisioning/report"
	"portalbot/provisioning/salesforce"
	"portalbot/provisioning/salesforce/salesforcesim"
)

var _ report.Org = (*salesforce.Client)(nil)

// BenchmarkReportOf100000Users makes a report of an org with 100,000 portal users, none of whom ever logged in, which answers each request
// after 120 ms. It tells the requests that it took, and the largest heap of the program, the org and its 100,000 users not counted.
func BenchmarkReportOf100000Users(b *testing.B) {
	sim, err := salesforcesim.New(salesforcesim.Config{Sandbox: true, PerRequest: 120 * time.Millisecond})
	if err != nil {
		b.Fatal(err)
	}
	acme := sim.Seed(salesforcesim.Seats{Customer: 120_000})
	sim.AddCrowd(salesforcesim.Crowd{Accounts: 500, Contacts: 100_000, Users: 100_000, Owner: acme.Owner, Profile: acme.CustomerProfile})
	url, err := sim.Start()
	if err != nil {
		b.Fatal(err)
	}
	defer sim.Close()
	client, err := salesforce.New(salesforce.Config{
		LoginURL: url, Auth: salesforce.AuthClientCredentials, ClientID: acme.ClientID, ClientSecret: acme.ClientSecret,
	})
	if err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	base := m.HeapAlloc
	took := 0
	var peak uint64
	for b.Loop() {
		before := len(sim.Operations())
		var most atomic.Uint64
		ctx, stop := context.WithCancel(context.Background())
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					most.Store(max(most.Load(), m.HeapAlloc))
				}
			}
		}()
		maker := report.NewMaker(report.Config{Org: client, Requests: requests(nil), Snapshots: snapshots{}})
		r, err := maker.Make(ctx, report.Settings{Name: "nightly", NeverLoggedInAfter: 24 * time.Hour}, time.Now().Add(48*time.Hour))
		if err != nil {
			b.Fatal(err)
		}
		body, err := r.Encode()
		stop()
		<-watched
		if f := r.Findings[0]; err != nil || f.Total != 100_000 || len(f.Users) != 1000 || r.Active != 100_000 || len(body) > 200<<10 {
			b.Fatalf("found %d of %d, %d active, %d bytes, %v", len(f.Users), f.Total, r.Active, len(body), err)
		}
		took, peak = len(sim.Operations())-before, max(peak, most.Load())
	}
	b.ReportMetric(float64(took), "requests")
	b.ReportMetric(float64(peak-min(peak, base))/(1<<20), "peakMB")
}
