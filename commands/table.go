package commands

import (
	"context"

	"portalbot/bot"
	"portalbot/provisioning"
	"portalbot/provisioning/report"
)

// command is one row of the table of commands.
type command struct {
	name     string
	args     string // as help shows them: "[ID]"
	about    string // one sentence
	more     string // further sentences for help COMMAND; may be empty
	examples []string
	who      rights
	run      func(ctx context.Context, in call) error
}

// button is what a button does.
type button struct {
	run func(ctx context.Context, in call) error
}

// modal is what becomes of a modal. ack says, without I/O, what the acknowledgement carries.
type modal struct {
	ack    func(d bot.Delivery) bot.Ack
	submit func(ctx context.Context, in call) error
	closed func(ctx context.Context, in call) error
}

// Action and callback ids. The shortcut's stands in manifest.yml.
const (
	actionForm    = "portal_form_" // with a verb after it: opens the form for that verb
	actionApprove = "portal_approve"
	actionDeny    = "portal_deny"
	actionSend    = "portal_send"
	actionDiscard = "portal_discard"
	actionCancel  = "portal_cancel"
	actionStop    = "portal_stop"
	actionStatus  = "portal_status"
	actionFile    = "portal_file"
	actionPart    = "portal_part"
	actionAmend   = "portal_amend"
	actionFinding = "portal_finding_" // with a kind of finding after it: makes a request of its users
	actionFound   = "portal_found_"   // with a kind of finding after it: sends the list
	actionRetry   = "portal_retry"
	actionUndo    = "portal_undo"
	actionLeave   = "portal_unknown_leave"
	actionAgain   = "portal_unknown_again"

	modalForm    = "portal_form"
	modalNote    = "portal_note" // has nothing to submit
	modalPreview = "portal_preview"
	modalDeny    = "portal_deny_reason"
	modalPart    = "portal_part_rows"

	// ShortcutAdd is the callback id of the message shortcut "Provision from CSV".
	ShortcutAdd = "portal_add_from_message"
)

