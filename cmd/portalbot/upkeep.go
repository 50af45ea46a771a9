package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"portalbot/store"
)

// backupCommand copies the data file while serve runs, or while it does not.
func backupCommand() *cobra.Command {
	var db string
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a consistent copy of the data file, also while the bot runs",
		Long: "Asks the running bot for the copy through the socket beside its data file; opens the file itself when none runs. FILE must\n" +
			"not exist. The copy holds names and addresses and is readable by its owner only.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := backupTo(cmd.Context(), db, args[0]); err != nil {
				return &exitError{code: 1, err: err}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is a copy of %s\n", args[0], db)
			return nil
		},
	}
	dataFlag(cmd, &db)
	return cmd
}

// auditCommand checks and exports the audit trail.
func auditCommand() *cobra.Command {
	var db string
	cmd := &cobra.Command{Use: "audit", Short: "Check or export the audit trail, also while the bot runs"}
	part := func(use, short, path string, do func(context.Context, *store.Store, io.Writer) error) *cobra.Command {
		return &cobra.Command{
			Use: use, Short: short, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				if err := fromStore(cmd.Context(), db, path, cmd.OutOrStdout(), do); err != nil {
					return &exitError{code: 1, err: err}
				}
				return nil
			},
		}
	}
	cmd.AddCommand(
		part("verify", "Recompute the chain of hashes over every event; exit status 1 where it is broken", "/audit/verify", verifyAudit),
		part("export", "Print every event as JSON, one a line, with its hash", "/audit/export", exportAudit),
	)
	dataFlag(cmd, &db)
	return cmd
}

// dataFlag lets a command name the data file; PORTALBOT_DB is its default.
func dataFlag(cmd *cobra.Command, db *string) {
	def := "portalbot.db"
	if v := os.Getenv("PORTALBOT_DB"); v != "" {
		def = v
	}
	cmd.PersistentFlags().StringVar(db, "db", def, "data file")
}

// backupTo writes the copy beside its final name first, so that FILE is whole or not there.
func backupTo(ctx context.Context, db, file string) error {
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("%s exists: name a file that does not", file)
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write the copy: %w", err)
	}
	err = fromStore(ctx, db, "/backup", tmp, writeBackup)
	if err == nil {
		err = tmp.Sync()
	}
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the copy: %w", err), os.Remove(tmp.Name()))
	}
	return nil
}

// fromStore runs do on the data file: through the running bot's control socket, or by opening the file when no bot has it.
func fromStore(ctx context.Context, db, path string, out io.Writer, do func(context.Context, *store.Store, io.Writer) error) error {
	if _, err := os.Stat(db); err != nil {
		return fmt.Errorf("there is no data file %s: name it with --db or PORTALBOT_DB", db)
	}
	s, err := store.Open(db, store.Options{})
	if errors.Is(err, store.ErrLocked) {
		return askRunning(ctx, db, path, out)
	}
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, s, out), s.Close())
}

// askRunning asks the bot that has the file open.
func askRunning(ctx context.Context, db, path string, out io.Writer) error {
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", controlSocket(db))
		},
	}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://portalbot"+path, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("a running portalbot has %s open and does not answer at %s: %w", db, controlSocket(db), err)
	}
	_, err = io.Copy(out, resp.Body)
	err = errors.Join(err, resp.Body.Close())
	if err != nil {
		return fmt.Errorf("read the answer of the running portalbot: %w", err)
	}
	if said := resp.Trailer.Get(controlError); said != "" {
		return errors.New(said)
	}
	return nil
}
