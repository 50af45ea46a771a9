package bot

import (
	"context"
	"errors"
)

// ErrNotOurs means that a file is somebody else's, so that the bot cannot delete it.
var ErrNotOurs = errors.New("the file is not the bot's")

// DeleteFile deletes a file that the bot has posted (files.delete). One that is gone already is no error, so that it can be done again
// after a crash.
func (c *Client) DeleteFile(ctx context.Context, id string) error {
	err := c.call(ctx, "files.delete", "", func(ctx context.Context) error { return c.api.DeleteFileContext(ctx, id) })
	switch Code(err) {
	case "file_not_found", "file_deleted":
		return nil
	case "cant_delete_file":
		return errors.Join(ErrNotOurs, err)
	}
	return err
}

// DeletePosted deletes the file that an [Outbox] has posted under a key, and reports whether there was one. What is remembered of the key stays, so
// that the file is not posted again.
func (l *Links) DeletePosted(ctx context.Context, key string) (bool, error) {
	rec, err := recall(ctx, l.memory, key)
	if err != nil || rec.FileID == "" {
		return false, err
	}
	return true, l.client.DeleteFile(ctx, rec.FileID)
}
