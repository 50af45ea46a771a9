package bot_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/bot/slacksim"
)

func TestAResponseURLIsUsedFiveTimesAndThenAnotherWayIsFound(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	client, ctx := clientOf(ws), within(t)
	got := make(chan bot.Delivery, 1)
	_, stop := receive(t, ws, bot.ReceiverConfig{Client: client, Memory: newDisk(), Handler: handler{
		handle: func(_ context.Context, d bot.Delivery) error { got <- d; return nil },
	}})
	ann := ws.User("ann")
	ok(t, ann.Type(ctx, "#portal", "/portal help"))
	d := <-got
	for range bot.ResponseUses {
		ok(t, client.Respond(ctx, d.ResponseURL, bot.Message{Text: "through the URL"}))
	}
	err := client.Respond(ctx, d.ResponseURL, bot.Message{Text: "once more"})
	wants(t, "spent", errors.Is(err, bot.ErrResponseSpent), true)
	ok(t, client.Reply(ctx, d, bot.Message{Text: "another way"}))
	_, err = ann.WaitEphemeral(ctx, func(m slacksim.Message) bool { return m.Read == "another way" })
	ok(t, err)
	wants(t, "ephemeral calls", ws.Count("chat.postEphemeral"), 1)

	d.ResponseURL, d.Channel = "", "" // a modal has neither
	ok(t, client.Reply(ctx, d, bot.Message{Text: "by direct message"}))
	_, err = ann.WaitDM(ctx, func(m slacksim.Message) bool { return m.Read == "by direct message" })
	ok(t, err)
	ok(t, stop())

	err = client.Respond(ctx, "https://slack.com.evil.example/commands/1", bot.Message{Text: "secret"})
	if err == nil {
		t.Error("an answer went to somebody else's server")
	}
}

func TestATriggerIsGoodForOneModal(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	client, ctx := clientOf(ws), within(t)
	got := make(chan bot.Delivery, 1)
	_, stop := receive(t, ws, bot.ReceiverConfig{Client: client, Memory: newDisk(), Handler: handler{
		handle: func(_ context.Context, d bot.Delivery) error { got <- d; return nil },
	}})
	ok(t, ws.User("ann").Type(ctx, "#portal", "/portal add"))
	d := <-got
	v, err := client.OpenView(ctx, d.TriggerID, modal("Add users"))
	ok(t, err)
	_, err = client.OpenView(ctx, d.TriggerID, modal("Add users"))
	wants(t, "used", errors.Is(err, bot.ErrTriggerDead), true)

	w, err := client.UpdateView(ctx, v.ID, v.Hash, modal("Checked"))
	ok(t, err)
	_, err = client.UpdateView(ctx, v.ID, v.Hash, modal("Too late"))
	wants(t, "changed meanwhile", errors.Is(err, bot.ErrViewGone), true)
	m, err := ws.User("ann").WaitModal(ctx, "Checked")
	ok(t, err)
	ok(t, m.Close(ctx))
	_, err = client.UpdateView(ctx, w.ID, "", modal("Closed"))
	wants(t, "closed", errors.Is(err, bot.ErrViewGone), true)
	ok(t, stop())
}

func TestAClickIsDeliveredWithItsMessage(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	client, ctx := clientOf(ws), within(t)
	got := make(chan bot.Delivery, 1)
	_, stop := receive(t, ws, bot.ReceiverConfig{Client: client, Memory: newDisk(), Handler: handler{
		handle: func(_ context.Context, d bot.Delivery) error { got <- d; return nil },
	}})
	button := slack.NewActionBlock("plan", slack.NewButtonBlockElement("approve", "R1 digest", slack.NewTextBlockObject(slack.PlainTextType, "Approve", false, false)))
	ref, err := client.DM(ctx, "U0BEN", bot.Message{Text: "a plan", Blocks: []slack.Block{section("a plan"), button}})
	ok(t, err)
	ben := ws.User("ben")
	m, err := ben.WaitDM(ctx, func(m slacksim.Message) bool { return m.TS == ref.TS })
	ok(t, err)
	ok(t, ben.Click(ctx, m, "Approve"))
	d := <-got
	wants(t, "kind", d.Kind, bot.KindAction)
	wants(t, "action", d.Action.ID, "approve")
	wants(t, "value", d.Action.Value, "R1 digest")
	wants(t, "message", d.MessageTS, ref.TS)
	wants(t, "user", d.User, "U0BEN")
	link, err := client.Permalink(ctx, ref.Channel, ref.TS)
	ok(t, err)
	if !strings.Contains(link, ref.Channel) {
		t.Errorf("permalink %s", link)
	}
	ok(t, stop())
}

