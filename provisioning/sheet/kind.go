package sheet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// headBytes is how much of a file is looked at to tell what it is.
const headBytes = 4096

// magic lists the first bytes of files that people send by mistake, besides
// zip and OLE containers, which need a second look.
var magic = []struct {
	at     int
	bytes  string
	reason Reason
}{
	{0, "%PDF-", PDF},
	{0, "{\\rtf", RichText},
	{0, "\x1f\x8b", Archive},              // gzip
	{0, "7z\xbc\xaf\x27\x1c", Archive},    // 7-Zip
	{0, "Rar!\x1a\x07", Archive},          // RAR
	{0, "BZh91AY&SY", Archive},            // bzip2
	{0, "\xfd7zXZ\x00", Archive},          // xz
	{0, "\x28\xb5\x2f\xfd", Archive},      // Zstandard
	{0, "\x89PNG\r\n\x1a\n", Image},       // PNG
	{0, "\xff\xd8\xff", Image},            // JPEG
	{0, "GIF87a", Image},                  // GIF
	{0, "GIF89a", Image},                  // GIF
	{0, "II*\x00", Image},                 // TIFF
	{0, "MM\x00*", Image},                 // TIFF
	{8, "WEBPVP8", Image},                 // WebP
	{4, "ftypheic", Image},                // HEIC
	{4, "ftypmif1", Image},                // HEIF
	{0, "SQLite format 3\x00", Binary},    // SQLite
	{0, "\xff\xfe\x00\x00", Binary},       // UTF-32
	{0, "\x00\x00\xfe\xff", Binary},       // UTF-32
	{0, "\x7fELF", Binary},                // a program
	{0, "MZ\x90\x00", Binary},             // a program
	{0, "bplist00", Binary},               // property list
	{0, "PAR1", Binary},                   // Parquet
	{0, "Obj\x01", Binary},                // Avro
	{0, "\xfe\xed\xfa", Binary},           // a program
	{0, "\xcf\xfa\xed\xfe", Binary},       // a program
	{0, "\xca\xfe\xba\xbe", Binary},       // Java class
	{0, "\x00\x05\x16\x07", Binary},       // AppleDouble
	{0, "\x09\x08\x10\x00\x00", OldExcel}, // BIFF8 without a container
	{0, "\x09\x04\x06\x00", OldExcel},     // BIFF4
	{0, "\x09\x02\x06\x00", OldExcel},     // BIFF3
}

const (
	zipMagic      = "PK\x03\x04"
	emptyZipMagic = "PK\x05\x06"
	oleMagic      = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
)

// readHead returns the first bytes of the file, fewer if it is shorter.
func readHead(r io.ReaderAt, size int64) ([]byte, error) {
	head := make([]byte, min(size, headBytes))
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the beginning of the file: %w", err)
	}
	return head[:n], nil
}

// refusedByMagic returns why a file with these first bytes is refused, or "".
func refusedByMagic(r io.ReaderAt, head []byte) Reason {
	for _, m := range magic {
		if len(head) >= m.at && bytes.HasPrefix(head[m.at:], []byte(m.bytes)) {
			return m.reason
		}
	}
	if bytes.HasPrefix(head, []byte(oleMagic)) {
		return oleKind(r, head)
	}
	return ""
}

func isZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte(zipMagic)) || bytes.HasPrefix(head, []byte(emptyZipMagic))
}

// oleKind tells a password-protected workbook, which Excel wraps into an OLE
// container, from an old one. The names are in the first directory sector.
// Source: [MS-CFB] 2.2 (header) and 2.6.1 (directory entry).
func oleKind(r io.ReaderAt, head []byte) Reason {
	const shiftAt, firstDirectoryAt = 30, 48
	if len(head) < 512 {
		return OldExcel
	}
	shift := binary.LittleEndian.Uint16(head[shiftAt:])
	if shift != 9 && shift != 12 {
		return OldExcel
	}
	sector := int64(binary.LittleEndian.Uint32(head[firstDirectoryAt:]))
	directory := make([]byte, 4096)
	// A short or failed read leaves zeros, in which no name is found.
	_, _ = r.ReadAt(directory, (sector+1)<<shift)
	switch {
	case bytes.Contains(directory, utf16LE("EncryptedPackage")):
		return Protected
	case bytes.Contains(directory, utf16LE("WordDocument")), bytes.Contains(directory, utf16LE("PowerPoint Document")):
		return WordDocument
	}
	return OldExcel
}

func utf16LE(s string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return b
}

// refusedByMarkup returns why a text that begins like this is refused, or "".
func refusedByMarkup(text []byte) Reason {
	start := strings.ToLower(string(bytes.TrimLeft(text[:min(len(text), headBytes)], " \t\r\n\uFEFF")))
	if !strings.HasPrefix(start, "<") {
		return ""
	}
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body", "<table", "<meta", "<script", "<style", "<div", "<!--"} {
		if strings.HasPrefix(start, tag) {
			return HTMLPage
		}
	}
	if strings.HasPrefix(start, "<?xml") || strings.HasPrefix(start, "<workbook") {
		if strings.Contains(start, "<html") {
			return HTMLPage
		}
		return XMLFile
	}
	return ""
}
