package report

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"portalbot/provisioning"
)

// Report is one report. It is stored as JSON, compressed: fields are only ever added, and their tags never change.
type Report struct {
	Name     string    `json:"name"`
	Portals  []string  `json:"portals,omitempty"` // empty: all
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	Zone     string    `json:"zone"` // in which its dates are told
	Seats    []Seats   `json:"seats,omitempty"`
	Active   int       `json:"active"` // active portal users
	Work     Work      `json:"work"`
	Waiting  []Waiting `json:"waiting,omitempty"` // the longest first
	Findings []Finding `json:"findings,omitempty"`
	Activity []Day     `json:"activity,omitempty"` // one for each of the last activityDays dates
	API      API       `json:"api"`
}

// Seats is how one licence stands.
type Seats struct {
	Key   string  `json:"key"`
	Name  string  `json:"name"`
	Used  int     `json:"used"`
	Total int     `json:"total"`
	Day   *Change `json:"day,omitempty"`  // since yesterday, nil when nothing is known of then
	Week  *Change `json:"week,omitempty"` // since a week ago, the same
	// Pace is the seats that are taken a day over the last weeks; Known says that there were enough days to tell.
	Pace  float64 `json:"pace,omitempty"`
	Known bool    `json:"known,omitempty"`
	Full  string  `json:"full,omitempty"` // the date on which the seats run out at that pace; empty when not within a year
	Trend []Point `json:"trend,omitempty"`
	// Logins: the licence counts logins of a month and not seats.
	Logins bool `json:"logins,omitempty"`
}

// Change is a difference to an earlier date.
type Change struct {
	Since string `json:"since"` // date
	By    int    `json:"by"`
}

// Point is the seats of one date.
type Point struct {
	Date  string `json:"d"`
	Used  int    `json:"u"`
	Total int    `json:"t"`
}

// Work is what requests did in the period: those that ended in it.
type Work struct {
	Requests []Done                      `json:"requests,omitempty"` // the latest first
	Counts   map[provisioning.Status]int `json:"counts,omitempty"`   // rows of all of them
	Errors   []Errors                    `json:"errors,omitempty"`   // most frequent first
	// Others counts requests that ended without having run, by state.
	Others map[provisioning.State]int `json:"others,omitempty"`
}

// Done is one request that ran.
type Done struct {
	ID     string                      `json:"id"`
	State  provisioning.State          `json:"state"`
	Verb   provisioning.Verb           `json:"verb"`
	Person string                      `json:"person"`
	Ended  time.Time                   `json:"ended"`
	Counts map[provisioning.Status]int `json:"counts"`
}

// Errors is one reason why rows did not work. It holds no text of the org's, which may name people.
type Errors struct {
	Code  string `json:"code"`
	Fix   string `json:"fix,omitempty"`
	Count int    `json:"count"`
}

// Waiting is a request that waits for somebody or something.
type Waiting struct {
	ID     string             `json:"id"`
	State  provisioning.State `json:"state"`
	Verb   provisioning.Verb  `json:"verb"`
	Person string             `json:"person"`
	Rows   int                `json:"rows"`
	Since  time.Time          `json:"since"`
	Reason string             `json:"reason,omitempty"` // why it is paused or blocked
}

// Kind names a finding.
type Kind string

// The findings, in the order in which they are told.
const (
	Never    Kind = "never"    // active and never logged in, some days after they were created
	Inactive Kind = "inactive" // active and not logged in for some days
	Orphans  Kind = "orphans"  // active, without a contact or an account
	Changed  Kind = "changed"  // made by the bot, and changed by someone else in the period
)

// Finding is a list of users that somebody should look at.
type Finding struct {
	Kind  Kind   `json:"kind"`
	Days  int    `json:"days,omitempty"` // the threshold of Never and Inactive
	Total int    `json:"total"`
	More  bool   `json:"more,omitempty"` // there may be more than Total
	Users []User `json:"users,omitempty"`
	// Failed is the code with which the org refused the list; the rest of the report stands.
	Failed string `json:"failed,omitempty"`
}

