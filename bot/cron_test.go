package bot_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"portalbot/bot"
)

// jobNotes is a JobMemory that outlives a Cron, as a file does.
type jobNotes struct {
	mu   sync.Mutex
	runs map[string]bot.JobRun
	fail error
}

func (m *jobNotes) JobRun(_ context.Context, name string) (bot.JobRun, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.runs[name], m.fail
}

func (m *jobNotes) SetJobRun(_ context.Context, r bot.JobRun) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail == nil {
		m.runs[r.Name] = r
	}
	return m.fail
}

func (m *jobNotes) refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

// night is a story over weeks with one daily job at 02:30 in Los Angeles. It runs inside a synctest bubble.
type night struct {
	t     *testing.T
	zone  *time.Location
	notes *jobNotes
	stop  func()

	mu     sync.Mutex
	ran    []time.Time // when the job worked
	due    []time.Time // the occurrences it was asked for
	told   []string
	work   func(ctx context.Context) error
	refuse error // of telling
}

func begin(t *testing.T, from string) *night {
	n := &night{t: t, zone: zone(t, "America/Los_Angeles"), notes: &jobNotes{runs: map[string]bot.JobRun{}}}
	n.work = func(context.Context) error { return nil }
	n.until(from)
	return n
}

// until lets time pass.
func (n *night) until(at string) {
	n.t.Helper()
	to, err := time.ParseInLocation("2006-01-02 15:04", at, n.zone)
	if err != nil {
		n.t.Fatal(err)
	}
	time.Sleep(time.Until(to))
	synctest.Wait()
}

func (n *night) up(retries ...time.Duration) {
	n.t.Helper()
	c, err := bot.NewCron(bot.CronConfig{
		Memory: n.notes,
		Jobs: []bot.Job{{Name: "nightly", Schedule: "30 2 * * *", Zone: n.zone, Retries: retries, Run: func(ctx context.Context, due time.Time) (string, error) {
			n.mu.Lock()
			n.ran, n.due = append(n.ran, time.Now().In(n.zone)), append(n.due, due.In(n.zone))
			work := n.work
			n.mu.Unlock()
			return "told", work(ctx)
		}}},
		Tell: func(_ context.Context, r bot.JobRun) error {
			n.mu.Lock()
			defer n.mu.Unlock()
			if n.refuse == nil {
				n.told = append(n.told, time.Now().In(n.zone).Format("01-02 15:04")+" "+r.Name+": "+r.Error)
			}
			return n.refuse
		},
	})
	if err != nil {
		n.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	n.stop = func() {
		cancel()
		if err := <-done; err != nil {
			n.t.Error(err)
		}
	}
}

// set changes something that the job reads while it works.
func (n *night) set(fn func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fn()
}

func (n *night) wantRuns(want ...string) {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	got := make([]string, len(n.ran))
	for i, at := range n.ran {
		got[i] = at.Format("01-02 15:04")
	}
	if !slices.Equal(got, want) {
		n.t.Errorf("ran at %v, want %v", got, want)
	}
}

func (n *night) wantTold(want ...string) {
	n.t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Equal(n.told, want) {
		n.t.Errorf("told %v, want %v", n.told, want)
	}
}

func TestADailyJobRunsOnceADateOverBothChangesOfTheClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from    time.Time
		odd, at string // the date of the change, and when the job ran on it
	}{
		"spring": {time.Date(2026, 2, 20, 0, 0, 0, 0, time.UTC), "2026-03-08", "03:00 -0700"},
		"autumn": {time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC), "2026-11-01", "02:30 -0800"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const weeks = 4
				n := begin(t, c.from.Format(time.DateOnly)+" 12:00")
				n.up()
				n.until(c.from.AddDate(0, 0, 7*weeks).Format(time.DateOnly) + " 12:00")
				n.stop()
				if len(n.ran) != 7*weeks {
					t.Errorf("ran %d times in %d weeks", len(n.ran), weeks)
				}
				for i, at := range n.ran {
					day, clock := c.from.AddDate(0, 0, i+1).Format(time.DateOnly), at.Format("15:04 -0700")
					if at.Format(time.DateOnly) != day || day == c.odd && clock != c.at || day != c.odd && clock[:5] != "02:30" {
						t.Errorf("run %d was at %s, want one on %s", i, at, day)
					}
				}
			})
		})
	}
}

func TestRunsMissedWhileTheBotWasDownAreCaughtUpOnceAtStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := begin(t, "2026-10-28 12:00")
		n.up()
		n.until("2026-10-29 12:00")
		n.stop()
		n.until("2026-11-03 09:00") // down over five nights and the end of summer time
		n.up()
		n.until("2026-11-03 09:01")
		n.wantRuns("10-29 02:30", "11-03 09:00")
		if got := n.due[1].Format("01-02 15:04"); got != "11-03 02:30" {
			t.Errorf("caught up for %s, want the latest night", got)
		}
		n.stop()
		n.up() // a second start on the same date has nothing to catch up
		n.until("2026-11-04 12:00")
		n.stop()
		n.wantRuns("10-29 02:30", "11-03 09:00", "11-04 02:30")
	})
}

