package conformance_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"portalbot/bot/slacksim"
)

// boltApp is the running Bolt app between a workspace and its people.
type boltApp struct {
	t   *testing.T
	ctx context.Context
	*slacksim.Workspace
	stdin io.Closer
	exit  chan error
}

func startBolt(t *testing.T, cfg slacksim.Config) *boltApp {
	t.Helper()
	t.Parallel()
	need(t, installed("@slack/bolt"))
	ws, err := slacksim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ws.Close)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute) // the app outlives the test's own context
	cmd, out := command(ctx, t, map[string]string{"APIURL": ws.APIURL(), "BotToken": ws.BotToken(), "AppToken": ws.AppToken()}, "node", "bolt.mjs")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := &boltApp{t: t, ctx: ctx, Workspace: ws, stdin: stdin, exit: make(chan error, 1)}
	go func() { b.exit <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = stdin.Close()
		if err := <-b.exit; err != nil {
			t.Errorf("the app: %v", err)
		}
		cancel()
		t.Logf("the app said:\n%s", out)
		if problems := ws.AckProblems(); len(problems) > 0 {
			t.Errorf("acks: %v", problems)
		}
	})
	b.ok(ws.WaitSockets(ctx, 1))
	return b
}

func (b *boltApp) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// message waits for a message that reads so.
func (b *boltApp) message(part string) slacksim.Message {
	b.t.Helper()
	m, err := b.WaitMessage(b.ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, part) })
	if err != nil {
		b.t.Fatalf("%q: %v", part, err)
	}
	return m
}

func TestABoltAppPlaysTheStory(t *testing.T) {
	b := startBolt(t, slacksim.Config{})
	ann, ben := b.User("ann"), b.User("ben")
	csv := []byte("Email\na@b.example\nc@d.example\n")

	b.ok(ann.Type(b.ctx, "#portal", "/portal whoami"))
	_, err := ann.WaitEphemeral(b.ctx, func(m slacksim.Message) bool { return strings.HasPrefix(m.Read, "You are @ann in C0PORTAL") })
	b.ok(err)
	_, err = ann.WaitEphemeral(b.ctx, func(m slacksim.Message) bool { return strings.HasSuffix(m.Read, ": requester") })
	b.ok(err)

	b.ok(ann.Type(b.ctx, "#portal", "/portal add"))
	modal, err := ann.WaitModal(b.ctx, "Add portal users")
	b.ok(err)
	b.ok(modal.Attach("CSV file", "users.csv", csv))
	b.ok(modal.Fill("Note", "wrong"))
	seen, err := modal.Submit(b.ctx)
	b.ok(err)
	if seen.Errors["Note"] != "That is no note." {
		t.Errorf("errors: %v", seen.Errors)
	}
	b.ok(modal.Fill("Note", "for Acme"))
	seen, err = modal.Submit(b.ctx)
	b.ok(err)
	if !seen.Updated {
		t.Errorf("the dialog did not change: %+v", seen)
	}
	b.ok(modal.Wait(b.ctx, func(v *slacksim.View) bool { return strings.Contains(v.Text(), "Posted, with file F") }))
	b.ok(modal.Close(b.ctx))
	root := b.message("2 users for @ann: for Acme")
	plan := b.message("The plan as a file")
	if plan.ThreadTS != root.TS || len(plan.Files) != 1 || !bytes.Equal(plan.Files[0].Data, []byte("Row,Action\n1,create\n2,create\n")) {
		t.Errorf("plan: %v %+v", plan, plan.Files)
	}

	if err := ben.Click(b.ctx, root, "Deny"); !errors.Is(err, slacksim.ErrConfirm) {
		t.Errorf("deny without asking: %v", err)
	}
	b.ok(ben.Click(b.ctx, root, "Approve"))
	root, err = b.WaitEdit(b.ctx, root, func(m slacksim.Message) bool { return strings.Contains(m.Read, "P-1 approved by @ben") })
	b.ok(err)
	if len(root.Versions) != 2 {
		t.Errorf("%d versions", len(root.Versions))
	}
	_, err = ben.WaitEphemeral(b.ctx, func(m slacksim.Message) bool { return m.Read == "Thank you." })
	b.ok(err)
	b.message("2 in the thread, portal_request, linked")

	b.ok(ann.Type(b.ctx, "#portal", "/portal add"))
	modal, err = ann.WaitModal(b.ctx, "Add portal users")
	b.ok(err)
	b.ok(modal.Close(b.ctx))
	_, err = ann.WaitEphemeral(b.ctx, func(m slacksim.Message) bool { return m.Read == "Nothing was sent." })
	b.ok(err)
}

func TestABoltAppHearsEventsAndShortcuts(t *testing.T) {
	b := startBolt(t, slacksim.Config{})
	ann := b.User("ann")
	b.ok(ann.OpenHome(b.ctx))
	_, err := ann.WaitHome(b.ctx, func(v *slacksim.View) bool { return v.Text() == "Hello @ann" })
	b.ok(err)
	_, err = ann.Message("@portal", "good morning")
	b.ok(err)
	_, err = ann.WaitDM(b.ctx, func(m slacksim.Message) bool { return m.Read == "You said good morning" })
	b.ok(err)
	_, err = ann.Upload("@portal", "users.csv", []byte("Email\nx@y.example\n"))
	b.ok(err)
	_, err = ann.WaitDM(b.ctx, func(m slacksim.Message) bool { return m.Read == "users.csv: 18 bytes" })
	b.ok(err)

	msg, err := ann.Upload("#portal", "users.csv", []byte("Email\nx@y.example\n"))
	b.ok(err)
	b.ok(ann.Shortcut(b.ctx, msg, "Provision from CSV"))
	_, err = ann.WaitModal(b.ctx, "Add portal users")
	b.ok(err)
}

func TestABoltAppReconnectsAndMeetsRedeliveries(t *testing.T) {
	b := startBolt(t, slacksim.Config{})
	ann := b.User("ann")
	mention := func(text string) {
		t.Helper()
		m, err := ann.Message("#portal", "@portal "+text)
		b.ok(err)
		_, err = b.WaitMessage(b.ctx, func(r slacksim.Message) bool { return r.ThreadTS == m.TS && r.Read == "hello" })
		b.ok(err)
	}
	mention("one")
	if !b.Redeliver(2) {
		t.Fatal("there is nothing to deliver again")
	}
	b.message("again, attempt 2")

	connections := b.Count("apps.connections.open")
	b.Disconnect("warning")
	b.Disconnect("refresh_requested")
	mention("two")
	b.DropSockets()
	mention("three")
	b.ok(b.WaitSockets(b.ctx, 1))
	if n := b.Count("apps.connections.open") - connections; n != 2 {
		t.Errorf("%d new connections, want 2", n)
	}

	b.Inject(slacksim.Fault{Method: "chat.postMessage", Kind: slacksim.RateLimit, RetryAfter: time.Second, Times: 1})
	mention("four")
	b.Inject(slacksim.Fault{Method: "chat.postMessage", Kind: slacksim.FailBefore, Times: 1})
	mention("five")
}
