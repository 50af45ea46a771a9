package provisioning

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Retryable reports whether a row with this status is one that Retry takes. A row whose result is unknown is not: it may have taken
// effect, and what reading cannot tell is never repeated.
func (s Status) Retryable() bool {
	return s == StatusFailed || s == StatusHeld || s == StatusNotStarted
}

// Retryable counts the rows that Retry takes.
func (p Progress) Retryable() int {
	n := 0
	for s, c := range p.Counts {
		if s.Retryable() {
			n += c
		}
	}
	return n
}

// MayRetry says whether the person may retry a request now, without changing anything: its requester and admins may.
func (s *Service) MayRetry(ctx context.Context, id, person string) (Request, error) {
	return s.mayRetry(ctx, id, person, "")
}

func (s *Service) mayRetry(ctx context.Context, id, person, origin string) (Request, error) {
	r, err := s.store.Request(ctx, id)
	if err != nil {
		return r, err
	}
	if person != r.Terms.Requester {
		admin, err := s.people.MemberOf(ctx, person, s.cfg.Admins)
		if err != nil {
			return r, fmt.Errorf("read the admins: %w", err)
		}
		if !admin {
			return r, &Refusal{RefusedNotOwner, "Only the requester of " + id + " or an admin can retry it. You can send its rows as a file of your own."}
		}
	}
	if no := checkRan(r, person, "retry"); no != nil {
		return r, no
	}
	if r.Progress.Retryable() == 0 {
		text := "No row of " + id + " failed, was held back or was not started, so there is nothing to retry."
		if n := r.Progress.Counts[StatusUnknown]; n > 0 {
			text += fmt.Sprintf(" What became of %s is not known: look in Salesforce, and send what is missing as a new file.", count(n, "row", "rows"))
		}
		return r, &Refusal{RefusedNothing, text}
	}
	return r, s.checkFollowers(ctx, r, origin, false)
}

// Retry proposes the rows of an ended request that failed, were held or never started: a new request that refers to the first one,
// with the same terms, planned anew from the rows' own cells against the org as it is now. It needs approval like any other. Proposal
// and origin are as for Propose.
func (s *Service) Retry(ctx context.Context, id, person, origin string) (Proposal, error) {
	r, err := s.mayRetry(ctx, id, person, origin)
	if err != nil {
		return Proposal{}, err
	}
	in, err := s.retryInput(ctx, r)
	if err != nil {
		return Proposal{}, err
	}
	t := r.Terms
	t.Origin, t.Requester, t.RefersTo = origin, person, r.ID
	t.StartAfter = time.Time{}
	return s.Propose(ctx, t, in)
}

// retryInput makes the rows to try again, with their old numbers before their own cells.
func (s *Service) retryInput(ctx context.Context, r Request) (Input, error) {
	in := Input{
		Columns: slices.Concat([]Column{rowColumn(r)}, r.Plan.Columns),
		Notices: []string{fmt.Sprintf("The rows are those of %s that failed, were held back or not started, numbered anew; "+
			"the files have their old numbers as %q.", r.ID, rowColumn(r).Header)},
	}
	for res, err := range s.Results(ctx, r) {
		if err != nil {
			return Input{}, rowsGone(r, err)
		}
		if res.Status.Retryable() {
			cells := append([]string{strconv.Itoa(res.Row.Number)}, res.Row.Cells...)
			in.Rows = append(in.Rows, InputRow{Number: len(in.Rows) + 1, Line: res.Row.Line, Cells: cells})
		}
	}
	return in, nil
}

// rowColumn is the column that says which row of an earlier request a row was.
func rowColumn(r Request) Column { return Column{Header: "Row in " + r.ID, Name: colKept} }

// rowsGone says that the rows of a request were purged, and returns any other error.
func rowsGone(r Request, err error) error {
	if errors.Is(err, ErrNotFound) {
		return &Refusal{RefusedState, "The rows of " + r.ID + " were deleted after the time for which they are kept. Send the file again."}
	}
	return err
}

// checkRan refuses a request that has not ended, or that ended before it began to run. what is what the person wants to do with it.
func checkRan(r Request, person, what string) *Refusal {
	no := func(text string) *Refusal { return &Refusal{RefusedState, text} }
	switch {
	case r.PendingAt.IsZero() && person != r.Terms.Requester:
		return no("There is no such request.") // a draft is its requester's alone
	case r.State.Ended() && !r.State.Started():
		return no("Nothing of " + r.ID + " was run, so there is nothing to " + what + ". Send the file as a new request.")
	case !r.State.Started():
		return no("Request " + r.ID + " is " + stateWords(r) + " and has not begun to run, so there is nothing to " + what + " yet.")
	case !r.State.Ended():
		return no("Request " + r.ID + " is " + stateWords(r) + ". Wait for its end, or end it with `/portal stop " + r.ID + "`; then you can " + what + " it.")
	}
	return nil
}

// checkFollowers refuses what somebody has already asked for: a retry or an undo of the request that was sent and has not ended. A request
// of the delivery origin itself does not count.
func (s *Service) checkFollowers(ctx context.Context, r Request, origin string, undo bool) error {
	for o, err := range s.store.Requests(ctx, Filter{Open: true}) {
		if err != nil {
			return fmt.Errorf("look for requests that refer to %s: %w", r.ID, err)
		}
		if o.Terms.RefersTo != r.ID || (o.Terms.Undoes == r.ID) != undo || o.PendingAt.IsZero() || origin != "" && o.Terms.Origin == origin {
			continue
		}
		return &Refusal{RefusedState, "Request " + o.ID + " does that already; it is " + stateWords(o) + ". `/portal status " + o.ID + "` shows it."}
	}
	return nil
}
