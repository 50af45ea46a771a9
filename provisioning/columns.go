package provisioning

import (
	"fmt"
	"slices"
	"strings"
)

// Names of the columns that decide how a row finds its contact or user. The other known columns are fields of User.
const (
	colContactID      = "ContactId"
	colUserID         = "UserId"
	colAccountID      = "AccountId"
	colAccount        = "Account"
	colProfileID      = "ProfileId"
	colProfile        = "Profile"
	colPermissionSets = "PermissionSets"
	colGroups         = "Groups"
	colIsActive       = "IsActive"
)

// Fields of User and UserLogin that plans and checks name.
const (
	fieldAlias        = "Alias"
	fieldContactID    = "ContactId"
	fieldCurrency     = "CurrencyIsoCode"
	fieldEmail        = "Email"
	fieldEncoding     = "EmailEncodingKey"
	fieldFirstName    = "FirstName"
	fieldIsActive     = "IsActive"
	fieldIsFrozen     = "IsFrozen"
	fieldLanguage     = "LanguageLocaleKey"
	fieldLastName     = "LastName"
	fieldLocale       = "LocaleSidKey"
	fieldNickname     = "CommunityNickname"
	fieldPortalOn     = "IsPortalEnabled"
	fieldPortalRole   = "PortalRole"
	fieldProfileID    = "ProfileId"
	fieldRoleID       = "UserRoleId"
	fieldTimeZone     = "TimeZoneSidKey"
	fieldUsername     = "Username"
	fieldAccountID    = "AccountId"
	fieldID           = "Id"
	userPermissions   = "userpermissions" // squashed prefix of the feature licence flags
	suggestionsListed = 5                 // names that a sentence lists at most
)

// knownColumn is a column that MatchColumns understands. Its labels are further spellings, as Data Loader, the Salesforce
// help articles and reports write them; case, spaces, underscores and punctuation make no difference.
type knownColumn struct {
	name   string
	labels []string
}

// addColumns are the columns of a file for add, in the order of the template.
var addColumns = []knownColumn{
	{colContactID, []string{"Contact", "Contact Record ID"}},
	{colAccountID, []string{"Account Record ID"}},
	{colAccount, []string{"Account Name", "Company"}},
	{fieldFirstName, []string{"Given Name"}},
	{fieldLastName, []string{"Surname", "Family Name"}},
	{fieldEmail, []string{"Email Address", "Mail"}},
	{fieldUsername, []string{"User Login", "Login"}},
	{fieldAlias, nil},
	{fieldNickname, []string{"Nickname"}},
	{colProfileID, nil},
	{colProfile, []string{"Profile Name"}},
	{fieldRoleID, []string{"Role ID"}},
	{fieldPortalRole, []string{"Portal Role Level"}},
	{fieldTimeZone, []string{"Time Zone", "Time Zone Key"}},
	{fieldLocale, []string{"Locale", "Locale Key"}},
	{fieldLanguage, []string{"Language", "Language Key"}},
	{fieldEncoding, []string{"Email Encoding"}},
	{fieldCurrency, []string{"Currency", "User Currency"}},
	{"Phone", []string{"Phone Number", "Business Phone"}},
	{"MobilePhone", []string{"Mobile", "Cell", "Cell Phone"}},
	{"Street", []string{"Mailing Street", "Address"}},
	{"City", []string{"Mailing City"}},
	{"State", []string{"State Province", "Mailing State", "Mailing State Province"}},
	{"PostalCode", []string{"Zip", "Zip Postal Code", "Zip Code", "Mailing Postal Code", "Mailing Zip Postal Code"}},
	{"Country", []string{"Mailing Country"}},
	{"FederationIdentifier", []string{"SAML Federation ID", "Federation ID"}},
	{colPermissionSets, []string{"Permission Set"}},
	{colGroups, []string{"Group", "Public Groups", "Public Group"}},
	{colIsActive, []string{"Active"}},
}

// keyColumns are the columns of a file for disable, enable and resend.
var keyColumns = []knownColumn{
	{colUserID, []string{"Id", "User", "User Record ID"}},
	{fieldUsername, []string{"User Login", "Login"}},
	{colContactID, []string{"Contact", "Contact Record ID"}},
	{fieldEmail, []string{"Email Address", "Mail"}},
}

// spareColumns are understood and not used: an export, a report or a results CSV has them, and they change nothing.
var spareColumns = []string{
	"Row", "Status", "ErrorCode", "Error", "HowToFix", "Result", "Name", "FullName", "UserType", "UserLicense", "License",
	"LicenseName", "AccountOwner", "ProfileUserLicense", "IsPortalEnabled", "PortalEnabled", "IsFrozen", "Frozen",
	"LastLogin", "LastLoginDate", "CreatedDate", "Created", "LastModifiedDate", "LastModified",
}

// Column problems.
const (
	CodeColumnUnknown   = "COLUMN_UNKNOWN"
	CodeColumnRefused   = "COLUMN_REFUSED"
	CodeColumnDuplicate = "COLUMN_TWICE"
	CodeColumnMissing   = "COLUMN_MISSING"
)

// ColumnNames returns the known columns of a verb in the order of its template.
func ColumnNames(verb Verb) []string {
	var names []string
	for _, k := range columnsOf(verb) {
		if k.name != colIsActive {
			names = append(names, k.name)
		}
	}
	return names
}

