package slacksim

import "slices"

func (ws *Workspace) authTest(args) (reply, error) {
	return reply{
		"url": "https://" + ws.cfg.TeamDomain + ".slack.com/", "team": ws.cfg.TeamDomain, "user": ws.cfg.BotName,
		"team_id": ws.cfg.TeamID, "user_id": ws.cfg.BotUserID, "bot_id": ws.cfg.BotID, "is_enterprise_install": false,
	}, nil
}

func (ws *Workspace) botsInfo(a args) (reply, error) {
	id, err := a.need("bot")
	if err != nil {
		return nil, err
	}
	if id != ws.cfg.BotID {
		return nil, refuse("bot_not_found")
	}
	return reply{"bot": map[string]any{
		"id": id, "deleted": false, "name": ws.cfg.BotName, "app_id": ws.cfg.AppID, "user_id": ws.cfg.BotUserID,
	}}, nil
}

func (ws *Workspace) userJSON(u *user) map[string]any {
	profile := map[string]any{"real_name": u.RealName, "display_name": u.Name}
	if !u.Bot && slices.Contains(ws.cfg.Scopes, "users:read.email") {
		profile["email"] = u.Email
	}
	o := map[string]any{
		"id": u.ID, "team_id": u.TeamID, "name": u.Name, "real_name": u.RealName, "deleted": u.Deleted, "profile": profile,
		"is_bot": u.Bot, "is_app_user": false,
	}
	if u.TeamID != ws.cfg.TeamID {
		o["is_stranger"] = true
	}
	if !u.Deleted {
		o["is_admin"], o["is_owner"], o["is_restricted"] = u.Admin, false, u.Restricted || u.UltraRestricted
		o["is_ultra_restricted"], o["tz"] = u.UltraRestricted, "America/Los_Angeles"
	}
	return o
}

func (ws *Workspace) usersInfo(a args) (reply, error) {
	id, err := a.need("user")
	if err != nil {
		return nil, err
	}
	u := ws.users[id]
	if u == nil {
		return nil, refuse("user_not_found")
	}
	return reply{"user": ws.userJSON(u)}, nil
}

// usersList answers with the people of the team; strangers are not among them.
func (ws *Workspace) usersList(a args) (reply, error) {
	var all []any
	for _, id := range sortedKeys(ws.users) {
		if u := ws.users[id]; u.TeamID == ws.cfg.TeamID {
			all = append(all, ws.userJSON(u))
		}
	}
	page, next, err := paged(a, all, 1000)
	if err != nil {
		return nil, err
	}
	return reply{"members": page, "cache_ts": ws.clock.Now().Unix(), "response_metadata": next}, nil
}

func (ws *Workspace) usersLookupByEmail(a args) (reply, error) {
	email, err := a.need("email")
	if err != nil {
		return nil, err
	}
	for _, id := range sortedKeys(ws.users) {
		if u := ws.users[id]; u.Email == email && !u.Bot && !u.Deleted && u.TeamID == ws.cfg.TeamID {
			return reply{"user": ws.userJSON(u)}, nil
		}
	}
	return nil, refuse("users_not_found")
}

func (ws *Workspace) usergroupsList(a args) (reply, error) {
	users, err := a.boolean("include_users")
	if err != nil {
		return nil, err
	}
	disabled, err := a.boolean("include_disabled")
	if err != nil {
		return nil, err
	}
	found := []any{}
	for _, g := range ws.groups {
		if g.disabled && !disabled {
			continue
		}
		o := map[string]any{
			"id": g.id, "team_id": ws.cfg.TeamID, "is_usergroup": true, "name": g.handle, "handle": g.handle, "description": "",
			"is_external": false, "date_delete": 0, "user_count": len(g.members),
		}
		if g.disabled {
			o["date_delete"] = 1
		}
		if users {
			o["users"] = g.members
		}
		found = append(found, o)
	}
	return reply{"usergroups": found}, nil
}

func (ws *Workspace) usergroupsUsersList(a args) (reply, error) {
	id, err := a.need("usergroup")
	if err != nil {
		return nil, err
	}
	disabled, err := a.boolean("include_disabled")
	if err != nil {
		return nil, err
	}
	g := ws.groupByID(id)
	if g == nil || g.disabled && !disabled {
		return nil, refuse("no_such_subteam")
	}
	return reply{"users": append([]string{}, g.members...)}, nil
}
