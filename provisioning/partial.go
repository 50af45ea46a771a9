package provisioning

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// CodeLeftOut is the reason of rows that an approver left out.
const CodeLeftOut = "LEFT_OUT"

// LeftOut is what an approver does not agree to.
type LeftOut struct {
	Accounts []string // ids
	Rows     []int    // input rows
	Reason   string
}

func (l LeftOut) has(row PlanRow) bool {
	return row.Action.Runs() && (slices.Contains(l.Accounts, row.AccountID) || slices.Contains(l.Rows, row.Number))
}

// Narrowed is one approver's yes to a part of the plan: a new plan, which this person has approved. Approvals of the whole start over,
// and the rows that were left out go back to the requester, skipped with the reason.
type Narrowed struct {
	Plan     Plan
	Approval Approval
	Left     int // rows left out
	Required int
}

func (Narrowed) name() string { return "narrowed" }

func (m move) narrow(ev Narrowed) bool {
	r := &m.c.Request
	a := ev.Approval
	if r.State != StatePending || a.Person == "" || a.Person == r.Terms.Requester || a.Digest != ev.Plan.Digest || r.expired(m.now) ||
		ev.Plan.Summary.Runs() == 0 || ev.Plan.ID == r.Plan.ID || ev.Plan.Digest == r.Plan.Digest || ev.Left <= 0 {
		return false
	}
	m.tell(NoticePlan)
	before := r.Plan.Digest
	r.Plan, r.Approvals, r.Required = ev.Plan, nil, max(r.Required, ev.Required)
	m.audit("narrowed", a.Person, "digest", r.Plan.Digest, "before", before, "plan", r.Plan.ID, "left_out", strconv.Itoa(ev.Left))
	m.story(fmt.Sprintf("narrowed-%s-%d-%s", PlanRef(*r), ev.Left, a.Person))
	m.approve(a)
	m.tell(NoticeRoot, NoticePlan, NoticePlanFile)
	return true
}

// ApproveInPart counts one person's yes to the plan with this digest without some of its rows. What remains is a plan of its own with a new
// digest; it needs as many approvals as the whole did, and this is the first.
func (s *Service) ApproveInPart(ctx context.Context, id, digest, person string, out LeftOut) (Request, error) {
	r, err := s.store.Request(ctx, id)
	if err != nil {
		return r, err
	}
	if err := s.mayDecide(ctx, r, digest, person); err != nil {
		return r, err
	}
	if strings.TrimSpace(out.Reason) == "" {
		return r, &Refusal{RefusedState, "Say why these rows go back."}
	}
	plan, left, err := s.narrowPlan(ctx, r, out)
	if err != nil {
		return r, err
	}
	switch {
	case left == 0:
		return r, &Refusal{RefusedState, "Nothing would be left out: none of these rows runs in " + id + ". Approve the whole plan instead."}
	case plan.Summary.Runs() == 0:
		return r, &Refusal{RefusedState, "Every row would be left out. Deny the request instead."}
	}
	return s.decide(ctx, id, digest, person, func() Event {
		return Narrowed{
			Plan: plan, Approval: Approval{Person: person, Digest: plan.Digest, At: s.now()}, Left: left,
			Required: s.cfg.Policy.Needed(plan.Summary),
		}
	})
}

// narrowPlan writes the rows of the smaller plan: first those that run, in the order of the whole plan, then all others in input order. It
// holds one batch at a time. Rows that were written in vain go when the request is purged.
func (s *Service) narrowPlan(ctx context.Context, r Request, out LeftOut) (Plan, int, error) {
	// The number comes from the sequence of request ids, so that two approvers at the same moment do not write the same plan.
	fresh, err := s.store.NewID(ctx)
	if err != nil {
		return Plan{}, 0, fmt.Errorf("get a plan id: %w", err)
	}
	number, err := strconv.Atoi(strings.TrimPrefix(fresh, "P-"))
	if err != nil {
		return Plan{}, 0, fmt.Errorf("number of plan %s: %w", fresh, err)
	}
	w := narrower{plan: r.Plan, digest: NewDigester(r.Terms), out: out, accounts: map[string]*AccountCount{}}
	w.plan.ID = PlanID(r.ID, number)
	w.start()
	flush := func(all bool) error {
		if len(w.batch) == 0 || !all && len(w.batch) < planBatch {
			return nil
		}
		if err := s.store.PutPlanRows(ctx, w.plan.ID, w.batch); err != nil {
			return fmt.Errorf("save the smaller plan of %s: %w", r.ID, err)
		}
		w.batch = nil
		return nil
	}
	for pos := 0; ; {
		rows, err := s.store.PlanRows(ctx, r.Plan.ID, pos, planBatch)
		if err != nil {
			return Plan{}, 0, fmt.Errorf("read the plan of %s: %w", r.ID, err)
		}
		if len(rows) == 0 || !rows[0].Action.Runs() { // those that run come first
			break
		}
		pos += len(rows)
		for _, row := range rows {
			if row.Action.Runs() && !out.has(row) {
				w.add(row)
			}
		}
		if err := flush(false); err != nil {
			return Plan{}, 0, err
		}
	}
	for row, err := range s.PlanRows(ctx, r) { // in input order
		if err != nil {
			return Plan{}, 0, err
		}
		if row.Action.Runs() && !out.has(row) {
			continue
		}
		w.add(w.leave(row))
		if err := flush(false); err != nil {
			return Plan{}, 0, err
		}
	}
	if err := flush(true); err != nil {
		return Plan{}, 0, err
	}
	return w.finish(), w.left, nil
}

