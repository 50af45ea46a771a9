package provisioning

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// Problems of accounts and of users that must not be touched.
const (
	CodeOwnerNoRole    = "OWNER_WITHOUT_ROLE"
	CodeOwnerInactive  = "OWNER_INACTIVE"
	CodeNotPartner     = "ACCOUNT_NOT_PARTNER"
	CodeProtected      = "PROTECTED"
	CodeNotPortalUser  = "NOT_A_PORTAL_USER"
	CodeSeatsShort     = "LICENSE_LIMIT_EXCEEDED"
	CodeLicenseOff     = "LICENSE_DISABLED"
	CodeSetup          = "SETUP"
	CodeAllOrNone      = "ALL_OR_NONE"
	blastUsersPerRead  = 20 // accounts whose users are read at a time for a blast radius in percent
	percentWhole       = 100
	loginBasedSuffix   = "_login"
	domainRowsAtLeast  = 5  // rows of an account before its usual e-mail domain means something
	domainUsualPercent = 80 // of them that must share a domain
)

// Guard knows whom nothing may be done to: the bot's own user, the users and accounts that the portal protects, and everybody who
// is not a portal user. The plan asks it, and the engine once more right before the write.
type Guard struct {
	botID    string
	accounts map[string]bool
	users    map[string]bool // ids, and usernames in lower case
}

// NewGuard makes the guard of a portal. Ids may have 15 or 18 characters.
func NewGuard(portal Portal, botUserID string) Guard {
	g := Guard{botID: botUserID, accounts: map[string]bool{}, users: map[string]bool{}}
	for _, a := range portal.ProtectedAccounts {
		if id, err := ParseID(a, PrefixAccount); err == nil {
			a = id
		}
		g.accounts[a] = true
	}
	for _, u := range portal.ProtectedUsers {
		if id, err := ParseID(u, PrefixUser); err == nil {
			g.users[id] = true
			continue
		}
		g.users[strings.ToLower(u)] = true
	}
	return g
}

// CheckUser says why nothing may be done to a user. The zero Problem means that something may.
func (g Guard) CheckUser(u User) Problem {
	switch {
	case u.ID == g.botID:
		return Problem{
			Code: CodeProtected, Text: fmt.Sprintf("User %s is the bot's own user and is never touched.", u.Username), Fix: "Delete the row.",
		}
	case !u.Portal():
		return Problem{
			Code: CodeNotPortalUser,
			Text: fmt.Sprintf("User %s is not a portal user (its type is %s); only portal users are ever touched.", u.Username, cmp.Or(u.UserType, "unknown")),
			Fix:  "Delete the row.",
		}
	case g.users[u.ID] || g.users[strings.ToLower(u.Username)]:
		return Problem{
			Code: CodeProtected, Text: fmt.Sprintf("User %s is protected by the portal's configuration.", u.Username),
			Fix: "Delete the row, or ask an admin to lift the protection.",
		}
	}
	return g.CheckAccount(u.AccountID)
}

// CheckAccount says why nothing may be done to the users of an account.
func (g Guard) CheckAccount(id string) Problem {
	if id == "" || !g.accounts[id] {
		return Problem{}
	}
	return Problem{
		Code: CodeProtected, Text: fmt.Sprintf("Account %s is protected by the portal's configuration.", id),
		Fix: "Delete the row, or ask an admin to lift the protection.",
	}
}

// checkOwner reports an account whose owner keeps Salesforce from making portal users on it.
// Source: KB 000389462, "portal account owner must have a role".
func checkOwner(a Account) Problem {
	switch {
	case !a.OwnerActive:
		return Problem{
			Code: CodeOwnerInactive, Text: fmt.Sprintf("The owner of %s, user %s, is inactive.", accountText(a), a.OwnerID),
			Fix: "An admin gives the account to an active user with a role.",
		}
	case a.OwnerRoleID == "":
		return Problem{
			Code: CodeOwnerNoRole,
			Text: fmt.Sprintf("The owner of %s, user %s, has no role, and Salesforce makes no portal users on such an account.", accountText(a), a.OwnerID),
			Fix:  "An admin gives the account's owner a role.",
		}
	}
	return Problem{}
}

// checkPartner reports a partner profile on an account that is no partner account.
func (pl *planning) checkPartner(a Account, p Profile) Problem {
	if kindOf(p.UserType) != kindPartner || !pl.facts.schema.HasIsPartner || a.IsPartner {
		return Problem{}
	}
	return Problem{
		Code: CodeNotPartner, Text: fmt.Sprintf("Profile %q is for partner users, but %s is not a partner account.", p.Name, accountText(a)),
		Fix: "An admin enables the account as partner in Salesforce.",
	}
}

