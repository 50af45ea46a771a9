package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/provisioning"
)

// progressPage is the progress of a run, and its summary once it has ended.
func (c *Commands) progressPage(ctx context.Context, r provisioning.Request) (page, error) {
	if !r.State.Ended() && r.State != provisioning.StateBlocked {
		return runPage(r, c.now()), nil
	}
	failures, err := c.service.Failures(ctx, r)
	if err != nil {
		return page{}, fmt.Errorf("group what failed in %s: %w", r.ID, err)
	}
	if r.State == provisioning.StateBlocked {
		p := runPage(r, c.now())
		decideBlocks(&p, r, failures)
		return p, nil
	}
	return summaryPage(r, failures, c.filesToDM(r)), nil
}

// runPage is a run as it goes on.
func runPage(r provisioning.Request, now time.Time) page {
	pr := r.Progress
	done, total := pr.Closed(), pr.Total
	title := fmt.Sprintf("%s: %s of %s rows done", r.ID, number(done), number(total))
	if n := unwell(pr); n > 0 {
		title += fmt.Sprintf(", %s failed", number(n))
	}
	p := page{text: title}
	p.rich(runPlan(r, title), section("*"+title+"*", bar(done, total), "So far: "+statusCounts(pr)+"."))
	switch r.State {
	case provisioning.StatePaused, provisioning.StateBlocked:
		p.both(section(stateIcon(r) + " " + stateWords(r)))
	}
	p.both(footnote(paceWords(r, now)))
	if r.StopBy == "" {
		p.both(stopBlock(r))
	}
	return p
}

// runPlan shows the run as a plan block: what is behind, what is under way, what is to come.
func runPlan(r provisioning.Request, title string) slack.Block {
	status := slack.TaskCardStatusInProgress
	if r.State == provisioning.StateBlocked {
		status = slack.TaskCardStatusError
	}
	approved := "Approved by nobody"
	if n := len(r.Approvals); n > 0 {
		approved = fmt.Sprintf("Approved (%d of %d)", n, max(n, r.Required))
	}
	work := slack.NewTaskCardBlock("rows", verbWords(r.Terms.Verb)).WithStatus(status).
		WithDetails(richLines(bar(r.Progress.Closed(), r.Progress.Total), "So far: "+statusCounts(r.Progress)+"."))
	return slack.NewPlanBlock(title).WithTasks(
		slack.NewTaskCardBlock("approved", approved).WithStatus(slack.TaskCardStatusComplete),
		work,
		slack.NewTaskCardBlock("results", "Summary and results file").WithStatus(slack.TaskCardStatusPending),
	)
}

func richLines(lines ...string) *slack.RichTextBlock {
	b := slack.NewRichTextBlock("")
	for _, l := range lines {
		b.Elements = append(b.Elements, slack.NewRichTextSection(slack.NewRichTextSectionTextElement(l, nil)))
	}
	return b
}

// bar draws how far a run is.
func bar(done, total int) string {
	const width = 20
	full := 0
	if total > 0 {
		full = min(width, done*width/total)
	}
	return strings.Repeat("▓", full) + strings.Repeat("░", width-full) + fmt.Sprintf(" %d %%", percent(done, total))
}

func percent(done, total int) int {
	if total == 0 {
		return 0
	}
	return min(100, done*100/total)
}

// paceWords says how fast a run is and how long it will take.
func paceWords(r provisioning.Request, now time.Time) string {
	started := "Started " + bot.Date(r.StartedAt)
	if n := len(r.Restarts); n > 0 {
		started += fmt.Sprintf(" · restarted %s", count(r.Restarts[n-1].Number, "time"))
	}
	closedBefore := r.Plan.Summary.Actions[provisioning.ActionSkip] + r.Plan.Summary.Actions[provisioning.ActionInvalid]
	did := r.Progress.Closed() - closedBefore
	took := r.Progress.LastAt.Sub(r.Progress.FirstAt)
	if did <= 0 || took <= 0 || r.State != provisioning.StateRunning {
		return started
	}
	left := time.Duration(float64(took) / float64(did) * float64(openRows(r)))
	pace := float64(did) / took.Minutes()
	return fmt.Sprintf("%s · %s a minute · about %s left · as of %s", started, count(max(1, int(pace)), "row"), roughly(left), bot.Date(now))
}

// roughly words a duration as a person would.
func roughly(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return "10 seconds"
	case d < 90*time.Second:
		return fmt.Sprintf("%d seconds", int(d.Round(10*time.Second)/time.Second))
	case d < 90*time.Minute:
		return fmt.Sprintf("%d minutes", int(d.Round(time.Minute)/time.Minute))
	}
	return fmt.Sprintf("%.1f hours", d.Hours())
}

