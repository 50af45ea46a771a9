package provisioning

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// clockSkew is how far the org's clock, which stamps CreatedDate, may be behind ours. A row is read as having no user at most freshFor
// before its first create, so a generous bound adopts nothing that is not ours.
const clockSkew = 5 * time.Minute

// Codes of rows that reading settled.
const (
	CodeUserExists   = "PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT" // as Salesforce spells it
	CodeUsernameUsed = "DUPLICATE_USERNAME"                     // as Salesforce spells it
	CodeUserGone     = "USER_GONE"
	CodeMailUnknown  = "MAIL_UNKNOWN"
	CodeContactTwice = "CONTACT_TWICE"
)

// Settle says what a fresh read tells about a row whose call's answer was lost. bot is the user that the bot works as, since the
// moment when the row's first call was begun. It is pure.
func Settle(row PlanRow, seen Seen, bot string, since time.Time) Settlement {
	switch row.Action {
	case ActionCreate:
		return settleCreate(row, seen, bot, since)
	case ActionResend:
		return Settlement{Never: true, Problem: Problem{
			Code: CodeMailUnknown,
			Text: "The answer to this row's call was lost, and nobody can see afterwards whether Salesforce sent the mail.",
			Fix:  "Ask the person. If no mail came, send the row again in a new request.",
		}}
	}
	return settleChange(row.UserID, seen, func(u User) bool { return shows(u, row.Action) })
}

// settleChange settles a change of a user: is the user as the change leaves it?
func settleChange(id string, seen Seen, done func(User) bool) Settlement {
	u := seen.User(id)
	if u == nil {
		return Settlement{Problem: Problem{
			Code: CodeUserGone, Text: fmt.Sprintf("User %s is gone, or the bot may not see it any more.", id),
			Fix: "Look at the user in Salesforce.",
		}}
	}
	return Settlement{Done: done(*u), ID: u.ID}
}

// shows reports whether the user is as the action leaves it.
func shows(u User, a Action) bool {
	switch a {
	case ActionReactivate, ActionEnable: // unfreezing is a step of its own
		return u.Active
	case ActionDeactivate:
		return !u.Active
	case ActionDisable:
		return !u.Active && !u.PortalEnabled
	case ActionFreeze:
		return u.Frozen
	case ActionUnfreeze:
		return !u.Frozen
	}
	return false
}

func settleCreate(row PlanRow, seen Seen, bot string, since time.Time) Settlement {
	ours := func(u *User) bool {
		return u.CreatedByID == bot && !u.CreatedAt.Before(since.Add(-clockSkew)) && strings.EqualFold(u.Username, row.Username)
	}
	users := seen.OnContact(row.ContactID)
	if i := slices.IndexFunc(users, ours); i >= 0 {
		return Settlement{Done: true, ID: users[i].ID}
	}
	if len(users) > 0 {
		return Settlement{Problem: Problem{
			Code: CodeUserExists,
			Text: fmt.Sprintf("The contact has a user meanwhile that this request did not create: %s.", listUsers(users)),
			Fix:  "Check with who created it. Nothing was changed by this row.",
		}}
	}
	if u := seen.Named(row.Username); u != nil {
		return Settlement{Problem: Problem{
			Code: CodeUsernameUsed,
			Text: fmt.Sprintf("Username %s belongs to user %s meanwhile.", row.Username, u.ID),
			Fix:  "Fill in another Username and send the row again.",
		}}
	}
	return Settlement{}
}

// SettleContact does the same for the creation of a row's missing Contact.
func SettleContact(row PlanRow, seen Seen, bot string, since time.Time) Settlement {
	found := slices.DeleteFunc(newContacts(row, seen), func(c *Contact) bool {
		return c.CreatedByID != bot || c.CreatedAt.Before(since.Add(-clockSkew))
	})
	switch len(found) {
	case 0:
		return Settlement{}
	case 1:
		return Settlement{Done: true, ID: found[0].ID}
	}
	return Settlement{Never: true, Problem: Problem{
		Code: CodeContactTwice,
		Text: fmt.Sprintf("The answer to this row's call was lost, and several new contacts fit it: %s.", listContacts(found)),
		Fix:  "Delete the contacts that are too many, then send the row again.",
	}}
}
