package provisioning

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// PortalUser is one portal user of an account, with the name of the profile.
type PortalUser struct {
	User
	Profile string // the profile's id where the org has no portal profile with it
}

// FindAccounts returns the accounts that a person means: the one with this id (or address of its page), else all with exactly this name,
// without regard to case, by id. None and several are for the caller to say.
func (s *Service) FindAccounts(ctx context.Context, key string) ([]Account, error) {
	key = idOfPage(cleanText(key))
	q := AccountQuery{Names: []string{key}}
	if id, err := ParseID(key, PrefixAccount); err == nil {
		q = AccountQuery{IDs: []string{id}}
	}
	found, err := s.org.Accounts(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	slices.SortFunc(found, func(a, b Account) int { return strings.Compare(a.ID, b.ID) })
	return found, nil
}

// Export returns the account's portal users, active or not, by name, for a person who takes them out of the org as a file. That
// somebody did is in the audit trail before it returns: the account's id and the number, never who they are.
func (s *Service) Export(ctx context.Context, account Account, person string) ([]PortalUser, error) {
	var users []User
	var profiles []Profile
	err := sideBySide(ctx,
		readInto("profiles", &profiles, s.org.Profiles),
		readInto("the account's users", &users, func(ctx context.Context) ([]User, error) {
			return s.org.Users(ctx, UserQuery{AccountIDs: []string{account.ID}, Frozen: true})
		}))
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(profiles))
	for _, p := range profiles {
		names[p.ID] = p.Name
	}
	var out []PortalUser
	for _, u := range users {
		if u.Portal() {
			out = append(out, PortalUser{User: u, Profile: cmp.Or(names[u.ProfileID], u.ProfileID)})
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	slices.SortFunc(out, func(a, b PortalUser) int {
		return cmp.Or(
			strings.Compare(strings.ToLower(a.LastName), strings.ToLower(b.LastName)),
			strings.Compare(strings.ToLower(a.FirstName), strings.ToLower(b.FirstName)),
			strings.Compare(a.ID, b.ID))
	})
	event := AuditEvent{
		At: s.now(), Person: person, Event: "exported", Detail: map[string]string{"account": account.ID, "users": strconv.Itoa(len(out))},
	}
	if err := s.store.RecordAudit(ctx, event); err != nil {
		return nil, fmt.Errorf("record the export: %w", err)
	}
	return out, nil
}
