package bot

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule says when a job is due. It is a value without state.
type Schedule struct {
	spec cron.Schedule
	zone *time.Location
	// wall: the occurrences are times on the wall clock, each once a date. Otherwise they are spans of real time.
	wall bool
	// daily: there is one occurrence a date at most.
	daily bool
}

// ParseSchedule reads five fields of cron, "@daily" and the like, or "@every 10m"; zone nil means UTC.
//
// A schedule that names its hours ("0 6 * * *", "30 1,13 * * 1-5") goes by the clock on the wall, and each of its times comes once a
// date. One that a change to summer time leaves out is due when the clock jumps: 02:00 and 02:30 at 03:00; a jump over midnight makes it due
// in the last second before. One that the change back repeats is due the first time. A schedule for every hour ("*/5 * * * *") and "@every" go
// by real time.
func ParseSchedule(text string, zone *time.Location) (Schedule, error) {
	if zone == nil {
		zone = time.UTC
	}
	if strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ=") {
		return Schedule{}, errors.New("the schedule must not name a time zone; it has a setting of its own")
	}
	parsed, err := cron.ParseStandard(text)
	if err != nil {
		return Schedule{}, fmt.Errorf("%q is not a schedule: write minute, hour, day of the month, month and day of the week, such as \"0 6 * * *\": %w", text, err)
	}
	s := Schedule{spec: parsed, zone: zone}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return s, nil
	}
	if spec.Hour&starBit == 0 {
		s.wall = true
		s.daily = bits.OnesCount64(spec.Hour) == 1 && bits.OnesCount64(spec.Minute) == 1
		spec.Location = time.UTC // the wall clock's numbers, see wallTime
	} else {
		spec.Location = zone
	}
	if s.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return Schedule{}, fmt.Errorf("the schedule %q never comes, such as a 30th of February", text)
	}
	return s, nil
}

// starBit is how cron marks a field that was written as "*". Source: robfig/cron/v3, spec.go.
const starBit = 1 << 63

// Next returns the first occurrence after t; the zero time when none comes within five years.
func (s Schedule) Next(t time.Time) time.Time {
	if !s.wall {
		return s.spec.Next(t.In(s.zone)).UTC()
	}
	// A repeated or left-out hour moves the two clocks against each other by less than a day.
	for w := numbers(t.In(s.zone)).Add(-clockShift); ; {
		if w = s.spec.Next(w); w.IsZero() {
			return time.Time{}
		}
		if at, ok := wallTime(w, s.zone); ok && at.After(t) {
			return at.UTC()
		}
	}
}

const (
	clockShift = 3 * time.Hour // no change of a clock by law was longer but for whole dates, which wallTime leaves out
	zoneReach  = 26 * time.Hour
)

// numbers returns the time whose numbers in UTC are those that t's clock shows.
func numbers(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// wallTime returns when a clock in the zone shows the numbers of w: the first time when it does twice, the end of the gap when it
// never does but jumps over them on that date. It is false when the zone has no such date, as Samoa had no 30 December 2011.
func wallTime(w time.Time, zone *time.Location) (time.Time, bool) {
	_, before := w.Add(-zoneReach).In(zone).Zone()
	_, behind := w.Add(zoneReach).In(zone).Zone()
	first := w.Add(-time.Duration(max(before, behind)) * time.Second)
	last := w.Add(-time.Duration(min(before, behind)) * time.Second)
	for _, t := range []time.Time{first, last} {
		if numbers(t.In(zone)).Equal(w) {
			return t, true
		}
	}
	jump, _ := last.In(zone).ZoneBounds()
	for _, t := range []time.Time{jump, jump.Add(-time.Second)} {
		if sameDate(numbers(t.In(zone)), w) {
			return t, true
		}
	}
	return time.Time{}, false
}

func sameDate(a, b time.Time) bool {
	ay, am, ad := a.Date()
	by, bm, bd := b.Date()
	return ay == by && am == bm && ad == bd
}

// catchUp is how far back the latest missed occurrence is looked for before all of them are gone through.
const catchUp = 48 * time.Hour

// occurrence returns which occurrence of the job is next, and when it is to be begun; a time that is past means now.
func (s Schedule) occurrence(r JobRun, retries []time.Duration, now time.Time) (due, at time.Time) {
	if r.Due.After(now.Add(catchUp)) { // the clock was far ahead when it ran
		r.Due = now
	}
	next := s.after(r)
	begun := !r.Started.IsZero()
	switch {
	case begun && r.Ended.IsZero() && r.Tries <= len(retries)+1:
		return r.Due, now // the process died in it
	case begun && r.Error != "" && r.Tries <= len(retries):
		if again := r.Ended.Add(retries[r.Tries-1]); again.Before(next) || next.IsZero() {
			return r.Due, again
		}
	}
	if next.IsZero() {
		return next, now.Add(catchUp)
	}
	if next.After(now) {
		return next, next
	}
	// Several were missed: the latest stands for all.
	if lately := s.Next(now.Add(-catchUp)); lately.After(next) && !lately.After(now) {
		next = lately
	}
	for {
		later := s.Next(next)
		if later.IsZero() || later.After(now) {
			return next, now
		}
		next = later
	}
}

// after returns the occurrence that follows the run. A daily job has one a date, also when its schedule or zone was changed after
// it ran.
func (s Schedule) after(r JobRun) time.Time {
	next := s.Next(r.Due)
	if s.daily && !r.Started.IsZero() {
		for !next.IsZero() && sameDate(next.In(s.zone), r.Due.In(s.zone)) {
			next = s.Next(next)
		}
	}
	return next
}
