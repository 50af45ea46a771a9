package commands

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"portalbot/bot"
	"portalbot/provisioning"
	"portalbot/provisioning/report"
)

// Reporting is what is needed for reports. The zero value has none.
type Reporting struct {
	Plans []ReportPlan
	Maker *report.Maker
	Store ReportStore
}

// ReportPlan is one configured report.
type ReportPlan struct {
	report.Settings
	Channel string // empty: the channel of the requests
}

// ReportStore keeps reports, as package store does. A change is durable when its method returns. It is safe for concurrent use.
type ReportStore interface {
	// SaveReport saves a report with the notices that tell it, in one transaction. One whose id is known is left as it is, and not told
	// again; fresh is false then.
	SaveReport(ctx context.Context, id string, at time.Time, body []byte, notices []provisioning.Notice) (fresh bool, err error)
	// Report returns what was saved, nil when nothing was or it was purged.
	Report(ctx context.Context, id string) ([]byte, error)
}

// The parts of a report that are told, each by a notice of its own.
const (
	reportPage     provisioning.NoticeKind = "page"
	reportSeats    provisioning.NoticeKind = "seats" // Ref is the licence's place in the report
	reportActivity provisioning.NoticeKind = "activity"
)

// reportPrefix is how the ids of reports begin; those of requests begin otherwise.
const reportPrefix = "R-"

// chartsShown is how many licences a report draws: those with most seats in use.
const chartsShown = 3

// MakeReport makes a configured report on the period that ends at until, saves it with what tells it, and returns its id. It is made once for each
// occurrence: when it is there already nothing is done. origin names an extra one that a person asked for; it is empty for one on schedule.
func (c *Commands) MakeReport(ctx context.Context, name string, until time.Time, origin string) (id string, err error) {
	plan, ok := c.reportPlan(name)
	if !ok {
		return "", fmt.Errorf("there is no report %q", name)
	}
	id = reportID(plan, until, origin)
	body, err := c.cfg.Reports.Store.Report(ctx, id)
	if err != nil || body != nil {
		return id, err
	}
	r, err := c.cfg.Reports.Maker.Make(ctx, plan.Settings, until)
	if err != nil {
		return "", err
	}
	if body, err = r.Encode(); err != nil {
		return "", err
	}
	at := c.now()
	notices := []provisioning.Notice{{Kind: reportPage, Rev: 1, At: at}}
	if !r.Quiet() {
		for i, s := range r.Seats {
			if i < chartsShown && s.Drawable() {
				notices = append(notices, provisioning.Notice{Kind: reportSeats, Ref: strconv.Itoa(i), Rev: 1, At: at})
			}
		}
		if report.Busy(r.Activity) {
			notices = append(notices, provisioning.Notice{Kind: reportActivity, Rev: 1, At: at})
		}
	}
	if _, err := c.cfg.Reports.Store.SaveReport(ctx, id, at, body, notices); err != nil {
		return "", err
	}
	return id, nil
}

// reportID is the same for the same occurrence: a date for one on schedule.
func reportID(plan ReportPlan, until time.Time, origin string) string {
	zone := plan.Zone
	if zone == nil {
		zone = time.UTC
	}
	id := reportPrefix + plan.Name + "-" + until.In(zone).Format(time.DateOnly)
	if origin != "" {
		sum := sha256.Sum256([]byte(origin))
		id += "-" + hex.EncodeToString(sum[:5])
	}
	return id
}

func (c *Commands) reportPlan(name string) (ReportPlan, bool) {
	for _, p := range c.cfg.Reports.Plans {
		if strings.EqualFold(p.Name, name) {
			return p, true
		}
	}
	return ReportPlan{}, false
}

// loadReport returns a saved report; ok is false when it was purged.
func (c *Commands) loadReport(ctx context.Context, id string) (r report.Report, ok bool, err error) {
	if c.cfg.Reports.Store == nil {
		return report.Report{}, false, nil
	}
	body, err := c.cfg.Reports.Store.Report(ctx, id)
	if err != nil || body == nil {
		return report.Report{}, false, err
	}
	r, err = report.Decode(body)
	if err != nil {
		return report.Report{}, false, fmt.Errorf("report %s: %w", id, err)
	}
	return r, true, nil
}

// renderReport returns the post for a part of a report.
func (c *Commands) renderReport(ctx context.Context, id string, kind provisioning.NoticeKind, ref string) (bot.Post, error) {
	r, ok, err := c.loadReport(ctx, id)
	if err != nil || !ok {
		return bot.Post{Skip: true}, err
	}
	inThread := bot.Post{Rev: 1, ThreadKey: provisioning.Notice{Request: id, Kind: reportPage}.Key()}
	switch kind {
	case reportPage:
		plan, _ := c.reportPlan(r.Name) // one that was taken out of the configuration goes where requests go
		channel := plan.Channel
		if channel == "" {
			channel = c.cfg.Channel
		}
		p := c.reportMessage(ctx, id, r)
		return bot.Post{Rev: 1, Channel: channel, Text: bot.Clip(p.text, maxText), Blocks: p.blocks, Fallback: p.fallback}, nil
	case reportSeats:
		for n, s := range r.Seats {
			if ref == strconv.Itoa(n) {
				inThread.File = seatsPicture(id, n, s)
				return inThread, nil
			}
		}
	case reportActivity:
		inThread.File = activityPicture(id, r.Activity)
		return inThread, nil
	}
	return bot.Post{Skip: true}, nil
}

// report is the command: it makes a report now.
func (c *Commands) report(ctx context.Context, in call) error {
	plans := c.cfg.Reports.Plans
	if len(plans) == 0 {
		return c.say(ctx, in, "No report is configured. Whoever runs this bot can add one under `reports`.")
	}
	plan := plans[0]
	if len(in.args) > 0 {
		named, ok := c.reportPlan(in.args[0])
		if !ok {
			names := make([]string, len(plans))
			for i, p := range plans {
				names[i] = "`" + p.Name + "`"
			}
			return c.say(ctx, in, fmt.Sprintf("There is no report %s. There is %s.", esc(in.args[0], 40), joinWords(names)))
		}
		plan = named
	}
	id, err := c.MakeReport(ctx, plan.Name, in.At, in.Key)
	if err != nil {
		return err
	}
	channel := plan.Channel
	if channel == "" {
		channel = c.cfg.Channel
	}
	c.log.InfoContext(ctx, "a person asked for a report", "report", id, "person", in.User)
	return c.say(ctx, in, fmt.Sprintf("The report %s is made and comes in <#%s>.", plan.Name, channel))
}
