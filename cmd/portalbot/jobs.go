package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
	_ "time/tzdata" // time zones for machines that have none, such as a container without a system

	"portalbot/bot"
	"portalbot/commands"
	"portalbot/provisioning"
	"portalbot/provisioning/report"
	"portalbot/store"
)

// upkeep does what has to be done now and then. Requests that expire, reminders and scheduled starts are not here: the engine looks for
// them every half minute.
type upkeep struct {
	store  *store.Store
	maker  *report.Maker
	talk   *commands.Commands
	client *bot.Client
	people *bot.People
	links  *bot.Links
	admins []string
	keep   time.Duration // how long names and addresses stay; 0: for ever
	log    *slog.Logger
}

// The retries of a job that needs the org or Slack, which may be away for a while.
var retries = []time.Duration{5 * time.Minute, 30 * time.Minute, 2 * time.Hour}

const (
	// keepDeliveries is how long a delivery's key stays known. Slack delivers again for two hours at most (docs.slack.dev, Events API, retries).
	keepDeliveries = 7 * 24 * time.Hour
	// keepSnapshots is how many days of seats are kept: two years, and the week that the first of them is compared with.
	keepSnapshots = 2*366 + 7
	// purgeTime bounds one run of the retention: Slack takes 50 files.delete a minute, and what is left is done the next night.
	purgeTime = 2 * time.Hour
)

// table is the table of jobs. Hours are those of the first report's time zone.
func (u *upkeep) table(cfg *Config) []bot.Job {
	zone := time.UTC
	var jobs []bot.Job
	for i, r := range cfg.Reports {
		if i == 0 {
			zone = r.zone()
		}
		jobs = append(jobs, bot.Job{Name: "report " + r.Name, Schedule: r.Schedule, Zone: r.zone(), Retries: retries, Run: func(ctx context.Context, due time.Time) (string, error) {
			return u.talk.MakeReport(ctx, r.Name, due, "")
		}})
	}
	return append(jobs,
		bot.Job{Name: "seats", Schedule: "45 5 * * *", Zone: zone, Retries: retries, Run: u.snapshot(zone)},
		bot.Job{Name: "retention", Schedule: "15 3 * * *", Zone: zone, Retries: retries, Timeout: purgeTime, Run: u.purge},
		bot.Job{Name: "clean up", Schedule: "35 3 * * *", Zone: zone, Run: u.cleanUp},
		bot.Job{Name: "data file", Schedule: "5 4 * * 0", Zone: zone, Timeout: purgeTime, Run: u.checkFile},
	)
}

// snapshot saves the seats of the date for the trends.
func (u *upkeep) snapshot(zone *time.Location) func(ctx context.Context, due time.Time) (string, error) {
	return func(ctx context.Context, due time.Time) (string, error) {
		n, err := u.maker.Snapshot(ctx, due.In(zone).Format(time.DateOnly))
		return fmt.Sprintf("seats of %d licences", n), err
	}
}

// purge takes names and addresses out of what ended before the retention: rows, plans, and the bot's own files in Slack. Counts, ids,
// actions and the audit stay, and the purge of each request is in the audit. If we stop in the middle of a request, it is done again
// from its start; each step may be repeated. One that fails does not hold up the others.
func (u *upkeep) purge(ctx context.Context, due time.Time) (string, error) {
	if u.keep <= 0 {
		return "nothing: there is no retention", nil
	}
	before := due.Add(-u.keep)
	purged, failed := 0, error(nil)
	for r, err := range u.store.Requests(ctx, provisioning.Filter{}) {
		if err != nil {
			return "", err
		}
		if !r.State.Ended() || !r.EndedAt.Before(before) {
			continue
		}
		fresh, err := u.retire(ctx, r.ID)
		if err != nil {
			failed = cmp.Or(failed, err)
			u.log.ErrorContext(ctx, "a request cannot be purged", "request", r.ID, "error", err)
		} else if fresh {
			purged++
		}
		if ctx.Err() != nil {
			break
		}
	}
	ids, err := u.store.PruneReports(ctx, before)
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		if err := u.forget(ctx, id); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d requests and %d reports purged", purged, len(ids)), failed
}

