package commands

import (
	"context"
	"fmt"
	"io"
	"strings"

	"portalbot/bot"
	"portalbot/provisioning"
	"portalbot/provisioning/sheet"
)

// template sends a CSV to start from. It has all known columns: those that are not needed are left empty or deleted.
func (c *Commands) template(ctx context.Context, in call) error {
	verb := provisioning.VerbAdd
	if len(in.args) > 0 {
		var names []string
		verb = ""
		for _, v := range verbs {
			names = append(names, string(v))
			if strings.EqualFold(in.args[0], string(v)) {
				verb = v
			}
		}
		if verb == "" {
			text := fmt.Sprintf("There is no template “%s”.", esc(in.args[0], 40))
			if n := nearest(in.args[0], names); n != "" {
				return c.say(ctx, in, fmt.Sprintf("%s Did you mean `%s template %s`?", text, c.cfg.Name, n))
			}
			return c.say(ctx, in, fmt.Sprintf("%s There are `%s template add` and `%s template disable`.", text, c.cfg.Name, c.cfg.Name))
		}
	}
	columns := provisioning.ColumnNames(verb)
	file := bot.Upload{
		Name: "portal-" + string(verb) + ".csv", Title: "Template: " + strings.ToLower(verbWords(verb)),
		Write: func(w io.Writer) error {
			out := sheet.NewWriter(w, sheet.WriterOptions{ByteOrderMark: true})
			if err := out.Write(columns); err != nil {
				return err
			}
			return out.Flush()
		},
	}
	if err := c.client.SendFile(ctx, in.User, bot.Message{Text: templateText(verb, c.cfg.Name)}, file); err != nil {
		return fmt.Errorf("send the template: %w", err)
	}
	if in.Kind == bot.KindCommand {
		return c.say(ctx, in, "I sent you a template by direct message.")
	}
	return nil
}

func templateText(verb provisioning.Verb, name string) string {
	how := "One row for each user. A row needs one of UserId, Username, ContactId and Email; delete the columns that you do not use."
	if verb == provisioning.VerbAdd {
		how = "One row for each person. A row needs ContactId, or Email (with Account or AccountId where an address is not unique). " +
			"What you leave empty comes from the contact and from the portal's defaults, so delete the columns that you do not use."
	}
	return fmt.Sprintf("Here is a CSV to start from. %s When it is filled in, type `%s %s`, or drop the file here.", how, name, verb)
}
