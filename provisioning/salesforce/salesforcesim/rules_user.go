package salesforcesim

import (
	"strings"
	"unicode/utf8"
)

// saveUser applies the org's rules to a user that is made or changed, in the order in which the first one broken is told.
func (c *change) saveUser() *RowError {
	isNew := c.row == noRow
	if isNew && !c.sent["isactive"] {
		c.set1("IsActive", "true") // KB 000385503: IsActive defaults to true on insert
	}
	if !usernameForm(c.get("Username")) {
		return rowError("FIELD_INTEGRITY_EXCEPTION",
			"Username must be in the form of an email address (for example, john@acme.com)", "Username")
	}
	disabling := !isNew && c.old("IsPortalEnabled") == "true" && !c.on("IsPortalEnabled")
	if problem := c.kind(disabling); problem != nil {
		return problem
	}
	if problem := c.uniqueNames(); problem != nil {
		return problem
	}
	if problem := c.seat(); problem != nil {
		return problem
	}
	if problem := c.validate(); problem != nil {
		return problem
	}
	if disabling {
		return c.disable()
	}
	if problem := c.portalRole(); problem != nil {
		return problem
	}
	activated := c.on("IsActive") && c.old("IsActive") != "true"
	renamed := !isNew && c.differs("Username")
	row := c.store()
	if isNew {
		c.follow(row)
		if c.userEmail && c.on("IsActive") {
			c.mail(MailNewUser, row)
		}
	}
	if renamed {
		c.mail(MailUsernameChanged, row)
	}
	if activated && c.on("IsPortalEnabled") {
		c.welcome(row, c.get("ProfileId"))
	}
	return nil
}

// follow makes what comes with a new user: its UserLogin, and the flag on a customer's account.
func (c *change) follow(row int32) {
	login := make([]string, len(c.o.logins.fields))
	login[c.o.logins.id.number] = c.o.logins.nextID()
	login[c.o.logins.field("UserId").number] = c.get("Id")
	login[c.o.logins.field("LastModifiedDate").number] = c.get("CreatedDate")
	login[c.o.logins.field("LastModifiedById").number] = c.user
	c.insert(c.o.logins, login)
	account := c.o.accounts.find(c.get("AccountId"))
	if account == noRow || c.o.users.get(row, "UserType") == typePowerPartner || c.o.accounts.get(account, "IsCustomerPortal") == "true" {
		return
	}
	c.set(c.o.accounts, account, map[string]string{"IsCustomerPortal": "true"})
}

// kind checks what the profile asks of contact, account and portal flag.
func (c *change) kind(disabling bool) *RowError {
	kind := c.o.profileType(c.get("ProfileId"))
	if c.row != noRow && c.differs("ProfileId") && kind != c.o.profileType(c.old("ProfileId")) {
		return rowError("FIELD_INTEGRITY_EXCEPTION", "The user license type cannot be changed", "ProfileId")
	}
	if !portalType(kind) {
		if c.get("ContactId") != "" {
			return rowError("FIELD_INTEGRITY_EXCEPTION", "Contact ID can only be set on portal users", "ContactId")
		}
		if c.on("IsPortalEnabled") || c.get("PortalRole") != "" {
			return rowError("FIELD_INTEGRITY_EXCEPTION", "Portal Enabled can only be set on portal users", "IsPortalEnabled")
		}
		return nil
	}
	if disabling {
		if kind == typePowerPartner && c.o.config.RefusePartnerDisable {
			return rowError("FIELD_INTEGRITY_EXCEPTION", "partner users cannot be disabled through the API", "IsPortalEnabled")
		}
		return nil
	}
	if c.get("ContactId") == "" {
		if c.row == noRow || c.on("IsActive") || c.on("IsPortalEnabled") {
			return rowError("INVALID_CROSS_REFERENCE_KEY", "Cannot create a portal user without contact", "ContactId")
		}
		return nil
	}
	if c.row != noRow {
		return nil
	}
	return c.newPortalUser(kind)
}

// newPortalUser checks contact, account and owner of a portal user that is to be made.
func (c *change) newPortalUser(kind string) *RowError {
	profile := c.o.flags[c.get("ProfileId")]
	if profile.noPortalAccess {
		return rowError("PORTAL_NO_ACCESS", "no access to portal")
	}
	if c.o.config.RefuseStandardProfiles && profile.standard {
		return rowError("UNKNOWN_EXCEPTION", "The \"Allow using standard external profiles for self-registration, user creation, and login\" "+
			"setting must be enabled to use a standard external profile")
	}
	contact := c.get("ContactId")
	if c.o.users.first(c.o.users.field("ContactId"), contact, noRow) != noRow {
		return rowError("PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT", "portal user already exists for contact", "ContactId")
	}
	accountID := c.o.contacts.get(c.o.contacts.find(contact), "AccountId")
	account := c.o.accounts.find(accountID)
	if account == noRow || !c.o.hasRole(c.o.accounts.get(account, "OwnerId")) {
		return rowError("UNKNOWN_EXCEPTION", msgOwnerNeedsRole)
	}
	if !c.o.config.RunnerNeedsNoRole && !c.o.hasRole(c.user) {
		return rowError("UNKNOWN_EXCEPTION", msgOwnerNeedsRole)
	}
	if kind == typePowerPartner && c.o.accounts.get(account, "IsPartner") != "true" {
		return rowError("FIELD_INTEGRITY_EXCEPTION", "The account of a partner user must be enabled as a partner account", "ContactId")
	}
	c.set1("AccountId", accountID)
	c.set1("IsPortalEnabled", "true")
	return nil
}

