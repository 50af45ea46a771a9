// Package slacksim is a strict Slack in one process: a workspace with people, channels and one
// installed app, served over real HTTP and WebSocket on one origin. It shares no code with the client
// library that talks to it, so that one bug cannot hide in both.
//
// It understands Socket Mode and signed HTTP delivery; the payloads slash_commands, block_actions,
// view_submission, view_closed, message_action and the events app_home_opened, app_mention and message
// (with file_share, message_changed and message_deleted); the Web API methods of the table in
// methods.go; uploads, private downloads and response URLs; and the blocks of lintblock.go. All else is
// refused: an unknown method is unknown_method, an unknown block, element or property is
// invalid_blocks, attachments are invalid_attachments, and parse, link_names, reply_broadcast,
// mrkdwn false and markdown_text are invalid_arguments.
//
// What Slack limits is limited here, with Slack's own error: lengths and counts, one table a message,
// trigger ids that live 3 s and open one modal, acks within 3 s and below 20 KB, response URLs, rate
// limits with Retry-After, and the token's scopes. A payload that is not acknowledged comes again as
// Slack sends it again, and an event that finds no socket waits for one.
//
// People are driven as they act: [Person.Type] types a command, [Person.WaitModal] waits for a modal,
// [View.Attach], [View.Fill] and [View.Submit] fill it in, [Person.Click] clicks a button by what is
// written on it. [Workspace.WaitMessage] and [Workspace.Watch] tell what the app posted; each message
// keeps every version it had. [Workspace.Inject] makes calls fail before or after they take effect, and
// [Workspace.OnCall] numbers them.
//
// Where Slack's documentation is silent, this is what is played: a text of more than 12,000 characters
// over all blocks is msg_blocks_too_long (Slack has been seen to take up to 13,200 and to refuse
// 11,341); an ack after the deadline does not count; an upload that was completed already is
// file_update_failed; apps.connections.open takes ten calls at once and then one a minute; and
// interactions are redelivered like events.
package slacksim
