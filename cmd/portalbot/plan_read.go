package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"portalbot/provisioning"
	"portalbot/provisioning/sheet"
)

// readPlanFile reads a file's columns and rows. The error lists everything that is wrong, one sentence a line, with its place.
func readPlanFile(path string, verb provisioning.Verb, portal provisioning.Portal) (provisioning.Input, error) {
	in := provisioning.Input{}
	f, err := os.Open(path) //nolint:gosec // the person at the terminal names it
	if err != nil {
		return in, fmt.Errorf("read the file: %w", err)
	}
	defer func() { _ = f.Close() }() // read only
	info, err := f.Stat()
	if err != nil {
		return in, fmt.Errorf("read the file: %w", err)
	}
	file, err := sheet.Open(f, info.Size(), sheet.Options{})
	if err != nil {
		return in, fileError(path, err)
	}
	columns, problems := provisioning.MatchColumns(file.Header(), verb, portal)
	var wrong []string
	for _, p := range problems {
		wrong = append(wrong, strings.TrimSpace(fmt.Sprintf("%s: %s %s", file.Place(file.HeaderLine(), columnNumber(file.Header(), p)), p.Text, p.Fix)))
	}
	in.Columns = columns
	for row, err := range file.Rows() {
		if bad, ok := errors.AsType[*sheet.Problems](err); ok && len(wrong) > 0 {
			return in, fileError(path, errors.New(strings.Join(append(wrong, others(bad, file, wrong)...), "\n")))
		}
		if err != nil {
			return in, fileError(path, err)
		}
		in.Rows = append(in.Rows, provisioning.InputRow{Number: row.Number, Line: row.Line, Cells: row.Cells})
	}
	if len(wrong) > 0 {
		return in, fileError(path, errors.New(strings.Join(wrong, "\n")))
	}
	for _, n := range file.Notices() {
		in.Notices = append(in.Notices, n.Text)
	}
	return in, nil
}

// others returns what a file's reader says beyond what is known of its columns: two headers that mean the same are found by both.
func others(bad *sheet.Problems, file *sheet.File, known []string) []string {
	var out []string
	for _, p := range bad.List {
		place := file.Place(p.Line, p.Column) + ": "
		if !slices.ContainsFunc(known, func(s string) bool { return strings.HasPrefix(s, place) }) {
			out = append(out, p.Text)
		}
	}
	if bad.More > 0 {
		out = append(out, fmt.Sprintf("And %d more problems like these.", bad.More))
	}
	return out
}

// columnNumber returns the number of the column that a problem is about, from 1; the last one of its name, as that is the one too many.
// 0 means the whole header.
func columnNumber(headers []string, p provisioning.Problem) int {
	if p.Column == "" {
		return 0
	}
	for i := len(headers) - 1; i >= 0; i-- {
		if headers[i] == p.Column {
			return i + 1
		}
	}
	return 0
}

func fileError(path string, err error) error {
	text := printable(err.Error())
	if strings.Contains(text, "\n") {
		return fmt.Errorf("%s cannot be used:\n- %s", path, strings.ReplaceAll(text, "\n", "\n- "))
	}
	return fmt.Errorf("%s cannot be used: %s", path, text)
}
