package provisioning

import (
	"context"
	"fmt"
	"time"
)

// Org is the Salesforce org as the domain needs it. Reads take any number of keys: the implementation splits them to the
// limits of the service, reads side by side up to a small bound, and returns each record once, in no particular order. Record ids
// are always 18 characters. Every method is safe for concurrent use and fails with an error that holds a *CallError.
type Org interface {
	// Identity says who the bot is in the org. It costs no request once a token was fetched.
	Identity(ctx context.Context) (Identity, error)
	// Schema describes User and Account, cached for at most a day.
	Schema(ctx context.Context) (*Schema, error)
	// ContactFields describes Contact by lower-case API name, cached for at most a day. Only plans that create contacts need it.
	ContactFields(ctx context.Context) (map[string]FieldInfo, error)

	// Profiles returns every profile with a portal UserType, with its licence's seats as they are now.
	Profiles(ctx context.Context) ([]Profile, error)
	// Licenses returns every user licence with its seats as they are now.
	Licenses(ctx context.Context) ([]License, error)
	// Contacts returns the contacts that match any of the keys, with their account and its owner.
	Contacts(ctx context.Context, q ContactQuery) ([]Contact, error)
	// Accounts returns the accounts that match any of the keys, with their owner.
	Accounts(ctx context.Context, q AccountQuery) ([]Account, error)
	// Users returns the users that match any of the keys, internal ones too.
	Users(ctx context.Context, q UserQuery) ([]User, error)
	// ContactDomains counts, for each pair, the account's contacts with an e-mail address and those of them in the domain. Pairs
	// without such a contact, and pairs that it cannot ask for, are left out. An account stands in one pair at most.
	ContactDomains(ctx context.Context, pairs []AccountDomain) ([]DomainCount, error)
	// Roles returns the portal roles of the accounts.
	Roles(ctx context.Context, accountIDs []string) ([]Role, error)
	// PermissionSets and Groups return the records with these names (API name or label).
	PermissionSets(ctx context.Context, names []string) ([]Ref, error)
	Groups(ctx context.Context, names []string) ([]Ref, error)
	// Assigned returns which of the pairs (user, permission set or group) exist already.
	Assigned(ctx context.Context, pairs []Assignment) ([]Assignment, error)

	// CreateUsers creates at most MaxWrite users in one call. Results are in the order of the records. When it fails with a CallError
	// that is not Unsent, some or all of the records may exist or may still come to exist.
	CreateUsers(ctx context.Context, records []Record, o WriteOptions) ([]SaveResult, error)
	// UpdateUsers changes at most MaxWrite users in one call, with the same promise.
	UpdateUsers(ctx context.Context, records []Record, o WriteOptions) ([]SaveResult, error)
	// CreateContacts creates at most MaxWrite contacts in one call, with the same promise.
	CreateContacts(ctx context.Context, records []Record) ([]SaveResult, error)
	// SetFrozen freezes or unfreezes the logins of at most MaxWrite users in one call. Setting it again does no harm.
	SetFrozen(ctx context.Context, userIDs []string, frozen bool) ([]SaveResult, error)
	// ResetPassword asks Salesforce to mail the user a link to set a new password. It must not be repeated blindly: each call mails.
	ResetPassword(ctx context.Context, userID string) error
	// Assign adds at most MaxWrite permission sets or group memberships in one call (one kind a call).
	Assign(ctx context.Context, step Step, pairs []Assignment) ([]SaveResult, error)

	// Usage is the use of the org's daily API requests as the last answer told it. It costs no request.
	Usage() Usage
}

// MaxWrite is the largest number of records in one write call.
// Source: Salesforce app limits cheat sheet, SOAP create() and update(): 200; above it the entire operation fails.
const MaxWrite = 200

// Identity says which org and which user the bot works in and as.
type Identity struct {
	OrgID   string
	UserID  string
	Sandbox bool // known only after Schema
}

// Schema is what describe tells of the objects.
type Schema struct {
	User          map[string]FieldInfo // by lower-case API name
	HasCurrency   bool                 // multi-currency: CurrencyIsoCode is required on User
	HasIsPartner  bool                 // Account.IsPartner exists
	HasIsCustomer bool                 // Account.IsCustomerPortal exists
}

// FieldInfo is what describe tells of one field.
type FieldInfo struct {
	Name       string // API name
	Label      string
	Type       string
	Length     int
	Createable bool
	Updateable bool
	Custom     bool
	Required   bool              // a create without it is refused: it may not be null and Salesforce fills in nothing
	Restricted bool              // only the picklist's values are taken
	Values     map[string]bool   // active picklist values
	Labels     map[string]string // picklist label -> value, to suggest the value when a label was given
}

// Profile is a profile with a portal UserType.
type Profile struct {
	ID, Name   string
	UserType   string // CspLitePortal, PowerCustomerSuccess, PowerPartner, CustomerSuccess; compare with strings.EqualFold
	LicenseKey string
	License    string  // name
	Seats      License // of that licence
}

