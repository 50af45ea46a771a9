package provisioning

import (
	"fmt"
	"strings"
)

// Problems of a row's profile, role, permission sets and groups.
const (
	CodeProfileUnknown    = "PROFILE_UNKNOWN"
	CodeProfileNotAllowed = "PROFILE_NOT_ALLOWED"
	CodeProfileKind       = "PROFILE_OTHER_KIND"
	CodeRole              = "ROLE_NOT_USABLE"
	CodeNotAllowed        = "NOT_ALLOWED"
	CodeNotInOrg          = "NOT_IN_ORG"
)

// portalKind is who a portal is for. It follows from its default profile.
type portalKind string

const (
	kindCustomer portalKind = "customer"
	kindPartner  portalKind = "partner"
)

// kindOf returns the kind of portal that a UserType belongs to.
func kindOf(userType string) portalKind {
	if strings.EqualFold(userType, "PowerPartner") {
		return kindPartner
	}
	return kindCustomer
}

// profileOf returns the profile of a row, when it names one that the org has or the portal's own is there.
func (pl *planning) profileOf(row InputRow) (Profile, bool) {
	p, problem := pl.profileFor(row)
	return p, problem.IsZero()
}

// profileFor finds the profile of a row: by id or name in either column, else the portal's own. It must be a portal profile of
// the portal's kind and on its allow-list.
func (pl *planning) profileFor(row InputRow) (Profile, Problem) {
	column := colProfileID
	asked := pl.cell(row, colProfileID)
	name := pl.cell(row, colProfile)
	if asked == "" {
		asked, column = name, colProfile
	}
	if asked == "" {
		p, ok := pl.profileNamed(pl.portal.Profile)
		if !ok {
			return Profile{}, pl.noDefaultProfile()
		}
		return p, Problem{}
	}
	p, problem := pl.namedProfile(asked, column)
	if !problem.IsZero() {
		return Profile{}, problem
	}
	if name != "" && column == colProfileID {
		other, problem := pl.namedProfile(name, colProfile)
		if !problem.IsZero() {
			return Profile{}, problem
		}
		if other.ID != p.ID {
			return Profile{}, Problem{
				Code: CodeProfileUnknown, Column: pl.header(colProfileID),
				Text: fmt.Sprintf("%s is the profile %q, but %s says %q.", pl.header(colProfileID), p.Name, pl.header(colProfile), other.Name),
				Fix:  "Keep the one that is right.",
			}
		}
	}
	return p, Problem{}
}

func (pl *planning) noDefaultProfile() Problem {
	return Problem{
		Code: CodeProfileUnknown,
		Text: fmt.Sprintf("The portal's own profile %q is not a portal profile of this org.", pl.portal.Profile),
		Fix:  "An admin corrects the portal's profile in the configuration.",
	}
}

// namedProfile finds the profile that a cell names and checks that the portal may give it.
func (pl *planning) namedProfile(asked, column string) (Profile, Problem) {
	fail := func(code, text, fix string) (Profile, Problem) {
		return Profile{}, Problem{Code: code, Column: pl.header(column), Text: text, Fix: fix}
	}
	p, ok := pl.profileNamed(asked)
	if !ok {
		if id, err := ParseID(asked, PrefixProfile); err == nil {
			p, ok = pl.profileByID(id)
		} else if column == colProfileID && (len(asked) == shortID || len(asked) == longID) && !strings.Contains(asked, " ") {
			return fail(CodeBadID, fmt.Sprintf("%s %q %s.", pl.header(column), asked, err), "Write the profile's name instead.")
		}
	}
	if !ok {
		fix := "Use one of " + orList(pl.allowedProfiles()) + "."
		if n := nearest(asked, pl.allowedProfiles()); n != "" {
			fix = fmt.Sprintf("Did you mean %q?", n)
		}
		return fail(CodeProfileUnknown, fmt.Sprintf("%q is not a portal profile of this org.", asked), fix)
	}
	if !containsFold(pl.allowedProfiles(), p.Name) {
		return fail(CodeProfileNotAllowed, fmt.Sprintf("Profile %q is not allowed for portal %s.", p.Name, pl.portal.Name),
			"Use one of "+orList(pl.allowedProfiles())+", or ask an admin to allow it.")
	}
	if k := kindOf(p.UserType); k != pl.kind {
		return fail(CodeProfileKind, fmt.Sprintf("Profile %q is for %s users, portal %s is for %s users.", p.Name, k, pl.portal.Name, pl.kind),
			"Use a profile of this portal, or send these rows to the other portal.")
	}
	return p, Problem{}
}

func (pl *planning) allowedProfiles() []string {
	if containsFold(pl.portal.Profiles, pl.portal.Profile) {
		return pl.portal.Profiles
	}
	return append([]string{pl.portal.Profile}, pl.portal.Profiles...)
}

func (pl *planning) profileNamed(name string) (Profile, bool) {
	for _, p := range pl.facts.profiles {
		if strings.EqualFold(p.Name, name) {
			return p, true
		}
	}
	return Profile{}, false
}

func (pl *planning) profileByID(id string) (Profile, bool) {
	for _, p := range pl.facts.profiles {
		if p.ID == id {
			return p, true
		}
	}
	return Profile{}, false
}

