// Command portalbot provisions and disables Salesforce portal users in bulk, from Slack, with approval.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run executes one command line and returns the exit status: 0 for success, 1 when the command says no, 2 for a command line or
// configuration that cannot be understood.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:           "portalbot",
		Short:         "Provisions and disables Salesforce portal users in bulk, from Slack, with approval",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(demoCommand(), sandboxCommand(), serveCommand(), doctorCommand(), planCommand(), auditCommand(), backupCommand())
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var status *exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		if status.err != nil {
			fmt.Fprintln(stderr, "portalbot:", status.err)
		}
		return status.code
	default:
		fmt.Fprintln(stderr, "portalbot:", err)
		return 2
	}
}

// exitError is an error with the exit status that it means. Without err there is nothing more to print.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }
