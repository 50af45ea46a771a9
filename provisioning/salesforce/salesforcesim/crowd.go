package salesforcesim

import "fmt"

// Crowd describes many accounts, contacts and users to add at once.
type Crowd struct {
	Name     string // stands in all names and addresses; default "Crowd"
	Accounts int    // at least 1
	Contacts int    // spread evenly over the accounts, an account's contacts one after another
	Users    int    // the first so many contacts get an active portal user, which never logged in
	Owner    string // user id; owns the accounts
	Profile  string // profile id of the users
	Partner  bool   // the accounts are partner accounts
}

// Crowded holds the ids of a Crowd, in order.
type Crowded struct {
	Accounts, Contacts, Users []string
}

// AddCrowd adds a crowd in one go: 100,000 contacts take well under a second. The i-th contact (from 1) of the crowd Name has
// the last name "Name 000001" and the address "name000001@example.com"; its user's username is the same at portal.example.com.
func (o *Org) AddCrowd(c Crowd) Crowded {
	if c.Name == "" {
		c.Name = "Crowd"
	}
	c.Accounts = max(c.Accounts, 1)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.accounts.reserve(c.Accounts)
	o.contacts.reserve(c.Contacts)
	o.users.reserve(c.Users)
	o.logins.reserve(c.Users)
	out := Crowded{
		Accounts: make([]string, 0, c.Accounts), Contacts: make([]string, 0, c.Contacts), Users: make([]string, 0, c.Users),
	}
	for i := range c.Accounts {
		row := o.add(o.accounts, Fields{
			"Name": fmt.Sprintf("%s Account %05d", c.Name, i+1), "OwnerId": c.Owner, "IsPartner": boolText(c.Partner),
			"IsCustomerPortal": boolText(c.Users > 0 && !c.Partner),
		})
		out.Accounts = append(out.Accounts, o.accounts.get(row, "Id"))
	}
	contact, user, login := filler(o.contacts), filler(o.users), filler(o.logins)
	word := lower(c.Name)
	for i := range c.Contacts {
		number := fmt.Sprintf("%06d", i+1)
		account := out.Accounts[i*c.Accounts/c.Contacts]
		row := o.insertNew(o.contacts, contact(
			"FirstName", "Pat", "LastName", c.Name+" "+number, "Email", word+number+"@example.com", "AccountId", account, "OwnerId", c.Owner))
		id := o.contacts.get(row, "Id")
		out.Contacts = append(out.Contacts, id)
		if i >= c.Users {
			continue
		}
		row = o.insertNew(o.users, user(
			"Username", word+number+"@portal.example.com", "FirstName", "Pat", "LastName", c.Name+" "+number,
			"Email", word+number+"@example.com", "Alias", number, "CommunityNickname", word+number, "IsActive", "true",
			"TimeZoneSidKey", "America/Los_Angeles", "LocaleSidKey", "en_US", "LanguageLocaleKey", "en_US", "EmailEncodingKey", "UTF-8",
			"ProfileId", c.Profile, "ContactId", id, "AccountId", account, "IsPortalEnabled", "true"))
		out.Users = append(out.Users, o.users.get(row, "Id"))
		o.insertNew(o.logins, login("UserId", out.Users[i]))
	}
	return out
}

// filler returns a function that lays names and values out as a row of the table. Each call overwrites the row of the last one.
func filler(t *table) func(pairs ...string) []string {
	values := make([]string, len(t.fields))
	return func(pairs ...string) []string {
		clear(values)
		for i := 0; i < len(pairs); i += 2 {
			values[t.field(pairs[i]).number] = pairs[i+1]
		}
		return values
	}
}
