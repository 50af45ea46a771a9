package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"portalbot/bot/slacksim"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// sandboxCommand serves the story as a page, for someone to play it by hand.
func sandboxCommand() *cobra.Command {
	var addr, file string
	var remote bool
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Play the story yourself, in the browser, on a built-in Slack and Salesforce",
		Long: "Starts a strict Slack workspace and a strict Salesforce org in this process, runs the real bot between them, and serves a page\n" +
			"on which you are the requester, the approvers and the admin, and can make trouble. Nothing leaves this machine, and nothing\n" +
			"is kept when it ends. The page has no sign-in: only addresses of this machine are served unless --allow-remote is given.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkAddr(addr, remote); err != nil {
				return err
			}
			data, err := os.ReadFile(file) //nolint:gosec // the person names the file
			switch {
			case errors.Is(err, os.ErrNotExist) && file == exampleCSV:
				data = nil // a made-up file takes its place
			case err != nil:
				return fmt.Errorf("read the CSV: %w", err)
			}
			if err := runSandbox(cmd.Context(), cmd.OutOrStdout(), addr, filepath.Base(file), data); err != nil {
				return &exitError{code: 1, err: err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8080", "address to serve the page on; port 0 takes any free one")
	cmd.Flags().StringVar(&file, "csv", exampleCSV, "CSV or Excel file to play with; the org is seeded with its contacts")
	cmd.Flags().BoolVar(&remote, "allow-remote", false, "serve on an address that others can reach; they can do all that you can")
	return cmd
}

// checkAddr refuses an address that others can reach, unless that is wanted.
func checkAddr(addr string, remote bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("--addr %q is no address such as 127.0.0.1:8080: %w", addr, err)
	}
	ip := net.ParseIP(host)
	if remote || host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("--addr %q can be reached from other machines, and the page has no sign-in: use 127.0.0.1, or say --allow-remote", addr)
}

// sandbox is a stage with the bot on it, and the page.
type sandbox struct {
	*stage
	log     *slog.Logger
	pages   pages
	example exampleFile
	own     string        // host of the address that is served; see ownHost
	posts   atomic.Uint64 // grows with each message posted, edited or deleted
	kills   chan struct{} // each ends the bot's life at once; the next one begins
	outages chan struct{} // each takes Slack away for outageTime
	ending  chan struct{} // closed when the sandbox ends

	mu  sync.RWMutex // guards bot; held for reading while the bot's store is read
	bot *program     // nil between two lives

	formMu   sync.Mutex // guards problems
	problems map[string]problems
}

// problems are the sentences below a form's fields by the field's label, as the last submission left them.
type problems map[string]string

// exampleFile is what the page offers for download, and what the org has the contacts of.
type exampleFile struct {
	Name string
	Data []byte
}

// sandboxSettles is how long a lost call may still be at work in the built-in org, which ends every call within a second or two.
const sandboxSettles = 10 * time.Second

// outageTime is how long Slack is down when that is asked for.
const outageTime = 10 * time.Second

// newSandbox sets the stage. Without data a small file is made up. The caller closes the stage.
func newSandbox(name string, data []byte, log *slog.Logger) (*sandbox, error) {
	pages, err := parsePages()
	if err != nil {
		return nil, err
	}
	st, err := newStage(sandboxSlack(), salesforcesim.Config{PerRequest: orgLatency, PerRecord: orgPerRecord})
	if err != nil {
		return nil, err
	}
	st.cfg.Salesforce.SettleAfter = Duration(sandboxSettles)
	s := &sandbox{
		stage: st, log: log, pages: pages, example: exampleFile{Name: name, Data: data}, problems: map[string]problems{},
		kills: make(chan struct{}), outages: make(chan struct{}), ending: make(chan struct{}),
	}
	if data == nil {
		s.example = s.madeUp()
	} else if err := s.seed(data); err != nil {
		st.close()
		return nil, err
	}
	return s, nil
}

// madeUpRows is how many people the made-up file has.
const madeUpRows = 12

