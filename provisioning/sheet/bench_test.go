package sheet_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"portalbot/provisioning/sheet"

	"github.com/xuri/excelize/v2"
)

// Issue 3 promises these for 100,000 rows of 12 columns.
const (
	bigRows         = 100_000
	bigMemory       = 64 << 20
	bigCSVTime      = time.Second
	bigWorkbookTime = 8 * time.Second
)

var bigHeader = []string{
	"FirstName", "LastName", "ContactID", "PROFILE ID", "Username", "Email", "Alias", "CommunityNickname",
	"TimeZoneSidKey", "LocaleSidKey", "EmailEncodingKey", "LanguageLocaleKey",
}

func bigRow(i int) []string {
	return []string{
		fmt.Sprintf("Given%d", i%900), fmt.Sprintf("Family-%d", i), fmt.Sprintf("003Ux%07dAAAQAZ", i), "00eUx000000AbCdIAK",
		fmt.Sprintf("person.%d@portal.acme.example", i), fmt.Sprintf("person.%d@acme.example", i), fmt.Sprintf("p%d", i),
		fmt.Sprintf("nick-%d", i), "America/Los_Angeles", "en_US", "UTF-8", "en_US",
	}
}

func BenchmarkReadCSV(b *testing.B) {
	path := filepath.Join(b.TempDir(), "big.csv")
	writeBigCSV(b, path)
	benchmarkRead(b, path, bigCSVTime)
}

func BenchmarkReadCSVInUTF16(b *testing.B) {
	path := filepath.Join(b.TempDir(), "big.csv")
	writeBigCSV(b, path)
	content, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	content = encode(b, content, map[string]string{"encoding": "utf-16le", "bom": "yes"})
	if err := os.WriteFile(path, content, 0o600); err != nil {
		b.Fatal(err)
	}
	benchmarkRead(b, path, bigCSVTime)
}

func BenchmarkReadWorkbookSharedTexts(b *testing.B) {
	path := filepath.Join(b.TempDir(), "big.xlsx")
	writeBigWorkbook(b, path, true)
	benchmarkRead(b, path, bigWorkbookTime)
}

func BenchmarkReadWorkbookInlineTexts(b *testing.B) {
	path := filepath.Join(b.TempDir(), "big.xlsx")
	writeBigWorkbook(b, path, false)
	benchmarkRead(b, path, bigWorkbookTime)
}

// BenchmarkReadWorkbookFormattedNumbers is the worst case for numbers: none of
// them repeats, so each is formatted anew.
func BenchmarkReadWorkbookFormattedNumbers(b *testing.B) {
	const styles = `<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>`
	var rows strings.Builder
	rows.WriteString(`<row><c t="str"><v>Since</v></c><c t="str"><v>Phone</v></c></row>`)
	for i := range bigRows {
		fmt.Fprintf(&rows, `<row><c s="1"><v>%d.%d</v></c><c><v>%d</v></c></row>`, 40_000+i%9000, i, 491700000000+i)
	}
	path := filepath.Join(b.TempDir(), "numbers.xlsx")
	content := zipped(b, minimal(rows.String(), part{"xl/styles.xml", styles})...)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		b.Fatal(err)
	}
	benchmarkRead(b, path, bigWorkbookTime)
}

func BenchmarkWriteCSV(b *testing.B) {
	for b.Loop() {
		f, err := os.Create(filepath.Join(b.TempDir(), "big.csv"))
		if err != nil {
			b.Fatal(err)
		}
		w := sheet.NewWriter(f, sheet.WriterOptions{})
		for i := range bigRows {
			if err := w.Write(bigRow(i)); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// benchmarkRead reads the file row by row, as the plan does, and reports the
// highest amount of live and not yet collected heap.
func benchmarkRead(b *testing.B, path string, limit time.Duration) {
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		b.Fatal(err)
	}
	var highest uint64
	for b.Loop() {
		runtime.GC()
		peak := watchHeap()
		rows := 0
		file, err := sheet.Open(f, info.Size(), sheet.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for row, err := range file.Rows() {
			if err != nil {
				b.Fatal(err)
			}
			if slices.Contains(row.Cells, "") {
				b.Fatalf("row %d is not whole", row.Number)
			}
			rows++
		}
		highest = max(highest, peak())
		if rows != bigRows {
			b.Fatalf("%d rows", rows)
		}
	}
	b.ReportMetric(float64(highest)/(1<<20), "peak-MB")
	b.ReportMetric(float64(info.Size())/(1<<20), "file-MB")
	if highest > bigMemory {
		b.Errorf("peak of %d MB is over the promised %d MB", highest>>20, bigMemory>>20)
	}
	if took := b.Elapsed() / time.Duration(b.N); took > limit {
		b.Errorf("%v is over the promised %v", took, limit)
	}
}

// watchHeap samples the heap until the returned function is called, which
// returns the peak.
func watchHeap() (stop func() uint64) {
	quit, peak := make(chan struct{}), make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		tick := time.NewTicker(500 * time.Microsecond)
		defer tick.Stop()
		var highest uint64
		for {
			metrics.Read(sample)
			highest = max(highest, sample[0].Value.Uint64())
			select {
			case <-quit:
				peak <- highest
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 {
		close(quit)
		return <-peak
	}
}

func writeBigCSV(tb testing.TB, path string) {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	out := bufio.NewWriter(f)
	w := sheet.NewWriter(out, sheet.WriterOptions{})
	for i := range bigRows + 1 {
		cells := bigHeader
		if i > 0 {
			cells = bigRow(i)
		}
		if err := w.Write(cells); err != nil {
			tb.Fatal(err)
		}
	}
	for _, err := range []error{w.Flush(), out.Flush(), f.Close()} {
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// writeBigWorkbook writes texts as Excel does (shared) or as most exports do
// (inline).
func writeBigWorkbook(tb testing.TB, path string, shared bool) {
	tb.Helper()
	if shared {
		writeSharedWorkbook(tb, path, bigRows+1, func(i int) []string {
			if i == 0 {
				return bigHeader
			}
			return bigRow(i)
		})
		return
	}
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		tb.Fatal(err)
	}
	for i := range bigRows + 1 {
		cells := bigHeader
		if i > 0 {
			cells = bigRow(i)
		}
		values := make([]any, len(cells))
		for c, cell := range cells {
			values[c] = cell
		}
		if err := w.SetRow(fmt.Sprintf("A%d", i+1), values); err != nil {
			tb.Fatal(err)
		}
	}
	for _, err := range []error{w.Flush(), f.SaveAs(path), f.Close()} {
		if err != nil {
			tb.Fatal(err)
		}
	}
}
