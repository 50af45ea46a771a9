package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"portalbot/provisioning"
)

// auditPage is the number of audit lines read in one transaction.
const auditPage = 256

// ErrChain means that the audit trail was changed or cut after it was written.
var ErrChain = errors.New("the audit trail is broken")

// auditEvent is the canonical form of an event: JSON with the fields in this order, the keys of detail sorted, the time in UTC. It is what is hashed,
// so that its present fields never change; a new one must be left out when empty.
type auditEvent struct {
	At      time.Time         `json:"at"`
	Person  string            `json:"person,omitempty"`
	Request string            `json:"request,omitempty"`
	Event   string            `json:"event"`
	Detail  map[string]string `json:"detail,omitempty"`
}

// auditRecord is an audit line on disk; its number is the key. Event is kept as the very bytes that were hashed.
type auditRecord struct {
	Hash  string          `json:"hash"`
	Event json.RawMessage `json:"event"`
}

// auditHead says where the chain ends, so that lines cut off its end are missed.
type auditHead struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
}

// AuditLine is one line of the audit trail as it is exported. Anyone can check the chain: Hash is the hex SHA-256 over the 32 bytes of
// the hash before (zero bytes for the first line) followed by the bytes of Event.
type AuditLine struct {
	Seq   uint64          `json:"seq"` // from 1, without gaps
	Hash  string          `json:"hash"`
	Event json.RawMessage `json:"event"` // a provisioning.AuditEvent
}

// link returns the hash of a line.
func link(prev string, event []byte) (string, error) {
	before, err := hex.DecodeString(prev)
	if err != nil {
		return "", fmt.Errorf("the hash before: %w", err)
	}
	h := sha256.New()
	if len(before) == 0 {
		before = make([]byte, sha256.Size)
	}
	h.Write(before)
	h.Write(event)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// appendAudit adds events to the end of the chain.
func appendAudit(v view, changes []change, events []provisioning.AuditEvent) ([]change, error) {
	if len(events) == 0 {
		return changes, nil
	}
	head, err := readHead(v)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		event, err := json.Marshal(auditEvent{At: e.At.UTC(), Person: e.Person, Request: e.Request, Event: e.Event, Detail: e.Detail})
		if err != nil {
			return nil, fmt.Errorf("encode an audit event: %w", err)
		}
		head.Seq++
		if head.Hash, err = link(head.Hash, event); err != nil {
			return nil, fmt.Errorf("link audit line %d: %w", head.Seq, err)
		}
		value, err := json.Marshal(auditRecord{Hash: head.Hash, Event: event})
		if err != nil {
			return nil, fmt.Errorf("encode an audit line: %w", err)
		}
		changes = append(changes, change{bucketAudit, number(head.Seq), value})
	}
	value, err := json.Marshal(head)
	if err != nil {
		return nil, fmt.Errorf("encode the head of the audit trail: %w", err)
	}
	return append(changes, change{bucketMeta, []byte(metaAudit), value}), nil
}

func readHead(v view) (auditHead, error) {
	var head auditHead
	value := v.get(bucketMeta, []byte(metaAudit))
	if value == nil {
		return head, nil
	}
	if err := json.Unmarshal(value, &head); err != nil {
		return head, fmt.Errorf("read the head of the audit trail: %w", err)
	}
	return head, nil
}

// Audit yields the lines of the audit trail from number from on (0 and 1 both mean the first), in order. No transaction is open while it
// yields. An error is yielded once, as the last.
func (s *Store) Audit(ctx context.Context, from uint64) iter.Seq2[AuditLine, error] {
	return func(yield func(AuditLine, error) bool) {
		next := number(from)
		for {
			pairs, err := s.page(ctx, bucketAudit, nil, next, auditPage)
			if err != nil {
				yield(AuditLine{}, fmt.Errorf("read the audit trail: %w", err))
				return
			}
			for _, p := range pairs {
				var rec auditRecord
				seq := lastNumber(p.key)
				if err := json.Unmarshal(p.value, &rec); err != nil {
					yield(AuditLine{}, fmt.Errorf("%w: line %d cannot be read: %w", ErrChain, seq, err))
					return
				}
				if !yield(AuditLine{Seq: seq, Hash: rec.Hash, Event: rec.Event}, nil) {
					return
				}
			}
			if len(pairs) == 0 {
				return
			}
			next = after(pairs[len(pairs)-1].key)
		}
	}
}

// VerifyAudit checks the whole chain up to its head and returns the number of lines that are in order. A line that was changed, put in, taken out
// or cut off is an error that names the line and wraps ErrChain. It cannot see that the whole file was replaced: compare the last hash with one that was
// kept elsewhere.
func (s *Store) VerifyAudit(ctx context.Context) (int, error) {
	var end auditHead
	var last uint64
	err := s.read(ctx, func(v view) (err error) {
		end, err = readHead(v)
		last = lastNumber(v.last(bucketAudit, nil))
		return err
	})
	if err != nil {
		return 0, err
	}
	var at auditHead
	lines := 0
	for line, err := range s.Audit(ctx, 1) {
		if err != nil {
			return lines, err
		}
		hash, err := link(at.Hash, line.Event)
		if err != nil || line.Seq != at.Seq+1 || line.Hash != hash {
			return lines, fmt.Errorf("%w: line %d does not follow from the line before it", ErrChain, line.Seq)
		}
		if line.Seq == end.Seq && line.Hash != end.Hash {
			return lines, fmt.Errorf("%w: line %d is not the one that the head names", ErrChain, line.Seq)
		}
		at = auditHead{Seq: line.Seq, Hash: hash}
		if lines++; line.Seq == end.Seq {
			break // what follows was written after the head was read
		}
	}
	if last != end.Seq {
		return lines, fmt.Errorf("%w: it ends at line %d and its head says %d", ErrChain, last, end.Seq)
	}
	return lines, nil
}
