package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
	"portalbot/provisioning/sheet"
)

// seed puts the file's contacts, accounts and profiles into the org, so that its rows can be planned. Rows whose ids are not valid are
// left out: the plan will say what is wrong with them. A file that cannot be read seeds nothing: the bot will say why.
func (s *stage) seed(data []byte) error {
	f, err := sheet.Open(bytes.NewReader(data), int64(len(data)), sheet.Options{})
	if err != nil {
		return told(err)
	}
	columns, _ := provisioning.MatchColumns(f.Header(), provisioning.VerbAdd, provisioning.Portal{})
	at := map[string]int{}
	for i, c := range columns {
		if c.Name != "" {
			at[c.Name] = i
		}
	}
	seeded := map[string]bool{}
	for row, err := range f.Rows() {
		if err != nil {
			return told(err)
		}
		cell := func(column string) string {
			if i, ok := at[column]; ok {
				return strings.TrimSpace(row.Cells[i])
			}
			return ""
		}
		s.seedProfile(cell("ProfileId"), cell("Profile"), seeded)
		contact := salesforcesim.Fields{
			"AccountId": s.seedAccount(cell("AccountId"), cell("Account"), seeded),
			"FirstName": cell("FirstName"), "LastName": cell("LastName"), "Email": cell("Email"),
		}
		if contact["LastName"] == "" {
			contact["LastName"] = fmt.Sprintf("Row %d", row.Number)
		}
		key := cell("ContactId")
		if key != "" {
			id, err := provisioning.ParseID(key, provisioning.PrefixContact)
			if err != nil {
				continue
			}
			contact["Id"], key = id, id
		} else {
			key = contact["AccountId"] + contact["Email"]
		}
		if !seeded[key] {
			seeded[key] = true
			s.org.AddContact(contact)
		}
	}
	return nil
}

// seedAccount returns the id of the row's account, which is Acme's when the row names none.
func (s *stage) seedAccount(id, name string, seeded map[string]bool) string {
	valid, err := provisioning.ParseID(id, provisioning.PrefixAccount)
	switch {
	case id == "" && name == "", id != "" && err != nil:
		return s.acme.Account
	case id == "":
		if found := s.org.Find("Account", "Name", name); len(found) > 0 {
			return found[0]
		}
		return s.org.AddAccount(salesforcesim.Fields{"Name": name, "OwnerId": s.acme.Owner})
	}
	if !seeded[valid] {
		seeded[valid] = true
		if name == "" {
			name = "Account " + valid
		}
		s.org.AddAccount(salesforcesim.Fields{"Id": valid, "Name": name, "OwnerId": s.acme.Owner})
	}
	return valid
}

// seedProfile makes the row's profile a customer-portal profile that the portal allows.
func (s *stage) seedProfile(id, name string, seeded map[string]bool) {
	fields := salesforcesim.Fields{"UserType": "CspLitePortal", "UserLicenseId": s.acme.CustomerLicense}
	valid, err := provisioning.ParseID(id, provisioning.PrefixProfile)
	switch {
	case id != "" && err == nil:
		name = fmt.Sprintf("Customer Community User %s", valid[9:15])
		fields["Id"] = valid
	case name == "", len(s.org.Find("Profile", "Name", name)) > 0:
		return
	}
	if seeded["profile "+name] {
		return
	}
	seeded["profile "+name] = true
	fields["Name"] = name
	s.org.Add("Profile", fields)
	p := s.cfg.Portals["customer"]
	p.Profiles = append(p.Profiles, name)
	s.cfg.Portals["customer"] = p
}

// told keeps back what the bot itself will say about an unreadable file.
func told(err error) error {
	var refusal *sheet.Refusal
	var problems *sheet.Problems
	if errors.As(err, &refusal) || errors.As(err, &problems) {
		return nil
	}
	return fmt.Errorf("read the file: %w", err)
}
