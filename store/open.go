package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"portalbot/provisioning"
)

// lockTimeout is how long Open waits for another process to let go of the file: long enough for a restart that overlaps.
const lockTimeout = 2 * time.Second

// fileMode lets only the owner read the file: it holds names and addresses.
const fileMode fs.FileMode = 0o600

// mapBytes is the address space reserved for the file at open. A file that outgrows its map is mapped anew, which waits for every
// reader, a slow backup too; so the map starts larger than the file is expected to become. It costs no memory.
const mapBytes = 1 << 30

// Errors that callers test for.
var (
	// ErrLocked means that another process has the file open.
	ErrLocked = errors.New("another portalbot has this file open")
	// ErrNewer means that the file was written by a newer portalbot.
	ErrNewer = errors.New("the file was written by a newer portalbot")
	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrTooLarge means that a value is over the limit of 512 KiB.
	ErrTooLarge = errors.New("the value is too large to store")
)

// Options changes how a store works. The zero value is what production uses.
type Options struct {
	// BeforeCommit and AfterCommit are for crash tests. They are called around every write with a stable name ("commit", "plan rows",
	// "accept delivery", ...), one after the other and never at the same time. An error of BeforeCommit leaves the write out and is
	// returned to the caller; an error of AfterCommit is returned although the write is durable. They must not call the store. Writes of
	// Open are not announced.
	BeforeCommit func(op string) error
	AfterCommit  func(op string) error
}

// Store is an open store file. It is safe for concurrent use.
type Store struct {
	db   *bbolt.DB
	path string
	o    Options

	urgent  chan *save // what a person or the org waits for; shares transactions
	patient chan *save // bulk work; one transaction a turn
	quit    chan struct{}
	stopped chan struct{} // closed when the writer has ended

	closing sync.Once
	closed  error // what closing the file returned, set once

	noticed chan struct{}

	packers   sync.Pool // of *packer, which is nearly a megabyte
	unpackers sync.Pool // of *unpacker
}

var _ provisioning.Store = (*Store)(nil)

// Open opens the store file at path, creates it if there is none, and brings it to the present schema. It waits at most two seconds for another
// process to let go of it, then fails with ErrLocked. Every error is a sentence for the operator.
func Open(path string, o Options) (*Store, error) {
	if err := checkFile(path); err != nil {
		return nil, err
	}
	opts := &bbolt.Options{
		Timeout:      lockTimeout,
		FreelistType: bbolt.FreelistMapType,
		// The list of free pages would be written with every save and is long after a large plan was dropped.
		NoFreelistSync: true,
	}
	if runtime.GOOS != "windows" { // there bbolt would make the file itself that large
		opts.InitialMmapSize = mapBytes
	}
	db, err := bbolt.Open(path, fileMode, opts)
	switch {
	case errors.Is(err, bbolterrors.ErrTimeout):
		return nil, fmt.Errorf("%w: %s. Stop it, or use its admin address", ErrLocked, path)
	case errors.Is(err, bbolterrors.ErrInvalid), errors.Is(err, bbolterrors.ErrChecksum), errors.Is(err, bbolterrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%s is not a portalbot store or is damaged; restore a backup or name another file: %w", path, err)
	case err != nil:
		return nil, fmt.Errorf("open the store %s: %w", path, err)
	}
	if err := migrate(db, path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s := &Store{
		db:      db,
		path:    path,
		o:       o,
		urgent:  make(chan *save),
		patient: make(chan *save),
		quit:    make(chan struct{}),
		stopped: make(chan struct{}),
		noticed: make(chan struct{}, 1),
	}
	go s.write()
	return s, nil
}

// checkFile refuses what bbolt would answer with riddles: a missing folder, a folder, and a file that others can read.
func checkFile(path string) error {
	if path == "" {
		return errors.New("the store needs a file name; set store.path")
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		parent := filepath.Dir(path)
		if p, err := os.Stat(parent); err != nil || !p.IsDir() {
			return fmt.Errorf("the folder %s for the store does not exist; create it or name another file", parent)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the store: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file; the store needs the name of a file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" { // which has no such modes
		return fmt.Errorf("%s can be read by others (mode %04o) and holds names and addresses; run: chmod 600 %s", path, mode, path)
	}
	return nil
}

// Close waits for the writes and reads that have begun, then closes the file. What begins later fails with ErrClosed. Closing again returns the
// same.
func (s *Store) Close() error {
	s.closing.Do(func() {
		close(s.quit)
		<-s.stopped
		if err := s.db.Close(); err != nil {
			s.closed = fmt.Errorf("close the store: %w", err)
		}
	})
	return s.closed
}

// Path is the name of the file.
func (s *Store) Path() string { return s.path }

// Size is the size of the file in bytes.
func (s *Store) Size() (int64, error) {
	info, err := os.Stat(s.path)
	if err != nil {
		return 0, fmt.Errorf("look at the store: %w", err)
	}
	return info.Size(), nil
}

// read runs fn in a read transaction. fn must be short and bounded: while it runs, no page that it may see is used again.
func (s *Store) read(ctx context.Context, fn func(v view) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := s.db.View(func(tx *bbolt.Tx) error { return fn(view{tx}) })
	if errors.Is(err, bbolterrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}
