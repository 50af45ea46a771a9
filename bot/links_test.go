package bot_test

import (
	"testing"

	"portalbot/bot"
	"portalbot/bot/slacksim"
)

func TestALinkIsWhatSlackItselfGives(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	ws := startSlack(t, slacksim.Config{})
	d, client := newDisk(), clientOf(ws)
	links := bot.NewLinks(client, d)
	link, err := links.Link(ctx, "P-1/root")
	ok(t, err)
	wants(t, "link to what was never posted", link, "")
	d.add(story("P-1", 1)...)
	stop := post(t, ws, d, renderStory, bot.OutboxConfig{})
	d.empty(t)
	stop()
	for _, key := range []string{"P-1/root", "P-1/progress"} {
		ref, err := links.Find(ctx, key)
		ok(t, err)
		link, err := links.Link(ctx, key)
		ok(t, err)
		want, err := client.Permalink(ctx, ref.Channel, ref.TS)
		ok(t, err)
		wants(t, "link of "+key, link, want)
	}
}
