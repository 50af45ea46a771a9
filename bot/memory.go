package bot

import (
	"context"
	"time"
)

// Memory is what the bot must remember over a restart. Every change is durable when its method returns. All methods may be called
// from several goroutines at once.
type Memory interface {
	// AcceptDelivery saves a delivery that is not known yet and returns true. It returns false, and changes nothing, when key is
	// known, finished or not. Of several calls with one key exactly one returns true.
	AcceptDelivery(ctx context.Context, key, kind string, body []byte, at time.Time) (fresh bool, err error)
	// FinishDelivery records that a delivery was handled. Its key stays known until it is pruned; its body is needed no more. An
	// unknown key is no error.
	FinishDelivery(ctx context.Context, key string) error
	// UnfinishedDeliveries calls yield for each delivery that was accepted and not finished, oldest first, and stops at the
	// first error, which it returns. yield may call any method of Memory; body is valid only until yield returns.
	UnfinishedDeliveries(ctx context.Context, yield func(key, kind string, body []byte, at time.Time) error) error
	// PruneDeliveries forgets finished deliveries that were accepted before a time, and returns how many.
	PruneDeliveries(ctx context.Context, before time.Time) (int, error)

	// Message returns what [Memory.SetMessage] saved last for key: nil and no error when nothing is known.
	Message(ctx context.Context, key string) ([]byte, error)
	// SetMessage saves what is known of a message, under 4 KiB.
	SetMessage(ctx context.Context, key string, body []byte) error
	// DeleteMessage forgets a message. An unknown key is no error.
	DeleteMessage(ctx context.Context, key string) error
}