// retire purges one request; fresh is false when that was done before.
func (u *upkeep) retire(ctx context.Context, id string) (fresh bool, err error) {
	if done, err := u.store.Retired(ctx, id); err != nil || done {
		return false, err
	}
	if err := u.store.Purge(ctx, id); err != nil {
		return false, err
	}
	keys, err := u.store.MessageKeys(ctx, id)
	if err != nil {
		return false, err
	}
	deleted, kept := 0, 0
	for _, key := range keys {
		had, err := u.links.DeletePosted(ctx, key)
		switch {
		case errors.Is(err, bot.ErrNotOurs):
			kept++
		case err != nil:
			return false, fmt.Errorf("delete the file of %s: %w", key, err)
		case had:
			deleted++
		}
	}
	return true, u.store.Retire(ctx, id, provisioning.AuditEvent{
		At: time.Now(), Request: id, Event: "purged", Detail: map[string]string{"files": fmt.Sprint(deleted), "files kept": fmt.Sprint(kept)},
	})
}

// forget drops what is remembered of a report's messages.
func (u *upkeep) forget(ctx context.Context, id string) error {
	keys, err := u.store.MessageKeys(ctx, id)
	for _, key := range keys {
		err = errors.Join(err, u.store.DeleteMessage(ctx, key))
	}
	return err
}

// cleanUp forgets deliveries that cannot come again, and seats that are too old for any trend.
func (u *upkeep) cleanUp(ctx context.Context, due time.Time) (string, error) {
	deliveries, err := u.store.PruneDeliveries(ctx, due.Add(-keepDeliveries))
	if err != nil {
		return "", err
	}
	dates, err := u.store.PruneSnapshots(ctx, due.AddDate(0, 0, -keepSnapshots).Format(time.DateOnly))
	return fmt.Sprintf("%d deliveries and %d dates of seats forgotten", deliveries, dates), err
}

// checkFile goes through the data file. A damaged one, and one that is mostly empty, is something for the admins.
func (u *upkeep) checkFile(ctx context.Context, _ time.Time) (string, error) {
	use, err := u.store.Check(ctx)
	switch {
	case err != nil:
		return "", err
	case use.Damage != "":
		return "", fmt.Errorf("the data file is damaged (%s): make a backup now, stop the bot, and restore the last good copy", use.Damage)
	case use.Roomy():
		return "", fmt.Errorf("%d of the data file's %d MB are empty: stop the bot and compact the file, with \"bbolt compact -o NEW %s\"",
			use.Free>>20, use.Size>>20, u.store.Path())
	}
	return fmt.Sprintf("%d KB, %d KB of them free", use.Size>>10, use.Free>>10), nil
}

// tell sends the admins a line about a job, each by direct message. When one of them has got it that is enough.
func (u *upkeep) tell(ctx context.Context, r bot.JobRun) error {
	ids, err := u.people.Members(ctx, u.admins, time.Hour)
	if err != nil {
		return fmt.Errorf("read the admins: %w", err)
	}
	text := fmt.Sprintf("The job *%s* works again. %s", bot.Escape(r.Name), bot.Escape(bot.Clip(r.Result, 300)))
	if r.Error != "" {
		text = fmt.Sprintf(":warning: The job *%s* that was due %s failed: %s. It is tried again when it is due next; I tell you when it works.",
			bot.Escape(r.Name), bot.Date(r.Due), bot.Escape(bot.Clip(r.Error, 600)))
	}
	told := len(ids) == 0 // nobody to tell: it is in the log
	var failed error
	for _, id := range ids {
		if _, err := u.client.DM(ctx, id, bot.Message{Text: text}); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		told = true
	}
	if told {
		return nil
	}
	return failed
}

// jobMemory is the store as package bot wants it.
type jobMemory struct{ *store.Store }

// JobRun implements bot.JobMemory.
func (m jobMemory) JobRun(ctx context.Context, name string) (bot.JobRun, error) {
	r, err := m.Store.JobRun(ctx, name)
	return bot.JobRun(r), err
}

// SetJobRun implements bot.JobMemory.
func (m jobMemory) SetJobRun(ctx context.Context, r bot.JobRun) error {
	return m.Store.SetJobRun(ctx, store.JobRun(r))
}
