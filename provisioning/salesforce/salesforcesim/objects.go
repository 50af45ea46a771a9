package salesforcesim

// objects returns the definitions of all objects of an org but User and Contact, which have files of their own.
func objects(c Config) []object {
	return []object{
		userObject(c), contactObject(c), accountObject(c), organizationObject(),
		userRoleObject(), profileObject(), userLicenseObject(), userLoginObject(),
		permissionSetObject(), permissionSetAssignmentObject(), groupObject(), groupMemberObject(),
		networkObject(), networkMemberGroupObject(),
	}
}

func organizationObject() object {
	o := newObject("Organization", "Organization", "Organizations", "00D", fullAudit,
		text("Name", "Name", 80, updates|nameField),
		typed(typeString, "InstanceName", "Instance Name", 5, nullable),
		boolean("IsSandbox", "Is Sandbox", 0),
		text("NamespacePrefix", "Namespace Prefix", 15, nullable),
		typed(typeDateTime, "TrialExpirationDate", "Trial Expiration Date", 0, nullable),
		picklist("OrganizationType", "Edition", restricted, same("Enterprise Edition", "Unlimited Edition", "Developer Edition")),
		picklist("LanguageLocaleKey", "Language", updates|restricted, languages()),
		picklist("DefaultLocaleSidKey", "Locale", updates|restricted, locales()),
		picklist("TimeZoneSidKey", "Time Zone", updates|restricted, timeZones()),
	)
	o.setup = true
	return o
}

func accountObject(c Config) object {
	fields := []*field{
		boolean("IsDeleted", "Deleted", 0),
		text("Name", "Account Name", 255, writes|nameField|indexed),
		picklist("Type", "Account Type", writes|nullable, same("Prospect", "Customer - Direct", "Customer - Channel",
			"Channel Partner / Reseller", "Installation Partner", "Technology Partner", "Other")),
		reference("ParentId", "Parent Account ID", "Parent", writes|nullable, "Account"),
		typed(typeTextArea, "BillingStreet", "Billing Street", 255, writes|nullable|noFilter),
		text("BillingCity", "Billing City", 40, writes|nullable),
		text("BillingState", "Billing State/Province", 80, writes|nullable),
		text("BillingPostalCode", "Billing Zip/Postal Code", 20, writes|nullable),
		text("BillingCountry", "Billing Country", 80, writes|nullable),
		typed(typePhone, "Phone", "Account Phone", 40, writes|nullable),
		typed(typeURL, "Website", "Website", 255, writes|nullable),
		text("AccountNumber", "Account Number", 40, writes|nullable),
		typed(typeTextArea, "Description", "Account Description", 32000, writes|nullable|noFilter),
		reference("OwnerId", "Owner ID", "Owner", writes|defaulted, "User"),
		boolean("IsPartner", "Partner Account", updates),
		boolean("IsCustomerPortal", "Customer Portal Account", updates),
	}
	o := newObject("Account", "Account", "Accounts", "001", fullAudit, withCurrency(c, fields, false)...)
	o.createable, o.updateable, o.deletable = true, true, true
	return o
}

func userRoleObject() object {
	o := newObject("UserRole", "Role", "Role", "00E", modified|modstamp,
		text("Name", "Name", 80, writes|nameField),
		text("DeveloperName", "Developer Name", 80, writes|defaulted),
		reference("ParentRoleId", "Parent Role ID", "ParentRole", writes|nullable, "UserRole"),
		picklist("PortalType", "Portal Type", nullable|restricted, same("None", "CustomerPortal", "Partner")),
		picklist("PortalRole", "Portal Role", nullable|restricted, same(portalRoles()...)),
		reference("PortalAccountId", "Account ID", "PortalAccount", nullable|indexed, "Account"),
		reference("PortalAccountOwnerId", "User ID", "PortalAccountOwner", nullable|indexed, "User"),
	)
	o.setup = true
	return o
}

func profileObject() object {
	o := newObject("Profile", "Profile", "Profile", "00e", fullAudit,
		text("Name", "Name", 255, nameField|indexed),
		picklist("UserType", "User Type", nullable|restricted, same(userTypes()...)),
		reference("UserLicenseId", "User License ID", "UserLicense", 0, "UserLicense"),
		text("Description", "Description", 255, nullable),
	)
	o.setup = true
	return o
}

