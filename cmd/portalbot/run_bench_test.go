package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"portalbot/bot/slacksim"
	"portalbot/provisioning/salesforce/salesforcesim"
	"portalbot/store"
)

// What a call costs in the benchmarks: once, and once more for each record that is read or written.
const (
	benchRequest  = 120 * time.Millisecond
	benchRecord   = time.Millisecond
	benchParallel = 5
	benchAccount  = 50 // contacts of an account
)

// BenchmarkRun measures the real program: a request of so many creates, from its start to its end, against an org in another process
// that takes 120 ms a request and 1 ms a record. Reported beside the wall time: requests to the org, the program's own CPU as a share of
// the wall time, its peak memory, the growth of its data file, and wall time over ideal. 100,000 rows only with PORTALBOT_LONG=1.
func BenchmarkRun(b *testing.B) {
	sizes := []int{60, 1000, 10_000}
	if os.Getenv("PORTALBOT_LONG") != "" {
		sizes = append(sizes, 100_000)
	}
	for _, profile := range []string{"Customer Community User", "Customer Community Plus User"} {
		for _, rows := range sizes {
			b.Run(fmt.Sprintf("%s/%d", strings.ReplaceAll(profile, " ", ""), rows), func(b *testing.B) { benchRun(b, profile, rows) })
		}
	}
}

// ideal is the least time for a run under the rules that the program keeps: a row is read right before its write, calls have at most 200
// rows, those that take no lock go side by side up to parallel, those that take it one after another; their first has 60 rows, and the
// next at most twice as many as the one before. An account's rows stay in one call. Reads go on beside the writes, all but the first.
func ideal(rows int, locks bool) time.Duration {
	call := func(n int) time.Duration { return benchRequest + time.Duration(n)*benchRecord }
	size, growing := 200, 200
	if locks {
		growing = 60
	}
	var lanes [benchParallel]time.Duration
	used := len(lanes)
	if locks {
		used = 1
	}
	first := 0
	for left := rows; left > 0; {
		n := min(left, size, growing)
		if n < left && n > benchAccount {
			n -= n % benchAccount
		}
		if first == 0 {
			first = n
		}
		least := 0
		for i := range used {
			if lanes[i] < lanes[least] {
				least = i
			}
		}
		lanes[least] += call(n)
		left -= n
		growing = min(200, growing*2)
	}
	var last time.Duration
	for _, l := range lanes {
		last = max(last, l)
	}
	return call(first) + last
}

func benchRun(b *testing.B, profile string, rows int) {
	c := newCrash(b, 1, salesforcesim.Config{PerRequest: benchRequest, PerRecord: benchRecord, DailyRequests: 10_000_000})
	c.start()
	c.connected()
	known := map[string]bool{}
	var wall, cpu time.Duration
	requests, n := 0, 0
	var grown int64
	for b.Loop() {
		b.StopTimer()
		n++
		data := c.crowd(n, rows, profile)
		size := fileSize(b, c.db)
		id := c.send(data, known)
		known[id] = true
		planned, used := c.org.UsedRequests(), processCPU(b, c.cmd.Process.Pid)
		b.StartTimer()
		if _, err := c.ws.WaitMessage(c.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "@ann "+id+" is done") }); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		requests += c.org.UsedRequests() - planned
		cpu += processCPU(b, c.cmd.Process.Pid) - used
		grown += fileSize(b, c.db) - size
		b.StartTimer()
	}
	peak := peakMemory(b, c.cmd.Process.Pid)
	c.end()
	db, err := store.Open(c.db, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for id := range known {
		r, err := db.Request(context.Background(), id)
		if err != nil {
			b.Fatal(err)
		}
		if r.Progress.Counts["created"] != rows {
			b.Fatalf("%s: %v", id, r.Progress.Counts)
		}
		wall += r.EndedAt.Sub(r.StartedAt)
	}
	least := ideal(rows, strings.Contains(profile, "Plus"))
	b.ReportMetric(float64(requests)/float64(n), "requests/op")
	b.ReportMetric(wall.Seconds()/float64(n), "wall-s/op")
	b.ReportMetric(least.Seconds(), "ideal-s")
	b.ReportMetric(wall.Seconds()/float64(n)/least.Seconds(), "x-ideal")
	b.ReportMetric(100*cpu.Seconds()/wall.Seconds(), "cpu-%")
	b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
	b.ReportMetric(float64(grown)/(1<<20)/float64(n), "db-MB/op")
}

// crowd adds contacts in accounts of benchAccount and returns the file that names them.
func (c *crash) crowd(n, rows int, profile string) []byte {
	name := fmt.Sprintf("Crowd%d", n)
	crowd := c.org.AddCrowd(salesforcesim.Crowd{Name: name, Accounts: (rows + benchAccount - 1) / benchAccount, Contacts: rows, Owner: c.acme.Owner})
	var b strings.Builder
	b.WriteString("ContactId,Profile\n")
	for _, id := range crowd.Contacts {
		fmt.Fprintf(&b, "%s,%s\n", id, profile)
	}
	return []byte(b.String())
}

// end tells the program to end and waits for it.
func (c *crash) end() {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatal(err)
	}
	if err := c.cmd.Wait(); err != nil {
		c.t.Error(err)
	}
	c.cmd = nil
}

func fileSize(b testing.TB, path string) int64 {
	b.Helper()
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

// processCPU is the CPU time that a process has used. Linux only: proc(5), /proc/pid/stat, in clock ticks of 10 ms.
func processCPU(b testing.TB, pid int) time.Duration {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Skip("needs /proc: ", err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int
	for _, f := range fields[11:13] { // utime and stime
		t, err := strconv.Atoi(f)
		if err != nil {
			b.Fatal(err)
		}
		ticks += t
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// peakMemory is the largest resident size that a process had, in bytes. Linux only.
func peakMemory(b testing.TB, pid int) int64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("needs /proc: ", err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return kb << 10
}
