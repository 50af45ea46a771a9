package salesforcesim

import (
	"context"
	"fmt"
	"hash/maphash"
	"net"
	"net/http"
	"sync"
	"time"
)

// Org is one Salesforce org. Its methods may be called from several goroutines.
type Org struct {
	config Config
	id     string
	tables map[string]*table // by lower-case object name
	order  []*table

	accounts, contacts, users, roles, profiles, licenses, logins *table
	permissionSets, assignments, groups, members                 *table
	networks, networkGroups, organization                        *table

	mu          sync.RWMutex // guards the tables and all fields down to the blank line
	seats       map[string]int
	flags       map[string]profileFlags
	permissions map[string]Permissions
	elsewhere   map[string]bool // usernames taken in other orgs, lower case
	validations []ValidationRule
	mails       []Mail
	nicknames   uint64
	maintenance bool

	cursors  cursors
	auth     auth
	traffic  traffic
	rowLocks chan struct{} // holds one token: the group-membership lock

	closing context.Context
	close   context.CancelFunc
	serverM sync.Mutex // guards server and url
	server  *http.Server
	served  chan struct{}
	url     string
}

// New returns an empty org: an Organization record, no licences, no users, no apps. Seed returns one to work with.
// It fails on a Config whose custom fields cannot be.
func New(config Config) (*Org, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("new org: %w", err)
	}
	o := &Org{
		config:      config.withDefaults(),
		tables:      map[string]*table{},
		seats:       map[string]int{},
		flags:       map[string]profileFlags{},
		permissions: map[string]Permissions{},
		elsewhere:   map[string]bool{},
		rowLocks:    make(chan struct{}, 1),
	}
	o.closing, o.close = context.WithCancel(context.Background())
	o.auth.sessions = map[string]*session{}
	o.cursors.open = map[string]*cursor{}
	o.traffic.used = o.config.UsedRequests
	o.traffic.counts = map[string]int{}
	seed := maphash.MakeSeed()
	for _, def := range objects(o.config) {
		def.finish(seed)
		t := newTable(def)
		o.tables[lower(def.name)] = t
		o.order = append(o.order, t)
	}
	o.nameTables()
	o.linkFields()
	o.users.changed = o.countSeat
	row := o.add(o.organization, map[string]string{
		"Name": o.config.OrgName, "InstanceName": "SIM1", "IsSandbox": boolText(o.config.Sandbox),
		"OrganizationType": "Enterprise Edition", "LanguageLocaleKey": "en_US", "DefaultLocaleSidKey": "en_US",
		"TimeZoneSidKey": "America/Los_Angeles",
	})
	o.id = o.organization.get(row, "Id")
	return o, nil
}

func (o *Org) nameTables() {
	for name, t := range map[string]**table{
		"account": &o.accounts, "contact": &o.contacts, "user": &o.users, "userrole": &o.roles, "profile": &o.profiles,
		"userlicense": &o.licenses, "userlogin": &o.logins, "permissionset": &o.permissionSets,
		"permissionsetassignment": &o.assignments, "group": &o.groups, "groupmember": &o.members,
		"network": &o.networks, "networkmembergroup": &o.networkGroups, "organization": &o.organization,
	} {
		*t = o.tables[name]
	}
}

// linkFields sets up the fields that are computed, and those that exist only with a licence.
func (o *Org) linkFields() {
	for _, t := range o.order {
		modified, made := t.field("LastModifiedDate"), t.field("CreatedDate")
		if modified != nil && made != nil {
			modified.instead = made
			t.field("LastModifiedById").instead = t.field("CreatedById")
		}
		if stamp := t.field("SystemModstamp"); stamp != nil {
			stamp.instead = modified
		}
	}
	for _, t := range []*table{o.users, o.contacts} {
		first, last := t.field("FirstName"), t.field("LastName")
		t.field("Name").compute = func(row int32) string {
			name := t.stored(row, last)
			if given := t.stored(row, first); given != "" {
				name = given + " " + name
			}
			return name
		}
	}
	profile := o.users.field("ProfileId")
	o.users.field("UserType").compute = func(row int32) string { return o.profileType(o.users.stored(row, profile)) }
	o.licenses.field("UsedLicenses").compute = func(row int32) string {
		return intText(o.seats[o.licenses.stored(row, o.licenses.id)])
	}
	o.accounts.field("IsPartner").visible = func() bool { return o.hasLicense(typePowerPartner) }
	o.accounts.field("IsCustomerPortal").visible = func() bool {
		return o.hasLicense(typeHighVolume) || o.hasLicense(typePowerCustomer) || o.hasLicense(typeCustomerSuccess)
	}
}

// ID returns the org's 18-character id.
func (o *Org) ID() string { return o.id }

// Now returns the org's time.
func (o *Org) Now() time.Time { return o.config.Now() }

// Handler returns the org's HTTP surface: OAuth, REST and SOAP.
func (o *Org) Handler() http.Handler { return http.HandlerFunc(o.serve) }

// Start serves the org on a free port of 127.0.0.1 and returns its URL. Close ends it.
func (o *Org) Start() (string, error) { return o.Listen("127.0.0.1:0") }

// Listen serves the org on this address and returns its URL. An org is served at most once.
func (o *Org) Listen(address string) (string, error) {
	o.serverM.Lock()
	defer o.serverM.Unlock()
	if o.server != nil {
		return "", fmt.Errorf("serve org on %s: it is served on %s already", address, o.url)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("serve org: %w", err)
	}
	o.server = &http.Server{Handler: o.Handler(), ReadHeaderTimeout: time.Minute}
	o.url = "http://" + listener.Addr().String()
	o.served = make(chan struct{})
	go func(server *http.Server, done chan struct{}) {
		defer close(done)
		_ = server.Serve(listener) // always ErrServerClosed: Close is the only way it ends
	}(o.server, o.served)
	return o.url, nil
}

// URL returns the address that Start or Listen serves, "" before.
func (o *Org) URL() string {
	o.serverM.Lock()
	defer o.serverM.Unlock()
	return o.url
}

// Close lets go of all calls that hang, cuts all connections, and waits until nothing of the org runs any more. Effects that
// were to come later do not come.
func (o *Org) Close() {
	o.close()
	o.serverM.Lock()
	server, served := o.server, o.served
	o.serverM.Unlock()
	if server != nil {
		_ = server.Close()
		<-served
	}
	o.traffic.quiet()
}
