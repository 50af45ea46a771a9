package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"portalbot/provisioning"
)

// Exit statuses of plan: 0 when every row can run or is skipped.
const (
	planInvalid    = 1 // rows that cannot run, or a plan that cannot
	planUnreadable = 2 // file, configuration or org
)

// planTimeout ends a plan whose org does not answer. 100,000 rows take about a minute.
const planTimeout = 10 * time.Minute

// planFlags are what plan is asked for.
type planFlags struct {
	config, file, command, method, portal string
	createContacts, json                  bool
}

// planCommand shows in the terminal what a file would do.
func planCommand() *cobra.Command {
	var f planFlags
	cmd := &cobra.Command{
		Use:   "plan --file FILE",
		Short: "Show what a file would do, read-only: the same plan that approvers get in Slack",
		Long: "Reads the file, looks every row up in the org and prints what /portal would plan. It changes nothing, needs no Slack and\n" +
			"stores nothing. Exit status 0: every row can run or is skipped. 1: some rows, or all, cannot run. 2: the file, the\n" +
			"configuration or the org cannot be read.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), planTimeout)
			defer cancel()
			return runPlan(ctx, f, os.Getenv, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&f.config, "config", "portalbot.yml", "configuration file; only its salesforce and portals parts matter")
	cmd.Flags().StringVar(&f.file, "file", "", "CSV or Excel file")
	cmd.Flags().StringVar(&f.command, "command", "add", "add, disable, enable or resend")
	cmd.Flags().StringVar(&f.method, "method", "deactivate", "of disable: deactivate, freeze, or disable (for good)")
	cmd.Flags().StringVar(&f.portal, "portal", "", "name of the portal; not needed where one is configured")
	cmd.Flags().BoolVar(&f.createContacts, "create-contacts", false, "of add: create missing contacts, where the portal allows it")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON object with every row")
	return cmd
}

// runPlan does what planCommand says.
func runPlan(ctx context.Context, f planFlags, getenv func(string) string, out io.Writer) error {
	unreadable := func(err error) error { return &exitError{code: planUnreadable, err: err} }
	terms, err := f.terms()
	if err != nil {
		return unreadable(err)
	}
	cfg, err := loadOrgConfig(f.config, getenv)
	if err != nil {
		return unreadable(err)
	}
	portal, err := choosePortal(cfg.portals(welcomeMail(cfg)), f.portal)
	if err != nil {
		return unreadable(err)
	}
	if f.createContacts && !portal.CreateContacts {
		return unreadable(fmt.Errorf("portal %s does not allow contacts to be created: set portals.%s.create_contacts, or leave out --create-contacts",
			portal.Name, portal.Name))
	}
	terms.Portal, terms.Mail = portal.Name, portal.Mail
	input, err := readPlanFile(f.file, terms.Verb, portal)
	if err != nil {
		return unreadable(err)
	}
	org, err := connect(cfg, nil)
	if err != nil {
		return unreadable(err)
	}
	defer org.Close()
	draft, err := (&provisioning.Planner{Org: org, Portal: portal}).Plan(ctx, terms, input)
	if err != nil {
		return unreadable(orgError(err))
	}
	if f.json {
		err = printPlanJSON(out, terms, draft)
	} else {
		err = printPlan(out, terms, draft)
	}
	if err != nil {
		return unreadable(fmt.Errorf("print the plan: %w", err))
	}
	if s := draft.Summary; s.Actions[provisioning.ActionInvalid] > 0 || len(s.Blocks) > 0 {
		return &exitError{code: planInvalid}
	}
	return nil
}

// terms are those of the request that the flags describe.
func (f planFlags) terms() (provisioning.Terms, error) {
	t := provisioning.Terms{Verb: provisioning.Verb(f.command), CreateContacts: f.createContacts, FileName: filepath.Base(f.file)}
	verbs := []provisioning.Verb{provisioning.VerbAdd, provisioning.VerbDisable, provisioning.VerbEnable, provisioning.VerbResend}
	methods := []provisioning.Method{provisioning.MethodDeactivate, provisioning.MethodFreeze, provisioning.MethodDisable}
	switch {
	case f.file == "":
		return t, errors.New("no file: name a CSV or Excel file with --file")
	case !slices.Contains(verbs, t.Verb):
		return t, fmt.Errorf("--command is %q: write add, disable, enable or resend", f.command)
	case t.Verb == provisioning.VerbDisable && !slices.Contains(methods, provisioning.Method(f.method)):
		return t, fmt.Errorf("--method is %q: write deactivate, freeze or disable", f.method)
	case t.Verb == provisioning.VerbDisable:
		t.Method = provisioning.Method(f.method)
	}
	return t, nil
}

// choosePortal finds the portal that is meant.
func choosePortal(portals map[string]provisioning.Portal, name string) (provisioning.Portal, error) {
	names := slices.Sorted(maps.Keys(portals))
	if p, ok := portals[name]; ok {
		return p, nil
	}
	if name == "" && len(names) == 1 {
		return portals[names[0]], nil
	}
	if name == "" {
		return provisioning.Portal{}, fmt.Errorf("several portals are configured: choose one with --portal (%s)", strings.Join(names, ", "))
	}
	return provisioning.Portal{}, fmt.Errorf("there is no portal %q: write --portal %s", name, strings.Join(names, " or "))
}

// orgError adds what a person can do about the org's refusal.
func orgError(err error) error {
	return fmt.Errorf("the org cannot be read: %w", callHint(err))
}
