package provisioning

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"
)

// Directory says who is who among the people. Package bot answers from Slack.
type Directory interface {
	// MemberOf reports whether the person is one of the users, or in one of the user groups, of the list. It reads the groups
	// fresh: an answer may not be older than the click that it decides on.
	MemberOf(ctx context.Context, person string, list []string) (bool, error)
}

// Config is what the service needs to know about portals and people.
type Config struct {
	Portals map[string]Portal // by name
	Policy  Policy
	Admins  []string // Slack user or user-group ids
}

// Service is what people can do: propose, send, decide, cancel, stop, look. Every method is safe for concurrent use. An act that is
// not allowed fails with a *Refusal, which is worded for the person who tried.
type Service struct {
	store  Store
	org    Org
	people Directory
	engine *Engine
	cfg    Config
	now    func() time.Time
}

// NewService returns the service over one store and one org. engine runs what it approves.
func NewService(store Store, org Org, people Directory, engine *Engine, cfg Config, now func() time.Time) *Service {
	return &Service{store: store, org: org, people: people, engine: engine, cfg: cfg, now: now}
}

// Proposal is the answer to Propose: a draft, or the reason why there is nothing to send.
type Proposal struct {
	Request Request // ID is empty when nothing was stored
	Summary PlanSummary
	Needs   int // approvals that the request would need
}

// Portals returns the configured portals' names, sorted.
func (s *Service) Portals() []Portal {
	var out []Portal
	for _, name := range slices.Sorted(maps.Keys(s.cfg.Portals)) {
		out = append(out, s.cfg.Portals[name])
	}
	return out
}

// Portal returns a configured portal; the only one there is when name is empty.
func (s *Service) Portal(name string) (Portal, error) {
	if name == "" && len(s.cfg.Portals) == 1 {
		for _, p := range s.cfg.Portals {
			return p, nil
		}
	}
	if p, ok := s.cfg.Portals[name]; ok {
		return p, nil
	}
	return Portal{}, &Refusal{RefusedPortal, fmt.Sprintf("There is no portal named %q.", name)}
}

// Propose resolves the rows against the org and stores the frozen plan as a draft that only its requester sees. A plan with nothing
// to do, or one that cannot run as it is, is an answer and not a request: nothing is stored. A second call with the same origin
// returns the request that the first one made.
func (s *Service) Propose(ctx context.Context, t Terms, in Input) (Proposal, error) {
	portal, err := s.Portal(t.Portal)
	if err != nil {
		return Proposal{}, err
	}
	t.Portal = portal.Name
	req, err := s.store.RequestByOrigin(ctx, t.Origin)
	switch {
	case err == nil && req.State != StatePlanning:
		return s.proposal(req), nil
	case err != nil && !errors.Is(err, ErrNotFound):
		return Proposal{}, fmt.Errorf("look for the request of this delivery: %w", err)
	}
	planner := &Planner{Org: s.org, Portal: portal, Now: s.now}
	draft, perr := planner.Plan(ctx, t, in)
	if perr != nil {
		return Proposal{}, fmt.Errorf("plan: %w", perr)
	}
	summary := draft.Plan().Summary
	if summary.Runs() == 0 || len(summary.Blocks) > 0 {
		return Proposal{Summary: summary}, nil
	}
	if errors.Is(err, ErrNotFound) {
		if req, err = s.begin(ctx, t); err != nil {
			return Proposal{}, err
		}
	}
	req, err = s.freeze(ctx, req, draft)
	return s.proposal(req), err
}

func (s *Service) proposal(r Request) Proposal {
	return Proposal{Request: r, Summary: r.Plan.Summary, Needs: s.cfg.Policy.Needed(r.Plan.Summary)}
}

// begin stores a new request without a plan.
func (s *Service) begin(ctx context.Context, t Terms) (Request, error) {
	id, err := s.store.NewID(ctx)
	if err != nil {
		return Request{}, fmt.Errorf("get a request id: %w", err)
	}
	c, err := Apply(Request{ID: id, Terms: t}, Proposed{}, s.now())
	if err != nil {
		return Request{}, err
	}
	r, err := s.store.Commit(ctx, c)
	if errors.Is(err, ErrDuplicate) { // the same delivery, handled twice at the same moment
		return s.store.RequestByOrigin(ctx, t.Origin)
	}
	if err != nil {
		return Request{}, fmt.Errorf("save the new request: %w", err)
	}
	return r, nil
}

// planBatch is how many plan rows one store transaction takes, so that acks stay quick while a huge plan is written.
const planBatch = 500

