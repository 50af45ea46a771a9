package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"portalbot/bot"
	"portalbot/provisioning"
	"portalbot/store"
)

// doctorTimeout ends a doctor whose patients do not answer.
const doctorTimeout = 2 * time.Minute

// neededScopes are the bot scopes of manifest.yml with what does not work without them. A test holds them against the manifest.
var neededScopes = map[string]string{
	"commands":          "slash commands do not reach the bot",
	"chat:write":        "the bot cannot say anything",
	"files:read":        "the bot cannot read the CSV",
	"files:write":       "plan and results cannot be attached",
	"usergroups:read":   "approvers given as a user group are not recognised",
	"users:read":        "guests and deactivated people cannot be told from members",
	"app_mentions:read": "a CSV sent with @portal is not seen",
	"im:history":        "a CSV sent to the bot directly is not seen",
	"channels:history":  "after a crash a line may be said twice in a public channel",
	"groups:history":    "after a crash a line may be said twice in a private channel",
}

// doctorCommand checks every precondition.
func doctorCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check every precondition, one line each, and say what to do where one fails",
		Long:  "Reads configuration, data file, Slack and Salesforce, and changes nothing. Exit status 1 if any check fails.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), doctorTimeout)
			defer cancel()
			return runDoctor(ctx, path, os.Getenv, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&path, "config", "portalbot.yml", "configuration file")
	return cmd
}

// runDoctor does what doctorCommand says.
func runDoctor(ctx context.Context, path string, getenv func(string) string, out io.Writer) error {
	d := &doctor{out: out}
	cfg, err := loadConfig(path, getenv)
	if !d.check("configuration "+path, err) {
		return &exitError{code: 1}
	}
	d.data(cfg)
	d.slack(ctx, cfg)
	d.salesforce(ctx, cfg)
	if d.failed > 0 {
		return &exitError{code: 1, err: fmt.Errorf("%d checks failed", d.failed)}
	}
	return nil
}

// doctor prints one line for each check.
type doctor struct {
	out    io.Writer
	failed int
}

// check prints whether something holds, and what to do where it does not.
func (d *doctor) check(what string, err error) bool {
	if err == nil {
		fmt.Fprintln(d.out, "ok    "+what)
		return true
	}
	d.failed++
	fmt.Fprintf(d.out, "FAIL  %s: %v\n", what, err)
	return false
}

// note prints what is worth knowing and no failure.
func (d *doctor) note(format string, args ...any) {
	fmt.Fprintf(d.out, "note  "+format+"\n", args...)
}

// data opens the data file, unless a running portalbot has it.
func (d *doctor) data(cfg *Config) {
	what := "data file " + cfg.Store.Path
	if _, err := os.Stat(cfg.Store.Path); errors.Is(err, os.ErrNotExist) {
		d.note("%s does not exist yet; serve makes it", what)
		return
	}
	s, err := store.Open(cfg.Store.Path, store.Options{})
	if errors.Is(err, store.ErrLocked) {
		d.note("%s is in use by a running portalbot", what)
		return
	}
	if d.check(what, err) {
		d.check("closing it", s.Close())
	}
}

