package salesforce

import (
	"context"
	"sync"
)

// cell keeps one value that a request fetches. However many callers want it at once, one of them fetches and the others take
// what that one got, also its error: twenty callers with a wrong secret are one failed login, not twenty. The zero value is empty.
type cell[T any] struct {
	mu     sync.Mutex // guards the fields below
	value  *T
	flight *flight[T]
}

type flight[T any] struct {
	done      chan struct{} // closed when the fields below are set
	value     *T
	err       error
	abandoned bool // the one who fetched gave up: the next one fetches
}

// get returns the value, or fetches it when there is none or fresh says that it is too old. fetch runs with the context of
// the caller who came first; when that one gives up, another caller fetches anew.
func (c *cell[T]) get(ctx context.Context, fresh func(*T) bool, fetch func(context.Context) (*T, error)) (*T, error) {
	for {
		c.mu.Lock()
		if c.value != nil && fresh(c.value) {
			defer c.mu.Unlock()
			return c.value, nil
		}
		f := c.flight
		if f == nil {
			f = &flight[T]{done: make(chan struct{}), abandoned: true}
			c.flight = f
			c.mu.Unlock()
			return c.fly(ctx, f, fetch)
		}
		c.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if !f.abandoned {
			return f.value, f.err
		}
	}
}

func (c *cell[T]) fly(ctx context.Context, f *flight[T], fetch func(context.Context) (*T, error)) (*T, error) {
	// Deferred, so that a fetch that panics does not leave the others waiting for ever.
	defer func() {
		c.mu.Lock()
		c.flight = nil
		if f.value != nil {
			c.value = f.value
		}
		c.mu.Unlock()
		close(f.done)
	}()
	f.value, f.err = fetch(ctx)
	f.abandoned = f.err != nil && ctx.Err() != nil
	return f.value, f.err
}

// drop forgets the value v. A newer value stays, so that of many callers who failed with v only the first causes a new fetch.
func (c *cell[T]) drop(v *T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.value == v {
		c.value = nil
	}
}

// peek returns the value without fetching it, nil when there is none.
func (c *cell[T]) peek() *T {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.value
}