// narrower builds a smaller plan row by row.
type narrower struct {
	plan     Plan
	digest   *Digester
	out      LeftOut
	batch    []PlanRow
	pos      int
	left     int
	first    []int // the first rows left out
	accounts map[string]*AccountCount
	warned   map[string]*WarningGroup
}

// start clears what is counted anew. The seats are corrected for what is left out; notices, mail and the need for one more approver stay.
func (w *narrower) start() {
	s := &w.plan.Summary
	s.Actions, s.Accounts, s.Problems = map[Action]int{}, nil, slices.Clone(s.Problems)
	s.Seats, s.Warnings = slices.Clone(s.Seats), slices.Clone(s.Warnings)
	w.warned = map[string]*WarningGroup{}
}

func (w *narrower) add(row PlanRow) {
	row.Pos = w.pos
	w.pos++
	w.digest.Add(row)
	w.batch = append(w.batch, row)
	w.plan.Summary.Actions[row.Action]++
	if !row.Action.Runs() {
		return
	}
	a := w.accounts[row.AccountID]
	if a == nil {
		a = &AccountCount{ID: row.AccountID, Name: row.AccountName}
		w.accounts[row.AccountID] = a
	}
	a.Rows++
	for _, code := range row.Warnings {
		g := w.warned[code]
		if g == nil {
			g = &WarningGroup{Code: code}
			w.warned[code] = g
		}
		g.Count++
		g.Rows = append(g.Rows, row.Number)
		slices.Sort(g.Rows)
		g.Rows = g.Rows[:min(len(g.Rows), rowsNamed)]
	}
}

// leave turns a row that would run into one that is skipped with the approver's reason. Others stay as they are.
func (w *narrower) leave(row PlanRow) PlanRow {
	if !row.Action.Runs() {
		return row
	}
	w.left++
	if len(w.first) < rowsNamed {
		w.first = append(w.first, row.Number)
	}
	for i := range w.plan.Summary.Seats {
		if seat := &w.plan.Summary.Seats[i]; seat.Key == row.LicenseKey {
			seat.After -= seatsOf(row)
		}
	}
	row.Action, row.Reason, row.Warnings = ActionSkip, w.reason(), nil
	return row
}

func (w *narrower) reason() Problem {
	return Problem{
		Code: CodeLeftOut, Text: "Left out by the approver: " + w.out.Reason, Fix: "Clear that up, then send these rows as a new request.",
	}
}

// seatsOf is how many seats a row takes; a negative number is freed.
func seatsOf(row PlanRow) int {
	switch row.Action {
	case ActionCreate, ActionReactivate, ActionEnable:
		return 1
	case ActionDeactivate, ActionDisable:
		if fieldValue(row.Before, fieldIsActive) == "true" {
			return -1
		}
	}
	return 0
}

func (w *narrower) finish() Plan {
	s := &w.plan.Summary
	w.plan.Digest = w.digest.Sum()
	s.Touched = len(w.accounts)
	for _, a := range w.accounts {
		s.Accounts = append(s.Accounts, *a)
	}
	s.Accounts = byRows(s.Accounts)
	s.Accounts = slices.Clip(s.Accounts[:min(len(s.Accounts), accountsShown)])
	s.Warnings = slices.DeleteFunc(s.Warnings, func(g WarningGroup) bool { return len(g.Rows) > 0 && w.warned[g.Code] == nil })
	for i, g := range s.Warnings {
		if now := w.warned[g.Code]; now != nil {
			s.Warnings[i].Rows, s.Warnings[i].Count = now.Rows, now.Count
		}
	}
	s.Problems = slices.Insert(s.Problems, 0, ProblemGroup{Action: ActionSkip, Problem: w.reason(), Rows: w.first, Count: w.left})
	s.Problems = slices.Clip(s.Problems[:min(len(s.Problems), groupsShown)])
	return w.plan
}
