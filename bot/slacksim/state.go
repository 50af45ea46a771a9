package slacksim

import (
	"fmt"
	"slices"
	"strings"
)

// user is a person or a bot of the workspace, or a stranger seen in a shared channel.
type user struct {
	UserConfig
}

// channel is a channel or a DM.
type channel struct {
	id, name          string
	private, archived bool
	im                string // the other side of a DM with the bot
	members           []string
	messages          []*message
}

type group struct {
	id, handle string
	members    []string
	disabled   bool
}

func (ws *Workspace) seed() error {
	c := ws.cfg
	ws.users[c.BotUserID] = &user{UserConfig: UserConfig{
		ID: c.BotUserID, Name: c.BotName, RealName: c.BotName, Bot: true, TeamID: c.TeamID,
	}}
	for _, u := range c.Users {
		ws.addUser(u)
	}
	for _, ch := range c.Channels {
		if err := ws.addChannel(ch); err != nil {
			return err
		}
	}
	for _, g := range c.Groups {
		members, err := ws.userIDs(g.Members)
		if err != nil {
			return fmt.Errorf("group %s: %w", g.Handle, err)
		}
		ws.groups = append(ws.groups, &group{id: or(g.ID, ws.id("S")), handle: g.Handle, members: members, disabled: g.Disabled})
	}
	return nil
}

func (ws *Workspace) addUser(u UserConfig) {
	u.ID = or(u.ID, "U0"+strings.ToUpper(u.Name))
	u.RealName = or(u.RealName, u.Name)
	u.Email = or(u.Email, u.Name+"@"+or(ws.cfg.TeamDomain, "acme")+".example")
	u.TeamID = or(u.TeamID, ws.cfg.TeamID)
	ws.users[u.ID] = &user{UserConfig: u}
}

func (ws *Workspace) addChannel(c ChannelConfig) error {
	ch := &channel{id: or(c.ID, ws.id("C")), name: c.Name, private: c.Private, archived: c.Archived}
	members, err := ws.userIDs(c.Members)
	if err != nil {
		return fmt.Errorf("channel #%s: %w", c.Name, err)
	}
	if c.Members == nil {
		for _, id := range sortedKeys(ws.users) {
			if u := ws.users[id]; !u.Deleted && !u.Bot {
				members = append(members, id)
			}
		}
	}
	if !c.NoBot {
		members = append(members, ws.cfg.BotUserID)
	}
	ch.members = members
	ws.channels[ch.id] = ch
	return nil
}

func (ws *Workspace) userIDs(names []string) ([]string, error) {
	var ids []string
	for _, n := range names {
		u := ws.userNamed(n)
		if u == nil {
			return nil, fmt.Errorf("no user is named %s", n)
		}
		ids = append(ids, u.ID)
	}
	return ids, nil
}

// userNamed finds a user by name or id.
func (ws *Workspace) userNamed(name string) *user {
	name = strings.TrimPrefix(name, "@")
	if u := ws.users[name]; u != nil {
		return u
	}
	for _, id := range sortedKeys(ws.users) {
		if ws.users[id].Name == name {
			return ws.users[id]
		}
	}
	return nil
}

// channelNamed finds a channel by id or name, or a DM by its id.
func (ws *Workspace) channelNamed(name string) *channel {
	if c := ws.channels[name]; c != nil {
		return c
	}
	name = strings.TrimPrefix(name, "#")
	for _, id := range sortedKeys(ws.channels) {
		if c := ws.channels[id]; c.im == "" && c.name == name {
			return c
		}
	}
	return nil
}

func (ws *Workspace) groupByID(id string) *group {
	for _, g := range ws.groups {
		if g.id == id {
			return g
		}
	}
	return nil
}

// dm returns the bot's DM with a user, opened when there is none.
func (ws *Workspace) dm(userID string) *channel {
	for _, id := range sortedKeys(ws.channels) {
		if ws.channels[id].im == userID {
			return ws.channels[id]
		}
	}
	c := &channel{id: ws.id("D"), im: userID, private: true, members: []string{userID, ws.cfg.BotUserID}}
	ws.channels[c.id] = c
	return c
}

func (c *channel) has(userID string) bool { return slices.Contains(c.members, userID) }

func (c *channel) message(ts string) *message {
	for _, m := range c.messages {
		if m.ts == ts {
			return m
		}
	}
	return nil
}

// kind is the name that payloads give a channel.
func (c *channel) label() string {
	switch {
	case c.im != "":
		return "directmessage"
	case c.private:
		return "privategroup"
	default:
		return c.name
	}
}

// AddUser brings one more person into the workspace; they are in no channel yet.
func (ws *Workspace) AddUser(u UserConfig) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.addUser(u)
}

// AddChannel makes one more channel.
func (ws *Workspace) AddChannel(c ChannelConfig) error {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.addChannel(c)
}

// Archive archives a channel, or brings it back.
func (ws *Workspace) Archive(name string, archived bool) error {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	c := ws.channelNamed(name)
	if c == nil {
		return fmt.Errorf("no channel is named %s", name)
	}
	c.archived = archived
	return nil
}

// Invite makes users, by name, members of a channel; Kick ends that.
func (ws *Workspace) Invite(name string, users ...string) error {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.editMembers(name, users, func(c *channel, id string) {
		if !c.has(id) {
			c.members = append(c.members, id)
		}
	})
}

// Kick takes users, by name, out of a channel.
func (ws *Workspace) Kick(name string, users ...string) error {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return ws.editMembers(name, users, func(c *channel, id string) {
		c.members = slices.DeleteFunc(c.members, func(m string) bool { return m == id })
	})
}

func (ws *Workspace) editMembers(name string, users []string, edit func(*channel, string)) error {
	c := ws.channelNamed(name)
	if c == nil {
		return fmt.Errorf("no channel is named %s", name)
	}
	ids, err := ws.userIDs(users)
	if err != nil {
		return err
	}
	for _, id := range ids {
		edit(c, id)
	}
	return nil
}

// Deactivate deactivates a person.
func (ws *Workspace) Deactivate(name string) error {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	u := ws.userNamed(name)
	if u == nil {
		return fmt.Errorf("no user is named %s", name)
	}
	u.Deleted = true
	return nil
}

// SetGroup replaces the members of a user group.
func (ws *Workspace) SetGroup(handle string, members ...string) error {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ids, err := ws.userIDs(members)
	if err != nil {
		return err
	}
	for _, g := range ws.groups {
		if g.handle == handle || g.id == handle {
			g.members = ids
			return nil
		}
	}
	return fmt.Errorf("no user group is named %s", handle)
}
