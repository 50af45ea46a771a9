package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"portalbot/bot"
	"portalbot/commands"
	"portalbot/provisioning"
	"portalbot/provisioning/report"
	"portalbot/provisioning/salesforce"
	"portalbot/store"
)

// outside is what tests, the demo and benchmarks put around the program: nil and zero values mean production.
type outside struct {
	salesforce http.RoundTripper // under the Salesforce client
	slack      *http.Client      // under the Slack client
	store      store.Options
	options    func(*provisioning.Options)
	acked      func(bot.Delivery, time.Duration)
	sockets    int
	editEvery  time.Duration // least time between two edits of a message
	haste      int           // how many times faster than Slack's limits, for a Slack that has none
}

// program is the whole bot, wired. This is the only place where the packages meet:
//
//	Slack --> bot.Receiver --> commands --> provisioning.Service --> store
//	                                              |  (what is to be told is saved with the change)
//	Slack <-- bot.Outbox <-- commands (renders) <-- store
//	                              provisioning.Engine (runs what is approved) --> salesforce, store
//	bot.Cron (the table of jobs, jobs.go) --> report.Maker --> salesforce, store
type program struct {
	log      *slog.Logger
	store    *store.Store
	org      *salesforce.Client
	engine   *provisioning.Engine
	service  *provisioning.Service
	receiver *bot.Receiver
	outbox   *bot.Outbox
	client   *bot.Client
	cron     *bot.Cron
	listen   string // address for Slack's requests in http mode, empty in socket mode
	admin    string // address for the operator; empty for none
}

// wire builds the program from its configuration. It opens the store and makes no other call. The caller closes it.
func wire(cfg *Config, log *slog.Logger, o outside) (*program, error) {
	beneath := o.salesforce
	if beneath == nil {
		beneath = salesforce.NewTransport()
	}
	counted := newRequestCount(beneath, time.Now)
	org, err := connect(cfg, counted)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(cfg.Store.Path, o.store)
	if err != nil {
		return nil, err
	}
	p := &program{log: log, store: db, org: org}
	p.client = bot.NewClient(bot.Config{
		BotToken: cfg.Slack.BotToken, AppToken: cfg.Slack.AppToken, APIURL: cfg.Slack.APIURL, HTTP: o.slack, Log: log, Haste: o.haste,
	})
	people := bot.NewPeople(p.client)
	options := cfg.options()
	options.Portals = cfg.portals(welcomeMail(cfg))
	if o.options != nil {
		o.options(&options)
	}
	p.engine = provisioning.NewEngine(db, org, options, time.Now, log)
	p.service = provisioning.NewService(db, org, freshPeople{people}, p.engine, provisioning.Config{
		Portals: options.Portals, Policy: cfg.policy(), Admins: cfg.Slack.Admins,
	}, time.Now)
	maker := report.NewMaker(report.Config{
		Org: org, Requests: p.service, Snapshots: db, Profiles: cfg.profileNames(), Count: counted.Count, Log: log,
	})
	links := bot.NewLinks(p.client, db)
	talk := commands.New(commands.Config{
		Service: p.service, Client: p.client, People: people, Notices: db,
		Channel: cfg.Slack.Channel, Requesters: cfg.Slack.Requesters, Admins: cfg.Slack.Admins, Approvers: cfg.Approval.Approvers,
		Links: links, Now: time.Now, Log: log, Reports: commands.Reporting{Plans: cfg.reportPlans(), Maker: maker, Store: db},
	})
	p.receiver = bot.NewReceiver(bot.ReceiverConfig{
		Client: p.client, Memory: db, Handler: talk, Log: log, Sockets: o.sockets, Acked: o.acked,
		SigningSecret: signingSecret(cfg),
	})
	p.outbox = bot.NewOutbox(bot.OutboxConfig{Client: p.client, Memory: db, Queue: talk, Renderer: talk, Log: log, EditEvery: o.editEvery})
	u := &upkeep{
		store: db, maker: maker, talk: talk, client: p.client, people: people, links: links, admins: cfg.Slack.Admins,
		keep: time.Duration(cfg.Store.Retention), log: log,
	}
	p.cron, err = bot.NewCron(bot.CronConfig{Jobs: u.table(cfg), Memory: jobMemory{db}, Tell: u.tell, Log: log})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if cfg.Slack.Mode == "http" {
		p.listen = cfg.Slack.Listen
	}
	if cfg.Admin.Listen != adminNone {
		p.admin = cfg.Admin.Listen
	}
	return p, nil
}

// readsBeside is how many reads may go side by side: two for each write, so that rows are read again as fast as they are written. 0
// leaves it to the client.
func readsBeside(parallel int) int { return min(2*parallel, 20) }

