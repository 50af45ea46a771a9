package provisioning

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Amended puts the plan of a new file in the place of a pending request's plan. Its requester does it. The digest is another one, so that
// approvals start over.
type Amended struct {
	Plan       Plan
	Terms      Terms // of the draft: file, note and time are taken from it
	Required   int
	ExpiresAt  time.Time // zero: never
	RemindAt   time.Time // zero: never
	StartAfter time.Time // zero: as soon as it is approved
}

func (Amended) name() string { return "amended" }

// PlanRef tells the messages about a request's plans apart: it is empty for the first plan, and the number in the plan's id for one
// that took its place.
func PlanRef(r Request) string {
	_, n, _ := strings.Cut(r.Plan.ID, ".")
	if n == "1" {
		return ""
	}
	return n
}

// amend replaces the plan, tells the old plan's message that it is not the newest any more, and the new plan.
func (m move) amend(ev Amended) bool {
	r := &m.c.Request
	if r.State != StatePending || r.expired(m.now) || ev.Plan.Summary.Runs() == 0 || !sameAim(r.Terms, ev.Terms) ||
		ev.Plan.ID == r.Plan.ID || ev.Plan.Digest == r.Plan.Digest {
		return false
	}
	m.tell(NoticePlan)
	r.Plan, r.Approvals, r.Required = ev.Plan, nil, max(1, ev.Required)
	r.Terms.FileName, r.Terms.FileID, r.Terms.FileSum = ev.Terms.FileName, ev.Terms.FileID, ev.Terms.FileSum
	r.Terms.Note, r.Terms.CreateContacts, r.Terms.StartAfter = ev.Terms.Note, ev.Terms.CreateContacts, ev.StartAfter
	r.ExpiresAt, r.RemindAt, r.StartAfter = ev.ExpiresAt, ev.RemindAt, ev.StartAfter
	m.audit("amended", r.Terms.Requester, "digest", r.Plan.Digest, "plan", r.Plan.ID, "required", strconv.Itoa(r.Required), "file_sha256", r.Terms.FileSum)
	m.story("amended-" + PlanRef(*r))
	m.tell(NoticeRoot, NoticePlan, NoticePlanFile)
	return true
}

// sameAim reports whether two requests ask for the same thing with another file: what the digest covers beside the rows.
func sameAim(a, b Terms) bool {
	return a.Requester == b.Requester && a.Verb == b.Verb && a.Method == b.Method && a.Portal == b.Portal && a.Mail == b.Mail && a.AllOrNone == b.AllOrNone
}

// CheckAmend says whether the person may put another file in the place of the request's, or why not.
func CheckAmend(r Request, person string, now time.Time) *Refusal {
	switch {
	case person != r.Terms.Requester:
		return &Refusal{RefusedNotOwner, "Only the person who made " + r.ID + " can change its file."}
	case r.Terms.Verb == VerbUndo:
		return &Refusal{RefusedState, "Request " + r.ID + " takes back what another one did and has no file that could be changed."}
	case r.State == StatePending && r.expired(now):
		return &Refusal{RefusedExpired, "Request " + r.ID + " has expired. Send the file as a new request."}
	case r.State != StatePending:
		return &Refusal{RefusedState, "Request " + r.ID + " is " + stateWords(r) + ", so its file cannot be changed any more. Send a new request."}
	}
	return nil
}

// MayAmend says whether the person may amend the request now, without changing anything.
func (s *Service) MayAmend(ctx context.Context, id, person string) error {
	r, err := s.store.Request(ctx, id)
	if err != nil {
		return err
	}
	if no := CheckAmend(r, person, s.now()); no != nil {
		return no
	}
	return nil
}

// amend makes a draft's plan that of the request it amends. First the rows are copied under an id that only this draft uses, then one commit
// puts the plan in its place, then the draft ends. If we stop in between, sending the draft again goes on; rows that were copied in vain go
// when the request is purged.
func (s *Service) amend(ctx context.Context, draft Request, person string) (Request, error) {
	if person != draft.Terms.Requester {
		return draft, &Refusal{RefusedNotOwner, "Only the person who made " + draft.ID + " can send it."}
	}
	number, err := strconv.Atoi(strings.TrimPrefix(draft.ID, "P-"))
	if err != nil {
		return draft, fmt.Errorf("number of draft %s: %w", draft.ID, err)
	}
	plan := draft.Plan
	plan.ID = PlanID(draft.Terms.Amends, number)
	r, err := s.store.Request(ctx, draft.Terms.Amends)
	if err != nil {
		return r, err
	}
	if r.Plan.ID != plan.ID {
		if draft.State != StateDraft {
			return draft, &Refusal{RefusedState, "Draft " + draft.ID + " is " + stateWords(draft) + ". Choose the file again."}
		}
		if r, err = s.replacePlan(ctx, draft, plan, person); err != nil {
			return r, err
		}
	}
	if draft.State == StateDraft {
		_, err = change(ctx, s.store, draft.ID, s.now, func(Request) (Event, error) {
			return Cancelled{Person: person, Reason: "became the plan of " + r.ID}, nil
		})
	}
	return r, err
}

func (s *Service) replacePlan(ctx context.Context, draft Request, plan Plan, person string) (Request, error) {
	check := func(r Request) error {
		if no := CheckAmend(r, person, s.now()); no != nil {
			return no
		}
		switch {
		case !sameAim(r.Terms, draft.Terms):
			return &Refusal{RefusedState, "This file was checked for something else than " + r.ID + " asks for. Send it as a new request."}
		case r.Plan.Digest == plan.Digest:
			return &Refusal{RefusedState, "The new file asks for exactly what " + r.ID + " asks for already, so nothing was changed."}
		}
		return nil
	}
	r, err := s.store.Request(ctx, draft.Terms.Amends)
	if err != nil {
		return r, err
	}
	if err := check(r); err != nil {
		return r, err
	}
	for pos := 0; ; {
		rows, err := s.store.PlanRows(ctx, draft.Plan.ID, pos, planBatch)
		if err != nil {
			return r, fmt.Errorf("read the plan of %s: %w", draft.ID, err)
		}
		if len(rows) == 0 {
			break
		}
		if err := s.store.PutPlanRows(ctx, plan.ID, slices.Clone(rows)); err != nil {
			return r, fmt.Errorf("save the new plan of %s: %w", r.ID, err)
		}
		pos += len(rows)
	}
	return change(ctx, s.store, r.ID, s.now, func(r Request) (Event, error) {
		if err := check(r); err != nil {
			return nil, err
		}
		ev := Amended{Plan: plan, Terms: draft.Terms, Required: s.cfg.Policy.Needed(plan.Summary), StartAfter: draft.Terms.StartAfter}
		ev.ExpiresAt, ev.RemindAt = s.cfg.Policy.deadlines(s.now())
		return ev, nil
	})
}
