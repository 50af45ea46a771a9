package salesforcesim

// Acme names what Seed puts into an org.
type Acme struct {
	ClientID, ClientSecret string // an app whose client-credentials user is Integration
	Integration            string // user id of the bot's own user; has a role and all permissions
	IntegrationUsername    string
	Owner                  string // internal user with a role, owns Account
	OwnerWithoutRole       string // internal user without a role
	Admin                  string // system administrator
	Account                string // "Acme Corporation", a partner account
	Orphan                 string // "Orphan Industries", an account whose owner has no role
	Site                   string // live Network without welcome mails; its members are the portal profiles

	StandardProfile     string
	CustomerProfile     string // "Customer Community User", CspLitePortal
	CustomerPlusProfile string // "Customer Community Plus User", PowerCustomerSuccess
	PartnerProfile      string // "Partner Community User", PowerPartner
	LoginProfile        string // "Customer Community Login User", CspLitePortal, counts logins

	CustomerLicense     string
	CustomerPlusLicense string
	PartnerLicense      string
	LoginLicense        string
}

// Seats are the seats of each licence that Seed adds; 0 means the default in brackets.
type Seats struct {
	Customer     int // [1,000] Customer Community
	CustomerPlus int // [500] Customer Community Plus
	Partner      int // [200] Partner Community
	Login        int // [2,000 logins a month] Customer Community Login
}

func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// Seed fills an empty org with what most tests and the demo need: licences, the usual profiles, internal users with and without a role, an
// integration user with its app, two accounts and a site. It belongs on a new org and does nothing to what is there.
func (o *Org) Seed(seats Seats) Acme {
	a := Acme{
		ClientID: "3MVG9acme.portalbot", ClientSecret: "acme-consumer-secret", IntegrationUsername: "portalbot@acme.example.com",
	}
	internal := o.AddLicense(License{Name: "Salesforce", Key: "SFDC", Total: 50})
	a.CustomerLicense = o.AddLicense(License{Name: "Customer Community", Key: "PID_Customer_Community", Total: orDefault(seats.Customer, 1000)})
	a.CustomerPlusLicense = o.AddLicense(License{
		Name: "Customer Community Plus", Key: "PID_Customer_Community_Plus", Total: orDefault(seats.CustomerPlus, 500),
	})
	a.PartnerLicense = o.AddLicense(License{Name: "Partner Community", Key: "PID_Partner_Community", Total: orDefault(seats.Partner, 200)})
	a.LoginLicense = o.AddLicense(License{Name: "Customer Community Login", Key: "PID_Customer_Community_Login", Total: orDefault(seats.Login, 2000)})

	admins := o.AddProfile(Profile{Name: "System Administrator", UserType: typeStandard, LicenseID: internal, Standard: true})
	a.StandardProfile = o.AddProfile(Profile{Name: "Standard User", UserType: typeStandard, LicenseID: internal, Standard: true})
	a.CustomerProfile = o.AddProfile(Profile{
		Name: "Customer Community User", UserType: typeHighVolume, LicenseID: a.CustomerLicense, Standard: true,
	})
	a.CustomerPlusProfile = o.AddProfile(Profile{
		Name: "Customer Community Plus User", UserType: typePowerCustomer, LicenseID: a.CustomerPlusLicense, Standard: true,
	})
	a.PartnerProfile = o.AddProfile(Profile{
		Name: "Partner Community User", UserType: typePowerPartner, LicenseID: a.PartnerLicense, Standard: true,
	})
	a.LoginProfile = o.AddProfile(Profile{
		Name: "Customer Community Login User", UserType: typeHighVolume, LicenseID: a.LoginLicense, Standard: true,
	})
	sales := o.Add("UserRole", Fields{"Name": "Sales", "DeveloperName": "Sales", "PortalType": "None"})
	a.Admin = o.AddUser(Fields{
		"Username": "admin@acme.example.com", "FirstName": "Ada", "LastName": "Admin", "ProfileId": admins, "UserRoleId": sales,
	})
	a.Integration = o.AddUser(Fields{
		"Username": a.IntegrationUsername, "FirstName": "Portal", "LastName": "Integration", "ProfileId": admins, "UserRoleId": sales,
	})
	a.Owner = o.AddUser(Fields{
		"Username": "owner@acme.example.com", "FirstName": "Olga", "LastName": "Owner", "ProfileId": a.StandardProfile, "UserRoleId": sales,
	})
	a.OwnerWithoutRole = o.AddUser(Fields{
		"Username": "norole@acme.example.com", "FirstName": "Nora", "LastName": "Norole", "ProfileId": a.StandardProfile,
	})
	a.Account = o.AddAccount(Fields{"Name": "Acme Corporation", "OwnerId": a.Owner, "IsPartner": "true"})
	a.Orphan = o.AddAccount(Fields{"Name": "Orphan Industries", "OwnerId": a.OwnerWithoutRole})
	a.Site = o.Add("Network", Fields{"Name": "Acme Customers", "Status": "Live", "UrlPathPrefix": "customers"})
	for _, profile := range []string{a.CustomerProfile, a.CustomerPlusProfile, a.PartnerProfile, a.LoginProfile} {
		o.Add("NetworkMemberGroup", Fields{"NetworkId": a.Site, "ParentId": profile})
	}
	o.AddApp(App{
		ClientID: a.ClientID, ClientSecret: a.ClientSecret, RunAs: a.IntegrationUsername, Approved: []string{a.IntegrationUsername},
	})
	return a
}
