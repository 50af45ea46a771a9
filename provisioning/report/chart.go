package report

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"strconv"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// A chart is 1,200 x 720 pixels. A phone shows it 360 to 400 points wide, a third of that, so that its smallest text is 32 pixels high.
// It brings its own light background: Slack shows pictures as they are, and text without one could not be read in dark mode.
const (
	chartWidth  = 1200
	chartHeight = 720
	chartDPI    = 72 // so that a point of vg is a pixel

	titleSize = 44
	labelSize = 34
	smallSize = 32
)

// The colours are those of Okabe and Ito, which people with any kind of colour vision tell apart; lines differ in form as well.
var (
	colorCard  = color.NRGBA{0xf8, 0xf9, 0xfa, 0xff}
	colorInk   = color.NRGBA{0x1d, 0x1c, 0x1d, 0xff}
	colorFaint = color.NRGBA{0x5f, 0x63, 0x68, 0xff}
	colorGrid  = color.NRGBA{0xd9, 0xdc, 0xe0, 0xff}
	colorBlue  = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	colorSky   = color.NRGBA{0x8c, 0xc4, 0xe8, 0xff}
	colorRed   = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
)

// newPlot returns a plot in our style.
func newPlot(title string) *plot.Plot {
	p := plot.New()
	sans := func(size float64, c color.Color) text.Style {
		return text.Style{Color: c, Font: font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, vg.Length(size)), Handler: plot.DefaultTextHandler}
	}
	p.BackgroundColor = colorCard
	p.Title.Text = title
	p.Title.TextStyle = sans(titleSize, colorInk)
	p.Title.TextStyle.XAlign, p.Title.TextStyle.YAlign = draw.XCenter, draw.YTop
	p.Title.Padding = 24
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Tick.Label = withAlign(sans(smallSize, colorFaint), a.Tick.Label)
		a.LineStyle = draw.LineStyle{Color: colorGrid, Width: 2}
		a.Tick.LineStyle = draw.LineStyle{Color: colorGrid, Width: 2}
		a.Tick.Length = 10
		a.Padding = 0
	}
	p.Legend.TextStyle = withAlign(sans(labelSize, colorInk), p.Legend.TextStyle)
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.ThumbnailWidth = 40
	p.Legend.Padding = 8
	p.Legend.XOffs = 24
	return p
}

// withAlign keeps where gonum puts a text and takes our font and colour.
func withAlign(s, from text.Style) text.Style {
	s.Rotation, s.XAlign, s.YAlign = from.Rotation, from.XAlign, from.YAlign
	return s
}

// note is a text beside a point.
func note(p *plot.Plot, x, y float64, s string, c color.Color, align text.XAlignment, up bool) error {
	l, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: x, Y: y}}, Labels: []string{s}})
	if err != nil {
		return err
	}
	l.TextStyle[0].Font = font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, labelSize)
	l.TextStyle[0].Color, l.TextStyle[0].XAlign = c, align
	l.Offset = vg.Point{Y: 12}
	if !up {
		l.TextStyle[0].YAlign, l.Offset = draw.YTop, vg.Point{Y: -16}
	}
	p.Add(l)
	return nil
}

func line(p *plot.Plot, xys plotter.XYs, style draw.LineStyle) error {
	l, err := plotter.NewLine(xys)
	if err != nil {
		return err
	}
	l.LineStyle = style
	p.Add(l)
	return nil
}

// writePNG draws the plot with a margin, so that nothing touches the edge.
func writePNG(w io.Writer, p *plot.Plot) error {
	c := vgimg.NewWith(vgimg.UseWH(chartWidth, chartHeight), vgimg.UseDPI(chartDPI), vgimg.UseBackgroundColor(colorCard))
	p.Draw(draw.Crop(draw.New(c), 32, -48, 28, -28))
	if _, err := (vgimg.PngCanvas{Canvas: c}).WriteTo(w); err != nil {
		return fmt.Errorf("write a chart: %w", err)
	}
	return nil
}

// numberTicks marks whole numbers at round steps, up to one of them.
type numberTicks struct{ upTo float64 }

// Ticks implements plot.Ticker.
func (n numberTicks) Ticks(low, high float64) []plot.Tick {
	high = min(high, n.upTo)
	step := roundStep((high - low) / 4)
	var ticks []plot.Tick
	for v := math.Ceil(low/step) * step; v <= high; v += step {
		ticks = append(ticks, plot.Tick{Value: v, Label: grouped(int(math.Round(v)))})
	}
	return ticks
}

// roundStep is the next 1, 2 or 5 times a power of ten, at least 1.
func roundStep(least float64) float64 {
	if least <= 1 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= least {
			return m * power
		}
	}
	return 10 * power
}

// dateTicks marks dates, about four of them; the axis counts days.
type dateTicks struct{}

// Ticks implements plot.Ticker.
func (dateTicks) Ticks(low, high float64) []plot.Tick {
	step := max(1, int(math.Ceil((high-low)/4)))
	if step > 5 {
		step = (step + 6) / 7 * 7
	}
	var ticks []plot.Tick
	for d := int(math.Ceil(low)); d <= int(high); d += step {
		ticks = append(ticks, plot.Tick{Value: float64(d), Label: shortDate(d)})
	}
	return ticks
}

func shortDate(day int) string { return time.Unix(int64(day)*86400, 0).UTC().Format("Jan 2") }

// grouped writes a number with its thousands apart.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
