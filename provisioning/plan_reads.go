package provisioning

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// planning is one file on its way to a draft. Reads run side by side and write only what they own (the facts, or one window);
// decisions are made by one goroutine, window after window, so that what they depend on of earlier rows is the same each time.
type planning struct {
	org    Org
	portal Portal
	terms  Terms
	in     Input
	cols   map[string]int // column -> cell

	facts facts
	guard Guard
	kind  portalKind
	// ownProfile: the portal's own profile is a portal profile of the org.
	ownProfile bool

	contacts  map[string]int // contact id, or "email account" of one to create -> line of the first row
	usernames map[string]int // lower case -> line
	nicknames map[string]int // lower case -> line
	targets   map[string]int // user id -> line

	// noDomains: the e-mail domains of some accounts' contacts could not be read.
	noDomains bool

	tally tally
	words *words
	order []planned
}

// facts are what holds for all rows.
type facts struct {
	me          Identity
	schema      *Schema
	contact     map[string]FieldInfo // of Contact; only where contacts may be created
	profiles    []Profile
	permissions []Ref
	groups      []Ref
	ownRole     bool // the bot's user has a role; known with the first window of add
}

// window is what was read for some rows of the input.
type window struct {
	rows  []InputRow
	first bool
	done  chan error

	candidates   []candidate // of add, one for each row
	contacts     map[string]*Contact
	byEmail      map[string][]*Contact // lower case
	accounts     []Account             // for contacts to create; for the names of users' accounts
	names        map[string]string     // account id -> name
	accountIndex map[string][]int      // by id and by name in lower case
	users        []User
	index        userIndex
	roles        map[string][]Role // by account
	pairs        []AccountDomain   // accounts whose contacts' domains are asked for, at most domainAccounts
	domains      map[string]domainFacts
	noDomains    bool // they could not be read
}

// userIndex finds users by their keys. Text keys are in lower case.
type userIndex struct {
	byID, byUsername map[string]*User
	byContact        map[string][]*User
	byEmail          map[string][]*User
	nicknames        map[string]*User
}

func newPlanning(org Org, portal Portal, t Terms, in Input) *planning {
	pl := &planning{
		org: org, portal: portal, terms: t, in: in, cols: map[string]int{},
		contacts: map[string]int{}, usernames: map[string]int{}, nicknames: map[string]int{}, targets: map[string]int{},
		words: newWords(), order: make([]planned, 0, len(in.Rows)),
	}
	pl.tally.start()
	for i, c := range in.Columns {
		if _, ok := pl.cols[c.Name]; c.Name != "" && !ok {
			pl.cols[c.Name] = i
		}
	}
	return pl
}

// cell returns what a row says in a column, "" when there is no such column or the row is short.
func (pl *planning) cell(row InputRow, column string) string {
	i, ok := pl.cols[column]
	if !ok || i >= len(row.Cells) {
		return ""
	}
	s := cleanText(row.Cells[i])
	if column == fieldEmail || column == fieldUsername {
		return plainAddress(s)
	}
	return s
}

// header returns a column as the file spells it.
func (pl *planning) header(column string) string {
	if i, ok := pl.cols[column]; ok {
		return pl.in.Columns[i].Header
	}
	return ""
}

// has reports whether the file has the column.
func (pl *planning) has(column string) bool {
	_, ok := pl.cols[column]
	return ok
}

// adds reports whether the file makes users.
func (pl *planning) adds() bool { return pl.terms.Verb == VerbAdd }

// makesContacts reports whether a missing contact is created.
func (pl *planning) makesContacts() bool {
	return pl.adds() && pl.portal.CreateContacts && pl.terms.CreateContacts
}

// readFacts reads what holds for all rows, side by side.
func (pl *planning) readFacts(ctx context.Context) error {
	f := &pl.facts
	reads := []func(context.Context) error{
		readInto("who the bot is", &f.me, pl.org.Identity),
		readInto("profiles", &f.profiles, pl.org.Profiles),
	}
	if pl.adds() {
		reads = append(reads, readInto("the org's fields", &f.schema, pl.org.Schema))
		if pl.makesContacts() {
			reads = append(reads, readInto("the fields of contacts", &f.contact, pl.org.ContactFields))
		}
		if pl.has(colPermissionSets) && len(pl.portal.PermissionSets) > 0 {
			reads = append(reads, readInto("permission sets", &f.permissions, func(ctx context.Context) ([]Ref, error) {
				return pl.org.PermissionSets(ctx, pl.portal.PermissionSets)
			}))
		}
		if pl.has(colGroups) && len(pl.portal.Groups) > 0 {
			reads = append(reads, readInto("groups", &f.groups, func(ctx context.Context) ([]Ref, error) {
				return pl.org.Groups(ctx, pl.portal.Groups)
			}))
		}
	}
	if err := sideBySide(ctx, reads...); err != nil {
		return err
	}
	pl.guard = NewGuard(pl.portal, f.me.UserID)
	p, ok := pl.profileNamed(pl.portal.Profile)
	pl.kind, pl.ownProfile = kindOf(p.UserType), ok
	return nil
}

