package provisioning

import (
	"context"
	"fmt"
	"strings"
)

// Seen is a fresh read of what some plan rows rely on. It is built by ReadRows and only read afterwards.
type Seen struct {
	contacts   map[string]*Contact // by id
	byEmail    map[string][]*Contact
	users      map[string]*User // by id
	byContact  map[string][]*User
	byUsername map[string]*User
	assigned   map[Assignment]bool
}

// ReadRows reads again what the rows rely on, in at most two requests side by side for the rows of one window.
func ReadRows(ctx context.Context, org Org, rows []PlanRow) (Seen, error) {
	cq, uq := ReadKeys(rows)
	var contacts []Contact
	var users []User
	var reads []func(context.Context) error
	if len(cq.IDs)+len(cq.Emails) > 0 {
		reads = append(reads, readInto("contacts", &contacts, func(ctx context.Context) ([]Contact, error) { return org.Contacts(ctx, cq) }))
	}
	reads = append(reads, readInto("users", &users, func(ctx context.Context) ([]User, error) { return org.Users(ctx, uq) }))
	if err := sideBySide(ctx, reads...); err != nil {
		return Seen{}, fmt.Errorf("read %d rows again: %w", len(rows), err)
	}
	return newSeen(contacts, users), nil
}

func newSeen(contacts []Contact, users []User) Seen {
	s := Seen{
		contacts: make(map[string]*Contact, len(contacts)), byEmail: map[string][]*Contact{},
		users: make(map[string]*User, len(users)), byContact: make(map[string][]*User, len(users)), byUsername: make(map[string]*User, len(users)),
	}
	for i := range contacts {
		c := &contacts[i]
		s.contacts[c.ID] = c
		if c.Email != "" {
			k := strings.ToLower(c.Email)
			s.byEmail[k] = append(s.byEmail[k], c)
		}
	}
	for i := range users {
		u := &users[i]
		s.users[u.ID] = u
		s.byUsername[strings.ToLower(u.Username)] = u
		if u.ContactID != "" {
			s.byContact[u.ContactID] = append(s.byContact[u.ContactID], u)
		}
	}
	return s
}

// Contact returns the contact with this id as it was seen, or nil.
func (s Seen) Contact(id string) *Contact { return s.contacts[id] }

// User returns the user with this id as it was seen, or nil.
func (s Seen) User(id string) *User { return s.users[id] }

// OnContact returns the users of the contact as they were seen.
func (s Seen) OnContact(id string) []*User { return s.byContact[id] }

// Named returns the user with this username as it was seen, or nil.
func (s Seen) Named(username string) *User { return s.byUsername[strings.ToLower(username)] }
