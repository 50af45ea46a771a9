package salesforcesim

import (
	"slices"
	"strings"
)

// ValidationRule is a customer's own rule on an object.
type ValidationRule struct {
	Object string
	// Check returns the rule's error message, or "" where the record is in order. The record holds all fields that have a
	// value, by API name. It is called with the org locked and must not call the org.
	Check func(record map[string]string) string
	// Field is the field that the message is shown at; "" is the top of the page.
	Field string
}

// AddValidationRule puts a rule in force.
func (o *Org) AddValidationRule(rule ValidationRule) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.validations = append(slices.Clone(o.validations), rule)
}

// check applies the org's rules to a change and stores the record with all that follows from it.
func (c *change) check() *RowError {
	if problem := c.references(); problem != nil {
		return problem
	}
	switch c.table {
	case c.o.users:
		return c.saveUser()
	case c.o.contacts:
		return c.saveContact()
	case c.o.accounts:
		return c.saveAccount()
	case c.o.assignments:
		return c.saveLink("AssigneeId", "PermissionSetId")
	case c.o.members:
		return c.saveMember()
	}
	return c.finish()
}

// finish runs the customer's rules and stores the record.
func (c *change) finish() *RowError {
	if problem := c.validate(); problem != nil {
		return problem
	}
	c.store()
	return nil
}

func (c *change) validate() *RowError {
	for _, rule := range c.o.validations {
		if !strings.EqualFold(rule.Object, c.table.name) {
			continue
		}
		record := map[string]string{}
		for i, v := range c.values {
			if v != "" {
				record[c.table.fields[i].name] = v
			}
		}
		if message := rule.Check(record); message != "" {
			problem := rowError("FIELD_CUSTOM_VALIDATION_EXCEPTION", message)
			if rule.Field != "" {
				problem.Fields = []string{rule.Field}
			}
			return problem
		}
	}
	return nil
}

func (c *change) saveContact() *RowError {
	if c.row == noRow && c.get("OwnerId") == "" {
		c.set1("OwnerId", c.user)
	}
	if problem := c.validate(); problem != nil {
		return problem
	}
	moved := c.row != noRow && c.differs("AccountId")
	row := c.store()
	if moved {
		users := c.o.users
		if user := users.first(users.field("ContactId"), c.table.get(row, "Id"), noRow); user != noRow {
			c.set(users, user, map[string]string{"AccountId": c.get("AccountId")})
		}
	}
	return nil
}

func (c *change) saveAccount() *RowError {
	if c.row == noRow && c.get("OwnerId") == "" {
		c.set1("OwnerId", c.user)
	}
	if c.old("IsCustomerPortal") == "true" && !c.on("IsCustomerPortal") {
		return rowError("FIELD_INTEGRITY_EXCEPTION", "Customer portal accounts can't be disabled", "IsCustomerPortal")
	}
	if c.row != noRow {
		portal := c.o.roles.first(c.o.roles.field("PortalAccountId"), c.get("Id"), noRow) != noRow
		if c.differs("OwnerId") && portal && c.noLock {
			return lockedOut()
		}
		if (portal || c.on("IsPartner")) && !c.o.hasRole(c.get("OwnerId")) {
			return rowError("UNKNOWN_EXCEPTION", msgOwnerNeedsRole)
		}
	}
	return c.finish()
}

// saveLink stores a record that ties two others together once.
func (c *change) saveLink(from, to string) *RowError {
	for _, row := range c.table.lookup(nil, c.table.field(from), c.get(from)) {
		if c.table.get(row, to) == c.get(to) {
			return rowError("DUPLICATE_VALUE", "duplicate value found: "+from+" duplicates value on record with id: "+
				c.table.get(row, "Id")[:shortIDLength], from)
		}
	}
	if problem := c.finish(); problem != nil {
		return problem
	}
	if c.table == c.o.assignments {
		row := c.o.users.find(c.get("AssigneeId"))
		c.welcome(row, c.get("PermissionSetId"))
	}
	return nil
}

// saveMember stores a group membership. High-volume users cannot be in groups, help.salesforce.com "About High-Volume
// Community or Site Users".
func (c *change) saveMember() *RowError {
	if row := c.o.users.find(c.get("UserOrGroupId")); row != noRow && c.o.users.get(row, "UserType") == typeHighVolume {
		return rowError("OP_WITH_INVALID_USER_TYPE_EXCEPTION", "operation performed with invalid user type", "UserOrGroupId")
	}
	return c.saveLink("GroupId", "UserOrGroupId")
}

func lockedOut() *RowError {
	return rowError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
}
