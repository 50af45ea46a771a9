package salesforce

import (
	"context"

	"portalbot/provisioning"
)

// ownerFields are the fields of an account and its owner, below the path to the account.
func ownerFields(path string, s *provisioning.Schema) string {
	out := ", " + path + "Name, " + path + "OwnerId, " + path + "Owner.IsActive, " + path + "Owner.UserRoleId"
	// An org without licences of the kind has no such field, and refuses a query that names it.
	if s.HasIsPartner {
		out += ", " + path + "IsPartner"
	}
	if s.HasIsCustomer {
		out += ", " + path + "IsCustomerPortal"
	}
	return out
}

func readAccount(v *values, path, id string) provisioning.Account {
	return provisioning.Account{
		ID: id, Name: v.get(path + "Name"),
		OwnerID: v.get(path + "OwnerId"), OwnerActive: v.is(path + "Owner.IsActive"), OwnerRoleID: v.get(path + "Owner.UserRoleId"),
		IsPartner: v.is(path + "IsPartner"), IsCustomer: v.is(path + "IsCustomerPortal"),
	}
}

// Contacts looks up contacts by id or e-mail in one pass, with their account and its owner. It may fetch the Schema first.
func (c *Client) Contacts(ctx context.Context, q provisioning.ContactQuery) ([]provisioning.Contact, error) {
	w := where{any: []in{ids("Id", q.IDs), texts("Email", q.Emails)}}
	if w.keys() == 0 {
		return nil, nil
	}
	schema, err := c.Schema(ctx)
	if err != nil {
		return nil, err
	}
	return lookup(ctx, c, "read Contact", "SELECT Id, FirstName, LastName, Email, Phone, MobilePhone, MailingStreet, MailingCity, "+
		"MailingState, MailingPostalCode, MailingCountry, CreatedById, CreatedDate, AccountId"+ownerFields("Account.", schema)+" FROM Contact", w,
		func(v *values) provisioning.Contact {
			return provisioning.Contact{
				ID: v.get("Id"), FirstName: v.get("FirstName"), LastName: v.get("LastName"), Email: v.get("Email"),
				Phone: v.get("Phone"), MobilePhone: v.get("MobilePhone"),
				Street: v.get("MailingStreet"), City: v.get("MailingCity"), State: v.get("MailingState"),
				PostalCode: v.get("MailingPostalCode"), Country: v.get("MailingCountry"),
				CreatedByID: v.get("CreatedById"), CreatedAt: readTime(v.get("CreatedDate")),
				Account: readAccount(v, "Account.", v.get("AccountId")),
			}
		})
}

// Accounts looks up accounts by id or name in one pass, with their owner. It may fetch the Schema first.
func (c *Client) Accounts(ctx context.Context, q provisioning.AccountQuery) ([]provisioning.Account, error) {
	w := where{any: []in{ids("Id", q.IDs), texts("Name", q.Names)}}
	if w.keys() == 0 {
		return nil, nil
	}
	schema, err := c.Schema(ctx)
	if err != nil {
		return nil, err
	}
	return lookup(ctx, c, "read Account", "SELECT Id"+ownerFields("", schema)+" FROM Account", w,
		func(v *values) provisioning.Account { return readAccount(v, "", v.get("Id")) })
}