// portalRoles are the values of User.PortalRole.
// Source: Salesforce help, networks_partners_shared_person_role.
var portalRoles = []string{"Executive", "Manager", "Worker", "PersonAccount"}

// role checks the role that a row asks for and says which fields set it and whether the account's roles must be made first, which
// takes the org's group-membership lock. Users of high-volume profiles have no role and take no lock.
func (pl *planning) role(w *window, c *candidate, p Profile) (fields []Field, makesRoles bool, problem Problem) {
	asked, level := pl.cell(c.row, fieldRoleID), pl.cell(c.row, fieldPortalRole)
	if asked == "" && level == "" && HighVolume(p.UserType) {
		return nil, false, Problem{}
	}
	column := fieldRoleID
	if asked == "" {
		column = fieldPortalRole
	}
	fail := func(text, fix string) ([]Field, bool, Problem) {
		return nil, false, Problem{Code: CodeRole, Column: pl.header(column), Text: text, Fix: fix}
	}
	if HighVolume(p.UserType) {
		return fail(fmt.Sprintf("Users with profile %q have no role.", p.Name), "Empty the cell, or use a profile with roles.")
	}
	roles := w.roles[c.contact.Account.ID]
	if asked != "" {
		if level != "" {
			return fail(fmt.Sprintf("The row has both %s and %s.", pl.header(fieldRoleID), pl.header(fieldPortalRole)), "Keep one of them.")
		}
		id, err := ParseID(asked, PrefixRole)
		if err != nil {
			return fail(fmt.Sprintf("%s %q %s.", pl.header(column), asked, err), "Copy the id from Salesforce again, or use PortalRole.")
		}
		for _, r := range roles {
			if r.ID == id {
				return []Field{{fieldRoleID, id}}, false, Problem{}
			}
		}
		return fail(fmt.Sprintf("Role %s is not a portal role of %s.", id, accountText(c.contact.Account)),
			"Use a role of this account, or PortalRole.")
	}
	want := "Worker" // what Salesforce gives when nothing is said
	if level != "" {
		i := indexFold(portalRoles, level)
		if i < 0 {
			return fail(fmt.Sprintf("%q is not a portal role.", level), "Use Executive, Manager or Worker.")
		}
		want = portalRoles[i]
		fields = []Field{{fieldPortalRole, want}}
	}
	for _, r := range roles {
		if strings.EqualFold(r.Level, want) && kindOfRole(r) == pl.kind {
			return fields, false, Problem{}
		}
	}
	return fields, true, Problem{}
}

func kindOfRole(r Role) portalKind {
	if strings.EqualFold(r.Type, "Partner") {
		return kindPartner
	}
	return kindCustomer
}

// refs finds the permission sets or groups that a cell names, several with semicolons between them.
func (pl *planning) refs(row InputRow, column string, allowed []string, have []Ref) ([]Ref, Problem) {
	cell := pl.cell(row, column)
	if cell == "" {
		return nil, Problem{}
	}
	var refs []Ref
	for name := range strings.SplitSeq(cell, ";") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		i := indexFold(allowed, name)
		if i < 0 {
			p := Problem{
				Code: CodeNotAllowed, Column: pl.header(column),
				Text: fmt.Sprintf("%q in %s is not allowed for portal %s.", name, pl.header(column), pl.portal.Name),
				Fix:  "Use " + orList(allowed) + ", or ask an admin to allow it.",
			}
			if len(allowed) == 0 {
				p.Fix = "Empty the cell, or ask an admin to allow it."
			}
			return nil, p
		}
		found := refsNamed(have, allowed[i])
		if len(found) != 1 {
			text := "%q in %s does not exist in the org."
			if len(found) > 1 {
				text = "%q in %s is the name of several in the org."
			}
			return nil, Problem{
				Code: CodeNotInOrg, Column: pl.header(column),
				Text: fmt.Sprintf(text, name, pl.header(column)),
				Fix:  "An admin corrects the portal's configuration; an API name is always unique.",
			}
		}
		if !hasRef(refs, found[0].ID) {
			refs = append(refs, found[0])
		}
	}
	return refs, Problem{}
}

// refsNamed returns the different records that have a name.
func refsNamed(refs []Ref, name string) []Ref {
	var out []Ref
	for _, r := range refs {
		if strings.EqualFold(r.Name, name) && !hasRef(out, r.ID) {
			out = append(out, Ref{ID: r.ID, Name: name})
		}
	}
	return out
}

func hasRef(refs []Ref, id string) bool {
	for _, r := range refs {
		if r.ID == id {
			return true
		}
	}
	return false
}

func containsFold(list []string, s string) bool { return indexFold(list, s) >= 0 }

func indexFold(list []string, s string) int {
	for i, x := range list {
		if strings.EqualFold(x, s) {
			return i
		}
	}
	return -1
}

// orList joins names for a sentence: "A", "B" or "C".
func orList(names []string) string {
	var b strings.Builder
	for i, n := range names {
		if i == suggestionsListed && len(names) > suggestionsListed+1 {
			fmt.Fprintf(&b, " or %d others", len(names)-i)
			break
		}
		switch {
		case i == 0:
		case i == len(names)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", n)
	}
	return b.String()
}
