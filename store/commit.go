package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"portalbot/provisioning"
)

// NewID returns the next request id: P-1, P-2 and so on. An id that was given out and never used leaves a gap.
func (s *Store) NewID(ctx context.Context) (string, error) {
	var n uint64
	err := s.save(ctx, s.urgent, "new id", func(v view) ([]change, error) {
		n = lastNumber(v.get(bucketMeta, []byte(metaRequest))) + 1
		return []change{{bucketMeta, []byte(metaRequest), number(n)}}, nil
	})
	if err != nil {
		return "", fmt.Errorf("take a request number: %w", err)
	}
	return "P-" + strconv.FormatUint(n, 10), nil
}

// Commit writes one change of one request, see provisioning.Store. A request that names a plan for the first time publishes it: the plan must be the request's own
// and have as many rows as its summary says, and from then on it cannot be written. The origin of a request cannot change. Times come back in UTC.
func (s *Store) Commit(ctx context.Context, c provisioning.Commit) (provisioning.Request, error) {
	r := c.Request
	r.Rev++
	p, err := prepare(r, c)
	if err == nil {
		err = s.save(ctx, s.urgent, "commit", p.decide)
	}
	if err != nil {
		return provisioning.Request{}, fmt.Errorf("save request %s: %w", c.Request.ID, err)
	}
	if len(c.Notices) > 0 {
		s.wake()
	}
	return p.record.request(), nil
}

// prepared is a commit encoded as far as it goes without the file, so that the writer has little to do.
type prepared struct {
	record  requestRecord
	value   []byte
	entries [][]byte
	notices [][]byte
	audit   []provisioning.AuditEvent
}

func prepare(r provisioning.Request, c provisioning.Commit) (*prepared, error) {
	if err := checkID("request id", r.ID); err != nil {
		return nil, err
	}
	if r.Terms.Requester != "" {
		if err := checkID("requester", r.Terms.Requester); err != nil {
			return nil, err
		}
	}
	p := &prepared{record: newRequestRecord(r), audit: c.Audit}
	var err error
	if p.value, err = json.Marshal(p.record); err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	for _, e := range c.Entries {
		value, err := json.Marshal(newEntryRecord(e))
		if err != nil {
			return nil, fmt.Errorf("encode a journal entry: %w", err)
		}
		p.entries = append(p.entries, value)
	}
	for _, n := range c.Notices {
		n.Request, n.Rev = r.ID, r.Rev
		value, err := json.Marshal(newNoticeRecord(n))
		if err != nil {
			return nil, fmt.Errorf("encode a notice: %w", err)
		}
		p.notices = append(p.notices, value)
	}
	return p, nil
}

func (p *prepared) decide(v view) ([]change, error) {
	id := p.record.ID
	old, err := readHeadOf(v, id)
	if err != nil {
		return nil, err
	}
	changes, err := p.compare(v, old)
	if err != nil {
		return nil, err
	}
	changes = append(changes, change{bucketRequests, []byte(id), p.value})
	changes = moveIndex(changes, old, p.record.head())

	seq := lastNumber(v.last(bucketJournal, under(id)))
	for _, value := range p.entries {
		seq++
		changes = append(changes, change{bucketJournal, numbered(id, seq), value})
	}
	if len(p.notices) > 0 {
		n := lastNumber(v.get(bucketMeta, []byte(metaNotice)))
		for _, value := range p.notices {
			n++
			changes = append(changes, change{bucketNotices, number(n), value})
		}
		changes = append(changes, change{bucketMeta, []byte(metaNotice), number(n)})
	}
	return appendAudit(v, changes, p.audit)
}

// compare refuses what does not follow from the stored request, and claims the origin of a new one.
func (p *prepared) compare(v view, old *requestHead) ([]change, error) {
	var stored requestHead
	if old != nil {
		stored = *old
	}
	r := &p.record
	if stored.Rev != r.Rev-1 {
		return nil, fmt.Errorf("%w: revision %d is stored and %d was read", provisioning.ErrConflict, stored.Rev, r.Rev-1)
	}
	var changes []change
	origin := []byte(r.Terms.Origin)
	switch {
	case old != nil && stored.Terms.Origin != r.Terms.Origin:
		return nil, fmt.Errorf("the origin of a request cannot change: %q is stored, %q was given", stored.Terms.Origin, r.Terms.Origin)
	case old == nil && len(origin) > 0:
		if other := v.get(bucketOrigins, origin); other != nil {
			return nil, fmt.Errorf("%w: %s", provisioning.ErrDuplicate, other)
		}
		changes = append(changes, change{bucketOrigins, origin, []byte(r.ID)})
	}
	if r.Plan != nil && r.Plan.ID != "" && r.Plan.ID != stored.Plan.ID {
		if err := checkPublish(v, r); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// requestHead is the part of a stored request that the indexes and comparisons need.
type requestHead struct {
	ID    string `json:"id"`
	Rev   uint64 `json:"rev"`
	State string `json:"state"`
	Terms struct {
		Origin    string `json:"origin"`
		Requester string `json:"requester"`
	} `json:"terms"`
	Plan struct {
		ID string `json:"id"`
	} `json:"plan"`
	CreatedAt time.Time `json:"created_at"`
}

func (r *requestRecord) head() requestHead {
	h := requestHead{ID: r.ID, Rev: r.Rev, State: r.State, CreatedAt: r.CreatedAt}
	h.Terms.Origin, h.Terms.Requester = r.Terms.Origin, r.Terms.Requester
	if r.Plan != nil {
		h.Plan.ID = r.Plan.ID
	}
	return h
}

// readHeadOf returns nil for a request that is not there.
func readHeadOf(v view, id string) (*requestHead, error) {
	value := v.get(bucketRequests, []byte(id))
	if value == nil {
		return nil, nil
	}
	h := &requestHead{}
	if err := json.Unmarshal(value, h); err != nil {
		return nil, fmt.Errorf("read request %s: %w", id, err)
	}
	return h, nil
}

// index lists the index keys under which a request is found.
func (h *requestHead) index() []change {
	key := appendID(appendTime(nil, h.CreatedAt), h.ID)
	keys := []change{{bucketTimes, key, present}}
	if !provisioning.State(h.State).Ended() {
		keys = append(keys, change{bucketOpen, key, present})
	}
	if who := h.Terms.Requester; who != "" {
		keys = append(keys, change{bucketPersons, append(under(who), key...), present})
	}
	return keys
}

// moveIndex takes out the keys that no longer hold and puts in those that are new.
func moveIndex(changes []change, old *requestHead, now requestHead) []change {
	var before []change
	if old != nil {
		before = old.index()
	}
	next := now.index()
	for _, k := range before {
		if !holds(next, k) {
			changes = append(changes, change{k.bucket, k.key, nil})
		}
	}
	for _, k := range next {
		if !holds(before, k) {
			changes = append(changes, k)
		}
	}
	return changes
}

func holds(keys []change, k change) bool {
	for _, other := range keys {
		if other.bucket == k.bucket && string(other.key) == string(k.key) {
			return true
		}
	}
	return false
}
