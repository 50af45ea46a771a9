package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"portalbot/bot/slacksim"
	"portalbot/provisioning"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// exampleCSV is what the demo plays when no file is named: 60 rows in Data Loader's columns, two of them faulty.
const exampleCSV = "docs/examples/acme-60.csv"

// demoTimeout ends a demo that hangs. The example takes a few seconds; 100,000 rows some minutes.
const demoTimeout = 15 * time.Minute

// demoCommand plays the whole story in the terminal.
func demoCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Play the whole story in the terminal, on a built-in Slack and Salesforce",
		Long: "Starts a strict Slack workspace and a strict Salesforce org in this process, runs the real bot between them, and plays a\n" +
			"requester and an approver. Nothing leaves this machine. Exit status 0 when every row that could run took effect once, else 1.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), demoTimeout)
			defer cancel()
			data, err := os.ReadFile(file) //nolint:gosec // the person names the file
			if errors.Is(err, os.ErrNotExist) && file == exampleCSV {
				return fmt.Errorf("the example %s is not here: run the demo in the source folder, or name a file with --csv", exampleCSV)
			}
			if err != nil {
				return fmt.Errorf("read the CSV: %w", err)
			}
			if err := playDemo(ctx, cmd.OutOrStdout(), filepath.Base(file), data); err != nil {
				return &exitError{code: 1, err: err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "csv", exampleCSV, "CSV or Excel file to provision; the org is seeded with its contacts")
	return cmd
}

// stage is the built-in Slack and Salesforce with the bot between them, all in one folder that is removed at the end.
type stage struct {
	ws   *slacksim.Workspace
	org  *salesforcesim.Org
	acme salesforcesim.Acme
	cfg  *Config
	dir  string
}

// orgLatency is what a call to the built-in org takes, so that the timings are believable.
const (
	orgLatency   = 120 * time.Millisecond
	orgPerRecord = time.Millisecond
)

// newStage starts both servers. The people are ann (requester), ben and cas (approvers) and ada (admin).
func newStage(slack slacksim.Config, org salesforcesim.Config) (*stage, error) {
	s := &stage{}
	var err error
	if s.ws, err = slacksim.New(slack); err != nil {
		return nil, fmt.Errorf("start the built-in Slack: %w", err)
	}
	if s.org, err = salesforcesim.New(org); err != nil {
		s.close()
		return nil, fmt.Errorf("start the built-in Salesforce: %w", err)
	}
	s.acme = s.org.Seed(salesforcesim.Seats{})
	url, err := s.org.Start()
	if err == nil {
		s.dir, err = os.MkdirTemp("", "portalbot-demo-")
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("start the built-in Salesforce: %w", err)
	}
	s.cfg = &Config{
		Slack: SlackConfig{
			Channel: "C0PORTAL", Requesters: []string{"S0CSTEAM"}, Admins: []string{"U0ADMIN"},
			BotToken: s.ws.BotToken(), AppToken: s.ws.AppToken(), APIURL: s.ws.APIURL(),
		},
		Approval: ApprovalConfig{Approvers: []string{"S0GROUP"}},
		Salesforce: SalesforceConfig{
			LoginURL: url, ClientID: s.acme.ClientID, ClientSecret: s.acme.ClientSecret,
		},
		Portals: map[string]PortalConfig{"customer": {
			Profile: "Customer Community User", TimeZone: "America/Los_Angeles", Locale: "en_US", Language: "en_US", EmailEncoding: "UTF-8",
		}},
		Store: StoreConfig{Path: filepath.Join(s.dir, "portalbot.db")},
		Admin: AdminConfig{Listen: adminNone},
	}
	s.cfg.defaults()
	return s, nil
}

// close stops both servers and removes what they left.
func (s *stage) close() {
	if s.org != nil {
		s.org.Close()
	}
	if s.ws != nil {
		s.ws.Close()
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir) // a temporary folder: nothing depends on it
	}
}

// playDemo plays the story with one file and prints it. The error says what did not come out as it should.
func playDemo(ctx context.Context, out io.Writer, name string, data []byte) (err error) {
	s, err := newStage(slacksim.Config{}, salesforcesim.Config{PerRequest: orgLatency, PerRecord: orgPerRecord})
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.seed(data); err != nil {
		return err
	}
	p, err := wire(s.cfg, slog.New(slog.DiscardHandler), outside{})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	printed := make(chan struct{})
	tell := &teller{out: out, began: time.Now()}
	changes := s.ws.Watch(ctx)
	go func() {
		defer close(printed)
		for c := range changes {
			tell.change(c)
		}
	}()
	story := s.play(ctx, p, tell, name, data)
	cancel()
	rerr := <-ended
	<-printed
	return errors.Join(story, rerr, p.Close())
}

