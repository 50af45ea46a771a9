package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"portalbot/provisioning"
)

// switchRecord is the stop switch on disk. Fields are only ever added.
type switchRecord struct {
	On     bool      `json:"on"`
	Person string    `json:"person,omitempty"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

// Switch returns the stop switch; it is off when it was never set.
func (s *Store) Switch(ctx context.Context) (provisioning.Switch, error) {
	var rec switchRecord
	err := s.read(ctx, func(v view) error {
		value := v.get(bucketMeta, []byte(metaSwitch))
		if value == nil {
			return nil
		}
		return json.Unmarshal(value, &rec)
	})
	if err != nil {
		return provisioning.Switch{}, fmt.Errorf("read the stop switch: %w", err)
	}
	return provisioning.Switch{On: rec.On, Person: rec.Person, Reason: rec.Reason, At: rec.At}, nil
}

// SetSwitch saves the stop switch with its audit event in one transaction.
func (s *Store) SetSwitch(ctx context.Context, sw provisioning.Switch, audit provisioning.AuditEvent) error {
	value, err := json.Marshal(switchRecord{On: sw.On, Person: sw.Person, Reason: sw.Reason, At: sw.At.UTC()})
	if err != nil {
		return fmt.Errorf("encode the stop switch: %w", err)
	}
	err = s.save(ctx, s.urgent, "set switch", func(v view) ([]change, error) {
		changes := []change{{bucketMeta, []byte(metaSwitch), value}}
		return appendAudit(v, changes, []provisioning.AuditEvent{audit})
	})
	if err != nil {
		return fmt.Errorf("save the stop switch: %w", err)
	}
	return nil
}
