package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

const (
	// Everyone in a list of people stands for every full member of the workspace.
	Everyone = "everyone"

	// personAge is how long what users.info says of a person is good for.
	personAge = time.Minute
)

// Person is who somebody is, by Slack's word.
type Person struct {
	ID   string
	Name string // as shown in Slack; hostile text
	TZ   string // IANA name; may be empty

	Guest    bool // restricted to some channels
	Stranger bool // of another workspace, here by a shared channel
	Bot      bool
	Deleted  bool // deactivated
	Admin    bool // of the workspace, not of this program
}

// Full reports whether the person is a full member of the workspace: no guest, stranger or bot, and not deactivated.
func (p Person) Full() bool { return !p.Guest && !p.Stranger && !p.Bot && !p.Deleted }

// People answers who somebody is. Its methods may be called from several goroutines at once.
type People struct {
	client *Client

	mu      sync.Mutex // guards the maps, not the cells
	persons map[string]*cell[Person]
	groups  map[string]*cell[[]string]
}

// NewPeople returns People that asks Slack through c.
func NewPeople(c *Client) *People {
	return &People{client: c, persons: make(map[string]*cell[Person]), groups: make(map[string]*cell[[]string])}
}

// Person returns who a user id is, at most a minute old. Its error is [ErrNoSuchPerson] when Slack does not know the id or does not
// show it to us.
func (p *People) Person(ctx context.Context, userID string) (Person, error) {
	p.mu.Lock()
	c := p.persons[userID]
	if c == nil {
		c = &cell[Person]{}
		p.persons[userID] = c
	}
	p.mu.Unlock()
	return c.get(ctx, personAge, func(ctx context.Context) (Person, error) { return p.fetchPerson(ctx, userID) })
}

// MemberOf reports whether a list of user ids, user group ids and [Everyone] holds a person. Groups are read again when they were
// read longer than maxAge ago; 0 reads them now. A group that cannot be read is an error, unless something else on the list
// holds the person. An empty list holds nobody.
func (p *People) MemberOf(ctx context.Context, userID string, list []string, maxAge time.Duration) (bool, error) {
	if userID == "" {
		return false, nil
	}
	if slices.Contains(list, userID) {
		return true, nil
	}
	var errs []error
	for _, entry := range list {
		in := false
		var err error
		switch {
		case entry == Everyone:
			var who Person
			who, err = p.Person(ctx, userID)
			in = err == nil && who.Full()
		case isGroup(entry):
			var members []string
			members, err = p.group(ctx, entry, maxAge)
			in = slices.Contains(members, userID)
		}
		if in {
			return true, nil
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return false, errors.Join(errs...)
}

// Members returns the user ids on a list, those of its groups included, each once and sorted. [Everyone] stands for nobody here. The
// error names groups that cannot be read; the others' members come with it.
func (p *People) Members(ctx context.Context, list []string, maxAge time.Duration) ([]string, error) {
	var ids []string
	var errs []error
	for _, entry := range list {
		switch {
		case entry == Everyone:
		case isGroup(entry):
			members, err := p.group(ctx, entry, maxAge)
			if err != nil {
				errs = append(errs, err)
			}
			ids = append(ids, members...)
		default:
			ids = append(ids, entry)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), errors.Join(errs...)
}

// isGroup reports whether an id is a user group's.
func isGroup(id string) bool { return id != "" && id[0] == 'S' }

func (p *People) group(ctx context.Context, id string, maxAge time.Duration) ([]string, error) {
	p.mu.Lock()
	c := p.groups[id]
	if c == nil {
		c = &cell[[]string]{}
		p.groups[id] = c
	}
	p.mu.Unlock()
	return c.get(ctx, maxAge, func(ctx context.Context) (members []string, err error) {
		err = p.client.read(ctx, "usergroups.users.list", func(ctx context.Context) error {
			members, err = p.client.api.GetUserGroupMembersContext(ctx, id)
			return err
		})
		switch Code(err) {
		case "no_such_subteam", "subteam_not_found", "usergroup_not_found":
			return nil, fmt.Errorf("user group %s: %w", id, ErrNoSuchGroup)
		}
		return members, err
	})
}

func (p *People) fetchPerson(ctx context.Context, userID string) (Person, error) {
	self, err := p.client.Identity(ctx)
	if err != nil {
		return Person{}, err
	}
	var u *slack.User
	err = p.client.read(ctx, "users.info", func(ctx context.Context) error {
		u, err = p.client.api.GetUserInfoContext(ctx, userID)
		return err
	})
	switch Code(err) {
	case "user_not_found", "user_not_visible":
		return Person{}, fmt.Errorf("user %s: %w", userID, ErrNoSuchPerson)
	}
	if err != nil {
		return Person{}, err
	}
	here := u.TeamID == "" || u.TeamID == self.TeamID || slices.Contains(u.Enterprise.Teams, self.TeamID)
	return Person{
		ID:       userID,
		Name:     or(or(u.Profile.DisplayName, u.RealName), u.Name),
		TZ:       u.TZ,
		Guest:    u.IsRestricted || u.IsUltraRestricted,
		Stranger: u.IsStranger || !here,
		Bot:      u.IsBot || u.IsWorkflowBot || u.IsConnectorBot || userID == "USLACKBOT",
		Deleted:  u.Deleted,
		Admin:    u.IsAdmin || u.IsOwner || u.IsPrimaryOwner,
	}, nil
}
