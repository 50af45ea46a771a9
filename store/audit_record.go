package store

import (
	"context"
	"fmt"

	"portalbot/provisioning"
)

// RecordAudit adds an event that goes with no other change to the end of the audit trail.
func (s *Store) RecordAudit(ctx context.Context, audit provisioning.AuditEvent) error {
	err := s.save(ctx, s.patient, "record audit", func(v view) ([]change, error) {
		return appendAudit(v, nil, []provisioning.AuditEvent{audit})
	})
	if err != nil {
		return fmt.Errorf("write the audit trail: %w", err)
	}
	return nil
}
