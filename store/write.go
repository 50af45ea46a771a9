package store

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

const (
	// maxValue is the largest value: what every key-value store takes that this one may be moved to.
	// Source: etcd documentation, system limits: requests up to 1.5 MiB by default; a third of it leaves room for a transaction.
	maxValue = 512 << 10
	// maxGroup is the number of saves that share one transaction, so that the first of them does not wait for a crowd.
	maxGroup = 128
)

// save is one unit of change: it takes effect as a whole or not at all.
type save struct {
	name string // stable, for the hooks
	// decide reads and returns what is to be written. It may be asked once only, and writes nothing itself.
	decide func(v view) ([]change, error)
	wrote  bool
	err    error
	done   chan struct{}
}

// change is one key written or, with a nil value, deleted.
type change struct {
	bucket string
	key    []byte
	value  []byte
}

// save hands a save to the writer and waits for its end. Once the writer has it, ctx no longer matters: the answer comes within a transaction or
// two, and a caller that left earlier would not know what became of it.
func (s *Store) save(ctx context.Context, queue chan<- *save, name string, decide func(v view) ([]change, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	sv := &save{name: name, decide: decide, done: make(chan struct{})}
	select {
	case <-s.quit:
		return ErrClosed
	default:
	}
	select {
	case queue <- sv:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.quit:
		return ErrClosed
	}
	<-sv.done
	return sv.err
}

// write is the only writer. It ends when quit is closed; a save that was handed over by then is finished, since both queues are unbuffered.
func (s *Store) write() {
	defer close(s.stopped)
	for {
		select {
		case sv := <-s.urgent:
			s.commit(s.gather(sv))
			select { // urgent saves that never cease must not starve the patient ones
			case sv := <-s.patient:
				s.commit([]*save{sv})
			default:
			}
			continue
		default:
		}
		select {
		case sv := <-s.urgent:
			s.commit(s.gather(sv))
		case sv := <-s.patient:
			s.commit([]*save{sv})
		case <-s.quit:
			return
		}
	}
}

// gather adds every urgent save that waits at this moment.
func (s *Store) gather(first *save) []*save {
	group := []*save{first}
	for len(group) < maxGroup {
		select {
		case sv := <-s.urgent:
			group = append(group, sv)
		default:
			return group
		}
	}
	return group
}

// commit writes a group in one transaction and tells each save how it ended.
func (s *Store) commit(group []*save) {
	if err := s.transact(group); err != nil {
		for _, sv := range group {
			if sv.err == nil {
				sv.err = err
			}
		}
	}
	for _, sv := range group {
		if sv.wrote && sv.err == nil {
			sv.err = hook(s.o.AfterCommit, sv.name)
		}
		close(sv.done)
	}
}

// transact runs the saves one after the other, so that each sees what those before it wrote. A save that is refused has written nothing and
// leaves the others alone; an error of the file itself undoes them all and is returned.
func (s *Store) transact(group []*save) error {
	tx, err := s.db.Begin(true)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	wrote := false
	for _, sv := range group {
		changes, err := sv.decide(view{tx})
		if err == nil {
			err = checkSizes(changes)
		}
		if err == nil && len(changes) > 0 {
			err = hook(s.o.BeforeCommit, sv.name)
		}
		if err != nil {
			sv.err = err
			continue
		}
		if len(changes) == 0 {
			continue
		}
		if err := apply(tx, changes); err != nil {
			return errors.Join(fmt.Errorf("write (%s): %w", sv.name, err), tx.Rollback())
		}
		sv.wrote, wrote = true, true
	}
	if !wrote {
		return tx.Rollback()
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit a transaction: %w", err)
	}
	return nil
}

func hook(fn func(op string) error, op string) error {
	if fn == nil {
		return nil
	}
	return fn(op)
}

// checkSizes finds what the file would refuse before anything is written.
func checkSizes(changes []change) error {
	for _, c := range changes {
		if len(c.value) > maxValue {
			return fmt.Errorf("%w: %d bytes in %s, at most %d", ErrTooLarge, len(c.value), c.bucket, maxValue)
		}
		if len(c.key) == 0 || len(c.key) > bbolt.MaxKeySize {
			return fmt.Errorf("a key of %d bytes in %s: at least 1 and at most %d", len(c.key), c.bucket, bbolt.MaxKeySize)
		}
	}
	return nil
}

func apply(tx *bbolt.Tx, changes []change) error {
	for _, c := range changes {
		b := tx.Bucket([]byte(c.bucket))
		if b == nil {
			return fmt.Errorf("there is no bucket %s", c.bucket)
		}
		var err error
		if c.value == nil {
			err = b.Delete(c.key)
		} else {
			b.FillPercent = fill(c.bucket)
			err = b.Put(c.key, c.value)
		}
		if err != nil {
			return fmt.Errorf("in %s: %w", c.bucket, err)
		}
	}
	return nil
}

// fill is how full pages are packed: nearly full where keys only grow, by half where they come anywhere.
func fill(bucket string) float64 {
	switch bucket {
	case bucketRows, bucketJournal, bucketAudit, bucketSnapshots:
		return 0.95
	}
	return bbolt.DefaultFillPercent
}
