package store

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"portalbot/provisioning"
)

// journalPage is the number of entries read in one transaction.
const journalPage = 64

// entryRecord is a journal entry on disk; its number is in the key. Fields are only ever added.
type entryRecord struct {
	Intent bool           `json:"intent,omitempty"`
	Call   int            `json:"call,omitempty"`
	Step   string         `json:"step,omitempty"`
	At     time.Time      `json:"at,omitzero"`
	Rows   []resultRecord `json:"rows,omitempty"`
}

// resultRecord is one row's part in an entry.
type resultRecord struct {
	Pos     int    `json:"p"`
	Status  string `json:"s,omitempty"`
	ID      string `json:"i,omitempty"`
	Code    string `json:"c,omitempty"`
	Text    string `json:"t,omitempty"`
	Fix     string `json:"f,omitempty"`
	Adopted bool   `json:"a,omitempty"`
}

func newEntryRecord(e provisioning.Entry) entryRecord {
	return entryRecord{Intent: e.Intent, Call: e.Call, Step: string(e.Step), At: e.At.UTC(), Rows: each(e.Rows, newResultRecord)}
}

func (e entryRecord) entry(seq uint64) provisioning.Entry {
	return provisioning.Entry{
		Seq:    seq,
		Intent: e.Intent,
		Call:   e.Call,
		Step:   provisioning.Step(e.Step),
		At:     e.At,
		Rows:   each(e.Rows, resultRecord.result),
	}
}

func newResultRecord(r provisioning.RowRecord) resultRecord {
	return resultRecord{
		Pos:     r.Pos,
		Status:  string(r.Status),
		ID:      r.ID,
		Code:    r.Code,
		Text:    r.Text,
		Fix:     r.Fix,
		Adopted: r.Adopted,
	}
}

func (r resultRecord) result() provisioning.RowRecord {
	return provisioning.RowRecord{
		Pos:     r.Pos,
		Status:  provisioning.Status(r.Status),
		ID:      r.ID,
		Code:    r.Code,
		Text:    r.Text,
		Fix:     r.Fix,
		Adopted: r.Adopted,
	}
}

// Journal yields the entries of a request from sequence number seq on, in order. No transaction is open while it yields. An error is yielded
// once, as the last. A request without entries, or none at all, yields nothing.
func (s *Store) Journal(ctx context.Context, id string, seq uint64) iter.Seq2[provisioning.Entry, error] {
	return func(yield func(provisioning.Entry, error) bool) {
		from := numbered(id, seq)
		for {
			pairs, err := s.page(ctx, bucketJournal, under(id), from, journalPage)
			if err != nil {
				yield(provisioning.Entry{}, fmt.Errorf("read the journal of %s: %w", id, err))
				return
			}
			for _, p := range pairs {
				var rec entryRecord
				n := lastNumber(p.key)
				if err := json.Unmarshal(p.value, &rec); err != nil {
					yield(provisioning.Entry{}, fmt.Errorf("read entry %d of the journal of %s: %w", n, id, err))
					return
				}
				if !yield(rec.entry(n), nil) {
					return
				}
			}
			if len(pairs) == 0 {
				return
			}
			from = after(pairs[len(pairs)-1].key)
		}
	}
}
