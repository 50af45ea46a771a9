package provisioning

// Verb is what a requester asks for: the /portal command that makes the request.
type Verb string

// The verbs. A retry is a request of the first one's verb that refers to it.
const (
	VerbAdd     Verb = "add"
	VerbDisable Verb = "disable"
	VerbEnable  Verb = "enable"
	VerbResend  Verb = "resend"
	// VerbUndo takes back what an earlier request did. Each row carries what is to be taken back, so that a request has no method and its
	// rows may have different actions. Undo alone makes such requests; no file does.
	VerbUndo Verb = "undo"
)

// Method narrows VerbDisable. The zero value means deactivate.
type Method string

// The ways to take a person's access away, softest first.
const (
	MethodFreeze     Method = "freeze"     // UserLogin.IsFrozen, keeps the seat
	MethodDeactivate Method = "deactivate" // IsActive=false, reversible, the default
	MethodDisable    Method = "disable"    // IsPortalEnabled=false as well: irreversible
)

// Action is what a plan row will do in the org: exactly one of these.
type Action string

// The actions. Skip and Invalid make no call; everything else does.
const (
	ActionCreate     Action = "create"
	ActionReactivate Action = "reactivate"
	ActionDeactivate Action = "deactivate"
	ActionDisable    Action = "disable"
	ActionEnable     Action = "enable"
	ActionFreeze     Action = "freeze"
	ActionUnfreeze   Action = "unfreeze"
	ActionResend     Action = "resend"
	ActionSkip       Action = "skip"
	ActionInvalid    Action = "invalid"
)

// Runs reports whether the action makes a call to the org.
func (a Action) Runs() bool { return a != ActionSkip && a != ActionInvalid }

// Irreversible reports whether the action cannot be undone by another one.
func (a Action) Irreversible() bool { return a == ActionDisable }

// takesAway reports whether the action takes a person's access away.
func (a Action) takesAway() bool {
	return a == ActionDeactivate || a == ActionDisable || a == ActionFreeze
}

// Done is the status of a row whose action took effect.
func (a Action) Done() Status {
	switch a {
	case ActionCreate:
		return StatusCreated
	case ActionReactivate:
		return StatusReactivated
	case ActionDeactivate:
		return StatusDeactivated
	case ActionDisable:
		return StatusDisabled
	case ActionEnable:
		return StatusEnabled
	case ActionFreeze:
		return StatusFrozen
	case ActionUnfreeze:
		return StatusUnfrozen
	case ActionResend:
		return StatusResent
	case ActionSkip:
		return StatusSkipped
	case ActionInvalid:
		return StatusFailed
	}
	return StatusUnknown
}

// Status is a row's result as results CSVs show it. The words are a contract: scripts outside rely on them.
type Status string

// The statuses. The empty status means that the row is still open.
const (
	StatusOpen        Status = ""
	StatusCreated     Status = "created"
	StatusReactivated Status = "reactivated"
	StatusDeactivated Status = "deactivated"
	StatusDisabled    Status = "disabled"
	StatusEnabled     Status = "enabled"
	StatusFrozen      Status = "frozen"
	StatusUnfrozen    Status = "unfrozen"
	StatusResent      Status = "resent"
	StatusSkipped     Status = "skipped"
	StatusFailed      Status = "failed"
	StatusHeld        Status = "held"        // drifted since the approval, not run
	StatusNotStarted  Status = "not_started" // the request ended before the row's turn
	StatusUnknown     Status = "unknown"     // may have taken effect, reading cannot tell
)

// Succeeded reports whether the status says that the row's action took effect.
func (s Status) Succeeded() bool {
	switch s {
	case StatusCreated, StatusReactivated, StatusDeactivated, StatusDisabled,
		StatusEnabled, StatusFrozen, StatusUnfrozen, StatusResent:
		return true
	}
	return false
}

// MailMode says who asks Salesforce for the welcome e-mail. It is part of the digest: an approver approves it.
type MailMode string

// The mail modes. Nothing here promises that a mail is sent, only that it is requested.
const (
	MailHeader MailMode = "header" // SOAP EmailHeader.triggerUserEmail=true on the create call
	MailSite   MailMode = "site"   // the Experience Cloud site's own "Send welcome email" setting
	MailNone   MailMode = "none"   // no request from us; the site may still send its own
)
