package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/provisioning"
)

// shortcut is the message shortcut "Provision from CSV".
func (c *Commands) shortcut(ctx context.Context, in call) error {
	if in.Shortcut.CallbackID != ShortcutAdd {
		c.log.WarnContext(ctx, "shortcut that nothing here handles", "callback", in.Shortcut.CallbackID)
		return nil
	}
	if no, err := c.notRequester(ctx, in.User); err != nil || no != "" {
		return c.refuse(ctx, in, no, err)
	}
	files := formFiles(in.Shortcut.Files)
	if len(files) == 0 {
		return c.say(ctx, in, fmt.Sprintf("There is no file on that message. Use this on a message that has a CSV or Excel file, or type `%s add`.", c.cfg.Name))
	}
	return c.openForm(ctx, in, form{Verb: provisioning.VerbAdd, Files: files})
}

func formFiles(files []bot.File) []formFile {
	var out []formFile
	for _, f := range files {
		if len(out) < maxFormFiles {
			out = append(out, formFile{ID: f.ID, Name: bot.Clip(bot.Plain(f.Name), 60)})
		}
	}
	return out
}

// event handles a file dropped in the bot's direct messages, a mention, and the Home tab.
func (c *Commands) event(ctx context.Context, in call) error {
	switch in.Event.Type {
	case bot.EventHome:
		if in.Event.Tab == "messages" {
			return nil
		}
		return c.home(ctx, in)
	case bot.EventDirect, bot.EventMention:
		if len(in.Event.Files) > 0 {
			return c.offerFiles(ctx, in)
		}
		return c.words(ctx, in)
	}
	return nil
}

// offerFiles asks what to do with files, by buttons that open the form. Nothing has been read yet.
func (c *Commands) offerFiles(ctx context.Context, in call) error {
	if no, err := c.notRequester(ctx, in.User); err != nil || no != "" {
		return c.refuse(ctx, in, no, err)
	}
	files := formFiles(in.Event.Files)
	p := page{text: "What shall I do with this file?"}
	for _, f := range files {
		name := "that file"
		if f.Name != "" {
			name = "*" + esc(f.Name, 60) + "*"
		}
		var buttons []*slack.ButtonBlockElement
		for _, v := range verbs {
			buttons = append(buttons, form{Verb: v, Files: []formFile{f}}.button(verbWords(v)))
		}
		p.both(section("What shall I do with "+name+"?"), buttonBlock(buttons...))
	}
	if more := len(in.Event.Files) - len(files); more > 0 {
		p.both(footnote(fmt.Sprintf("I show the first %d files. Send the other %s in another message.", maxFormFiles, number(more))))
	}
	return c.show(ctx, in, p)
}

// words answers a direct message or a mention without a file: it is taken for a command that only looks.
func (c *Commands) words(ctx context.Context, in call) error {
	var words []string
	for w := range strings.FieldsSeq(in.Event.Text) {
		if !strings.HasPrefix(w, "<@") {
			words = append(words, strings.Trim(w, "`*_"))
		}
	}
	if len(words) > 0 && strings.EqualFold(words[0], c.cfg.Name) {
		words = words[1:]
	}
	if len(words) == 0 {
		return c.help(ctx, in)
	}
	in.args = words[1:]
	for _, cmd := range c.table {
		if !strings.EqualFold(cmd.name, words[0]) {
			continue
		}
		ok, err := c.may(ctx, in.User, cmd.who)
		if err != nil {
			return err
		}
		if !ok {
			return c.say(ctx, in, c.onlyFor(cmd))
		}
		return cmd.run(ctx, in)
	}
	in.args = nil
	return c.help(ctx, in)
}