// commandTable drives dispatch, permission, help and suggestions.
func (c *Commands) commandTable() []command {
	everybody := requesters | approvers | admins
	return []command{
		{
			name: "add", about: "Create portal users from a CSV or Excel file.",
			more: "A form asks for the file. You see at once what would happen, and nothing is done before an approver has agreed. " +
				"You can also drop the file in a direct message to me, or use the message shortcut “Provision from CSV”.",
			examples: []string{"add"}, who: requesters, run: c.opener(provisioning.VerbAdd),
		},
		{
			name: "disable", about: "Take portal users' access away.",
			more: "You choose between deactivating (it can be undone), freezing, and disabling for good. " +
				"A row names its user by UserId, Username, ContactId or Email.",
			examples: []string{"disable"}, who: requesters, run: c.opener(provisioning.VerbDisable),
		},
		{
			name: "enable", about: "Give portal users their access back.",
			more:     "Inactive users are activated, frozen ones unfrozen. A row names its user by UserId, Username, ContactId or Email.",
			examples: []string{"enable"}, who: requesters, run: c.opener(provisioning.VerbEnable),
		},
		{
			name: "resend", about: "Request the e-mail with a link to set the password again.",
			more:     "A row names its user by UserId, Username, ContactId or Email.",
			examples: []string{"resend"}, who: requesters, run: c.opener(provisioning.VerbResend),
		},
		{
			name: "retry", args: "ID", about: "Try again what failed, was held back or not started.",
			more: "It becomes a new request, planned anew from the rows of the first one, which needs approval. " +
				"Its requester and admins can.",
			examples: []string{"retry P-17"}, who: requesters | admins, run: c.retry,
		},
		{
			name: "undo", args: "ID", about: "Take back what a request did.",
			more: "It becomes a new request, which needs approval: users that were created or enabled are deactivated, those that were deactivated " +
				"get their access back, frozen ones are unfrozen. What was disabled for good stays so.",
			examples: []string{"undo P-17"}, who: requesters, run: c.undo,
		},
		{
			name: "status", args: "[ID]", about: "Show a request, or all that you have open.",
			examples: []string{"status", "status P-17"}, who: everybody, run: c.status,
		},
		{
			name: "list", args: "[open|mine]", about: "List the latest requests.",
			examples: []string{"list", "list open", "list mine"}, who: everybody, run: c.list,
		},
		{
			name: "cancel", args: "ID", about: "Cancel a request that has not begun to run.",
			more:     "Its requester, approvers and admins can.",
			examples: []string{"cancel P-17"}, who: everybody, run: c.cancel,
		},
		{
			name: "stop", args: "ID", about: "Stop a request that is running.",
			more:     "Calls that are on their way end, and nothing else begins. Its requester, approvers and admins can.",
			examples: []string{"stop P-17"}, who: everybody, run: c.stop,
		},
		{
			name: "export", args: "ACCOUNT", about: "Get an account's portal users as a CSV, by direct message.",
			more:     "Name the account as Salesforce does, or give its id. `disable`, `enable` and `resend` take the file.",
			examples: []string{"export Acme Corporation", "export 0015g00000A1b2CAAQ"}, who: requesters, run: c.export,
		},
		{
			name: "pause", args: "[REASON]", about: "Pause everything: nothing new is written to Salesforce until `resume`.",
			examples: []string{"pause", "pause maintenance until 5 pm"}, who: admins, run: c.pause,
		},
		{
			name: "resume", about: "Let everything go on after `pause`.",
			examples: []string{"resume"}, who: admins, run: c.resume,
		},
		{
			name: "report", args: "[NAME]", about: "Make a report now; it comes in its channel.",
			more:     "Without a name it is the first that is configured.",
			examples: []string{"report", "report nightly"}, who: everybody, run: c.report,
		},
		{
			name: "template", args: "[add|disable]", about: "Get a CSV to start from, by direct message.",
			examples: []string{"template", "template disable"}, who: anyone, run: c.template,
		},
		{
			name: "whoami", about: "Show who you are here, and what you may do.",
			examples: []string{"whoami"}, who: anyone, run: c.whoami,
		},
		{
			name: "help", args: "[COMMAND]", about: "Show what you can do.",
			examples: []string{"help", "help add"}, who: anyone, run: c.help,
		},
	}
}

func (c *Commands) buttonTable() map[string]button {
	table := map[string]button{
		actionApprove: {c.approve},
		actionDeny:    {c.deny},
		actionPart:    {c.partButton},
		actionAmend:   {c.amendButton},
		actionSend:    {c.sendDraft},
		actionDiscard: {c.discard},
		actionCancel:  {c.cancelButton},
		actionStop:    {c.stopButton},
		actionStatus:  {c.statusButton},
		actionFile:    {c.fileButton},
		actionRetry:   {c.retryButton},
		actionUndo:    {c.undoButton},
		actionLeave:   {c.leaveButton},
		actionAgain:   {c.tryButton},
	}
	for _, k := range []report.Kind{report.Never, report.Inactive, report.Orphans, report.Changed} {
		table[actionFinding+string(k)] = button{c.actOnFinding}
		table[actionFound+string(k)] = button{c.foundButton}
	}
	for _, v := range verbs {
		table[actionForm+string(v)] = button{c.formButton(v)}
	}
	return table
}

func (c *Commands) modalTable() map[string]modal {
	return map[string]modal{
		modalForm:    {ack: c.ackForm, submit: c.submitForm},
		modalPreview: {ack: c.ackPreview, submit: c.submitPreview, closed: c.closePreview},
		modalDeny:    {ack: c.ackDeny, submit: c.submitDeny},
		modalPart:    {ack: c.ackPart, submit: c.submitPart},
	}
}
