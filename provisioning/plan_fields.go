package provisioning

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problems of values. Where Salesforce has a word for it, that is the code.
const (
	CodeRequired       = "REQUIRED_FIELD_MISSING"
	CodeTooLong        = "STRING_TOO_LONG"
	CodeBadEmail       = "INVALID_EMAIL_ADDRESS"
	CodeBadUsername    = "INVALID_USERNAME"
	CodeBadPicklist    = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
	CodeFieldUnknown   = "FIELD_NOT_IN_ORG"
	CodeFieldNotWrite  = "FIELD_NOT_WRITABLE"
	CodeInactiveWanted = "INACTIVE_WANTED"
)

// name makes the username and the nicknames of a candidate whose contact is known.
func (pl *planning) name(c *candidate) {
	if c.email == "" {
		c.email = cleanText(c.contact.Email)
	}
	c.username = pl.cell(c.row, fieldUsername)
	if c.username == "" && c.email != "" {
		c.username = c.email + pl.portal.UsernameTail
	}
	c.nickname = pl.cell(c.row, fieldNickname)
	if c.nickname == "" {
		c.nickname = nicknameOf(pl.personal(c, fieldFirstName, c.contact.FirstName),
			pl.personal(c, fieldLastName, c.contact.LastName), c.email)
	}
	if c.nickname != "" {
		key := c.contact.ID
		if key == "" {
			key = c.email
		}
		c.otherNickname = otherNickname(c.nickname, key)
	}
}

// personal returns a value of the row, else of its contact.
func (pl *planning) personal(c *candidate, column, ofContact string) string {
	if s := pl.cell(c.row, column); s != "" {
		return s
	}
	return cleanText(ofContact)
}

// fieldSet collects the fields of one user to create, and what is wrong with them.
type fieldSet struct {
	pl       *planning
	c        *candidate
	fields   []Field
	problems []Problem
	left     bool // a value of the contact did not fit and was left out
}

// add takes a value of the row, which must be right, else one of the contact, which is left out when it does not fit. It reports
// whether the field got a value.
func (s *fieldSet) add(field, ofContact string) bool {
	if v := s.pl.cell(s.c.row, field); v != "" {
		s.given(field, v)
		return true
	}
	ofContact = cleanText(ofContact)
	if ofContact == "" {
		return false
	}
	if p := s.pl.checkValue(field, ofContact, ""); !p.IsZero() {
		s.left = true
		return false
	}
	s.set(field, ofContact)
	return true
}

// given takes a value that the row has or that was made for it; a wrong one is a problem.
func (s *fieldSet) given(field, value string) {
	column := ""
	if s.pl.cell(s.c.row, field) != "" {
		column = s.pl.header(field)
	}
	if p := s.pl.checkValue(field, value, column); !p.IsZero() {
		s.problems = append(s.problems, p)
		return
	}
	s.set(field, value)
}

func (s *fieldSet) set(field, value string) { s.fields = append(s.fields, Field{field, value}) }

// email takes the address of the row, else of the contact. Nobody can be a user without one, so that a wrong one of the contact is a
// problem too.
func (s *fieldSet) email() {
	n := len(s.problems)
	s.given(fieldEmail, s.c.email)
	if len(s.problems) > n && s.pl.cell(s.c.row, fieldEmail) == "" {
		s.problems[n].Text = "Of the contact: " + s.problems[n].Text
		s.problems[n].Fix = "Fill in Email, or correct the contact's address in Salesforce."
	}
}

// need says that a field that every portal user must have got no value.
func (s *fieldSet) need(field, fix string) {
	if slices.ContainsFunc(s.problems, func(p Problem) bool { return p.Column != "" && p.Column == s.pl.header(field) }) {
		return
	}
	s.problems = append(s.problems, Problem{
		Code: CodeRequired, Column: s.pl.header(field), Text: field + " is missing.", Fix: fix,
	})
}

// standard takes a value of the row, else the portal's own, which was checked once for all rows.
func (s *fieldSet) standard(field, own string) {
	if v := s.pl.cell(s.c.row, field); v != "" {
		s.given(field, v)
		return
	}
	if own == "" {
		s.need(field, fmt.Sprintf("Add a column %s, or ask an admin to set a default for portal %s.", field, s.pl.portal.Name))
		return
	}
	s.set(field, own)
}

