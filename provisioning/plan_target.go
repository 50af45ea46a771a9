package provisioning

import (
	"fmt"
	"slices"
	"strings"
)

// Reasons of skipped and invalid rows of disable, enable and resend.
const (
	CodeUserNotFound    = "USER_NOT_FOUND"
	CodeUserAmbiguous   = "USER_AMBIGUOUS"
	CodeKeysDisagree    = "KEYS_DISAGREE"
	CodeAlreadyInactive = "ALREADY_INACTIVE"
	CodeAlreadyDisabled = "ALREADY_DISABLED"
	CodeAlreadyFrozen   = "ALREADY_FROZEN"
	CodeUserInactive    = "USER_INACTIVE"
	CodeUserFrozen      = "USER_FROZEN"
	CodePartnerDisable  = "PARTNER_DISABLE"
	CodeNotFrozen       = "NOT_FROZEN"
	CodeVerbUnknown     = "VERB_UNKNOWN"
)

// rowKeys are how a row names its user. The first that is given finds it; the others must agree.
type rowKeys struct {
	userID, username, contactID, email string
	problem                            Problem
}

func (pl *planning) keysOf(row InputRow) rowKeys {
	k := rowKeys{username: pl.cell(row, fieldUsername), email: pl.cell(row, fieldEmail)}
	var problems []Problem
	k.userID = pl.id(row, colUserID, PrefixUser, &problems)
	k.contactID = pl.id(row, colContactID, PrefixContact, &problems)
	k.problem = oneProblem(problems)
	if k.problem.IsZero() && k.userID == "" && k.username == "" && k.contactID == "" && k.email == "" {
		k.problem = Problem{
			Code: CodeNoKey, Text: "The row does not say which user it is about.",
			Fix: "Fill in UserId, Username, ContactId or Email.",
		}
	}
	return k
}

// decideTarget decides what a row of disable, enable or resend does to its user.
func (pl *planning) decideTarget(w *window, row InputRow) (PlanRow, warningSet) {
	k := pl.keysOf(row)
	r := PlanRow{Action: ActionInvalid, UserID: k.userID, Username: k.username, ContactID: k.contactID, Email: k.email}
	invalid := func(p Problem) (PlanRow, warningSet) {
		r.Reason = p
		return r, 0
	}
	if !k.problem.IsZero() {
		return invalid(k.problem)
	}
	if pl.terms.Verb == VerbUndo {
		status, _ := pl.done(row)
		if _, p := Inverse(status); !p.IsZero() {
			return invalid(p)
		}
	}
	u, p := pl.target(w, k)
	if !p.IsZero() {
		return invalid(p)
	}
	r.UserID, r.Username, r.Email = u.ID, u.Username, u.Email
	r.ContactID, r.AccountID, r.AccountName, r.ProfileID = u.ContactID, u.AccountID, w.names[u.AccountID], u.ProfileID
	r.RoleBased = !HighVolume(u.UserType)
	if profile, ok := pl.profileByID(u.ProfileID); ok {
		r.LicenseKey = profile.LicenseKey
	}
	if p := pl.guard.CheckUser(*u); !p.IsZero() {
		return invalid(p)
	}
	if kind := kindOf(u.UserType); pl.ownProfile && kind != pl.kind {
		return invalid(Problem{
			Code: CodeProfileKind,
			Text: fmt.Sprintf("User %s is a %s user, portal %s is for %s users.", u.Username, kind, pl.portal.Name, pl.kind),
			Fix:  "Send this row to the other portal.",
		})
	}
	if line, ok := pl.targets[u.ID]; ok {
		r.Action = ActionSkip
		return invalid(Problem{
			Code: CodeTwiceInFile,
			Text: fmt.Sprintf("Lines %d and %d are about the same user %s; line %d does it.", line, row.Line, u.Username, line),
		})
	}
	pl.targets[u.ID] = row.Line
	var warn warningSet
	if k.email != "" && !strings.EqualFold(k.email, u.Email) {
		warn |= warnEmailChanged
	}
	switch pl.terms.Verb {
	case VerbDisable:
		pl.decideDisable(&r, *u)
	case VerbEnable:
		warn |= pl.decideEnable(&r, *u)
	case VerbResend:
		warn |= pl.decideResend(&r, *u)
	case VerbUndo:
		warn |= pl.decideUndo(&r, *u, row)
	default:
		return invalid(Problem{
			Code: CodeVerbUnknown, Text: fmt.Sprintf("There is no command %q.", pl.terms.Verb), Fix: "Type /portal help.",
		})
	}
	if !r.Action.Runs() {
		return r, 0
	}
	r.Before = snapshot(*u, r.Action != ActionDeactivate && r.Action != ActionDisable)
	return r, warn
}

