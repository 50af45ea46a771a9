package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Job is one row of a table of jobs.
type Job struct {
	Name string // unique; what is remembered of the job hangs on it
	// Schedule is five fields of cron, "@daily" and the like, or "@every 10m".
	Schedule string
	// Zone is where the schedule's hours are told; default UTC.
	Zone *time.Location
	// Timeout is the deadline of one try; default 10 minutes.
	Timeout time.Duration
	// Retries are the waits before the second, third, ... try of one occurrence; none means that it is tried once.
	Retries []time.Duration
	// Run does the work. It may be called again for the same occurrence, after a failed try or a crash, so what it does must be safe
	// to repeat; due names the occurrence. It returns a few words on what it did. It must return soon after ctx has ended.
	Run func(ctx context.Context, due time.Time) (result string, err error)
}

// JobRun is what is remembered of a job: its last occurrence and how that went.
type JobRun struct {
	Name      string
	Due       time.Time // the last occurrence that was begun; at first, when the job was first seen
	Tries     int       // of that occurrence
	Started   time.Time // of the last try; zero when there was none yet
	Ended     time.Time // of the last try; zero while it works, and for ever when the process died
	Result    string    // what the last good try did
	Error     string    // why the last try failed; empty when it did not
	Succeeded time.Time // end of the last good try
	Told      time.Time // when it was told that the job fails; zero when that is not so, or not told
}

// JobMemory keeps job runs over a restart. A change is durable when its method returns. The methods may be called from several
// goroutines at once.
type JobMemory interface {
	// JobRun returns what was saved last for the job; a run without a name when nothing was.
	JobRun(ctx context.Context, name string) (JobRun, error)
	SetJobRun(ctx context.Context, r JobRun) error
}

// CronConfig wires a [Cron]. Memory is required.
type CronConfig struct {
	Jobs   []Job
	Memory JobMemory
	// Tell says that a job has failed at the last try of an occurrence, or, with an empty Error, that it works again. It is called once
	// for each, again only when it fails or the process dies in it. May be nil; failures are logged in any case.
	Tell func(ctx context.Context, r JobRun) error
	Log  *slog.Logger // default: discard
}

const (
	defaultJobTimeout = 10 * time.Minute

	// longestNap bounds how long a job sleeps before it looks at the clock again: timers stand still while a machine is suspended, and
	// clocks are set.
	longestNap = time.Minute
	// tellRetry is how long after a failed Tell it is tried again, and memoryRetry the same for the memory.
	tellRetry, memoryRetry = time.Minute, 10 * time.Second
	// maxResult is the number of bytes that are kept of a result and an error.
	maxResult = 1000
)

// Cron runs jobs when they are due.
//
// A job never overlaps itself. Each occurrence is saved before it is begun, and its end after it; one that the process died in is done
// again at the next start. Occurrences that were missed, because the program was down or the job still worked, are caught up by one run for the latest
// of them. Hours are those of the clock on the wall: see [ParseSchedule].
//
// The calendar of a schedule is robfig/cron's. Its runner is not used: it remembers nothing, skips a time that a change to
// summer time leaves out, and runs one twice that a change back repeats.
type Cron struct {
	cfg   CronConfig
	log   *slog.Logger
	plans []Schedule // one for each job
}

// NewCron returns a Cron. It does nothing before Run. Its errors are sentences for the operator.
func NewCron(cfg CronConfig) (*Cron, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &Cron{cfg: cfg, log: cfg.Log}
	seen := make(map[string]bool)
	for _, j := range cfg.Jobs {
		if j.Name == "" || seen[j.Name] {
			return nil, fmt.Errorf("job %q: every job needs a name of its own", j.Name)
		}
		seen[j.Name] = true
		s, err := ParseSchedule(j.Schedule, j.Zone)
		if err != nil {
			return nil, fmt.Errorf("job %s: %w", j.Name, err)
		}
		c.plans = append(c.plans, s)
	}
	return c, nil
}

// Run works until ctx ends, and returns nil once no job is working any more. It is called once.
func (c *Cron) Run(ctx context.Context) error {
	var jobs sync.WaitGroup
	for i, j := range c.cfg.Jobs {
		jobs.Go(func() { c.keep(ctx, j, c.plans[i]) })
	}
	jobs.Wait()
	return nil
}

