package commands

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"portalbot/bot"
	"portalbot/provisioning"
	"portalbot/provisioning/sheet"
)

// exportColumns are the columns of an export. The commands that take a file for existing users understand all of them.
var exportColumns = [...]string{
	"UserId", "Username", "ContactId", "Email", "FirstName", "LastName", "Profile", "IsActive", "IsFrozen", "LastLogin", "Created",
	"AccountId", "Account",
}

// export sends the portal users of an account as a CSV by direct message, and notes it in the audit trail first. Names and addresses never
// reach the channel: what is answered there only its person sees, and it has none.
func (c *Commands) export(ctx context.Context, in call) error {
	name := typedName(in.args)
	if name == "" {
		return c.say(ctx, in, fmt.Sprintf("Of which account? For example `%s export Acme Corporation`, or the account's id.", c.cfg.Name))
	}
	found, err := c.service.FindAccounts(ctx, name)
	if err != nil {
		return err
	}
	switch len(found) {
	case 0:
		return c.say(ctx, in, fmt.Sprintf("No account is named “%s”, or I may not see it. The name has to be whole and as in Salesforce; "+
			"the account's id or the address of its page does as well.", esc(name, 80)))
	case 1:
		return c.exportAccount(ctx, in, found[0])
	}
	lines := []string{fmt.Sprintf("%s are named “%s”. Say which one by its id:", count(len(found), "account"), esc(name, 80))}
	for _, a := range found {
		lines = append(lines, fmt.Sprintf("• `%s export %s`", c.cfg.Name, a.ID))
	}
	p := page{text: lines[0]}
	p.both(section(lines...))
	return c.show(ctx, in, p)
}

func (c *Commands) exportAccount(ctx context.Context, in call, a provisioning.Account) error {
	users, err := c.service.Export(ctx, a, in.User)
	if err != nil {
		return err
	}
	if len(users) == 0 {
		return c.say(ctx, in, fmt.Sprintf("%s has no portal users.", esc(a.Name, 80)))
	}
	active := 0
	for _, u := range users {
		if u.Active {
			active++
		}
	}
	text := fmt.Sprintf("%s of %s, %s of them active. `%s disable`, `enable` and `resend` take this file: leave in it only the lines that you mean.",
		capital(count(len(users), "portal user")), esc(a.Name, 80), number(active), c.cfg.Name)
	file := bot.Upload{Name: "portal-users-" + a.ID + ".csv", Title: "Portal users", Write: func(w io.Writer) error { return writeUsers(w, a, users) }}
	if err := c.client.SendFile(ctx, in.User, bot.Message{Text: text}, file); err != nil {
		return fmt.Errorf("send the export: %w", err)
	}
	if in.Kind == bot.KindCommand {
		return c.say(ctx, in, fmt.Sprintf("I sent you %s of %s by direct message.", count(len(users), "portal user"), esc(a.Name, 80)))
	}
	return nil
}

func writeUsers(w io.Writer, a provisioning.Account, users []provisioning.PortalUser) error {
	out := sheet.NewWriter(w, sheet.WriterOptions{ByteOrderMark: true})
	if err := out.Write(exportColumns[:]); err != nil {
		return err
	}
	for _, u := range users {
		line := []string{
			u.ID, u.Username, u.ContactID, u.Email, u.FirstName, u.LastName, u.Profile, strconv.FormatBool(u.Active), strconv.FormatBool(u.Frozen),
			timeCell(u.LastLogin), timeCell(u.CreatedAt), a.ID, a.Name,
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// timeCell writes a time as spreadsheets read it, in UTC; a time that never was is empty.
func timeCell(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateTime)
}

// link finds what Slack makes of addresses and domains that are typed (docs.slack.dev, slash commands: escaping): the label, or the
// address where there is none.
var link = regexp.MustCompile(`<(?:[^|>]*\|)?([^>]*)>`)

// typedName reads a name as people type it: several words, perhaps between quotes.
func typedName(args []string) string {
	s := link.ReplaceAllString(strings.Join(args, " "), "$1")
	s = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
	return strings.Trim(s, "\"'`“”„‘’«» ")
}
