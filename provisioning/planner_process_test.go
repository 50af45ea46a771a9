package provisioning_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce"
	"portalbot/provisioning/salesforce/salesforcesim"
	"portalbot/provisioning/sheet"
)

// orgProcess is the environment variable that makes TestOrgProcess the org of a benchmark.
const orgProcess = "PORTALBOT_TEST_ORG"

// orgOrder is what the benchmark asks of the org's process: a crowd, and the file that names its contacts.
type orgOrder struct {
	Rows, Accounts int
	File           string
}

// orgAnswer is the line that the process prints when the org is up.
type orgAnswer struct{ URL, ClientID, ClientSecret string }

// TestOrgProcess is no test: in the process that a benchmark starts it is the org, so that the benchmark's own memory is the planner's
// alone. It ends when its standard input does.
func TestOrgProcess(t *testing.T) {
	text := os.Getenv(orgProcess)
	if text == "" {
		t.Skip("the org of the benchmarks, see startOrg")
	}
	var order orgOrder
	if err := json.Unmarshal([]byte(text), &order); err != nil {
		t.Fatal(err)
	}
	sim, err := salesforcesim.New(salesforcesim.Config{PerRequest: 120 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	url, err := sim.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	acme := sim.Seed(salesforcesim.Seats{Customer: 200_000})
	crowd := sim.AddCrowd(salesforcesim.Crowd{Contacts: order.Rows, Accounts: order.Accounts, Owner: acme.Owner, Profile: acme.CustomerProfile})
	f, err := os.Create(order.File)
	if err != nil {
		t.Fatal(err)
	}
	b := bufio.NewWriter(f)
	fmt.Fprintln(b, "Contact ID,First Name,Last Name,Email,Username,Time Zone")
	for i, c := range crowd.Contacts {
		fmt.Fprintf(b, "%s,First%d,Last%d,crowd%06d@example.com,new%06d@portal.example.com,America/Los_Angeles\n", c, i, i/3, i+1, i)
	}
	if err := b.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(orgAnswer{url, acme.ClientID, acme.ClientSecret})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%s\n", line)
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // ends with the benchmark
}

// startOrg runs an org at 120 ms a request in a process of its own.
func startOrg(tb testing.TB, order orgOrder) orgAnswer {
	tb.Helper()
	text, err := json.Marshal(order)
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), os.Args[0], "-test.run=^TestOrgProcess$")
	cmd.Env = append(os.Environ(), orgProcess+"="+string(text))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = in.Close() // tells it to end
		_ = cmd.Wait()
	})
	var a orgAnswer
	if err := json.NewDecoder(out).Decode(&a); err != nil {
		tb.Fatalf("the org's process: %v", err)
	}
	return a
}

// trips records requests and knows how many of them came one after another.
type trips struct {
	next http.RoundTripper

	mu    sync.Mutex // guards spans
	spans []span
}

type span struct{ began, ended time.Time }

func (r *trips) RoundTrip(req *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := r.next.RoundTrip(req)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans = append(r.spans, span{began, time.Now()})
	return resp, err
}

// chain is the length of the longest series of requests each of which began after the one before it was answered. It returns the number
// of all requests too.
func (r *trips) chain() (longest, all int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	depth := make([]int, len(r.spans)) // in the order of their ends
	for i, s := range r.spans {
		for j := range i {
			if !r.spans[j].ended.After(s.began) {
				depth[i] = max(depth[i], depth[j])
			}
		}
		depth[i]++
		longest = max(longest, depth[i])
	}
	return longest, len(r.spans)
}

func (r *trips) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans = nil
}

// peakMemory returns the most memory that this process has had since the last call, in bytes: resident memory where the system tells
// it, else what the runtime took.
func peakMemory() uint64 {
	var peak uint64
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		for line := range strings.Lines(string(status)) {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "VmHWM:" {
				kb, _ := strconv.ParseUint(f[1], 10, 64)
				peak = kb << 10
			}
		}
		_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // starts it anew; a system that does not takes the peak of all rounds
	}
	if peak == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = m.Sys - m.HeapReleased
	}
	return peak
}

// BenchmarkFileToPlan reads a file and plans it against an org in a process of its own, at 120 ms a request. trips is the number of
// requests one after another, peak-MB the memory of this whole process. The bounds are those that the program promises.
func BenchmarkFileToPlan(b *testing.B) {
	for _, c := range []struct {
		rows, accounts int
		trips          int
		took           time.Duration
		memory         uint64
	}{
		{60, 1, 3, time.Second, 250 << 20},
		{10_000, 200, 100, 5 * time.Second, 250 << 20},
		{100_000, 2_000, 1000, 2 * time.Minute, 250 << 20},
	} {
		b.Run(fmt.Sprintf("rows=%d", c.rows), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "people.csv")
			org := startOrg(b, orgOrder{c.rows, c.accounts, path})
			transport := &trips{next: salesforce.NewTransport()}
			client, err := salesforce.New(salesforce.Config{
				LoginURL: org.URL, Auth: salesforce.AuthClientCredentials, ClientID: org.ClientID, ClientSecret: org.ClientSecret, Transport: transport,
			})
			if err != nil {
				b.Fatal(err)
			}
			defer client.Close()
			if _, err := client.Schema(b.Context()); err != nil { // read once a day, and the token with it
				b.Fatal(err)
			}
			portal := newPortal()
			portal.Profiles, portal.PermissionSets, portal.Groups, portal.Fields = nil, nil, nil, nil
			runtime.GC()
			peakMemory()
			for b.Loop() {
				transport.forget()
				in := fileFrom(b, path, portal)
				d, err := (&provisioning.Planner{Org: client, Portal: portal}).Plan(b.Context(), addTerms, in)
				if err != nil {
					b.Fatal(err)
				}
				if n := d.Summary.Actions[provisioning.ActionCreate]; n != c.rows {
					b.Fatalf("%v %+v", d.Summary.Actions, d.Summary.Problems)
				}
			}
			peak := peakMemory()
			longest, all := transport.chain()
			b.ReportMetric(float64(longest), "trips")
			b.ReportMetric(float64(all), "requests")
			b.ReportMetric(float64(peak)/(1<<20), "peak-MB")
			if longest > c.trips || peak > c.memory || b.Elapsed()/time.Duration(b.N) > c.took {
				b.Errorf("%d requests one after another (bound %d), %d MB (bound %d), %v (bound %v)",
					longest, c.trips, peak>>20, c.memory>>20, b.Elapsed()/time.Duration(b.N), c.took)
			}
		})
	}
}

// fileFrom reads a file from disk as the command line does.
func fileFrom(tb testing.TB, path string, portal provisioning.Portal) provisioning.Input {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }() // read only
	info, err := f.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	file, err := sheet.Open(f, info.Size(), sheet.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	columns, problems := provisioning.MatchColumns(file.Header(), provisioning.VerbAdd, portal)
	if len(problems) > 0 {
		tb.Fatal(problems)
	}
	in := provisioning.Input{Columns: columns}
	for row, err := range file.Rows() {
		if err != nil {
			tb.Fatal(err)
		}
		in.Rows = append(in.Rows, provisioning.InputRow{Number: row.Number, Line: row.Line, Cells: row.Cells})
	}
	return in
}
