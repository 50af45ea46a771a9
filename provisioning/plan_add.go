package provisioning

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Reasons of skipped, reactivated and invalid rows of add.
const (
	CodeTwiceInFile     = "TWICE_IN_FILE"
	CodeAlreadyActive   = "ALREADY_ACTIVE"
	CodeInactiveUser    = "INACTIVE_USER"
	CodeReactivateOff   = "REACTIVATION_OFF"
	CodeDisabledForGood = "DISABLED_FOR_GOOD"
	CodeSeveralUsers    = "SEVERAL_USERS"
)

// decide makes the plan rows of a window.
func (pl *planning) decide(w *window) {
	if w.first && pl.adds() {
		me := w.index.byID[pl.facts.me.UserID]
		pl.facts.ownRole = me == nil || me.RoleID != ""
	}
	pl.noDomains = pl.noDomains || w.noDomains
	for i, in := range w.rows {
		var r PlanRow
		var warn warningSet
		if pl.adds() {
			r, warn = pl.decideAdd(w, &w.candidates[i])
		} else {
			r, warn = pl.decideTarget(w, in)
		}
		r.Number, r.Line = in.Number, in.Line
		pl.keep(r, warn)
	}
}

// decideAdd decides what a row of add does: create, reactivate, skip, or nothing with the reason.
func (pl *planning) decideAdd(w *window, c *candidate) (PlanRow, warningSet) {
	r := PlanRow{Action: ActionInvalid, Email: c.email, Username: pl.cell(c.row, fieldUsername), ContactID: c.contactID}
	invalid := func(p Problem) (PlanRow, warningSet) {
		r.Reason = p
		return r, 0
	}
	if !c.problem.IsZero() {
		return invalid(oneProblem(append([]Problem{c.problem}, pl.givenProblems(c.row)...)))
	}
	k := c.contact
	r.ContactID, r.AccountID, r.AccountName, r.Username = k.ID, k.Account.ID, k.Account.Name, c.username
	if p := pl.guard.CheckAccount(k.Account.ID); !p.IsZero() {
		return invalid(p)
	}
	if p := pl.contactTwice(c); !p.IsZero() {
		return invalid(p)
	}
	if k.ID != "" {
		if users := w.index.byContact[k.ID]; len(users) > 0 {
			return pl.decideExisting(c, r, users)
		}
	}
	return pl.decideCreate(w, c, r)
}

// contactTwice reports a row about the same contact as an earlier one.
func (pl *planning) contactTwice(c *candidate) Problem {
	key, what := c.contact.ID, "contact "+c.contact.ID
	if key == "" {
		key, what = strings.ToLower(c.email)+" "+c.contact.Account.ID, "new contact"
	}
	line, ok := pl.contacts[key]
	if !ok {
		pl.contacts[key] = c.row.Line
		return Problem{}
	}
	return Problem{
		Code: CodeTwiceInFile,
		Text: fmt.Sprintf("Lines %d and %d are about the same %s; only line %d is planned.", line, c.row.Line, what, line),
		Fix:  "Delete the line that is wrong.",
	}
}

// decideExisting decides for a contact that has a user: a contact has one portal user at most.
func (pl *planning) decideExisting(c *candidate, r PlanRow, users []*User) (PlanRow, warningSet) {
	u := users[0]
	for _, x := range users {
		if x.Active {
			u = x
		}
	}
	r.UserID, r.Username, r.Email, r.ProfileID = u.ID, u.Username, u.Email, u.ProfileID
	fail := func(code, text, fix string) (PlanRow, warningSet) {
		r.Reason = Problem{Code: code, Text: text, Fix: fix}
		return r, 0
	}
	if p := pl.guard.CheckUser(*u); !p.IsZero() {
		r.Reason = p
		return r, 0
	}
	if u.Active {
		r.Action = ActionSkip
		return fail(CodeAlreadyActive, fmt.Sprintf("The contact has the active user %s already, %s.", u.Username, pl.profileText(c, u)), "")
	}
	if len(users) > 1 {
		return fail(CodeSeveralUsers, fmt.Sprintf("The contact has %d inactive users: %s.", len(users), listUsers(users)),
			"Activate the right one with /portal enable and its UserId.")
	}
	since := fmt.Sprintf("The contact has the user %s, inactive since %s or earlier", u.Username, day(u.ModifiedAt))
	if !u.PortalEnabled {
		return fail(CodeDisabledForGood, since+", which was disabled for good and cannot be activated.",
			"An admin clears the contact of that user in Salesforce; then a new user can be made.")
	}
	if !pl.portal.Reactivate {
		return fail(CodeReactivateOff, since+"; portal "+pl.portal.Name+" does not reactivate users by add.",
			"Use /portal enable, or ask an admin to allow it.")
	}
	p, ok := pl.profileByID(u.ProfileID)
	if !ok || !containsFold(pl.allowedProfiles(), p.Name) {
		name := p.Name
		if !ok {
			name = u.ProfileID
		}
		return fail(CodeProfileNotAllowed, fmt.Sprintf("%s. Its profile %q is not allowed for portal %s.", since, name, pl.portal.Name),
			"Use the portal that it belongs to, or ask an admin to change its profile.")
	}
	assigned, problem := pl.assignments(c.row, &r)
	if assigned {
		problem = pl.groupsRefused(r, p)
	}
	if !problem.IsZero() {
		r.Reason, r.PermissionSets, r.Groups = problem, nil, nil
		return r, 0
	}
	r.Action, r.LicenseKey = ActionReactivate, p.LicenseKey
	r.RoleBased = !HighVolume(p.UserType)
	r.TakesLock = r.RoleBased && u.RoleID == ""
	r.Fields = []Field{{fieldIsActive, "true"}}
	r.Before = snapshot(*u, u.Frozen)
	r.Reason = Problem{Code: CodeInactiveUser, Text: since + "." + pl.staysText(c, u)}
	warn := warnReactivates
	if u.Frozen {
		r.Reason.Text += " It is frozen as well and stays so."
		warn |= warnStaysFrozen
	}
	return r, warn
}

