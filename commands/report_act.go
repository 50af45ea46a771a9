package commands

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"portalbot/provisioning"
	"portalbot/provisioning/report"
)

// findingVerb is what a button below a finding asks for.
func findingVerb(k report.Kind) (provisioning.Verb, bool) {
	switch k {
	case report.Never:
		return provisioning.VerbResend, true
	case report.Inactive:
		return provisioning.VerbDisable, true
	case report.Orphans, report.Changed:
	}
	return "", false
}

// actOnFinding makes a draft of the users on a list and shows it to who clicked. It is planned, sent, approved and run like any other:
// nothing runs by the click.
func (c *Commands) actOnFinding(ctx context.Context, in call) error {
	if no, err := c.notRequester(ctx, in.User); err != nil || no != "" {
		return c.refuse(ctx, in, no, err)
	}
	id, kind := readRef(in.Action.Value)
	f, gone, err := c.finding(ctx, id, kind)
	if err != nil || gone != "" {
		return c.refuse(ctx, in, gone, err)
	}
	r, _, err := c.loadReport(ctx, id)
	if err != nil {
		return err
	}
	portal, ok := c.reportPortal(r)
	verb, acts := findingVerb(f.Kind)
	if !ok || !acts {
		return c.say(ctx, in, "This list cannot be made a request. Get the CSV, and use it with the command of the portal that it is for.")
	}
	input := provisioning.Input{Columns: []provisioning.Column{{Header: "UserId", Name: "UserId"}, {Header: "Username", Name: "Username"}}}
	sum := sha256.New()
	for i, u := range f.Users {
		input.Rows = append(input.Rows, provisioning.InputRow{Number: i + 1, Line: i + 2, Cells: []string{u.ID, u.Username}})
		fmt.Fprintf(sum, "%s,%s\n", u.ID, u.Username)
	}
	proposal, err := c.service.Propose(ctx, provisioning.Terms{
		Origin: in.Key, Verb: verb, Portal: portal.Name, Requester: in.User, Mail: portal.Mail,
		Note: fmt.Sprintf("%s, from the report %s", capital(findingWords(f)), id), FileName: fmt.Sprintf("%s-%s.csv", id, f.Kind),
		FileSum: hex.EncodeToString(sum.Sum(nil)),
	}, input)
	if err != nil {
		return err
	}
	if proposal.Request.ID == "" {
		p := page{text: "There is nothing to do for these users."}
		p.both(section(answer{proposal: proposal}.lines()...))
		return c.show(ctx, in, p)
	}
	q := proposal.Request
	if q.State != provisioning.StateDraft { // this delivery is handled again
		return c.say(ctx, in, fmt.Sprintf("%s is no draft any more. `%s status %s` shows where it stands.", q.ID, c.cfg.Name, q.ID))
	}
	who := c.choose(ctx, in.User, proposal.Needs)
	return c.show(ctx, in, previewPage(q, who.line(c.askFor())))
}

// reportPortal returns the one portal that a report tells of.
func (c *Commands) reportPortal(r report.Report) (provisioning.Portal, bool) {
	names := r.Portals
	if len(names) == 0 {
		for _, p := range c.service.Portals() {
			names = append(names, p.Name)
		}
	}
	if len(names) != 1 {
		return provisioning.Portal{}, false
	}
	p, err := c.service.Portal(names[0])
	return p, err == nil
}

// actionLabel is the text of the button that acts on a finding.
func actionLabel(v provisioning.Verb) string {
	if v == provisioning.VerbResend {
		return "Resend access"
	}
	return "Ask to deactivate"
}
