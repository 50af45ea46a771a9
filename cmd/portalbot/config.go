package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"portalbot/provisioning"
)

// Config is the configuration file. Unknown keys are errors. Environment variables win over it, and secrets come from nowhere else
// but the environment and the files that it names.
type Config struct {
	Slack      SlackConfig             `yaml:"slack"`
	Approval   ApprovalConfig          `yaml:"approval"`
	Salesforce SalesforceConfig        `yaml:"salesforce"`
	Portals    map[string]PortalConfig `yaml:"portals"`
	Reports    []ReportConfig          `yaml:"reports"`
	Store      StoreConfig             `yaml:"store"`
	Admin      AdminConfig             `yaml:"admin"`
}

// SlackConfig says how to reach Slack and who may do what.
type SlackConfig struct {
	Mode       string   `yaml:"mode"`       // socket (default) or http
	Listen     string   `yaml:"listen"`     // http mode only, default ":8443"
	Channel    string   `yaml:"channel"`    // requests and their threads
	Requesters []string `yaml:"requesters"` // users, user groups, or [everyone]; empty: nobody
	Admins     []string `yaml:"admins"`

	BotToken      string `yaml:"-"` // SLACK_BOT_TOKEN
	AppToken      string `yaml:"-"` // SLACK_APP_TOKEN
	SigningSecret string `yaml:"-"` // SLACK_SIGNING_SECRET
	APIURL        string `yaml:"-"` // SLACK_API_URL
}

// ApprovalConfig says who must agree before a request runs.
type ApprovalConfig struct {
	Approvers    []string    `yaml:"approvers"`
	Required     int         `yaml:"required"` // default 1
	Large        LargeConfig `yaml:"large"`
	Irreversible NeedsConfig `yaml:"irreversible"`
	ExpiresAfter Duration    `yaml:"expires_after"` // default 72h
	RemindAfter  Duration    `yaml:"remind_after"`  // default 4h
}

// LargeConfig asks for more approvals for larger requests.
type LargeConfig struct {
	Rows     int `yaml:"rows"`
	Required int `yaml:"required"`
}

// NeedsConfig asks for a number of approvals.
type NeedsConfig struct {
	Required int `yaml:"required"`
}

// SalesforceConfig says how to reach the org and how hard to press it.
type SalesforceConfig struct {
	LoginURL          string   `yaml:"login_url"`
	Auth              string   `yaml:"auth"`     // client_credentials (default) or jwt
	Audience          string   `yaml:"audience"` // jwt only; default login.salesforce.com, test. for sandboxes
	APIVersion        Text     `yaml:"api_version"`
	Parallel          int      `yaml:"parallel"`
	SettleAfter       Duration `yaml:"settle_after"`
	APIReservePercent *int     `yaml:"api_reserve_percent"`

	ClientID       string `yaml:"-"` // SALESFORCE_CLIENT_ID
	ClientSecret   string `yaml:"-"` // SALESFORCE_CLIENT_SECRET
	Username       string `yaml:"-"` // SALESFORCE_USERNAME
	PrivateKeyFile string `yaml:"-"` // SALESFORCE_PRIVATE_KEY_FILE
}

// PortalConfig is one portal.
type PortalConfig struct {
	Profile           string      `yaml:"profile"`
	Profiles          []string    `yaml:"profiles"`
	WelcomeEmail      string      `yaml:"welcome_email"`
	UsernameSuffix    string      `yaml:"username_suffix"`
	TimeZone          string      `yaml:"timezone"`
	Locale            string      `yaml:"locale"`
	Language          string      `yaml:"language"`
	EmailEncoding     string      `yaml:"email_encoding"`
	Currency          string      `yaml:"currency"`
	PermissionSets    []string    `yaml:"permission_sets"`
	Groups            []string    `yaml:"groups"`
	Fields            []string    `yaml:"fields"`
	ProtectedAccounts []string    `yaml:"protected_accounts"`
	ProtectedUsers    []string    `yaml:"protected_users"`
	BlastRadius       BlastConfig `yaml:"blast_radius"`
	CreateContacts    bool        `yaml:"create_contacts"`
	Reactivate        bool        `yaml:"reactivate"`
	Files             string      `yaml:"files"` // thread (default) or dm
}

