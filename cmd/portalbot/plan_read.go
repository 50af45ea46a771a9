package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"portalbot/commands"
	"portalbot/provisioning"
	"portalbot/provisioning/sheet"
)

// readPlanFile reads a file's columns and rows. The error lists everything that is wrong, one sentence a line, with its place.
func readPlanFile(path string, verb provisioning.Verb, portal provisioning.Portal) (provisioning.Input, error) {
	f, err := os.Open(path) //nolint:gosec // the person at the terminal names it
	if err != nil {
		return provisioning.Input{}, fmt.Errorf("read the file: %w", err)
	}
	defer func() { _ = f.Close() }() // read only
	info, err := f.Stat()
	if err != nil {
		return provisioning.Input{}, fmt.Errorf("read the file: %w", err)
	}
	in, err := commands.ReadFile(f, info.Size(), sheet.DefaultMaxBytes, verb, portal)
	if _, ok := errors.AsType[*commands.Faults](err); ok {
		return in, fileError(path, err)
	}
	return in, err
}

func fileError(path string, err error) error {
	text := printable(err.Error())
	if strings.Contains(text, "\n") {
		return fmt.Errorf("%s cannot be used:\n- %s", path, strings.ReplaceAll(text, "\n", "\n- "))
	}
	return fmt.Errorf("%s cannot be used: %s", path, text)
}
