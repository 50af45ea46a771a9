package salesforcesim

// portalRole gives a portal user its role: the account's roles are made for the second role-based user of an account (for
// the first one where account role optimization is off), and the first one gets the role that its account's owner shares
// among such accounts: help.salesforce.com networks_partners_optimize_roles.
func (c *change) portalRole() *RowError {
	kind := c.o.profileType(c.get("ProfileId"))
	if !portalType(kind) {
		if role := c.o.roles.find(c.get("UserRoleId")); role != noRow && c.o.roles.get(role, "PortalType") != "None" &&
			c.o.roles.get(role, "PortalType") != "" {
			return rowError("FIELD_INTEGRITY_EXCEPTION", "role type must match user type", "UserRoleId")
		}
		return nil
	}
	if kind == typeHighVolume {
		if c.get("UserRoleId") != "" || c.get("PortalRole") != "" {
			return rowError("FIELD_INTEGRITY_EXCEPTION", "role type must match user type", "UserRoleId")
		}
		return nil
	}
	if c.get("AccountId") == "" {
		return nil
	}
	roleChange := c.row != noRow && (c.differs("UserRoleId") || c.differs("PortalRole"))
	if c.row != noRow && !roleChange {
		return nil
	}
	if c.noLock && (roleChange || c.o.needsRoles(c.get("AccountId"))) {
		return lockedOut()
	}
	if c.sent["userroleid"] && c.get("UserRoleId") != "" {
		return c.givenRole()
	}
	level := c.get("PortalRole")
	if level == "" {
		level = roleWorker
		if c.o.startsShared(c.get("AccountId")) {
			level = rolePerson
		}
	}
	row := c.roleOf(level, kind)
	if row == noRow {
		return rowError("INVALID_CROSS_REFERENCE_KEY", msgInvalidCrossReference, "PortalRole")
	}
	c.set1("UserRoleId", c.o.roles.get(row, "Id"))
	c.set1("PortalRole", level)
	return nil
}

// givenRole takes a role that the client chose: it must be one of the account's.
func (c *change) givenRole() *RowError {
	row := c.o.roles.find(c.get("UserRoleId"))
	shared := c.o.roles.get(row, "PortalRole") == rolePerson
	if !shared && c.o.roles.get(row, "PortalAccountId") != c.get("AccountId") {
		return rowError("FIELD_INTEGRITY_EXCEPTION", "role type must match user type", "UserRoleId")
	}
	c.set1("PortalRole", c.o.roles.get(row, "PortalRole"))
	return nil
}

// roleOf returns the account's role of this level, making the account's roles, or the owner's shared one, where there are none.
func (c *change) roleOf(level, kind string) int32 {
	account := c.o.accounts.find(c.get("AccountId"))
	roles := c.o.roles
	if level == rolePerson {
		owner := c.o.accounts.get(account, "OwnerId")
		for _, row := range roles.lookup(nil, roles.field("PortalAccountOwnerId"), owner) {
			return row
		}
		return c.makeRole("Shared Person Account Role", rolePerson, kind, "", owner)
	}
	accountID := c.get("AccountId")
	if roles.first(roles.field("PortalAccountId"), accountID, noRow) == noRow {
		name := c.o.accounts.get(account, "Name")
		word := "Customer"
		if kind == typePowerPartner {
			word = "Partner"
		}
		levels := []struct{ level, suffix string }{{roleWorker, "User"}, {roleManager, "Manager"}, {roleExecutive, "Executive"}}
		for _, l := range levels[:c.o.config.PortalRoles] {
			c.makeRole(name+" "+word+" "+l.suffix, l.level, kind, accountID, "")
		}
	}
	for _, row := range roles.lookup(nil, roles.field("PortalAccountId"), accountID) {
		if roles.get(row, "PortalRole") == level {
			return row
		}
	}
	return noRow
}

func (c *change) makeRole(name, level, kind, account, owner string) int32 {
	roles := c.o.roles
	values := make([]string, len(roles.fields))
	set := func(field, v string) { values[roles.field(field).number] = v }
	portal := "CustomerPortal"
	if kind == typePowerPartner {
		portal = "Partner"
	}
	id := roles.nextID()
	set("Id", id)
	set("Name", clip(name, 80))
	set("DeveloperName", "PortalRole_"+id[6:shortIDLength])
	set("PortalType", portal)
	set("PortalRole", level)
	set("PortalAccountId", account)
	set("PortalAccountOwnerId", owner)
	set("LastModifiedDate", timeText(c.o.Now()))
	set("LastModifiedById", c.user)
	return c.insert(roles, values)
}

// clip cuts a text to so many characters.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most])
	}
	return s
}

// startsShared says whether the next role-based user of an account gets the shared role. The caller holds o.mu.
func (o *Org) startsShared(account string) bool {
	if o.config.EagerRoles || o.roles.first(o.roles.field("PortalAccountId"), account, noRow) != noRow {
		return false
	}
	users := o.users
	for _, row := range users.lookup(nil, users.field("AccountId"), account) {
		if roleBased(users.get(row, "UserType")) {
			return false
		}
	}
	return true
}

// needsRoles says whether the next role-based user of an account makes new roles. The caller holds o.mu.
func (o *Org) needsRoles(account string) bool {
	if o.roles.first(o.roles.field("PortalAccountId"), account, noRow) != noRow {
		return false
	}
	if !o.startsShared(account) {
		return true
	}
	row := o.accounts.find(account)
	return row != noRow && o.roles.first(o.roles.field("PortalAccountOwnerId"), o.accounts.get(row, "OwnerId"), noRow) == noRow
}

// takesLock says whether a batch takes the group-membership lock: where it makes portal roles, changes a role-based user's role, ends such a
// user for good, or gives an account with portal roles another owner. Users of accounts that have their roles are made without it:
// developer.salesforce.com "Granular Locking".
func (o *Org) takesLock(records []inputRecord, create bool) bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	perAccount := map[string]int{}
	for i := range records {
		rec := &records[i]
		switch {
		case create && lower(rec.object) == "user":
			if account := o.roleBasedAccount(rec); account != "" {
				perAccount[account]++
				if o.needsRoles(account) || perAccount[account] > 1 && o.startsShared(account) {
					return true
				}
			}
		case !create && o.movesRole(rec):
			return true
		}
	}
	return false
}

// roleBasedAccount returns the account of a role-based user that is to be made, "" for any other.
func (o *Org) roleBasedAccount(rec *inputRecord) string {
	var profile, contact string
	for _, f := range rec.fields {
		switch lower(f.name) {
		case "profileid":
			profile, _ = normalID(f.value)
		case "contactid":
			contact, _ = normalID(f.value)
		}
	}
	row := o.contacts.find(contact)
	if row == noRow || !roleBased(o.profileType(profile)) {
		return ""
	}
	return o.contacts.get(row, "AccountId")
}

func (o *Org) movesRole(rec *inputRecord) bool {
	id, _ := normalID(rec.id)
	for _, f := range rec.fields {
		switch name := lower(f.name); {
		case name == "ownerid" && o.accounts.find(id) != noRow:
			return o.roles.first(o.roles.field("PortalAccountId"), id, noRow) != noRow
		case name == "userroleid" || name == "portalrole" || name == "isportalenabled" && f.value != "true" && f.value != "1":
			if row := o.users.find(id); row != noRow && roleBased(o.users.get(row, "UserType")) {
				return true
			}
		}
	}
	return false
}
