package provisioning

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// mailing is the prefix that the fields of a user's address have on a contact.
const mailing = "Mailing"

// newContact makes the contact to create for a row that names an account and nobody on it.
func (pl *planning) newContact(w *window, c *candidate) {
	a, n := w.accountNamed(c.accountID, c.account)
	column := pl.header(colAccount)
	if c.accountID != "" {
		column = pl.header(colAccountID)
	}
	var p Problem
	switch {
	case n == 0:
		p = Problem{
			Code: CodeAccountNotFound, Column: column,
			Text: fmt.Sprintf("There is no %s, or the bot may not see it.", c.accountText()),
			Fix:  "Check how the account is spelled in Salesforce.",
		}
	case n > 1:
		p = Problem{
			Code: CodeAccountAmbiguous, Column: column,
			Text: fmt.Sprintf("%d accounts are called %q.", n, c.account),
			Fix:  "Put the right one's id in a column AccountId.",
		}
	case c.accountID != "" && c.account != "" && !sameText(c.account, a.Name):
		p = Problem{
			Code: CodeAccountNotFound, Column: pl.header(colAccount),
			Text: fmt.Sprintf("Account %s is called %q, but the row says %q.", c.accountID, a.Name, c.account),
			Fix:  "Keep the one that is right.",
		}
	}
	if !p.IsZero() {
		c.problem = oneProblem(append([]Problem{p}, pl.missingName(c)...))
		return
	}
	c.contact = &Contact{Account: a, Email: c.email}
	c.contact.FirstName, c.contact.LastName = pl.cell(c.row, fieldFirstName), pl.cell(c.row, fieldLastName)
}

// missingName is the problem of a contact to create whose row has no last name: neither contact nor user can be without one.
func (pl *planning) missingName(c *candidate) []Problem {
	if pl.cell(c.row, fieldLastName) != "" {
		return nil
	}
	return []Problem{{
		Code: CodeRequired, Column: pl.header(fieldLastName),
		Text: "The contact does not exist, and LastName is missing to create it.", Fix: "Fill in LastName.",
	}}
}

// newContactFields are the fields of a contact to create: what the user gets and a contact has too.
func newContactFields(c *candidate, user []Field) []Field {
	fields := []Field{{fieldAccountID, c.contact.Account.ID}}
	for _, f := range user {
		switch f.Name {
		case fieldFirstName, fieldLastName, fieldEmail, "Phone", "MobilePhone":
			fields = append(fields, f)
		case "Street", "City", "State", "PostalCode", "Country":
			fields = append(fields, Field{mailing + f.Name, f.Value})
		}
	}
	return fields
}

// checkNewContact checks the contact to create against the org's describe, whose limits are not those of User: an e-mail address, say,
// is shorter. It also finds what an org demands of contacts that no column can give.
func (pl *planning) checkNewContact(fields []Field) []Problem {
	known := pl.facts.contact
	var problems []Problem
	for _, f := range fields {
		column := pl.header(strings.TrimPrefix(f.Name, mailing))
		info, ok := known[strings.ToLower(f.Name)]
		switch n := utf8.RuneCountInString(f.Value); {
		case !ok || !info.Createable:
			problems = append(problems, Problem{
				Code: CodeFieldNotWrite, Column: column, Text: fmt.Sprintf("The contact does not exist, and the bot may not set %s of a new one.", f.Name),
				Fix: "Create the contact in Salesforce first, or ask an admin to let the bot create contacts with this field.",
			})
		case info.Length > 0 && n > info.Length:
			problems = append(problems, Problem{
				Code: CodeTooLong, Column: column, Text: fmt.Sprintf("%s has %d characters, Salesforce takes %d for a contact.", f.Name, n, info.Length),
				Fix: fmt.Sprintf("Shorten %s.", strings.TrimPrefix(f.Name, mailing)),
			})
		default:
			if p := checkPicklist(info, f.Value, f.Name, column); !p.IsZero() {
				problems = append(problems, p)
			}
		}
	}
	for _, f := range missingCustom(known, fields) {
		problems = append(problems, Problem{
			Code: CodeRequired, Text: fmt.Sprintf("The contact does not exist, and new contacts of this org need %s (%s), which the bot cannot fill in.", f.Name, f.Label),
			Fix: "Create the contact in Salesforce first, or ask an admin to give the field a default.",
		})
	}
	return problems
}

// missingCustom returns the customer's own fields without which a create is refused and that are not given, by name.
func missingCustom(known map[string]FieldInfo, given []Field) []FieldInfo {
	var out []FieldInfo
	for _, f := range known {
		if f.Custom && f.Required && !hasField(given, f.Name) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b FieldInfo) int { return strings.Compare(a.Name, b.Name) })
	return out
}
