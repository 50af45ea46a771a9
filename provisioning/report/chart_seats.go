package report

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	leastPoints = 2  // of a trend that can be drawn
	forecastFor = 30 // days that are drawn ahead at most, and at most half of those behind
)

// Drawable reports whether the licence has a trend to draw.
func (s Seats) Drawable() bool { return len(s.Trend) >= leastPoints }

// SeatsChart draws the seats of a licence over the last dates as PNG: used ones as a line, the limit as another, and where the pace leads as
// dashes. The picture is the same each time.
func SeatsChart(w io.Writer, s Seats) error {
	if !s.Drawable() {
		return errors.New("a trend needs two dates")
	}
	p := newPlot(clip(s.Name, 34) + " – seats used")
	p.X.Tick.Marker, p.Y.Tick.Marker = dateTicks{}, numberTicks{upTo: math.Inf(1)}
	used, limit := make(plotter.XYs, 0, len(s.Trend)), make(plotter.XYs, 0, len(s.Trend)+1)
	low, high := math.Inf(1), math.Inf(-1)
	see := func(y float64) { low, high = min(low, y), max(high, y) }
	for _, pt := range s.Trend {
		d, ok := day(pt.Date)
		if !ok {
			return fmt.Errorf("%q is no date", pt.Date)
		}
		used = append(used, plotter.XY{X: float64(d), Y: float64(pt.Used)})
		see(float64(pt.Used))
		if !s.Logins {
			limit = append(limit, plotter.XY{X: float64(d), Y: float64(pt.Total)})
			see(float64(pt.Total))
		}
	}
	last := used[len(used)-1]
	ahead := s.ahead(last)
	if ahead.X > last.X {
		see(ahead.Y)
	}
	span := max(high-low, 4)
	p.X.Min, p.X.Max = used[0].X, max(ahead.X, last.X)
	p.Y.Min, p.Y.Max = max(0, low-0.15*span), high+0.2*span

	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal = draw.LineStyle{Color: colorGrid, Width: 2}
	p.Add(grid)
	err := line(p, used, draw.LineStyle{Color: colorBlue, Width: 7})
	if len(limit) > 0 {
		limit = append(limit, plotter.XY{X: p.X.Max, Y: limit[len(limit)-1].Y})
		err = errors.Join(err, line(p, limit, draw.LineStyle{Color: colorRed, Width: 4}),
			note(p, p.X.Min, limit[0].Y, " limit "+grouped(s.Total), colorRed, draw.XLeft, true))
	}
	if ahead.X > last.X {
		err = errors.Join(err, line(p, plotter.XYs{last, ahead}, draw.LineStyle{Color: colorBlue, Width: 5, Dashes: []vg.Length{16, 12}}))
	}
	// The number stands where the line is not: below a line that rises.
	align := draw.XCenter
	if last.X == p.X.Max {
		align = draw.XRight
	}
	err = errors.Join(err, note(p, last.X, last.Y, grouped(s.Used), colorBlue, align, s.Pace < 0 && s.Known))
	if err != nil {
		return fmt.Errorf("draw the seats of %s: %w", s.Key, err)
	}
	return writePNG(w, p)
}

// ahead is where the pace leads, at most to the limit; the last point itself where no pace is known.
func (s Seats) ahead(last plotter.XY) plotter.XY {
	first, ok := day(s.Trend[0].Date)
	if !s.Known || !ok {
		return last
	}
	days := min(forecastFor, (last.X-float64(first))/2)
	if s.Pace > 0 && !s.Logins && s.Total >= s.Used {
		days = min(days, float64(s.Total-s.Used)/s.Pace)
	}
	if s.Pace < 0 {
		days = min(days, float64(s.Used)/-s.Pace)
	}
	return plotter.XY{X: last.X + days, Y: last.Y + s.Pace*days}
}

// SeatsAlt says what the chart shows, for people who cannot see it.
func SeatsAlt(s Seats) string {
	if len(s.Trend) == 0 {
		return s.Name + ": no seats are known."
	}
	first := s.Trend[0]
	text := fmt.Sprintf("%s: %s seats used", s.Name, grouped(s.Used))
	if !s.Logins {
		text += " of " + grouped(s.Total)
	}
	text += fmt.Sprintf(", %s on %s.", grouped(first.Used), longDate(first.Date))
	switch {
	case s.Full != "":
		text += fmt.Sprintf(" At %s a day they run out on %s.", paceText(s.Pace), longDate(s.Full))
	case s.Known:
		text += fmt.Sprintf(" The pace is %s a day.", paceText(s.Pace))
	}
	return text
}

// paceText writes seats a day with one digit behind the point and their sign.
func paceText(p float64) string {
	if math.Abs(p) < 0.05 {
		return "0"
	}
	return fmt.Sprintf("%+.1f", p)
}

func longDate(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return t.Format("Jan 2, 2006")
}

func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
