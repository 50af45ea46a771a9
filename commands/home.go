package commands

import (
	"context"
	"fmt"

	"github.com/slack-go/slack"

	"portalbot/provisioning"
)

const (
	// homeListed is how many requests each part of the Home tab shows.
	homeListed = 8
	// homeScanned is how many of the latest requests the Home tab looks at, so that it stays quick whatever the history.
	homeScanned = 500
)

// home publishes the Home tab: what waits for the person, what runs, what they asked for.
func (c *Commands) home(ctx context.Context, in call) error {
	held := c.held(ctx, in.User)
	var waiting, running, mine []linked
	scanned := 0
	for r, err := range c.service.Requests(ctx, provisioning.Filter{Limit: homeScanned}) {
		if err != nil {
			return err
		}
		scanned++
		own := r.Terms.Requester == in.User
		switch {
		case r.State == provisioning.StatePlanning, dropped(r):
		case own && len(mine) < homeListed:
			mine = append(mine, c.withLink(ctx, r))
		}
		switch {
		case r.State == provisioning.StatePending && !own && held&approvers != 0 && !r.ApprovedBy(in.User) && len(waiting) < homeListed:
			waiting = append(waiting, c.withLink(ctx, r))
		case r.State.Started() && !r.State.Ended() && held != anyone && len(running) < homeListed:
			running = append(running, c.withLink(ctx, r))
		}
	}
	if err := c.client.PublishHome(ctx, in.User, homeView(c.cfg.Name, c.cfg.Channel, held, waiting, running, mine)); err != nil {
		return fmt.Errorf("publish the Home tab: %w", err)
	}
	return nil
}

// homeView is the Home tab. A decision is made next to the plan: in the thread, or in what Show opens.
func homeView(name, channel string, held rights, waiting, running, mine []linked) slack.HomeTabViewRequest {
	blocks := []slack.Block{header("Portal users")}
	if held&requesters != 0 {
		blocks = append(blocks, buttonBlock(
			form{Verb: provisioning.VerbAdd}.button(verbWords(provisioning.VerbAdd)),
			form{Verb: provisioning.VerbDisable}.button(verbWords(provisioning.VerbDisable)),
		))
	}
	part := func(title, nothing string, requests []linked) {
		blocks = append(blocks, slack.NewDividerBlock(), section("*"+title+"*"))
		if len(requests) == 0 {
			blocks = append(blocks, footnote(nothing))
		}
		for _, r := range requests {
			b := pushButton(actionStatus, r.ID, "Show")
			blocks = append(blocks, slack.NewSectionBlock(mrkdwn(fit([]string{listLine(r)}, maxSection)), nil, slack.NewAccessory(b)))
		}
	}
	if held&approvers != 0 {
		part("Waiting for you", fmt.Sprintf("Nothing waits for you. Plans come up in <#%s>.", channel), waiting)
	}
	if held != anyone {
		part("Running now", "Nothing is running.", running)
	}
	part("Your requests", fmt.Sprintf("You have made no request yet. Type `%s help` to see what you can do.", name), mine)
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: blocks}}
}
