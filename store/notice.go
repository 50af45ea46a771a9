package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"portalbot/provisioning"
)

// noticeRecord is a notice on disk; its id is the key. Fields are only ever added.
type noticeRecord struct {
	Request string    `json:"request"`
	Kind    string    `json:"kind"`
	Ref     string    `json:"ref,omitempty"`
	Rev     uint64    `json:"rev,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

func newNoticeRecord(n provisioning.Notice) noticeRecord {
	return noticeRecord{Request: n.Request, Kind: string(n.Kind), Ref: n.Ref, Rev: n.Rev, At: n.At.UTC()}
}

func (n noticeRecord) notice(id uint64) provisioning.Notice {
	return provisioning.Notice{ID: id, Request: n.Request, Kind: provisioning.NoticeKind(n.Kind), Ref: n.Ref, Rev: n.Rev, At: n.At}
}

// PendingNotices returns up to limit notices that are still to be told, in the order of their ids.
func (s *Store) PendingNotices(ctx context.Context, limit int) ([]provisioning.Notice, error) {
	pairs, err := s.page(ctx, bucketNotices, nil, nil, limit)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	notices := make([]provisioning.Notice, 0, len(pairs))
	for _, p := range pairs {
		var rec noticeRecord
		id := lastNumber(p.key)
		if err := json.Unmarshal(p.value, &rec); err != nil {
			return nil, fmt.Errorf("read notice %d: %w", id, err)
		}
		notices = append(notices, rec.notice(id))
	}
	return notices, nil
}

// NoticeSent takes a notice off the list. Doing it again is no error.
func (s *Store) NoticeSent(ctx context.Context, id uint64) error {
	err := s.save(ctx, s.urgent, "notice sent", func(v view) ([]change, error) {
		if v.get(bucketNotices, number(id)) == nil {
			return nil, nil
		}
		return []change{{bucketNotices, number(id), nil}}, nil
	})
	if err != nil {
		return fmt.Errorf("save that notice %d was sent: %w", id, err)
	}
	return nil
}

// NoticesChanged receives a value after notices were added. Several additions may be told by one value, so that the receiver reads
// PendingNotices to its end each time, and once at start.
func (s *Store) NoticesChanged() <-chan struct{} { return s.noticed }

// wake tells the receiver of NoticesChanged; a value that waits there already says the same.
func (s *Store) wake() {
	select {
	case s.noticed <- struct{}{}:
	default:
	}
}