// keep runs one job whenever it is due, until ctx ends.
func (c *Cron) keep(ctx context.Context, j Job, s Schedule) {
	for ctx.Err() == nil {
		wait, err := c.step(ctx, j, s)
		if err != nil && ctx.Err() == nil {
			c.log.ErrorContext(ctx, "what is known of a job cannot be read or saved; it does not run", "job", j.Name, "error", err)
			wait = memoryRetry
		}
		_ = sleep(ctx, min(wait, longestNap)) // ctx is looked at next
	}
}

// step does what is to be done for a job now, and says how long there is nothing to do.
func (c *Cron) step(ctx context.Context, j Job, s Schedule) (time.Duration, error) {
	r, err := c.cfg.Memory.JobRun(ctx, j.Name)
	if err != nil {
		return 0, err
	}
	now := wallNow()
	if r.Name == "" {
		// From now on occurrences count, also those while the program is down.
		r = JobRun{Name: j.Name, Due: now}
		if err := c.cfg.Memory.SetJobRun(ctx, r); err != nil {
			return 0, err
		}
	}
	if untold(r, len(j.Retries)) {
		if !c.tell(ctx, r) {
			return tellRetry, nil
		}
		r.Told = now
		if r.Error == "" {
			r.Told = time.Time{}
		}
		if err := c.cfg.Memory.SetJobRun(ctx, r); err != nil {
			return 0, err
		}
	}
	due, at := s.occurrence(r, j.Retries, now)
	if at.After(now) {
		return at.Sub(now), nil
	}
	return 0, c.run(ctx, j, r, due)
}

// untold reports whether somebody must hear how the job is doing.
func untold(r JobRun, retries int) bool {
	switch {
	case r.Ended.IsZero():
		return false
	case r.Error != "":
		return r.Told.IsZero() && r.Tries > retries
	}
	return !r.Told.IsZero()
}

func (c *Cron) tell(ctx context.Context, r JobRun) bool {
	if c.cfg.Tell == nil {
		return true
	}
	if err := c.cfg.Tell(ctx, r); err != nil {
		c.log.WarnContext(ctx, "nobody could be told about a job yet", "job", r.Name, "error", err)
		return false
	}
	return true
}

// run does one try of an occurrence. If we stop before the first save nothing happened; between the saves, the try is begun again.
func (c *Cron) run(ctx context.Context, j Job, r JobRun, due time.Time) error {
	if !due.Equal(r.Due) {
		r.Due, r.Tries = due, 0
	}
	r.Tries, r.Started, r.Ended = r.Tries+1, wallNow(), time.Time{}
	if err := c.cfg.Memory.SetJobRun(ctx, r); err != nil {
		return err
	}
	result, err := c.try(ctx, j, due)
	if stopped := err != nil && ctx.Err() != nil; stopped {
		return nil // in the middle: it is begun again at the next start
	}
	r.Ended = wallNow()
	if err != nil {
		r.Error = clipBytes(err.Error(), maxResult)
		c.log.ErrorContext(ctx, "a job failed", "job", j.Name, "due", due, "try", r.Tries, "error", err)
	} else {
		r.Error, r.Result, r.Succeeded = "", clipBytes(result, maxResult), r.Ended
		c.log.InfoContext(ctx, "a job is done", "job", j.Name, "due", due, "took", r.Ended.Sub(r.Started).Round(time.Millisecond), "result", result)
	}
	return c.cfg.Memory.SetJobRun(context.WithoutCancel(ctx), r) // what was done is noted also when we are told to stop
}

var errJobPanic = errors.New("panic in the job")

func (c *Cron) try(ctx context.Context, j Job, due time.Time) (result string, err error) {
	ctx, cancel := context.WithTimeout(ctx, or(j.Timeout, defaultJobTimeout))
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			c.log.ErrorContext(ctx, "panic in a job", "job", j.Name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errJobPanic
		}
	}()
	return j.Run(ctx, due)
}

// wallNow is the time without its monotonic part, which stands still while a machine is suspended.
func wallNow() time.Time { return time.Now().Round(0).UTC() }

func clipBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return Clip(s[:n], n)
}