// MatchColumns finds out what the headers of a file stand for. The columns are aligned with the headers; Name is empty for a
// column that is understood and not used by this verb, such as LastLoginDate, and for one without a header. The problems are
// about the whole file, all of them; a file with problems is not planned.
//
// For add, IsActive is taken where every cell is empty or true, since a user is created active. For the other verbs all known
// columns are taken, so that an export or the file of an add can be given as it is, and only those that find the user are used.
func MatchColumns(headers []string, verb Verb, portal Portal) ([]Column, []Problem) {
	m := newMatcher(verb, portal)
	columns := make([]Column, len(headers))
	first := map[string]string{} // name -> header
	var problems []Problem
	for i, h := range headers {
		columns[i].Header = h
		name, p := m.match(h)
		if !p.IsZero() {
			problems = append(problems, p)
			continue
		}
		if name == "" {
			continue
		}
		if other, ok := first[name]; ok {
			problems = append(problems, twice(other, h, name))
			continue
		}
		first[name] = h
		columns[i].Name = name
	}
	if p := missing(first, verb, len(problems) > 0); !p.IsZero() {
		problems = append(problems, p)
	}
	return columns, problems
}

// twice says that two headers mean the same.
func twice(a, b, name string) Problem {
	p := Problem{
		Code: CodeColumnDuplicate, Column: b,
		Text: fmt.Sprintf("Columns %q and %q both stand for %s.", a, b, name),
		Fix:  "Keep one of them and delete the other.",
	}
	if a == b {
		p.Text = fmt.Sprintf("There are two columns %q.", a)
	}
	return p
}

// missing says that no column can find the contact or user. When other columns have problems one of them is probably it,
// misspelled, so that only then the sentence is left out.
func missing(have map[string]string, verb Verb, others bool) Problem {
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return have[n] != "" })
	}
	if verb == VerbAdd {
		if has(colContactID, fieldEmail) || others && len(have) == 0 {
			return Problem{}
		}
		return Problem{
			Code: CodeColumnMissing,
			Text: "No column says which contact a row is about.",
			Fix:  "Add a column ContactId, or a column Email and, where an address is not unique, Account or AccountId.",
		}
	}
	if has(colUserID, fieldUsername, colContactID, fieldEmail) || others && len(have) == 0 {
		return Problem{}
	}
	return Problem{
		Code: CodeColumnMissing,
		Text: "No column says which user a row is about.",
		Fix:  "Add one of the columns UserId, Username, ContactId or Email.",
	}
}

// known reports whether a field is one of the columns of add, so that it needs no leave by the portal.
func known(field string) bool {
	return slices.ContainsFunc(addColumns, func(k knownColumn) bool { return strings.EqualFold(k.name, field) })
}

func columnsOf(verb Verb) []knownColumn {
	if verb == VerbAdd {
		return addColumns
	}
	return keyColumns
}

// matcher knows the headers of one verb and portal.
type matcher struct {
	names   map[string]string // squashed spelling -> column
	spare   map[string]bool   // squashed
	offered []string          // what a suggestion may name
	labels  map[string]string // offered spelling -> column
}

func newMatcher(verb Verb, portal Portal) *matcher {
	m := &matcher{names: map[string]string{}, spare: map[string]bool{}, labels: map[string]string{}}
	for _, k := range columnsOf(verb) {
		for _, s := range append([]string{k.name}, k.labels...) {
			m.names[squash(s)] = k.name
			m.offer(s, k.name)
		}
	}
	for _, f := range portal.Fields {
		if s := squash(f); m.names[s] == "" && !strings.HasPrefix(s, userPermissions) {
			if verb == VerbAdd {
				m.names[s] = f
				m.offer(f, f)
			}
			m.spare[s] = true
		}
	}
	for _, s := range spareColumns {
		m.spare[squash(s)] = true
	}
	if verb == VerbAdd {
		m.names["id"] = colContactID // an export of contacts; the id's prefix is checked
		m.spare[squash(colUserID)] = true
		return m
	}
	for _, k := range addColumns {
		for _, s := range append([]string{k.name}, k.labels...) {
			m.spare[squash(s)] = true
		}
	}
	return m
}

func (m *matcher) offer(spelling, name string) {
	m.offered = append(m.offered, spelling)
	m.labels[spelling] = name
}

// match returns the column that a header stands for, "" for one that is not used.
func (m *matcher) match(header string) (string, Problem) {
	s := squash(header)
	if s == "" {
		return "", Problem{}
	}
	if strings.HasPrefix(s, userPermissions) {
		return "", Problem{
			Code: CodeColumnRefused, Column: header,
			Text: fmt.Sprintf("Column %q is refused: feature licences are not given to portal users here.", header),
			Fix:  "Delete the column.",
		}
	}
	if name, ok := m.names[s]; ok {
		return name, Problem{}
	}
	if m.spare[s] {
		return "", Problem{}
	}
	p := Problem{
		Code: CodeColumnUnknown, Column: header,
		Text: fmt.Sprintf("Column %q is not known.", header),
		Fix:  "Delete the column, or ask an admin to allow this field for the portal.",
	}
	if s == "role" || s == "rolename" {
		p.Fix = "Use PortalRole (Executive, Manager or Worker), or UserRoleId with the role's id."
	} else if n := nearest(header, m.offered); n != "" {
		p.Fix = fmt.Sprintf("Did you mean %s? Rename the column, or delete it.", m.labels[n])
	}
	return "", p
}
