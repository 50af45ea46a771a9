package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxSharedTextBytes bounds the texts that a workbook stores apart from its
// sheet, which must be held in memory since cells refer to them in any order.
const maxSharedTextBytes = 24 << 20

// The texts and their places are held in blocks: no growing, and so no garbage.
const (
	textBlockBytes = 256 << 10
	placeBlock     = 1 << 14 // places in a block
	placeBytes     = 12      // size of a textPlace
)

// sharedTexts is the table of texts that cells refer to by index.
type sharedTexts struct {
	blocks []strings.Builder
	places [][]textPlace
	count  uint64
	bytes  int
}

type textPlace struct{ block, start, end int32 }

// readSharedTexts reads the table; part is nil for a workbook without one.
func readSharedTexts(part *zip.File) (*sharedTexts, error) {
	t := &sharedTexts{}
	if part == nil {
		return t, nil
	}
	in, err := openMarkup(part)
	if err != nil {
		return nil, err
	}
	var one textCollector
	depth := 0
	for {
		token, err := in.next()
		if errors.Is(err, io.EOF) {
			if depth != 0 {
				return nil, refuse(Damaged)
			}
			return t, nil
		}
		if err != nil {
			return nil, err
		}
		switch el := token.(type) {
		case xml.StartElement:
			depth++
			if el.Name.Local == "si" {
				one.reset()
			}
			one.start(el.Name.Local)
		case xml.CharData:
			one.text(el)
		case xml.EndElement:
			depth--
			one.end(el.Name.Local)
			if el.Name.Local == "si" && !t.add(one.String()) {
				return nil, refuse(TooMuchText)
			}
		}
	}
}

// add appends a text and tells whether there was room for it. A place is
// counted too: a table of empty texts takes memory as well.
func (t *sharedTexts) add(text string) bool {
	t.bytes += len(text) + placeBytes
	if t.bytes > maxSharedTextBytes {
		return false
	}
	last := len(t.blocks) - 1
	if last < 0 || t.blocks[last].Len()+len(text) > textBlockBytes {
		t.blocks = append(t.blocks, strings.Builder{})
		last++
		t.blocks[last].Grow(max(textBlockBytes, len(text)))
	}
	start := t.blocks[last].Len()
	_, _ = t.blocks[last].WriteString(text) // never fails
	if t.count%placeBlock == 0 {
		t.places = append(t.places, make([]textPlace, 0, placeBlock))
	}
	block := &t.places[len(t.places)-1]
	*block = append(*block, textPlace{int32(last), int32(start), int32(start + len(text))}) //nolint:gosec // maxSharedTextBytes bounds all three
	t.count++
	return true
}

// get returns the text that a cell's index names.
func (t *sharedTexts) get(index string) (string, bool) {
	i, err := strconv.ParseUint(strings.TrimSpace(index), 10, 32)
	if err != nil || i >= t.count {
		return "", false
	}
	place := t.places[i/placeBlock][i%placeBlock]
	return t.blocks[place.block].String()[place.start:place.end], true
}

// textCollector puts together a text from its runs: the t elements, but not
// those of phonetic hints (rPh). Source: ECMA-376 part 1, 18.4.8.
type textCollector struct {
	b        []byte
	inText   bool
	phonetic bool
}

func (c *textCollector) reset() { *c = textCollector{b: c.b[:0]} }

func (c *textCollector) start(name string) {
	switch name {
	case "t":
		c.inText = !c.phonetic
	case "rPh":
		c.phonetic = true
	}
}

func (c *textCollector) text(data []byte) {
	// One rune beyond the limit is kept, so that the cell is found too long.
	if c.inText && len(c.b) <= utf8.UTFMax*MaxCellRunes {
		c.b = append(c.b, data...)
	}
}

func (c *textCollector) end(name string) {
	switch name {
	case "t":
		c.inText = false
	case "rPh":
		c.phonetic = false
	}
}

// String returns the text with Excel's escapes resolved.
func (c *textCollector) String() string { return unescapeText(string(c.b)) }

// excelEscape is how Excel writes a character that XML cannot hold.
// Source: ECMA-376 part 1, 22.9.2.19 (ST_Xstring).
var excelEscape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

func unescapeText(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	return excelEscape.ReplaceAllStringFunc(s, func(escape string) string {
		code, err := strconv.ParseInt(escape[2:6], 16, 32)
		if err != nil || code == 0 {
			return escape
		}
		return string(rune(code))
	})
}
