package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/provisioning"
)

const (
	// maxUpload is what a file input takes (docs.slack.dev, file input element).
	maxUpload = 10 << 20
	// maxShared is what we take of files that are in a message already.
	maxShared = 50 << 20
	// maxFormFiles is how many files of one message the form offers to choose from.
	maxFormFiles = 10
)

// Block ids of the form.
const (
	blockFile     = "file"
	blockWhich    = "which"
	blockPortal   = "portal"
	blockMethod   = "method"
	blockMail     = "mail"
	blockContacts = "contacts"
	blockStart    = "start"
	blockNote     = "note"
)

// mailDefault stands for the portal's own choice.
const mailDefault = "default"

// form is the dialog that every request starts with. Its JSON is the modal's private_metadata.
type form struct {
	Verb  provisioning.Verb `json:"v"`
	Files []formFile        `json:"f,omitempty"` // files that are in Slack already; empty: the form asks for one
	// Amends is the pending request whose file is to be replaced; empty for a new request.
	Amends string `json:"r,omitempty"`
}

type formFile struct {
	ID   string `json:"i"`
	Name string `json:"n,omitempty"`
}

// choices is what the person filled in.
type choices struct {
	file     bot.File
	portal   string
	method   provisioning.Method
	mail     string
	contacts bool
	start    time.Time // zero: as soon as it is approved
	note     string
}

// opener returns the command that opens the form for a verb.
func (c *Commands) opener(v provisioning.Verb) func(context.Context, call) error {
	return func(ctx context.Context, in call) error { return c.openForm(ctx, in, form{Verb: v}) }
}

// formButton returns what a button does that opens the form. Its value holds the ids of files, if any.
func (c *Commands) formButton(v provisioning.Verb) func(context.Context, call) error {
	return func(ctx context.Context, in call) error {
		if no, err := c.notRequester(ctx, in.User); err != nil || no != "" {
			return c.refuse(ctx, in, no, err)
		}
		f := form{Verb: v}
		for _, id := range strings.Fields(in.Action.Value) {
			f.Files = append(f.Files, formFile{ID: id})
		}
		return c.openForm(ctx, in, f)
	}
}

// openForm opens the form, or, when the trigger is dead, offers a button that does: after a restart, or when Slack was slow.
func (c *Commands) openForm(ctx context.Context, in call, f form) error {
	return c.openFormWith(ctx, in, f, choices{})
}

// openFormWith opens the form with what is filled in already.
func (c *Commands) openFormWith(ctx context.Context, in call, f form, ch choices) error {
	if !in.Replayed && in.TriggerID != "" {
		_, err := c.client.OpenView(ctx, in.TriggerID, c.formView(f, ch, nil))
		if err == nil {
			return nil
		}
		if !errors.Is(err, bot.ErrTriggerDead) {
			return fmt.Errorf("open the form: %w", err)
		}
	}
	p := page{text: "Press the button to open the form."}
	if in.Kind == bot.KindCommand || in.Kind == bot.KindAction {
		p.text = "That took too long for Slack to open the form. Press the button to open it now."
	}
	p.both(section(p.text), buttonBlock(f.button("Open the form")))
	return c.show(ctx, in, p)
}

// button opens the form.
func (f form) button(text string) *slack.ButtonBlockElement {
	if f.Amends != "" {
		return pushButton(actionAmend, f.Amends, text)
	}
	ids := make([]string, len(f.Files))
	for i, file := range f.Files {
		ids[i] = file.ID
	}
	return pushButton(actionForm+string(f.Verb), strings.Join(ids, " "), text)
}

// formView is the form as a modal. top is shown above the inputs: what was wrong with the last try.
func (c *Commands) formView(f form, ch choices, top []slack.Block) slack.ModalViewRequest {
	portals := c.service.Portals()
	blocks := slices.Clone(top)
	if len(blocks) > 0 {
		blocks = append(blocks, slack.NewDividerBlock())
	}
	title := verbWords(f.Verb)
	if f.Amends != "" {
		title = "Replace the file"
		blocks = append(blocks, amendBlocks(f, ch)...)
	} else {
		blocks = append(blocks, f.inputs(portals, ch)...)
	}
	v := modalView(modalForm, title, "Check the file", "Cancel", blocks)
	v.PrivateMetadata = f.metadata()
	return v
}

// inputs are the inputs of a new request.
func (f form) inputs(portals []provisioning.Portal, ch choices) []slack.Block {
	blocks := []slack.Block{f.fileInput()}
	if len(portals) > 1 {
		blocks = append(blocks, portalInput(portals, ch.portal))
	}
	switch f.Verb {
	case provisioning.VerbDisable:
		blocks = append(blocks, methodInput(ch.method))
	case provisioning.VerbAdd:
		blocks = append(blocks, mailInput(portals, ch.mail))
		if slices.ContainsFunc(portals, func(p provisioning.Portal) bool { return p.CreateContacts }) {
			blocks = append(blocks, contactsInput(ch.contacts))
		}
	}
	return append(blocks, startInput(ch.start), noteInput(ch.note),
		footnote("You see first what would happen. Nothing is done in Salesforce before somebody else has approved it."))
}

