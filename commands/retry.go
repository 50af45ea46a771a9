package commands

import "context"

// retries makes a request of the rows of an earlier one that failed, were held back or were never started.
func (c *Commands) retries() again {
	return again{name: "retry", title: "Retry", may: c.service.MayRetry, propose: c.service.Retry}
}

func (c *Commands) retry(ctx context.Context, in call) error {
	return c.againCommand(ctx, in, c.retries())
}

func (c *Commands) retryButton(ctx context.Context, in call) error {
	return c.againButton(ctx, in, c.retries())
}
