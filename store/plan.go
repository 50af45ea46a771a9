package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"portalbot/provisioning"
)

// maxPlanBatch is the largest number of plan rows in one transaction, written, read or deleted.
const maxPlanBatch = 500

// ErrPublished means that the plan is named by its request and can no longer be written.
var ErrPublished = errors.New("the plan is frozen")

// begunRecord says how far a plan is written. Fields are only ever added.
type begunRecord struct {
	Rows int `json:"rows"`
}

// owner is the id of the request that a plan belongs to.
func owner(planID string) (string, error) {
	i := strings.LastIndexByte(planID, '.')
	if i < 1 || i == len(planID)-1 {
		return "", fmt.Errorf("plan id %q: a request id, a dot and a number", planID)
	}
	return planID[:i], checkID("plan id", planID)
}

// checkWritable refuses a plan that is published: one that its request names.
func checkWritable(v view, planID string) error {
	id, err := owner(planID)
	if err != nil {
		return err
	}
	head, err := readHeadOf(v, id)
	if err != nil {
		return err
	}
	if head != nil && head.Plan.ID == planID {
		return ErrPublished
	}
	return nil
}

// checkPublish refuses to publish a plan that is not the request's own or not whole.
func checkPublish(v view, r *requestRecord) error {
	id, err := owner(r.Plan.ID)
	if err != nil {
		return err
	}
	if id != r.ID {
		return fmt.Errorf("plan %s is not one of request %s", r.Plan.ID, r.ID)
	}
	begun, err := readBegun(v, r.Plan.ID)
	if err != nil {
		return err
	}
	if begun.Rows != r.Plan.Summary.Rows {
		return fmt.Errorf("plan %s has %d rows saved and %d in its summary", r.Plan.ID, begun.Rows, r.Plan.Summary.Rows)
	}
	return nil
}

func readBegun(v view, planID string) (begunRecord, error) {
	var begun begunRecord
	value := v.get(bucketPlans, []byte(planID))
	if value == nil {
		return begun, nil
	}
	if err := json.Unmarshal(value, &begun); err != nil {
		return begun, fmt.Errorf("read plan %s: %w", planID, err)
	}
	return begun, nil
}

// PutPlanRows appends rows to a plan that is not published, in one transaction: at most 500, positions without gaps, input numbers without doubles
// (which it sees within a batch only).
// Rows from position 0 begin the plan anew: what an earlier attempt left is deleted first, in bounded transactions. A published plan is ErrPublished.
func (s *Store) PutPlanRows(ctx context.Context, planID string, rows []provisioning.PlanRow) error {
	if err := s.putPlanRows(ctx, planID, rows); err != nil {
		return fmt.Errorf("save rows of plan %s: %w", planID, err)
	}
	return nil
}

func (s *Store) putPlanRows(ctx context.Context, planID string, rows []provisioning.PlanRow) error {
	if len(rows) == 0 {
		return nil
	}
	if len(rows) > maxPlanBatch {
		return fmt.Errorf("%d rows at once, at most %d", len(rows), maxPlanBatch)
	}
	packed, err := s.packRows(rows)
	if err != nil {
		return err
	}
	numbers, err := packNumbers(rows)
	if err != nil {
		return err
	}
	if rows[0].Pos == 0 {
		if err := s.dropPlan(ctx, planID, checkWritable); err != nil {
			return err
		}
	}
	return s.save(ctx, s.patient, "plan rows", func(v view) ([]change, error) {
		if err := checkWritable(v, planID); err != nil {
			return nil, err
		}
		begun, err := readBegun(v, planID)
		if err != nil {
			return nil, err
		}
		changes := make([]change, 0, len(rows)+2)
		for i, row := range rows {
			if row.Pos != begun.Rows+i {
				return nil, fmt.Errorf("position %d comes where %d is next", row.Pos, begun.Rows+i)
			}
			changes = append(changes, change{bucketRows, numbered(planID, uint64(row.Pos)), packed[i]}) //nolint:gosec // not negative
		}
		changes = append(changes, change{bucketNumbers, numbered(planID, uint64(begun.Rows)), numbers}) //nolint:gosec // not negative
		value, err := json.Marshal(begunRecord{Rows: begun.Rows + len(rows)})
		if err != nil {
			return nil, fmt.Errorf("encode the plan's state: %w", err)
		}
		return append(changes, change{bucketPlans, []byte(planID), value}), nil
	})
}

func (s *Store) packRows(rows []provisioning.PlanRow) ([][]byte, error) {
	p, err := s.packer()
	if err != nil {
		return nil, err
	}
	defer s.packers.Put(p)
	packed := make([][]byte, len(rows))
	for i, row := range rows {
		if packed[i], err = p.pack(row); err != nil {
			return nil, fmt.Errorf("input row %d: %w", row.Number, err)
		}
	}
	return packed, nil
}

// PlanRows returns up to n rows from position pos, in execution order. It reads in bounded transactions. A plan that is not there has no rows.
func (s *Store) PlanRows(ctx context.Context, planID string, pos, n int) ([]provisioning.PlanRow, error) {
	rows, err := s.planRows(ctx, planID, pos, n)
	if err != nil {
		return nil, fmt.Errorf("read rows of plan %s from position %d: %w", planID, pos, err)
	}
	return rows, nil
}

func (s *Store) planRows(ctx context.Context, planID string, pos, n int) ([]provisioning.PlanRow, error) {
	u, err := s.unpacker()
	if err != nil {
		return nil, err
	}
	defer s.unpackers.Put(u)
	var rows []provisioning.PlanRow
	next := numbered(planID, uint64(max(0, pos)))
	for len(rows) < n {
		pairs, err := s.page(ctx, bucketRows, under(planID), next, min(n-len(rows), maxPlanBatch))
		if err != nil || len(pairs) == 0 {
			return rows, err
		}
		for _, p := range pairs {
			row, err := u.unpack(lastNumber(p.key), p.value)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
		next = after(pairs[len(pairs)-1].key)
	}
	return rows, nil
}

// DropPlan deletes a plan in bounded transactions. A plan that is not there is no error; one that was half deleted is deleted further.
func (s *Store) DropPlan(ctx context.Context, planID string) error {
	anyPlan := func(view, string) error { return nil }
	if err := s.dropPlan(ctx, planID, anyPlan); err != nil {
		return fmt.Errorf("delete plan %s: %w", planID, err)
	}
	return nil
}

// dropPlan deletes while allow agrees. The plan's state goes last, so that rows never stay behind unknown.
func (s *Store) dropPlan(ctx context.Context, planID string, allow func(v view, planID string) error) error {
	if _, err := owner(planID); err != nil {
		return err
	}
	for more := true; more; {
		err := s.save(ctx, s.patient, "drop plan", func(v view) ([]change, error) {
			if err := allow(v, planID); err != nil {
				return nil, err
			}
			changes := takeOut(v, nil, bucketRows, under(planID))
			changes = takeOut(v, changes, bucketNumbers, under(planID))
			if more = len(changes) > 0; more {
				return changes, nil
			}
			if v.get(bucketPlans, []byte(planID)) == nil {
				return nil, nil
			}
			return []change{{bucketPlans, []byte(planID), nil}}, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// takeOut adds the deletion of up to maxPlanBatch keys that begin with prefix.
func takeOut(v view, changes []change, bucket string, prefix []byte) []change {
	n := maxPlanBatch
	v.scan(bucket, prefix, nil, func(k, _ []byte) bool {
		if n--; n < 0 {
			return false
		}
		changes = append(changes, change{bucket, append([]byte(nil), k...), nil})
		return true
	})
	return changes
}
