package salesforce

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"portalbot/provisioning"
)

// CreateUsers creates up to provisioning.MaxWrite users by one SOAP create.
func (c *Client) CreateUsers(ctx context.Context, records []provisioning.Record, o provisioning.WriteOptions) ([]provisioning.SaveResult, error) {
	return c.save(ctx, "create", "User", records, o.AllOrNone, &o.UserEmail)
}

// UpdateUsers changes up to provisioning.MaxWrite users by one SOAP update.
func (c *Client) UpdateUsers(ctx context.Context, records []provisioning.Record, o provisioning.WriteOptions) ([]provisioning.SaveResult, error) {
	return c.save(ctx, "update", "User", records, o.AllOrNone, &o.UserEmail)
}

// CreateContacts creates up to provisioning.MaxWrite contacts by one SOAP create.
func (c *Client) CreateContacts(ctx context.Context, records []provisioning.Record) ([]provisioning.SaveResult, error) {
	return c.save(ctx, "create", "Contact", records, false, nil)
}

// save sends one create or update. A record that cannot be sent gets its error here, and the others are sent without it.
func (c *Client) save(
	ctx context.Context, op, object string, records []provisioning.Record, allOrNone bool, mail *bool,
) ([]provisioning.SaveResult, error) {
	name := op + " " + object
	if len(records) == 0 {
		return nil, nil
	}
	if len(records) > provisioning.MaxWrite {
		ce := &provisioning.CallError{
			Op: name, Code: codeTooMany, Text: fmt.Sprintf("%d records in one call, at most %d are allowed", len(records), provisioning.MaxWrite),
		}
		classify(ce, rules)
		return nil, ce
	}
	results := make([]provisioning.SaveResult, len(records))
	send := make([]provisioning.Record, 0, len(records))
	at := make([]int, 0, len(records)) // where the result of each sent record goes
	for i, r := range records {
		if e := sendable(r); e != nil {
			results[i].Error = e
			continue
		}
		send, at = append(send, r), append(at, i)
	}
	if len(send) == 0 {
		return results, nil
	}
	if allOrNone && len(send) < len(records) {
		for _, i := range at {
			results[i].Error = rowError(codeRolled, "another record of the call cannot be sent")
		}
		return results, nil
	}
	err := c.do(ctx, call{
		op: name, method: http.MethodPost, path: c.soapPath(),
		encode: func(b *bytes.Buffer, sessionID string) {
			writeEnvelope(b, sessionID, saveHeaders(allOrNone, mail), func(b *bytes.Buffer) { writeSave(b, op, object, send) })
		},
		decode: func(r io.Reader) error {
			saved, usage, err := readSaves(r, op, len(send))
			c.noteUsage(usage)
			for i, s := range saved {
				results[at[i]] = s
			}
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// SetFrozen reads the UserLogin of each user, then updates them in one call. When the reading fails, nothing was written.
func (c *Client) SetFrozen(ctx context.Context, userIDs []string, frozen bool) ([]provisioning.SaveResult, error) {
	if len(userIDs) > provisioning.MaxWrite {
		return c.save(ctx, "update", "UserLogin", make([]provisioning.Record, len(userIDs)), false, nil)
	}
	found, err := c.logins(ctx, userIDs)
	if err != nil {
		ce := asCallError("freeze", err)
		ce.Unsent = true
		return nil, ce
	}
	of := make(map[string]string, len(found))
	for _, l := range found {
		of[l.userID] = l.id
	}
	results := make([]provisioning.SaveResult, len(userIDs))
	var records []provisioning.Record
	var at []int
	for i, id := range userIDs {
		loginID := ""
		if validID(id) {
			loginID = of[longID(id)]
		}
		if loginID == "" {
			results[i].Error = rowError(codeLogin, "the user has no login that could be frozen")
			continue
		}
		records = append(records, provisioning.Record{
			ID: loginID, Fields: []provisioning.Field{{Name: "IsFrozen", Value: fmt.Sprint(frozen)}},
		})
		at = append(at, i)
	}
	saved, err := c.save(ctx, "update", "UserLogin", records, false, nil)
	if err != nil {
		return nil, err
	}
	for i, s := range saved {
		if s.ID != "" {
			s.ID = userIDs[at[i]]
		}
		results[at[i]] = s
	}
	return results, nil
}

// ResetPassword asks Salesforce to mail the user a link. The answer holds the new password: it is thrown away unread.
func (c *Client) ResetPassword(ctx context.Context, userID string) error {
	const op = "reset password"
	if !validID(userID) {
		ce := &provisioning.CallError{Op: op, Code: codeMalformed, Text: "that is no user id"}
		classify(ce, rules)
		return ce
	}
	return c.do(ctx, call{
		op: op, method: http.MethodDelete,
		path: "/services/data/v" + c.cfg.APIVersion + "/sobjects/User/" + userID + "/password",
	})
}

// Assign adds permission sets (provisioning.StepAssign) or group memberships (provisioning.StepGroup) in one call. A pair that
// exists already counts as done; its result has no id.
func (c *Client) Assign(ctx context.Context, step provisioning.Step, pairs []provisioning.Assignment) ([]provisioning.SaveResult, error) {
	object, user, target := "PermissionSetAssignment", "AssigneeId", "PermissionSetId"
	switch step {
	case provisioning.StepAssign:
	case provisioning.StepGroup:
		object, user, target = "GroupMember", "UserOrGroupId", "GroupId"
	case provisioning.StepContact, provisioning.StepUser:
		fallthrough
	default:
		return nil, &provisioning.CallError{
			Op: "assign", Code: "INVALID_TYPE", Text: "nothing is assigned in step " + string(step), Class: provisioning.ClassJob, Unsent: true,
		}
	}
	records := make([]provisioning.Record, len(pairs))
	for i, p := range pairs {
		records[i].Fields = []provisioning.Field{{Name: user, Value: p.UserID}, {Name: target, Value: p.TargetID}}
	}
	results, err := c.save(ctx, "create", object, records, false, nil)
	if err != nil {
		return nil, err
	}
	for i := range results {
		if e := results[i].Error; e != nil && e.Code == codeDuplicate {
			results[i].Error = nil
		}
	}
	return results, nil
}