// uniqueNames refuses names that another user has, and makes up a nickname where none is given.
func (c *change) uniqueNames() *RowError {
	users := c.o.users
	if c.row == noRow || !strings.EqualFold(c.get("Username"), c.old("Username")) {
		name := c.get("Username")
		if users.first(users.field("Username"), name, c.row) != noRow || c.o.elsewhere[lower(name)] {
			return rowError("DUPLICATE_USERNAME", "Duplicate Username.<br>The username already exists in this or another Salesforce "+
				"organization. Usernames must be unique across all Salesforce organizations. To resolve, use a different username "+
				"(it doesn't need to match the user's email address). ", "Username")
		}
	}
	if c.get("CommunityNickname") == "" {
		c.set1("CommunityNickname", c.o.freeNickname())
	}
	if users.first(users.field("CommunityNickname"), c.get("CommunityNickname"), c.row) != noRow {
		return rowError("DUPLICATE_COMM_NICKNAME",
			"Duplicate Nickname.<br>Another user has already selected this nickname.<br>Please select another.", "CommunityNickname")
	}
	if other := users.first(users.field("FederationIdentifier"), c.get("FederationIdentifier"), c.row); other != noRow {
		return rowError("DUPLICATE_VALUE", "duplicate value found: FederationIdentifier duplicates value on record with id: "+
			users.get(other, "Id")[:shortIDLength], "FederationIdentifier")
	}
	return nil
}

func (o *Org) freeNickname() string {
	for {
		o.nicknames++
		name := "User" + intText(int(1_600_000_000_000+o.nicknames*7919%1_000_000_000))
		if o.users.first(o.users.field("CommunityNickname"), name, noRow) == noRow {
			return name
		}
	}
}

// seat refuses an activation for which the licence has no seat left. Login-based licences do not count seats.
func (c *change) seat() *RowError {
	if !c.on("IsActive") {
		return nil
	}
	license := c.o.licenseOf(c.get("ProfileId"))
	if c.old("IsActive") == "true" && license == c.o.licenseOf(c.old("ProfileId")) {
		return nil
	}
	row := c.o.licenses.find(license)
	if row == noRow || c.o.loginBased(row) {
		return nil
	}
	if c.o.seats[license] >= intOf(c.o.licenses.get(row, "TotalLicenses")) {
		return rowError("LICENSE_LIMIT_EXCEEDED", "License Limit Exceeded - "+c.o.licenses.get(row, "Name"))
	}
	return nil
}

// disable ends a portal user for good: no contact, no account, no role, no seat, and a username that is free again.
// salesforce.stackexchange.com 220561, KB 000206148.
func (c *change) disable() *RowError {
	if roleBased(c.o.profileType(c.get("ProfileId"))) && c.noLock {
		return lockedOut()
	}
	for _, name := range []string{"ContactId", "AccountId", "UserRoleId", "PortalRole", "IsActive", "IsPortalEnabled"} {
		c.set1(name, "")
	}
	c.set1("Username", renamed(c.get("Username"), c.get("Id")))
	c.store()
	id := c.get("Id")
	for _, link := range []struct {
		table *table
		field string
	}{{c.o.assignments, "AssigneeId"}, {c.o.members, "UserOrGroupId"}} {
		for _, row := range link.table.lookup(nil, link.table.field(link.field), id) {
			c.remove(link.table, row)
		}
	}
	return nil
}

// renamed returns the name that a disabled user's username becomes: the user's id in front, cut to the field's length.
func renamed(username, id string) string {
	const most = 80
	name := id[:shortIDLength] + "-" + username
	if local, domain, ok := strings.Cut(name, "@"); ok && utf8.RuneCountInString(name) > most {
		room := max(shortIDLength, most-1-utf8.RuneCountInString(domain))
		name = string([]rune(local)[:min(room, utf8.RuneCountInString(local))]) + "@" + domain
	}
	if runes := []rune(name); len(runes) > most {
		name = string(runes[:most])
	}
	return name
}

// usernameForm says whether s looks like an email address; it need not be one.
func usernameForm(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && !strings.ContainsAny(s, " \t\r\n,;<>()\"") && !strings.Contains(domain, "@") &&
		strings.Contains(domain, ".") && !strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".") && !strings.Contains(domain, "..")
}

func portalType(kind string) bool { return kind == typeHighVolume || roleBased(kind) }

// roleBased says whether users of this kind have a role under their account. High-volume users have none.
func roleBased(kind string) bool {
	return kind == typePowerPartner || kind == typePowerCustomer || kind == typeCustomerSuccess
}
