package commands

import (
	"context"

	"portalbot/bot"
	"portalbot/provisioning"
)

// Notices is the durable list of what is to be told, as package store keeps it. Its methods are safe for concurrent use.
type Notices interface {
	// PendingNotices returns up to limit notices that are still to be told, the smallest id first.
	PendingNotices(ctx context.Context, limit int) ([]provisioning.Notice, error)
	// NoticeSent takes a notice off the list, durably. An unknown id is no error.
	NoticeSent(ctx context.Context, id uint64) error
	// NoticesChanged receives a value some time after notices were added.
	NoticesChanged() <-chan struct{}
}

// queue shows notices to a [bot.Outbox]. Each request is a lane, so that a thread tells its story in order.
type queue struct{ notices Notices }

// Pending returns up to limit items that were not sent, the smallest ID first.
func (q queue) Pending(ctx context.Context, limit int) ([]bot.Item, error) {
	notices, err := q.notices.PendingNotices(ctx, limit)
	if err != nil {
		return nil, err
	}
	items := make([]bot.Item, len(notices))
	for i, n := range notices {
		items[i] = bot.Item{ID: n.ID, Lane: n.Request, Key: n.Key(), Rev: n.Rev}
	}
	return items, nil
}

// Sent records that an item needs nothing more.
func (q queue) Sent(ctx context.Context, id uint64) error { return q.notices.NoticeSent(ctx, id) }

// Changed returns a channel that receives some time after items were added.
func (q queue) Changed() <-chan struct{} { return q.notices.NoticesChanged() }
