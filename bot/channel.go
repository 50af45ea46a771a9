package bot

import (
	"context"

	"github.com/slack-go/slack"
)

// CheckChannel reads one message of a channel, to see whether the bot is in it and may read its history. Its error's [Code] says what
// is missing: channel_not_found and not_in_channel (invite the bot), missing_scope (channels:history, groups:history).
func (c *Client) CheckChannel(ctx context.Context, channel string) error {
	return c.call(ctx, "conversations.history", "", func(ctx context.Context) error {
		_, err := c.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: channel, Limit: 1})
		return err
	})
}

// CheckAppToken asks Slack for a socket address without using it, to see whether the app-level token is good. Its error is a
// [*PermanentError] when it is not.
func (c *Client) CheckAppToken(ctx context.Context) error {
	err := c.call(ctx, "apps.connections.open", "", func(ctx context.Context) error {
		_, _, err := c.connect.StartSocketModeContext(ctx)
		return err
	})
	if p := permanentConnect(err); p != nil {
		return p
	}
	return err
}