// BlastConfig is how many users of one account a disable may reach before it needs a second approver.
type BlastConfig struct {
	Users   int `yaml:"users"`
	Percent int `yaml:"percent"`
}

// ReportConfig is one scheduled report.
type ReportConfig struct {
	Name               string   `yaml:"name"`                  // default nightly, where there is one report
	Schedule           string   `yaml:"schedule"`              // five fields of cron, default "0 6 * * *"
	Timezone           string   `yaml:"timezone"`              // default UTC
	Channel            string   `yaml:"channel"`               // default slack.channel
	Portals            []string `yaml:"portals"`               // default all
	Period             Duration `yaml:"period"`                // whole days that it tells of, default 1d
	NeverLoggedInAfter Duration `yaml:"never_logged_in_after"` // default 14d
	InactiveAfter      Duration `yaml:"inactive_after"`        // default 90d
}

// StoreConfig says where the state lives.
type StoreConfig struct {
	Path      string   `yaml:"path"`      // default portalbot.db
	Retention Duration `yaml:"retention"` // default 90d
}

// AdminConfig is the operator's listener.
type AdminConfig struct {
	Listen string `yaml:"listen"` // default 127.0.0.1:9090; "none" for no listener
}

// Duration is a time.Duration that takes days as well: 90d, 72h, 1d12h, 2m, 10s.
type Duration time.Duration

var durationPart = regexp.MustCompile(`^(\d+)([dhms])`)

// UnmarshalYAML reads a duration.
func (d *Duration) UnmarshalYAML(b []byte) error {
	s := strings.Trim(strings.TrimSpace(string(b)), `"'`)
	rest, sum := s, time.Duration(0)
	for rest != "" {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return fmt.Errorf("%q is not a duration: write a number with d, h, m or s, such as 90d or 1h30m", s)
		}
		n, err := strconv.Atoi(m[1])
		if err != nil || n > maxDurationNumber {
			return fmt.Errorf("%q is too long a duration", s)
		}
		unit := map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second}[m[2]]
		sum += time.Duration(n) * unit
		rest = rest[len(m[0]):]
	}
	if s == "" {
		return errors.New("a duration is missing: write a number with d, h, m or s, such as 90d")
	}
	*d = Duration(sum)
	return nil
}

// maxDurationNumber keeps the sum far from overflow: 36,500 days are 100 years.
const maxDurationNumber = 36500

// Text is a string that may be written as a number: 66.0 means "66.0".
type Text string

// UnmarshalYAML keeps the text as it is written.
func (t *Text) UnmarshalYAML(b []byte) error { //nolint:unparam // the decoder wants an error
	*t = Text(strings.Trim(strings.TrimSpace(string(b)), `"'`))
	return nil
}

// loadConfig reads the file and the environment and fills in the defaults. getenv is os.Getenv but for tests. The error names the
// file and, where there is one, the line, and lists everything that is wrong.
func loadConfig(path string, getenv func(string) string) (*Config, error) {
	return loadChecked(path, getenv, (*Config).check)
}

// loadOrgConfig is loadConfig for commands that talk to Salesforce alone: what is missing of Slack is no error.
func loadOrgConfig(path string, getenv func(string) string) (*Config, error) {
	return loadChecked(path, getenv, (*Config).checkOrg)
}

func loadChecked(path string, getenv func(string) string, check func(*Config) []string) (*Config, error) {
	b, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no configuration file %s: write one (README, \"Setting it up\") or name another with --config", path)
	case err != nil:
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	var c Config
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %s", path, yaml.FormatError(err, false, true))
	}
	c.environment(getenv)
	c.defaults()
	if problems := check(&c); len(problems) > 0 {
		return nil, fmt.Errorf("%s:\n- %s", path, strings.Join(problems, "\n- "))
	}
	return &c, nil
}

