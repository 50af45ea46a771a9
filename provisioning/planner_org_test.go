package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"portalbot/provisioning"
)

// memOrg is an org of values for tests of decisions. It counts requests and knows how many were side by side at most. It refuses writes.
type memOrg struct {
	me       provisioning.Identity
	schema   *provisioning.Schema
	contact  map[string]provisioning.FieldInfo
	profiles []provisioning.Profile
	licenses []provisioning.License
	contacts []provisioning.Contact
	accounts []provisioning.Account
	users    []provisioning.User
	roles    []provisioning.Role
	sets     []provisioning.Ref
	groups   []provisioning.Ref

	took time.Duration // of each request, by the caller's clock
	fail map[string]error

	once  sync.Once
	index *memIndex

	mu    sync.Mutex
	calls []string // guarded by mu
}

// memIndex finds records by key, so that an org of 100,000 answers as fast as a small one.
type memIndex struct {
	contactID, contactEmail                     map[string][]int
	userID, userContact, userEmail, userName    map[string][]int
	userNick, userAccount, accountID, accountNm map[string][]int
	userContactEmail                            map[string][]int
}

var errReadOnly = errors.New("this org only reads")

func (o *memOrg) call(ctx context.Context, name string) error {
	o.mu.Lock()
	o.calls = append(o.calls, name)
	o.mu.Unlock()
	if o.took > 0 {
		t := time.NewTimer(o.took)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return o.fail[name]
}

func (o *memOrg) requests() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Sorted(slices.Values(o.calls))
}

func put(m map[string][]int, key string, i int) {
	if key != "" {
		m[strings.ToLower(key)] = append(m[strings.ToLower(key)], i)
	}
}

func (o *memOrg) ix() *memIndex {
	o.once.Do(func() {
		n := func() map[string][]int { return map[string][]int{} }
		x := &memIndex{n(), n(), n(), n(), n(), n(), n(), n(), n(), n(), n()}
		for i, c := range o.contacts {
			put(x.contactID, c.ID, i)
			put(x.contactEmail, c.Email, i)
		}
		for i, u := range o.users {
			put(x.userID, u.ID, i)
			put(x.userContact, u.ContactID, i)
			put(x.userEmail, u.Email, i)
			put(x.userName, u.Username, i)
			put(x.userNick, u.Nickname, i)
			for _, at := range x.contactID[strings.ToLower(u.ContactID)] {
				put(x.userContactEmail, o.contacts[at].Email, i)
			}
			if u.Portal() {
				put(x.userAccount, u.AccountID, i)
			}
		}
		for i, a := range o.accounts {
			put(x.accountID, a.ID, i)
			put(x.accountNm, a.Name, i)
		}
		o.index = x
	})
	return o.index
}

// pick returns the records with any of the keys, each once.
func pick[T any](all []T, pairs ...any) []T {
	seen := map[int]bool{}
	var out []T
	for i := 0; i < len(pairs); i += 2 {
		m, keys := pairs[i].(map[string][]int), pairs[i+1].([]string)
		for _, k := range keys {
			for _, at := range m[strings.ToLower(k)] {
				if !seen[at] {
					seen[at] = true
					out = append(out, all[at])
				}
			}
		}
	}
	return out
}

func (o *memOrg) Identity(context.Context) (provisioning.Identity, error) { return o.me, nil }

func (o *memOrg) Schema(context.Context) (*provisioning.Schema, error) { return o.schema, nil }

func (o *memOrg) ContactFields(context.Context) (map[string]provisioning.FieldInfo, error) {
	return o.contact, nil
}

func (o *memOrg) Profiles(ctx context.Context) ([]provisioning.Profile, error) {
	profiles := slices.Clone(o.profiles)
	for i := range profiles {
		for _, l := range o.licenses {
			if l.Key == profiles[i].LicenseKey {
				profiles[i].Seats = l
			}
		}
	}
	return profiles, o.call(ctx, "Profiles")
}

func (o *memOrg) Licenses(ctx context.Context) ([]provisioning.License, error) {
	return o.licenses, o.call(ctx, "Licenses")
}

func (o *memOrg) Contacts(ctx context.Context, q provisioning.ContactQuery) ([]provisioning.Contact, error) {
	x := o.ix()
	return pick(o.contacts, x.contactID, q.IDs, x.contactEmail, q.Emails), o.call(ctx, "Contacts")
}

func (o *memOrg) Accounts(ctx context.Context, q provisioning.AccountQuery) ([]provisioning.Account, error) {
	x := o.ix()
	return pick(o.accounts, x.accountID, q.IDs, x.accountNm, q.Names), o.call(ctx, "Accounts")
}

