package bot_test

import (
	"testing"
	"time"

	"portalbot/bot"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func schedule(t *testing.T, text, in string) (bot.Schedule, *time.Location) {
	t.Helper()
	z := zone(t, in)
	s, err := bot.ParseSchedule(text, z)
	if err != nil {
		t.Fatal(err)
	}
	return s, z
}

func TestTimesThatAChangeOfTheClockLeavesOutOrRepeats(t *testing.T) {
	t.Parallel()
	const layout = "2006-01-02 15:04:05 -0700"
	for _, c := range []struct {
		name, schedule, zone string
		after                string // UTC
		want                 []string
	}{
		{
			"02:00 is left out in March", "0 2 * * *", "America/Los_Angeles", "2026-03-07T00:00:00Z",
			[]string{"2026-03-07 02:00:00 -0800", "2026-03-08 03:00:00 -0700", "2026-03-09 02:00:00 -0700"},
		},
		{
			"02:30 is left out in March", "30 2 * * *", "America/Los_Angeles", "2026-03-08T00:00:00Z",
			[]string{"2026-03-08 03:00:00 -0700", "2026-03-09 02:30:00 -0700"},
		},
		{
			"01:30 comes twice in November", "30 1 * * *", "America/Los_Angeles", "2026-10-31T12:00:00Z",
			[]string{"2026-11-01 01:30:00 -0700", "2026-11-02 01:30:00 -0800"},
		},
		{
			"asked between the two 01:30", "30 1 * * *", "America/Los_Angeles", "2026-11-01T09:10:00Z",
			[]string{"2026-11-02 01:30:00 -0800"},
		},
		{
			"several left out are one", "0,15,30,45 2 * * *", "Europe/Berlin", "2026-03-28T22:00:00Z",
			[]string{"2026-03-29 03:00:00 +0200", "2026-03-30 02:00:00 +0200"},
		},
		{
			"midnight is left out", "0 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00Z",
			[]string{"2026-04-24 01:00:00 +0300", "2026-04-25 00:00:00 +0300"},
		},
		{
			"the last hour of a date is left out", "30 23 * * *", "America/Nuuk", "2026-03-28T12:00:00Z",
			[]string{"2026-03-28 22:59:59 -0200", "2026-03-29 23:30:00 -0100"},
		},
		{
			"a whole date is left out", "0 6 * * *", "Pacific/Apia", "2011-12-29T10:00:00Z",
			[]string{"2011-12-29 06:00:00 -1000", "2011-12-31 06:00:00 +1400"},
		},
		{
			"half an hour", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z",
			[]string{"2026-10-04 02:30:00 +1100", "2026-10-05 02:15:00 +1100"},
		},
		{
			"every hour goes by real time", "0 * * * *", "America/Los_Angeles", "2026-11-01T07:30:00Z",
			[]string{"2026-11-01 01:00:00 -0700", "2026-11-01 01:00:00 -0800", "2026-11-01 02:00:00 -0800"},
		},
		{
			"weekdays", "30 6 * * 1-5", "UTC", "2026-11-20T07:00:00Z",
			[]string{"2026-11-23 06:30:00 +0000", "2026-11-24 06:30:00 +0000"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, z := schedule(t, c.schedule, c.zone)
			at, err := time.Parse(time.RFC3339, c.after)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				at = s.Next(at)
				if got := at.In(z).Format(layout); got != want {
					t.Errorf("due at %s, want %s", got, want)
				}
			}
		})
	}
}

// TestADailyTimeComesOnceADate goes through four years of zones whose clocks change in different ways.
func TestADailyTimeComesOnceADate(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"UTC", "America/Los_Angeles", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe", "America/Nuuk", "Africa/Cairo",
		"Pacific/Apia", "America/Sao_Paulo", "Asia/Beirut", "Africa/Casablanca",
	} {
		for _, text := range []string{"0 0 * * *", "30 1 * * *", "0 2 * * *", "30 2 * * *", "59 23 * * *"} {
			s, z := schedule(t, text, in)
			at := time.Date(2011, 1, 1, 23, 59, 30, 0, z)
			day := time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC)
			for range 4 * 365 {
				at = s.Next(at).In(z)
				y, m, d := at.Date()
				day = day.AddDate(0, 0, 1)
				if in == "Pacific/Apia" && day.Format(time.DateOnly) == "2011-12-30" {
					day = day.AddDate(0, 0, 1) // which that zone never had
				}
				if got := time.Date(y, m, d, 0, 0, 0, 0, time.UTC); !got.Equal(day) {
					t.Fatalf("%q in %s: %s, want a time on %s", text, in, at, day.Format(time.DateOnly))
				}
			}
		}
	}
}

func TestASchedulesMistakeIsSaid(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "6 o'clock", "0 25 * * *", "0 6 30 2 *", "TZ=UTC 0 6 * * *", "* * * * * *"} {
		if _, err := bot.ParseSchedule(text, nil); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
