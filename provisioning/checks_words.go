package provisioning

// summaryOf says a reason for several rows that have it with different details. Unknown codes keep the first row's sentence.
func summaryOf(code, first string) string {
	switch code {
	case CodeBadID:
		return "The id is not a valid Salesforce id of the right kind."
	case CodeContactNotFound:
		return "No contact was found."
	case CodeContactAmbiguous:
		return "Several contacts have the e-mail address."
	case CodeContactElsewhere:
		return "The contact belongs to another account than the file says."
	case CodeContactNoAccount:
		return "The contact has no account."
	case CodeAccountNotFound:
		return "The account was not found."
	case CodeAccountAmbiguous:
		return "Several accounts have the name."
	case CodeTwiceInFile:
		return "The file has the same person on an earlier line."
	case CodeAlreadyActive:
		return "There is an active user already."
	case CodeAlreadyInactive:
		return "The user is inactive already."
	case CodeAlreadyDisabled:
		return "The user is disabled already."
	case CodeAlreadyFrozen:
		return "The user is frozen already."
	case CodeReactivateOff:
		return "The contact has an inactive user, and the portal does not reactivate users by add."
	case CodeDisabledForGood:
		return "The user was disabled for good."
	case CodeSeveralUsers:
		return "The contact has several inactive users."
	case CodeUsernameUsed:
		return "The username is taken in this org or on an earlier line."
	case CodeRequired:
		return "A required value is missing."
	case CodeTooLong:
		return "A value is too long."
	case CodeBadEmail:
		return "The e-mail address is not valid."
	case CodeBadUsername:
		return "The username does not have the form of an e-mail address."
	case CodeBadPicklist:
		return "A value is not one that the org takes."
	case CodeProfileUnknown:
		return "The profile is not a portal profile of this org."
	case CodeProfileNotAllowed:
		return "The profile is not allowed for this portal."
	case CodeProfileKind:
		return "The row is for the other kind of portal."
	case CodeRole:
		return "The role cannot be used."
	case CodeNotAllowed:
		return "A permission set or group is not allowed for this portal."
	case CodeNotInOrg:
		return "A permission set or group does not exist in the org."
	case CodeOwnerNoRole:
		return "The account's owner has no role."
	case CodeOwnerInactive:
		return "The account's owner is inactive."
	case CodeNotPartner:
		return "The account is not a partner account."
	case CodeProtected:
		return "The user or account is protected."
	case CodeNotPortalUser:
		return "The user is not a portal user."
	case CodeUserNotFound:
		return "No user was found."
	case CodeUserAmbiguous:
		return "Several users match."
	case CodeKeysDisagree:
		return "The row's columns do not mean the same user."
	case CodeNotFrozen:
		return "The user is not frozen any more."
	case CodeUserInactive:
		return "The user is inactive."
	case CodeUserFrozen:
		return "The user is frozen."
	case CodePartnerDisable:
		return "Partner users cannot be disabled for good."
	}
	return first
}