func (o *memOrg) Users(ctx context.Context, q provisioning.UserQuery) ([]provisioning.User, error) {
	x := o.ix()
	users := pick(o.users, x.userID, q.IDs, x.userContact, q.ContactIDs, x.userEmail, q.Emails, x.userName, q.Usernames,
		x.userNick, q.Nicknames, x.userAccount, q.AccountIDs, x.userContactEmail, q.ContactEmails)
	for i := range users {
		users[i].Frozen = users[i].Frozen && q.Frozen
		if len(q.Fields) == 0 {
			users[i].Fields = nil
		}
		if len(q.ContactEmails) > 0 {
			for _, at := range x.contactID[strings.ToLower(users[i].ContactID)] {
				users[i].ContactEmail = o.contacts[at].Email
			}
		}
	}
	return users, o.call(ctx, "Users")
}

func (o *memOrg) ContactDomains(ctx context.Context, pairs []provisioning.AccountDomain) ([]provisioning.DomainCount, error) {
	var out []provisioning.DomainCount
	for _, p := range pairs {
		n := provisioning.DomainCount{AccountDomain: p}
		for _, c := range o.contacts {
			if c.Account.ID == p.AccountID && c.Email != "" {
				n.Contacts++
				if strings.HasSuffix(strings.ToLower(c.Email), "@"+p.Domain) {
					n.Same++
				}
			}
		}
		if n.Contacts > 0 {
			out = append(out, n)
		}
	}
	return out, o.call(ctx, "ContactDomains")
}

func (o *memOrg) Roles(ctx context.Context, ids []string) ([]provisioning.Role, error) {
	var out []provisioning.Role
	for _, r := range o.roles {
		if slices.Contains(ids, r.AccountID) {
			out = append(out, r)
		}
	}
	return out, o.call(ctx, "Roles")
}

func (o *memOrg) PermissionSets(ctx context.Context, names []string) ([]provisioning.Ref, error) {
	return named(o.sets, names), o.call(ctx, "PermissionSets")
}

func (o *memOrg) Groups(ctx context.Context, names []string) ([]provisioning.Ref, error) {
	return named(o.groups, names), o.call(ctx, "Groups")
}

func named(refs []provisioning.Ref, names []string) []provisioning.Ref {
	return slices.DeleteFunc(slices.Clone(refs), func(r provisioning.Ref) bool { return !slices.Contains(names, r.Name) })
}

func (o *memOrg) Assigned(context.Context, []provisioning.Assignment) ([]provisioning.Assignment, error) {
	return nil, errReadOnly
}

func (o *memOrg) CreateUsers(context.Context, []provisioning.Record, provisioning.WriteOptions) ([]provisioning.SaveResult, error) {
	return nil, errReadOnly
}

func (o *memOrg) UpdateUsers(context.Context, []provisioning.Record, provisioning.WriteOptions) ([]provisioning.SaveResult, error) {
	return nil, errReadOnly
}

func (o *memOrg) CreateContacts(context.Context, []provisioning.Record) ([]provisioning.SaveResult, error) {
	return nil, errReadOnly
}

func (o *memOrg) SetFrozen(context.Context, []string, bool) ([]provisioning.SaveResult, error) {
	return nil, errReadOnly
}

func (o *memOrg) ResetPassword(context.Context, string) error { return errReadOnly }

func (o *memOrg) Assign(context.Context, provisioning.Step, []provisioning.Assignment) ([]provisioning.SaveResult, error) {
	return nil, errReadOnly
}

func (o *memOrg) Usage() provisioning.Usage { return provisioning.Usage{} }

// recordID makes an 18-character id of an object and a number.
func recordID(prefix string, n int) string {
	id, err := provisioning.ParseID(fmt.Sprintf("%s%012d", prefix, n), prefix)
	if err != nil {
		panic(err)
	}
	return id
}

