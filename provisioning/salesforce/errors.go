package salesforce

import (
	"net/http"
	"strings"

	"portalbot/provisioning"
)

// Codes of CallError and RowError that are not Salesforce's own.
const (
	codeNetwork   = "NETWORK"                           // the connection failed, or there was no answer in time
	codeBadAnswer = "BAD_ANSWER"                        // the answer cannot be read
	codeText      = "INVALID_CHARACTER"                 // a value that cannot be put into a request
	codeLogin     = "NO_USER_LOGIN"                     // the user has no UserLogin record
	codeTimeout   = "QUERY_TIMEOUT"                     // Salesforce's own
	codeComplex   = "QUERY_TOO_COMPLICATED"             // Salesforce's own
	codeSession   = "INVALID_SESSION_ID"                // Salesforce's own
	codeDuplicate = "DUPLICATE_VALUE"                   // Salesforce's own
	codeTooMany   = "EXCEEDED_ID_LIMIT"                 // Salesforce's own
	codeMalformed = "MALFORMED_ID"                      // Salesforce's own
	codeField     = "INVALID_FIELD"                     // Salesforce's own
	codeRolled    = "ALL_OR_NONE_OPERATION_ROLLED_BACK" // Salesforce's own
)

// rule says what one error means. The first rule that fits holds.
type rule struct {
	code  string // exactly; empty: any
	has   string // part of the message in lower case; empty: any
	class provisioning.Class
	hold  string // for ClassPause
	// refused: a call that fails with this was turned away before Salesforce did anything.
	refused bool
	fix     string
}

const (
	row     = provisioning.ClassRow
	retry   = provisioning.ClassRetry
	profile = provisioning.ClassProfile
	account = provisioning.ClassAccount
	job     = provisioning.ClassJob
	pause   = provisioning.ClassPause
	exists  = provisioning.ClassExists
)

const refused = true