// readWindow reads what the rows of a window need. Ready is closed when the facts are there.
func (pl *planning) readWindow(ctx context.Context, w *window, ready <-chan struct{}) error {
	if pl.adds() {
		return pl.readForAdd(ctx, w, ready)
	}
	return pl.readForTargets(ctx, w, ready)
}

// readForAdd reads contacts first, because usernames and nicknames may come from them, and then users and roles.
func (pl *planning) readForAdd(ctx context.Context, w *window, ready <-chan struct{}) error {
	var ids, emails, accountIDs, accountNames []string
	w.candidates = make([]candidate, len(w.rows))
	for i, row := range w.rows {
		c := pl.candidateOf(row)
		w.candidates[i] = c
		switch {
		case !c.problem.IsZero():
		case c.contactID != "":
			ids = append(ids, c.contactID)
		default:
			emails = append(emails, strings.ToLower(c.email))
			if c.accountID != "" {
				accountIDs = append(accountIDs, c.accountID)
			} else if c.account != "" {
				accountNames = append(accountNames, c.account)
			}
		}
	}
	var contacts []Contact
	var reads []func(context.Context) error
	if len(ids)+len(emails) > 0 {
		reads = append(reads, readInto("contacts", &contacts, func(ctx context.Context) ([]Contact, error) {
			return pl.org.Contacts(ctx, ContactQuery{IDs: unique(ids), Emails: unique(emails)})
		}))
	}
	if pl.makesContacts() && len(accountIDs)+len(accountNames) > 0 {
		reads = append(reads, readInto("accounts", &w.accounts, func(ctx context.Context) ([]Account, error) {
			return pl.org.Accounts(ctx, AccountQuery{IDs: unique(accountIDs), Names: unique(accountNames)})
		}))
	}
	if err := sideBySide(ctx, reads...); err != nil {
		return err
	}
	w.indexContacts(contacts)
	w.indexAccounts()
	select {
	case <-ready:
	case <-ctx.Done():
		return ctx.Err()
	}

	q, roleAccounts := pl.complete(w)
	if w.first {
		q.IDs = []string{pl.facts.me.UserID} // its role matters, and costs no request of its own
	}
	var roles []Role
	reads = []func(context.Context) error{
		readInto("users", &w.users, func(ctx context.Context) ([]User, error) { return pl.org.Users(ctx, q) }),
	}
	if len(roleAccounts) > 0 {
		reads = append(reads, readInto("portal roles", &roles, func(ctx context.Context) ([]Role, error) {
			return pl.org.Roles(ctx, roleAccounts)
		}))
	}
	if len(w.pairs) > 0 {
		reads = append(reads, func(ctx context.Context) error { return pl.readDomains(ctx, w) })
	}
	if err := sideBySide(ctx, reads...); err != nil {
		return err
	}
	w.index = indexUsers(w.users)
	if err := pl.readInactive(ctx, w); err != nil {
		return err
	}
	w.roles = map[string][]Role{}
	for _, r := range roles {
		w.roles[r.AccountID] = append(w.roles[r.AccountID], r)
	}
	return nil
}

// complete finds the contact of every row of the window and says which users and whose roles must be read.
func (pl *planning) complete(w *window) (q UserQuery, roleAccounts []string) {
	for i := range w.candidates {
		c := &w.candidates[i]
		pl.locate(w, c)
		if !c.problem.IsZero() {
			continue
		}
		pl.name(c)
		if c.contact.ID != "" {
			q.ContactIDs = append(q.ContactIDs, c.contact.ID)
		}
		if c.username != "" {
			q.Usernames = append(q.Usernames, strings.ToLower(c.username))
		}
		if c.nickname != "" {
			q.Nicknames = append(q.Nicknames, c.nickname, c.otherNickname)
		}
		if p, ok := pl.profileOf(c.row); ok && !HighVolume(p.UserType) && c.contact.Account.ID != "" {
			roleAccounts = append(roleAccounts, c.contact.Account.ID)
		}
	}
	q.ContactIDs, q.Usernames, q.Nicknames = unique(q.ContactIDs), unique(q.Usernames), unique(q.Nicknames)
	w.askDomains()
	return q, unique(roleAccounts)
}

