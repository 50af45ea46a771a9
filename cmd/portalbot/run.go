package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"portalbot/bot"
	"portalbot/commands"
	"portalbot/provisioning"
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
}

// program is the whole bot, wired. This is the only place where the packages meet:
//
//	Slack --> bot.Receiver --> commands --> provisioning.Service --> store
//	                                              |  (what is to be told is saved with the change)
//	Slack <-- bot.Outbox <-- commands (renders) <-- store
//	                              provisioning.Engine (runs what is approved) --> salesforce, store
type program struct {
	log      *slog.Logger
	store    *store.Store
	org      *salesforce.Client
	engine   *provisioning.Engine
	service  *provisioning.Service
	receiver *bot.Receiver
	outbox   *bot.Outbox
	client   *bot.Client
	listen   string // address for Slack's requests in http mode, empty in socket mode
}

// wire builds the program from its configuration. It opens the store and makes no other call. The caller closes it.
func wire(cfg *Config, log *slog.Logger, o outside) (*program, error) {
	org, err := connect(cfg, o.salesforce)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(cfg.Store.Path, o.store)
	if err != nil {
		return nil, err
	}
	p := &program{log: log, store: db, org: org}
	p.client = bot.NewClient(bot.Config{
		BotToken: cfg.Slack.BotToken, AppToken: cfg.Slack.AppToken, APIURL: cfg.Slack.APIURL, HTTP: o.slack, Log: log,
	})
	people := bot.NewPeople(p.client)
	options := cfg.options()
	if o.options != nil {
		o.options(&options)
	}
	p.engine = provisioning.NewEngine(db, org, options, time.Now, log)
	p.service = provisioning.NewService(db, org, freshPeople{people}, p.engine, provisioning.Config{
		Portals: cfg.portals(welcomeMail(cfg)), Policy: cfg.policy(), Admins: cfg.Slack.Admins,
	}, time.Now)
	talk := commands.New(commands.Config{
		Service: p.service, Client: p.client, People: people, Notices: db,
		Channel: cfg.Slack.Channel, Requesters: cfg.Slack.Requesters, Admins: cfg.Slack.Admins, Approvers: cfg.Approval.Approvers,
		Now: time.Now, Log: log,
	})
	p.receiver = bot.NewReceiver(bot.ReceiverConfig{
		Client: p.client, Memory: db, Handler: talk, Log: log, Sockets: o.sockets, Acked: o.acked,
		SigningSecret: signingSecret(cfg),
	})
	p.outbox = bot.NewOutbox(bot.OutboxConfig{Client: p.client, Memory: db, Queue: talk, Renderer: talk, Log: log, EditEvery: o.editEvery})
	if cfg.Slack.Mode == "http" {
		p.listen = cfg.Slack.Listen
	}
	return p, nil
}

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
		APIVersion: string(cfg.Salesforce.APIVersion), Transport: transport,
	})
	if err != nil {
		return nil, fmt.Errorf("salesforce: %w", err)
	}
	return org, nil
}

// Run works until ctx ends or something fails for good, then waits for what is under way. The error is a sentence for the operator.
func (p *program) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.receiver.Run(ctx) })
	g.Go(func() error { return p.outbox.Run(ctx) })
	g.Go(func() error { return p.engine.Run(ctx) })
	if p.listen != "" {
		g.Go(func() error { return listen(ctx, p.listen, p.receiver) })
	}
	return g.Wait()
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

// listen serves handler until ctx ends.
func listen(ctx context.Context, addr string, handler http.Handler) error {
	srv := &http.Server{Addr: addr, Handler: handler, ReadHeaderTimeout: headerTimeout}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		stopped <- srv.Shutdown(ctx)
	})
	defer stop()
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("listen for Slack on %s: %w", addr, err)
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
	key, err := os.ReadFile(cfg.Salesforce.PrivateKeyFile)
	if err != nil {
		return nil, fmt.Errorf("read the private key named by SALESFORCE_PRIVATE_KEY_FILE: %w", err)
	}
	return key, nil
}