// environment lets environment variables win over the file.
func (c *Config) environment(getenv func(string) string) {
	for name, to := range map[string]*string{
		"SLACK_BOT_TOKEN":             &c.Slack.BotToken,
		"SLACK_APP_TOKEN":             &c.Slack.AppToken,
		"SLACK_SIGNING_SECRET":        &c.Slack.SigningSecret,
		"SLACK_API_URL":               &c.Slack.APIURL,
		"SALESFORCE_LOGIN_URL":        &c.Salesforce.LoginURL,
		"SALESFORCE_CLIENT_ID":        &c.Salesforce.ClientID,
		"SALESFORCE_CLIENT_SECRET":    &c.Salesforce.ClientSecret,
		"SALESFORCE_USERNAME":         &c.Salesforce.Username,
		"SALESFORCE_PRIVATE_KEY_FILE": &c.Salesforce.PrivateKeyFile,
		"PORTALBOT_DB":                &c.Store.Path,
	} {
		if v := getenv(name); v != "" {
			*to = v
		}
	}
}

func (c *Config) defaults() {
	or := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	or(&c.Slack.Mode, "socket")
	or(&c.Slack.Listen, ":8443")
	or(&c.Salesforce.Auth, "client_credentials")
	or(&c.Store.Path, "portalbot.db")
	or(&c.Admin.Listen, "127.0.0.1:9090")
	if c.Salesforce.APIVersion == "" {
		c.Salesforce.APIVersion = "66.0"
	}
	long := func(d *Duration, v time.Duration) {
		if *d == 0 {
			*d = Duration(v)
		}
	}
	long(&c.Approval.ExpiresAfter, 72*time.Hour)
	long(&c.Approval.RemindAfter, 4*time.Hour)
	long(&c.Store.Retention, 90*24*time.Hour)
	if c.Approval.Required == 0 {
		c.Approval.Required = 1
	}
	c.reportDefaults()
}

// complaints collects what is wrong, one sentence each.
type complaints []string

func (c *complaints) need(ok bool, format string, args ...any) {
	if !ok {
		*c = append(*c, fmt.Sprintf(format, args...))
	}
}

// check lists everything that is wrong, one sentence each.
func (c *Config) check() []string {
	return slices.Concat(c.checkSlack(), c.checkOrg(), c.checkReports())
}

// checkSlack lists what is wrong with Slack and who may approve.
func (c *Config) checkSlack() []string {
	var bad complaints
	need := bad.need
	need(c.Slack.Mode == "socket" || c.Slack.Mode == "http", "slack.mode is %q: write socket or http.", c.Slack.Mode)
	need(c.Slack.Channel != "", "slack.channel is missing: write the id of the channel for requests (C...), shown at the end of the channel's details.")
	need(c.Slack.BotToken != "", "SLACK_BOT_TOKEN is not set: copy the Bot User OAuth Token (xoxb-...) from the Slack app's page.")
	need(c.Slack.Mode != "socket" || c.Slack.AppToken != "", "SLACK_APP_TOKEN is not set: make an app-level token with connections:write (xapp-...) on the Slack app's page.")
	need(c.Slack.Mode != "http" || c.Slack.SigningSecret != "", "SLACK_SIGNING_SECRET is not set: http mode needs it to verify that requests come from Slack.")
	need(len(c.Approval.Approvers) > 0, "approval.approvers is empty: name at least one user (U...) or user group (S...), else nothing can ever be approved.")
	need(c.Approval.Required >= 1, "approval.required is %d: write 1 or more.", c.Approval.Required)
	need(c.Approval.Large.Rows >= 0 && c.Approval.Large.Required >= 0 && c.Approval.Irreversible.Required >= 0, "approval: numbers must not be negative.")
	return bad
}

