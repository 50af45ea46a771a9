package bot_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"portalbot/bot"
	"portalbot/bot/slacksim"
)

func TestWhoIsWho(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	people := bot.NewPeople(clientOf(ws))
	for id, want := range map[string]string{
		"U0ANN": "full", "U0GUS": "guest", "U0UMA": "guest", "U0SAM": "stranger", "U0ROBO": "bot", "U0DAN": "deleted",
	} {
		p, err := people.Person(t.Context(), id)
		ok(t, err)
		got := "full"
		switch {
		case p.Guest:
			got = "guest"
		case p.Stranger:
			got = "stranger"
		case p.Bot:
			got = "bot"
		case p.Deleted:
			got = "deleted"
		}
		wants(t, id, got, want)
		wants(t, id+" is a full member", p.Full(), want == "full")
	}
	_, err := people.Person(t.Context(), "U0NOBODY")
	wants(t, "unknown", errors.Is(err, bot.ErrNoSuchPerson), true)
}

func TestManyQuestionsAboutOnePersonAreOneCall(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	people := bot.NewPeople(clientOf(ws))
	var asking sync.WaitGroup
	for range 50 {
		asking.Go(func() {
			if _, err := people.Person(t.Context(), "U0ANN"); err != nil {
				t.Error(err)
			}
		})
	}
	asking.Wait()
	wants(t, "calls", ws.Count("users.info"), 1)
}

func TestMembersOfAList(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	people := bot.NewPeople(clientOf(ws))
	ctx := t.Context()
	for _, c := range []struct {
		name string
		user string
		list []string
		want bool
	}{
		{"by id", "U0ANN", []string{"U0BEN", "U0ANN"}, true},
		{"by group", "U0BEN", []string{"S0GROUP"}, true},
		{"in no group", "U0ANN", []string{"S0GROUP"}, false},
		{"everyone", "U0ANN", []string{bot.Everyone}, true},
		{"a guest is not everyone", "U0GUS", []string{bot.Everyone}, false},
		{"nobody", "U0ANN", nil, false},
		{"no user", "", []string{bot.Everyone}, false},
	} {
		in, err := people.MemberOf(ctx, c.user, c.list, time.Hour)
		ok(t, err)
		wants(t, c.name, in, c.want)
	}
	ids, err := people.Members(ctx, []string{"U0ADMIN", "S0GROUP", "U0BEN", bot.Everyone}, time.Hour)
	ok(t, err)
	wants(t, "members", len(ids), 3)

	_, err = people.MemberOf(ctx, "U0ANN", []string{"S0GONE"}, time.Hour)
	wants(t, "unknown group", errors.Is(err, bot.ErrNoSuchGroup), true)
	in, err := people.MemberOf(ctx, "U0BEN", []string{"S0GONE", "S0GROUP"}, time.Hour)
	ok(t, err)
	wants(t, "a group that is gone does not hide the next", in, true)
}

func TestAGroupIsReadFreshWhenAsked(t *testing.T) {
	ws := startSlack(t, slacksim.Config{})
	people := bot.NewPeople(clientOf(ws))
	in := func(maxAge time.Duration) bool {
		t.Helper()
		in, err := people.MemberOf(t.Context(), "U0ANN", []string{"S0GROUP"}, maxAge)
		ok(t, err)
		return in
	}
	wants(t, "before", in(0), false)
	ok(t, ws.SetGroup("approvers", "ann"))
	wants(t, "remembered", in(time.Hour), false)
	wants(t, "fresh", in(0), true)
	wants(t, "calls", ws.Count("usergroups.users.list"), 2)
}
