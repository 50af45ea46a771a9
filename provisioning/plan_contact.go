package provisioning

import (
	"fmt"
	"strings"
)

// Problems of finding a row's contact.
const (
	CodeBadID            = "BAD_ID"
	CodeNoKey            = "NO_KEY"
	CodeContactNotFound  = "CONTACT_NOT_FOUND"
	CodeContactAmbiguous = "CONTACT_AMBIGUOUS"
	CodeContactElsewhere = "CONTACT_ELSEWHERE"
	CodeContactNoAccount = "CONTACT_WITHOUT_ACCOUNT"
	CodeAccountNotFound  = "ACCOUNT_NOT_FOUND"
	CodeAccountAmbiguous = "ACCOUNT_AMBIGUOUS"
)

// candidate is a row of add while its contact and names are being found.
type candidate struct {
	row                                  InputRow
	contactID, email, accountID, account string   // as the row says
	contact                              *Contact // without an id when it is to be created
	username, nickname, otherNickname    string
	problem                              Problem
}

// candidateOf reads how a row names its contact.
func (pl *planning) candidateOf(row InputRow) candidate {
	c := candidate{row: row, email: pl.cell(row, fieldEmail), account: pl.cell(row, colAccount)}
	var problems []Problem
	c.contactID = pl.id(row, colContactID, PrefixContact, &problems)
	c.accountID = pl.id(row, colAccountID, PrefixAccount, &problems)
	c.problem = oneProblem(problems)
	if c.problem.IsZero() && c.contactID == "" && c.email == "" {
		c.problem = Problem{
			Code: CodeNoKey, Text: "The row does not say which contact it is about.",
			Fix: "Fill in ContactId or Email.",
		}
	}
	return c
}

// id reads a cell that holds a record id, or the address of the record's page.
func (pl *planning) id(row InputRow, column, prefix string, problems *[]Problem) string {
	s := pl.cell(row, column)
	if s == "" {
		return ""
	}
	id, err := ParseID(idOfPage(s), prefix)
	if err != nil {
		*problems = append(*problems, Problem{
			Code: CodeBadID, Column: pl.header(column),
			Text: fmt.Sprintf("%s %q %s.", pl.header(column), s, err),
			Fix:  "Copy the id from Salesforce again, into a column formatted as text.",
		})
	}
	return id
}

// locate finds the contact of a candidate among those read, or makes the one to create. Two matches are listed, never guessed.
func (pl *planning) locate(w *window, c *candidate) {
	if !c.problem.IsZero() {
		return
	}
	if c.contactID != "" {
		c.contact = w.contacts[c.contactID]
		if c.contact == nil {
			c.problem = Problem{
				Code: CodeContactNotFound, Column: pl.header(colContactID),
				Text: fmt.Sprintf("No contact has the id %s, or the bot may not see it.", c.contactID),
				Fix:  "Check the id, and that the contact was not deleted or merged.",
			}
			return
		}
		if !c.onAccount(c.contact.Account) {
			c.problem = pl.elsewhere(c, fmt.Sprintf("Contact %s belongs to %s, not to %s.",
				c.contactID, accountText(c.contact.Account), c.accountText()))
			return
		}
	} else {
		pl.locateByEmail(w, c)
	}
	if c.problem.IsZero() && c.contact.Account.ID == "" {
		c.problem = Problem{
			Code: CodeContactNoAccount,
			Text: fmt.Sprintf("Contact %s has no account, and Salesforce makes portal users only for contacts with one.", c.contact.ID),
			Fix:  "Set the contact's account in Salesforce, then send the file again.",
		}
	}
}

func (pl *planning) locateByEmail(w *window, c *candidate) {
	all := w.byEmail[strings.ToLower(c.email)]
	var found []*Contact
	for _, x := range all {
		if c.onAccount(x.Account) {
			found = append(found, x)
		}
	}
	switch {
	case len(found) == 1:
		c.contact = found[0]
	case len(found) > 1:
		c.problem = Problem{
			Code: CodeContactAmbiguous, Column: pl.header(fieldEmail),
			Text: fmt.Sprintf("%d contacts have the e-mail address %s: %s.", len(found), c.email, listContacts(found)),
			Fix:  "Put the right one's id in a column ContactId.",
		}
		if c.account == "" && c.accountID == "" && differentAccounts(found) {
			c.problem.Fix = "Name the account in a column Account or AccountId, or put the right one's id in a column ContactId."
		}
	case pl.makesContacts() && !c.namesAccount() && len(all) == 0:
		c.problem = oneProblem(append([]Problem{{
			Code: CodeAccountNotFound,
			Text: fmt.Sprintf("No contact has the e-mail address %s, and the row does not say on which account to create one.", c.email),
			Fix:  "Fill in Account or AccountId.",
		}}, pl.missingName(c)...))
	case pl.makesContacts() && len(all) == 0: // somebody with this address elsewhere may be the one who is meant
		pl.newContact(w, c)
	case len(all) > 0:
		c.problem = pl.elsewhere(c, fmt.Sprintf("No contact of %s has the e-mail address %s, but there is %s.",
			c.accountText(), c.email, listContacts(all)))
	default:
		c.problem = Problem{
			Code: CodeContactNotFound, Column: pl.header(fieldEmail),
			Text: fmt.Sprintf("No contact has the e-mail address %s.", c.email),
			Fix:  "Check the address, or create the contact in Salesforce first.",
		}
		if pl.portal.CreateContacts {
			c.problem.Fix = "Check the address, or send the file again with \"create missing contacts\" ticked."
		}
	}
}

// elsewhere is the problem of a contact that exists on another account than the row says.
func (pl *planning) elsewhere(c *candidate, text string) Problem {
	column := pl.header(colAccount)
	if c.accountID != "" {
		column = pl.header(colAccountID)
	}
	return Problem{
		Code: CodeContactElsewhere, Column: column, Text: text,
		Fix: "Correct the account in the file, or move the contact in Salesforce.",
	}
}

func (c *candidate) namesAccount() bool { return c.account != "" || c.accountID != "" }

// onAccount reports whether a contact of this account is meant.
func (c *candidate) onAccount(a Account) bool {
	return (c.accountID == "" || c.accountID == a.ID) && (c.account == "" || sameText(c.account, a.Name))
}

func (c *candidate) accountText() string {
	switch {
	case c.accountID != "" && c.account != "":
		return fmt.Sprintf("account %q (%s)", c.account, c.accountID)
	case c.accountID != "":
		return "account " + c.accountID
	}
	return fmt.Sprintf("account %q", c.account)
}

// accountText names an account in a sentence.
func accountText(a Account) string {
	if a.ID == "" {
		return "no account"
	}
	return fmt.Sprintf("account %q (%s)", a.Name, a.ID)
}

// sameText compares names as people do: without regard to case and to the number of spaces.
func sameText(a, b string) bool {
	return strings.EqualFold(a, b) || strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
}

func differentAccounts(cs []*Contact) bool {
	for _, c := range cs {
		if c.Account.ID != cs[0].Account.ID {
			return true
		}
	}
	return false
}

// listContacts names contacts so that a person can tell them apart.
func listContacts(cs []*Contact) string {
	var parts []string
	for i, c := range cs {
		if i == suggestionsListed {
			parts = append(parts, fmt.Sprintf("and %d more", len(cs)-i))
			break
		}
		name := strings.TrimSpace(c.FirstName + " " + c.LastName)
		parts = append(parts, fmt.Sprintf("%s (%s) of %s", c.ID, name, accountText(c.Account)))
	}
	return strings.Join(parts, "; ")
}
