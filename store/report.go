package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"portalbot/provisioning"
)

// reportPage is the number of reports deleted in one transaction.
const reportPage = 50

// SaveReport saves a report, at most 512 KiB, together with the notices that tell it, whose Request is set to its id. A report whose id is
// known already is left as it is and not told again; fresh is false then.
func (s *Store) SaveReport(ctx context.Context, id string, at time.Time, body []byte, notices []provisioning.Notice) (fresh bool, err error) {
	if err := checkID("report id", id); err != nil {
		return false, err
	}
	err = s.save(ctx, s.patient, "save report", func(v view) ([]change, error) {
		if fresh = v.get(bucketReports, []byte(id)) == nil; !fresh {
			return nil, nil
		}
		changes := []change{
			{bucketReports, []byte(id), body},
			{bucketReportTimes, append(appendTime(nil, at), id...), present},
		}
		last := lastNumber(v.get(bucketMeta, []byte(metaNotice)))
		for _, n := range notices {
			n.Request = id
			value, err := json.Marshal(newNoticeRecord(n))
			if err != nil {
				return nil, fmt.Errorf("encode a notice: %w", err)
			}
			last++
			changes = append(changes, change{bucketNotices, number(last), value})
		}
		return append(changes, change{bucketMeta, []byte(metaNotice), number(last)}), nil
	})
	if err != nil {
		return false, fmt.Errorf("save report %s: %w", id, err)
	}
	if fresh && len(notices) > 0 {
		s.wake()
	}
	return fresh, nil
}

// Report returns what was saved for a report, nil when nothing was or it was pruned.
func (s *Store) Report(ctx context.Context, id string) ([]byte, error) {
	var body []byte
	err := s.read(ctx, func(v view) error {
		body = bytes.Clone(v.get(bucketReports, []byte(id)))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read report %s: %w", id, err)
	}
	return body, nil
}

// PruneReports deletes the reports that were made before a time and returns their ids.
func (s *Store) PruneReports(ctx context.Context, before time.Time) ([]string, error) {
	end := appendTime(nil, before)
	var ids []string
	for more := true; more; {
		var batch []string
		err := s.save(ctx, s.patient, "prune reports", func(v view) ([]change, error) {
			var changes []change
			v.scan(bucketReportTimes, nil, nil, func(k, _ []byte) bool {
				if bytes.Compare(k, end) >= 0 || len(batch) == reportPage {
					return false
				}
				id := bytes.Clone(k[timeSize:])
				changes = append(changes, change{bucketReportTimes, bytes.Clone(k), nil}, change{bucketReports, id, nil})
				batch = append(batch, string(id))
				return true
			})
			more = len(batch) == reportPage
			return changes, nil
		})
		if err != nil {
			return ids, fmt.Errorf("prune reports: %w", err)
		}
		ids = slices.Concat(ids, batch)
	}
	return ids, nil
}