// madeUp adds contacts to the org and returns a file that names them.
func (s *sandbox) madeUp() exampleFile {
	var csv bytes.Buffer
	csv.WriteString("ContactId,LastName,Email\n")
	for i := range madeUpRows {
		last := fmt.Sprintf("Example%02d", i+1)
		mail := strings.ToLower(last) + "@acme.example"
		id := s.org.AddContact(salesforcesim.Fields{"AccountId": s.acme.Account, "LastName": last, "Email": mail})
		fmt.Fprintf(&csv, "%s,%s,%s\n", id, last, mail)
	}
	return exampleFile{Name: fmt.Sprintf("acme-%d.csv", madeUpRows), Data: csv.Bytes()}
}

// runSandbox plays until ctx ends. The error says why it could not.
func runSandbox(ctx context.Context, out io.Writer, addr, name string, data []byte) error {
	s, err := newSandbox(name, data, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer s.close()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	s.own, _, _ = net.SplitHostPort(addr) // checked by checkAddr
	fmt.Fprintf(out, "The sandbox is at http://%s/ . Ctrl-C ends it.\n", l.Addr())
	return s.run(ctx, func(ctx context.Context) error { return serveHTTP(ctx, l, s.handler()) })
}

// run keeps the bot alive, and serve running, until ctx ends or one of them fails.
func (s *sandbox) run(ctx context.Context, serve func(context.Context) error) error {
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error {
		<-ctx.Done()
		close(s.ending)
		return nil
	})
	all.Go(func() error { return s.live(ctx) })
	all.Go(func() error {
		for range s.ws.Watch(ctx) {
			s.posts.Add(1)
		}
		return nil
	})
	all.Go(func() error {
		s.breakSlack(ctx)
		return nil
	})
	all.Go(func() error { return serve(ctx) })
	return all.Wait()
}

// breakSlack takes Slack away for a while whenever that is asked for, and brings it back also when ctx ends meanwhile.
func (s *sandbox) breakSlack(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.outages:
		}
		s.ws.SetDown(true)
		over := time.NewTimer(outageTime)
		select {
		case <-ctx.Done():
			over.Stop()
		case <-over.C:
		}
		s.ws.SetDown(false)
	}
}

// The people, groups and channels of the sandbox. Their ids are those in newStage's configuration.
type sandboxPerson struct {
	Name, ID, Real, Role string
	guest                bool
}

func sandboxPeople() []sandboxPerson {
	return []sandboxPerson{
		{Name: "ann", ID: "U0ANN", Real: "Ann Archer", Role: "requester"},
		{Name: "ben", ID: "U0BEN", Real: "Ben Bauer", Role: "approver"},
		{Name: "cas", ID: "U0CAS", Real: "Cas Cole", Role: "approver"},
		{Name: "ada", ID: "U0ADMIN", Real: "Ada Admin", Role: "admin"},
		{Name: "gus", ID: "U0GUS", Real: "Gus Guest", Role: "guest", guest: true},
	}
}

// The bot's user, its message shortcut, and the channel.
const (
	botUser         = "U0PORTAL"
	botName         = "portal"
	sandboxChannel  = "#portal"
	messageShortcut = "Provision from CSV" // as in manifest.yml
)

func sandboxSlack() slacksim.Config {
	cfg := slacksim.Config{
		BotUserID: botUser, BotName: botName,
		Channels: []slacksim.ChannelConfig{{ID: "C0PORTAL", Name: strings.TrimPrefix(sandboxChannel, "#")}},
		Groups: []slacksim.GroupConfig{
			{ID: "S0CSTEAM", Handle: "cs-team", Members: []string{"ann"}},
			{ID: "S0GROUP", Handle: "approvers", Members: []string{"ben", "cas"}},
		},
		Shortcuts: map[string]string{messageShortcut: "portal_add_from_message"},
	}
	for _, p := range sandboxPeople() {
		cfg.Users = append(cfg.Users, slacksim.UserConfig{ID: p.ID, Name: p.Name, RealName: p.Real, Restricted: p.guest, Admin: p.Role == "admin"})
	}
	return cfg
}

// called returns how an id of Slack is shown: @name or #name.
func called(id string) (string, bool) {
	switch id {
	case botUser:
		return "@" + botName, true
	case "C0PORTAL":
		return sandboxChannel, true
	case "S0CSTEAM":
		return "@cs-team", true
	case "S0GROUP":
		return "@approvers", true
	}
	for _, p := range sandboxPeople() {
		if p.ID == id {
			return "@" + p.Name, true
		}
	}
	return "", false
}