// freeze writes the plan's rows in bounded transactions and publishes them with one small one. If we stop in between, the request is
// still planning, and the redelivered file plans it anew over the same rows.
func (s *Service) freeze(ctx context.Context, r Request, d *Draft) (Request, error) {
	plan := d.Plan()
	plan.ID = PlanID(r.ID, 1)
	batch := make([]PlanRow, 0, planBatch)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := s.store.PutPlanRows(ctx, plan.ID, batch); err != nil {
			return fmt.Errorf("save the plan of %s: %w", r.ID, err)
		}
		batch = batch[:0]
		return nil
	}
	for row := range d.Rows() {
		if batch = append(batch, row); len(batch) == planBatch {
			if err := flush(); err != nil {
				return r, err
			}
		}
	}
	if err := flush(); err != nil {
		return r, err
	}
	return change(ctx, s.store, r.ID, s.now, func(Request) (Event, error) { return Planned{Plan: plan}, nil })
}

// Send asks the approvers for a draft. Only its requester can. A draft that amends a pending request becomes the plan of that request,
// which is what is returned then.
func (s *Service) Send(ctx context.Context, id, person string) (Request, error) {
	r, err := s.store.Request(ctx, id)
	if err != nil {
		return r, err
	}
	if r.Terms.Amends != "" {
		return s.amend(ctx, r, person)
	}
	return change(ctx, s.store, id, s.now, func(r Request) (Event, error) {
		if person != r.Terms.Requester {
			return nil, &Refusal{RefusedNotOwner, "Only the person who made " + id + " can send it."}
		}
		if r.State != StateDraft {
			return nil, &Refusal{RefusedState, "Request " + id + " is " + stateWords(r) + "; it was sent before."}
		}
		sent := Sent{Required: s.cfg.Policy.Needed(r.Plan.Summary), StartAfter: r.Terms.StartAfter}
		sent.ExpiresAt, sent.RemindAt = s.cfg.Policy.deadlines(s.now())
		return sent, nil
	})
}

// Approve counts one person's yes to the plan with this digest.
func (s *Service) Approve(ctx context.Context, id, digest, person string) (Request, error) {
	return s.decide(ctx, id, digest, person, func() Event {
		return Approved{Approval{Person: person, Digest: digest, At: s.now()}}
	})
}

// Deny ends a pending request with a reason.
func (s *Service) Deny(ctx context.Context, id, digest, person, reason string) (Request, error) {
	return s.decide(ctx, id, digest, person, func() Event { return Denied{Person: person, Reason: reason} })
}

// MayDecide says whether the person may decide now, without changing anything.
func (s *Service) MayDecide(ctx context.Context, id, digest, person string) error {
	r, err := s.store.Request(ctx, id)
	if err != nil {
		return err
	}
	return s.mayDecide(ctx, r, digest, person)
}

func (s *Service) mayDecide(ctx context.Context, r Request, digest, person string) error {
	// Asked first without the list, so that the requester's own click costs no look-up and is refused as such.
	if no := CheckDecision(r, person, digest, true, s.now()); no != nil {
		return no
	}
	listed, err := s.people.MemberOf(ctx, person, s.cfg.Policy.Approvers)
	if err != nil {
		return fmt.Errorf("read the approvers: %w", err)
	}
	if no := CheckDecision(r, person, digest, listed, s.now()); no != nil {
		return no
	}
	return nil
}

func (s *Service) decide(ctx context.Context, id, digest, person string, event func() Event) (Request, error) {
	r, err := change(ctx, s.store, id, s.now, func(r Request) (Event, error) {
		if err := s.mayDecide(ctx, r, digest, person); err != nil {
			return nil, err
		}
		return event(), nil
	})
	if err == nil {
		s.engine.Wake()
	}
	return r, err
}

// Cancel ends a request that has not begun to run.
func (s *Service) Cancel(ctx context.Context, id, person, reason string) (Request, error) {
	return change(ctx, s.store, id, s.now, func(r Request) (Event, error) {
		if err := s.mayEnd(ctx, r, person); err != nil {
			return nil, err
		}
		if r.State.Started() || r.State.Ended() {
			return nil, &Refusal{RefusedState, "Request " + id + " is " + stateWords(r) + " and cannot be cancelled any more."}
		}
		return Cancelled{Person: person, Reason: reason}, nil
	})
}

// Stop lets the calls in flight of a running request end and nothing else begin.
func (s *Service) Stop(ctx context.Context, id, person string) (Request, error) {
	r, err := change(ctx, s.store, id, s.now, func(r Request) (Event, error) {
		if err := s.mayEnd(ctx, r, person); err != nil {
			return nil, err
		}
		if !r.State.Started() || r.State.Ended() || r.StopBy != "" {
			return nil, &Refusal{RefusedState, "Request " + id + " is " + stateWords(r) + ", so there is nothing to stop."}
		}
		return StopAsked{Person: person}, nil
	})
	if err == nil {
		s.engine.Wake()
	}
	return r, err
}