// play is the story: ann asks, ben approves, the bot does the rest.
func (s *stage) play(ctx context.Context, p *program, tell *teller, name string, data []byte) error {
	if err := s.ws.WaitSockets(ctx, 1); err != nil {
		return fmt.Errorf("wait for the bot to connect: %w", err)
	}
	ann, ben := s.ws.User("ann"), s.ws.User("ben")
	tell.act("ann types /portal add in #portal")
	if err := ann.Type(ctx, "#portal", "/portal add"); err != nil {
		return fmt.Errorf("type the command: %w", err)
	}
	form, err := ann.WaitModal(ctx, "Add portal users")
	if err != nil {
		return fmt.Errorf("wait for the form: %w", err)
	}
	tell.act("ann attaches " + name + " and submits the form")
	if err := form.Attach("File", name, data); err != nil {
		return fmt.Errorf("attach the file: %w", err)
	}
	if _, err := form.Submit(ctx); err != nil {
		return fmt.Errorf("submit the form: %w", err)
	}
	if err := form.Wait(ctx, func(v *slacksim.View) bool { return !strings.Contains(v.Text(), "Checking your file") }); err != nil {
		return fmt.Errorf("wait for the preview: %w", err)
	}
	tell.modal(form)
	if !strings.Contains(form.Text(), "Nothing was sent yet") {
		return errors.New("the file cannot be sent: the form above says why")
	}
	tell.act("ann sends it for approval")
	if _, err := form.Submit(ctx); err != nil {
		return fmt.Errorf("send for approval: %w", err)
	}
	plan, err := s.ws.WaitMessage(ctx, func(m slacksim.Message) bool { return strings.Contains(m.Read, "[Approve]") })
	if err != nil {
		return fmt.Errorf("wait for the plan: %w", err)
	}
	tell.act("ben, an approver, reads the plan and clicks Approve")
	if err := ben.Click(ctx, plan, "Approve"); err != nil {
		return fmt.Errorf("approve: %w", err)
	}
	last, err := s.ws.WaitMessage(ctx, func(m slacksim.Message) bool {
		return m.ThreadTS != "" && strings.Contains(m.Read, "@ann P-") && !strings.Contains(m.Read, "[")
	})
	if err != nil {
		return fmt.Errorf("wait for the end: %w", err)
	}
	return s.count(ctx, p, tell, last)
}

// count compares what the bot says with what the org has.
func (s *stage) count(ctx context.Context, p *program, tell *teller, last slacksim.Message) error {
	var wrong []error
	for r, err := range p.service.Requests(ctx, provisioning.Filter{}) {
		if err != nil {
			return err
		}
		created, doubled, told := 0, 0, 0
		for res, err := range p.service.Results(ctx, r) {
			if err != nil {
				return err
			}
			told++
			if res.Status != provisioning.StatusCreated {
				continue
			}
			created++
			if len(s.org.UsersByContact(res.Row.ContactID)) != 1 {
				doubled++
			}
		}
		results := 0
		for _, m := range s.ws.Thread("#portal", last.ThreadTS) {
			for _, f := range m.Files {
				if strings.HasSuffix(f.Name, "-results.csv") {
					results++
				}
			}
		}
		mails := s.org.MailCount(salesforcesim.MailNewUser)
		tell.counts(r, created, mails, told, s.org)
		check := func(ok bool, format string, args ...any) {
			if !ok {
				wrong = append(wrong, fmt.Errorf(format, args...))
			}
		}
		check(r.State == provisioning.StateDone, "request %s is %s", r.ID, r.State)
		check(told == r.Plan.Summary.Rows, "%d of %d rows were told", told, r.Plan.Summary.Rows)
		check(created == r.Plan.Summary.Runs(), "%d of %d users were created", created, r.Plan.Summary.Runs())
		check(doubled == 0, "%d contacts have not exactly one user", doubled)
		check(mails == created, "%d e-mails were requested for %d users", mails, created)
		check(results == 1, "the results CSV is in the thread %d times", results)
	}
	return errors.Join(wrong...)
}
