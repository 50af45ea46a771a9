package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"portalbot/provisioning"
)

const (
	// snapshotPage is the number of snapshots read or pruned in one transaction.
	snapshotPage = 400
	// maxLicenses bounds the licences of one snapshot, so that two years of them stay under a megabyte.
	maxLicenses = 12
)

// snapshotRecord is the seats of one date on disk: for each licence key the used ones and the total. The date is the key of the
// record.
type snapshotRecord map[string][2]int

// SetSnapshot saves the seats of the licences on a date (2006-01-02), in place of what was saved for that date. Licences beyond the
// first 16 and those without a key are left out; names are not kept.
func (s *Store) SetSnapshot(ctx context.Context, date string, seats []provisioning.License) error {
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return fmt.Errorf("save the seats of %q: not a date", date)
	}
	rec := make(snapshotRecord, min(len(seats), maxLicenses))
	for _, l := range seats {
		if l.Key != "" && len(rec) < maxLicenses {
			rec[l.Key] = [2]int{l.Used, l.Total}
		}
	}
	value, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("encode the seats of %s: %w", date, err)
	}
	err = s.save(ctx, s.patient, "set snapshot", func(view) ([]change, error) {
		return []change{{bucketSnapshots, []byte(date), value}}, nil
	})
	if err != nil {
		return fmt.Errorf("save the seats of %s: %w", date, err)
	}
	return nil
}

// Snapshots calls yield for each date from one on that has a snapshot, in order, with the licences by key, until yield fails. No
// transaction is open meanwhile.
func (s *Store) Snapshots(ctx context.Context, from string, yield func(date string, seats []provisioning.License) error) error {
	next := []byte(from)
	for {
		pairs, err := s.page(ctx, bucketSnapshots, nil, next, snapshotPage)
		if err != nil {
			return fmt.Errorf("read snapshots: %w", err)
		}
		for _, p := range pairs {
			var rec snapshotRecord
			if err := json.Unmarshal(p.value, &rec); err != nil {
				return fmt.Errorf("read the seats of %s: %w", p.key, err)
			}
			seats := make([]provisioning.License, 0, len(rec))
			for _, k := range slices.Sorted(maps.Keys(rec)) {
				seats = append(seats, provisioning.License{Key: k, Active: true, Used: rec[k][0], Total: rec[k][1]})
			}
			if err := yield(string(p.key), seats); err != nil {
				return err
			}
		}
		if len(pairs) == 0 {
			return nil
		}
		next = after(pairs[len(pairs)-1].key)
	}
}

// PruneSnapshots deletes the snapshots of dates before one and returns their number.
func (s *Store) PruneSnapshots(ctx context.Context, before string) (int, error) {
	pruned := 0
	for more := true; more; {
		count := 0
		err := s.save(ctx, s.patient, "prune snapshots", func(v view) ([]change, error) {
			var changes []change
			v.scan(bucketSnapshots, nil, nil, func(k, _ []byte) bool {
				if string(k) >= before || len(changes) == snapshotPage {
					return false
				}
				changes = append(changes, change{bucketSnapshots, slices.Clone(k), nil})
				return true
			})
			count = len(changes)
			more = count == snapshotPage
			return changes, nil
		})
		if err != nil {
			return pruned, fmt.Errorf("prune snapshots: %w", err)
		}
		pruned += count
	}
	return pruned, nil
}
