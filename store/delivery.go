package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"
)

const (
	inboxPage = 16  // deliveries read in one transaction
	prunePage = 500 // delivery times looked at in one transaction
)

// deliveryRecord is what is known of a delivery by its key. Fields are only ever added.
type deliveryRecord struct {
	At    time.Time `json:"at"`
	Inbox uint64    `json:"inbox,omitempty"` // its place there; 0 when it is finished
}

// inboxRecord is a delivery that is not finished. Fields are only ever added.
type inboxRecord struct {
	Key  string    `json:"key"`
	Kind string    `json:"kind"`
	At   time.Time `json:"at"`
	Body []byte    `json:"body,omitempty"`
}

// AcceptDelivery saves a delivery and reports whether its key is new. When it returns without an error the delivery is durable and may be
// acknowledged. A key is known until PruneDeliveries forgets it, across restarts.
func (s *Store) AcceptDelivery(ctx context.Context, key, kind string, body []byte, at time.Time) (fresh bool, err error) {
	err = s.save(ctx, s.urgent, "accept delivery", func(v view) ([]change, error) {
		fresh = v.get(bucketDeliveries, []byte(key)) == nil
		if !fresh {
			return nil, nil
		}
		place := lastNumber(v.get(bucketMeta, []byte(metaDelivery))) + 1
		known, err := json.Marshal(deliveryRecord{At: at.UTC(), Inbox: place})
		if err != nil {
			return nil, fmt.Errorf("encode: %w", err)
		}
		waiting, err := json.Marshal(inboxRecord{Key: key, Kind: kind, At: at.UTC(), Body: body})
		if err != nil {
			return nil, fmt.Errorf("encode: %w", err)
		}
		return []change{
			{bucketDeliveries, []byte(key), known},
			{bucketDeliveryTimes, append(appendTime(nil, at), key...), present},
			{bucketInbox, number(place), waiting},
			{bucketMeta, []byte(metaDelivery), number(place)},
		}, nil
	})
	if err != nil {
		return false, fmt.Errorf("save delivery %s: %w", key, err)
	}
	return fresh, nil
}

// FinishDelivery deletes a delivery's body; its key stays known. Finishing again, or a key that is not known, is no error.
func (s *Store) FinishDelivery(ctx context.Context, key string) error {
	err := s.save(ctx, s.urgent, "finish delivery", func(v view) ([]change, error) {
		value := v.get(bucketDeliveries, []byte(key))
		if value == nil {
			return nil, nil
		}
		var known deliveryRecord
		if err := json.Unmarshal(value, &known); err != nil {
			return nil, fmt.Errorf("decode: %w", err)
		}
		if known.Inbox == 0 {
			return nil, nil
		}
		place := number(known.Inbox)
		known.Inbox = 0
		value, err := json.Marshal(known)
		if err != nil {
			return nil, fmt.Errorf("encode: %w", err)
		}
		return []change{{bucketDeliveries, []byte(key), value}, {bucketInbox, place, nil}}, nil
	})
	if err != nil {
		return fmt.Errorf("finish delivery %s: %w", key, err)
	}
	return nil
}

// UnfinishedDeliveries calls yield for each delivery that is not finished, in the order of arrival, until yield fails. No transaction is open
// meanwhile, so that yield may finish deliveries.
func (s *Store) UnfinishedDeliveries(ctx context.Context, yield func(key, kind string, body []byte, at time.Time) error) error {
	var from []byte
	for {
		pairs, err := s.page(ctx, bucketInbox, nil, from, inboxPage)
		if err != nil {
			return fmt.Errorf("read the inbox: %w", err)
		}
		for _, p := range pairs {
			var d inboxRecord
			if err := json.Unmarshal(p.value, &d); err != nil {
				return fmt.Errorf("read place %d of the inbox: %w", lastNumber(p.key), err)
			}
			if err := yield(d.Key, d.Kind, d.Body, d.At); err != nil {
				return err
			}
		}
		if len(pairs) == 0 {
			return nil
		}
		from = after(pairs[len(pairs)-1].key)
	}
}

// PruneDeliveries forgets the finished deliveries that came before a time and returns their number. It works in bounded transactions. A
// delivery that is not finished stays.
func (s *Store) PruneDeliveries(ctx context.Context, before time.Time) (int, error) {
	end := appendTime(nil, before)
	var from []byte
	pruned := 0
	for more := true; more; {
		count := 0
		err := s.save(ctx, s.patient, "prune deliveries", func(v view) ([]change, error) {
			var changes []change
			var failed error
			seen := 0
			more = false
			v.scan(bucketDeliveryTimes, nil, from, func(k, _ []byte) bool {
				if bytes.Compare(k, end) >= 0 {
					return false
				}
				if more = seen == prunePage; more {
					return false
				}
				seen++
				from = after(k)
				key := bytes.Clone(k[timeSize:])
				var known deliveryRecord
				if err := json.Unmarshal(v.get(bucketDeliveries, key), &known); err != nil {
					failed = fmt.Errorf("read delivery %s: %w", key, err)
					return false
				}
				if known.Inbox == 0 {
					count++
					changes = append(changes, change{bucketDeliveries, key, nil}, change{bucketDeliveryTimes, bytes.Clone(k), nil})
				}
				return true
			})
			return changes, failed
		})
		if err != nil {
			return pruned, fmt.Errorf("prune deliveries: %w", err)
		}
		pruned += count
	}
	return pruned, nil
}