// connect returns a client for the configured org, without calling it. transport nil means production's.
func connect(cfg *Config, transport http.RoundTripper) (*salesforce.Client, error) {
	key, err := privateKey(cfg)
	if err != nil {
		return nil, err
	}
	org, err := salesforce.New(salesforce.Config{
		LoginURL: cfg.Salesforce.LoginURL, Auth: cfg.Salesforce.Auth, Audience: cfg.Salesforce.Audience,
		ClientID: cfg.Salesforce.ClientID, ClientSecret: cfg.Salesforce.ClientSecret,
		Username: cfg.Salesforce.Username, PrivateKeyPEM: key,
		APIVersion: string(cfg.Salesforce.APIVersion), Transport: transport, Reads: readsBeside(cfg.Salesforce.Parallel),
	})
	if err != nil {
		return nil, fmt.Errorf("salesforce: %w", err)
	}
	return org, nil
}

// Run works until ctx ends or something fails for good, then waits for what is under way: for the calls to the org at most the engine's
// grace of 8 s, then for what is still to be told at most flushTime. The error is a sentence for the operator.
func (p *program) Run(ctx context.Context) error {
	telling, told := context.WithCancel(context.WithoutCancel(ctx))
	defer told()
	all, ctx := errgroup.WithContext(ctx)
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return p.receiver.Run(ctx) })
	work.Go(func() error { return p.engine.Run(ctx) })
	work.Go(func() error { return p.cron.Run(ctx) })
	if p.listen != "" {
		work.Go(func() error { return listen(ctx, "Slack", p.listen, p.receiver) })
	}
	if p.admin != "" {
		work.Go(func() error { return listen(ctx, "the operator", p.admin, p.adminHandler()) })
	}
	work.Go(func() error { return p.serveControl(ctx) })
	work.Go(func() error { return p.warm(ctx) })
	all.Go(func() error { return p.outbox.Run(telling) })
	all.Go(func() error {
		defer told()
		err := work.Wait()
		p.flush(telling)
		return err
	})
	return all.Wait()
}

// warm signs in to Salesforce and reads what is kept for a day, so that the first plan need not, and the operator sees at the start
// when that fails.
func (p *program) warm(ctx context.Context) error {
	if _, err := p.org.Schema(ctx); err != nil && ctx.Err() == nil {
		p.log.Error("Salesforce cannot be used yet", "error", callHint(err))
	}
	return nil
}

// flushTime is how long the end of the program waits for the last messages, so that a thread says that its run was interrupted. What
// is not told by then is told by the next start.
const flushTime = 1500 * time.Millisecond

// flush waits until nothing is left to be told, or its time is over.
func (p *program) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, flushTime)
	defer cancel()
	look := time.NewTicker(25 * time.Millisecond)
	defer look.Stop()
	for {
		if left, err := p.store.PendingNotices(ctx, 1); err != nil || len(left) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// Close closes the store. Run must have returned.
func (p *program) Close() error {
	p.org.Close()
	return p.store.Close()
}

// Limits of the listener for Slack's requests: Slack waits 3 s for an answer (docs.slack.dev, HTTP request URLs).
const (
	headerTimeout = 5 * time.Second
	closeTimeout  = 5 * time.Second
)

// listen serves handler at an address until ctx ends.
func listen(ctx context.Context, what, addr string, handler http.Handler) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen for %s on %s: %w", what, addr, err)
	}
	return serveHTTP(ctx, l, handler)
}

// serveHTTP serves handler until ctx ends, and closes the listener.
func serveHTTP(ctx context.Context, l net.Listener, handler http.Handler) error {
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		stopped <- srv.Shutdown(ctx)
	})
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	}
	return <-stopped
}

// freshPeople reads user groups at the moment of the click: an approver's rights may not be older than that.
type freshPeople struct{ people *bot.People }

// MemberOf implements provisioning.Directory.
func (f freshPeople) MemberOf(ctx context.Context, person string, list []string) (bool, error) {
	return f.people.MemberOf(ctx, person, list, 0)
}

func signingSecret(cfg *Config) string {
	if cfg.Slack.Mode != "http" {
		return ""
	}
	return cfg.Slack.SigningSecret
}

// welcomeMail is the mode of portals that name none: nobody wants mails from a sandbox by accident.
func welcomeMail(cfg *Config) provisioning.MailMode {
	if salesforce.IsSandboxURL(cfg.Salesforce.LoginURL) {
		return provisioning.MailNone
	}
	return provisioning.MailHeader
}

// privateKey reads the key for jwt, nil for other grants.
func privateKey(cfg *Config) ([]byte, error) {
	if cfg.Salesforce.Auth != salesforce.AuthJWT {
		return nil, nil
	}
	key, err := os.ReadFile(cfg.Salesforce.PrivateKeyFile) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("read the private key named by SALESFORCE_PRIVATE_KEY_FILE: %w", err)
	}
	return key, nil
}
