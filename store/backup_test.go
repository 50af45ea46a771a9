package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"portalbot/provisioning"
	"portalbot/store"
)

func TestBackupIsConsistentWhileTheBotWrites(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := commit(t, s, provisioning.Commit{Request: newRequest("P-1"), Audit: []provisioning.AuditEvent{{Event: "before"}}})

	reader, writer := io.Pipe() // holds the copy up in its first write
	done := make(chan error, 1)
	go func() {
		err := s.Backup(t.Context(), writer)
		done <- errors.Join(err, writer.Close())
	}()
	first := make([]byte, 1)
	_, err := io.ReadFull(reader, first)
	check(t, err)
	// More than 16 MiB, the step in which bbolt lets a file grow, so that the copy would hold up the writer if the map had to grow with it.
	big := bytes.Repeat([]byte("x"), 500<<10)
	for i := range 40 {
		check(t, s.SetMessage(t.Context(), string(rune('a'+i)), big))
	}
	commit(t, s, provisioning.Commit{Request: r, Audit: []provisioning.AuditEvent{{Event: "meanwhile"}}})

	rest, err := io.ReadAll(reader)
	check(t, err)
	check(t, <-done)
	path := filepath.Join(t.TempDir(), "copy.db")
	check(t, os.WriteFile(path, append(first, rest...), 0o600))
	copied := openFile(t, path, store.Options{})
	n, err := copied.VerifyAudit(t.Context())
	check(t, err)
	old, err := copied.Request(t.Context(), "P-1")
	check(t, err)
	if n != 1 || old.Rev != 1 {
		t.Errorf("the copy has %d audit lines and revision %d, want those from its begin: 1 and 1", n, old.Rev)
	}
}

func TestBackupEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Backup(ctx, writerFunc(func(p []byte) (int, error) {
		cancel()
		return len(p), nil
	}))
	wantErr(t, err, context.Canceled)
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
