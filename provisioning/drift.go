package provisioning

import (
	"fmt"
	"slices"
	"strings"
)

// Reasons why a row is held right before its write.
const (
	CodeDrifted      = "DRIFTED"
	CodeContactGone  = "CONTACT_GONE"
	CodeContactMoved = "CONTACT_MOVED"
	CodeContactMade  = "CONTACT_EXISTS"
)

// ReadKeys returns what must be read again right before rows are written or settled: one query for contacts, empty when no row creates
// a user, and one for users. For 2,000 creates that is one request each, unless the org must split the lists for their length.
func ReadKeys(rows []PlanRow) (ContactQuery, UserQuery) {
	var c ContactQuery
	var u UserQuery
	for _, r := range rows {
		switch {
		case !r.Action.Runs():
		case r.Action != ActionCreate:
			u.IDs = append(u.IDs, r.UserID)
			u.Frozen = u.Frozen || hasField(r.Before, fieldIsFrozen)
		default:
			if r.ContactID != "" {
				c.IDs = append(c.IDs, r.ContactID)
				u.ContactIDs = append(u.ContactIDs, r.ContactID)
			} else {
				c.Emails = append(c.Emails, strings.ToLower(fieldValue(r.NewContact, fieldEmail)))
			}
			u.Usernames = append(u.Usernames, strings.ToLower(r.Username))
		}
	}
	c.IDs, c.Emails = unique(c.IDs), unique(c.Emails)
	u.IDs, u.ContactIDs, u.Usernames = unique(u.IDs), unique(u.ContactIDs), unique(u.Usernames)
	return c, u
}

// Drift compares what a row relies on with a fresh read of it. The zero Problem means that nothing has changed since the plan, and the
// row may be written. Otherwise it names what changed, before and after, and the row is held. It is pure.
//
// For a row whose contact is created first, ContactID is empty until the contact exists and set to it from then on.
func Drift(row PlanRow, seen Seen, who Identity) Problem {
	if row.Action == ActionCreate {
		return driftOfCreate(row, seen)
	}
	u := seen.User(row.UserID)
	if u == nil {
		return Problem{
			Code: CodeUserGone, Text: fmt.Sprintf("User %s (%s) is gone, or the bot may not see it any more.", row.Username, row.UserID),
			Fix: "Look at the user in Salesforce.",
		}
	}
	if p := (Guard{botID: who.UserID}).CheckUser(*u); !p.IsZero() {
		p.Text = "Changed since the plan: " + p.Text
		return p
	}
	now := snapshot(*u, hasField(row.Before, fieldIsFrozen))
	var changes []string
	for _, f := range now {
		if before := fieldValue(row.Before, f.Name); before != f.Value {
			changes = append(changes, fmt.Sprintf("%s was %s and is %s now", f.Name, orEmpty(before), orEmpty(f.Value)))
		}
	}
	if len(changes) == 0 {
		return Problem{}
	}
	return Problem{
		Code: CodeDrifted, Text: "Changed since the plan: " + strings.Join(changes, "; ") + ".",
		Fix: "Check that the change is meant, then send the row again.",
	}
}

func driftOfCreate(row PlanRow, seen Seen) Problem {
	if row.ContactID == "" {
		if p := contactAppeared(row, seen); !p.IsZero() {
			return p
		}
	} else {
		c := seen.Contact(row.ContactID)
		planned := row.AccountID
		switch {
		case c == nil:
			return Problem{
				Code: CodeContactGone, Text: fmt.Sprintf("Contact %s is gone, or the bot may not see it any more.", row.ContactID),
				Fix: "Look for the contact in Salesforce; it may have been merged or deleted.",
			}
		case c.Account.ID != planned:
			return Problem{
				Code: CodeContactMoved,
				Text: fmt.Sprintf("Contact %s was on %s and is on %s now.", row.ContactID,
					accountText(Account{ID: planned, Name: row.AccountName}), accountText(c.Account)),
				Fix: "Check that the move is meant, then send the row again.",
			}
		}
		if users := seen.OnContact(row.ContactID); len(users) > 0 {
			return Problem{
				Code: CodeUserExists,
				Text: fmt.Sprintf("Contact %s had no user and has one now: %s.", row.ContactID, listUsers(users)),
				Fix:  "Nothing is to be done if that user is right.",
			}
		}
	}
	if u := seen.Named(row.Username); u != nil {
		return Problem{
			Code: CodeUsernameUsed, Text: fmt.Sprintf("Username %s was free and belongs to user %s now.", row.Username, u.ID),
			Fix: "Fill in another Username and send the row again.",
		}
	}
	return Problem{}
}

// contactAppeared reports a contact that has come to exist since the plan, which would have created it.
func contactAppeared(row PlanRow, seen Seen) Problem {
	for _, c := range newContacts(row, seen) {
		return Problem{
			Code: CodeContactMade, Text: fmt.Sprintf("The contact did not exist and does now: %s.", listContacts([]*Contact{c})),
			Fix: "Send the row again; it will use that contact.",
		}
	}
	return Problem{}
}

// newContacts returns the contacts that are what the row would create: same address, same account.
func newContacts(row PlanRow, seen Seen) []*Contact {
	all := seen.byEmail[strings.ToLower(fieldValue(row.NewContact, fieldEmail))]
	return slices.DeleteFunc(slices.Clone(all), func(c *Contact) bool { return c.Account.ID != row.AccountID })
}

func hasField(fs []Field, name string) bool {
	return slices.ContainsFunc(fs, func(f Field) bool { return f.Name == name })
}

func orEmpty(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}
