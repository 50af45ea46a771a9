package commands

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"portalbot/bot"
	"portalbot/provisioning"
	"portalbot/provisioning/sheet"
)

// resultColumns are the first columns of every results CSV. They are a contract: scripts outside rely on them.
var resultColumns = [...]string{"Row", "Status", "UserId", "Username", "ContactId", "Email", "ErrorCode", "Error", "HowToFix"}

// resultsFile is one line for each input row, in input order, with the input's own columns behind.
func (c *Commands) resultsFile(ctx context.Context, r provisioning.Request) bot.Upload {
	return bot.Upload{
		Name: r.ID + "-results.csv", Title: r.ID + " results",
		Comment: fmt.Sprintf("Results of %s: one line for each row of the file, with what happened and how to mend what failed.", r.ID),
		Write: func(w io.Writer) error {
			out := sheet.NewWriter(w, sheet.WriterOptions{ByteOrderMark: true})
			if err := out.Write(slices.Concat(resultColumns[:], headers(r))); err != nil {
				return err
			}
			for res, err := range c.service.Results(ctx, r) {
				if err != nil {
					return fmt.Errorf("read the results of %s: %w", r.ID, err)
				}
				line := []string{
					strconv.Itoa(res.Row.Number), string(res.Status), res.UserID, res.Row.Username, res.Row.ContactID, res.Row.Email,
					res.Code, res.Text, res.Fix,
				}
				if err := out.Write(append(line, res.Row.Cells...)); err != nil {
					return err
				}
			}
			return out.Flush()
		},
	}
}

// planFile is the whole plan with the exact values that would be written, for the approver.
func (c *Commands) planFile(ctx context.Context, r provisioning.Request) bot.Upload {
	return bot.Upload{
		Name: r.ID + "-plan.csv", Title: r.ID + " plan",
		Comment: fmt.Sprintf("The plan of %s: every row with what would be done and the exact values. This is what an approval covers.", r.ID),
		Write: func(w io.Writer) error {
			fields, err := c.planFields(ctx, r)
			if err != nil {
				return err
			}
			out := sheet.NewWriter(w, sheet.WriterOptions{ByteOrderMark: true})
			head := []string{"Row", "Action", "UserId", "Username", "ContactId", "AccountId", "Account", "Reason", "HowToFix"}
			if err := out.Write(slices.Concat(head, fields, []string{"PermissionSets", "Groups"}, headers(r))); err != nil {
				return err
			}
			for row, err := range c.service.PlanRows(ctx, r) {
				if err != nil {
					return err
				}
				line := []string{
					strconv.Itoa(row.Number), string(row.Action), row.UserID, row.Username, row.ContactID, row.AccountID, row.AccountName,
					row.Reason.Text, row.Reason.Fix,
				}
				values := fieldValues(row)
				for _, f := range fields {
					line = append(line, values[f])
				}
				line = append(line, refNames(row.PermissionSets), refNames(row.Groups))
				if err := out.Write(append(line, row.Cells...)); err != nil {
					return err
				}
			}
			return out.Flush()
		},
	}
}

// planFields returns the fields that any row writes, sorted: "Contact.LastName", "User.Alias".
func (c *Commands) planFields(ctx context.Context, r provisioning.Request) ([]string, error) {
	seen := map[string]bool{}
	for row, err := range c.service.PlanRows(ctx, r) {
		if err != nil {
			return nil, err
		}
		for name := range fieldValues(row) {
			seen[name] = true
		}
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

func fieldValues(row provisioning.PlanRow) map[string]string {
	values := make(map[string]string, len(row.Fields)+len(row.NewContact))
	for _, f := range row.Fields {
		values["User."+f.Name] = f.Value
	}
	for _, f := range row.NewContact {
		values["Contact."+f.Name] = f.Value
	}
	return values
}

func refNames(refs []provisioning.Ref) string {
	names := make([]string, len(refs))
	for i, r := range refs {
		names[i] = r.Name
	}
	return strings.Join(names, ";")
}

// headers returns the input's own columns.
func headers(r provisioning.Request) []string {
	out := make([]string, len(r.Plan.Columns))
	for i, c := range r.Plan.Columns {
		out[i] = c.Header
	}
	return out
}

// fileButton sends a file by direct message to its requester, and to approvers and admins.
func (c *Commands) fileButton(ctx context.Context, in call) error {
	id, kind := readRef(in.Action.Value)
	r, err := c.service.Request(ctx, id)
	if err != nil {
		return err
	}
	if in.User != r.Terms.Requester {
		ok, err := c.people.MemberOf(ctx, in.User, c.listOf(approvers|admins), 0)
		if err != nil {
			return fmt.Errorf("read who may see files: %w", err)
		}
		if !ok {
			return c.say(ctx, in, fmt.Sprintf("The files of %s hold names and addresses: only its requester, approvers and admins get them.", r.ID))
		}
	}
	file := c.planFile(ctx, r)
	if provisioning.NoticeKind(kind) == provisioning.NoticeResults {
		file = c.resultsFile(ctx, r)
	}
	if err := c.client.SendFile(ctx, in.User, bot.Message{Text: file.Comment}, bot.Upload{Name: file.Name, Title: file.Title, Write: file.Write}); err != nil {
		return fmt.Errorf("send %s: %w", file.Name, err)
	}
	return c.say(ctx, in, "I sent you "+file.Name+" by direct message.")
}
