package salesforcesim_test

import (
	"runtime"
	"strings"
	"testing"

	"portalbot/provisioning/salesforce/salesforcesim"
)

const many = 100_000

func bigOrg(tb testing.TB) (*salesforcesim.Org, salesforcesim.Crowded) {
	tb.Helper()
	org, err := salesforcesim.New(salesforcesim.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(org.Close)
	acme := org.Seed(salesforcesim.Seats{Customer: 2 * many})
	return org, org.AddCrowd(salesforcesim.Crowd{
		Accounts: 200, Contacts: many, Users: many, Owner: acme.Owner, Profile: acme.CustomerProfile,
	})
}

func inList(field string, values []string) string {
	return field + " IN ('" + strings.Join(values, "','") + "')"
}

// BenchmarkInListQuery asks for 2,000 of 100,000 users in one query.
func BenchmarkInListQuery(b *testing.B) {
	org, crowd := bigOrg(b)
	emails := make([]string, 1000)
	for i := range emails {
		emails[i] = org.Record(crowd.Users[i*50])["Email"]
	}
	for _, bb := range []struct {
		name, where string
		want        int
	}{
		{"id", inList("Id", crowd.Users[5000:7000]), 2000},
		{"contact", inList("ContactId", crowd.Contacts[5000:7000]), 2000},
		{"or", inList("ContactId", crowd.Contacts[5000:6000]) + " OR " + inList("Email", emails), 1980},
		{"account", inList("AccountId", crowd.Accounts[:4]), 2000},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rows, err := org.Query("SELECT Id, Username, ContactId, IsActive FROM User WHERE " + bb.where)
				if err != nil || len(rows) != bb.want {
					b.Fatalf("%d rows, want %d, %v", len(rows), bb.want, err)
				}
			}
		})
	}
}

// BenchmarkScan counts over all 100,000 users without an index.
func BenchmarkScan(b *testing.B) {
	org, _ := bigOrg(b)
	for b.Loop() {
		rows, err := org.Query("SELECT Profile.UserLicense.Name, COUNT(Id) FROM User WHERE IsActive = true AND IsPortalEnabled = true " +
			"AND LastLoginDate = null GROUP BY Profile.UserLicense.Name")
		if err != nil || len(rows) != 1 {
			b.Fatal(rows, err)
		}
	}
}

// BenchmarkCrowd seeds 100,000 contacts with a user each and reports the heap they take.
func BenchmarkCrowd(b *testing.B) {
	for b.Loop() {
		before := heap()
		org, _ := bigOrg(b)
		b.ReportMetric(float64(heap()-before)/(1<<20), "MB-heap")
		runtime.KeepAlive(org)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