// target finds the user that the keys name, and checks that they agree.
func (pl *planning) target(w *window, k rowKeys) (*User, Problem) {
	var u *User
	column, value := "", ""
	switch {
	case k.userID != "":
		u, column, value = w.index.byID[k.userID], colUserID, k.userID
	case k.username != "":
		u, column, value = w.index.byUsername[strings.ToLower(k.username)], fieldUsername, k.username
	case k.contactID != "":
		column, value = colContactID, k.contactID
		us := w.index.byContact[k.contactID]
		if len(us) > 1 {
			return nil, pl.ambiguous(column, value, us)
		}
		if len(us) == 1 {
			u = us[0]
		}
	default:
		column, value = fieldEmail, k.email
		// Only portal users are ever meant, so that an internal user with the same address does not make a row ambiguous.
		us := slices.DeleteFunc(slices.Clone(w.index.byEmail[strings.ToLower(k.email)]), func(u *User) bool { return !u.Portal() })
		if len(us) > 1 {
			return nil, pl.ambiguous(column, value, us)
		}
		if len(us) == 1 {
			u = us[0]
		} else if others := w.index.byEmail[strings.ToLower(k.email)]; len(others) > 0 {
			u = others[0] // refused by the guard, which says why
		}
	}
	if u == nil {
		return nil, Problem{
			Code: CodeUserNotFound, Column: pl.header(column),
			Text: fmt.Sprintf("No user has %s %s, or the bot may not see it.", column, value),
			Fix:  "Check the value; /portal export gives a file of an account's portal users.",
		}
	}
	if k.username != "" && !strings.EqualFold(k.username, u.Username) {
		return nil, pl.disagree(column, value, fieldUsername, u.Username, k.username)
	}
	if k.contactID != "" && k.contactID != u.ContactID {
		has := u.ContactID
		if has == "" {
			has = "empty"
		}
		return nil, pl.disagree(column, value, colContactID, has, k.contactID)
	}
	return u, Problem{}
}

func (pl *planning) ambiguous(column, value string, us []*User) Problem {
	return Problem{
		Code: CodeUserAmbiguous, Column: pl.header(column),
		Text: fmt.Sprintf("%d users have %s %s: %s.", len(us), column, value, listUsers(us)),
		Fix:  "Put the right one's id in a column UserId.",
	}
}

func (pl *planning) disagree(column, value, other, has, said string) Problem {
	return Problem{
		Code: CodeKeysDisagree, Column: pl.header(other),
		Text: fmt.Sprintf("The user with %s %s has %s %s, but the row says %s.", column, value, other, has, said),
		Fix:  "Correct the row so that it means one user.",
	}
}

