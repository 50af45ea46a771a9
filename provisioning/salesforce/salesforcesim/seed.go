package salesforcesim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Fields are the values of a record that a test puts into the org, by API name. Fields that a client could not write can be
// set too, "Id" and "CreatedDate" among them; the rules of the org are not applied. Booleans are "true" and "false", times as SOAP
// writes them.
type Fields map[string]string

// Add puts a record of any object into the org and returns its id. It panics on an unknown object or field and on a bad id,
// since that is a mistake in the test.
func (o *Org) Add(object string, fields Fields) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.tables[lower(object)]
	if t == nil {
		panic("salesforcesim: no object " + object)
	}
	return t.get(o.add(t, fields), "Id")
}

// add inserts a record; the caller holds o.mu, or is New.
func (o *Org) add(t *table, fields Fields) int32 {
	values := make([]string, len(t.fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f := t.field(name)
		if f == nil || f.compute != nil {
			panic(fmt.Sprintf("salesforcesim: no stored field %s.%s", t.name, name))
		}
		v := fields[name]
		if v != "" && (f.typ == typeID || f.typ == typeReference) {
			id, ok := normalID(v)
			if !ok {
				panic(fmt.Sprintf("salesforcesim: %s.%s: bad id %q", t.name, name, v))
			}
			v = id
		}
		values[f.number] = v
	}
	return o.insertNew(t, values)
}

// insertNew gives a record its id and system fields where they are missing, and inserts it.
func (o *Org) insertNew(t *table, values []string) int32 {
	id := &values[t.id.number]
	for *id == "" || t.find(*id) != noRow {
		*id = t.nextID()
	}
	stamp := "CreatedDate"
	if t.field(stamp) == nil {
		stamp = "LastModifiedDate"
	}
	if f := t.field(stamp); f != nil && values[f.number] == "" {
		values[f.number] = timeText(o.Now())
	}
	return t.insert(pack(values, t.fields))
}

// License describes a user licence to add.
type License struct {
	Name  string
	Key   string // LicenseDefinitionKey; one that ends in _Login counts logins and never blocks
	Total int    // seats, or monthly logins
}

// AddLicense adds a licence and returns its id.
func (o *Org) AddLicense(l License) string {
	fields := Fields{
		"Name": l.Name, "MasterLabel": l.Name, "LicenseDefinitionKey": l.Key, "Status": "Active", "TotalLicenses": intText(l.Total),
	}
	if strings.HasSuffix(l.Key, "_Login") {
		fields["MonthlyLoginsEntitlement"], fields["MonthlyLoginsUsed"] = intText(l.Total), "0"
	}
	return o.Add("UserLicense", fields)
}

// Profile describes a profile to add.
type Profile struct {
	Name      string
	UserType  string // "Standard", "CspLitePortal", "PowerCustomerSuccess", "PowerPartner", ...
	LicenseID string
	Standard  bool // one of Salesforce's own
	NoAccess  bool // its users are refused with PORTAL_NO_ACCESS
}

// AddProfile adds a profile and returns its id.
func (o *Org) AddProfile(p Profile) string {
	id := o.Add("Profile", Fields{"Name": p.Name, "UserType": p.UserType, "UserLicenseId": p.LicenseID})
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flags[id] = profileFlags{noPortalAccess: p.NoAccess, standard: p.Standard}
	return id
}

// AddAccount adds an account and returns its id. OwnerId should name a user with a role.
func (o *Org) AddAccount(fields Fields) string { return o.Add("Account", fields) }

// AddContact adds a contact and returns its id.
func (o *Org) AddContact(fields Fields) string { return o.Add("Contact", fields) }

// AddUser adds a user with its UserLogin and returns its id. What is not given is filled in: active, nickname, alias, en_US, UTF-8,
// and for a user with a contact the account and IsPortalEnabled.
func (o *Org) AddUser(fields Fields) string {
	fields = maps.Clone(fields)
	o.mu.Lock()
	defer o.mu.Unlock()
	for name, value := range map[string]string{
		"IsActive": "true", "TimeZoneSidKey": "America/Los_Angeles", "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US",
		"EmailEncodingKey": "UTF-8", "Email": fields["Username"], "Alias": clip(fields["LastName"], 8),
	} {
		if fields[name] == "" {
			fields[name] = value
		}
	}
	if fields["CommunityNickname"] == "" {
		fields["CommunityNickname"] = o.freeNickname()
	}
	if contact, ok := normalID(fields["ContactId"]); ok {
		if row := o.contacts.find(contact); row != noRow && fields["AccountId"] == "" {
			fields["AccountId"] = o.contacts.get(row, "AccountId")
		}
		fields["IsPortalEnabled"] = "true"
	}
	id := o.users.get(o.add(o.users, fields), "Id")
	o.add(o.logins, Fields{"UserId": id})
	return id
}

// TakeUsername marks usernames as taken in another org.
func (o *Org) TakeUsername(names ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, name := range names {
		o.elsewhere[lower(name)] = true
	}
}

// Edit changes fields of a record past all rules, as an administrator or another integration might. It panics as Add does.
func (o *Org) Edit(id string, fields Fields) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t, row := o.locate(id)
	if t == nil {
		panic("salesforcesim: no record " + id)
	}
	values := t.unpack(row)
	for name, v := range fields {
		f := t.field(name)
		if f == nil || f.compute != nil || f == t.id {
			panic(fmt.Sprintf("salesforcesim: no stored field %s.%s", t.name, name))
		}
		values[f.number] = v
	}
	if f := t.field("LastModifiedDate"); f != nil {
		if _, given := fields["LastModifiedDate"]; !given {
			values[f.number] = timeText(o.Now())
		}
	}
	t.put(row, pack(values, t.fields))
}

// Delete takes a record out of the org, past all rules. An unknown id does nothing.
func (o *Org) Delete(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if t, row := o.locate(id); t != nil {
		t.put(row, "")
	}
}

// locate returns table and row of an id, nil where there is none. The caller holds o.mu.
func (o *Org) locate(raw string) (*table, int32) {
	id, ok := normalID(raw)
	if !ok {
		return nil, noRow
	}
	for _, t := range o.order {
		if row := t.find(id); row != noRow {
			return t, row
		}
	}
	return nil, noRow
}
