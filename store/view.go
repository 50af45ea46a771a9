package store

import (
	"bytes"
	"context"

	"go.etcd.io/bbolt"
)

// pageBytes bounds what is copied out of one read transaction.
const pageBytes = 1 << 20

// view reads within a transaction. What it returns is valid only until the transaction ends.
type view struct{ tx *bbolt.Tx }

// get returns a value, nil when there is none.
func (v view) get(bucket string, key []byte) []byte {
	if len(key) == 0 {
		return nil
	}
	return v.tx.Bucket([]byte(bucket)).Get(key)
}

// scan calls fn for the keys that begin with prefix, from key from on, in order, until fn returns false.
func (v view) scan(bucket string, prefix, from []byte, fn func(k, val []byte) bool) {
	if bytes.Compare(from, prefix) < 0 {
		from = prefix
	}
	c := v.tx.Bucket([]byte(bucket)).Cursor()
	for k, val := c.Seek(from); k != nil && bytes.HasPrefix(k, prefix); k, val = c.Next() {
		if !fn(k, val) {
			return
		}
	}
}

// scanBack calls fn for the keys that begin with prefix and stand before key before (nil: from the last), in reverse order, until fn returns
// false.
func (v view) scanBack(bucket string, prefix, before []byte, fn func(k, val []byte) bool) {
	c := v.tx.Bucket([]byte(bucket)).Cursor()
	if before == nil {
		before = behind(prefix)
	}
	back := c.Last // when nothing stands at before or behind it
	if before != nil {
		if k, _ := c.Seek(before); k != nil {
			back = c.Prev
		}
	}
	for k, val := back(); k != nil && bytes.HasPrefix(k, prefix); k, val = c.Prev() {
		if !fn(k, val) {
			return
		}
	}
}

// last returns the last key that begins with prefix, nil when there is none.
func (v view) last(bucket string, prefix []byte) []byte {
	var found []byte
	v.scanBack(bucket, prefix, nil, func(k, _ []byte) bool {
		found = k
		return false
	})
	return found
}

// behind is the first key after all keys that begin with prefix, nil when there is no such key.
func behind(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			b := bytes.Clone(prefix[:i+1])
			b[i]++
			return b
		}
	}
	return nil
}

// pair is a key with its value, copied out of a transaction.
type pair struct{ key, value []byte }

// page copies up to n pairs, or as many as fit into pageBytes but at least one, from one short transaction. Ask for the next with after(last key).
func (s *Store) page(ctx context.Context, bucket string, prefix, from []byte, n int) ([]pair, error) {
	var pairs []pair
	size := 0
	err := s.read(ctx, func(v view) error {
		v.scan(bucket, prefix, from, func(k, val []byte) bool {
			if len(pairs) == n || (len(pairs) > 0 && size+len(k)+len(val) > pageBytes) {
				return false
			}
			size += len(k) + len(val)
			pairs = append(pairs, pair{bytes.Clone(k), bytes.Clone(val)})
			return true
		})
		return nil
	})
	return pairs, err
}
