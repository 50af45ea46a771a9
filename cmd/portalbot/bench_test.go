package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"portalbot/bot/slacksim"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// Limits on the requests to Salesforce for a 60-row batch on one account, from upload to results.
const (
	mostCold = 12 // nothing known yet: token and describe included
	mostWarm = 8  // token and describe are there
)

// BenchmarkSixtyRows plays a 60-row one-account batch with 120 ms a request, people at once, from the upload of the file to its results in the
// thread: first with a cold program, then with a warm one.
func BenchmarkSixtyRows(b *testing.B) {
	var cold, warm []int
	var coldWall, warmWall time.Duration
	n := 0
	for b.Loop() {
		n++
		w := newWorld(b, 60, salesforcesim.Config{PerRequest: 120 * time.Millisecond})
		l := w.start(outside{})
		if err := w.ws.WaitSockets(w.ctx, 1); err != nil {
			b.Fatal(err)
		}
		requests, wall := w.batch(b, "P-1", w.csv)
		cold, coldWall = append(cold, len(requests)), coldWall+wall
		if n == 1 {
			b.Logf("cold: %s", strings.Join(requests, ", "))
		}
		var csv strings.Builder
		csv.WriteString("ContactId\n")
		for i := range 60 {
			csv.WriteString(w.org.AddContact(salesforcesim.Fields{
				"AccountId": w.acme.Account, "LastName": fmt.Sprintf("Second%d", i), "Email": fmt.Sprintf("second%d@acme.example", i),
			}) + "\n")
		}
		requests, wall = w.batch(b, "P-2", []byte(csv.String()))
		warm, warmWall = append(warm, len(requests)), warmWall+wall
		if n == 1 {
			b.Logf("warm: %s", strings.Join(requests, ", "))
		}
		l.end(false)
	}
	b.ReportMetric(float64(slices.Max(cold)), "requests-cold")
	b.ReportMetric(float64(slices.Max(warm)), "requests-warm")
	b.ReportMetric(float64(coldWall.Milliseconds())/float64(n), "ms-cold")
	b.ReportMetric(float64(warmWall.Milliseconds())/float64(n), "ms-warm")
	if slices.Max(cold) > mostCold || slices.Max(warm) > mostWarm {
		b.Errorf("%d requests cold and %d warm, at most %d and %d are allowed", slices.Max(cold), slices.Max(warm), mostCold, mostWarm)
	}
}

// batch uploads a file, sends and approves it at once, and waits for its results. It returns the requests that Salesforce got and the
// time that it took.
func (w *world) batch(b *testing.B, id string, csv []byte) (requests []string, wall time.Duration) {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	ann := w.ws.User("ann")
	must(ann.Type(w.ctx, "#portal", "/portal add"))
	form, err := ann.WaitModal(w.ctx, "Add portal users")
	must(err)
	must(form.Attach("File", "people.csv", csv))
	before, began := len(w.org.Operations()), time.Now()
	_, err = form.Submit(w.ctx)
	must(err)
	must(form.Wait(w.ctx, func(v *slacksim.View) bool { return strings.Contains(v.Text(), "Nothing was sent yet") }))
	_, err = form.Submit(w.ctx)
	must(err)
	plan, err := w.ws.WaitMessage(w.ctx, func(m slacksim.Message) bool {
		return strings.Contains(m.Read, "Plan of "+id) && strings.Contains(m.Read, "[Approve]")
	})
	must(err)
	must(w.ws.User("ben").Click(w.ctx, plan, "Approve"))
	_, err = w.ws.WaitMessage(w.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "Results of "+id) })
	must(err)
	wall = time.Since(began)
	for _, op := range w.org.Operations()[before:] {
		requests = append(requests, strings.TrimSpace(op.Name+" "+op.Object))
	}
	must(form.CloseAll(w.ctx))
	return requests, wall
}

// The number of requests is a promise, so it is held by a test as well.
func TestSixtyRowsCostFewRequests(t *testing.T) {
	w := newWorld(t, 60, salesforcesim.Config{})
	l := w.start(outside{})
	defer l.end(false)
	w.play(nil)
	if n := len(w.org.Operations()); n > mostCold {
		t.Errorf("%d requests, at most %d: %v", n, mostCold, w.org.Counts())
	}
}