func TestABotThatIsAlwaysDownAtTheTimeStillReports(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := begin(t, "2026-06-01 08:00")
		for _, day := range []string{"2026-06-01", "2026-06-02", "2026-06-03"} {
			n.until(day + " 09:00")
			n.up()
			n.until(day + " 18:00")
			n.stop()
		}
		n.wantRuns("06-02 09:00", "06-03 09:00")
	})
}

func TestAJobNeverOverlapsItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		notes := &jobNotes{runs: map[string]bot.JobRun{}}
		working, most, runs := 0, 0, 0
		c, err := bot.NewCron(bot.CronConfig{Memory: notes, Jobs: []bot.Job{{
			Name: "slow", Schedule: "@every 1m", Timeout: time.Hour, Run: func(context.Context, time.Time) (string, error) {
				working++
				runs++
				most = max(most, working)
				time.Sleep(150 * time.Second)
				working--
				return "", nil
			},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
		if most != 1 || runs < 15 || runs > 24 {
			t.Errorf("%d at once, %d runs in an hour; want 1 at once, and one after the other", most, runs)
		}
	})
}

func TestAFailingJobTellsOnceAndThatItWorksAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := begin(t, "2026-03-06 12:00")
		n.work = func(context.Context) error { return errors.New("no org") }
		n.up(5*time.Minute, time.Hour)
		n.until("2026-03-10 12:00")
		n.stop() // a restart is no reason to tell it again
		n.up(5*time.Minute, time.Hour)
		n.until("2026-03-11 12:00")
		n.wantTold("03-07 03:35 nightly: no org")
		n.set(func() { n.work = func(context.Context) error { return nil } })
		n.until("2026-03-14 12:00")
		n.stop()
		n.wantTold("03-07 03:35 nightly: no org", "03-12 02:30 nightly: ")
		if r := n.notes.runs["nightly"]; r.Result != "told" || r.Error != "" || r.Tries != 1 {
			t.Errorf("kept %+v", r)
		}
	})
}

func TestAFailureIsToldWhenTellingWorksAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := begin(t, "2026-06-01 12:00")
		n.work, n.refuse = func(context.Context) error { panic("a fault") }, errors.New("no Slack")
		n.up()
		n.until("2026-06-02 09:00")
		n.wantTold()
		n.set(func() { n.refuse = nil })
		n.until("2026-06-02 09:05")
		n.stop()
		n.wantTold("06-02 09:01 nightly: panic in the job")
		n.wantRuns("06-02 02:30")
	})
}

func TestARetryThatWorksTellsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := begin(t, "2026-06-01 12:00")
		tries := 0
		n.work = func(context.Context) error {
			if tries++; tries == 1 {
				return errors.New("busy")
			}
			return nil
		}
		n.up(5 * time.Minute)
		n.until("2026-06-03 12:00")
		n.stop()
		n.wantTold()
		n.wantRuns("06-02 02:30", "06-02 02:35", "06-03 02:30")
		if !n.due[0].Equal(n.due[1]) {
			t.Error("the retry is for another occurrence")
		}
	})
}

func TestAJobThatTheProcessDiedInIsDoneAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := begin(t, "2026-06-01 12:00")
		n.work = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		n.up()
		n.until("2026-06-02 02:31")
		n.stop() // in the middle of it
		n.set(func() { n.work = func(context.Context) error { return nil } })
		n.up()
		n.until("2026-06-02 12:00")
		n.stop()
		n.wantRuns("06-02 02:30", "06-02 02:31")
		if !n.due[0].Equal(n.due[1]) {
			t.Error("begun again for another occurrence")
		}
		n.wantTold()
	})
}

func TestATryEndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := begin(t, "2026-06-01 12:00")
		n.work = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		n.up()
		n.until("2026-06-02 12:00")
		n.stop()
		n.wantTold("06-02 02:40 nightly: context deadline exceeded")
	})
}

func TestNothingRunsThatCannotBeNoted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := begin(t, "2026-06-01 12:00")
		n.up()
		n.until("2026-06-01 13:00")
		n.notes.refuse(errors.New("disk full"))
		n.until("2026-06-02 12:00")
		n.wantRuns()
		n.notes.refuse(nil)
		n.until("2026-06-02 12:01")
		n.stop()
		n.wantRuns("06-02 12:00")
	})
}

func TestATableOfJobsIsChecked(t *testing.T) {
	t.Parallel()
	for want, jobs := range map[string][]bot.Job{
		"a name of its own":   {{Name: "a", Schedule: "@daily"}, {Name: "a", Schedule: "@daily"}},
		"is not a schedule":   {{Name: "a", Schedule: "at six"}},
		"every job needs":     {{Schedule: "@daily"}},
		"the schedule \"0 0 ": {{Name: "a", Schedule: "0 0 30 2 *"}},
	} {
		if _, err := bot.NewCron(bot.CronConfig{Jobs: jobs}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}
