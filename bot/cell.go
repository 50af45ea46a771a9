package bot

import (
	"context"
	"math"
	"sync"
	"time"
)

// forever is the age up to which a value is good that does not change.
const forever = time.Duration(math.MaxInt64)

// cell keeps a value that was fetched, so that several goroutines that want it make one call between them. The zero cell is empty.
type cell[T any] struct {
	once sync.Once
	turn chan struct{} // holds a token while nobody reads or fetches

	// Guarded by turn.
	value T
	at    time.Time // when its fetch began
	full  bool
}

// get returns the value if it is younger than maxAge, and fetches it otherwise. An error is not kept.
func (c *cell[T]) get(ctx context.Context, maxAge time.Duration, fetch func(context.Context) (T, error)) (T, error) {
	c.once.Do(func() {
		c.turn = make(chan struct{}, 1)
		c.turn <- struct{}{}
	})
	asked := time.Now()
	var zero T
	select {
	case <-c.turn:
		defer func() { c.turn <- struct{}{} }()
	case <-ctx.Done():
		return zero, ctx.Err()
	}
	// A value whose fetch began after we asked is as good as one that we fetch now.
	if c.full && (asked.Sub(c.at) < maxAge || !c.at.Before(asked)) {
		return c.value, nil
	}
	began := time.Now()
	v, err := fetch(ctx)
	if err != nil {
		return zero, err
	}
	c.value, c.at, c.full = v, began, true
	return v, nil
}
