package salesforce

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"portalbot/provisioning"
)

// portalUsers is the condition for users of a portal. IsPortalEnabled is not asked for: users that were disabled for good are portal
// users to a report.
const portalUsers = "UserType IN ('PowerPartner','CspLitePortal','CustomerSuccess','PowerCustomerSuccess')"

// maxFound is the largest list of users that one of the queries below returns: one page.
const maxFound = pageSize

// AccountName is the name under which the lists of a report have the account's name in User.Fields.
const AccountName = "Account.Name"

// ActiveUsers counts the active portal users of each profile that has any, by profile id, in one request.
func (c *Client) ActiveUsers(ctx context.Context) (map[string]int, error) {
	type group struct {
		profile string
		n       int
	}
	// Grouping by ProfileId is documented ("Group" among the field's properties), grouping by the licence behind it is not.
	groups, _, err := query(ctx, c, "count User", "SELECT ProfileId, COUNT(Id) n FROM User WHERE IsActive = true AND "+portalUsers+" GROUP BY ProfileId",
		func(v *values) group { return group{v.get("ProfileId"), readInt(v.get("n"))} })
	if err != nil {
		return nil, err
	}
	out := make(map[string]int, len(groups))
	for _, g := range groups {
		out[g.profile] = g.n
	}
	return out, nil
}

// NeverLoggedIn returns the first limit active portal users that were created before a time and never logged in, the oldest first, and how many
// there are. It takes one request, and one more when there are more than limit.
func (c *Client) NeverLoggedIn(ctx context.Context, profiles []string, created time.Time, limit int) ([]provisioning.User, int, error) {
	return c.found(ctx, profiles, "IsActive = true AND LastLoginDate = null AND CreatedDate < "+dateTime(created), "CreatedDate", limit)
}

// Inactive returns the first limit active portal users whose last login was before a time, the longest ago first, and how many there are. Those
// that never logged in are not among them. It takes as many requests as NeverLoggedIn.
func (c *Client) Inactive(ctx context.Context, profiles []string, login time.Time, limit int) ([]provisioning.User, int, error) {
	return c.found(ctx, profiles, "IsActive = true AND LastLoginDate != null AND LastLoginDate < "+dateTime(login), "LastLoginDate", limit)
}

// WithoutContact returns the first limit active portal users that have no contact or no account, and how many there are. It takes as many
// requests as NeverLoggedIn.
func (c *Client) WithoutContact(ctx context.Context, profiles []string, limit int) ([]provisioning.User, int, error) {
	return c.found(ctx, profiles, "IsActive = true AND (ContactId = null OR AccountId = null)", "CreatedDate", limit)
}

// ChangedByOthers returns the portal users that the bot made and that someone else changed since a time, the latest first; changes
// that a user made to itself are left out. At most limit of them are looked at; more says that there may be others. It takes one
// request.
func (c *Client) ChangedByOthers(ctx context.Context, profiles []string, since time.Time, limit int) (users []provisioning.User, more bool, err error) {
	me, err := c.Identity(ctx)
	if err != nil {
		return nil, false, err
	}
	users, err = c.list(ctx, profiles, "CreatedById = '"+me.UserID+"' AND LastModifiedById != '"+me.UserID+"' AND LastModifiedDate >= "+dateTime(since),
		"LastModifiedDate DESC", limit)
	if err != nil {
		return nil, false, err
	}
	more = len(users) == limit
	// SOQL cannot compare two fields with each other.
	return slices.DeleteFunc(users, func(u provisioning.User) bool { return u.ModifiedByID == u.ID }), more, nil
}

// found lists the users of a condition and counts them where the list is full.
func (c *Client) found(ctx context.Context, profiles []string, condition, order string, limit int) ([]provisioning.User, int, error) {
	users, err := c.list(ctx, profiles, condition, order, limit)
	if err != nil || len(users) < limit {
		return users, len(users), err
	}
	counts, _, err := query(ctx, c, "count User", "SELECT COUNT(Id) n FROM User WHERE "+reported(profiles, condition),
		func(v *values) int { return readInt(v.get("n")) })
	if err != nil {
		return nil, 0, err
	}
	total := 0
	for _, n := range counts {
		total += n
	}
	return users, max(total, len(users)), nil
}

func (c *Client) list(ctx context.Context, profiles []string, condition, order string, limit int) ([]provisioning.User, error) {
	if limit < 1 || limit > maxFound {
		return nil, &provisioning.CallError{
			Op: "list User", Code: "LIMIT", Text: fmt.Sprintf("a list of %d users; 1 to %d are possible", limit, maxFound), Class: provisioning.ClassJob, Unsent: true,
		}
	}
	soql := fmt.Sprintf("SELECT %s, %s FROM User WHERE %s ORDER BY %s LIMIT %d",
		strings.Join(userFields, ", "), AccountName, reported(profiles, condition), order, limit)
	users, _, err := query(ctx, c, "list User", soql, func(v *values) provisioning.User {
		u := readUser(v)
		if name := v.get(AccountName); name != "" {
			u.Fields = map[string]string{AccountName: name}
		}
		return u
	})
	return users, err
}

// reported narrows a condition to the users of portals, and of some profiles where any are named.
func reported(profiles []string, condition string) string {
	w := portalUsers + " AND " + condition
	if some := ids("ProfileId", profiles); len(some.keys) > 0 {
		w += " AND " + where{any: []in{some}}.String()
	}
	return w
}

// dateTime is a time as a SOQL literal, in UTC: LAST_N_DAYS would depend on the time zone of the bot's user.
func dateTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
