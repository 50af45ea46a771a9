package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"portalbot/provisioning"
)

// ErrOpen means that the request has not ended.
var ErrOpen = errors.New("the request has not ended")

// Purge deletes what a request keeps beside its own record and may name people: the rows of all its plans, the texts in its journal, and the
// notices that nobody was told. The request, what happened to each row, ids and codes stay, and so does the audit trail. It works in bounded
// transactions; one that was cut short is done further when it is asked for again. A request that has not ended is ErrOpen.
func (s *Store) Purge(ctx context.Context, id string) error {
	if err := s.purge(ctx, id); err != nil {
		return fmt.Errorf("purge request %s: %w", id, err)
	}
	return nil
}

func (s *Store) purge(ctx context.Context, id string) error {
	if err := checkID("request id", id); err != nil {
		return err
	}
	plans := []byte(id + ".")
	err := s.drain(ctx, "purge plans", id, func(v view) []change {
		changes := takeOut(v, nil, bucketRows, plans)
		changes = takeOut(v, changes, bucketNumbers, plans)
		if len(changes) == 0 {
			changes = takeOut(v, nil, bucketPlans, plans)
		}
		return changes
	})
	if err != nil {
		return err
	}
	if err := s.purgeTexts(ctx, id); err != nil {
		return err
	}
	return s.purgeNotices(ctx, id)
}

// drain saves what next returns until it returns nothing.
func (s *Store) drain(ctx context.Context, name, id string, next func(v view) []change) error {
	for more := true; more; {
		err := s.save(ctx, s.patient, name, func(v view) ([]change, error) {
			if err := checkEnded(v, id); err != nil {
				return nil, err
			}
			changes := next(v)
			more = len(changes) > 0
			return changes, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// purgeTexts takes the messages out of the journal, one page a transaction.
func (s *Store) purgeTexts(ctx context.Context, id string) error {
	from := under(id)
	for {
		pairs, err := s.page(ctx, bucketJournal, under(id), from, journalPage)
		if err != nil || len(pairs) == 0 {
			return err
		}
		var changes []change
		for _, p := range pairs {
			var rec entryRecord
			if err := json.Unmarshal(p.value, &rec); err != nil {
				return fmt.Errorf("read journal entry %d: %w", lastNumber(p.key), err)
			}
			for i := range rec.Rows {
				rec.Rows[i].Text, rec.Rows[i].Fix = "", ""
			}
			value, err := json.Marshal(rec)
			if err != nil {
				return fmt.Errorf("encode journal entry %d: %w", lastNumber(p.key), err)
			}
			if !bytes.Equal(value, p.value) {
				changes = append(changes, change{bucketJournal, p.key, value})
			}
		}
		err = s.save(ctx, s.patient, "purge journal", func(v view) ([]change, error) {
			return changes, checkEnded(v, id) // nothing is appended or changed after the end
		})
		if err != nil {
			return err
		}
		from = after(pairs[len(pairs)-1].key)
	}
}

// purgeNotices takes the request's notices out of the list of pending ones, which is short.
func (s *Store) purgeNotices(ctx context.Context, id string) error {
	var from []byte
	for {
		pairs, err := s.page(ctx, bucketNotices, nil, from, maxPlanBatch)
		if err != nil || len(pairs) == 0 {
			return err
		}
		var changes []change
		for _, p := range pairs {
			var rec noticeRecord
			if err := json.Unmarshal(p.value, &rec); err != nil {
				return fmt.Errorf("read notice %d: %w", lastNumber(p.key), err)
			}
			if rec.Request == id {
				changes = append(changes, change{bucketNotices, p.key, nil})
			}
		}
		err = s.save(ctx, s.patient, "purge notices", func(view) ([]change, error) { return changes, nil })
		if err != nil {
			return err
		}
		from = after(pairs[len(pairs)-1].key)
	}
}

// checkEnded refuses a request that is known and still open.
func checkEnded(v view, id string) error {
	head, err := readHeadOf(v, id)
	if err != nil || head == nil {
		return err
	}
	if !provisioning.State(head.State).Ended() {
		return fmt.Errorf("%w: it is %s", ErrOpen, head.State)
	}
	return nil
}
