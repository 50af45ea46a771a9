package slacksim

import (
	"slices"
	"time"
)

// Config describes a workspace. The zero value is a strict one: a team "acme" with the people of
// [Config.Users], one app with the command /portal, every limit and every rate limit in force.
type Config struct {
	Addr string // where to listen; default "127.0.0.1:0"

	TeamID, TeamDomain string // default T0ACME, acme
	AppID              string // default A0PORTAL
	BotUserID, BotID   string // default U0PORTAL, B0PORTAL
	BotName            string // default portal
	BotToken           string // default xoxb-acme-portal
	AppToken           string // default xapp-1-A0PORTAL-acme
	SigningSecret      string // for HTTP mode; default a fixed text

	// Scopes are what the bot token may do; default [DefaultScopes].
	Scopes []string
	// Commands are the app's slash commands; default /portal.
	Commands []string
	// Shortcuts are the app's message shortcuts, callback id by name; default "Provision from CSV".
	Shortcuts map[string]string
	// Events are the bot events subscribed to; default app_home_opened, app_mention and message.im.
	Events []string

	Users    []UserConfig    // default: see defaultUsers
	Channels []ChannelConfig // default: #portal (C0PORTAL) and the private #ops (C0OPS), bot in both
	Groups   []GroupConfig   // default: S0CSTEAM @cs-team (ann) and S0GROUP @approvers (ben, cas)

	// Clock is the time that deadlines and limits go by; default the machine's.
	Clock Clock
	// NoRateLimits switches the rate limits off.
	NoRateLimits bool
	// PostBurst is how many messages a channel takes at once before one a second applies; default 3.
	PostBurst int
	// ConnectBurst is how often apps.connections.open may be called at once before its one a minute
	// applies; default 10, as many as there may be sockets.
	ConnectBurst int
	// Unavailable lists block and cell types that this workspace refuses as unknown. [NewerBlocks] is
	// the list of those that Slack rolls out in phases.
	Unavailable []string

	AckTimeout   time.Duration // default 3 s
	TriggerLife  time.Duration // default 3 s
	PingInterval time.Duration // between WebSocket pings, in real time; default 10 s
	// EditWindow is how long a message may be changed; 0 is for ever.
	EditWindow time.Duration
	// ShareDelay is how long after files.completeUploadExternal the file's message and its shares
	// appear.
	ShareDelay time.Duration
	// RetryCommands has an unacknowledged slash command delivered a second time, as has been seen.
	RetryCommands bool
	// HTTP delivers to these URLs, signed, in place of sockets.
	HTTP *HTTPDelivery
}

// HTTPDelivery says where HTTP mode posts.
type HTTPDelivery struct {
	CommandURL, InteractionURL, EventURL string
}

// UserConfig is one person. ID defaults to U0 and the name in capitals, RealName to the name, Email to
// name@acme.example.
type UserConfig struct {
	ID, Name, RealName, Email string

	Restricted      bool // a multi-channel guest
	UltraRestricted bool // a single-channel guest
	Admin           bool
	Bot             bool
	Deleted         bool   // deactivated
	TeamID          string // another team's id makes a stranger from a shared channel
}

// ChannelConfig is one channel. Members are names; empty means everyone who is not deactivated.
type ChannelConfig struct {
	ID, Name string
	Private  bool
	Archived bool
	NoBot    bool // the bot is no member
	Members  []string
}

// GroupConfig is one user group. Members are names.
type GroupConfig struct {
	ID, Handle string
	Members    []string
	Disabled   bool
}

// DefaultScopes are the bot scopes of the app's manifest. Not among them, so refused unless configured:
// im:write (conversations.open), channels:read, groups:read, im:read, chat:write.public.
func DefaultScopes() []string {
	return []string{
		"commands", "chat:write", "files:read", "files:write", "usergroups:read", "users:read", "users:read.email",
		"app_mentions:read", "im:history", "channels:history", "groups:history",
	}
}

// NewerBlocks are the block and cell types that meet invalid_blocks in workspaces that do not have
// them yet.
func NewerBlocks() []string {
	return []string{"table", "data_table", "plan", "task_card", "alert", "card", "carousel", "container", "raw_number"}
}

func defaultUsers() []UserConfig {
	return []UserConfig{
		{ID: "U0ANN", Name: "ann", RealName: "Ann Archer"},
		{ID: "U0BEN", Name: "ben", RealName: "Ben Bauer"},
		{ID: "U0CAS", Name: "cas", RealName: "Cas Cole"},
		{ID: "U0ADMIN", Name: "ada", RealName: "Ada Admin", Admin: true},
		{ID: "U0GUS", Name: "gus", RealName: "Gus Guest", Restricted: true},
		{ID: "U0UMA", Name: "uma", RealName: "Uma Onechannel", UltraRestricted: true},
		{ID: "U0SAM", Name: "sam", RealName: "Sam Stranger", TeamID: "T0OTHER"},
		{ID: "U0ROBO", Name: "robo", RealName: "Other Bot", Bot: true},
		{ID: "U0DAN", Name: "dan", RealName: "Dan Departed", Deleted: true},
	}
}

func (c Config) withDefaults() Config {
	c.Addr = or(c.Addr, "127.0.0.1:0")
	c.TeamID = or(c.TeamID, "T0ACME")
	c.TeamDomain = or(c.TeamDomain, "acme")
	c.AppID = or(c.AppID, "A0PORTAL")
	c.BotUserID = or(c.BotUserID, "U0PORTAL")
	c.BotID = or(c.BotID, "B0PORTAL")
	c.BotName = or(c.BotName, "portal")
	c.BotToken = or(c.BotToken, "xoxb-acme-portal")
	c.AppToken = or(c.AppToken, "xapp-1-A0PORTAL-acme")
	c.SigningSecret = or(c.SigningSecret, "0123456789abcdef0123456789abcdef")
	c.AckTimeout = or(c.AckTimeout, ackTimeout)
	c.TriggerLife = or(c.TriggerLife, triggerLife)
	c.PingInterval = or(c.PingInterval, pingInterval)
	c.PostBurst = or(c.PostBurst, postBurst)
	c.ConnectBurst = or(c.ConnectBurst, maxSockets)
	if c.Scopes == nil {
		c.Scopes = DefaultScopes()
	}
	if c.Commands == nil {
		c.Commands = []string{"/portal"}
	}
	if c.Shortcuts == nil {
		c.Shortcuts = map[string]string{"Provision from CSV": "portal_add_from_message"}
	}
	if c.Events == nil {
		c.Events = []string{"app_home_opened", "app_mention", "message.im"}
	}
	if c.Users == nil {
		c.Users = defaultUsers()
		if c.Groups == nil {
			c.Groups = []GroupConfig{
				{ID: "S0CSTEAM", Handle: "cs-team", Members: []string{"ann"}},
				{ID: "S0GROUP", Handle: "approvers", Members: []string{"ben", "cas"}},
			}
		}
	}
	if c.Channels == nil {
		c.Channels = []ChannelConfig{{ID: "C0PORTAL", Name: "portal"}, {ID: "C0OPS", Name: "ops", Private: true}}
	}
	if c.Clock == nil {
		c.Clock = realClock{}
	}
	c.Scopes = slices.Clone(c.Scopes)
	return c
}

// or returns v, or def when v is the zero value.
func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