// User is a user that was found.
type User struct {
	ID        string    `json:"id"`
	Username  string    `json:"username"`
	Email     string    `json:"email,omitempty"`
	ContactID string    `json:"contact,omitempty"`
	AccountID string    `json:"account,omitempty"`
	Account   string    `json:"account_name,omitempty"`
	Created   time.Time `json:"created,omitzero"`
	LastLogin time.Time `json:"login,omitzero"`
	Active    bool      `json:"active,omitempty"`
	ChangedBy string    `json:"changed_by,omitempty"` // user id
	ChangedAt time.Time `json:"changed_at,omitzero"`
}

// Day is what requests did on one date.
type Day struct {
	Date    string `json:"d"`
	Given   int    `json:"g,omitempty"` // users created, reactivated, enabled, unfrozen
	Taken   int    `json:"t,omitempty"` // users deactivated, disabled, frozen
	Resent  int    `json:"r,omitempty"`
	Trouble int    `json:"f,omitempty"` // rows failed, held, unknown
}

// API is the use of the org's daily requests.
type API struct {
	Used int `json:"used,omitempty"` // by everybody, in the last 24 hours
	Max  int `json:"max,omitempty"`  // 0: not known
	Bot  int `json:"bot,omitempty"`  // by the bot, since BotSince
	// BotSince is at most a day ago; later where the bot was started since.
	BotSince time.Time `json:"bot_since,omitzero"`
	// Report is how many requests this report took.
	Report int `json:"report,omitempty"`
}

// Tried is the number of rows that ran or should have run.
func (w Work) Tried() int {
	n := 0
	for s, c := range w.Counts {
		if s != provisioning.StatusSkipped {
			n += c
		}
	}
	return n
}

// Worked is the number of rows that took effect.
func (w Work) Worked() int {
	n := 0
	for s, c := range w.Counts {
		if s.Succeeded() {
			n += c
		}
	}
	return n
}

// Quiet reports whether there is nothing that anybody has to know: no request ran or waits, no finding, no licence that runs out or
// has changed since yesterday.
func (r Report) Quiet() bool {
	if len(r.Work.Requests) > 0 || len(r.Waiting) > 0 {
		return false
	}
	for _, s := range r.Seats {
		if s.Full != "" || s.Used >= s.Total && !s.Logins || s.Day != nil && s.Day.By != 0 {
			return false
		}
	}
	for _, f := range r.Findings {
		if f.Total > 0 || f.Failed != "" {
			return false
		}
	}
	return true
}

const (
	// maxEncoded keeps a report under the store's largest value of 512 KiB.
	maxEncoded = 480 << 10
	// maxDecoded is where a report that says that it is larger is not believed.
	maxDecoded = 64 << 20
)

// Encode returns the bytes to be stored, at most 480 KiB: lists of users that do not fit are cut by half until they do, their
// totals stay.
func (r Report) Encode() ([]byte, error) {
	for {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if err := json.NewEncoder(z).Encode(r); err != nil {
			return nil, fmt.Errorf("encode report %s: %w", r.Name, err)
		}
		if err := z.Close(); err != nil {
			return nil, fmt.Errorf("encode report %s: %w", r.Name, err)
		}
		if b.Len() <= maxEncoded {
			return b.Bytes(), nil
		}
		findings, cut := make([]Finding, len(r.Findings)), false
		for i, f := range r.Findings {
			cut = cut || len(f.Users) > 0
			f.Users = f.Users[:len(f.Users)/2]
			findings[i] = f
		}
		if !cut {
			return nil, fmt.Errorf("encode report %s: %d bytes without its lists", r.Name, b.Len())
		}
		r.Findings = findings
	}
}

// Decode reads what Encode returned.
func Decode(b []byte) (Report, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return Report{}, fmt.Errorf("decode a report: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(z, maxDecoded+1))
	if err == nil && len(text) > maxDecoded {
		err = errors.New("it is too large")
	}
	var r Report
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return Report{}, fmt.Errorf("decode a report: %w", err)
	}
	return r, nil
}
