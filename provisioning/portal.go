package provisioning

import (
	"strings"
	"time"
)

// Portal is one configured portal: what it allows and what it fills in.
type Portal struct {
	Name          string
	Profile       string   // profile name when the CSV names none
	Profiles      []string // allowed profile names; Profile is always allowed
	Mail          MailMode
	UsernameTail  string // appended to a username that is made from the e-mail, "" for none
	TimeZone      string // TimeZoneSidKey
	Locale        string // LocaleSidKey
	Language      string // LanguageLocaleKey
	EmailEncoding string // EmailEncodingKey
	Currency      string // CurrencyIsoCode, multi-currency orgs

	PermissionSets []string // allowed names
	Groups         []string // allowed names
	Fields         []string // allowed custom fields of User, API names

	ProtectedAccounts []string // account ids that are never touched
	ProtectedUsers    []string // user ids or usernames that are never touched
	BlastUsers        int      // disable over this many users of one account needs a second approver; 0: no limit
	BlastPercent      int      // the same in percent of the account's users
	CreateContacts    bool     // a missing Contact may be created
	Reactivate        bool     // an inactive user may be reactivated by add
	FilesToDM         bool     // files go to requester and approver, not into the thread
}

// Policy is who must agree before a request runs.
type Policy struct {
	Approvers    []string // Slack user or user-group ids
	Required     int      // at least 1
	LargeRows    int      // requests with more rows than this need LargeNeeds; 0: none do
	LargeNeeds   int
	ForeverNeeds int // approvals for irreversible actions; 0: as others
	ExpiresAfter time.Duration
	RemindAfter  time.Duration
}

// Needed is the number of approvals for a plan.
func (p Policy) Needed(s PlanSummary) int {
	n := max(1, p.Required)
	if p.LargeRows > 0 && s.Runs() > p.LargeRows {
		n = max(n, p.LargeNeeds)
	}
	for a, c := range s.Actions {
		if c > 0 && a.Irreversible() {
			n = max(n, p.ForeverNeeds)
		}
	}
	if s.ExtraApprover != "" {
		n = max(n, 2)
	}
	return n
}

// portalUserTypes are the UserTypes of portal users.
// Source: Salesforce object reference, User.UserType. The reference spells CSPLitePortal, the API CspLitePortal.
var portalUserTypes = []string{"CspLitePortal", "PowerCustomerSuccess", "PowerPartner", "CustomerSuccess"}

// PortalUserType reports whether a UserType is one of a portal user.
func PortalUserType(t string) bool {
	for _, p := range portalUserTypes {
		if strings.EqualFold(p, t) {
			return true
		}
	}
	return false
}

// HighVolume reports whether users of this UserType have no role and never take the group-membership lock.
func HighVolume(t string) bool { return strings.EqualFold(t, "CspLitePortal") }
