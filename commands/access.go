package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"portalbot/bot"
)

// rights is a set of roles, any one of which is enough.
type rights uint8

const (
	requesters rights = 1 << iota
	approvers
	admins
	anyone rights = 0 // every full member
)

// groupAge is how old a user group may be for showing a command. Decisions read it fresh, in the service.
const groupAge = 5 * time.Minute

// notWelcome says why a person may not use the bot at all, or nothing. err is what asking for the person gave.
func notWelcome(who bot.Person, err error) string {
	switch {
	case err != nil:
		return "Slack does not tell me who you are, so I cannot do this for you. Ask a full member of this workspace."
	case who.Deleted:
		return "Your account is deactivated, so I cannot do this for you."
	case who.Stranger:
		return "You are from another workspace. Only full members of this one can use me; ask the person who you work with here."
	case who.Guest:
		return "You are a guest in this workspace, and guests cannot use me. Ask a full member to do this for you."
	case who.Bot:
		return "I only talk to people."
	}
	return ""
}

// may reports whether the person has one of the rights.
func (c *Commands) may(ctx context.Context, user string, r rights) (bool, error) {
	if r == anyone {
		return true, nil
	}
	ok, err := c.people.MemberOf(ctx, user, c.listOf(r), groupAge)
	if err != nil {
		return false, fmt.Errorf("read who may do this: %w", err)
	}
	return ok, nil
}

func (c *Commands) listOf(r rights) []string {
	var list []string
	if r&requesters != 0 {
		list = slices.Concat(list, c.cfg.Requesters)
	}
	if r&approvers != 0 {
		list = slices.Concat(list, c.cfg.Approvers)
	}
	if r&admins != 0 {
		list = slices.Concat(list, c.cfg.Admins)
	}
	return list
}

// words names the roles for a sentence.
func (r rights) words() string {
	var s []string
	if r&requesters != 0 {
		s = append(s, "requesters")
	}
	if r&approvers != 0 {
		s = append(s, "approvers")
	}
	if r&admins != 0 {
		s = append(s, "admins")
	}
	if len(s) == 0 {
		return "every full member"
	}
	return joinWords(s)
}

// onlyFor refuses a command in words.
func (c *Commands) onlyFor(cmd command) string {
	text := fmt.Sprintf("`%s %s` is for %s, and you are not on that list.", c.cfg.Name, cmd.name, cmd.who.words())
	if list := c.listOf(cmd.who); len(list) > 0 {
		return text + " You can ask " + mentions(list, 5) + "."
	}
	return text + " The list is empty: whoever runs this bot has to fill it in."
}

// mentions names people and groups of a list without telling them: ephemeral answers do not notify.
func mentions(list []string, limit int) string {
	var s []string
	for i, id := range list {
		if i == limit {
			s = append(s, "others")
			break
		}
		switch {
		case id == bot.Everyone:
			s = append(s, "any full member")
		case strings.HasPrefix(id, "S"):
			s = append(s, "<!subteam^"+id+">")
		default:
			s = append(s, bot.Mention(id))
		}
	}
	return joinWords(s)
}

// deciders returns who on the approvers' list can decide on a request of this requester: the first limit of them, and how many there
// are. everyone says that any full member can.
func (c *Commands) deciders(ctx context.Context, requester string) (ids []string, everyone bool, err error) {
	everyone = slices.Contains(c.cfg.Approvers, bot.Everyone)
	ids, err = c.people.Members(ctx, c.cfg.Approvers, groupAge)
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == requester })
	return ids, everyone, err
}