// rules is the one table of errors for rows, SOAP faults and REST answers alike. What is not in it is ClassRow and shown verbatim.
// Sources: Salesforce API reference, status codes and exception codes; Knowledge articles 000381924, 000384982, 000389462,
// 004576984; the engineering blog on group-membership locks for the lock texts.
var rules = []rule{
	// Locks: the code that goes with these texts differs, so the text decides.
	{has: "group membership operation already in progress", class: retry, fix: fixLock},
	{has: "could not acquire lock", class: retry, fix: fixLock},
	{has: "unable to obtain exclusive access", class: retry, fix: fixLock},
	{code: "UNABLE_TO_LOCK_ROW", class: retry, fix: fixLock},

	// The user exists already, perhaps because an earlier call made it.
	{code: "PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT", class: exists, fix: "The contact has a user already, perhaps an inactive one: look at the contact, or use enable."},
	{code: "DUPLICATE_USERNAME", class: exists, fix: "Choose another Username: it must be unique over all Salesforce orgs, and need not be the e-mail address."},
	{code: "DUPLICATE_COMM_NICKNAME", class: row, fix: "Choose another CommunityNickname: it must be unique in the org."},
	{code: codeDuplicate, class: row, fix: "A record with this value exists already: choose another value."},
	{code: "DUPLICATES_DETECTED", class: row, fix: "A duplicate rule of the org found a similar record: look at it in Salesforce."},

	// What would fail again for every row of the same profile or account.
	{code: "LICENSE_LIMIT_EXCEEDED", class: profile, fix: "No seat of this licence is left: deactivate users or buy seats, then retry."},
	{has: "license limit exceeded", class: profile, fix: "No seat of this licence is left: deactivate users or buy seats, then retry."},
	{code: "PORTAL_NO_ACCESS", class: profile, fix: "Turn on portal access for the profile (Digital Experiences, and the licence of the profile)."},
	{has: "portal account owner must have a role", class: account, fix: "Give the owner of the account a role, or the account an owner who has one, then retry."},
	{has: "portal users cannot own partner accounts", class: account, fix: "Give the account an owner who is not a portal user, then retry."},
	{has: "standard external profiles", class: profile, fix: "Use a copy of the profile, or allow standard external profiles in Digital Experiences > Settings."},

	// One row.
	{code: "FIELD_INTEGRITY_EXCEPTION", has: "email address", class: row, fix: "Give the Username the form of an e-mail address."},
	{code: "FIELD_INTEGRITY_EXCEPTION", has: "role type", class: row, fix: "Choose a role that belongs to the contact's account and suits the profile."},
	{code: "FIELD_INTEGRITY_EXCEPTION", class: row, fix: "Mend the value that the message names."},
	{code: "INVALID_CROSS_REFERENCE_KEY", class: row, fix: "Check ContactId, profile and role: one of them does not exist or cannot be seen by the bot's user."},
	{code: "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", class: row, fix: fixAccess},
	{code: "INSUFFICIENT_ACCESS_OR_READONLY", class: row, fix: fixAccess},
	{code: "INSUFFICIENT_ACCESS", class: row, fix: fixAccess},
	{code: "REQUIRED_FIELD_MISSING", class: row, fix: "Fill in the field that the message names."},
	{code: "STRING_TOO_LONG", class: row, fix: "Shorten the value that the message names."},
	{code: "INVALID_EMAIL_ADDRESS", class: row, fix: "Correct the e-mail address."},
	{code: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", class: row, fix: "Use one of the values that the org has for this field, as the API spells it."},
	{code: codeMalformed, class: row, refused: refused, fix: "Correct the id: it has 15 or 18 letters and digits."},
	{code: "INVALID_FIELD_FOR_INSERT_UPDATE", class: row, fix: "Leave out the field that the message names, or give the bot's user the right to write it."},
	{code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", class: row, fix: "A validation rule of the org refused the values: mend what its message says."},
	{code: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", class: row, fix: "A trigger of the org refused the record: show its message to a Salesforce admin."},
	{code: "CANNOT_EXECUTE_FLOW_TRIGGER", class: row, fix: "A flow of the org failed on the record: show its message to a Salesforce admin."},
	{code: "INACTIVE_OWNER_OR_USER", class: row, fix: "Give the record an owner who is active."},
	{code: "OP_WITH_INVALID_USER_TYPE_EXCEPTION", class: row, fix: "This kind of user cannot be changed that way: do it in Salesforce."},
	{code: "LIGHT_PORTAL_USER_EXCEPTION", class: row, fix: "High-volume users cannot have this: leave out roles and what depends on them."},
	{code: "INVALID_PERSON_ACCOUNT_OPERATION", class: row, fix: "For a person account use the contact id of the account (PersonContactId)."},
	{code: "CANNOT_REPARENT_RECORD", class: row, fix: "The user belongs to another contact or account: this cannot be changed."},
	{code: "ENTITY_IS_LOCKED", class: row, fix: "The record is locked for an approval: end that one first."},
	{code: "ENTITY_IS_DELETED", class: row, fix: "The record was deleted: take it out of the file or restore it."},
	{code: "NOT_FOUND", class: row, refused: refused, fix: "The record does not exist or cannot be seen by the bot's user."},
	{code: codeRolled, class: row, fix: "Nothing is wrong with this row: it was undone with the one that failed."},
	{code: codeText, class: row, fix: "Take out the characters that cannot be seen, or type the value anew."},
	{code: codeLogin, class: row, fix: "Check that the user exists and that the bot's user has Manage Users."},

	// The call may be sent again later.
	{code: "REQUEST_LIMIT_EXCEEDED", has: "totalrequests", class: pause, hold: provisioning.HoldBudget, refused: refused, fix: "The org's API requests of the day are used up: it goes on when some are free again."},
	{code: "REQUEST_LIMIT_EXCEEDED", class: retry, refused: refused, fix: "Too many long requests run in the org at once: it goes on by itself."},
	{code: codeTimeout, class: retry, fix: fixSlow},
	{code: "REQUEST_RUNNING_TOO_LONG", class: retry, fix: fixSlow},
	{code: "SERVER_UNAVAILABLE", class: retry, fix: fixSlow},
	{code: "TOO_MANY_APEX_REQUESTS", class: retry, fix: fixSlow},
	{code: "ALREADY_IN_PROCESS", class: retry, fix: fixSlow},
	{code: "INVALID_QUERY_LOCATOR", class: retry, refused: refused, fix: fixSlow},
	{code: "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", class: pause, hold: provisioning.HoldMaintenance, refused: refused, fix: "Salesforce maintains the org: it goes on afterwards."},

	// A person must mend something first.
	{code: codeSession, class: job, refused: refused, fix: "Salesforce refuses a new token as well: check the session settings of the External Client App, and that \"Issue JSON Web Token (JWT)-based access tokens\" is off."},
	{code: "API_DISABLED_FOR_ORG", class: job, refused: refused, fix: "The org's edition has no API: it must be turned on by Salesforce."},
	{code: "API_CURRENTLY_DISABLED", class: job, refused: refused, fix: "Give the bot's user the permission API Enabled."},
	{code: "INVALID_OPERATION_WITH_EXPIRED_PASSWORD", class: job, refused: refused, fix: "Set a new password for the bot's user, or make it API Only."},
	{code: "UNSUPPORTED_API_VERSION", class: job, refused: refused, fix: "Set api_version to one that the org has, " + DefaultAPIVersion + " by default."},
	{code: "FORBIDDEN", class: job, refused: refused, fix: "Give the bot's user the permissions that the README lists."},
	{code: "METHOD_NOT_ALLOWED", class: job, refused: refused, fix: fixBug},
	{code: "MALFORMED_QUERY", class: job, refused: refused, fix: fixBug},
	{code: codeField, class: job, refused: refused, fix: "The field does not exist, or the bot's user may not see it: check its field-level security."},
	{code: "INVALID_TYPE", class: job, refused: refused, fix: "The bot's user may not see this object: give it the permissions that the README lists."},
	{code: codeComplex, class: job, refused: refused, fix: fixBug},
	{code: "INVALID_QUERY_FILTER_OPERATOR", class: job, refused: refused, fix: fixBug},
	{code: codeTooMany, class: job, refused: refused, fix: fixBug},
	{code: "soapenv:Client", class: job, refused: refused, fix: fixBug},
}

const (
	fixLock   = "Others change users, roles or groups of the org at the same time: it is tried again in smaller parts."
	fixSlow   = "Salesforce is slow or busy: it is tried again."
	fixAccess = "Give the bot's user the right to manage external users and to see contact and account."
	fixBug    = "This should not happen: please report it with this message."
)

// loginRules are the errors of the token endpoint. Source: Salesforce Help, "OAuth 2.0 Authorization Errors".
var loginRules = []rule{
	{code: "invalid_client_id", class: job, fix: "Check the client id: it is the consumer key of the External Client App. A new app works after ten minutes at the latest."},
	{code: "invalid_client", has: "identifier", class: job, fix: "Check the client id: it is the consumer key of the External Client App. A new app works after ten minutes at the latest."},
	{code: "invalid_client", class: job, fix: "Check client id and client secret: they are the consumer key and secret of the External Client App."},
	{has: "no client credentials user", class: job, fix: "Name a user under Run As in the app's client credentials settings (External Client App Manager > Policies)."},
	{has: "hasn't approved this consumer", class: job, fix: "Let admins pre-approve the app (Policies > Permitted Users) and give the user's profile or permission set access to it."},
	{has: "not admin approved", class: job, fix: "Give the user's profile or permission set access to the External Client App."},
	{has: "audience is invalid", class: job, fix: "Set audience to https://login.salesforce.com, for a sandbox to https://test.salesforce.com."},
	{has: "request not supported on this domain", class: job, fix: "Set login_url to the org's My Domain address, https://YOURDOMAIN.my.salesforce.com."},
	{has: "invalid assertion", class: job, fix: "Check that private key and the app's certificate belong together, and this machine's clock."},
	{has: "expired", class: job, fix: "Set this machine's clock right: the assertion was too old when it arrived."},
	{has: "inactive user", class: job, fix: "Activate the Salesforce user that the bot acts as."},
	{has: "user is inactive", class: job, fix: "Activate the Salesforce user that the bot acts as."},
	{code: "inactive_user", class: job, fix: "Activate the Salesforce user that the bot acts as."},
	{code: "inactive_org", class: job, fix: "The org is locked or closed: ask Salesforce."},
	{has: "login rate exceeded", class: retry, fix: "Too many logins in the last hour: it goes on by itself."},
	{code: "rate_limit_exceeded", class: retry, fix: "Too many logins in the last hour: it goes on by itself."},
	{code: "server_error", class: retry, fix: fixSlow},
	{code: "temporarily_unavailable", class: retry, fix: fixSlow},
	{code: "unsupported_grant_type", class: job, fix: "Turn on the client credentials flow, or the JWT bearer flow, in the External Client App."},
	{code: "unauthorized_client", class: job, fix: "Turn on the client credentials flow, or the JWT bearer flow, in the External Client App."},
	{code: "invalid_app_access", class: job, fix: "Give the user's profile or permission set access to the External Client App."},
	{code: "invalid_grant", class: job, fix: "Check the user the bot acts as: it must be active, may log in from here, and has access to the External Client App."},
	{class: job, fix: "Check the External Client App: flow turned on, scope api, user with access."},
}

func find(table []rule, code, text string) rule {
	text = strings.ToLower(text)
	for _, r := range table {
		if (r.code == "" || r.code == code) && strings.Contains(text, r.has) {
			return r
		}
	}
	return rule{class: row}
}

// classify fills in what the table says about the error's code and text.
func classify(ce *provisioning.CallError, table []rule) {
	r := find(table, ce.Code, ce.Text)
	ce.Class, ce.Hold, ce.Fix = r.class, r.hold, r.fix
	ce.Unsent = ce.Unsent || r.refused
}

// classifyRow fills in what the table says about the error's code and text. A row error that would end a whole request,
// like a field the bot may not see, ends it: the other rows fail with the same.
func classifyRow(e *provisioning.RowError) {
	r := find(rules, e.Code, e.Text)
	e.Class, e.Fix = r.class, r.fix
}

// classifyStatus fills in what an HTTP status means that comes without a word from Salesforce.
func classifyStatus(ce *provisioning.CallError, status int) {
	ce.Unsent = refusedStatus(status)
	switch {
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500:
		ce.Class, ce.Fix = retry, fixSlow
	case status == http.StatusNotFound:
		ce.Class, ce.Fix = row, "The record does not exist or cannot be seen by the bot's user."
	case status == http.StatusGone:
		ce.Class, ce.Fix = job, "Set api_version to one that the org has, "+DefaultAPIVersion+" by default."
	default:
		ce.Class, ce.Fix = job, "Check login_url, the permissions of the bot's user, and any proxy between here and Salesforce."
	}
}

// refusedStatus reports whether an answer with this status proves that the request was turned away. A time-out does not, nor
// does anything above 499: a gateway says that too when the server behind it goes on working.
func refusedStatus(status int) bool {
	return status >= 300 && status <= 499 && status != http.StatusRequestTimeout
}

func statusCode(status int) string {
	if t := http.StatusText(status); t != "" {
		return strings.ToUpper(strings.ReplaceAll(t, " ", "_"))
	}
	return "HTTP_STATUS"
}