// fieldsOf makes the exact values that create the user of a candidate. Values come from the row, then from the contact, then from
// the portal. All problems are found, not only the first.
func (pl *planning) fieldsOf(c *candidate, p Profile, nickname string) *fieldSet {
	s := &fieldSet{pl: pl, c: c}
	k := c.contact
	s.add(fieldFirstName, k.FirstName)
	last := pl.personal(c, fieldLastName, k.LastName)
	if !s.add(fieldLastName, k.LastName) {
		if k.ID == "" {
			s.problems = append(s.problems, pl.missingName(c)...)
		} else {
			s.need(fieldLastName, "Fill in LastName, Salesforce makes no user without it.")
		}
	}
	if c.email == "" {
		s.need(fieldEmail, "Fill in Email, or set the contact's address in Salesforce.")
	} else {
		s.email()
	}
	if own := pl.cell(c.row, fieldUsername) != ""; own || c.username != "" && validEmail(c.email) {
		s.given(fieldUsername, c.username) // one made from a wrong address needs no second sentence
	}
	if alias := pl.cell(c.row, fieldAlias); alias != "" {
		s.given(fieldAlias, alias)
	} else {
		s.set(fieldAlias, aliasOf(last, c.email))
	}
	if nickname != "" {
		s.given(fieldNickname, nickname)
	}
	s.set(fieldProfileID, p.ID)
	if k.ID != "" {
		s.set(fieldContactID, k.ID)
	}
	s.standard(fieldTimeZone, pl.portal.TimeZone)
	s.standard(fieldLocale, pl.portal.Locale)
	s.standard(fieldLanguage, pl.portal.Language)
	s.standard(fieldEncoding, pl.portal.EmailEncoding)
	if pl.facts.schema.HasCurrency {
		s.standard(fieldCurrency, pl.portal.Currency)
	}
	s.add("Phone", k.Phone)
	s.add("MobilePhone", k.MobilePhone)
	s.add("Street", k.Street)
	s.add("City", k.City)
	s.add("State", k.State)
	s.add("PostalCode", k.PostalCode)
	s.add("Country", k.Country)
	s.add("FederationIdentifier", "")
	for _, f := range pl.portal.Fields {
		if !known(f) {
			s.add(f, "")
		}
	}
	for _, f := range missingCustom(pl.facts.schema.User, s.fields) {
		s.need(f.Name, fmt.Sprintf("Add a column %s (%s), which an admin must allow for portal %s.", f.Name, f.Label, pl.portal.Name))
	}
	if p := pl.inactiveWanted(c.row); !p.IsZero() {
		s.problems = append(s.problems, p)
	}
	return s
}

// inactiveWanted is the problem of a row of add that says that its user is not active.
func (pl *planning) inactiveWanted(row InputRow) Problem {
	switch strings.ToLower(pl.cell(row, colIsActive)) {
	case "", "true", "1", "yes":
		return Problem{}
	}
	return Problem{
		Code: CodeInactiveWanted, Column: pl.header(colIsActive),
		Text: fmt.Sprintf("%s is %q, but users are created active.", pl.header(colIsActive), pl.cell(row, colIsActive)),
		Fix:  "Delete the row if this person shall have no access, else empty the cell.",
	}
}

// givenProblems checks what a row of add says as far as that can be done without its contact, so that a person whose contact was not
// found is told at once what else is wrong.
func (pl *planning) givenProblems(row InputRow) []Problem {
	var problems []Problem
	note := func(p Problem) {
		if !p.IsZero() {
			problems = append(problems, p)
		}
	}
	for _, c := range pl.in.Columns {
		switch c.Name {
		case "", colContactID, colUserID, colAccountID, colAccount, colProfileID, colProfile, colPermissionSets, colGroups, colIsActive,
			fieldRoleID, fieldPortalRole:
			continue
		case fieldCurrency:
			if !pl.facts.schema.HasCurrency {
				continue
			}
		}
		if v := pl.cell(row, c.Name); v != "" {
			note(pl.checkValue(c.Name, v, c.Header))
		}
	}
	if pl.cell(row, colProfileID) != "" || pl.cell(row, colProfile) != "" {
		_, p := pl.profileFor(row)
		note(p)
	}
	var r PlanRow
	if ok, p := pl.assignments(row, &r); !ok {
		note(p)
	}
	note(pl.inactiveWanted(row))
	return problems
}

