package store

import (
	"bytes"
	"context"
	"fmt"
)

// Message returns what was saved for a message, nil when nothing was.
func (s *Store) Message(ctx context.Context, key string) ([]byte, error) {
	var body []byte
	err := s.read(ctx, func(v view) error {
		body = bytes.Clone(v.get(bucketMessages, []byte(key)))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read message %s: %w", key, err)
	}
	return body, nil
}

// SetMessage saves what the bot must remember of a message, at most 512 KiB, in place of what was saved before.
func (s *Store) SetMessage(ctx context.Context, key string, body []byte) error {
	if body == nil {
		body = []byte{}
	}
	err := s.save(ctx, s.urgent, "set message", func(view) ([]change, error) {
		return []change{{bucketMessages, []byte(key), body}}, nil
	})
	if err != nil {
		return fmt.Errorf("save message %s: %w", key, err)
	}
	return nil
}

// DeleteMessage forgets a message. One that is not known is no error.
func (s *Store) DeleteMessage(ctx context.Context, key string) error {
	err := s.save(ctx, s.urgent, "delete message", func(v view) ([]change, error) {
		if v.get(bucketMessages, []byte(key)) == nil {
			return nil, nil
		}
		return []change{{bucketMessages, []byte(key), nil}}, nil
	})
	if err != nil {
		return fmt.Errorf("delete message %s: %w", key, err)
	}
	return nil
}
