package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"portalbot/provisioning"
)

// bigOrg has a contact for every number, made when it is asked for, on one of so many accounts.
type bigOrg struct {
	*memOrg
	accounts int

	mu      sync.Mutex // guards what follows
	flying  int
	deepest int
	sampled func()
}

func newBigOrg(accounts int) *bigOrg {
	o := &bigOrg{memOrg: newOrg(), accounts: accounts}
	for i := range o.licenses {
		o.licenses[i].Total = 1_000_000
	}
	return o
}

func (o *bigOrg) enter() func() {
	o.mu.Lock()
	o.flying++
	o.deepest = max(o.deepest, o.flying)
	o.mu.Unlock()
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.flying--
		if o.sampled != nil {
			o.sampled()
		}
	}
}

func (o *bigOrg) Contacts(ctx context.Context, q provisioning.ContactQuery) ([]provisioning.Contact, error) {
	defer o.enter()()
	out := make([]provisioning.Contact, 0, len(q.IDs))
	for _, id := range q.IDs {
		n, err := strconv.Atoi(id[3:15])
		if err != nil {
			return nil, fmt.Errorf("contact %s: %w", id, err)
		}
		out = append(out, o.contact(n))
	}
	return out, o.call(ctx, "Contacts")
}

func (o *bigOrg) contact(n int) provisioning.Contact {
	a := n % o.accounts
	return provisioning.Contact{
		ID: recordID("003", n), FirstName: fmt.Sprintf("First%d", n), LastName: fmt.Sprintf("Last%d", n/3), Email: fmt.Sprintf("person%d@acme%d.example", n, a),
		Phone: fmt.Sprintf("+1 555 %07d", n), Street: fmt.Sprintf("%d Main Street", n%500), City: "Springfield", PostalCode: fmt.Sprintf("%05d", n%1000), Country: "United States",
		Account: provisioning.Account{
			ID: recordID("001", a), Name: fmt.Sprintf("Acme %d", a), OwnerID: recordID("005", 2), OwnerActive: true, OwnerRoleID: recordID("00E", 2),
		},
	}
}

func (o *bigOrg) Users(ctx context.Context, q provisioning.UserQuery) ([]provisioning.User, error) {
	defer o.enter()()
	return o.memOrg.Users(ctx, q)
}

func (o *bigOrg) Profiles(ctx context.Context) ([]provisioning.Profile, error) {
	defer o.enter()()
	return o.memOrg.Profiles(ctx)
}

// bigFile is a file of n rows in Data Loader's columns.
func bigFile(n int) provisioning.Input {
	headers := []string{"ContactID", "First Name", "Last Name", "Email", "Username", "Time Zone"}
	columns, problems := provisioning.MatchColumns(headers, provisioning.VerbAdd, newPortal())
	if len(problems) > 0 {
		panic(problems[0].Text)
	}
	in := provisioning.Input{Columns: columns, Rows: make([]provisioning.InputRow, n)}
	for i := range in.Rows {
		// One string a row and cells that are parts of it, as encoding/csv makes them.
		line := fmt.Sprintf("%s|First%d|Last%d|person%d@acme.example|person%d@portal.acme.example|America/Los_Angeles", recordID("003", i), i, i/3, i, i)
		in.Rows[i] = provisioning.InputRow{Number: i + 1, Line: i + 2, Cells: strings.Split(line, "|")}
	}
	return in
}

var addTerms = provisioning.Terms{Verb: provisioning.VerbAdd, Portal: "customer", Mail: provisioning.MailHeader}

func mustPlan(t testing.TB, org provisioning.Org, portal provisioning.Portal, terms provisioning.Terms, in provisioning.Input) *provisioning.Draft {
	t.Helper()
	d, err := (&provisioning.Planner{Org: org, Portal: portal}).Plan(context.Background(), terms, in)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSixtyRowsCostFewRequestsInTwoWaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		org := newBigOrg(1)
		org.took = 120 * time.Millisecond
		start := time.Now()
		d := mustPlan(t, org, newPortal(), addTerms, bigFile(60))
		if got := strings.Join(org.requests(), " "); got != "ContactDomains Contacts Profiles Users" {
			t.Errorf("requests: %s", got)
		}
		if took := time.Since(start); took > 2*org.took {
			t.Errorf("took %v, want two waves of %v", took, org.took)
		}
		if d.Summary.Actions[provisioning.ActionCreate] != 60 {
			t.Errorf("actions: %v", d.Summary.Actions)
		}
	})
}

func TestTenThousandRowsTakeFiveSecondsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		org := newBigOrg(200)
		org.took = 120 * time.Millisecond
		start := time.Now()
		mustPlan(t, org, newPortal(), addTerms, bigFile(10_000))
		if took := time.Since(start); took > time.Second {
			t.Errorf("reads took %v of the clock, which leaves too little of 5 s", took)
		}
		if n := len(org.requests()); n != 16 {
			t.Errorf("%d requests: %v", n, org.requests())
		}
		if org.deepest > 8 {
			t.Errorf("%d requests side by side", org.deepest)
		}
	})
}

func TestReadThatFailsEndsThePlanWithTheOrgsError(t *testing.T) {
	boom := &provisioning.CallError{Op: "read", Code: "SERVER_UNAVAILABLE"}
	for _, name := range []string{"Contacts", "Profiles", "Users"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which also finds goroutines that are left
				org := newBigOrg(3)
				org.fail = map[string]error{name: boom}
				_, err := (&provisioning.Planner{Org: org, Portal: newPortal()}).Plan(context.Background(), addTerms, bigFile(9_000))
				var call *provisioning.CallError
				if !errors.As(err, &call) || call != boom {
					t.Fatalf("got %v", err)
				}
			})
		})
	}
}

func TestCancelledPlanEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		org := newBigOrg(3)
		org.took = time.Hour
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := (&provisioning.Planner{Org: org, Portal: newPortal()}).Plan(ctx, addTerms, bigFile(9_000))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
	})
}

// mixedFile is a file of rows of all kinds, good and bad, in an order that the seed decides.
func mixedFile(seed uint64, n int) (*memOrg, provisioning.Input) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	org := newOrg()
	big := bigOrg{memOrg: org, accounts: 7}
	for i := range 200 {
		c := big.contact(i)
		if i%11 == 0 {
			c.Account = provisioning.Account{}
		}
		if i%13 == 0 {
			c.Account.OwnerRoleID = ""
		}
		org.contacts = append(org.contacts, c)
		if i%5 == 0 {
			org.users = append(org.users, provisioning.User{
				ID: recordID("005", 1000+i), ContactID: c.ID, AccountID: c.Account.ID, Username: c.Email, Email: c.Email, UserType: "CspLitePortal",
				ProfileID: recordID("00e", 1), Active: i%2 == 0, PortalEnabled: true,
			})
		}
	}
	in := provisioning.Input{}
	in.Columns, _ = provisioning.MatchColumns([]string{"ContactId", "Email", "Username", "LocaleSidKey"}, provisioning.VerbAdd, newPortal())
	for i := range n {
		c := org.contacts[rnd.IntN(len(org.contacts))]
		cells := []string{c.ID, c.Email, "", ""}
		switch rnd.IntN(8) {
		case 0:
			cells[0] = ""
		case 1:
			cells[0] = "nonsense"
		case 2:
			cells = cells[:1]
		case 3:
			cells[3] = "English (United States)"
		case 4:
			cells[2] = "same@portal.example"
		case 5:
			cells = nil
		}
		in.Rows = append(in.Rows, provisioning.InputRow{Number: i + 1, Line: i + 2, Cells: cells})
	}
	return org, in
}

func TestEveryInputRowIsPlannedOnce(t *testing.T) {
	for seed := range uint64(20) {
		org, in := mixedFile(seed, 300)
		d := mustPlan(t, org, newPortal(), addTerms, in)
		if d.Len() != len(in.Rows) || d.Summary.Rows != len(in.Rows) {
			t.Fatalf("seed %d: %d rows of %d", seed, d.Len(), len(in.Rows))
		}
		total := 0
		for _, n := range d.Summary.Actions {
			total += n
		}
		if total != len(in.Rows) {
			t.Errorf("seed %d: the counts add up to %d", seed, total)
		}
		number := 0
		for r := range d.ByNumber() {
			number++
			if r.Number != number || r.Line != in.Rows[number-1].Line || !slices.Equal(r.Cells, in.Rows[number-1].Cells) {
				t.Fatalf("seed %d: row %d where %d belongs", seed, r.Number, number)
			}
			if r.Action.Runs() != (r.Reason.IsZero() || r.Action == provisioning.ActionReactivate) {
				t.Errorf("seed %d: row %d is %s with reason %q", seed, number, r.Action, r.Reason.Text)
			}
		}
		checkOrder(t, d)
	}
}

// checkOrder checks that rows that run come first, by account and number.
func checkOrder(t *testing.T, d *provisioning.Draft) {
	t.Helper()
	pos := 0
	var last provisioning.PlanRow
	for r := range d.Rows() {
		if r.Pos != pos {
			t.Fatalf("position %d at %d", r.Pos, pos)
		}
		switch {
		case pos == 0:
		case r.Action.Runs() && !last.Action.Runs():
			t.Fatalf("row %d runs after one that does not", r.Number)
		case r.Action.Runs() && r.AccountID == last.AccountID && r.Number < last.Number,
			r.Action.Runs() && r.AccountID < last.AccountID,
			!r.Action.Runs() && !last.Action.Runs() && r.Number < last.Number:
			t.Fatalf("row %d comes after row %d", r.Number, last.Number)
		}
		last = r
		pos++
	}
}

func TestOneContactAndOneUsernameRunOnceAtMost(t *testing.T) {
	for seed := range uint64(20) {
		org, in := mixedFile(seed, 300)
		contacts, usernames, nicknames := map[string]int{}, map[string]int{}, map[string]int{}
		for r := range mustPlan(t, org, newPortal(), addTerms, in).Rows() {
			if r.Action != provisioning.ActionCreate {
				continue
			}
			contacts[r.ContactID]++
			usernames[strings.ToLower(r.Username)]++
			for _, f := range r.Fields {
				if f.Name == "CommunityNickname" {
					nicknames[strings.ToLower(f.Value)]++
				}
			}
		}
		for _, m := range []map[string]int{contacts, usernames, nicknames} {
			for k, n := range m {
				if n != 1 {
					t.Errorf("seed %d: %s comes %d times", seed, k, n)
				}
			}
		}
	}
}

func TestRowsReadTheSameEachTime(t *testing.T) {
	org, in := mixedFile(5, 100)
	d := mustPlan(t, org, newPortal(), addTerms, in)
	if a, b := slices.Collect(d.Rows()), slices.Collect(d.Rows()); !reflect.DeepEqual(a, b) {
		t.Error("differs")
	}
	for r := range d.Rows() { // a caller that stops early
		if r.Pos == 3 {
			break
		}
	}
}
