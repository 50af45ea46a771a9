package sheet

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Limits of a workbook. A workbook is a zip archive, in which a small file may
// unpack to any size, so everything is bounded before it is unpacked.
const (
	// maxParts is the number of files in the archive.
	maxParts = 4000
	// maxUnzippedBytes is what all files in the archive may unpack to.
	maxUnzippedBytes = 256 << 20
	// maxPartBytes is what a part that is held in memory whole may unpack to:
	// the list of sheets and the styles.
	maxPartBytes = 4 << 20
	// maxTokenBytes is the longest piece of XML, such as the text of a cell
	// (32,767 characters, each perhaps escaped).
	maxTokenBytes = 1 << 20
)

// openWorkbook finds the first visible sheet. Rows and texts are streamed by
// our own reader of the two XML parts, since excelize takes the end of a
// damaged part for the end of the data, holds all other parts in memory, does
// not bound a cell, and gives cells either formatted or raw. What a number
// looks like in a given style is excelize's business.
func (f *File) openWorkbook(r io.ReaderAt, size int64) error {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return refuse(Damaged)
	}
	parts, err := listParts(archive)
	if err != nil {
		return err
	}
	book, err := readBook(parts)
	if err != nil {
		return err
	}
	sheetPart, name, err := book.firstSheet(parts)
	if err != nil {
		return err
	}
	numbers, err := newNumbers(parts[partName(book.target(relationStyles))], book.Properties.Date1904)
	if err != nil {
		return err
	}
	texts, err := readSharedTexts(parts[partName(book.target(relationTexts))])
	if err != nil {
		return err
	}
	rows, err := newWorkbookSource(sheetPart, texts, numbers)
	if err != nil {
		return err
	}
	f.source = rows
	f.format = Format{Workbook: true, Sheet: name}
	if n := len(book.Sheets); n > 1 {
		f.notices = append(f.notices, Notice{Text: fmt.Sprintf("The workbook has %d sheets; only %q is read.", n, name)})
	}
	return nil
}

// listParts indexes the archive by partName after it has checked the sizes,
// which archive/zip holds the content to.
func listParts(archive *zip.Reader) (map[string]*zip.File, error) {
	if len(archive.File) > maxParts {
		return nil, refuse(ZipBomb)
	}
	parts := make(map[string]*zip.File, len(archive.File))
	var total uint64
	for _, part := range archive.File {
		if part.UncompressedSize64 > maxUnzippedBytes {
			return nil, refuse(ZipBomb)
		}
		if total += part.UncompressedSize64; total > maxUnzippedBytes {
			return nil, refuse(ZipBomb)
		}
		if part.Flags&1 != 0 {
			return nil, refuse(Protected)
		}
		name := partName(part.Name)
		if _, twice := parts[name]; twice && !strings.HasSuffix(name, "/") {
			return nil, refuse(Damaged)
		}
		parts[name] = part
	}
	return parts, nil
}

// partName is the form in which parts are looked up: their names are compared
// without regard to case, and some programs write backslashes.
// Source: ECMA-376 part 2, 6.2.2.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

const bookPart = "xl/workbook.xml"

// notABook tells what a zip archive is that holds no workbook.
func notABook(parts map[string]*zip.File) error {
	for name := range parts {
		switch {
		case name == "xl/workbook.bin":
			return refuse(BinaryExcel)
		case name == "word/document.xml", name == "ppt/presentation.xml":
			return refuse(WordDocument)
		case name == "index/document.iwa", name == "index.zip", strings.HasSuffix(name, "/index/document.iwa"):
			return refuse(Numbers)
		}
	}
	if parts["mimetype"] != nil && parts["content.xml"] != nil {
		return refuse(OpenDocument)
	}
	if parts["[content_types].xml"] != nil {
		return refuse(Damaged)
	}
	return refuse(Archive)
}

// Relationship types end with these words; the rest differs between the
// transitional and the strict form. Source: ECMA-376 part 1, 12.3.
const (
	relationSheet  = "/worksheet"
	relationStyles = "/styles"
	relationTexts  = "/sharedStrings"
)

