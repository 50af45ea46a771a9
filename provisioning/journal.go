package provisioning

import "time"

// Step is the part of a row's work that a call does.
type Step string

// The steps of a row, in order.
const (
	StepContact  Step = "contact"  // create the missing Contact
	StepUser     Step = "user"     // the row's action itself
	StepUnfreeze Step = "unfreeze" // of a user that was inactive and frozen and is enabled
	StepAssign   Step = "assign"   // permission sets
	StepGroup    Step = "group"    // public groups
)

// Entry is one journal record of a request: an intent (saved before a call to the org) or an outcome (saved after it, or after
// reading the org settled what the call did). Entries are only appended.
type Entry struct {
	Seq    uint64 // position in the request's journal, from 1; set by the store
	Intent bool
	Call   int  // which call, from 1 within the request; 0 for results without a call
	Step   Step // of an outcome: contact, assign and group tell how a part of the row's work went, user tells the row's result
	At     time.Time
	Rows   []RowRecord // at most entryRows
}

const (
	entryRows  = 100  // rows in one entry, so that no entry nears the store's largest value
	errorRunes = 1000 // of a message that the org worded; longer ones are cut
)

// RowRecord is one row's part in an entry. An intent has only Pos.
type RowRecord struct {
	Pos    int    `json:"p"`
	Status Status `json:"s,omitempty"` // empty in an outcome: the call did not take effect and the row may be tried again
	ID     string `json:"i,omitempty"` // record that was made or changed
	Code   string `json:"c,omitempty"` // Salesforce statusCode or one of ours
	Text   string `json:"t,omitempty"` // message, at most errorRunes
	Fix    string `json:"f,omitempty"` // what to do about it
	// Adopted: the effect was found by reading, the call's own answer was lost.
	Adopted bool `json:"a,omitempty"`
}
