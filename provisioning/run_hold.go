package provisioning

import (
	"context"
	"fmt"
	"time"
)

const (
	budgetPause      = 15 * time.Minute // Salesforce counts API requests over a rolling 24 h, so some come back all the time
	maintenancePause = 5 * time.Minute
	probeTimeout     = time.Minute
)

// hold pauses and resumes the run as the stop switch, the API budget and the clock say.
func (r *run) hold(ctx context.Context) error {
	sw, err := r.e.store.Switch(ctx)
	if err != nil {
		return fmt.Errorf("read the stop switch: %w", err)
	}
	now := r.e.now()
	switch r.req.State {
	case StateRunning:
		if sw.On {
			return r.commit(ctx, Held{Hold{Code: HoldSwitch, Reason: sw.Reason}})
		}
		if r.overBudget() {
			return r.pause(ctx, HoldBudget, "the org's daily API requests are used up to the reserve", now.Add(budgetPause))
		}
	case StatePaused:
		switch {
		case sw.On && r.req.Hold.Code != HoldSwitch:
			return r.commit(ctx, Held{Hold{Code: HoldSwitch, Reason: sw.Reason}})
		case sw.On:
		case r.req.Hold.Code == HoldSwitch:
			return r.commit(ctx, Resumed{})
		case !now.Before(r.req.Hold.Until):
			r.probe(ctx)
		}
	}
	return nil
}

// probe asks the org something cheap, which also tells its API usage, and resumes the run when it answers.
func (r *run) probe(ctx context.Context) {
	if r.probing {
		return
	}
	r.probing = true
	r.spawn(ctx, func(ctx context.Context) event {
		ctx, cancel := context.WithTimeout(ctx, probeTimeout)
		defer cancel()
		_, err := r.e.org.Licenses(ctx)
		return event{do: func(ctx context.Context) error { return r.probed(ctx, err) }}
	})
}

func (r *run) probed(ctx context.Context, err error) error {
	r.probing = false
	if r.req.State != StatePaused || r.req.Hold.Code == HoldSwitch || r.leaving {
		return nil
	}
	if err == nil && !r.overBudget() {
		r.failed, r.calm = 0, time.Time{}
		return r.commit(ctx, Resumed{})
	}
	r.failed++
	h := r.req.Hold
	h.Until = r.e.now().Add(r.e.opts.backoff(r.failed))
	if h.Code == HoldBudget {
		h.Until = r.e.now().Add(budgetPause)
	}
	return r.commit(ctx, Held{h})
}

// overBudget reports whether the org's daily API requests are used up to the reserve.
func (r *run) overBudget() bool {
	u, p := r.e.org.Usage(), r.e.opts.ReservePercent
	return p > 0 && u.Max > 0 && (u.Max-u.Used)*100 < u.Max*p
}

func (r *run) pause(ctx context.Context, code, reason string, until time.Time) error {
	if r.req.State != StateRunning {
		return nil
	}
	return r.commit(ctx, Held{Hold{Code: code, Reason: reason, Until: until}})
}

// enter asks the org who the bot is there. Nothing is read or written before that is known.
func (r *run) enter(ctx context.Context) {
	if r.entering {
		return
	}
	r.entering = true
	r.spawn(ctx, func(ctx context.Context) event {
		who, err := r.e.org.Identity(ctx)
		return event{do: func(ctx context.Context) error {
			r.entering = false
			if err != nil {
				return r.callFailed(ctx, fmt.Errorf("sign in to Salesforce: %w", err))
			}
			r.who = who
			r.guard = NewGuard(r.e.opts.Portals[r.req.Terms.Portal], who.UserID)
			return nil
		}}
	})
}
