package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Names of the encodings that are understood, as Format shows them.
const (
	encodingUTF8    = "UTF-8"
	encodingUTF16LE = "UTF-16 LE"
	encodingUTF16BE = "UTF-16 BE"
	encoding1252    = "Windows-1252"
)

// textEncoding is how a text file is to be decoded.
type textEncoding struct {
	name   string
	skip   int64             // length of the byte order mark
	codec  encoding.Encoding // nil for UTF-8
	notice *Notice           // set if the encoding had to be assumed
}

// reader returns the decoded text, without the byte order mark.
func (e textEncoding) reader(r io.ReaderAt, size int64) io.Reader {
	raw := io.NewSectionReader(r, e.skip, size-e.skip)
	if e.codec == nil {
		return raw
	}
	return transform.NewReader(raw, e.codec.NewDecoder())
}

// detectEncoding tells the encoding of a text file from its byte order mark
// and, if it has none, from all of its bytes. It refuses what is no text.
func detectEncoding(r io.ReaderAt, size int64, head []byte) (textEncoding, error) {
	little := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	big := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	var found textEncoding
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		found = textEncoding{name: encodingUTF16LE, skip: 2, codec: little}
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		found = textEncoding{name: encodingUTF16BE, skip: 2, codec: big}
	case looksUTF16(head, 1):
		found = textEncoding{name: encodingUTF16LE, codec: little, notice: assumed(encodingUTF16LE)}
	case looksUTF16(head, 0):
		found = textEncoding{name: encodingUTF16BE, codec: big, notice: assumed(encodingUTF16BE)}
	default:
		return detectBytes(r, size, head)
	}
	if size%2 != 0 {
		return textEncoding{}, refuseAt(Binary, 0, "This file looks like %s text but was cut off in the middle of a character. "+
			"Save it as \"CSV UTF-8\" and send that.", found.name)
	}
	return found, nil
}

func assumed(name string) *Notice {
	return &Notice{Text: "This file does not say how its letters are encoded; it was read as " + name + ". " +
		"Look at names with accents, and save it as \"CSV UTF-8\" if they are wrong."}
}

// looksUTF16 tells whether the bytes at odd (1) or even (0) places are the high
// halves of UTF-16: often zero, while the low halves almost never are.
func looksUTF16(head []byte, high int) bool {
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	pairs := len(head) / 2
	return pairs > 0 && zeros[high]*5 >= pairs && zeros[high] > 4*zeros[1-high]
}

// detectBytes tells UTF-8 from Windows-1252 by reading the whole file once.
func detectBytes(r io.ReaderAt, size int64, head []byte) (textEncoding, error) {
	found := textEncoding{name: encodingUTF8}
	if bytes.HasPrefix(head, []byte(byteOrderMark)) {
		found.skip = int64(len(byteOrderMark))
	}
	count, err := countBytes(io.NewSectionReader(r, found.skip, size-found.skip))
	if err != nil {
		return textEncoding{}, err
	}
	switch {
	case count.nulLine > 0:
		return textEncoding{}, refuseAt(Binary, count.nulLine, "This is not a text file: line %d holds bytes that no CSV has. "+
			"Send a CSV or an Excel workbook (.xlsx).", count.nulLine)
	case count.invalid == 0:
		return found, nil
	case found.skip > 0 || count.multibyte > count.invalid:
		// In Windows-1252 a sequence that is valid UTF-8 is an accident, so a file
		// with more of these than of the others is UTF-8 with a wound. Reading it
		// as Windows-1252 would spoil every name that is right.
		return textEncoding{}, refuseAt(MixedEncoding, count.invalidLine, "Line %d holds bytes that are not UTF-8, while the rest of the file is. "+
			"It was put together from several files, or cut off. Retype the letters on that line, save as \"CSV UTF-8\" and send it again.", count.invalidLine)
	case count.undefinedLine > 0:
		return textEncoding{}, refuseAt(UnknownEncoding, count.undefinedLine, "Line %d holds letters that are neither UTF-8 nor Windows-1252. "+
			"Open the file in the program that it came from, save it as \"CSV UTF-8\" and send that.", count.undefinedLine)
	}
	return textEncoding{
		name:  encoding1252,
		codec: charmap.Windows1252,
		notice: &Notice{Line: count.invalidLine, Text: fmt.Sprintf("Line %d: this file is not UTF-8; it was read as Windows-1252. "+
			"Look at names with accents, and save it as \"CSV UTF-8\" if they are wrong.", count.invalidLine)},
	}, nil
}

// byteCount is what one pass over the bytes of a file has shown. Lines count
// from 1, 0 means that there was none.
type byteCount struct {
	multibyte     int // valid UTF-8 sequences beyond ASCII
	invalid       int // bytes that are part of no such sequence
	invalidLine   int // first line with one
	undefinedLine int // first line with one that Windows-1252 does not define either
	nulLine       int // first line with a NUL
}

func countBytes(r io.Reader) (byteCount, error) {
	var count byteCount
	line, afterCR := 1, false
	buf := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := r.Read(buf[kept:])
		atEnd := errors.Is(err, io.EOF)
		if err != nil && !atEnd {
			return count, fmt.Errorf("read the file: %w", err)
		}
		chunk := buf[:kept+n]
		i := 0
		for i < len(chunk) {
			b := chunk[i]
			if b < utf8.RuneSelf {
				switch b {
				case '\n':
					if !afterCR {
						line++
					}
				case '\r':
					line++
				case 0:
					count.nulLine = line
					return count, nil
				}
				afterCR = b == '\r'
				i++
				continue
			}
			afterCR = false
			if !atEnd && !utf8.FullRune(chunk[i:]) {
				break
			}
			if r, width := utf8.DecodeRune(chunk[i:]); r != utf8.RuneError || width > 1 {
				count.multibyte++
				i += width
				continue
			}
			count.invalid++
			if count.invalidLine == 0 {
				count.invalidLine = line
			}
			if count.undefinedLine == 0 && charmap.Windows1252.DecodeByte(b) == utf8.RuneError {
				count.undefinedLine = line
			}
			i++
		}
		if atEnd {
			return count, nil
		}
		kept = copy(buf, chunk[i:])
	}
}