// furtherFields are the fields of User in the file that are not read of every user.
func (pl *planning) furtherFields() []string {
	var out []string
	for _, c := range pl.in.Columns {
		switch c.Name {
		case colContactID, colAccountID, colUserID, fieldUsername, fieldEmail, fieldFirstName, fieldLastName, fieldAlias, fieldNickname,
			fieldProfileID, fieldRoleID, fieldPortalRole, colIsActive:
			continue
		}
		if _, ok := pl.facts.schema.User[strings.ToLower(c.Name)]; ok && !slices.Contains(out, c.Name) {
			out = append(out, c.Name)
		}
	}
	return out
}

// profileText says whether the profile is the one that the row asks for.
func (pl *planning) profileText(c *candidate, u *User) string {
	has := u.ProfileID
	if p, ok := pl.profileByID(u.ProfileID); ok {
		has = p.Name
	}
	want, ok := pl.profileOf(c.row)
	switch {
	case !ok:
		return fmt.Sprintf("with profile %q", has)
	case want.ID == u.ProfileID:
		return fmt.Sprintf("with the same profile %q", has)
	}
	return fmt.Sprintf("with profile %q instead of %q; it stays as it is", has, want.Name)
}

// staysText names the fields of an inactive user that the row wants otherwise: reactivating changes none of them.
func (pl *planning) staysText(c *candidate, u *User) string {
	var differ []string
	type value struct{ column, has string }
	values := []value{
		{fieldUsername, u.Username},
		{fieldEmail, u.Email},
		{fieldFirstName, u.FirstName},
		{fieldLastName, u.LastName},
		{fieldAlias, u.Alias},
		{fieldNickname, u.Nickname},
	}
	for _, column := range pl.furtherFields() {
		values = append(values, value{column, u.Fields[column]})
	}
	for _, f := range values {
		if want := pl.cell(c.row, f.column); want != "" && !strings.EqualFold(want, f.has) {
			differ = append(differ, fmt.Sprintf("%s %q", f.column, oneLine(f.has)))
		}
	}
	if id, err := ParseID(pl.cell(c.row, fieldRoleID), PrefixRole); err == nil && id != u.RoleID {
		differ = append(differ, fmt.Sprintf("%s %q", fieldRoleID, u.RoleID))
	}
	if p, ok := pl.profileOf(c.row); ok && p.ID != u.ProfileID {
		if has, ok := pl.profileByID(u.ProfileID); ok {
			differ = append(differ, fmt.Sprintf("profile %q", has.Name))
		}
	}
	if len(differ) == 0 {
		return ""
	}
	return " These stay as they are and differ from the file: " + strings.Join(differ, ", ") + "."
}

// decideCreate decides for a contact without a user.
func (pl *planning) decideCreate(w *window, c *candidate, r PlanRow) (PlanRow, warningSet) {
	var problems []Problem
	note := func(p Problem) {
		if !p.IsZero() {
			problems = append(problems, p)
		}
	}
	p, problem := pl.profileFor(c.row)
	note(problem)
	r.ProfileID, r.LicenseKey = p.ID, p.LicenseKey
	note(checkOwner(c.contact.Account))
	if problem.IsZero() {
		note(pl.checkPartner(c.contact.Account, p))
	}
	var warn warningSet
	nickname := pl.freeNickname(w, c, &warn)
	s := pl.fieldsOf(c, p, nickname)
	problems = append(problems, s.problems...)
	if s.left {
		warn |= warnLeftOut
	}
	if problem.IsZero() {
		fields, makesRoles, rp := pl.role(w, c, p)
		note(rp)
		s.fields = append(s.fields, fields...)
		r.RoleBased, r.TakesLock = !HighVolume(p.UserType), makesRoles
		if makesRoles && len(w.roles[c.contact.Account.ID]) == 0 {
			warn |= warnFirstRoles
		}
	}
	note(pl.usernameTaken(w, c))
	if ok, ap := pl.assignments(c.row, &r); !ok {
		note(ap)
	} else if problem.IsZero() {
		note(pl.groupsRefused(r, p))
	}
	if c.contact.ID == "" {
		r.NewContact = sortFields(newContactFields(c, s.fields))
		problems = append(problems, pl.checkNewContact(r.NewContact)...)
	}
	if len(problems) > 0 {
		r.NewContact = nil
		r.Action, r.Reason, r.PermissionSets, r.Groups, r.TakesLock = ActionInvalid, oneProblem(problems), nil, nil, false
		return r, 0
	}
	r.Action = ActionCreate
	r.Fields = sortFields(s.fields)
	if c.contact.ID == "" {
		warn |= warnNewContact
	} else {
		r.Before = []Field{{fieldAccountID, c.contact.Account.ID}, {fieldContactID, c.contact.ID}}
		if own := domainOf(c.contact.Email); own != "" && own != domainOf(c.email) {
			warn |= warnOtherEmail
		}
	}
	if w.strangeDomain(c) {
		warn |= warnStranger
	}
	return r, warn
}

