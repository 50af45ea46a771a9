package commands

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"portalbot/provisioning"
	"portalbot/provisioning/sheet"
)

// Faults is all that is wrong with a file, for a person who can mend it. Nothing of such a file is used.
type Faults struct {
	List []string // sentences with their place, plain text and not escaped
	More int      // faults that are not listed
}

// Error joins the sentences, one a line.
func (f *Faults) Error() string {
	list := f.List
	if f.More > 0 {
		list = append(slices.Clone(list), fmt.Sprintf("And %d more problems like these.", f.More))
	}
	return strings.Join(list, "\n")
}

// ReadFile reads the columns and rows of a spreadsheet for a verb of a portal. It tells what is wrong with the header together with
// what is wrong with the rows, as *Faults; any other error is a failed read of r.
func ReadFile(r io.ReaderAt, size, limit int64, verb provisioning.Verb, portal provisioning.Portal) (provisioning.Input, error) {
	file, err := sheet.Open(r, size, sheet.Options{MaxBytes: limit})
	if err != nil {
		return provisioning.Input{}, faultsOf(err, nil, nil)
	}
	columns, problems := provisioning.MatchColumns(file.Header(), verb, portal)
	wrong := headerFaults(file, problems)
	in := provisioning.Input{Columns: columns}
	for row, err := range file.Rows() {
		if err != nil {
			return provisioning.Input{}, faultsOf(err, file, wrong)
		}
		if len(wrong) == 0 {
			in.Rows = append(in.Rows, provisioning.InputRow{Number: row.Number, Line: row.Line, Cells: row.Cells})
		}
	}
	if len(wrong) > 0 {
		return provisioning.Input{}, &Faults{List: wrong}
	}
	for _, n := range file.Notices() {
		in.Notices = append(in.Notices, n.Text)
	}
	return in, nil
}

// headerFaults says what is wrong with the header, with the place of each column.
func headerFaults(file *sheet.File, problems []provisioning.Problem) []string {
	var out []string
	for _, p := range problems {
		column := 0 // the whole header
		for i, h := range file.Header() {
			if p.Column != "" && h == p.Column {
				column = i + 1 // the last one of its name is the one too many
			}
		}
		out = append(out, strings.TrimSpace(file.Place(file.HeaderLine(), column)+": "+p.Text+" "+p.Fix))
	}
	return out
}

// faultsOf adds what the reader says to what is known of the header. Two headers that mean the same are found by both, and told once.
func faultsOf(err error, file *sheet.File, known []string) error {
	if no, ok := errors.AsType[*sheet.Refusal](err); ok {
		return &Faults{List: append(known, no.Text)}
	}
	bad, ok := errors.AsType[*sheet.Problems](err)
	if !ok {
		return fmt.Errorf("read the file: %w", err)
	}
	all := &Faults{List: known, More: bad.More}
	for _, p := range bad.List {
		place := file.Place(p.Line, p.Column) + ": "
		if !slices.ContainsFunc(known, func(s string) bool { return strings.HasPrefix(s, place) }) {
			all.List = append(all.List, p.Text)
		}
	}
	return all
}