func (f form) metadata() string {
	js, err := json.Marshal(f)
	if err != nil { // strings always marshal
		return ""
	}
	return string(js)
}

func (f form) fileInput() slack.Block {
	label := plainText("File", maxOptionText)
	switch len(f.Files) {
	case 0:
		e := slack.NewFileInputBlockElement("upload").WithFileTypes("csv", "tsv", "txt", "xlsx", "xlsm").WithMaxFiles(1)
		hint := "CSV or Excel (.xlsx), up to 10 MB. For a larger one, drop it in a direct message to me."
		return slack.NewInputBlock(blockFile, label, plainText(hint, maxContextText), e)
	case 1:
		name := "the file of that message"
		if f.Files[0].Name != "" {
			name = esc(f.Files[0].Name, 100)
		}
		return section("*File:* " + name)
	}
	options := make([]*slack.OptionBlockObject, len(f.Files))
	for i, file := range f.Files {
		name := fmt.Sprintf("File %d", i+1)
		if file.Name != "" {
			name = file.Name
		}
		options[i] = slack.NewOptionBlockObject(file.ID, plainText(name, maxOptionText), nil)
	}
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainText("Which file?", maxOptionText), "which", options...)
	return slack.NewInputBlock(blockWhich, label, nil, e)
}

func portalInput(portals []provisioning.Portal, chosen string) slack.Block {
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainText("Which portal?", maxOptionText), "portal")
	for i, p := range portals {
		if i == 100 { // docs.slack.dev, select menu: options
			break
		}
		o := slack.NewOptionBlockObject(p.Name, plainText(p.Name, maxOptionText), nil)
		e.Options = append(e.Options, o)
		if p.Name == chosen {
			e.InitialOption = o
		}
	}
	return slack.NewInputBlock(blockPortal, plainText("Portal", maxOptionText), nil, e)
}

func methodInput(chosen provisioning.Method) slack.Block {
	option := func(m provisioning.Method, text, about string) *slack.OptionBlockObject {
		return slack.NewOptionBlockObject(string(m), plainText(text, maxOptionText), plainText(about, maxOptionText))
	}
	options := []*slack.OptionBlockObject{
		option(provisioning.MethodDeactivate, "Deactivate", "No log-in, the seat is free again. Can be undone."),
		option(provisioning.MethodFreeze, "Freeze", "No log-in from now on, the seat stays taken. Can be undone."),
		option(provisioning.MethodDisable, "Disable for good", "Cuts the user off from the contact. CANNOT be undone."),
	}
	e := slack.NewRadioButtonsBlockElement("method", options...)
	e.InitialOption = options[0]
	for _, o := range options {
		if o.Value == string(chosen) {
			e.InitialOption = o
		}
	}
	return slack.NewInputBlock(blockMethod, plainText("How", maxOptionText), nil, e)
}

func mailInput(portals []provisioning.Portal, chosen string) slack.Block {
	usual := "As the portal is set up"
	if len(portals) == 1 {
		usual += ": " + mailWords(portals[0].Mail)
	}
	options := []*slack.OptionBlockObject{
		slack.NewOptionBlockObject(mailDefault, plainText(usual, maxOptionText), nil),
		slack.NewOptionBlockObject(string(provisioning.MailHeader), plainText("Request one from Salesforce for each new user", maxOptionText), nil),
		slack.NewOptionBlockObject(string(provisioning.MailSite), plainText("Leave it to the site's own setting", maxOptionText), nil),
		slack.NewOptionBlockObject(string(provisioning.MailNone), plainText("Request none", maxOptionText), nil),
	}
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, "mail", options...)
	e.InitialOption = options[0]
	for _, o := range options {
		if o.Value == chosen {
			e.InitialOption = o
		}
	}
	return slack.NewInputBlock(blockMail, plainText("Welcome e-mail", maxOptionText), nil, e)
}

func contactsInput(checked bool) slack.Block {
	o := slack.NewOptionBlockObject("yes", plainText("Create contacts that do not exist yet", maxOptionText), nil)
	e := slack.NewCheckboxGroupsBlockElement("contacts", o)
	if checked {
		e.InitialOptions = []*slack.OptionBlockObject{o}
	}
	b := slack.NewInputBlock(blockContacts, plainText("Contacts", maxOptionText), nil, e)
	b.Optional = true
	return b
}

// maxAhead is how far ahead a start may be set. Longer than that nobody remembers why: this is ours.
const maxAhead = 30 * 24 * time.Hour

