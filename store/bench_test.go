package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/store"
)

const (
	benchRows  = 100_000
	benchBatch = 200
)

// BenchmarkAcceptWhilePlanIsWritten accepts 200 deliveries in two seconds, each from a goroutine of its own, while plans of 100,000 rows
// are written one after the other, and reports how long an accept takes.
func BenchmarkAcceptWhilePlanIsWritten(b *testing.B) {
	const accepts = 200
	for b.Loop() {
		s := open(b)
		ctx, stop := context.WithCancel(b.Context())
		var writing, accepting sync.WaitGroup
		written := 0
		writing.Go(func() {
			for plan := 1; ctx.Err() == nil; plan++ {
				for from := 0; from < benchRows && ctx.Err() == nil; from += benchBatch {
					if err := s.PutPlanRows(ctx, fmt.Sprintf("P-%d.1", plan), mixedRows(from, benchBatch)); err != nil {
						if ctx.Err() == nil {
							b.Error(err)
						}
						return
					}
					written += benchBatch
				}
			}
		})
		took := make([]time.Duration, accepts)
		tick := time.NewTicker(2 * time.Second / accepts)
		for i := range took {
			<-tick.C
			accepting.Go(func() {
				began := time.Now()
				_, err := s.AcceptDelivery(ctx, fmt.Sprint(i), "command", make([]byte, 2048), began)
				took[i] = time.Since(began)
				if err != nil {
					b.Error(err)
				}
			})
		}
		tick.Stop()
		accepting.Wait()
		stop()
		writing.Wait()
		slices.Sort(took)
		b.ReportMetric(float64(took[accepts/2].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(took[accepts*99/100].Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(took[accepts-1].Microseconds())/1000, "max-ms")
		b.ReportMetric(float64(written), "plan-rows")
	}
}

// BenchmarkAcceptBurst accepts 200 deliveries at the same moment: they share syncs.
func BenchmarkAcceptBurst(b *testing.B) {
	s := open(b)
	n := 0
	for b.Loop() {
		var wg sync.WaitGroup
		for range 200 {
			n++
			wg.Go(func() {
				if _, err := s.AcceptDelivery(b.Context(), fmt.Sprint(n), "command", make([]byte, 2048), noon); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
	}
}

// BenchmarkWritePlan writes 100,000 rows and reports the bytes that one takes on disk.
func BenchmarkWritePlan(b *testing.B) {
	for b.Loop() {
		s := openFile(b, filepath.Join(b.TempDir(), "p.db"), store.Options{})
		for from := 0; from < benchRows; from += benchBatch {
			check(b, s.PutPlanRows(b.Context(), "P-1.1", mixedRows(from, benchBatch)))
		}
		var size countingWriter
		check(b, s.Backup(b.Context(), &size))
		b.ReportMetric(float64(size)/benchRows, "B/row")
	}
}

type countingWriter int64

func (c *countingWriter) Write(p []byte) (int, error) {
	*c += countingWriter(len(p))
	return len(p), nil
}

// BenchmarkReadPlan reads 200 rows of a plan of 100,000, in both orders.
func BenchmarkReadPlan(b *testing.B) {
	s := open(b)
	for from := 0; from < benchRows; from += benchBatch {
		check(b, s.PutPlanRows(b.Context(), "P-1.1", mixedRows(from, benchBatch)))
	}
	for name, read := range map[string]func(ctx context.Context, planID string, from, n int) ([]provisioning.PlanRow, error){
		"execution order": s.PlanRows, "input order": s.PlanRowsByNumber,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				rows, err := read(b.Context(), "P-1.1", i*200%(benchRows/2)+1, 200)
				if err != nil || len(rows) != 200 {
					b.Fatal(len(rows), err)
				}
			}
		})
	}
}

// BenchmarkListOpen lists 1,000 open requests beside 4,000 that have ended.
func BenchmarkListOpen(b *testing.B) {
	s := open(b)
	for i := range 5000 {
		r := newRequest(fmt.Sprintf("P-%d", i+1))
		r.CreatedAt = noon.Add(time.Duration(i) * time.Minute)
		if i%5 != 0 {
			r.State = provisioning.StateDone
		}
		commit(b, s, provisioning.Commit{Request: r})
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(list(b, s, provisioning.Filter{Open: true})); n != 1000 {
			b.Fatal(n)
		}
	}
}

// BenchmarkCommit saves an outcome as the engine does after each call: 100 rows, an audit event, a notice.
func BenchmarkCommit(b *testing.B) {
	s := open(b)
	r := newRequest("P-1")
	e := provisioning.Entry{Call: 1, Step: provisioning.StepUser, At: noon, Rows: make([]provisioning.RowRecord, 100)}
	for i := range e.Rows {
		e.Rows[i] = provisioning.RowRecord{Pos: i, Status: provisioning.StatusCreated, ID: "0055g00000abcdeAAA"}
	}
	for b.Loop() {
		r = commit(b, s, provisioning.Commit{
			Request: r,
			Entries: []provisioning.Entry{e},
			Notices: []provisioning.Notice{{Kind: provisioning.NoticeProgress}},
			Audit:   []provisioning.AuditEvent{{At: noon, Event: "called"}},
		})
	}
}

// mixedRows are rows whose input order has nothing to do with their execution order.
func mixedRows(from, n int) []provisioning.PlanRow {
	rows := planRows(from, n, benchRows)
	for i := range rows {
		rows[i].Number = rows[i].Pos * 7919 % benchRows // a prime
	}
	return rows
}
