package commands

import (
	"context"
	"fmt"

	"portalbot/provisioning"
)

// cancel ends a request that has not begun to run.
func (c *Commands) cancel(ctx context.Context, in call) error {
	if len(in.args) == 0 {
		return c.say(ctx, in, fmt.Sprintf("Which one? For example `%s cancel P-17`. `%s list open` shows them.", c.cfg.Name, c.cfg.Name))
	}
	return c.cancelRequest(ctx, in, requestID(in.args[0]))
}

func (c *Commands) cancelButton(ctx context.Context, in call) error {
	id, _ := readRef(in.Action.Value)
	return c.cancelRequest(ctx, in, id)
}

func (c *Commands) cancelRequest(ctx context.Context, in call, id string) error {
	r, err := c.service.Request(ctx, id)
	if err != nil {
		return c.notFound(ctx, in, id, err)
	}
	if r.State.Started() && !r.State.Ended() {
		return c.say(ctx, in, fmt.Sprintf("%s is running already: %s so far. To stop it, use `%s stop %s` or the button in its thread.",
			r.ID, statusCounts(r.Progress), c.cfg.Name, r.ID))
	}
	r, err = c.service.Cancel(ctx, r.ID, in.User, "")
	if err != nil {
		return err
	}
	return c.say(ctx, in, fmt.Sprintf("%s is cancelled. %s in its plan, none was run.", r.ID, capital(count(r.Plan.Summary.Runs(), "row"))))
}

// stop ends a running request after the calls in flight.
func (c *Commands) stop(ctx context.Context, in call) error {
	if len(in.args) == 0 {
		return c.say(ctx, in, fmt.Sprintf("Which one? For example `%s stop P-17`. `%s list open` shows them.", c.cfg.Name, c.cfg.Name))
	}
	return c.stopRequest(ctx, in, requestID(in.args[0]))
}

func (c *Commands) stopButton(ctx context.Context, in call) error {
	id, _ := readRef(in.Action.Value)
	return c.stopRequest(ctx, in, id)
}

func (c *Commands) stopRequest(ctx context.Context, in call, id string) error {
	r, err := c.service.Request(ctx, id)
	if err != nil {
		return c.notFound(ctx, in, id, err)
	}
	if !r.State.Started() && !r.State.Ended() {
		return c.say(ctx, in, fmt.Sprintf("%s has not begun to run. To cancel it, use `%s cancel %s`.", r.ID, c.cfg.Name, r.ID))
	}
	if r, err = c.service.Stop(ctx, r.ID, in.User); err != nil {
		return err
	}
	return c.say(ctx, in, fmt.Sprintf("%s stops. Calls that are on their way end; so far %s, and up to %s will not be started.",
		r.ID, statusCounts(r.Progress), count(openRows(r), "row")))
}

// openRows is how many rows have no result yet.
func openRows(r provisioning.Request) int { return max(0, r.Progress.Total-r.Progress.Closed()) }