// freeNickname returns the nickname that a candidate gets: the wanted one, or another where an earlier row or a user has it.
func (pl *planning) freeNickname(w *window, c *candidate, warn *warningSet) string {
	if c.nickname == "" {
		return ""
	}
	taken := func(n string) bool {
		n = strings.ToLower(n)
		_, inFile := pl.nicknames[n]
		return inFile || w.index.nicknames[n] != nil
	}
	n := c.nickname
	if taken(n) {
		n = c.otherNickname
		if pl.cell(c.row, fieldNickname) != "" {
			*warn |= warnNickname
		}
	}
	pl.nicknames[strings.ToLower(n)] = c.row.Line
	return n
}

// usernameTaken reports a username that another user of this org or an earlier row has. It is never changed silently: another one
// is suggested. A username that is taken in another org shows only when Salesforce refuses it.
func (pl *planning) usernameTaken(w *window, c *candidate) Problem {
	if c.username == "" {
		return Problem{}
	}
	key := strings.ToLower(c.username)
	p := Problem{
		Code: CodeUsernameUsed, Column: pl.header(fieldUsername),
		Fix: fmt.Sprintf("Fill in another Username, for example %s.", pl.otherUsername(w, c)),
	}
	if u := w.index.byUsername[key]; u != nil {
		p.Text = fmt.Sprintf("Username %s belongs to another user of this org (%s).", c.username, u.ID)
		return p
	}
	if line, ok := pl.usernames[key]; ok {
		p.Text = fmt.Sprintf("Lines %d and %d have the same username %s; only line %d is planned.", line, c.row.Line, c.username, line)
		return p
	}
	pl.usernames[key] = c.row.Line
	return Problem{}
}

// otherUsername suggests a username: the same with the portal's name in it.
func (pl *planning) otherUsername(w *window, c *candidate) string {
	local, domain, _ := strings.Cut(c.username, "@")
	tag := strings.ToLower(lettersAndDigits(pl.portal.Name))
	if tag == "" {
		tag = "portal"
	}
	for n := 1; ; n++ {
		s := local + "+" + tag + "@" + domain
		if n > 1 {
			s = fmt.Sprintf("%s+%s%d@%s", local, tag, n, domain)
		}
		_, inFile := pl.usernames[strings.ToLower(s)]
		if !inFile && w.index.byUsername[strings.ToLower(s)] == nil {
			return s
		}
	}
}

// groupsRefused is the problem of a row that puts a high-volume user into a group.
// Source: Salesforce help, "About High-Volume Experience Cloud Site Users": they cannot be in personal or public groups.
func (pl *planning) groupsRefused(r PlanRow, p Profile) Problem {
	if len(r.Groups) == 0 || !HighVolume(p.UserType) {
		return Problem{}
	}
	return Problem{
		Code: CodeNotAllowed, Column: pl.header(colGroups),
		Text: fmt.Sprintf("Users with profile %q cannot be in groups, Salesforce refuses it.", p.Name),
		Fix:  "Empty the cell, or use a profile with roles.",
	}
}

// assignments finds the permission sets and groups of a row, and reports whether all are allowed and there.
func (pl *planning) assignments(row InputRow, r *PlanRow) (bool, Problem) {
	var problem Problem
	if r.PermissionSets, problem = pl.refs(row, colPermissionSets, pl.portal.PermissionSets, pl.facts.permissions); !problem.IsZero() {
		return false, problem
	}
	if r.Groups, problem = pl.refs(row, colGroups, pl.portal.Groups, pl.facts.groups); !problem.IsZero() {
		return false, problem
	}
	return true, Problem{}
}

// oneLine keeps a street in its sentence.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// day writes a date as people read it anywhere.
func day(t time.Time) string {
	if t.IsZero() {
		return "an unknown day"
	}
	return t.UTC().Format("2 January 2006")
}

func listUsers(us []*User) string {
	var parts []string
	for i, u := range us {
		if i == suggestionsListed {
			parts = append(parts, fmt.Sprintf("and %d more", len(us)-i))
			break
		}
		state := "inactive"
		if u.Active {
			state = "active"
		}
		parts = append(parts, fmt.Sprintf("%s (%s, %s)", u.Username, u.ID, state))
	}
	return strings.Join(parts, "; ")
}
