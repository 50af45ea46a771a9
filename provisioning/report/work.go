package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"portalbot/provisioning"
)

// work fills in what requests did: those that ended in the period, those that wait, and the dates of the activity chart.
func (m *Maker) work(ctx context.Context, s Settings, r *Report) error {
	r.Work = Work{Counts: map[provisioning.Status]int{}, Others: map[provisioning.State]int{}}
	activity := map[string]*Day{}
	last := r.Until.In(s.Zone)
	for i := activityDays - 1; i >= 0; i-- {
		r.Activity = append(r.Activity, Day{Date: last.AddDate(0, 0, -i).Format(time.DateOnly)})
	}
	for i := range r.Activity {
		activity[r.Activity[i].Date] = &r.Activity[i]
	}
	earliest := r.From
	if first := last.AddDate(0, 0, -activityDays); first.Before(earliest) {
		earliest = first
	}
	earliest = earliest.Add(-lookBack)
	errs := map[Errors]int{}
	for q, err := range m.cfg.Requests.Requests(ctx, provisioning.Filter{}) {
		if err != nil {
			return fmt.Errorf("read requests: %w", err)
		}
		if q.CreatedAt.Before(earliest) && q.State.Ended() {
			break // newest first
		}
		if len(s.Portals) > 0 && !slices.Contains(s.Portals, q.Terms.Portal) {
			continue
		}
		if !q.State.Ended() {
			r.wait(q)
			continue
		}
		if q.EndedAt.After(r.Until) {
			continue
		}
		if d := activity[q.EndedAt.In(s.Zone).Format(time.DateOnly)]; d != nil {
			d.add(q.Progress.Counts)
		}
		if !q.EndedAt.After(r.From) {
			continue
		}
		if err := m.ended(ctx, &r.Work, q, errs); err != nil {
			return err
		}
	}
	for e, n := range errs {
		e.Count = n
		r.Work.Errors = append(r.Work.Errors, e)
	}
	slices.SortFunc(r.Work.Errors, func(a, b Errors) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Fix, b.Fix))
	})
	slices.SortFunc(r.Waiting, func(a, b Waiting) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID)) })
	slices.SortFunc(r.Work.Requests, func(a, b Done) int { return cmp.Or(b.Ended.Compare(a.Ended), cmp.Compare(b.ID, a.ID)) })
	if len(r.Work.Requests) > maxRequests {
		r.Work.Requests = r.Work.Requests[:maxRequests]
	}
	return nil
}

// ended counts one request that ended in the period.
func (m *Maker) ended(ctx context.Context, w *Work, q provisioning.Request, errs map[Errors]int) error {
	if !q.State.Started() {
		w.Others[q.State]++
		return nil
	}
	done := Done{ID: q.ID, State: q.State, Verb: q.Terms.Verb, Person: q.Terms.Requester, Ended: q.EndedAt, Counts: maps.Clone(q.Progress.Counts)}
	w.Requests = append(w.Requests, done)
	trouble := 0
	for s, n := range q.Progress.Counts {
		w.Counts[s] += n
		if !s.Succeeded() && s != provisioning.StatusSkipped {
			trouble += n
		}
	}
	if trouble == 0 {
		return nil
	}
	groups, err := m.cfg.Requests.Failures(ctx, q)
	if errors.Is(err, provisioning.ErrNotFound) {
		return nil // its rows were purged already, the counts stay
	}
	if err != nil {
		return fmt.Errorf("read what failed in %s: %w", q.ID, err)
	}
	for _, g := range groups {
		if g.Status == provisioning.StatusFailed && g.Code != "" {
			errs[Errors{Code: g.Code, Fix: g.Fix}] += g.Count
		}
	}
	return nil
}

// wait adds a request that waits. One that runs, or that its requester has not sent, waits for nobody.
func (r *Report) wait(q provisioning.Request) {
	w := Waiting{
		ID: q.ID, State: q.State, Verb: q.Terms.Verb, Person: q.Terms.Requester, Rows: q.Plan.Summary.Runs(), Since: q.PendingAt, Reason: q.Hold.Reason,
	}
	switch q.State {
	case provisioning.StatePending:
	case provisioning.StateApproved, provisioning.StateScheduled:
		if n := len(q.Approvals); n > 0 {
			w.Since = q.Approvals[n-1].At
		}
	case provisioning.StatePaused, provisioning.StateBlocked:
		if !q.Progress.LastAt.IsZero() {
			w.Since = q.Progress.LastAt
		}
	default:
		return
	}
	if w.Since.IsZero() {
		w.Since = q.CreatedAt
	}
	r.Waiting = append(r.Waiting, w)
}

func (d *Day) add(counts map[provisioning.Status]int) {
	for s, n := range counts {
		switch s {
		case provisioning.StatusCreated, provisioning.StatusReactivated, provisioning.StatusEnabled, provisioning.StatusUnfrozen:
			d.Given += n
		case provisioning.StatusDeactivated, provisioning.StatusDisabled, provisioning.StatusFrozen:
			d.Taken += n
		case provisioning.StatusResent:
			d.Resent += n
		case provisioning.StatusFailed, provisioning.StatusHeld, provisioning.StatusUnknown:
			d.Trouble += n
		case provisioning.StatusSkipped, provisioning.StatusNotStarted:
		}
	}
}
