// Package commands is what people see of the program in Slack: one file for each /portal command, button and modal, and the
// rendering of everything that is told. It parses what a person did, calls [provisioning.Service], and says what came of it. It
// decides nothing about requests itself.
//
// # In
//
// [Commands] is a [bot.Handler]. A delivery goes through three gates: is the person a full member (else a sentence), is the command
// or button known (else "did you mean"), may the person use it (else a sentence that names who may). Who may decide on a request is not
// checked here but in the service, at the click.
//
// However a file comes (the modal's upload, the message shortcut, a file dropped in the bot's direct messages, a mention with a
// file), it ends in the same form and in the one function intake: download, read, match the columns, propose.
//
// A person's mistake, a refusal by the service, and an org that does not answer are sentences with the next step. Any other error is
// returned to package bot, which logs it with a reference and tells the person that reference.
//
// # Out
//
// [Commands] is also the [bot.Renderer]: a notice is rendered at the moment it is sent, from the request's state of that moment.
// Rendering is pure: a request and a time in, blocks out. Texts that are not ours (cells, names, notes, reasons, Salesforce's
// words) go through esc in mrkdwn and through raw in plain text; both take out what hides or turns text and mask e-mail addresses.
//
// The messages of a request, by the last part of their key:
//
//	root        in the channel; edited for the request's whole life
//	plan        in its thread, with Approve and Deny until it is decided; plan/18 for one that took the place of another
//	planfile    the plan as a CSV, once for each plan
//	story/...   one line for each decision, reminder, stop and restart
//	progress    edited while it runs; its last edit is the summary
//	results     the results as a CSV, once
//	done        one line that mentions the requester
package commands