func (pl *planning) decideDisable(r *PlanRow, u User) {
	skip := func(code, text string) {
		r.Action, r.Reason = ActionSkip, Problem{Code: code, Text: text}
	}
	switch pl.terms.Method {
	case MethodFreeze:
		switch {
		case !u.Active:
			skip(CodeAlreadyInactive, fmt.Sprintf("User %s is inactive and cannot log in anyway.", u.Username))
		case u.Frozen:
			skip(CodeAlreadyFrozen, fmt.Sprintf("User %s is frozen already.", u.Username))
		default:
			r.Action = ActionFreeze
		}
	case MethodDisable:
		switch {
		case kindOf(u.UserType) == kindPartner:
			r.Action = ActionInvalid
			r.Reason = Problem{
				Code: CodePartnerDisable,
				Text: fmt.Sprintf("User %s is a partner user; Salesforce's way to disable for good does not apply to partner users.", u.Username),
				Fix:  "Use deactivate, or let an admin choose Disable Partner User on the contact.",
			}
		case !u.Active && !u.PortalEnabled:
			skip(CodeAlreadyDisabled, fmt.Sprintf("User %s is disabled already.", u.Username))
		default:
			r.Action = ActionDisable
			r.Fields = []Field{{fieldIsActive, "false"}, {fieldPortalOn, "false"}}
			r.TakesLock = !HighVolume(u.UserType)
		}
	default:
		if !u.Active {
			skip(CodeAlreadyInactive, fmt.Sprintf("User %s is inactive already, since %s or earlier.", u.Username, day(u.ModifiedAt)))
			return
		}
		r.Action = ActionDeactivate
		r.Fields = []Field{{fieldIsActive, "false"}}
	}
}

// decideEnable gives access back: activates an inactive user, else unfreezes a frozen one. A user who is both is activated and then
// unfrozen by a call of its own, which a warning says; the run knows it by the row's Before.
func (pl *planning) decideEnable(r *PlanRow, u User) warningSet {
	switch {
	case !u.PortalEnabled:
		r.Action = ActionInvalid
		r.Reason = Problem{
			Code: CodeDisabledForGood,
			Text: fmt.Sprintf("User %s was disabled for good; Salesforce does not activate it again.", u.Username),
			Fix:  "Make a new user for the contact with /portal add.",
		}
	case !u.Active:
		r.Action = ActionEnable
		r.Fields = []Field{{fieldIsActive, "true"}}
		r.TakesLock = !HighVolume(u.UserType) && u.RoleID == ""
		if u.Frozen {
			return warnUnfreezes
		}
	case u.Frozen:
		r.Action = ActionUnfreeze
	default:
		r.Action = ActionSkip
		r.Reason = Problem{Code: CodeAlreadyActive, Text: fmt.Sprintf("User %s is active already and not frozen.", u.Username)}
	}
	return 0
}

// decideResend asks for a new access mail. It resets the password, which a person who has logged in before will notice.
func (pl *planning) decideResend(r *PlanRow, u User) warningSet {
	fail := func(code, text, fix string) {
		r.Action, r.Reason = ActionInvalid, Problem{Code: code, Text: text, Fix: fix}
	}
	switch {
	case !u.Active:
		fail(CodeUserInactive, fmt.Sprintf("User %s is inactive, an access mail would be of no use.", u.Username), "Use /portal enable first.")
	case u.Frozen:
		fail(CodeUserFrozen, fmt.Sprintf("User %s is frozen, an access mail would be of no use.", u.Username), "Use /portal enable first.")
	default:
		r.Action = ActionResend
		if !u.LastLogin.IsZero() {
			return warnLoggedIn
		}
	}
	return 0
}

// snapshot is what a write changes or relies on: what drift is compared with and what undo restores.
func snapshot(u User, frozen bool) []Field {
	fields := []Field{
		{fieldID, u.ID},
		{fieldUsername, u.Username},
		{fieldContactID, u.ContactID},
		{fieldAccountID, u.AccountID},
		{fieldProfileID, u.ProfileID},
		{fieldRoleID, u.RoleID},
		{fieldIsActive, boolText(u.Active)},
		{fieldPortalOn, boolText(u.PortalEnabled)},
	}
	if frozen {
		fields = append(fields, Field{fieldIsFrozen, boolText(u.Frozen)})
	}
	return sortFields(fields)
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func sortFields(fs []Field) []Field {
	slices.SortFunc(fs, compareFields)
	return fs
}
