package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"portalbot/provisioning"
)

// requestPage is the number of requests read in one transaction.
const requestPage = 64

// Request returns the request with this id, or provisioning.ErrNotFound.
func (s *Store) Request(ctx context.Context, id string) (provisioning.Request, error) {
	var r provisioning.Request
	err := s.read(ctx, func(v view) (err error) {
		r, err = readRequest(v, []byte(id))
		return err
	})
	if err != nil {
		return provisioning.Request{}, fmt.Errorf("read request %s: %w", id, err)
	}
	return r, nil
}

// RequestByOrigin returns the request that the delivery with this key made, or provisioning.ErrNotFound.
func (s *Store) RequestByOrigin(ctx context.Context, origin string) (provisioning.Request, error) {
	var r provisioning.Request
	err := s.read(ctx, func(v view) (err error) {
		id := v.get(bucketOrigins, []byte(origin))
		if id == nil {
			return provisioning.ErrNotFound
		}
		r, err = readRequest(v, id)
		return err
	})
	if err != nil {
		return provisioning.Request{}, fmt.Errorf("read the request of delivery %s: %w", origin, err)
	}
	return r, nil
}

func readRequest(v view, id []byte) (provisioning.Request, error) {
	value := v.get(bucketRequests, id)
	if value == nil {
		return provisioning.Request{}, provisioning.ErrNotFound
	}
	var rec requestRecord
	if err := json.Unmarshal(value, &rec); err != nil {
		return provisioning.Request{}, fmt.Errorf("decode: %w", err)
	}
	return rec.request(), nil
}

// Requests yields the requests that the filter lets through, newest first by creation. Open and Requester each have an index, so that history
// costs nothing. No transaction is open while it yields: a request that changes meanwhile is seen as it is when its page is read. An error is yielded
// once, as the last.
func (s *Store) Requests(ctx context.Context, f provisioning.Filter) iter.Seq2[provisioning.Request, error] {
	return func(yield func(provisioning.Request, error) bool) {
		left := f.Limit
		var before []byte
		for {
			found, last, err := s.requestsBefore(ctx, f, before)
			if err != nil {
				yield(provisioning.Request{}, fmt.Errorf("list requests: %w", err))
				return
			}
			for _, r := range found {
				if !yield(r, nil) {
					return
				}
				if left--; left == 0 {
					return
				}
			}
			if last == nil {
				return
			}
			before = last
		}
	}
}

// requestsBefore reads one page of an index. last is where the next page goes on, nil after the last page.
func (s *Store) requestsBefore(ctx context.Context, f provisioning.Filter, before []byte) (found []provisioning.Request, last []byte, err error) {
	bucket, prefix := bucketTimes, []byte(nil)
	switch {
	case f.Open:
		bucket = bucketOpen
	case f.Requester != "":
		bucket, prefix = bucketPersons, under(f.Requester)
	}
	size := requestPage
	if f.Limit > 0 {
		size = min(size, f.Limit)
	}
	seen := 0
	err = s.read(ctx, func(v view) error {
		var failed error
		v.scanBack(bucket, prefix, before, func(k, _ []byte) bool {
			seen++
			last = k
			r, err := readRequest(v, k[len(prefix)+timeSize+1:])
			switch {
			case err != nil:
				failed = fmt.Errorf("%s: %w", k[len(prefix)+timeSize+1:], err)
			case f.Requester == "" || r.Terms.Requester == f.Requester:
				found = append(found, r)
			}
			return failed == nil && seen < size
		})
		last = bytes.Clone(last)
		return failed
	})
	if seen < size {
		last = nil
	}
	return found, last, err
}
