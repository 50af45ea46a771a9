package sheet_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"portalbot/provisioning/sheet"
)

func open(tb testing.TB, content []byte) *sheet.File {
	tb.Helper()
	f, err := sheet.Open(bytes.NewReader(content), int64(len(content)), sheet.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// readError returns the error of opening and reading a file.
func readError(content []byte, o sheet.Options) error {
	f, err := sheet.Open(bytes.NewReader(content), int64(len(content)), o)
	if err != nil {
		return err
	}
	_, err = f.ReadAll()
	return err
}

// oleContainer is the beginning of an OLE container whose directory has entry.
func oleContainer(entry string) []byte {
	content := make([]byte, 2048)
	copy(content, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	binary.LittleEndian.PutUint16(content[30:], 9)
	binary.LittleEndian.PutUint32(content[48:], 1)
	for i, unit := range utf16.Encode([]rune(entry)) {
		binary.LittleEndian.PutUint16(content[1024+2*i:], unit)
	}
	return content
}

func TestFilesThatAreRefused(t *testing.T) {
	whole := zipped(t, minimal(`<row><c t="str"><v>x</v></c></row>`)...)
	flipped := bytes.Clone(whole)
	flipped[bytes.Index(flipped, []byte("xl/worksheets/sheet1.xml"))+40] ^= 0xff
	locked := bytes.Clone(whole)
	locked[bytes.LastIndex(locked, []byte("PK\x01\x02"))+8] |= 1
	cases := []struct {
		name    string
		content []byte
		reason  sheet.Reason
	}{
		{"nothing", nil, sheet.Empty},
		{"only a byte order mark", []byte("\xef\xbb\xbf"), sheet.Empty},
		{"only a UTF-16 byte order mark", []byte("\xff\xfe"), sheet.Empty},
		{"gzip", []byte("\x1f\x8b\x08\x00abc"), sheet.Archive},
		{"PNG", []byte("\x89PNG\r\n\x1a\n"), sheet.Image},
		{"JPEG", []byte("\xff\xd8\xff\xe0\x00\x10JFIF"), sheet.Image},
		{"photo of an iPhone", []byte("\x00\x00\x00\x24ftypheic"), sheet.Image},
		{"old Excel", oleContainer("Workbook"), sheet.OldExcel},
		{"protected workbook", oleContainer("EncryptedPackage"), sheet.Protected},
		{"old Word", oleContainer("WordDocument"), sheet.WordDocument},
		{"cut OLE container", oleContainer("")[:20], sheet.OldExcel},
		{"HTML in UTF-16", encode(t, []byte("<html>"), map[string]string{"encoding": "utf-16le", "bom": "yes"}), sheet.HTMLPage},
		{"UTF-32", []byte("\xff\xfe\x00\x00a\x00\x00\x00"), sheet.Binary},
		{"NUL in text", []byte("Name,Email\nAda\x00,x\n"), sheet.Binary},
		{"NUL in UTF-16 text", encode(t, []byte("Name\nAda\x00\n"), map[string]string{"encoding": "utf-16le", "bom": "yes"}), sheet.Binary},
		{"NUL in quotes in UTF-16 text", encode(t, []byte("Name\n\"Ada\x00\"\n"), map[string]string{"encoding": "utf-16le", "bom": "yes"}), sheet.Binary},
		{"UTF-16 cut in a character", []byte("\xff\xfea\x00b"), sheet.Binary},
		{"UTF-8 with a wound", []byte("Name\nJürgen\nZoë\nGro\xdf\n"), sheet.MixedEncoding},
		{"byte order mark of UTF-8 on Windows-1252", []byte("\xef\xbb\xbfName\nJ\xfcrgen\n"), sheet.MixedEncoding},
		{"neither UTF-8 nor Windows-1252", []byte("Name\nS\x8d\x9d\n"), sheet.UnknownEncoding},
		{"zip of a CSV", zipped(t, part{"people.csv", "Name\n"}), sheet.Archive},
		{"empty zip", zipped(t), sheet.Archive},
		{"Numbers", zipped(t, part{"Index/Document.iwa", ""}), sheet.Numbers},
		{"LibreOffice", zipped(t, part{"mimetype", ""}, part{"content.xml", ""}), sheet.OpenDocument},
		{"Word", zipped(t, part{"word/document.xml", ""}), sheet.WordDocument},
		{"binary workbook", zipped(t, part{"xl/workbook.bin", ""}), sheet.BinaryExcel},
		{"workbook without its list of sheets", zipped(t, part{"[Content_Types].xml", ""}), sheet.Damaged},
		{"workbook cut off", whole[:len(whole)/2], sheet.Damaged},
		{"workbook with a flipped bit", flipped, sheet.Damaged},
		{"zip with a password", locked, sheet.Protected},
		{"workbook with a part twice", zipped(t, append(minimal(""), part{"XL/workbook.xml", ""})...), sheet.Damaged},
		{"header only", []byte("Name\n"), sheet.HeaderOnly},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := readError(c.content, sheet.Options{})
			var refusal *sheet.Refusal
			if !errors.As(err, &refusal) || !errors.Is(err, c.reason) {
				t.Fatalf("got %v, want %s", err, c.reason)
			}
			if !strings.HasSuffix(refusal.Text, ".") || len(refusal.Text) < 40 {
				t.Errorf("%q is no sentence with what to do", refusal.Text)
			}
		})
	}
}

// zipOf is an archive of one part that is written by fill, deflated.
func zipOf(tb testing.TB, name string, size int, filler string, more ...part) []byte {
	tb.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	write := func(name string, chunks func(func(string))) {
		w, err := archive.Create(name)
		if err != nil {
			tb.Fatal(err)
		}
		chunks(func(s string) {
			if _, err := w.Write([]byte(s)); err != nil {
				tb.Fatal(err)
			}
		})
	}
	for _, p := range more {
		write(p.name, func(put func(string)) { put(p.content) })
	}
	write(name, func(put func(string)) {
		chunk := strings.Repeat(filler, 1<<20/len(filler))
		for n := 0; n < size; n += len(chunk) {
			put(chunk)
		}
	})
	if err := archive.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func TestZipBombsAreRefusedInLittleMemory(t *testing.T) {
	const row = `<row><c t="str"><v>x</v></c></row>`
	frame := minimal(row)
	without := func(name string) []part {
		var rest []part
		for _, p := range frame {
			if p.name != name {
				rest = append(rest, p)
			}
		}
		return rest
	}
	const page, texts = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
	// claim makes the central directory say that the last part has this size.
	claim := func(content []byte, size uint32) []byte {
		directory := bytes.LastIndex(content, []byte("PK\x01\x02"))
		binary.LittleEndian.PutUint32(content[directory+24:], size)
		return content
	}
	cases := []struct {
		name    string
		content []byte
		reason  sheet.Reason
	}{
		{"picture of 300 MB", claim(zipOf(t, "xl/media/a.bin", 1<<20, "x", frame...), 300<<20), sheet.ZipBomb},
		{"part of 4 GB", claim(zipOf(t, "xl/media/a.bin", 1<<20, "x", frame...), 0xfffffffe), sheet.ZipBomb},
		{"styles of 5 MB", zipOf(t, "xl/styles.xml", 5<<20, "<xf/>", frame...), sheet.ZipBomb},
		{"sheet of one endless text", zipOf(t, page, 3<<20, "x", without(page)...), sheet.Damaged},
		{"texts of 26 MB", zipOf(t, texts, 26<<20, "<si><t>"+strings.Repeat("x", 4000)+"</t></si>", frame...), sheet.TooMuchText},
		{"empty texts", zipOf(t, texts, 12<<20, "<si/>", frame...), sheet.TooMuchText},
		{"text of endless runs", zipOf(t, texts, 1<<20, "<r><t>xxxxxxxxxxxxxxxxx</t></r>", frame...), sheet.HeaderOnly},
		{"styles that lie about their size", claim(zipOf(t, "xl/styles.xml", 3<<20, "<xf/>", frame...), 1), sheet.Damaged},
		{"texts that lie about their size", claim(zipOf(t, texts, 3<<20, "<si/>", frame...), 1), sheet.Damaged},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			peak := watchHeap()
			err := readError(c.content, sheet.Options{})
			if !errors.Is(err, c.reason) {
				t.Errorf("got %v, want %s", err, c.reason)
			}
			if got := peak(); got > bigMemory {
				t.Errorf("took %d MB", got>>20)
			}
		})
	}
}

