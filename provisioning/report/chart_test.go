package report_test

import (
	"bytes"
	"errors"
	"flag"
	"image"
	"image/draw"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/provisioning/report"
)

var update = flag.Bool("update", false, "write the reference pictures anew")

// trend is a licence whose seats follow a line with a weekly rhythm over some dates.
func trend(t *testing.T, name, key string, days, from, to, total int) report.Seats {
	t.Helper()
	licence := func(used int) []provisioning.License {
		return []provisioning.License{{Key: key, Name: name, Active: true, Used: used, Total: total}}
	}
	s := snapshots{}
	at := func(d int) int {
		wave := 0.012 * float64(to-from) * math.Sin(float64(d)*2*math.Pi/7)
		return from + int(float64((to-from)*d)/float64(days-1)+wave)
	}
	for d := range days - 1 {
		s[morning.AddDate(0, 0, d-days+1).Format(time.DateOnly)] = licence(at(d))
	}
	r := (&org{licenses: licence(at(days - 1))}).make(t, nil, s, report.Settings{})
	return r.Seats[0]
}

func fortnight() []report.Day {
	days := make([]report.Day, 14)
	for i := range days {
		days[i].Date = morning.AddDate(0, 0, i-13).Format(time.DateOnly)
	}
	days[1] = report.Day{Date: days[1].Date, Given: 52, Trouble: 2}
	days[3] = report.Day{Date: days[3].Date, Given: 40, Taken: 25}
	days[6] = report.Day{Date: days[6].Date, Taken: 60, Trouble: 9}
	days[9] = report.Day{Date: days[9].Date, Given: 120, Resent: 10}
	days[12] = report.Day{Date: days[12].Date, Given: 48}
	return days
}

func TestChartsLookLikeTheirReferences(t *testing.T) {
	t.Parallel()
	seats := func(s report.Seats) func(io.Writer) error {
		return func(w io.Writer) error { return report.SeatsChart(w, s) }
	}
	for name, chart := range map[string]func(io.Writer) error{
		"seats-rising":  seats(trend(t, "Customer Community", "PID_Customer_Community", 60, 620, 851, 1000)),
		"seats-falling": seats(trend(t, "Partner Community", "PID_Partner_Community", 90, 14200, 11050, 20000)),
		"seats-few":     seats(trend(t, "Customer Community", "PID_Customer_Community", 3, 96, 98, 100)),
		"seats-logins":  seats(trend(t, "Customer Community Login with a name that is very long", "PID_Customer_Community_Login", 40, 3, 28, 100)),
		"activity":      func(w io.Writer) error { return report.ActivityChart(w, fortnight()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := chart(&b); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".png")
			if *update {
				if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if share := differing(t, b.Bytes(), want); share > 0.005 {
				t.Errorf("%.2f%% of the pixels differ from %s", 100*share, file)
			}
			if b.Len() > 200<<10 {
				t.Errorf("%d bytes", b.Len())
			}
		})
	}
}

// differing is the share of pixels that differ by more than rounding on another machine explains.
func differing(t *testing.T, a, b []byte) float64 {
	t.Helper()
	one, two := decode(t, a), decode(t, b)
	if one.Bounds() != two.Bounds() {
		t.Fatalf("the sizes are %v and %v", one.Bounds(), two.Bounds())
	}
	const far = 40 // of 255
	n := 0
	for i := 0; i < len(one.Pix); i += 4 {
		for c := range 3 {
			if apart(one.Pix[i+c], two.Pix[i+c]) > far {
				n++
				break
			}
		}
	}
	return float64(n) / float64(len(one.Pix)/4)
}

func apart(a, b uint8) uint8 { return max(a, b) - min(a, b) }

func decode(t *testing.T, b []byte) *image.RGBA {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Src)
	return out
}

func TestTheComparisonSeesADifference(t *testing.T) {
	t.Parallel()
	var a, again, b bytes.Buffer
	days := fortnight()
	if err := errors.Join(report.ActivityChart(&a, days), report.ActivityChart(&again, days)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), again.Bytes()) {
		t.Error("drawn twice it differs")
	}
	days[9].Given = 100
	if err := report.ActivityChart(&b, days); err != nil {
		t.Fatal(err)
	}
	if share := differing(t, a.Bytes(), b.Bytes()); share <= 0.005 {
		t.Errorf("a bar that is a sixth lower changes only %.2f%%", 100*share)
	}
}

func TestAltTextsSayTheNumbers(t *testing.T) {
	t.Parallel()
	rising := trend(t, "Customer Community", "PID_Customer_Community", 60, 620, 851, 1000)
	for got, want := range map[string]string{
		report.SeatsAlt(rising): "Customer Community: 852 seats used of 1,000, 620 on Sep 24, 2026. At +4.0 a day they run out on Dec 30, 2026.",
		report.SeatsAlt(trend(t, "Partner", "PID_Partner_Community", 90, 14200, 11050, 20000)): "Partner: 11,087 seats used of 20,000, 14,200 on Aug 25, 2026. The pace is -35.5 a day.",
		report.ActivityAlt(fortnight()): "From Nov 9, 2026 to Nov 22, 2026 requests gave access to 260 users, took it from 85, requested 10 access e-mails; " +
			"11 rows failed or were held. Most on Nov 18, 2026: 130.",
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestWhatCannotBeDrawnSaysSo(t *testing.T) {
	t.Parallel()
	if err := report.SeatsChart(io.Discard, report.Seats{Trend: make([]report.Point, 1)}); err == nil {
		t.Error("one point was drawn")
	}
	if err := report.SeatsChart(io.Discard, report.Seats{Trend: make([]report.Point, 3)}); err == nil {
		t.Error("points without dates were drawn")
	}
	if err := report.ActivityChart(io.Discard, make([]report.Day, 14)); err == nil {
		t.Error("nothing was drawn")
	}
}
