package salesforcesim

// Lengths are those of the "User" and "Contact" pages of the Object Reference.

func userObject(c Config) object {
	fields := []*field{
		text("Username", "Username", 80, writes|indexed|unique),
		text("LastName", "Last Name", 80, writes),
		text("FirstName", "First Name", 40, writes|nullable),
		text("Name", "Full Name", 121, nameField),
		text("CompanyName", "Company Name", 80, writes|nullable),
		text("Division", "Division", 80, writes|nullable),
		text("Department", "Department", 80, writes|nullable),
		text("Title", "Title", 80, writes|nullable),
		typed(typeTextArea, "Street", "Street", 255, writes|nullable|noFilter),
		text("City", "City", 40, writes|nullable),
		text("State", "State/Province", 80, writes|nullable),
		text("PostalCode", "Zip/Postal Code", 20, writes|nullable),
		text("Country", "Country", 80, writes|nullable),
		typed(typeEmail, "Email", "Email", 128, writes|indexed),
		typed(typePhone, "Phone", "Phone", 40, writes|nullable),
		typed(typePhone, "Fax", "Fax", 40, writes|nullable),
		typed(typePhone, "MobilePhone", "Mobile", 40, writes|nullable),
		text("Alias", "Alias", 8, writes),
		text("CommunityNickname", "Nickname", 40, writes|defaulted|indexed|unique),
		boolean("IsActive", "Active", writes),
		picklist("TimeZoneSidKey", "Time Zone", writes|restricted, timeZones()),
		reference("UserRoleId", "Role ID", "UserRole", writes|nullable, "UserRole"),
		picklist("LocaleSidKey", "Locale", writes|restricted, locales()),
		boolean("ReceivesInfoEmails", "Info Emails", writes),
		boolean("ReceivesAdminInfoEmails", "Admin Info Emails", writes),
		picklist("EmailEncodingKey", "Email Encoding", writes|restricted, encodings()),
		reference("ProfileId", "Profile ID", "Profile", writes, "Profile"),
		picklist("UserType", "User Type", nullable|restricted, same(userTypes()...)),
		picklist("LanguageLocaleKey", "Language", writes|restricted, languages()),
		text("EmployeeNumber", "Employee Number", 20, writes|nullable),
		reference("ManagerId", "Manager ID", "Manager", writes|nullable, "User"),
		typed(typeDateTime, "LastLoginDate", "Last Login", 0, nullable),
		typed(typeDateTime, "LastPasswordChangeDate", "Last Password Change or Reset", 0, nullable),
		boolean("UserPermissionsMarketingUser", "Marketing User", writes),
		boolean("UserPermissionsKnowledgeUser", "Knowledge User", writes),
		boolean("UserPreferencesUserDebugModePref", "UserDebugModePref", writes),
		reference("ContactId", "Contact ID", "Contact", creates|nullable|indexed, "Contact"),
		reference("AccountId", "Account ID", "Account", nullable|indexed, "Account"),
		picklist("PortalRole", "Portal Role Level", writes|nullable|restricted, same(portalRoles()...)),
		boolean("IsPortalEnabled", "Portal Enabled", writes),
		text("FederationIdentifier", "SAML Federation ID", 512, writes|nullable|indexed|unique),
		typed(typeTextArea, "AboutMe", "About Me", 1000, writes|nullable|noFilter),
	}
	fields = withCustom(c, "User", withCurrency(c, fields, true))
	o := newObject("User", "User", "Users", "005", fullAudit, fields...)
	o.setup, o.createable, o.updateable = true, true, true
	return o
}

func contactObject(c Config) object {
	fields := []*field{
		boolean("IsDeleted", "Deleted", 0),
		reference("AccountId", "Account ID", "Account", writes|nullable|indexed, "Account"),
		text("LastName", "Last Name", 80, writes),
		text("FirstName", "First Name", 40, writes|nullable),
		picklist("Salutation", "Salutation", writes|nullable, same("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx.")),
		text("Name", "Full Name", 121, nameField),
		typed(typeTextArea, "MailingStreet", "Mailing Street", 255, writes|nullable|noFilter),
		text("MailingCity", "Mailing City", 40, writes|nullable),
		text("MailingState", "Mailing State/Province", 80, writes|nullable),
		text("MailingPostalCode", "Mailing Zip/Postal Code", 20, writes|nullable),
		text("MailingCountry", "Mailing Country", 80, writes|nullable),
		typed(typePhone, "Phone", "Business Phone", 40, writes|nullable),
		typed(typePhone, "Fax", "Business Fax", 40, writes|nullable),
		typed(typePhone, "MobilePhone", "Mobile Phone", 40, writes|nullable),
		reference("ReportsToId", "Reports To ID", "ReportsTo", writes|nullable, "Contact"),
		typed(typeEmail, "Email", "Email", 80, writes|nullable|indexed),
		text("Title", "Title", 128, writes|nullable),
		text("Department", "Department", 80, writes|nullable),
		typed(typeTextArea, "Description", "Contact Description", 32000, writes|nullable|noFilter),
		reference("OwnerId", "Owner ID", "Owner", writes|defaulted, "User"),
	}
	fields = withCustom(c, "Contact", withCurrency(c, fields, false))
	o := newObject("Contact", "Contact", "Contacts", "003", fullAudit, fields...)
	o.createable, o.updateable, o.deletable = true, true, true
	return o
}

func withCustom(c Config, object string, fields []*field) []*field {
	for _, def := range c.CustomFields {
		if def.Object == object {
			fields = append(fields, def.field())
		}
	}
	return fields
}
