package store_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"portalbot/provisioning"
	"portalbot/store"
)

// refused opens a file that must not open, and returns the sentence.
func refused(t *testing.T, path string) string {
	t.Helper()
	s, err := store.Open(path, store.Options{})
	if err == nil {
		check(t, s.Close())
		t.Fatal("the file was opened")
	}
	return err.Error()
}

func wantWords(t *testing.T, sentence string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(sentence, w) {
			t.Errorf("%q does not say %q", sentence, w)
		}
	}
}

func TestFileOfARunningBotIsRefusedInWords(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	openFile(t, path, store.Options{})
	_, err := store.Open(path, store.Options{})
	wantErr(t, err, store.ErrLocked)
	wantWords(t, err.Error(), path, "Stop it", "admin address")
}

func TestNewFileCanBeReadByItsOwnerOnly(t *testing.T) {
	t.Parallel()
	s := open(t)
	info, err := os.Stat(s.Path())
	check(t, err)
	if mode := info.Mode().Perm(); mode != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("mode %04o, want 0600", mode)
	}
	if n, err := s.Size(); n != info.Size() || err != nil {
		t.Errorf("size %d, %v, want %d", n, err, info.Size())
	}
}

func TestFilesThatCannotBeAStoreAreRefusedInWords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	wantWords(t, refused(t, ""), "file name")
	wantWords(t, refused(t, filepath.Join(dir, "none", "p.db")), filepath.Join(dir, "none"), "does not exist", "create it")
	wantWords(t, refused(t, dir), "is not a file")

	text := filepath.Join(dir, "text")
	check(t, os.WriteFile(text, []byte(strings.Repeat("Dear diary\n", 1000)), 0o600))
	wantWords(t, refused(t, text), "not a portalbot store or is damaged")

	if runtime.GOOS != "windows" {
		loose := filepath.Join(dir, "loose.db")
		check(t, os.WriteFile(loose, nil, 0o600))
		check(t, os.Chmod(loose, 0o640))
		wantWords(t, refused(t, loose), "0640", "chmod 600 "+loose)
	}
}

func TestFileOfAnotherProgramIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := bbolt.Open(path, 0o600, nil)
	check(t, err)
	check(t, db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("things"))
		return err
	}))
	check(t, db.Close())
	wantWords(t, refused(t, path), path, "belongs to another program")
}

func TestFileOfANewerBotIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	s, err := store.Open(path, store.Options{})
	check(t, err)
	check(t, s.Close())
	tamper(t, path, func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("schema"), []byte("99")) })
	_, err = store.Open(path, store.Options{})
	wantErr(t, err, store.ErrNewer)
	wantWords(t, err.Error(), path, "99", "backup")
}

func TestClosedStoreSaysSo(t *testing.T) {
	t.Parallel()
	s := open(t)
	check(t, s.Close())
	check(t, s.Close())
	_, err := s.NewID(t.Context())
	wantErr(t, err, store.ErrClosed)
	_, err = s.Request(t.Context(), "P-1")
	wantErr(t, err, store.ErrClosed)
	for _, err := range s.Requests(t.Context(), provisioning.Filter{}) {
		wantErr(t, err, store.ErrClosed)
	}
}

func TestEndedContextStopsReadsAndWrites(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Commit(ctx, provisioning.Commit{Request: newRequest("P-1")})
	wantErr(t, err, context.Canceled)
	_, err = s.Request(ctx, "P-1")
	wantErr(t, err, context.Canceled)
	_, err = s.Request(t.Context(), "P-1")
	wantErr(t, err, provisioning.ErrNotFound)
}