// checkOrg lists what is wrong with Salesforce and the portals.
func (c *Config) checkOrg() []string {
	var bad complaints
	need := bad.need
	need(c.Salesforce.LoginURL != "", "salesforce.login_url is missing: write your My Domain address, such as https://acme.my.salesforce.com.")
	need(c.Salesforce.ClientID != "", "SALESFORCE_CLIENT_ID is not set: copy the consumer key of the External Client App.")
	switch c.Salesforce.Auth {
	case "client_credentials":
		need(c.Salesforce.ClientSecret != "", "SALESFORCE_CLIENT_SECRET is not set: copy the consumer secret of the External Client App.")
	case "jwt":
		need(c.Salesforce.Username != "", "SALESFORCE_USERNAME is not set: jwt needs the username of the integration user.")
		need(c.Salesforce.PrivateKeyFile != "", "SALESFORCE_PRIVATE_KEY_FILE is not set: jwt needs the private key of the app's certificate (PEM).")
	default:
		need(false, "salesforce.auth is %q: write client_credentials or jwt.", c.Salesforce.Auth)
	}
	if p := c.Salesforce.APIReservePercent; p != nil {
		need(*p >= 0 && *p <= 90, "salesforce.api_reserve_percent is %d: write 0 to 90.", *p)
	}
	need(c.Salesforce.Parallel >= 0 && c.Salesforce.Parallel <= 20, "salesforce.parallel is %d: write 1 to 20. Salesforce allows 25 long calls at once for the whole org.", c.Salesforce.Parallel)
	need(len(c.Portals) > 0, "portals is empty: configure at least one, with its profile.")
	for _, name := range slices.Sorted(maps.Keys(c.Portals)) {
		p := c.Portals[name]
		need(p.Profile != "", "portals.%s.profile is missing: write the name of the portal profile for new users.", name)
		need(slices.Contains([]string{"", "header", "site", "none"}, p.WelcomeEmail), "portals.%s.welcome_email is %q: write header, site or none.", name, p.WelcomeEmail)
		need(slices.Contains([]string{"", "thread", "dm"}, p.Files), "portals.%s.files is %q: write thread or dm.", name, p.Files)
	}
	return bad
}

// portals converts the configured portals to the domain's. mail is the welcome-mail mode of portals that name none.
func (c *Config) portals(mail provisioning.MailMode) map[string]provisioning.Portal {
	out := make(map[string]provisioning.Portal, len(c.Portals))
	for name, p := range c.Portals {
		mode := mail
		if p.WelcomeEmail != "" {
			mode = provisioning.MailMode(p.WelcomeEmail)
		}
		out[name] = provisioning.Portal{
			Name: name, Profile: p.Profile, Profiles: p.Profiles, Mail: mode, UsernameTail: p.UsernameSuffix,
			TimeZone: p.TimeZone, Locale: p.Locale, Language: p.Language, EmailEncoding: p.EmailEncoding, Currency: p.Currency,
			PermissionSets: p.PermissionSets, Groups: p.Groups, Fields: p.Fields,
			ProtectedAccounts: p.ProtectedAccounts, ProtectedUsers: p.ProtectedUsers,
			BlastUsers: p.BlastRadius.Users, BlastPercent: p.BlastRadius.Percent,
			CreateContacts: p.CreateContacts, Reactivate: p.Reactivate, FilesToDM: p.Files == "dm",
		}
	}
	return out
}

// policy converts the approval rules to the domain's.
func (c *Config) policy() provisioning.Policy {
	a := c.Approval
	return provisioning.Policy{
		Approvers: a.Approvers, Required: a.Required, LargeRows: a.Large.Rows, LargeNeeds: a.Large.Required,
		ForeverNeeds: a.Irreversible.Required, ExpiresAfter: time.Duration(a.ExpiresAfter), RemindAfter: time.Duration(a.RemindAfter),
	}
}

// options converts the run's settings to the domain's.
func (c *Config) options() provisioning.Options {
	o := provisioning.Options{Parallel: c.Salesforce.Parallel, SettleAfter: time.Duration(c.Salesforce.SettleAfter)}
	if p := c.Salesforce.APIReservePercent; p != nil {
		o.ReservePercent = *p
		if *p == 0 {
			o.ReservePercent = -1
		}
	}
	return o
}