// summaryPage is the last edit of the progress: counts, and what failed with how to mend it.
func summaryPage(r provisioning.Request, failures []provisioning.FailureGroup, filesToDM bool) page {
	p := page{text: fmt.Sprintf("%s: %s", r.ID, statusCounts(r.Progress))}
	p.both(header(fmt.Sprintf("%s: %s", r.ID, endWords(r))), section(summaryLines(r)...))
	failureBlocks(&p, "*What needs a look*", failures)
	buttons := againButtons(r)
	if filesToDM {
		buttons = append(buttons, pushButton(actionFile, r.ID+" "+string(provisioning.NoticeResults), "Send me the results"))
	}
	if len(buttons) > 0 {
		p.both(buttonBlock(buttons...))
	}
	return p
}

// failureBlocks shows reasons in a table, if there are any.
func failureBlocks(p *page, title string, failures []provisioning.FailureGroup) {
	if len(failures) == 0 {
		return
	}
	var rows [][]string
	var lines []string
	for _, g := range failures {
		rows = append(rows, failureCells(g))
		lines = append(lines, failureLine(g))
	}
	t, left := table([]string{"Result", "Rows", "What happened", "How to mend it"}, rows)
	p.both(section(title))
	p.rich(t, section(lines...))
	if left > 0 {
		p.both(footnote(fmt.Sprintf("%s more in the results file.", capital(count(left, "reason")))))
	}
}

func endWords(r provisioning.Request) string {
	switch r.State {
	case provisioning.StateStopped:
		return "stopped"
	case provisioning.StateFailed:
		return "could not be finished"
	}
	if n := unwell(r.Progress); n > 0 {
		return fmt.Sprintf("done, %s", count(n, "row needs a look/rows need a look"))
	}
	return "done"
}

func summaryLines(r provisioning.Request) []string {
	pr := r.Progress
	lines := []string{fmt.Sprintf("*Rows:* %s: %s", number(pr.Total), statusCounts(pr))}
	if r.State == provisioning.StateFailed {
		lines = append(lines, ":x: "+esc(sentenceEnd(r.Ending.Reason), 400))
	}
	if r.State == provisioning.StateStopped {
		lines = append(lines, "*Stopped by:* "+bot.Mention(r.Ending.Person))
	}
	if m := mailLine(r); m != "" {
		lines = append(lines, m)
	}
	if pr.FollowFailed > 0 {
		lines = append(lines, fmt.Sprintf(":warning: %s, but did not get every permission set or group.", count(pr.FollowFailed, "user exists/users exist")))
	}
	if pr.Adopted > 0 {
		lines = append(lines, fmt.Sprintf(":information_source: Salesforce's answer for %s was lost on the way. I looked, found it done there, and did not repeat it.", count(pr.Adopted, "row")))
	}
	var names []string
	for _, a := range r.Approvals {
		names = append(names, bot.Mention(a.Person))
	}
	if len(names) > 0 {
		lines = append(lines, "*Approved by:* "+joinWords(names))
	}
	if !r.StartedAt.IsZero() && !r.EndedAt.IsZero() {
		lines = append(lines, fmt.Sprintf("*Took:* %s", took(r.EndedAt.Sub(r.StartedAt))))
	}
	return lines
}

// mailLine says how many welcome e-mails were requested. Whether one arrives nobody here can know.
func mailLine(r provisioning.Request) string {
	if r.Terms.Verb != provisioning.VerbAdd {
		return ""
	}
	made := r.Progress.Counts[provisioning.StatusCreated]
	switch r.Plan.Summary.Mail {
	case provisioning.MailHeader:
		return fmt.Sprintf("*Welcome e-mails:* %s requested from Salesforce", number(made))
	case provisioning.MailSite:
		return "*Welcome e-mails:* left to the site's own setting"
	}
	return "*Welcome e-mails:* none requested"
}

func took(d time.Duration) string {
	if d < 2*time.Minute {
		return count(max(1, int(d.Round(time.Second)/time.Second)), "second")
	}
	return count(int(d.Round(time.Minute)/time.Minute), "minute")
}

// groupStatus is the status that a group of failures shows: rows that worked but for a follow-up say so.
func groupStatus(g provisioning.FailureGroup) string {
	if g.Status.Succeeded() {
		return statusWords(g.Status) + ", incomplete"
	}
	return statusWords(g.Status)
}

func groupRows(g provisioning.FailureGroup) string {
	rows := make([]int, len(g.First))
	for i, f := range g.First {
		rows[i] = f.Row.Number
	}
	return rowsText(rows, g.Count)
}

func failureCells(g provisioning.FailureGroup) []string {
	what := g.Text
	if g.Code != "" {
		what = g.Code + ": " + g.Text
	}
	return []string{raw(groupStatus(g), 40), raw(groupRows(g), 80), raw(what, 250), raw(g.Fix, 250)}
}

func failureLine(g provisioning.FailureGroup) string {
	line := fmt.Sprintf("• *%s* (%s): %s", groupStatus(g), groupRows(g), esc(sentenceEnd(g.Text), 250))
	if g.Fix != "" {
		line += " " + esc(sentenceEnd(g.Fix), 250)
	}
	return line
}
