package store

import (
	"bytes"
	"context"
	"fmt"

	"portalbot/provisioning"
)

// Retired reports whether [Store.Retire] was done for a request.
func (s *Store) Retired(ctx context.Context, id string) (bool, error) {
	done := false
	err := s.read(ctx, func(v view) error {
		done = v.get(bucketRetired, []byte(id)) != nil
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("read whether %s was purged: %w", id, err)
	}
	return done, nil
}

// MessageKeys returns the keys of the messages that the bot remembers under a request or report.
func (s *Store) MessageKeys(ctx context.Context, id string) ([]string, error) {
	var keys []string
	err := s.read(ctx, func(v view) error {
		v.scan(bucketMessages, []byte(id+"/"), nil, func(k, _ []byte) bool {
			keys = append(keys, string(k))
			return true
		})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the messages of %s: %w", id, err)
	}
	return keys, nil
}

// Retire closes the purge of a request: it notes that the request was purged, forgets its messages, and writes the audit event, in one transaction.
// [Store.Purge] must have been done. Doing it again changes nothing and writes no second event. A request that has not ended is ErrOpen.
func (s *Store) Retire(ctx context.Context, id string, audit provisioning.AuditEvent) error {
	err := s.save(ctx, s.patient, "retire", func(v view) ([]change, error) {
		if err := checkID("request id", id); err != nil {
			return nil, err
		}
		if err := checkEnded(v, id); err != nil {
			return nil, err
		}
		if v.get(bucketRetired, []byte(id)) != nil {
			return nil, nil
		}
		changes := []change{{bucketRetired, []byte(id), appendTime(nil, audit.At)}}
		v.scan(bucketMessages, []byte(id+"/"), nil, func(k, _ []byte) bool {
			changes = append(changes, change{bucketMessages, bytes.Clone(k), nil})
			return true
		})
		return appendAudit(v, changes, []provisioning.AuditEvent{audit})
	})
	if err != nil {
		return fmt.Errorf("retire request %s: %w", id, err)
	}
	return nil
}

// Usage is how the store file is used.
type Usage struct {
	Size int64 // bytes of the file
	Free int64 // bytes of it that hold nothing and are used before it grows
	// Damage is what a check of the whole file found first; empty when it is sound.
	Damage string
}

// Check goes through the whole file in one read transaction and says how it is used. Writers go on meanwhile, but pages that they free are
// not used again until it ends, so that it is for a quiet hour.
func (s *Store) Check(ctx context.Context) (Usage, error) {
	var u Usage
	err := s.read(ctx, func(v view) error {
		u.Size = v.tx.Size()
		for err := range v.tx.Check() { // to its end, or its goroutine would be left behind
			if u.Damage == "" {
				u.Damage = err.Error()
			}
		}
		return nil
	})
	if err != nil {
		return u, fmt.Errorf("check the store: %w", err)
	}
	stats := s.db.Stats()
	u.Free = int64(stats.FreePageN+stats.PendingPageN) * int64(s.db.Info().PageSize)
	return u, nil
}

// compactShare and compactBytes are how much of a file must be free, and how many bytes at least, before compacting is worth a stop.
const (
	compactShare = 0.5
	compactBytes = 64 << 20
)

// Roomy reports whether compacting would give back so much that it is worth a stop of the bot.
func (u Usage) Roomy() bool {
	return u.Free >= compactBytes && float64(u.Free) >= compactShare*float64(u.Size)
}
