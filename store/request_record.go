package store

import (
	"reflect"
	"time"

	"portalbot/provisioning"
)

// The records of a request as they stand on disk. Fields are only ever added, tags never change; an empty field is left out.

type requestRecord struct {
	ID         string           `json:"id"`
	Rev        uint64           `json:"rev"`
	State      string           `json:"state"`
	Terms      termsRecord      `json:"terms"`
	Plan       *planRecord      `json:"plan,omitempty"`
	Required   int              `json:"required,omitempty"`
	Approvals  []approvalRecord `json:"approvals,omitempty"`
	Ending     endingRecord     `json:"ending,omitzero"`
	Hold       holdRecord       `json:"hold,omitzero"`
	StopBy     string           `json:"stop_by,omitempty"`
	Progress   *progressRecord  `json:"progress,omitempty"`
	Restarts   []restartRecord  `json:"restarts,omitempty"`
	CreatedAt  time.Time        `json:"created_at,omitzero"`
	PendingAt  time.Time        `json:"pending_at,omitzero"`
	ExpiresAt  time.Time        `json:"expires_at,omitzero"`
	RemindAt   time.Time        `json:"remind_at,omitzero"`
	Reminders  int              `json:"reminders,omitempty"`
	StartAfter time.Time        `json:"start_after,omitzero"`
	StartedAt  time.Time        `json:"started_at,omitzero"`
	EndedAt    time.Time        `json:"ended_at,omitzero"`
}

type termsRecord struct {
	Origin         string    `json:"origin,omitempty"`
	Verb           string    `json:"verb,omitempty"`
	Method         string    `json:"method,omitempty"`
	Portal         string    `json:"portal,omitempty"`
	Requester      string    `json:"requester,omitempty"`
	Note           string    `json:"note,omitempty"`
	Mail           string    `json:"mail,omitempty"`
	AllOrNone      bool      `json:"all_or_none,omitempty"`
	CreateContacts bool      `json:"create_contacts,omitempty"`
	RefersTo       string    `json:"refers_to,omitempty"`
	Undoes         string    `json:"undoes,omitempty"`
	Amends         string    `json:"amends,omitempty"`
	StartAfter     time.Time `json:"start_after,omitzero"`
	FileName       string    `json:"file_name,omitempty"`
	FileID         string    `json:"file_id,omitempty"`
	FileSum        string    `json:"file_sum,omitempty"`
}

type approvalRecord struct {
	Person string    `json:"person"`
	Digest string    `json:"digest"`
	At     time.Time `json:"at,omitzero"`
}

type endingRecord struct {
	Person string `json:"person,omitempty"`
	Reason string `json:"reason,omitempty"`
}

