package main

import (
	"fmt"
	"regexp"
	"time"

	"portalbot/bot"
	"portalbot/commands"
	"portalbot/provisioning/report"
)

// reportName is what a report may be called: its name stands in commands, ids and file names.
var reportName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,23}$`)

// mostPeriod bounds a report's period, so that its requests are still there: rows are purged after the retention.
const mostPeriod = 62 * 24 * time.Hour

// reportDefaults fills in what a report does not say.
func (c *Config) reportDefaults() {
	for i := range c.Reports {
		r := &c.Reports[i]
		if r.Name == "" && len(c.Reports) == 1 {
			r.Name = "nightly"
		}
		if r.Schedule == "" {
			r.Schedule = "0 6 * * *"
		}
		if r.Timezone == "" {
			r.Timezone = "UTC"
		}
		if r.Period == 0 {
			r.Period = Duration(24 * time.Hour)
		}
	}
}

// checkReports lists what is wrong with the reports, one sentence each.
func (c *Config) checkReports() []string {
	var bad complaints
	need := bad.need
	seen := map[string]bool{}
	for i, r := range c.Reports {
		at := fmt.Sprintf("reports[%d]", i)
		need(reportName.MatchString(r.Name), "%s.name is %q: write up to 24 of a-z, 0-9, - and _.", at, r.Name)
		need(!seen[r.Name], "%s.name is %q, as another report's is.", at, r.Name)
		seen[r.Name] = true
		zone, err := time.LoadLocation(r.Timezone)
		need(err == nil && r.Timezone != "Local", "%s.timezone is %q: write a name such as America/Los_Angeles.", at, r.Timezone)
		_, err = bot.ParseSchedule(r.Schedule, zone)
		need(err == nil, "%s.schedule: %v.", at, err)
		for _, name := range r.Portals {
			_, known := c.Portals[name]
			need(known, "%s.portals names %q, which portals does not have.", at, name)
		}
		day := 24 * time.Hour
		period := time.Duration(r.Period)
		need(period >= day && period <= mostPeriod && period%day == 0, "%s.period: write 1d to 62d.", at)
		whole := func(d Duration) bool { return time.Duration(d)%day == 0 }
		need(whole(r.NeverLoggedInAfter), "%s.never_logged_in_after: write whole days, such as 14d.", at)
		need(whole(r.InactiveAfter), "%s.inactive_after: write whole days, such as 90d.", at)
	}
	return bad
}

// zone is the report's time zone, which checkReports has found to exist.
func (r ReportConfig) zone() *time.Location {
	z, err := time.LoadLocation(r.Timezone)
	if err != nil {
		return time.UTC
	}
	return z
}

// reportPlans converts the configured reports.
func (c *Config) reportPlans() []commands.ReportPlan {
	var plans []commands.ReportPlan
	for _, r := range c.Reports {
		plans = append(plans, commands.ReportPlan{
			Settings: report.Settings{
				Name: r.Name, Portals: r.Portals, Zone: r.zone(), Days: int(time.Duration(r.Period) / (24 * time.Hour)),
				NeverLoggedInAfter: time.Duration(r.NeverLoggedInAfter), InactiveAfter: time.Duration(r.InactiveAfter),
			},
			Channel: r.Channel,
		})
	}
	return plans
}

// profileNames are the names of each portal's profiles.
func (c *Config) profileNames() map[string][]string {
	names := make(map[string][]string, len(c.Portals))
	for name, p := range c.Portals {
		names[name] = append([]string{p.Profile}, p.Profiles...)
	}
	return names
}
