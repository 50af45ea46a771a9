package provisioning_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"portalbot/provisioning"
)

// BenchmarkPlan plans files of add. peak-MB is the most memory that the process held, the file and the plan included, and the org
// not, which makes its answers when it is asked.
func BenchmarkPlan(b *testing.B) {
	for _, size := range []struct{ rows, accounts int }{{60, 1}, {10_000, 200}, {100_000, 2_000}} {
		b.Run(fmt.Sprintf("rows=%d", size.rows), func(b *testing.B) {
			b.ReportAllocs()
			in := bigFile(size.rows)
			var peak uint64
			requests := 0
			for b.Loop() {
				org := newBigOrg(size.accounts)
				org.sampled = func() {
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak = max(peak, m.Sys-m.HeapReleased)
				}
				d, err := (&provisioning.Planner{Org: org, Portal: newPortal()}).Plan(context.Background(), addTerms, in)
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				for range d.Rows() {
					n++
				}
				if n != size.rows {
					b.Fatalf("%d rows", n)
				}
				org.sampled()
				requests = len(org.requests())
			}
			b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
			b.ReportMetric(float64(requests), "requests")
			runtime.KeepAlive(in)
		})
	}
}
