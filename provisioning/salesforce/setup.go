package salesforce

import (
	"context"
	"strconv"
	"strings"

	"portalbot/provisioning"
)

// Profiles returns every profile with a portal UserType, with its licence's seats: the plan needs both, and so reads them at once.
func (c *Client) Profiles(ctx context.Context) ([]provisioning.Profile, error) {
	all, _, err := query(ctx, c, "read Profile",
		"SELECT Id, Name, UserType, UserLicense.Name, UserLicense.LicenseDefinitionKey, UserLicense.MasterLabel, "+
			"UserLicense.Status, UserLicense.TotalLicenses, UserLicense.UsedLicenses FROM Profile "+
			"WHERE UserType IN ('PowerPartner','CspLitePortal','CustomerSuccess','PowerCustomerSuccess')",
		func(v *values) provisioning.Profile {
			return provisioning.Profile{
				ID: v.get("Id"), Name: v.get("Name"), UserType: v.get("UserType"),
				License: v.get("UserLicense.Name"), LicenseKey: v.get("UserLicense.LicenseDefinitionKey"),
				Seats: readLicense(v, "UserLicense."),
			}
		})
	return all, err
}

// Licenses returns every user licence with its seats.
func (c *Client) Licenses(ctx context.Context) ([]provisioning.License, error) {
	all, _, err := query(ctx, c, "read UserLicense",
		"SELECT Id, LicenseDefinitionKey, MasterLabel, Status, TotalLicenses, UsedLicenses FROM UserLicense",
		func(v *values) provisioning.License { return readLicense(v, "") })
	return all, err
}

func readLicense(v *values, path string) provisioning.License {
	return provisioning.License{
		Key: v.get(path + "LicenseDefinitionKey"), Name: v.get(path + "MasterLabel"), Active: v.get(path+"Status") == "Active",
		Total: readInt(v.get(path + "TotalLicenses")), Used: readInt(v.get(path + "UsedLicenses")),
	}
}

// readInt reads a count; 0 for none.
func readInt(s string) int {
	n, err := strconv.Atoi(strings.TrimSuffix(s, ".0"))
	if err != nil {
		return 0
	}
	return n
}

// Roles returns the portal roles of the accounts.
func (c *Client) Roles(ctx context.Context, accountIDs []string) ([]provisioning.Role, error) {
	return lookup(ctx, c, "read UserRole", "SELECT Id, PortalAccountId, PortalType, PortalRole FROM UserRole",
		where{any: []in{ids("PortalAccountId", accountIDs)}}, func(v *values) provisioning.Role {
			return provisioning.Role{ID: v.get("Id"), AccountID: v.get("PortalAccountId"), Type: v.get("PortalType"), Level: v.get("PortalRole")}
		})
}

// PermissionSets returns the permission sets that have one of the names as API name or label. Ref.Name is the name as it was
// asked for, so a record that was asked for by both comes twice, and a label that two records share gives two.
func (c *Client) PermissionSets(ctx context.Context, names []string) ([]provisioning.Ref, error) {
	// Each profile owns a permission set, which nobody can assign.
	return c.named(ctx, "read PermissionSet", "SELECT Id, Name, Label FROM PermissionSet", "IsOwnedByProfile = false AND ", names, "Name", "Label")
}

// Groups returns the public groups that have one of the names as API name or label, with the same rule.
func (c *Client) Groups(ctx context.Context, names []string) ([]provisioning.Ref, error) {
	return c.named(ctx, "read Group", "SELECT Id, DeveloperName, Name FROM Group", "Type = 'Regular' AND ", names, "DeveloperName", "Name")
}

func (c *Client) named(ctx context.Context, op, selectFrom, fixed string, names []string, fields ...string) ([]provisioning.Ref, error) {
	w := where{fixed: fixed}
	for _, f := range fields {
		w.any = append(w.any, texts(f, names))
	}
	type record struct {
		id    string
		names []string
	}
	found, err := lookup(ctx, c, op, selectFrom, w, func(v *values) record {
		r := record{id: v.get("Id")}
		for _, f := range fields {
			r.names = append(r.names, v.get(f))
		}
		return r
	})
	if err != nil {
		return nil, err
	}
	var out []provisioning.Ref
	for _, name := range unique(names, func(s string) string { return s }, func(s string) bool { return s != "" }) {
		for _, r := range found {
			for _, n := range r.names {
				if strings.EqualFold(n, name) {
					out = append(out, provisioning.Ref{ID: r.id, Name: name})
					break
				}
			}
		}
	}
	return out, nil
}

// The first three characters of an id name its object. Source: Salesforce Help, "Standard Field Record ID Prefix Decoder".
const (
	prefixPermissionSet = "0PS"
	prefixGroup         = "00G"
)

// Assigned returns which of the pairs exist already. Pairs whose target is neither permission set nor group are left out.
func (c *Client) Assigned(ctx context.Context, pairs []provisioning.Assignment) ([]provisioning.Assignment, error) {
	wanted := make(map[provisioning.Assignment]provisioning.Assignment, len(pairs))
	users, targets := map[string][]string{}, map[string][]string{}
	for _, p := range pairs {
		if !validID(p.UserID) || !validID(p.TargetID) {
			continue
		}
		wanted[provisioning.Assignment{UserID: longID(p.UserID), TargetID: longID(p.TargetID)}] = p
		kind := p.TargetID[:3]
		users[kind], targets[kind] = append(users[kind], p.UserID), append(targets[kind], p.TargetID)
	}
	var out []provisioning.Assignment
	for _, k := range []struct{ prefix, object, user, target string }{
		{prefixPermissionSet, "PermissionSetAssignment", "AssigneeId", "PermissionSetId"},
		{prefixGroup, "GroupMember", "UserOrGroupId", "GroupId"},
	} {
		// Targets are few, they come from the portal's list: each part of the users is asked about all of a handful of them.
		const handful = 200
		all := ids(k.target, targets[k.prefix])
		for from := 0; from < len(all.keys); from += handful {
			some := in{k.target, all.keys[from:min(from+handful, len(all.keys))]}
			w := where{fixed: where{any: []in{some}}.String() + " AND ", any: []in{ids(k.user, users[k.prefix])}}
			found, err := lookup(ctx, c, "read "+k.object, "SELECT Id, "+k.user+", "+k.target+" FROM "+k.object, w,
				func(v *values) provisioning.Assignment {
					return provisioning.Assignment{UserID: v.get(k.user), TargetID: v.get(k.target)}
				})
			if err != nil {
				return nil, err
			}
			for _, f := range found {
				if p, ok := wanted[f]; ok {
					out = append(out, p)
					delete(wanted, f)
				}
			}
		}
	}
	return out, nil
}
