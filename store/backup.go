package store

import (
	"context"
	"fmt"
	"io"
)

// Backup writes a consistent copy of the file to w while the store is in use; the copy is a store file as it stands. Reads and writes go on meanwhile; pages
// that change are kept twice until it ends. It fails when ctx ends.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	err := s.read(ctx, func(v view) error {
		_, err := v.tx.WriteTo(stopWriter{ctx, w})
		return err
	})
	if ended := ctx.Err(); err != nil && ended != nil {
		err = ended // bbolt does not wrap what the writer said
	}
	if err != nil {
		return fmt.Errorf("copy the store: %w", err)
	}
	return nil
}

// stopWriter fails once its context has ended.
type stopWriter struct {
	ctx context.Context //nolint:containedctx // lives for one call, io.Writer takes none
	w   io.Writer
}

func (s stopWriter) Write(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.w.Write(p)
}
