package sheet_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"portalbot/provisioning/sheet"
)

func written(tb testing.TB, o sheet.WriterOptions, rows ...[]string) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := sheet.NewWriter(&out, o)
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func TestWriterDefusesFormulas(t *testing.T) {
	cases := []struct{ cell, want string }{
		{"=1+1", "'=1+1"},
		{"+49 170 1234567", "'+49 170 1234567"},
		{"-5", "'-5"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"\tx", "\"'\tx\""},
		{"\rx", "\"'\rx\""},
		{"\n=x", "\"'\n=x\""},
		{"  =x", "'  =x"},
		{"\u00a0=x", "'\u00a0=x"},
		{"\u200b=x", "'\u200b=x"},
		{"\x01=x", "'\x01=x"},
		{"＝x", "'＝x"},
		{"－1", "'－1"},
		{"'=x", "''=x"},
		{"O'Brien", "O'Brien"},
		{"'Ndrangheta", "'Ndrangheta"},
		{"a=b", "a=b"},
		{"", ""},
		{"say \"=x\"", `"say ""=x"""`},
		{"a;b", `"a;b"`},
	}
	for _, c := range cases {
		got := string(written(t, sheet.WriterOptions{}, []string{"first", c.cell}))
		if want := `"first",` + c.want + "\r\n"; got != want {
			t.Errorf("%q: got %q, want %q", c.cell, got, want)
		}
	}
}

func TestWriterByteOrderMarkComesOnce(t *testing.T) {
	got := string(written(t, sheet.WriterOptions{ByteOrderMark: true}, []string{"ID"}, []string{"1"}))
	if want := "\uFEFF\"ID\"\r\n1\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type brokenDisk struct{}

var errDisk = errors.New("disk full")

func (brokenDisk) Write([]byte) (int, error) { return 0, errDisk }

func TestWriterKeepsTheFirstError(t *testing.T) {
	w := sheet.NewWriter(brokenDisk{}, sheet.WriterOptions{})
	var err error
	for range 1000 {
		err = w.Write([]string{"some cell that fills the buffer"})
	}
	if !errors.Is(err, errDisk) || !errors.Is(w.Flush(), errDisk) {
		t.Errorf("got %v", err)
	}
}

// FuzzRoundTrip writes three cells and reads them back.
func FuzzRoundTrip(f *testing.F) {
	for _, seed := range []string{"=1", "'=1", "''", "a,b", "a;b", "x\ty|z", "\"", "a\r\nb", "\r", "\n", " x ", "\uFEFF", "＝", "é", "<html>", "sep=;", "ID", ""} {
		f.Add(seed, seed+"x", "y"+seed, true)
		f.Add("a", seed, seed, false)
	}
	f.Fuzz(func(t *testing.T, a, b, c string, mark bool) {
		row := []string{a, b, c}
		for _, cell := range row {
			if !utf8.ValidString(cell) || strings.ContainsRune(cell, 0) || utf8.RuneCountInString(cell) > sheet.MaxCellRunes {
				return
			}
		}
		visible := strings.ContainsFunc(a+b+c, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) })
		if !visible {
			return
		}
		for columns := 1; columns <= 3; columns++ {
			want := row[3-columns:]
			if !strings.ContainsFunc(strings.Join(want, ""), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
				continue
			}
			header := []string{"one", "two", "three"}[:columns]
			content := written(t, sheet.WriterOptions{ByteOrderMark: mark}, header, want, want)
			rows, err := open(t, content).ReadAll()
			if err != nil {
				t.Fatalf("%q: %v", content, err)
			}
			if len(rows) != 2 || !slices.Equal(rows[0].Cells, want) || !slices.Equal(rows[1].Cells, want) {
				t.Fatalf("wrote %q as %q, read %v", want, content, rows)
			}
			// A header of the same cells must not change what the file is taken for.
			if f, err := sheet.Open(bytes.NewReader(written(t, sheet.WriterOptions{}, want)), 1<<20, sheet.Options{}); err != nil {
				t.Fatalf("header %q: %v", want, err)
			} else if s := f.Format().Separator; s != ',' && s != 0 {
				t.Fatalf("header %q: separator %q", want, s)
			}
		}
	})
}
