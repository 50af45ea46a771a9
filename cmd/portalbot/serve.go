package main

import (
	"log/slog"
	"os"

	"github.com/spf13/cobra"
)

// serveCommand runs the bot until it is told to stop.
func serveCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the bot against the configured Slack workspace and Salesforce org",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := loadConfig(path, os.Getenv)
			if err != nil {
				return err
			}
			log := slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), nil))
			p, err := wire(cfg, log, outside{})
			if err != nil {
				return err
			}
			log.Info("portalbot is starting", "store", cfg.Store.Path, "slack_mode", cfg.Slack.Mode)
			err = p.Run(cmd.Context())
			if cerr := p.Close(); err == nil {
				err = cerr
			}
			if err != nil {
				return &exitError{code: 1, err: err}
			}
			log.Info("portalbot has stopped")
			return nil
		},
	}
	cmd.Flags().StringVar(&path, "config", "portalbot.yml", "configuration file")
	return cmd
}
