package salesforce

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"portalbot/provisioning"
)

var userFields = []string{
	"Id", "Username", "Email", "CommunityNickname", "Alias", "FirstName", "LastName", "ContactId", "AccountId",
	"ProfileId", "UserRoleId", "UserType", "IsActive", "IsPortalEnabled",
	"CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "LastLoginDate",
}

// Users looks up users by any of the keys in one pass. With q.Frozen it reads their logins too: beside, when the users are named
// by id alone, else in a second pass.
func (c *Client) Users(ctx context.Context, q provisioning.UserQuery) ([]provisioning.User, error) {
	const op = "read User"
	w := where{any: []in{
		ids("Id", q.IDs), ids("ContactId", q.ContactIDs), texts("Contact.Email", q.ContactEmails),
		texts("Email", q.Emails), texts("Username", q.Usernames), texts("CommunityNickname", q.Nicknames),
		ids("AccountId", q.AccountIDs), // derived from the contact, so no internal user has one
	}}
	n := w.keys()
	if n == 0 {
		return nil, nil
	}
	fields := slices.Clone(userFields)
	if len(q.ContactEmails) > 0 {
		fields = append(fields, "Contact.Email")
	}
	for _, f := range q.Fields {
		if !validField(f) {
			return nil, &provisioning.CallError{
				Op: op, Code: codeField, Text: strconv.Quote(f) + " is no field name", Class: provisioning.ClassJob, Unsent: true,
			}
		}
		if !slices.ContainsFunc(fields, func(g string) bool { return strings.EqualFold(f, g) }) {
			fields = append(fields, f) // Salesforce refuses a field named twice
		}
	}
	byID := len(w.any[0].keys) == n
	var users []provisioning.User
	var logins []login
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		users, err = lookup(gctx, c, op, "SELECT "+strings.Join(fields, ", ")+" FROM User", w, func(v *values) provisioning.User {
			u := readUser(v)
			if len(q.Fields) > 0 {
				u.Fields = make(map[string]string, len(q.Fields))
				for _, f := range q.Fields {
					u.Fields[f] = v.fold(f)
				}
			}
			return u
		})
		return err
	})
	if q.Frozen && byID {
		g.Go(func() (err error) {
			logins, err = c.logins(gctx, w.any[0].keys)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if !q.Frozen {
		return users, nil
	}
	if !byID {
		found := make([]string, len(users))
		for i, u := range users {
			found[i] = u.ID
		}
		var err error
		if logins, err = c.logins(ctx, found); err != nil {
			return nil, err
		}
	}
	frozen := make(map[string]bool, len(logins))
	for _, l := range logins {
		frozen[l.userID] = l.frozen
	}
	for i := range users {
		users[i].Frozen = frozen[users[i].ID]
	}
	return users, nil
}

func readUser(v *values) provisioning.User {
	return provisioning.User{
		ID: v.get("Id"), Username: v.get("Username"), Email: v.get("Email"), Nickname: v.get("CommunityNickname"), Alias: v.get("Alias"),
		ContactEmail: v.get("Contact.Email"),
		FirstName:    v.get("FirstName"), LastName: v.get("LastName"),
		ContactID: v.get("ContactId"), AccountID: v.get("AccountId"),
		ProfileID: v.get("ProfileId"), RoleID: v.get("UserRoleId"), UserType: v.get("UserType"),
		Active: v.is("IsActive"), PortalEnabled: v.is("IsPortalEnabled"),
		CreatedAt: readTime(v.get("CreatedDate")), CreatedByID: v.get("CreatedById"),
		ModifiedAt: readTime(v.get("LastModifiedDate")), ModifiedByID: v.get("LastModifiedById"),
		LastLogin: readTime(v.get("LastLoginDate")),
	}
}

// readTime reads an xsd:dateTime; the zero time for none.
func readTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// login is a UserLogin: what a user is frozen by.
type login struct {
	id, userID string
	frozen     bool
}

func (c *Client) logins(ctx context.Context, userIDs []string) ([]login, error) {
	return lookup(ctx, c, "read UserLogin", "SELECT Id, UserId, IsFrozen FROM UserLogin", where{any: []in{ids("UserId", userIDs)}},
		func(v *values) login { return login{v.get("Id"), v.get("UserId"), v.is("IsFrozen")} })
}