// checkValue checks one value against the org's describe: field, length, picklist, and the form of addresses.
func (pl *planning) checkValue(field, value, column string) Problem {
	said := column
	if said == "" {
		said = field
	}
	info, ok := pl.facts.schema.User[strings.ToLower(field)]
	if !ok {
		return Problem{
			Code: CodeFieldUnknown, Column: column, Text: fmt.Sprintf("Users of this org have no field %s, or the bot may not see it.", field),
			Fix: "Delete the column, or ask an admin to give the bot access to the field.",
		}
	}
	if !info.Createable {
		return Problem{
			Code: CodeFieldNotWrite, Column: column, Text: fmt.Sprintf("The bot may not set %s.", field),
			Fix: "Delete the column, or ask an admin to give the bot edit access to the field.",
		}
	}
	if n := utf8.RuneCountInString(value); info.Length > 0 && n > info.Length {
		return Problem{
			Code: CodeTooLong, Column: column, Text: fmt.Sprintf("%s has %d characters, Salesforce takes %d.", said, n, info.Length),
			Fix: fmt.Sprintf("Shorten %s.", said),
		}
	}
	switch field {
	case fieldEmail:
		if !validEmail(value) {
			return Problem{
				Code: CodeBadEmail, Column: column, Text: fmt.Sprintf("%s %q is not an e-mail address.", said, value),
				Fix: fmt.Sprintf("Correct %s.", said),
			}
		}
	case fieldUsername:
		if !validUsername(value) {
			return Problem{
				Code: CodeBadUsername, Column: column, Text: fmt.Sprintf("%s %q does not have the form of an e-mail address.", said, value),
				Fix: fmt.Sprintf("Write %s like name@example.com; it need not be a real address.", said),
			}
		}
		if n := utf8.RuneCountInString(value); n > maxUsername {
			return Problem{
				Code: CodeTooLong, Column: column, Text: fmt.Sprintf("%s has %d characters, Salesforce takes %d.", said, n, maxUsername),
				Fix: "Fill in a shorter Username.",
			}
		}
	}
	return checkPicklist(info, value, said, column)
}

// checkPicklist checks a value of a restricted picklist and suggests the value when the label was given.
func checkPicklist(info FieldInfo, value, said, column string) Problem {
	if !info.Restricted || len(info.Values) == 0 || info.Values[value] {
		return Problem{}
	}
	p := Problem{
		Code: CodeBadPicklist, Column: column,
		Text: fmt.Sprintf("%s %q is not a value of this org.", said, value),
		Fix:  fmt.Sprintf("Look at an existing user's %s for what the org takes, or leave the cell empty to get the portal's default.", info.Name),
	}
	if meant := meantValue(info, value); meant != "" {
		p.Fix = fmt.Sprintf("Write %q in %s.", meant, said)
	}
	return p
}

// meantValue finds the picklist value for a label, for other letter case, or for a small slip.
func meantValue(info FieldInfo, given string) string {
	for _, label := range sortedKeys(info.Labels) {
		if sameText(label, given) {
			return info.Labels[label]
		}
	}
	values := sortedKeys(info.Values)
	for _, v := range values {
		// The city of a time zone is what people write: Berlin for Europe/Berlin.
		if _, city, ok := strings.Cut(v, "/"); squash(v) == squash(given) || ok && squash(city) == squash(given) {
			return v
		}
	}
	return nearest(given, values)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// oneProblem makes one of all problems of a row: the code and column of the first, the sentences of all.
func oneProblem(ps []Problem) Problem {
	if len(ps) == 0 {
		return Problem{}
	}
	p := ps[0]
	for _, q := range ps[1:] {
		p.Text += " " + q.Text
		if q.Fix != "" && !strings.Contains(p.Fix, q.Fix) {
			p.Fix = strings.TrimSpace(p.Fix + " " + q.Fix)
		}
	}
	return p
}
