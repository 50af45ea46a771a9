package bot_test

import (
	"context"
	"errors"
	"testing"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/bot/slacksim"
)

// page is a modal that says a word.
func page(says, external string) slack.ModalViewRequest {
	text := slack.NewTextBlockObject(slack.PlainTextType, "Page", false, false)
	return slack.ModalViewRequest{
		Type: slack.VTModal, Title: text, Submit: text, Close: text, CallbackID: "page", ExternalID: external,
		Blocks: slack.Blocks{BlockSet: []slack.Block{section(says)}},
	}
}

// TestAnUpdateDoesNotOvertakeTheAcknowledgement has the view changed before Slack knows the one that the acknowledgement brings.
func TestAnUpdateDoesNotOvertakeTheAcknowledgement(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	ws := startSlack(t, slacksim.Config{})
	client := clientOf(ws)
	refused := make(chan struct{}, 100)
	ws.OnCall(nil, func(c slacksim.Call, r slacksim.Reply) {
		if c.Method == "views.update" && r.Body["error"] == "not_found" {
			refused <- struct{}{}
		}
	})
	early := make(chan error, 1)
	h := handler{
		ack: func(d bot.Delivery) bot.Ack {
			if d.Kind != bot.KindSubmit {
				return bot.Ack{}
			}
			go func() { // the work is quicker than the acknowledgement
				_, err := client.UpdateSubmitted(ctx, d.Submit.ID, d.Key, page("checked", ""))
				early <- err
			}()
			<-refused
			v := page("checking", d.Key)
			return bot.Ack{Update: &v}
		},
		handle: func(ctx context.Context, d bot.Delivery) error {
			if d.Kind != bot.KindCommand {
				return nil
			}
			_, err := client.OpenView(ctx, d.TriggerID, page("form", ""))
			return err
		},
	}
	_, stop := receive(t, ws, bot.ReceiverConfig{Client: client, Memory: newDisk(), Handler: h})
	ok(t, ws.User("ann").Type(ctx, "#portal", "/portal add"))
	v, err := ws.User("ann").WaitModal(ctx, "Page")
	ok(t, err)
	_, err = v.Submit(ctx)
	ok(t, err)
	ok(t, <-early)
	wants(t, "the view", v.Text(), "checked")
	ok(t, v.Close(ctx))
	_, err = client.UpdateSubmitted(ctx, v.ID(), "nobody", page("late", ""))
	wants(t, "a closed view is gone", errors.Is(err, bot.ErrViewGone), true)
	ok(t, stop())
}
