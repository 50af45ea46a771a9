package commands

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"portalbot/bot"
	"portalbot/provisioning"
)

// answer is what became of a file: a proposal, or what is wrong with the file, as sentences. Then nothing was stored.
type answer struct {
	proposal provisioning.Proposal
	faults   []string // plain text, not escaped
	more     int      // faults that are not listed
}

// faultsListed is how many faults a person is told at once.
const faultsListed = 15

func fault(format string, args ...any) answer {
	return answer{faults: []string{fmt.Sprintf(format, args...)}}
}

// intake is where every file ends, whichever way it came: it downloads, reads and proposes. origin is the delivery that asked for it, so
// that the same delivery handled again finds the same request. An error is the org's, the store's or Slack's.
func (c *Commands) intake(ctx context.Context, origin, user string, f form, ch choices) (answer, error) {
	limit := int64(maxUpload)
	if len(f.Files) > 0 {
		limit = maxShared
	}
	content, err := c.client.Download(ctx, ch.file, limit)
	if e, ok := errors.AsType[*bot.FileError](err); ok {
		return fault("%s", fileFault(e)), nil
	}
	if err != nil {
		return answer{}, fmt.Errorf("get file %s: %w", ch.file.ID, err)
	}
	terms, err := c.terms(ctx, user, f, ch)
	if err != nil {
		return answer{}, err
	}
	portal, err := c.service.Portal(terms.Portal)
	if err != nil {
		return answer{}, err
	}
	input, err := ReadFile(bytes.NewReader(content), int64(len(content)), maxShared, f.Verb, portal)
	if bad, ok := errors.AsType[*Faults](err); ok {
		listed := min(len(bad.List), faultsListed)
		return answer{faults: bad.List[:listed], more: bad.More + len(bad.List) - listed}, nil
	}
	if err != nil {
		return answer{}, err
	}
	sum := sha256.Sum256(content)
	terms.Origin, terms.FileName, terms.FileID, terms.FileSum = origin, ch.file.Name, ch.file.ID, hex.EncodeToString(sum[:])
	proposal, err := c.service.Propose(ctx, terms, input)
	return answer{proposal: proposal}, err
}

// terms are what the person asks for, but for the file.
func (c *Commands) terms(ctx context.Context, user string, f form, ch choices) (provisioning.Terms, error) {
	ch.note = bot.Clip(ch.note, maxNote)
	if f.Amends != "" {
		return c.amendedTerms(ctx, user, f, ch)
	}
	portal, err := c.service.Portal(ch.portal)
	if err != nil {
		return provisioning.Terms{}, err
	}
	return provisioning.Terms{
		Verb: f.Verb, Method: ch.method, Portal: portal.Name, Requester: user, Note: ch.note,
		Mail: mailOf(ch.mail, portal), CreateContacts: ch.contacts, StartAfter: ch.start,
	}, nil
}

func mailOf(chosen string, p provisioning.Portal) provisioning.MailMode {
	switch m := provisioning.MailMode(chosen); m {
	case provisioning.MailHeader, provisioning.MailSite, provisioning.MailNone:
		return m
	}
	return p.Mail
}

// fileFault says why a file could not be had, and what to do.
func fileFault(e *bot.FileError) string {
	switch e.Reason {
	case bot.FileExternal:
		return "This file is only a link to another service (Google Drive or the like). Download it, then upload the file itself."
	case bot.FileSignIn:
		return "What came is a web page, not a spreadsheet. If you saved a page from the browser, export the data as CSV or .xlsx and upload that. " +
			"If it is a spreadsheet, the bot may lack the permission files:read: tell whoever runs it."
	case bot.FileTooLarge:
		if e.Limit < maxShared {
			return fmt.Sprintf("This file is larger than %s. Drop it in a direct message to me, where I take up to %s.", sizeText(e.Limit), sizeText(maxShared))
		}
		return fmt.Sprintf("This file is larger than %s. Split it into several files.", sizeText(e.Limit))
	case bot.FileTruncated:
		return fmt.Sprintf("Only %s of the file's %s arrived, so I did not use it. Upload it again.", sizeText(e.Got), sizeText(e.Size))
	case bot.FileMissing:
		return "I cannot see this file: it was deleted, or it is in a conversation that I am not in. Upload it again, or invite me there."
	}
	return "This file is not kept in this Slack workspace, so I cannot read it. Upload the file itself."
}
