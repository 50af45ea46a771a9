package bot

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/slack-go/slack"
)

// Errors that callers of [Client] may test for.
var (
	// ErrTriggerDead says that a modal was not opened since its trigger_id was too old or used: answer with a button instead.
	ErrTriggerDead = errors.New("the trigger is too old or was used")
	// ErrViewGone says that a view was not changed since the person closed it or it has changed meanwhile.
	ErrViewGone = errors.New("the view is closed or has changed")
	// ErrResponseSpent says that a response_url was used five times or is older than 30 minutes.
	ErrResponseSpent = errors.New("the response URL is used up")
	// ErrNoSuchPerson says that Slack does not know a user id.
	ErrNoSuchPerson = errors.New("no such person")
	// ErrNoSuchGroup says that Slack does not know a user group, or that it is disabled.
	ErrNoSuchGroup = errors.New("no such user group")
)

// Code returns Slack's word for what went wrong ("invalid_blocks", "not_in_channel"), or the empty string when err does not come from
// an answer of Slack's.
func Code(err error) string {
	if r, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return r.Err
	}
	return ""
}

// FileReason says why a file could not be had.
type FileReason string

// The reasons why a file could not be had.
const (
	FileExternal  FileReason = "external"  // it lives outside Slack (Google Drive and the like); Slack has only a link
	FileSignIn    FileReason = "sign-in"   // Slack sent a web page in its place: our token may not read it
	FileTooLarge  FileReason = "too large" // larger than the limit of the call
	FileTruncated FileReason = "truncated" // fewer or more bytes came than Slack says it has
	FileMissing   FileReason = "missing"   // deleted, not visible to the bot, or still not there after several attempts
	FileForeign   FileReason = "foreign"   // its address is not Slack's, so our token does not go there
)

// FileError says why [Client.Download] has no content for a file.
type FileError struct {
	Reason FileReason
	FileID string
	Size   int64 // what Slack says it has, in bytes; 0 when it does not say
	Got    int64 // what came, for FileTruncated
	Limit  int64 // the limit of the call, in bytes
}

func (e *FileError) Error() string {
	switch e.Reason {
	case FileTooLarge:
		return fmt.Sprintf("file %s is larger than %d bytes", e.FileID, e.Limit)
	case FileTruncated:
		return fmt.Sprintf("file %s came with %d bytes of %d", e.FileID, e.Got, e.Size)
	default:
		return fmt.Sprintf("file %s: %s", e.FileID, e.Reason)
	}
}

// PermanentError ends [Receiver.Run]: Slack will refuse the program until somebody mends what it says.
type PermanentError struct {
	Code   string // Slack's word
	Advice string // a sentence for the operator: what to mend
}

func (e *PermanentError) Error() string { return e.Advice + " (" + e.Code + ")" }

// connectHelp lists what apps.connections.open answers when trying again is of no use (its page at docs.slack.dev), as a sentence
// for the operator.
var connectHelp = map[string]string{
	"invalid_auth":              "Slack does not accept the app-level token: copy it again from the app's Basic Information page",
	"not_authed":                "no app-level token was sent: set SLACK_APP_TOKEN to the token that starts with xapp-",
	"account_inactive":          "the token belongs to a deactivated user or a deleted app: reinstall the app",
	"token_revoked":             "the app-level token was revoked: generate a new one on the app's Basic Information page",
	"token_expired":             "the app-level token has expired: generate a new one on the app's Basic Information page",
	"no_permission":             "the app-level token may not do this: generate one with the scope connections:write",
	"missing_scope":             "the app-level token lacks the scope SCOPE: generate a new one that has it",
	"not_allowed_token_type":    "this is not an app-level token: SLACK_APP_TOKEN must start with xapp-",
	"org_login_required":        "the workspace is being moved to an Enterprise organization: try again when that is over",
	"ekm_access_denied":         "the organization's administrators have suspended access to Slack data",
	"access_denied":             "access to Slack is denied to this app",
	"socket_mode_not_enabled":   "Socket Mode is off for the app: switch it on in the app's settings",
	"forbidden_team":            "the app-level token does not belong to this workspace",
	"method_deprecated":         "Slack has retired apps.connections.open: update this program",
	"deprecated_endpoint":       "Slack has retired apps.connections.open: update this program",
	"two_factor_setup_required": "the workspace wants two-factor authentication to be set up for the app's owner",
	"team_access_not_granted":   "the app is not approved for this workspace",
	"enterprise_is_restricted":  "the organization restricts this method",
}

// permanentConnect returns the [PermanentError] in a failed attempt to connect, or nil when trying again may help.
func permanentConnect(err error) *PermanentError {
	if r, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		if advice, known := connectHelp[r.Err]; known {
			return &PermanentError{Code: r.Err, Advice: strings.ReplaceAll(advice, "SCOPE", or(r.Needed, "connections:write"))}
		}
	}
	if s, ok := errors.AsType[slack.StatusCodeError](err); ok && s.Code == http.StatusNotFound {
		return &PermanentError{Code: "HTTP 404", Advice: "the Web API is not there: check SLACK_API_URL and the app-level token"}
	}
	return nil
}

// botTokenCodes lists what auth.test answers when the bot token is no good (its page at docs.slack.dev).
var botTokenCodes = map[string]bool{
	"invalid_auth": true, "not_authed": true, "account_inactive": true, "token_revoked": true, "token_expired": true,
	"not_allowed_token_type": true,
}

// permanentBot returns the [PermanentError] in a refused auth.test, or nil when trying again may help.
func permanentBot(err error) *PermanentError {
	if code := Code(err); botTokenCodes[code] {
		return &PermanentError{Code: code, Advice: "Slack does not accept the bot token: " +
			"copy SLACK_BOT_TOKEN (it starts with xoxb-) again from the app's OAuth & Permissions page, after installing the app"}
	}
	return nil
}

// or returns v, or def when v is the zero value.
func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