// slack checks tokens, scopes, the channel and the lists of people.
func (d *doctor) slack(ctx context.Context, cfg *Config) {
	client := bot.NewClient(bot.Config{BotToken: cfg.Slack.BotToken, AppToken: cfg.Slack.AppToken, APIURL: cfg.Slack.APIURL})
	id, err := client.Identity(ctx)
	if !d.check("Slack bot token", hint(err, "copy the Bot User OAuth Token (xoxb-...) into SLACK_BOT_TOKEN and reinstall the app if it was changed")) {
		return
	}
	d.note("Slack workspace %s, bot user %s", id.Team, id.UserID)
	if cfg.Slack.Mode == "socket" {
		d.check("Slack app token", hint(client.CheckAppToken(ctx), "make an app-level token with connections:write and put it into SLACK_APP_TOKEN"))
	}
	if len(id.Scopes) == 0 {
		d.note("Slack did not say which scopes the bot has")
	}
	for _, scope := range slices.Sorted(maps.Keys(neededScopes)) {
		if len(id.Scopes) == 0 {
			break
		}
		var missing error
		if !slices.Contains(id.Scopes, scope) {
			missing = fmt.Errorf("missing: %s. Add it to the app and reinstall it", neededScopes[scope])
		}
		if strings.HasSuffix(scope, "s:history") && missing != nil {
			d.note("scope %s is %v", scope, missing)
			continue
		}
		d.check("Slack scope "+scope, missing)
	}
	err = client.CheckChannel(ctx, cfg.Slack.Channel)
	if bot.Code(err) == "missing_scope" {
		err = nil // told above
	}
	d.check("Slack channel "+cfg.Slack.Channel, hint(err, "check slack.channel, and invite the bot: /invite @portal"))
	people := bot.NewPeople(client)
	for list, ids := range map[string][]string{"approval.approvers": cfg.Approval.Approvers, "slack.requesters": cfg.Slack.Requesters, "slack.admins": cfg.Slack.Admins} {
		members, err := people.Members(ctx, ids, 0)
		switch {
		case err == nil && list == "approval.approvers" && len(members) < cfg.Approval.Required:
			err = fmt.Errorf("%d people cannot give %d approvals: add people to it", len(members), cfg.Approval.Required)
		case err == nil && len(ids) == 0:
			d.note("%s is empty: nobody has these rights", list)
			continue
		}
		d.check(fmt.Sprintf("%s (%d people)", list, len(members)), hint(err, "check the ids of users (U...) and user groups (S...)"))
	}
}

// salesforce checks the sign-in, the running user, profiles and seats.
func (d *doctor) salesforce(ctx context.Context, cfg *Config) {
	org, err := connect(cfg, nil)
	if !d.check("Salesforce settings", err) {
		return
	}
	defer org.Close()
	who, err := org.Identity(ctx)
	if !d.check("Salesforce sign-in", callHint(err)) {
		return
	}
	if _, err := org.Schema(ctx); !d.check("Salesforce describe of User, Account and Contact", callHint(err)) {
		return
	}
	if who, err = org.Identity(ctx); err == nil {
		kind := "production"
		if who.Sandbox {
			kind = "sandbox"
		}
		d.note("Salesforce %s org %s, user %s", kind, who.OrgID, who.UserID)
	}
	users, err := org.Users(ctx, provisioning.UserQuery{IDs: []string{who.UserID}})
	if err == nil && (len(users) != 1 || users[0].RoleID == "") {
		err = errors.New("it has no role: Salesforce refuses portal users made by a user without one. Give it a role in Setup > Users")
	}
	d.check("Salesforce integration user has a role", callHint(err))
	d.profiles(ctx, cfg, org)
	if u := org.Usage(); u.Max > 0 {
		d.note("Salesforce API requests of the last 24 hours: %d of %d", u.Used, u.Max)
	}
}

// profiles checks that every configured profile is a portal profile, and tells the seats of its licence.
func (d *doctor) profiles(ctx context.Context, cfg *Config, org provisioning.Org) {
	profiles, err := org.Profiles(ctx)
	if !d.check("Salesforce profiles can be read", callHint(err)) {
		return
	}
	licenses, err := org.Licenses(ctx)
	if !d.check("Salesforce licences can be read", callHint(err)) {
		return
	}
	seats := map[string]provisioning.License{}
	for _, l := range licenses {
		seats[l.Key] = l
	}
	for _, portal := range slices.Sorted(maps.Keys(cfg.Portals)) {
		p := cfg.Portals[portal]
		for _, name := range append([]string{p.Profile}, p.Profiles...) {
			i := slices.IndexFunc(profiles, func(f provisioning.Profile) bool { return strings.EqualFold(f.Name, name) })
			if i < 0 {
				d.check(fmt.Sprintf("portal %s, profile %q", portal, name), errors.New("there is no portal profile of this name: check its spelling, and that it belongs to a portal licence"))
				continue
			}
			l := seats[profiles[i].LicenseKey]
			d.check(fmt.Sprintf("portal %s, profile %q, %s: %d of %d seats used", portal, name, l.Name, l.Used, l.Total), nil)
		}
	}
}

// hint adds what to do to an error.
func hint(err error, todo string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s", err, todo)
}

// callHint adds what the org's error table says can be done.
func callHint(err error) error {
	if call, ok := errors.AsType[*provisioning.CallError](err); ok && call.Fix != "" {
		return fmt.Errorf("%w. %s", err, call.Fix)
	}
	return err
}
