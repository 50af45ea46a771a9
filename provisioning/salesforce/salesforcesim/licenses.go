package salesforcesim

import (
	"strconv"
	"strings"
)

// profileFlags are properties of a profile that no field tells.
type profileFlags struct {
	noPortalAccess bool
	standard       bool
}

// profileType returns the UserType that a profile gives its users, "" for no profile.
func (o *Org) profileType(profile string) string {
	row := o.profiles.find(profile)
	if row == noRow {
		return ""
	}
	return o.profiles.get(row, "UserType")
}

func (o *Org) licenseOf(profile string) string {
	row := o.profiles.find(profile)
	if row == noRow {
		return ""
	}
	return o.profiles.get(row, "UserLicenseId")
}

// loginBased says whether a licence counts logins a month and not seats.
func (o *Org) loginBased(license int32) bool {
	return strings.HasSuffix(o.licenses.get(license, "LicenseDefinitionKey"), "_Login")
}

// hasLicense says whether a profile of the org gives its users this type.
func (o *Org) hasLicense(kind string) bool {
	for row, data := range o.profiles.rows {
		if data != "" && o.profiles.get(int32(row), "UserType") == kind {
			return true
		}
	}
	return false
}

func (o *Org) hasRole(user string) bool {
	row := o.users.find(user)
	return row != noRow && o.users.get(row, "UserRoleId") != ""
}

// countSeat keeps the used seats of each licence when a user row changes.
func (o *Org) countSeat(before, after string) {
	active, profile := o.users.field("IsActive"), o.users.field("ProfileId")
	if before != "" && packedValue(before, active) == "true" {
		o.seats[o.licenseOf(packedValue(before, profile))]--
	}
	if after != "" && packedValue(after, active) == "true" {
		o.seats[o.licenseOf(packedValue(after, profile))]++
	}
}

func intOf(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0 // null: no seats
	}
	return n
}
