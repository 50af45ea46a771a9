package provisioning

import "time"

// Input is a file as read: its known columns and its rows, before anything was looked up.
type Input struct {
	Columns []Column // one for each column of the file, in file order
	Rows    []InputRow
	Notices []string // what the reader assumed (encoding, delimiter), shown with the plan
}

// Column is one column of the file.
type Column struct {
	Header string // as the file spells it
	Name   string // the known column it stands for, see MatchColumns
}

// InputRow is one data row of the file.
type InputRow struct {
	Number int      // 1 for the first data row; the Row column of results CSVs
	Line   int      // physical line (or sheet row) where the row starts, for messages
	Cells  []string // aligned with Input.Columns
}

// Field is one field of a Salesforce record, by API name. An empty value means null.
type Field struct {
	Name  string `json:"n"`
	Value string `json:"v"`
}

// PlanRow is one input row resolved against the org: exactly one action, or the reason why there is none.
// A plan row never changes once its plan is published.
type PlanRow struct {
	Pos    int // execution order, from 0; the key of journal records
	Number int // input row, from 1
	Line   int

	Action Action
	Reason Problem // why skip, invalid or reactivate; zero otherwise

	UserID      string // target of everything but create; empty for create
	Username    string
	Email       string // for results and settling, not for the digest unless it is in Fields
	ContactID   string // empty only where the contact is created first or the row is invalid
	AccountID   string
	AccountName string
	ProfileID   string
	LicenseKey  string // UserLicense.LicenseDefinitionKey that needs or frees the seat
	RoleBased   bool   // the user's licence has portal roles: its writes are slow, see Scheduler
	TakesLock   bool   // the write takes the org's group-membership lock, see Scheduler

	NewContact     []Field  // Contact to create first; nil when the contact exists
	Fields         []Field  // exact values that the write sends, sorted by name
	Before         []Field  // values at plan time of what the write changes or relies on: drift check and undo
	PermissionSets []Ref    // assigned by their own call after the user exists
	Groups         []Ref    // joined by their own call after the user exists
	Warnings       []string // codes of Warning, see PlanSummary.Warnings
	Cells          []string // the input's own cells, for the results CSV
}

// Ref is a record named by a person and found in the org.
type Ref struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Problem is something wrong with a row or a file, said to a person.
type Problem struct {
	Code   string `json:"code,omitempty"`   // stable word for grouping, a Salesforce statusCode where one fits
	Text   string `json:"text,omitempty"`   // what is wrong, one sentence
	Fix    string `json:"fix,omitempty"`    // what to do, one sentence
	Column string `json:"column,omitempty"` // header of the cell that is wrong, empty when it is the row
}

// IsZero reports whether there is no problem.
func (p Problem) IsZero() bool { return p.Code == "" && p.Text == "" }

// Plan is the head of a frozen plan; its rows are stored apart, in execution order.
type Plan struct {
	ID      string // key of its rows in the store: the request's id and a number, "P-17.1"
	Digest  string // hex SHA-256, see Digester
	Columns []Column
	Summary PlanSummary
	At      time.Time // when the org was read
}

// PlanSummary is what an approver sees of a plan at once. It is small whatever the number of rows.
type PlanSummary struct {
	Rows     int
	Actions  map[Action]int
	Seats    []SeatChange
	Accounts []AccountCount // the accountsShown largest
	Touched  int            // number of accounts in all
	Warnings []WarningGroup
	Problems []ProblemGroup // reasons of skip and invalid, most frequent first
	Mail     MailMode
	Notices  []string
	// Blocks says why the plan cannot run at all as it is: too few seats, a wrong set-up. Empty when it can.
	Blocks []Problem
	// ExtraApprover says why one more person must approve (blast radius). Empty when nobody more must.
	ExtraApprover string
	Reviewed      int // seconds the planning took, rounded, for the operator
}

// Runs is the number of rows that make a call.
func (s PlanSummary) Runs() int {
	n := 0
	for a, c := range s.Actions {
		if a.Runs() {
			n += c
		}
	}
	return n
}

// SeatChange is the arithmetic of one licence.
type SeatChange struct {
	License    string // MasterLabel
	Key        string // LicenseDefinitionKey
	Used       int
	After      int
	Total      int
	LoginBased bool // seats are monthly logins: a shortage warns and does not block
}

// Short is the number of seats that are missing, 0 when there are enough.
func (c SeatChange) Short() int { return max(0, c.After-c.Total) }

// AccountCount is the number of rows that run on one account.
type AccountCount struct {
	ID, Name string
	Rows     int
}

// WarningGroup is one warning and the input rows it is about, the first few of them named.
type WarningGroup struct {
	Code  string
	Text  string
	Rows  []int // first rowsNamed
	Count int
}

// ProblemGroup is one reason and the input rows it holds for, the first few of them named.
type ProblemGroup struct {
	Action  Action // skip or invalid
	Problem Problem
	Rows    []int
	Count   int
}