// mayEnd lets the requester, approvers and admins through.
func (s *Service) mayEnd(ctx context.Context, r Request, person string) error {
	if CheckOwner(r, person, false) == nil {
		return nil
	}
	rights, err := s.people.MemberOf(ctx, person, slices.Concat(s.cfg.Policy.Approvers, s.cfg.Admins))
	if err != nil {
		return fmt.Errorf("read the approvers and admins: %w", err)
	}
	if no := CheckOwner(r, person, rights); no != nil {
		return no
	}
	return nil
}

// Choice is what a person decides about rows whose result is unknown.
type Choice string

// The choices.
const (
	ChoiceLeave Choice = "leave" // they stay unknown and the request is done
	ChoiceAgain Choice = "again" // they are tried again, which may do a second time what was done already
)

// ResolveUnknown decides what happens with the unknown rows of a blocked request. Approvers and admins can, but not the requester.
func (s *Service) ResolveUnknown(ctx context.Context, id, person string, choice Choice) (Request, error) {
	check := func(r Request) error {
		if no := CheckResolve(r, person, true); no != nil {
			return no
		}
		rights, err := s.people.MemberOf(ctx, person, slices.Concat(s.cfg.Policy.Approvers, s.cfg.Admins))
		if err != nil {
			return fmt.Errorf("read the approvers and admins: %w", err)
		}
		if no := CheckResolve(r, person, rights); no != nil {
			return no
		}
		return nil
	}
	r, err := s.store.Request(ctx, id)
	if err != nil {
		return r, err
	}
	if err := check(r); err != nil {
		return r, err
	}
	if choice == ChoiceAgain {
		if err := s.reopen(ctx, r, person); err != nil {
			return r, err
		}
	}
	r, err = change(ctx, s.store, id, s.now, func(r Request) (Event, error) {
		return Resolved{Person: person, Again: choice == ChoiceAgain}, check(r)
	})
	if err == nil {
		s.engine.Wake()
	}
	return r, err
}

// reopen takes back the unknown results of a blocked request, in bounded transactions. If we stop in between, the request is still
// blocked, with fewer unknown rows, and the next click goes on.
func (s *Service) reopen(ctx context.Context, r Request, person string) error {
	last, err := s.lastRecords(ctx, r.ID)
	if err != nil {
		return err
	}
	var rows []RowRecord
	for pos, rec := range last {
		if rec.Status == StatusUnknown {
			rows = append(rows, RowRecord{Pos: pos, Code: codeReopened})
		}
	}
	slices.SortFunc(rows, func(a, b RowRecord) int { return a.Pos - b.Pos })
	for part := range slices.Chunk(rows, recordRows) {
		c, err := Apply(r, Reopened{Person: person, Rows: part}, s.now())
		if err != nil {
			return err
		}
		c.Entries = entries(Entry{Step: StepUser, At: s.now()}, part)
		if r, err = s.store.Commit(ctx, c); err != nil {
			return fmt.Errorf("reopen rows of %s: %w", r.ID, err)
		}
	}
	return nil
}

// Request returns a request, or ErrNotFound.
func (s *Service) Request(ctx context.Context, id string) (Request, error) {
	return s.store.Request(ctx, id)
}

// Requests yields requests, newest first.
func (s *Service) Requests(ctx context.Context, f Filter) iter.Seq2[Request, error] {
	return s.store.Requests(ctx, f)
}

// Needed returns how many approvals a request needs: those that it was sent with, or, before that, those that it would be sent with.
func (s *Service) Needed(r Request) int {
	if r.Required > 0 {
		return r.Required
	}
	return s.cfg.Policy.Needed(r.Plan.Summary)
}

// StopSwitch returns the global stop switch.
func (s *Service) StopSwitch(ctx context.Context) (Switch, error) {
	return s.store.Switch(ctx)
}

// Switch turns the global stop switch on or off. Admins only; the caller checks that.
func (s *Service) Switch(ctx context.Context, on bool, person, reason string) error {
	event := "resumed everything"
	if on {
		event = "paused everything"
	}
	sw := Switch{On: on, Person: person, Reason: reason, At: s.now()}
	if err := s.store.SetSwitch(ctx, sw, AuditEvent{At: sw.At, Person: person, Event: event}); err != nil {
		return fmt.Errorf("save the stop switch: %w", err)
	}
	s.engine.Wake()
	return nil
}