// readInactive reads more of the users that add would activate: whether they are frozen too, and what the file may want otherwise. That is
// one more wave, where there are such users.
func (pl *planning) readInactive(ctx context.Context, w *window) error {
	var ids []string
	for _, c := range w.candidates {
		if c.contact == nil || !pl.portal.Reactivate {
			continue
		}
		for _, u := range w.index.byContact[c.contact.ID] {
			if !u.Active && u.PortalEnabled {
				ids = append(ids, u.ID)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	users, err := pl.org.Users(ctx, UserQuery{IDs: unique(ids), Frozen: true, Fields: pl.furtherFields()})
	if err != nil {
		return fmt.Errorf("read inactive users: %w", err)
	}
	for _, u := range users {
		if had := w.index.byID[u.ID]; had != nil {
			had.Frozen, had.Fields = u.Frozen, u.Fields
		}
	}
	return nil
}

// readForTargets reads the users that the rows name, and then their accounts.
func (pl *planning) readForTargets(ctx context.Context, w *window, ready <-chan struct{}) error {
	q := UserQuery{Frozen: pl.terms.Verb != VerbDisable || pl.terms.Method == MethodFreeze}
	for _, row := range w.rows {
		k := pl.keysOf(row)
		switch {
		case !k.problem.IsZero():
		case k.userID != "":
			q.IDs = append(q.IDs, k.userID)
		case k.username != "":
			q.Usernames = append(q.Usernames, strings.ToLower(k.username))
		case k.contactID != "":
			q.ContactIDs = append(q.ContactIDs, k.contactID)
		case k.email != "":
			q.Emails = append(q.Emails, strings.ToLower(k.email))
		}
	}
	q.ContactEmails = unique(slices.Clone(q.Emails))
	q.IDs, q.Usernames, q.ContactIDs, q.Emails = unique(q.IDs), unique(q.Usernames), unique(q.ContactIDs), unique(q.Emails)
	if len(q.IDs)+len(q.Usernames)+len(q.ContactIDs)+len(q.Emails) > 0 {
		users, err := pl.org.Users(ctx, q)
		if err != nil {
			return fmt.Errorf("read users: %w", err)
		}
		w.users, w.index = users, indexUsers(users)
	}
	var accounts []string
	for _, u := range w.users {
		if u.AccountID != "" {
			accounts = append(accounts, u.AccountID)
		}
	}
	if accounts = unique(accounts); len(accounts) > 0 {
		var err error
		if w.accounts, err = pl.org.Accounts(ctx, AccountQuery{IDs: accounts}); err != nil {
			return fmt.Errorf("read accounts: %w", err)
		}
	}
	w.names = make(map[string]string, len(w.accounts))
	for _, a := range w.accounts {
		w.names[a.ID] = a.Name
	}
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *window) indexContacts(contacts []Contact) {
	w.contacts = make(map[string]*Contact, len(contacts))
	w.byEmail = map[string][]*Contact{}
	for i := range contacts {
		c := &contacts[i]
		if w.contacts[c.ID] != nil {
			continue
		}
		w.contacts[c.ID] = c
		if c.Email != "" {
			k := strings.ToLower(c.Email)
			w.byEmail[k] = append(w.byEmail[k], c)
		}
	}
	for _, cs := range w.byEmail {
		slices.SortFunc(cs, func(a, b *Contact) int { return strings.Compare(a.ID, b.ID) })
	}
}

// accountNamed returns the account of a contact to create: by id, else by name. More than one has the name when n > 1.
func (w *window) accountNamed(id, name string) (a Account, n int) {
	key := id
	if id == "" {
		key = strings.ToLower(name)
	}
	found := w.accountIndex[key]
	if len(found) == 0 {
		return Account{}, 0
	}
	return w.accounts[found[0]], len(found)
}

// indexAccounts finds accounts by id and by name in lower case; no name looks like an id.
func (w *window) indexAccounts() {
	w.accountIndex = make(map[string][]int, 2*len(w.accounts))
	for i, a := range w.accounts {
		if len(w.accountIndex[a.ID]) > 0 {
			continue
		}
		w.accountIndex[a.ID] = []int{i}
		name := strings.ToLower(a.Name)
		w.accountIndex[name] = append(w.accountIndex[name], i)
	}
}

func indexUsers(users []User) userIndex {
	x := userIndex{
		byID: make(map[string]*User, len(users)), byUsername: make(map[string]*User, len(users)),
		byContact: map[string][]*User{}, byEmail: map[string][]*User{}, nicknames: map[string]*User{},
	}
	for i := range users {
		u := &users[i]
		if x.byID[u.ID] != nil {
			continue
		}
		x.byID[u.ID] = u
		x.byUsername[strings.ToLower(u.Username)] = u
		x.nicknames[strings.ToLower(u.Nickname)] = u
		if u.ContactID != "" {
			x.byContact[u.ContactID] = append(x.byContact[u.ContactID], u)
		}
		own, ofContact := strings.ToLower(u.Email), strings.ToLower(u.ContactEmail)
		if own != "" {
			x.byEmail[own] = append(x.byEmail[own], u)
		}
		if ofContact != "" && ofContact != own {
			x.byEmail[ofContact] = append(x.byEmail[ofContact], u)
		}
	}
	byID := func(a, b *User) int { return strings.Compare(a.ID, b.ID) }
	for _, us := range x.byContact {
		slices.SortFunc(us, byID)
	}
	for _, us := range x.byEmail {
		slices.SortFunc(us, byID)
	}
	return x
}

// unique returns the keys once each, in the order of their rows: keys that find the same record stay near each other when the
// org splits the list.
func unique(keys []string) []string {
	seen := make(map[string]struct{}, len(keys))
	out := keys[:0]
	for _, k := range keys {
		if _, ok := seen[k]; !ok {
			seen[k] = struct{}{}
			out = append(out, k)
		}
	}
	return out
}
