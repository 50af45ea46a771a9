package sheet_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portalbot/provisioning/sheet"

	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

var update = flag.Bool("update", false, "write what the zoo shows into its files")

// TestZoo reads the files of testdata/zoo. Each has a word on where such a
// file comes from, settings that say how the input is to be encoded, the input
// and what must come out.
func TestZoo(t *testing.T) {
	paths, err := filepath.Glob("testdata/zoo/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no zoo", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			animal, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(animal.Files) != 2 || animal.Files[0].Name != "input" || animal.Files[1].Name != "want" {
				t.Fatal("an animal has an input and a want")
			}
			got := describe(encode(t, animal.Files[0].Data, settings(animal.Comment)), sheet.Options{})
			if *update {
				animal.Files[1].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(animal), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(animal.Files[1].Data); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// settings reads the "key: value" lines of a comment.
func settings(comment []byte) map[string]string {
	found := make(map[string]string)
	for line := range strings.Lines(string(comment)) {
		if key, value, ok := strings.Cut(line, ": "); ok && !strings.Contains(key, " ") {
			found[key] = strings.TrimSpace(value)
		}
	}
	return found
}

// encode turns the readable input of a zoo file into the bytes of the real one.
func encode(tb testing.TB, input []byte, how map[string]string) []byte {
	tb.Helper()
	text := string(input)
	if how["final-newline"] == "no" {
		text = strings.TrimSuffix(text, "\n")
	}
	switch how["newline"] {
	case "crlf":
		text = strings.ReplaceAll(text, "\n", "\r\n")
	case "cr":
		text = strings.ReplaceAll(text, "\n", "\r")
	}
	if how["bom"] == "yes" {
		text = "\uFEFF" + text
	}
	codecs := map[string]encoding.Encoding{
		"":             encoding.Nop,
		"windows-1252": charmap.Windows1252,
		"utf-16le":     unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
		"utf-16be":     unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	}
	codec, known := codecs[how["encoding"]]
	if !known {
		tb.Fatalf("encoding %q", how["encoding"])
	}
	encoded, err := codec.NewEncoder().Bytes([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return encoded
}

// describe says all that comes out of a file, in a form that is easy to review.
func describe(content []byte, o sheet.Options) string {
	var b strings.Builder
	failure := func(err error) {
		var refusal *sheet.Refusal
		var problems *sheet.Problems
		switch {
		case errors.As(err, &refusal):
			fmt.Fprintf(&b, "refused (%s, line %d): %s\n", refusal.Reason, refusal.Line, refusal.Text)
		case errors.As(err, &problems):
			for _, one := range problems.List {
				fmt.Fprintf(&b, "problem (%d, %d, %q): %s\n", one.Line, one.Column, one.Name, one.Text)
			}
			if problems.More > 0 {
				fmt.Fprintf(&b, "and %d more problems\n", problems.More)
			}
		default:
			fmt.Fprintf(&b, "error: %v\n", err)
		}
	}
	f, err := sheet.Open(bytes.NewReader(content), int64(len(content)), o)
	if err != nil {
		failure(err)
		return b.String()
	}
	fmt.Fprintf(&b, "format: %s\nheader: %q\n", f.Format(), f.Header())
	for row, err := range f.Rows() {
		if err != nil {
			failure(err)
			break
		}
		fmt.Fprintf(&b, "row %d, line %d: %q\n", row.Number, row.Line, row.Cells)
	}
	for _, one := range f.Notices() {
		fmt.Fprintf(&b, "notice (%d): %s\n", one.Line, one.Text)
	}
	return b.String()
}