func userLicenseObject() object {
	o := newObject("UserLicense", "User License", "User License", "100", created|modified|modstamp,
		text("Name", "Name", 40, nameField),
		text("MasterLabel", "Master Label", 40, 0),
		text("LicenseDefinitionKey", "License Def. ID", 40, 0),
		picklist("Status", "Status", restricted, same("Active", "Disabled")),
		typed(typeInt, "TotalLicenses", "Total Licenses", 0, 0),
		typed(typeInt, "UsedLicenses", "Used Licenses", 0, 0),
		typed(typeInt, "MonthlyLoginsEntitlement", "Monthly Logins Entitlement", 0, nullable),
		typed(typeInt, "MonthlyLoginsUsed", "Monthly Logins Used", 0, nullable),
	)
	o.setup = true
	return o
}

func userLoginObject() object {
	o := newObject("UserLogin", "User Login", "User Login", "0Yw", modified,
		reference("UserId", "User ID", "", indexed, "User"),
		boolean("IsFrozen", "Frozen", updates),
		boolean("IsPasswordLocked", "Password Locked", updates),
	)
	o.setup, o.updateable = true, true
	return o
}

func permissionSetObject() object {
	o := newObject("PermissionSet", "Permission Set", "Permission Sets", "0PS", fullAudit,
		text("Name", "Permission Set Name", 80, nameField|indexed),
		text("Label", "Permission Set Label", 80, 0),
		reference("LicenseId", "License ID", "License", nullable, "UserLicense"),
		reference("ProfileId", "Profile ID", "Profile", nullable, "Profile"),
		boolean("IsOwnedByProfile", "Is Owned By Profile", 0),
		boolean("IsCustom", "Is Custom", 0),
	)
	o.setup = true
	return o
}

func permissionSetAssignmentObject() object {
	o := newObject("PermissionSetAssignment", "Permission Set Assignment", "Permission Set Assignments", "0Pa", modstamp,
		reference("PermissionSetId", "PermissionSet ID", "PermissionSet", creates, "PermissionSet"),
		reference("AssigneeId", "Assignee ID", "Assignee", creates|indexed, "User"),
	)
	o.setup, o.createable, o.deletable = true, true, true
	return o
}

func groupObject() object {
	o := newObject("Group", "Group", "Group", "00G", fullAudit,
		text("Name", "Name", 40, writes|nameField),
		text("DeveloperName", "Developer Name", 80, writes|defaulted|indexed),
		picklist("Type", "Type", creates|restricted|defaulted, same("Regular", "Queue", "Role", "RoleAndSubordinates",
			"AllCustomerPortal", "Organization")),
	)
	o.setup = true
	return o
}

func groupMemberObject() object {
	o := newObject("GroupMember", "Group Member", "Group Member", "011", modstamp,
		reference("GroupId", "Group ID", "Group", creates|indexed, "Group"),
		reference("UserOrGroupId", "User/Group ID", "", creates|indexed, "User", "Group"),
	)
	o.setup, o.createable, o.deletable = true, true, true
	return o
}

func networkObject() object {
	o := newObject("Network", "Network", "Networks", "0DB", fullAudit,
		text("Name", "Name", 255, nameField|updates),
		picklist("Status", "Status", updates|restricted, same("Live", "UnderConstruction", "DownForMaintenance")),
		text("UrlPathPrefix", "URL Path Prefix", 40, nullable|updates),
		// The name of the welcome-mail flag is not documented; a client has to find it by its label.
		boolean("OptionsSendWelcomeEmail", "Send welcome email", updates),
	)
	o.setup = true
	return o
}

func networkMemberGroupObject() object {
	o := newObject("NetworkMemberGroup", "Network Member Group", "Network Member Groups", "0DL", fullAudit,
		reference("NetworkId", "Network ID", "Network", creates|indexed, "Network"),
		reference("ParentId", "Profile or Permission Set ID", "Parent", creates|indexed, "Profile", "PermissionSet"),
	)
	o.setup = true
	return o
}

// withCurrency adds the currency fields of an org with several currencies.
func withCurrency(c Config, fields []*field, user bool) []*field {
	if !c.MultiCurrency {
		return fields
	}
	if user {
		return append(fields,
			picklist("CurrencyIsoCode", "Currency ISO Code", writes|restricted, currencies()),
			picklist("DefaultCurrencyIsoCode", "Default Currency ISO Code", writes|nullable|restricted, currencies()))
	}
	return append(fields, picklist("CurrencyIsoCode", "Currency ISO Code", writes|nullable|defaulted|restricted, currencies()))
}
