package bot

import "time"

// What Slack allows of outside numbers. Texts and blocks are bounded where they are rendered.
const (
	// ResponseUses is how often a response_url can be used, and ResponseLife for how long
	// (docs.slack.dev, handling user interaction).
	ResponseUses = 5
	ResponseLife = 30 * time.Minute

	// TriggerLife is how long a trigger_id opens a modal (docs.slack.dev, interactivity).
	TriggerLife = 3 * time.Second

	// ackDeadline is how long Slack waits for an acknowledgement (docs.slack.dev, Events API and interactivity).
	ackDeadline = 3 * time.Second

	// maxAckBytes bounds an acknowledgement over a socket: longer ones are dropped without a word (measured by slack-go,
	// socketmode.go).
	maxAckBytes = 20 * 1024

	// SilenceLimit is after how long without a word from Slack, pings included, a socket is taken for dead and opened anew. Slack's own
	// clients wait 30 s for a ping (node-slack-sdk, serverPingTimeout).
	SilenceLimit = 40 * time.Second
)

// Slack's tiers are calls a minute for a method in a workspace (docs.slack.dev, rate limits).
const (
	tier2 = 20
	tier3 = 50
	tier4 = 100
)

// methodTier lists the methods that we call, by the tier on each method's page at docs.slack.dev (and java-slack-sdk,
// MethodsRateLimits). chat.postMessage has its own rule: see postsPerSecond.
var methodTier = map[string]int{
	"auth.test":                    tier4, // "hundreds a minute"
	"chat.getPermalink":            tier4, // no tier of its own
	"chat.postEphemeral":           tier4,
	"chat.update":                  tier3,
	"conversations.history":        tier3,
	"conversations.replies":        tier3,
	"files.completeUploadExternal": tier4,
	"files.delete":                 tier3,
	"files.getUploadURLExternal":   tier4,
	"files.info":                   tier4,
	"usergroups.users.list":        tier2,
	"users.info":                   tier4,
	"views.open":                   tier4,
	"views.publish":                tier4,
	"views.push":                   tier4,
	"views.update":                 tier4,
}

const (
	// postsPerSecond and postBurst are what a channel takes: one message a second, "short bursts" above it
	// (docs.slack.dev, rate limits, posting messages). We stay a twentieth below it: what counts is when a call arrives.
	postsPerSecond = 0.95
	postBurst      = 3

	// editEvery is the least time between two edits of one message, unless its post says otherwise: chat.update has 50 a minute
	// for the whole workspace.
	editEvery = 2 * time.Second
)
