package commands

import (
	"context"
	"fmt"
	"io"
	"time"

	"portalbot/bot"
	"portalbot/provisioning/report"
	"portalbot/provisioning/sheet"
)

func seatsPicture(id string, n int, s report.Seats) *bot.Upload {
	alt := report.SeatsAlt(s)
	return &bot.Upload{
		Name: fmt.Sprintf("%s-seats-%d.png", id, n+1), Title: raw(s.Name, 100) + ": seats", Comment: esc(alt, 1000), Alt: alt,
		Write: func(w io.Writer) error { return report.SeatsChart(w, s) },
	}
}

func activityPicture(id string, days []report.Day) *bot.Upload {
	alt := report.ActivityAlt(days)
	return &bot.Upload{
		Name: id + "-activity.png", Title: "What requests did", Comment: esc(alt, 1000), Alt: alt,
		Write: func(w io.Writer) error { return report.ActivityChart(w, days) },
	}
}

// foundFile lists the users of a finding as a CSV that disable and resend take.
func foundFile(id string, f report.Finding) bot.Upload {
	comment := fmt.Sprintf("The users in the report %s that are %s. `disable` and `resend` take this file as it is.", id, listWords(f))
	if f.Total > len(f.Users) {
		comment += fmt.Sprintf(" It holds the first %s of %s.", number(len(f.Users)), number(f.Total))
	}
	return bot.Upload{
		Name: fmt.Sprintf("%s-%s.csv", id, f.Kind), Title: fmt.Sprintf("%s %s", id, f.Kind), Comment: comment,
		Write: func(w io.Writer) error {
			out := sheet.NewWriter(w, sheet.WriterOptions{ByteOrderMark: true})
			if err := out.Write([]string{"UserId", "Username", "Email", "ContactId", "AccountId", "Account", "CreatedDate", "LastLoginDate", "LastModifiedById", "LastModifiedDate"}); err != nil {
				return err
			}
			for _, u := range f.Users {
				line := []string{u.ID, u.Username, u.Email, u.ContactID, u.AccountID, u.Account, cellTime(u.Created), cellTime(u.LastLogin), u.ChangedBy, cellTime(u.ChangedAt)}
				if err := out.Write(line); err != nil {
					return err
				}
			}
			return out.Flush()
		},
	}
}

// listWords goes on from "users that are".
func listWords(f report.Finding) string {
	if f.Kind == report.Never {
		return "active and " + findingWords(f)
	}
	return findingWords(f)
}

func cellTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// foundButton sends the list of a finding by direct message: it holds names and addresses.
func (c *Commands) foundButton(ctx context.Context, in call) error {
	id, kind := readRef(in.Action.Value)
	ok, err := c.people.MemberOf(ctx, in.User, c.listOf(requesters|approvers|admins), 0)
	if err != nil {
		return fmt.Errorf("read who may see lists: %w", err)
	}
	if !ok {
		return c.say(ctx, in, "The list holds names and addresses: only requesters, approvers and admins get it.")
	}
	f, gone, err := c.finding(ctx, id, kind)
	if err != nil || gone != "" {
		return c.refuse(ctx, in, gone, err)
	}
	file := foundFile(id, f)
	if err := c.client.SendFile(ctx, in.User, bot.Message{Text: file.Comment}, bot.Upload{Name: file.Name, Title: file.Title, Write: file.Write}); err != nil {
		return fmt.Errorf("send %s: %w", file.Name, err)
	}
	return c.say(ctx, in, "I sent you "+file.Name+" by direct message.")
}

// finding returns a list of a saved report; gone is what to say when it is there no more.
func (c *Commands) finding(ctx context.Context, id, kind string) (f report.Finding, gone string, err error) {
	r, ok, err := c.loadReport(ctx, id)
	if err != nil {
		return f, "", err
	}
	for _, f := range r.Findings {
		if string(f.Kind) == kind && len(f.Users) > 0 {
			return f, "", nil
		}
	}
	if !ok {
		return f, fmt.Sprintf("That report was purged meanwhile. `%s report` makes a new one.", c.cfg.Name), nil
	}
	return f, "There are no users on that list.", nil
}
