package provisioning

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Errors of a Store that callers test for.
var (
	// ErrConflict: the request was changed by someone else since it was read. Read it again and decide again.
	ErrConflict = errors.New("the request was changed in the meantime")
	// ErrNotFound: there is no such request.
	ErrNotFound = errors.New("no such request")
	// ErrDuplicate: a request with the same origin exists already; RequestByOrigin finds it.
	ErrDuplicate = errors.New("the same delivery already made a request")
)

// Store keeps requests, plans, journals, notices and the audit trail. Every method is safe for concurrent use. What a method
// wrote is durable when it returns nil; when it returns an error, all or nothing of that call was written.
type Store interface {
	// NewID returns an id that was never returned before, also after a crash.
	NewID(ctx context.Context) (string, error)

	// Commit writes one change in one transaction. c.Request.Rev must be the stored revision (0 for a request that is new),
	// else ErrConflict; a new request whose origin is known is ErrDuplicate. The store sets Request.Rev to Rev+1, numbers
	// the entries and notices, links the audit events to the chain, and returns the request as written.
	Commit(ctx context.Context, c Commit) (Request, error)

	// Request returns the request with this id, or ErrNotFound.
	Request(ctx context.Context, id string) (Request, error)
	// RequestByOrigin returns the request that the delivery with this key made, or ErrNotFound.
	RequestByOrigin(ctx context.Context, origin string) (Request, error)
	// Requests yields requests, newest first, that the filter lets through. It reads in bounded transactions.
	Requests(ctx context.Context, f Filter) iter.Seq2[Request, error]

	// PutPlanRows writes rows of a plan that is not published yet. Rows come in batches of at most planBatch. A plan that was
	// begun and never published is overwritten from position 0. planID is the request's id and the plan's number ("P-17.1").
	PutPlanRows(ctx context.Context, planID string, rows []PlanRow) error
	// PlanRows returns up to n rows from position pos, in execution order.
	PlanRows(ctx context.Context, planID string, pos, n int) ([]PlanRow, error)
	// PlanRowsByNumber returns up to n rows from input row number on, in input order.
	PlanRowsByNumber(ctx context.Context, planID string, number, n int) ([]PlanRow, error)
	// DropPlan deletes a plan in bounded transactions. A plan that is not there is no error.
	DropPlan(ctx context.Context, planID string) error

	// Journal yields the entries of a request from sequence number seq on, in order. It reads in bounded transactions.
	Journal(ctx context.Context, id string, seq uint64) iter.Seq2[Entry, error]

	// Switch is the global stop switch. SetSwitch writes it with its audit event in one transaction.
	Switch(ctx context.Context) (Switch, error)
	SetSwitch(ctx context.Context, s Switch, audit AuditEvent) error

	// RecordAudit writes an audit event that goes with no change: something was shown that somebody may ask about later.
	RecordAudit(ctx context.Context, audit AuditEvent) error
}

// Commit is one change of one request with everything that must become durable together with it.
type Commit struct {
	Request Request
	Entries []Entry
	Notices []Notice
	Audit   []AuditEvent
}

// Filter selects requests. The zero value selects all.
type Filter struct {
	Open      bool   // only those that have not ended
	Requester string // only this person's
	Limit     int    // 0: no limit
}

// Switch is the global stop switch: while it is on nothing new is written to the org.
type Switch struct {
	On     bool
	Person string
	Reason string
	At     time.Time
}

// AuditEvent is one line of the audit trail. It holds Salesforce and Slack ids, counts and digests, never names or addresses, so
// that it can stay when personal data is purged. The store hash-links it to the one before.
type AuditEvent struct {
	At      time.Time         `json:"at"`
	Person  string            `json:"person,omitempty"` // Slack user id; empty when the bot did it by itself
	Request string            `json:"request,omitempty"`
	Event   string            `json:"event"`
	Detail  map[string]string `json:"detail,omitempty"`
}
