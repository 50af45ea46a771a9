package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sort"

	"portalbot/provisioning"
)

// Input order has little to do with execution order, so that an index with a key for each input number would be written all over with each batch. Instead
// each batch leaves one short sorted run of numbers, and reading looks into every run: a hundred thousand rows have a few hundred.

// placed is an input number with the position of its row.
type placed struct{ number, pos uint32 }

// placedSize is the length of one placed in a run: both numbers big endian.
const placedSize = 8

// packNumbers makes the run of a batch.
func packNumbers(rows []provisioning.PlanRow) ([]byte, error) {
	run := make([]placed, len(rows))
	for i, row := range rows {
		if row.Number < 0 || row.Number >= math.MaxUint32 || row.Pos < 0 || row.Pos > math.MaxUint32 {
			return nil, fmt.Errorf("input row %d at position %d: neither may be negative or need more than 32 bits", row.Number, row.Pos)
		}
		run[i] = placed{uint32(row.Number), uint32(row.Pos)}
	}
	slices.SortFunc(run, byNumber)
	value := make([]byte, 0, placedSize*len(run))
	for i, p := range run {
		if i > 0 && run[i-1].number == p.number {
			return nil, fmt.Errorf("input row %d is there twice", p.number)
		}
		value = binary.BigEndian.AppendUint32(value, p.number)
		value = binary.BigEndian.AppendUint32(value, p.pos)
	}
	return value, nil
}

func byNumber(a, b placed) int { return cmp.Compare(a.number, b.number) }

// at reads one placed of a run.
func at(run []byte, i int) placed {
	b := run[i*placedSize:]
	return placed{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}

// smallest collects the n smallest numbers from a number on, out of runs, in memory that does not grow with the plan.
type smallest struct {
	from  uint32
	n     int
	found []placed
	bound uint32 // numbers from here on are not among the smallest
}

func (s *smallest) add(run []byte) {
	size := len(run) / placedSize
	first := sort.Search(size, func(i int) bool { return at(run, i).number >= s.from })
	for i := first; i < min(size, first+s.n); i++ {
		p := at(run, i)
		if p.number >= s.bound {
			break
		}
		s.found = append(s.found, p)
	}
	if len(s.found) > 4*s.n { // seldom enough to cost little
		s.cut()
	}
}

// cut sorts what was found and forgets what is too much.
func (s *smallest) cut() {
	slices.SortFunc(s.found, byNumber)
	if len(s.found) >= s.n {
		s.found = s.found[:s.n]
		s.bound = s.found[s.n-1].number
	}
}

// PlanRowsByNumber returns up to n rows from input row number on, in input order. It reads in bounded transactions.
func (s *Store) PlanRowsByNumber(ctx context.Context, planID string, number, n int) ([]provisioning.PlanRow, error) {
	rows, err := s.planRowsByNumber(ctx, planID, number, n)
	if err != nil {
		return nil, fmt.Errorf("read rows of plan %s from input row %d: %w", planID, number, err)
	}
	return rows, nil
}

func (s *Store) planRowsByNumber(ctx context.Context, planID string, number, n int) ([]provisioning.PlanRow, error) {
	if n <= 0 || number > math.MaxUint32 {
		return nil, nil
	}
	want := smallest{from: uint32(max(0, number)), n: min(n, math.MaxInt32), bound: math.MaxUint32}
	var next []byte
	for {
		runs, err := s.page(ctx, bucketNumbers, under(planID), next, maxPlanBatch)
		if err != nil {
			return nil, err
		}
		if len(runs) == 0 {
			break
		}
		for _, run := range runs {
			want.add(run.value)
		}
		next = after(runs[len(runs)-1].key)
	}
	want.cut()

	u, err := s.unpacker()
	if err != nil {
		return nil, err
	}
	defer s.unpackers.Put(u)
	rows := make([]provisioning.PlanRow, 0, len(want.found))
	for part := range slices.Chunk(want.found, maxPlanBatch) {
		err := s.read(ctx, func(v view) error {
			for _, p := range part {
				row, err := u.unpack(uint64(p.pos), v.get(bucketRows, numbered(planID, uint64(p.pos))))
				if err != nil {
					return err
				}
				rows = append(rows, row)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}