// License is one user licence.
type License struct {
	Key    string // LicenseDefinitionKey
	Name   string // MasterLabel
	Active bool
	Total  int
	Used   int
}

// Account is an account with what the checks need of its owner.
type Account struct {
	ID, Name    string
	OwnerID     string
	OwnerActive bool
	OwnerRoleID string
	IsPartner   bool // false where the org has no such field
	IsCustomer  bool
}

// Contact is a contact with its account; Account.ID is empty for a contact without one.
type Contact struct {
	ID, FirstName, LastName, Email  string
	Phone, MobilePhone              string
	Street, City, State, PostalCode string
	Country                         string
	CreatedByID                     string
	CreatedAt                       time.Time
	Account                         Account
}

// User is a user as the org has it now.
type User struct {
	ID, Username, Email, Nickname, Alias string
	ContactEmail                         string // of the user's contact; only with UserQuery.ContactEmails
	FirstName, LastName                  string
	ContactID, AccountID                 string
	ProfileID, RoleID, UserType          string
	Active, PortalEnabled                bool
	Frozen                               bool // only with UserQuery.Frozen
	CreatedAt                            time.Time
	CreatedByID                          string
	ModifiedAt                           time.Time
	ModifiedByID                         string
	LastLogin                            time.Time
	Fields                               map[string]string // values of UserQuery.Fields
}

// Portal reports whether the user is a portal user: only those are ever targets.
func (u User) Portal() bool { return PortalUserType(u.UserType) }

// Role is a portal role of an account.
type Role struct {
	ID, AccountID string
	Type, Level   string // PortalType (CustomerPortal, Partner), PortalRole (Executive, Manager, Worker, PersonAccount)
}

// ContactQuery selects contacts by any of its keys.
type ContactQuery struct {
	IDs    []string
	Emails []string
}

// AccountQuery selects accounts by any of its keys.
type AccountQuery struct {
	IDs   []string
	Names []string
}

// AccountDomain pairs an account with the domain of an e-mail address, in lower case.
type AccountDomain struct{ AccountID, Domain string }

// DomainCount is how many contacts of the account have an e-mail address, and how many of them one in the domain.
type DomainCount struct {
	AccountDomain
	Contacts, Same int
}

// UserQuery selects users by any of its keys. Text is compared without regard to case, as SOQL does.
type UserQuery struct {
	IDs           []string
	ContactIDs    []string
	ContactEmails []string
	Emails        []string
	Usernames     []string
	Nicknames     []string
	AccountIDs    []string // portal users of these accounts, active or not
	Fields        []string // further fields to read, by API name
	Frozen        bool     // read UserLogin too
}

// Assignment pairs a user with a permission set or a group.
type Assignment struct {
	UserID   string
	TargetID string
}

// Record is one record to write. ID is empty on create. A Field with an empty value is sent as null.
type Record struct {
	ID     string
	Fields []Field
}

// WriteOptions go with one write call.
type WriteOptions struct {
	UserEmail bool // EmailHeader.triggerUserEmail
	AllOrNone bool // AllOrNoneHeader
}

// SaveResult is the org's answer for one record.
type SaveResult struct {
	ID    string    // empty when Error is set
	Error *RowError // nil when the record was saved
}

// RowError is why the org refused one record.
type RowError struct {
	Code   string   // statusCode as Salesforce spells it
	Text   string   // message as Salesforce worded it
	Fields []string // fields it names
	Class  Class
	Fix    string // what a person can do about it
}

// Usage is how much of the org's daily API requests is used up. Max 0 means not known yet.
type Usage struct{ Used, Max int }

// Class says how far an error reaches and so what is done about it. The table that maps codes to classes is in package salesforce.
type Class int

// The classes, see docs of RowError and CallError.
const (
	ClassRow     Class = iota // permanent for this row; unknown codes too
	ClassRetry                // the row or call may be tried again, smaller and later
	ClassProfile              // every further row of the same profile would fail as well
	ClassAccount              // every further row of the same account would fail as well
	ClassJob                  // nothing of the request can work until a person mends the set-up
	ClassPause                // the org takes no writes now (budget, maintenance): wait and go on
	ClassExists               // the record may exist already: settle by reading
)

// CallError is the failure of a whole call to the org.
type CallError struct {
	Op         string // what was tried: "create User"
	Code       string // exceptionCode, HTTP status text or "NETWORK"
	Text       string
	Class      Class
	Fix        string
	Hold       string        // the Hold code for ClassPause
	RetryAfter time.Duration // 0: none given
	// Unsent: it is certain that the call had no effect. False for a write whose answer was lost.
	Unsent bool
	Err    error // cause, may be nil
}

func (e *CallError) Error() string {
	if e.Text == "" && e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Op, e.Code, e.Err)
	}
	return fmt.Sprintf("%s: %s: %s", e.Op, e.Code, e.Text)
}

// Unwrap returns the cause.
func (e *CallError) Unwrap() error { return e.Err }