// book is what xl/workbook.xml and its relationships say.
type book struct {
	Properties struct {
		Date1904 bool `xml:"date1904,attr"`
	} `xml:"workbookPr"`
	Sheets []struct {
		Name  string     `xml:"name,attr"`
		State string     `xml:"state,attr"`
		Attrs []xml.Attr `xml:",any,attr"`
	} `xml:"sheets>sheet"`
	relations []relation
}

type relation struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
}

func readBook(parts map[string]*zip.File) (*book, error) {
	main := parts[bookPart]
	if main == nil {
		return nil, notABook(parts)
	}
	var b book
	if err := decodePart(main, &b); err != nil {
		return nil, err
	}
	related := parts["xl/_rels/workbook.xml.rels"]
	if related == nil {
		return nil, refuse(Damaged)
	}
	var list struct {
		Relations []relation `xml:"Relationship"`
	}
	if err := decodePart(related, &list); err != nil {
		return nil, err
	}
	b.relations = list.Relations
	return &b, nil
}

// target returns the part that the workbook has for this type, or "".
func (b *book) target(kind string) string {
	for _, one := range b.relations {
		if strings.HasSuffix(one.Type, kind) {
			return resolve(one.Target)
		}
	}
	return ""
}

// resolve makes a target, which is relative to the workbook, absolute.
func resolve(target string) string {
	if strings.HasPrefix(target, "/") {
		return target
	}
	return path.Join(path.Dir(bookPart), target)
}

// firstSheet returns the first visible sheet that has cells (a chart has none).
func (b *book) firstSheet(parts map[string]*zip.File) (*zip.File, string, error) {
	for _, one := range b.Sheets {
		if one.State != "" && one.State != "visible" {
			continue
		}
		for _, attr := range one.Attrs {
			if attr.Name.Local != "id" {
				continue
			}
			for _, rel := range b.relations {
				if rel.ID != attr.Value || !strings.HasSuffix(rel.Type, relationSheet) {
					continue
				}
				part := parts[partName(resolve(rel.Target))]
				if part == nil {
					return nil, "", refuse(Damaged)
				}
				return part, one.Name, nil
			}
		}
	}
	return nil, "", refuse(Damaged)
}

// decodePart decodes a small part. The error is a *Refusal.
func decodePart(part *zip.File, into any) error {
	content, err := readPart(part)
	if err != nil {
		return err
	}
	if err := xml.Unmarshal(content, into); err != nil {
		return refuse(Damaged)
	}
	return nil
}

// readPart returns a small part, checked against its checksum.
func readPart(part *zip.File) ([]byte, error) {
	if part.UncompressedSize64 > maxPartBytes {
		return nil, refuse(ZipBomb)
	}
	in, err := part.Open()
	if err != nil {
		return nil, refuse(Damaged)
	}
	content, err := io.ReadAll(in)
	if err = errors.Join(err, in.Close()); err != nil {
		return nil, refuse(Damaged)
	}
	return content, nil
}

// markup is an XML part that is read token by token.
type markup struct {
	*xml.Decoder
	limit *tokenLimit
}

func openMarkup(part *zip.File) (markup, error) {
	in, err := part.Open()
	if err != nil {
		return markup{}, refuse(Damaged)
	}
	limit := &tokenLimit{in: bufio.NewReaderSize(in, 64<<10)}
	return markup{Decoder: xml.NewDecoder(limit), limit: limit}, nil
}

// next returns the next token, io.EOF at the end of a part that is whole, or a
// *Refusal.
func (m markup) next() (xml.Token, error) {
	m.limit.left = maxTokenBytes
	token, err := m.RawToken()
	if err == nil || errors.Is(err, io.EOF) {
		return token, err
	}
	return nil, refuse(Damaged)
}

// tokenLimit gives the decoder no more than maxTokenBytes for one token,
// which it would otherwise collect in memory, however long.
type tokenLimit struct {
	in   *bufio.Reader
	left int
}

var errTokenTooLong = errors.New("a piece of XML is too long")

// ReadByte implements io.ByteReader, which the decoder prefers.
func (l *tokenLimit) ReadByte() (byte, error) {
	if l.left <= 0 {
		return 0, errTokenTooLong
	}
	l.left--
	return l.in.ReadByte()
}

// Read implements io.Reader.
func (l *tokenLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTokenTooLong
	}
	n, err := l.in.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
