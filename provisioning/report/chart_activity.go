package report

import (
	"errors"
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Busy reports whether the days have anything to draw.
func Busy(days []Day) bool {
	for _, d := range days {
		if d.Given+d.Taken+d.Resent+d.Trouble > 0 {
			return true
		}
	}
	return false
}

// ActivityChart draws what requests did on each date as stacked bars, as PNG. The picture is the same each time.
func ActivityChart(w io.Writer, days []Day) error {
	if !Busy(days) {
		return errors.New("there is no activity to draw")
	}
	p := newPlot("Users changed by requests, a day")
	p.X.Tick.Marker = dateTicks{}
	first, ok := day(days[0].Date)
	if !ok {
		return fmt.Errorf("%q is no date", days[0].Date)
	}
	given, taken, trouble := make(plotter.Values, len(days)), make(plotter.Values, len(days)), make(plotter.Values, len(days))
	high := 0.0
	for i, d := range days {
		given[i], taken[i], trouble[i] = float64(d.Given+d.Resent), float64(d.Taken), float64(d.Trouble)
		high = max(high, given[i]+taken[i]+trouble[i])
	}
	p.Y.Tick.Marker = numberTicks{upTo: max(high*1.1, 4)}
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal = draw.LineStyle{Color: colorGrid, Width: 2}
	p.Add(grid)
	width := vg.Length(0.72 * (chartWidth - 200) / float64(len(days)+1))
	var below *plotter.BarChart
	for _, part := range []struct {
		name   string
		values plotter.Values
		color  color.Color
	}{{"access given", given, colorBlue}, {"taken away", taken, colorSky}, {"failed or held", trouble, colorRed}} {
		bars, err := plotter.NewBarChart(part.values, width)
		if err != nil {
			return fmt.Errorf("draw the activity: %w", err)
		}
		bars.Color, bars.LineStyle.Width, bars.XMin = part.color, 0, float64(first)
		if below != nil {
			bars.StackOn(below)
		}
		below = bars
		p.Add(bars)
		p.Legend.Add(part.name, bars)
	}
	for i, d := range days {
		top := given[i] + taken[i] + trouble[i]
		if top == 0 || top < high { // the highest bar alone bears its number: more would not be legible
			continue
		}
		at, ok := day(d.Date)
		if !ok {
			return fmt.Errorf("%q is no date", d.Date)
		}
		if err := note(p, float64(at), top, grouped(int(top)), colorInk, draw.XCenter, true); err != nil {
			return fmt.Errorf("draw the activity: %w", err)
		}
		break
	}
	p.X.Min, p.X.Max = float64(first)-0.6, float64(first+len(days))-0.4
	p.Y.Min, p.Y.Max = 0, max(high*1.55, 4) // room for the legend above the bars
	return writePNG(w, p)
}

// ActivityAlt says what the chart shows, for people who cannot see it.
func ActivityAlt(days []Day) string {
	if len(days) == 0 {
		return "No activity."
	}
	var sum, top Day
	for _, d := range days {
		sum.Given, sum.Taken, sum.Resent, sum.Trouble = sum.Given+d.Given, sum.Taken+d.Taken, sum.Resent+d.Resent, sum.Trouble+d.Trouble
		if all(d) > all(top) {
			top = d
		}
	}
	text := fmt.Sprintf("From %s to %s requests gave access to %s users, took it from %s, requested %s access e-mails; %s rows failed or were held.",
		longDate(days[0].Date), longDate(days[len(days)-1].Date), grouped(sum.Given), grouped(sum.Taken), grouped(sum.Resent), grouped(sum.Trouble))
	if all(top) > 0 {
		text += fmt.Sprintf(" Most on %s: %s.", longDate(top.Date), grouped(all(top)))
	}
	return text
}

func all(d Day) int { return d.Given + d.Taken + d.Resent + d.Trouble }