// newOrg is an org with the usual set-up and no people.
func newOrg() *memOrg {
	field := func(name, typ string, length int) provisioning.FieldInfo {
		return provisioning.FieldInfo{Name: name, Label: name, Type: typ, Length: length, Createable: true, Updateable: true}
	}
	pick := func(name string, pairs ...string) provisioning.FieldInfo {
		f := field(name, "picklist", 40)
		f.Restricted, f.Values, f.Labels = true, map[string]bool{}, map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			f.Values[pairs[i]], f.Labels[pairs[i+1]] = true, pairs[i]
		}
		return f
	}
	s := &provisioning.Schema{User: map[string]provisioning.FieldInfo{}, HasIsPartner: true, HasIsCustomer: true}
	for _, f := range []provisioning.FieldInfo{
		field("Alias", "string", 8), field("CommunityNickname", "string", 40), field("FirstName", "string", 40), field("LastName", "string", 80),
		field("Email", "email", 128), field("Username", "string", 80), field("Phone", "phone", 40), field("MobilePhone", "phone", 40),
		field("Street", "textarea", 255), field("City", "string", 40), field("State", "string", 80), field("PostalCode", "string", 20),
		field("Country", "string", 80), field("FederationIdentifier", "string", 512), field("Badge__c", "string", 10),
		pick("TimeZoneSidKey", "America/Los_Angeles", "(GMT-08:00) Pacific Standard Time (America/Los_Angeles)", "Europe/Berlin",
			"(GMT+01:00) Central European Standard Time (Europe/Berlin)"),
		pick("LocaleSidKey", "en_US", "English (United States)", "de_DE", "German (Germany)"),
		pick("LanguageLocaleKey", "en_US", "English", "de", "German"),
		pick("EmailEncodingKey", "UTF-8", "Unicode (UTF-8)", "ISO-8859-1", "General US & Western Europe (ISO-8859-1, ISO-LATIN-1)"),
		pick("CurrencyIsoCode", "USD", "U.S. Dollar", "EUR", "Euro"),
	} {
		s.User[strings.ToLower(f.Name)] = f
	}
	contact := map[string]provisioning.FieldInfo{}
	for _, f := range []provisioning.FieldInfo{
		field("LastName", "string", 80), field("FirstName", "string", 40), field("Email", "email", 80), field("AccountId", "reference", 18),
		field("Phone", "phone", 40), field("MobilePhone", "phone", 40), field("MailingStreet", "textarea", 255), field("MailingCity", "string", 40),
		field("MailingState", "string", 80), field("MailingPostalCode", "string", 20), field("MailingCountry", "string", 80),
	} {
		f.Required = f.Name == "LastName"
		contact[strings.ToLower(f.Name)] = f
	}
	return &memOrg{
		me: provisioning.Identity{OrgID: "00D000000000001AAA", UserID: recordID("005", 1)}, schema: s, contact: contact,
		profiles: []provisioning.Profile{
			{ID: recordID("00e", 1), Name: "Customer Community User", UserType: "CspLitePortal", LicenseKey: "PID_Customer_Community", License: "Customer Community"},
			{ID: recordID("00e", 2), Name: "Customer Community Plus User", UserType: "PowerCustomerSuccess", LicenseKey: "PID_Customer_Plus", License: "Customer Community Plus"},
			{ID: recordID("00e", 3), Name: "Partner Community User", UserType: "PowerPartner", LicenseKey: "PID_Partner_Community", License: "Partner Community"},
			{ID: recordID("00e", 4), Name: "Customer Login User", UserType: "CspLitePortal", LicenseKey: "PID_Customer_Community_Login", License: "Customer Community Login"},
		},
		licenses: []provisioning.License{
			{Key: "PID_Customer_Community", Name: "Customer Community", Active: true, Total: 500, Used: 412},
			{Key: "PID_Customer_Plus", Name: "Customer Community Plus", Active: true, Total: 20, Used: 10},
			{Key: "PID_Partner_Community", Name: "Partner Community", Active: true, Total: 3, Used: 2},
			{Key: "PID_Customer_Community_Login", Name: "Customer Community Login", Active: true, Total: 1, Used: 1},
		},
		users: []provisioning.User{{
			ID: recordID("005", 1), Username: "bot@acme.example", Email: "bot@acme.example", UserType: "Standard",
			RoleID: recordID("00E", 1), Active: true,
		}},
		sets:   []provisioning.Ref{{ID: "0PS000000000001AAA", Name: "Portal Reports"}},
		groups: []provisioning.Ref{{ID: "00G000000000001AAA", Name: "Beta Customers"}},
	}
}

// newPortal is the usual customer portal.
func newPortal() provisioning.Portal {
	return provisioning.Portal{
		Name: "customer", Profile: "Customer Community User", Profiles: []string{"Customer Community Plus User", "Customer Login User"},
		Mail: provisioning.MailHeader, TimeZone: "America/Los_Angeles", Locale: "en_US", Language: "en_US", EmailEncoding: "UTF-8",
		PermissionSets: []string{"Portal Reports"}, Groups: []string{"Beta Customers"}, Fields: []string{"Badge__c"},
	}
}