// checkSetup finds what is wrong with the portal's configuration in this org. It is said once and stops the plan.
func (pl *planning) checkSetup() {
	if !pl.adds() {
		return
	}
	if !pl.ownProfile {
		pl.block(pl.noDefaultProfile())
	}
	for _, own := range []struct{ field, value string }{
		{fieldTimeZone, pl.portal.TimeZone},
		{fieldLocale, pl.portal.Locale},
		{fieldLanguage, pl.portal.Language},
		{fieldEncoding, pl.portal.EmailEncoding},
		{fieldCurrency, pl.portal.Currency},
	} {
		if own.value == "" || own.field == fieldCurrency && !pl.facts.schema.HasCurrency {
			continue
		}
		if p := pl.checkValue(own.field, own.value, ""); !p.IsZero() {
			p.Text = fmt.Sprintf("The default of portal %s is wrong: %s", pl.portal.Name, p.Text)
			p.Fix = strings.TrimSpace("An admin corrects the portal's configuration. " + p.Fix)
			pl.block(p)
		}
	}
}

func (pl *planning) block(p Problem) { pl.tally.blocks = append(pl.tally.blocks, p) }

// seats computes what the plan does to each licence, and stops it where seats are missing. Login-based licences count logins of a
// month, so that a shortage there only warns.
func (pl *planning) seats() []SeatChange {
	var out []SeatChange
	for _, key := range sortedKeys(pl.tally.seats) {
		i := slices.IndexFunc(pl.facts.profiles, func(p Profile) bool { return p.LicenseKey == key })
		if i < 0 {
			continue // a user without a licence that the bot can see: Salesforce decides
		}
		l := pl.facts.profiles[i].Seats
		c := SeatChange{License: l.Name, Key: key, Used: l.Used, After: l.Used + pl.tally.seats[key], Total: l.Total}
		c.LoginBased = strings.HasSuffix(strings.ToLower(key), loginBasedSuffix) || strings.HasSuffix(strings.ToLower(c.License), " login")
		out = append(out, c)
		if pl.tally.seats[key] <= 0 {
			continue
		}
		switch {
		case !l.Active:
			pl.block(Problem{
				Code: CodeLicenseOff, Text: fmt.Sprintf("Licence %s is disabled in the org.", c.License),
				Fix: "An admin has Salesforce enable it, or chooses a profile with another licence.",
			})
		case c.Short() > 0 && c.LoginBased:
			pl.tally.warn(warnSeatsLogin, c.Short())
		case c.Short() > 0:
			pl.block(Problem{
				Code: CodeSeatsShort,
				Text: fmt.Sprintf("Licence %s has %d of %d seats left, the plan needs %d.", c.License, max(0, l.Total-l.Used), l.Total, pl.tally.seats[key]),
				Fix:  fmt.Sprintf("Free %s with /portal disable or buy more, or send fewer rows.", count(c.Short(), "seat", "seats")),
			})
		}
	}
	return out
}

// checkAllOrNone stops a plan whose terms say all or none and that cannot be run so.
func (pl *planning) checkAllOrNone(s PlanSummary) {
	if !pl.terms.AllOrNone {
		return
	}
	if n := s.Runs(); n > MaxWrite {
		pl.block(Problem{
			Code: CodeAllOrNone, Text: fmt.Sprintf("All-or-none holds for one call of at most %d rows, the plan has %d.", MaxWrite, n),
			Fix: "Split the file, or send it without all-or-none.",
		})
	}
	if n := s.Actions[ActionInvalid]; n > 0 {
		pl.block(Problem{
			Code: CodeAllOrNone, Text: fmt.Sprintf("All-or-none was asked for, and %s invalid.", count(n, "row is", "rows are")),
			Fix: "Correct or delete them, or send the file without all-or-none.",
		})
	}
}

// checkBlast asks for one more approver when a disable, or an undo, takes away too many users of one account. In percent it counts the
// account's active users, which costs one read for every 20 accounts.
func (pl *planning) checkBlast(ctx context.Context) error {
	if len(pl.tally.taken) == 0 || pl.portal.BlastUsers <= 0 && pl.portal.BlastPercent <= 0 {
		return nil
	}
	over := pl.tally.takenFrom()
	if n := pl.portal.BlastUsers; n > 0 && len(over) > 0 && over[0].Rows > n {
		pl.tally.extra = fmt.Sprintf("It takes away %d users of account %q; more than %d of one account need a second approver.",
			over[0].Rows, over[0].Name, n)
		return nil
	}
	if pl.portal.BlastPercent <= 0 {
		return nil
	}
	for part := range slices.Chunk(over, blastUsersPerRead) {
		var ids []string
		for _, a := range part {
			if a.ID != "" {
				ids = append(ids, a.ID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		users, err := pl.org.Users(ctx, UserQuery{AccountIDs: ids})
		if err != nil {
			return fmt.Errorf("read the users of accounts: %w", err)
		}
		active := map[string]int{}
		for _, u := range users {
			if u.Active && u.Portal() {
				active[u.AccountID]++
			}
		}
		for _, a := range part {
			n := max(active[a.ID], a.Rows)
			if a.ID == "" || a.Rows*percentWhole <= n*pl.portal.BlastPercent {
				continue
			}
			pl.tally.extra = fmt.Sprintf("It takes away %d of the %d active users of account %q; more than %d %% of one account need a second approver.",
				a.Rows, n, a.Name, pl.portal.BlastPercent)
			return nil
		}
	}
	return nil
}

// count writes a number with the right form of its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
