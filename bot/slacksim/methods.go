package slacksim

// Calls a minute, docs.slack.dev/apis/web-api/rate-limits. "Special" methods take hundreds a minute.
const (
	tier1       = 1
	tier2       = 20
	tier3       = 50
	tier4       = 100
	tierSpecial = 600
)

// methods is the table of all methods. Any other is an unknown_method.
func methods() map[string]method {
	members := []string{"channels:read", "groups:read", "im:read", "mpim:read"}
	history := []string{"channels:history", "groups:history", "im:history", "mpim:history"}
	return map[string]method{
		"apps.connections.open":        {app: true, tier: tier1, run: (*Workspace).connectionsOpen},
		"auth.test":                    {tier: tierSpecial, run: (*Workspace).authTest},
		"bots.info":                    {scopes: []string{"users:read"}, tier: tier3, run: (*Workspace).botsInfo},
		"chat.delete":                  {scopes: []string{"chat:write"}, tier: tier3, run: (*Workspace).chatDelete},
		"chat.getPermalink":            {tier: tierSpecial, run: (*Workspace).chatGetPermalink},
		"chat.postEphemeral":           {scopes: []string{"chat:write"}, tier: tier4, run: (*Workspace).chatPostEphemeral},
		"chat.postMessage":             {scopes: []string{"chat:write"}, run: (*Workspace).chatPostMessage},
		"chat.update":                  {scopes: []string{"chat:write"}, tier: tier3, run: (*Workspace).chatUpdate},
		"conversations.history":        {scopes: history, tier: tier3, run: (*Workspace).conversationsHistory},
		"conversations.info":           {scopes: members, tier: tier3, run: (*Workspace).conversationsInfo},
		"conversations.members":        {scopes: members, tier: tier4, run: (*Workspace).conversationsMembers},
		"conversations.open":           {scopes: []string{"im:write"}, tier: tier3, run: (*Workspace).conversationsOpen},
		"conversations.replies":        {scopes: history, tier: tier3, run: (*Workspace).conversationsReplies},
		"files.completeUploadExternal": {scopes: []string{"files:write"}, tier: tier4, run: (*Workspace).filesComplete},
		"files.delete":                 {scopes: []string{"files:write"}, tier: tier3, run: (*Workspace).filesDelete},
		"files.getUploadURLExternal":   {scopes: []string{"files:write"}, tier: tier4, run: (*Workspace).filesUploadURL},
		"files.info":                   {scopes: []string{"files:read"}, tier: tier4, run: (*Workspace).filesInfo},
		"reactions.add":                {scopes: []string{"reactions:write"}, tier: tier3, run: (*Workspace).reactionsAdd},
		"usergroups.list":              {scopes: []string{"usergroups:read"}, tier: tier2, run: (*Workspace).usergroupsList},
		"usergroups.users.list":        {scopes: []string{"usergroups:read"}, tier: tier2, run: (*Workspace).usergroupsUsersList},
		"users.info":                   {scopes: []string{"users:read"}, tier: tier4, run: (*Workspace).usersInfo},
		"users.list":                   {scopes: []string{"users:read"}, tier: tier2, run: (*Workspace).usersList},
		"users.lookupByEmail":          {scopes: []string{"users:read.email"}, tier: tier3, run: (*Workspace).usersLookupByEmail},
		"views.open":                   {tier: tier4, run: (*Workspace).viewsOpen},
		"views.publish":                {tier: tier4, run: (*Workspace).viewsPublish},
		"views.push":                   {tier: tier4, run: (*Workspace).viewsPush},
		"views.update":                 {tier: tier4, run: (*Workspace).viewsUpdate},
	}
}