func startInput(at time.Time) slack.Block {
	e := slack.NewDateTimePickerBlockElement("start")
	if !at.IsZero() {
		e.InitialDateTime = at.Unix()
	}
	b := slack.NewInputBlock(blockStart, plainText("Do not start before", maxOptionText),
		plainText("Empty: as soon as it is approved.", maxContextText), e)
	b.Optional = true
	return b
}

func noteInput(text string) slack.Block {
	e := slack.NewPlainTextInputBlockElement(plainText("Why, for whom, ticket number ...", maxOptionText), "note")
	e.Multiline, e.MaxLength, e.InitialValue = true, maxNote, bot.Clip(text, maxNote)
	b := slack.NewInputBlock(blockNote, plainText("Note for the approver", maxOptionText), nil, e)
	b.Optional = true
	return b
}

// readForm returns the form and what was filled in.
func readForm(v *bot.View) (form, choices, error) {
	var f form
	if err := json.Unmarshal([]byte(v.PrivateMetadata), &f); err != nil {
		return form{}, choices{}, fmt.Errorf("read the form's metadata: %w", err)
	}
	s := v.State
	ch := choices{
		portal: s.Selected(blockPortal), method: provisioning.Method(s.Selected(blockMethod)), mail: s.Selected(blockMail),
		contacts: s.Checked(blockContacts, "yes"), note: strings.TrimSpace(s.Value(blockNote)),
	}
	if at := s.Selected(blockStart); at != "" {
		start, err := time.Parse(time.RFC3339, at)
		if err != nil {
			return form{}, choices{}, fmt.Errorf("read the start: %w", err)
		}
		ch.start = start
	}
	switch len(f.Files) {
	case 0:
		if files := s.Files(blockFile); len(files) > 0 {
			ch.file = files[0]
		}
	case 1:
		ch.file = bot.File{ID: f.Files[0].ID, Name: f.Files[0].Name, Access: accessAsk}
	default:
		for _, file := range f.Files {
			if file.ID == s.Selected(blockWhich) {
				ch.file = bot.File{ID: file.ID, Name: file.Name, Access: accessAsk}
			}
		}
	}
	return f, ch, nil
}

// accessAsk makes Download ask Slack for a file's description, of which we kept only the id (docs.slack.dev, file object).
const accessAsk = "check_file_info"

// ackForm checks what can be checked at once, and shows that the file is being looked at.
func (c *Commands) ackForm(d bot.Delivery) bot.Ack {
	f, ch, err := readForm(d.Submit)
	if err != nil {
		return bot.Ack{} // submitForm returns the same error
	}
	if len(f.Files) == 0 {
		switch {
		case ch.file.ID == "":
			return refuseInput(blockFile, "Choose a file.")
		case ch.file.Size > maxUpload:
			return refuseInput(blockFile, fmt.Sprintf("This file has %s; the form takes 10 MB. Drop it in a direct message to me instead.", sizeText(ch.file.Size)))
		}
	} else if ch.file.ID == "" {
		return refuseInput(blockWhich, "Choose a file.")
	}
	if !ch.start.IsZero() && (ch.start.Before(d.At) || ch.start.After(d.At.Add(maxAhead))) {
		return refuseInput(blockStart, "Choose a time within the next 30 days, or leave it empty to start as soon as it is approved.")
	}
	portal, err := c.service.Portal(ch.portal)
	if err != nil && f.Amends == "" {
		return refuseInput(blockPortal, "Choose a portal.")
	}
	if ch.contacts && !portal.CreateContacts {
		return refuseInput(blockContacts, raw("Portal "+portal.Name+" does not allow contacts to be created. Untick this.", maxConfirm))
	}
	v := waitView("Checking the file", "Checking your file ...", "This takes a few seconds. You can close this; then I send you the result by direct message.")
	v.ExternalID = d.Key // by which the result finds it
	return bot.Ack{Update: &v}
}

func refuseInput(block, text string) bot.Ack { return bot.Ack{Errors: map[string]string{block: text}} }

// waitView is a modal with nothing to fill in.
func waitView(title, line, small string) slack.ModalViewRequest {
	return modalView(modalNote, title, "", "Close", []slack.Block{section(line), footnote(small)})
}

// notRequester refuses people who may not make requests, in words.
func (c *Commands) notRequester(ctx context.Context, user string) (string, error) {
	ok, err := c.may(ctx, user, requesters)
	if err != nil || ok {
		return "", err
	}
	return "Only requesters can do this, and you are not on that list. " + c.askFor(), nil
}

// refuse says no, or returns why that could not be found out.
func (c *Commands) refuse(ctx context.Context, in call, no string, err error) error {
	if err != nil {
		return err
	}
	return c.say(ctx, in, no)
}