func TestAnEphemeralMessageIsReplacedAndTakenAwayByItsOwnURL(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	client, ctx := clientOf(ws), within(t)
	_, stop := receive(t, ws, bot.ReceiverConfig{Client: client, Memory: newDisk(), Handler: handler{
		handle: func(ctx context.Context, d bot.Delivery) error {
			if !d.Action.Ephemeral {
				t.Error("the click does not say that the message is ephemeral")
			}
			return client.Reply(ctx, d, bot.Message{
				Text: "sure?", Blocks: []slack.Block{section("sure?"), buttons("yes", "Yes")},
				ReplaceOriginal: d.Action.ID == "ask", DeleteOriginal: d.Action.ID == "yes",
			})
		},
	}})
	ok(t, client.Ephemeral(ctx, "C0PORTAL", "", "U0ANN", bot.Message{Text: "q", Blocks: []slack.Block{section("question"), buttons("ask", "Ask")}}))
	ann := ws.User("ann")
	m, err := ann.WaitEphemeral(ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "question") })
	ok(t, err)
	ok(t, ann.Click(ctx, m, "Ask"))
	m, err = ann.WaitEphemeral(ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "sure?") })
	ok(t, err)
	ok(t, ann.Click(ctx, m, "Yes"))
	await(t, "an empty channel", func() bool { return len(ann.Sees("#portal")) == 0 })
	ok(t, stop())
}

func buttons(id, text string) slack.Block {
	return slack.NewActionBlock("", slack.NewButtonBlockElement(id, "", slack.NewTextBlockObject(slack.PlainTextType, text, false, false)))
}

func TestAShortcutBringsTheMessagesFiles(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	ctx := within(t)
	got := make(chan bot.Delivery, 1)
	_, stop := receive(t, ws, bot.ReceiverConfig{Memory: newDisk(), Handler: handler{
		handle: func(_ context.Context, d bot.Delivery) error { got <- d; return nil },
	}})
	ann, ben := ws.User("ann"), ws.User("ben")
	m, err := ann.Upload("#portal", "users.csv", []byte("Email\n"))
	ok(t, err)
	ok(t, ben.Shortcut(ctx, m, "Provision from CSV"))
	d := <-got
	wants(t, "callback", d.Shortcut.CallbackID, "portal_add_from_message")
	wants(t, "author", d.Shortcut.Author, "U0ANN")
	wants(t, "file", d.Shortcut.Files[0].Name, "users.csv")
	wants(t, "message", d.MessageTS, m.TS)
	ok(t, stop())
}

func TestAFileIsSentToOnePerson(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	ctx := within(t)
	ok(t, clientOf(ws).SendFile(ctx, "U0ANN", bot.Message{Text: "Here is a template."}, bot.Upload{
		Name: "template.csv", Write: func(w io.Writer) error { _, err := io.WriteString(w, "Email\n"); return err },
	}))
	_, err := ws.User("ann").WaitDM(ctx, func(m slacksim.Message) bool { return len(m.Files) == 1 && string(m.Files[0].Data) == "Email\n" })
	ok(t, err)
}

func TestTheIdentityNamesTheScopes(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	client := clientOf(ws)
	for range 2 {
		id, err := client.Identity(t.Context())
		ok(t, err)
		wants(t, "user", id.UserID, "U0PORTAL")
		wants(t, "team", id.TeamID, "T0ACME")
		t.Log(id.Scopes)
	}
	wants(t, "calls", ws.Count("auth.test"), 1)
}

func TestACallGivesUpWhenSlackWantsALongerWaitThanThereIsTime(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	ws.Inject(slacksim.Fault{Kind: slacksim.RateLimit, Method: "chat.postEphemeral", RetryAfter: time.Hour, Nth: 1})
	ctx := within(t)
	began := time.Now()
	if err := clientOf(ws).Ephemeral(ctx, "C0PORTAL", "", "U0ANN", bot.Message{Text: "no"}); err == nil {
		t.Error("no error")
	}
	if time.Since(began) > 5*time.Second {
		t.Error("it waited for nothing")
	}
}