func TestLimitsAreTold(t *testing.T) {
	wide := strings.Repeat("a,", sheet.MaxColumns) + "b\n"
	cases := []struct {
		name    string
		content string
		options sheet.Options
		want    string
	}{
		{"size", "Name\nAda\n", sheet.Options{MaxBytes: 8}, "at most 0.0 MB are read"},
		{"rows", "Name\nAda\nBob\nCyd\n", sheet.Options{MaxRows: 2}, "more than 2 rows"},
		{"columns", wide + wide, sheet.Options{}, "The header has 501 columns; at most 500 are read."},
		{"cells of a row", "a,b\n" + wide, sheet.Options{}, "Line 2: this row has 501 cells, the header has 2."},
		{"cell", "a,b\n1," + strings.Repeat("é", sheet.MaxCellRunes+1) + "\n", sheet.Options{}, "Line 2, column 2 (b): the cell has more than 32000 characters."},
		{"row", "a,b\n1,\"" + strings.Repeat("\n", 3<<20) + "\"\n", sheet.Options{}, "Line 2, column 2 (b): the cell has more than 32000 characters."},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := readError([]byte(c.content), c.options)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	longest := "a,b\n1," + strings.Repeat("é", sheet.MaxCellRunes) + "\n"
	if err := readError([]byte(longest), sheet.Options{}); err != nil {
		t.Errorf("a cell of the longest length: %v", err)
	}
}
