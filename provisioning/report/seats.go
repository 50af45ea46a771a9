package report

import (
	"math"
	"time"
)

const (
	trendDays = 90 // dates of the seat chart
	paceDays  = 28 // dates that the pace is told from: four weeks, so that weekends weigh the same
	paceLeast = 7  // days that must lie between the first and the last of them
	// farthest is how far ahead a date is told on which seats run out; beyond it a pace of weeks says nothing.
	farthest = 365
)

// day is a date as a number of days, so that clocks do not matter.
func day(date string) (int, bool) {
	t, err := time.Parse(time.DateOnly, date)
	return int(t.Unix() / 86400), err == nil
}

func dateOf(day int) string { return time.Unix(int64(day)*86400, 0).UTC().Format(time.DateOnly) }

// judge fills in what follows from a licence's trend, whose last point is today's.
func (s *Seats) judge() {
	if len(s.Trend) == 0 {
		return
	}
	s.Day, s.Week = s.change(1), s.change(7)
	s.Pace, s.Known = pace(s.Trend)
	left := float64(s.Total - s.Used)
	if !s.Known || s.Pace <= 0 || s.Logins || left < 0 {
		return
	}
	if days := math.Ceil(left / s.Pace); days <= farthest {
		today, _ := day(s.Trend[len(s.Trend)-1].Date)
		s.Full = dateOf(today + int(days))
	}
}

// change is the difference to some days ago; a day that has no snapshot is replaced by the one before it, down to twice as long
// ago.
func (s *Seats) change(days int) *Change {
	today, ok := day(s.Trend[len(s.Trend)-1].Date)
	if !ok {
		return nil
	}
	for i := len(s.Trend) - 2; i >= 0; i-- {
		d, ok := day(s.Trend[i].Date)
		if ago := today - d; ok && ago >= days {
			if ago > 2*days+1 {
				return nil
			}
			return &Change{Since: s.Trend[i].Date, By: s.Used - s.Trend[i].Used}
		}
	}
	return nil
}

// pace is the slope of the straight line that fits the last weeks best, in seats a day. It is not known from less than a week.
func pace(trend []Point) (float64, bool) {
	last, ok := day(trend[len(trend)-1].Date)
	if !ok {
		return 0, false
	}
	var n, sx, sy, sxx, sxy float64
	first := last
	for _, p := range trend {
		d, ok := day(p.Date)
		if !ok || last-d > paceDays {
			continue
		}
		first = min(first, d)
		x, y := float64(d-last), float64(p.Used)
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	if last-first < paceLeast {
		return 0, false
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx), true
}
