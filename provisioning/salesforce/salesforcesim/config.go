package salesforcesim

import (
	"fmt"
	"strings"
	"time"
)

// Defaults of Config.
const (
	defaultDailyRequests = 150_000
	defaultLockWait      = 10 * time.Second // how long Salesforce waits for the group-membership lock, developer.salesforce.com engineering blog 2012-09
	maxCustomFields      = 150
)

// Config says what kind of org New makes. The zero value is a production org with the rules as Salesforce ships them, no
// latency and the wall clock.
type Config struct {
	// OrgName is the Organization's name. Default "Acme".
	OrgName string
	// Sandbox sets Organization.IsSandbox.
	Sandbox bool
	// MultiCurrency adds the currency fields; User.CurrencyIsoCode is then required on create.
	MultiCurrency bool
	// CustomFields are added to User and Contact, at most 150 together.
	CustomFields []CustomField
	// Now is the org's clock. Default time.Now.
	Now func() time.Time

	// PerRequest and PerRecord are how long a call takes: once, and once more for each record that it reads or writes.
	PerRequest time.Duration
	PerRecord  time.Duration

	// DailyRequests is the org's daily budget of API requests. Default 150,000.
	DailyRequests int
	// UsedRequests is how much of it is spent when the org starts.
	UsedRequests int
	// MaxConcurrent refuses a call while this many are in progress. 0 means no bound.
	MaxConcurrent int

	// LockWait is how long a write waits for the group-membership lock before its rows fail. Default ten seconds; negative
	// means not at all.
	LockWait time.Duration
	// PortalRoles is how many roles an account gets for its portal users, 1 to 3. Default 3.
	PortalRoles int
	// EagerRoles turns account role optimization off: the first role-based user of an account makes the account's roles, not
	// the second.
	EagerRoles bool
	// RunnerNeedsNoRole lets a user without a role make portal users.
	RunnerNeedsNoRole bool
	// RefuseStandardProfiles refuses portal users on Salesforce's own profiles, as an org does whose setting "Allow using
	// standard external profiles" is off.
	RefuseStandardProfiles bool
	// RefusePartnerDisable refuses IsPortalEnabled=false on partner users.
	RefusePartnerDisable bool
	// FreshTokens gives each login a token of its own. By default a login returns the live token of that app and user.
	FreshTokens bool
	// AnyNamespace reads the elements of a SOAP body by their local names, as the real service does for jsforce, which sends
	// sObjects in a namespace of its own. Off, a namespace that is not the WSDL's is refused.
	AnyNamespace bool
}

func (c Config) withDefaults() Config {
	if c.OrgName == "" {
		c.OrgName = "Acme"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.DailyRequests == 0 {
		c.DailyRequests = defaultDailyRequests
	}
	if c.LockWait == 0 {
		c.LockWait = defaultLockWait
	}
	if c.PortalRoles < 1 || c.PortalRoles > 3 {
		c.PortalRoles = 3
	}
	return c
}

func (c Config) check() error {
	if len(c.CustomFields) > maxCustomFields {
		return fmt.Errorf("%d custom fields, at most %d", len(c.CustomFields), maxCustomFields)
	}
	for _, f := range c.CustomFields {
		if f.Object != "User" && f.Object != "Contact" {
			return fmt.Errorf("custom field %s: object %q, want User or Contact", f.Name, f.Object)
		}
		if !strings.HasSuffix(f.Name, "__c") {
			return fmt.Errorf("custom field %s: the name must end in __c", f.Name)
		}
	}
	return nil
}
