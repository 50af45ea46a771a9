package provisioning

import "math/bits"

// warningSet is the warnings of one row.
type warningSet uint32

// The warnings. Their order is that of the summary.
const (
	warnOwnRole warningSet = 1 << iota
	warnSeatsLogin
	warnFirstRoles
	warnStranger
	warnDomain
	warnOtherEmail
	warnEmailChanged
	warnNewContact
	warnReactivates
	warnNickname
	warnLeftOut
	warnStaysFrozen
	warnUnfreezes
	warnLoggedIn
	warnStaysUnfrozen
	warnChangedSince
	warnLast
)

// code returns the stable word of one warning.
func (w warningSet) code() string {
	switch w {
	case warnOwnRole:
		return "BOT_WITHOUT_ROLE"
	case warnSeatsLogin:
		return "LOGINS_SHORT"
	case warnFirstRoles:
		return "FIRST_ROLES"
	case warnStranger:
		return "DOMAIN_NEW_TO_ACCOUNT"
	case warnDomain:
		return "OTHER_DOMAIN"
	case warnOtherEmail:
		return "OTHER_EMAIL"
	case warnEmailChanged:
		return "EMAIL_CHANGED"
	case warnNewContact:
		return "NEW_CONTACT"
	case warnReactivates:
		return "REACTIVATES"
	case warnNickname:
		return "NICKNAME_CHANGED"
	case warnLeftOut:
		return "VALUE_LEFT_OUT"
	case warnStaysFrozen:
		return "STAYS_FROZEN"
	case warnUnfreezes:
		return "UNFREEZES"
	case warnLoggedIn:
		return "HAS_LOGGED_IN"
	case warnStaysUnfrozen:
		return "STAYS_UNFROZEN"
	case warnChangedSince:
		return "CHANGED_SINCE"
	}
	return ""
}

// text says one warning to an approver.
func (w warningSet) text() string {
	switch w {
	case warnOwnRole:
		return "The bot's own user has no role; Salesforce may refuse to make portal users with \"portal account owner must have a role\"."
	case warnSeatsLogin:
		return "A login-based licence has fewer logins left this month than the plan has users; logins over it may be charged or refused."
	case warnFirstRoles:
		return "The account has no portal roles yet; Salesforce makes them with its first users, which is slow and locks role changes meanwhile."
	case warnStranger:
		return "The e-mail domain is unlike that of the account's other contacts in Salesforce."
	case warnDomain:
		return "The e-mail domain is unlike that of the account's other rows."
	case warnOtherEmail:
		return "The e-mail address is in another domain than the contact's own address."
	case warnEmailChanged:
		return "The user has another e-mail address in Salesforce than in the file."
	case warnNewContact:
		return "The contact does not exist and is created first."
	case warnReactivates:
		return "The contact has an inactive user, which is activated; its other values stay as they are."
	case warnNickname:
		return "The nickname in the file is taken; another one is planned."
	case warnLeftOut:
		return "A value of the contact does not fit the user's field and is left out."
	case warnStaysFrozen:
		return "The inactive user is frozen as well and stays so when activated; /portal enable unfreezes it afterwards."
	case warnUnfreezes:
		return "The inactive user is frozen as well; it is unfrozen by a call of its own after it is activated."
	case warnLoggedIn:
		return "The user has logged in before; the mail resets the password, and the old one stops working."
	case warnStaysUnfrozen:
		return "The user was frozen as well before it was enabled; it is deactivated and not frozen again."
	case warnChangedSince:
		return "Somebody else has changed the user since; look whether taking it back is still right."
	}
	return ""
}

// each calls f for every warning of the set, in order.
func (w warningSet) each(f func(warningSet)) {
	for ; w != 0; w &= w - 1 {
		f(1 << bits.TrailingZeros32(uint32(w)))
	}
}

// codes returns the words of the set, nil for none.
func (w warningSet) codes() []string {
	var out []string
	w.each(func(one warningSet) { out = append(out, one.code()) })
	return out
}