type holdRecord struct {
	Code   string    `json:"code,omitempty"`
	Reason string    `json:"reason,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}

type progressRecord struct {
	Counts       map[string]int `json:"counts,omitempty"`
	Total        int            `json:"total,omitempty"`
	Calls        int            `json:"calls,omitempty"`
	Adopted      int            `json:"adopted,omitempty"`
	FollowFailed int            `json:"follow_failed,omitempty"`
	FirstAt      time.Time      `json:"first_at,omitzero"`
	LastAt       time.Time      `json:"last_at,omitzero"`
}

type restartRecord struct {
	Number    int       `json:"number,omitempty"`
	At        time.Time `json:"at,omitzero"`
	Closed    int       `json:"closed,omitempty"`
	Rechecked int       `json:"rechecked,omitempty"`
}

func newRequestRecord(r provisioning.Request) requestRecord {
	return requestRecord{
		ID:    r.ID,
		Rev:   r.Rev,
		State: string(r.State),
		Terms: termsRecord{
			Origin:         r.Terms.Origin,
			Verb:           string(r.Terms.Verb),
			Method:         string(r.Terms.Method),
			Portal:         r.Terms.Portal,
			Requester:      r.Terms.Requester,
			Note:           r.Terms.Note,
			Mail:           string(r.Terms.Mail),
			AllOrNone:      r.Terms.AllOrNone,
			CreateContacts: r.Terms.CreateContacts,
			RefersTo:       r.Terms.RefersTo,
			Undoes:         r.Terms.Undoes,
			Amends:         r.Terms.Amends,
			StartAfter:     r.Terms.StartAfter.UTC(),
			FileName:       r.Terms.FileName,
			FileID:         r.Terms.FileID,
			FileSum:        r.Terms.FileSum,
		},
		Plan:       newPlanRecord(r.Plan),
		Required:   r.Required,
		Approvals:  each(r.Approvals, newApprovalRecord),
		Ending:     endingRecord{Person: r.Ending.Person, Reason: r.Ending.Reason},
		Hold:       holdRecord{Code: r.Hold.Code, Reason: r.Hold.Reason, Until: r.Hold.Until.UTC()},
		StopBy:     r.StopBy,
		Progress:   newProgressRecord(r.Progress),
		Restarts:   each(r.Restarts, newRestartRecord),
		CreatedAt:  r.CreatedAt.UTC(),
		PendingAt:  r.PendingAt.UTC(),
		ExpiresAt:  r.ExpiresAt.UTC(),
		RemindAt:   r.RemindAt.UTC(),
		Reminders:  r.Reminders,
		StartAfter: r.StartAfter.UTC(),
		StartedAt:  r.StartedAt.UTC(),
		EndedAt:    r.EndedAt.UTC(),
	}
}

func (r requestRecord) request() provisioning.Request {
	return provisioning.Request{
		ID:    r.ID,
		Rev:   r.Rev,
		State: provisioning.State(r.State),
		Terms: provisioning.Terms{
			Origin:         r.Terms.Origin,
			Verb:           provisioning.Verb(r.Terms.Verb),
			Method:         provisioning.Method(r.Terms.Method),
			Portal:         r.Terms.Portal,
			Requester:      r.Terms.Requester,
			Note:           r.Terms.Note,
			Mail:           provisioning.MailMode(r.Terms.Mail),
			AllOrNone:      r.Terms.AllOrNone,
			CreateContacts: r.Terms.CreateContacts,
			RefersTo:       r.Terms.RefersTo,
			Undoes:         r.Terms.Undoes,
			Amends:         r.Terms.Amends,
			StartAfter:     r.Terms.StartAfter,
			FileName:       r.Terms.FileName,
			FileID:         r.Terms.FileID,
			FileSum:        r.Terms.FileSum,
		},
		Plan:       r.Plan.plan(),
		Required:   r.Required,
		Approvals:  each(r.Approvals, approvalRecord.approval),
		Ending:     provisioning.Ending{Person: r.Ending.Person, Reason: r.Ending.Reason},
		Hold:       provisioning.Hold{Code: r.Hold.Code, Reason: r.Hold.Reason, Until: r.Hold.Until},
		StopBy:     r.StopBy,
		Progress:   r.Progress.progress(),
		Restarts:   each(r.Restarts, restartRecord.restart),
		CreatedAt:  r.CreatedAt,
		PendingAt:  r.PendingAt,
		ExpiresAt:  r.ExpiresAt,
		RemindAt:   r.RemindAt,
		Reminders:  r.Reminders,
		StartAfter: r.StartAfter,
		StartedAt:  r.StartedAt,
		EndedAt:    r.EndedAt,
	}
}

func newApprovalRecord(a provisioning.Approval) approvalRecord {
	return approvalRecord{Person: a.Person, Digest: a.Digest, At: a.At.UTC()}
}

func (a approvalRecord) approval() provisioning.Approval {
	return provisioning.Approval{Person: a.Person, Digest: a.Digest, At: a.At}
}

// newProgressRecord is nil before the run, when nothing was counted.
func newProgressRecord(p provisioning.Progress) *progressRecord {
	if reflect.ValueOf(p).IsZero() {
		return nil
	}
	return &progressRecord{
		Counts:       stringKeys(p.Counts),
		Total:        p.Total,
		Calls:        p.Calls,
		Adopted:      p.Adopted,
		FollowFailed: p.FollowFailed,
		FirstAt:      p.FirstAt.UTC(),
		LastAt:       p.LastAt.UTC(),
	}
}

func (p *progressRecord) progress() provisioning.Progress {
	if p == nil {
		return provisioning.Progress{}
	}
	return provisioning.Progress{
		Counts:       typedKeys[provisioning.Status](p.Counts),
		Total:        p.Total,
		Calls:        p.Calls,
		Adopted:      p.Adopted,
		FollowFailed: p.FollowFailed,
		FirstAt:      p.FirstAt,
		LastAt:       p.LastAt,
	}
}

func newRestartRecord(r provisioning.Restart) restartRecord {
	return restartRecord{Number: r.Number, At: r.At.UTC(), Closed: r.Closed, Rechecked: r.Rechecked}
}

func (r restartRecord) restart() provisioning.Restart {
	return provisioning.Restart{Number: r.Number, At: r.At, Closed: r.Closed, Rechecked: r.Rechecked}
}

// each maps a slice; no elements stay nil, since an empty field is not stored.
func each[A, B any](in []A, fn func(A) B) []B {
	if len(in) == 0 {
		return nil
	}
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = fn(a)
	}
	return out
}

func stringKeys[K ~string](in map[K]int) map[string]int {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]int, len(in))
	for k, n := range in {
		out[string(k)] = n
	}
	return out
}

func typedKeys[K ~string](in map[string]int) map[K]int {
	if len(in) == 0 {
		return nil
	}
	out := make(map[K]int, len(in))
	for k, n := range in {
		out[K(k)] = n
	}
	return out
}
