package salesforce

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// scanner reads XML token by token in bounded memory. It knows what SOAP allows: elements, attributes, text, the five
// entities, character references, CDATA, comments and processing instructions. A document type is refused, as SOAP does.
// It is there because encoding/xml allocates several times an element: a page of 2,000 users costs it 216,000 allocations and
// four times the time, see BenchmarkReadPageOf2000Users. Names are local names; only the root's namespace is resolved.
//
// Characters that XML 1.0 does not allow, which get into an org through other ways than XML, are read as U+FFFD: one of them
// shall not make a whole page unreadable.
type scanner struct {
	r    *bufio.Reader
	err  error  // the first error; later calls keep it
	open []byte // qualified names of the open elements, one after another
	ends []int  // where each of them ends in open

	name  []byte // local name of the last start; valid until the next token
	text  []byte // the last text; valid until a token that is not an end
	isNil bool   // the last start has xsi:nil="true"
	space string // namespace of the root

	tag     []byte // the last tag without its brackets
	pending bool   // tag was read but not returned: the text before it came first
	closing bool   // the last start was <a/>: its end comes next
	raw     []byte // scratch
}

type token int

const (
	tokenEnd token = iota // of an element; or with err set, of everything
	tokenStart
	tokenText
)

const (
	maxDepth = 64       // elements; Salesforce nests under ten
	maxTag   = 64 << 10 // bytes of one tag with its attributes
	maxText  = 16 << 20 // bytes of one text; the longest field of Salesforce has 131,072 characters
)

var errXML = errors.New("the answer is not the XML that was expected")

func newScanner(r io.Reader) *scanner { return &scanner{r: bufio.NewReaderSize(r, 32<<10)} }

func (s *scanner) fail(err error) {
	if s.err == nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // nobody reads beyond the root's end
		}
		s.err = err
	}
}

func (s *scanner) malformed(what string) { s.fail(fmt.Errorf("%w: %s", errXML, what)) }

// next reads a token.
func (s *scanner) next() token {
	switch {
	case s.err != nil:
		return tokenEnd
	case s.closing:
		s.closing = false
		s.pop()
		return tokenEnd
	case s.pending:
		s.pending = false
		return s.parseTag()
	}
	s.text = s.text[:0]
	for s.err == nil {
		s.readText()
		first, err := s.r.Peek(1)
		switch {
		case s.err != nil:
		case err != nil:
			s.fail(err)
		case first[0] == '!' || first[0] == '?':
			s.readSpecial()
		default:
			s.readTag()
			if s.err == nil && len(s.text) > 0 && len(s.ends) > 0 {
				s.pending = true
				return tokenText
			}
			return s.parseTag()
		}
	}
	return tokenEnd
}

// until reads to the delimiter and returns what stands before it, in the scratch.
func (s *scanner) until(delimiter string, most int) []byte {
	last := delimiter[len(delimiter)-1]
	s.raw = s.raw[:0]
	for {
		part, err := s.r.ReadSlice(last)
		s.raw = append(s.raw, part...)
		switch {
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			s.fail(err)
			return nil
		case len(s.raw) > most:
			s.malformed("a part is too long")
			return nil
		case err == nil && bytes.HasSuffix(s.raw, []byte(delimiter)):
			return s.raw[:len(s.raw)-len(delimiter)]
		}
	}
}

// readText reads up to and over the next bracket.
func (s *scanner) readText() {
	raw := s.until("<", maxText)
	if len(s.ends) == 0 {
		if len(bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\ufeff")))) > 0 {
			s.malformed("text before the first element")
		}
		return
	}
	s.appendText(raw, true)
}

// readSpecial reads what starts with ! or ?.
func (s *scanner) readSpecial() {
	head, _ := s.r.Peek(len("![CDATA["))
	switch {
	case bytes.HasPrefix(head, []byte("!--")):
		s.discard(len("!--"))
		s.until("-->", maxText)
	case bytes.HasPrefix(head, []byte("![CDATA[")) && len(s.ends) > 0:
		s.discard(len("![CDATA["))
		s.appendText(s.until("]]>", maxText), false)
	case bytes.HasPrefix(head, []byte("?")):
		s.discard(1)
		pi := bytes.ToLower(s.until("?>", maxTag))
		if bytes.HasPrefix(pi, []byte("xml ")) && bytes.Contains(pi, []byte("encoding")) && !bytes.Contains(pi, []byte("utf-8")) {
			s.malformed("not UTF-8")
		}
	default:
		s.malformed("a document type or a stray bracket")
	}
}

func (s *scanner) discard(n int) {
	if _, err := s.r.Discard(n); err != nil {
		s.fail(err)
	}
}

// appendText appends raw text to s.text: entities resolved if asked, line ends made one, illegal characters replaced.
func (s *scanner) appendText(raw []byte, entities bool) {
	if len(s.text)+len(raw) > maxText {
		s.malformed("a part is too long")
		return
	}
	for len(raw) > 0 {
		n := 0
		for n < len(raw) && plain[raw[n]] {
			n++
		}
		s.text = append(s.text, raw[:n]...)
		raw = raw[n:]
		if len(raw) == 0 {
			return
		}
		switch c := raw[0]; {
		case c == '&' && entities:
			end := bytes.IndexByte(raw[:min(len(raw), 12)], ';')
			if end < 0 || !s.appendEntity(string(raw[1:end])) {
				s.malformed("an unknown entity")
				return
			}
			raw = raw[end+1:]
		case c == '\r':
			s.text = append(s.text, '\n')
			raw = bytes.TrimPrefix(raw[1:], []byte("\n"))
		default:
			r, size := utf8.DecodeRune(raw)
			if !legal(r) {
				r = utf8.RuneError
			}
			s.text = utf8.AppendRune(s.text, r)
			raw = raw[size:]
		}
	}
}

func (s *scanner) appendEntity(name string) bool {
	var r rune
	switch name {
	case "lt":
		r = '<'
	case "gt":
		r = '>'
	case "amp":
		r = '&'
	case "quot":
		r = '"'
	case "apos":
		r = '\''
	default:
		if len(name) < 2 || name[0] != '#' {
			return false
		}
		digits, base := name[1:], 10
		if digits[0] == 'x' {
			digits, base = digits[1:], 16
		}
		n, err := strconv.ParseUint(digits, base, 31)
		if err != nil || n > utf8.MaxRune {
			return false
		}
		if r = rune(n); !legal(r) {
			r = utf8.RuneError
		}
	}
	s.text = utf8.AppendRune(s.text, r)
	return true
}

// plain holds the bytes that stand for themselves in text.
var plain = func() (t [256]bool) {
	for c := 0x20; c < 0x80; c++ {
		t[c] = c != '&'
	}
	t['\t'], t['\n'] = true, true
	return t
}()

// legal reports whether XML 1.0 allows the character. Source: XML 1.0, production 2 (Char).
func legal(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

// readTag reads to the bracket that closes the tag; those in attribute values do not.
func (s *scanner) readTag() {
	s.tag = s.tag[:0]
	quote := byte(0)
	for {
		part, err := s.r.ReadSlice('>')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			s.fail(err)
			return
		}
		for _, c := range part {
			switch {
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
			case c == quote:
				quote = 0
			}
		}
		s.tag = append(s.tag, part...)
		if len(s.tag) > maxTag {
			s.malformed("a tag is too long")
			return
		}
		if err == nil && quote == 0 {
			s.tag = s.tag[:len(s.tag)-1]
			return
		}
	}
}

func (s *scanner) parseTag() token {
	switch {
	case s.err != nil:
	case bytes.HasPrefix(s.tag, []byte("/")):
		if name := trimRight(s.tag[1:]); len(s.ends) == 0 || !bytes.Equal(name, s.top()) {
			s.malformed("a closing tag that fits no opening one")
		} else {
			s.pop()
		}
	default:
		rest, closing := bytes.CutSuffix(s.tag, []byte("/"))
		n := 0
		for n < len(rest) && !isSpace(rest[n]) {
			n++
		}
		qualified := rest[:n]
		prefix, local, ok := splitName(qualified)
		if !ok {
			s.malformed("a bad name")
			break
		}
		if len(s.ends) >= maxDepth {
			s.malformed("too many elements in one another")
			break
		}
		s.name, s.isNil, s.closing = local, false, closing
		s.parseAttributes(rest[n:], prefix)
		s.open = append(s.open, qualified...)
		s.ends = append(s.ends, len(s.open))
		if s.err == nil {
			return tokenStart
		}
	}
	return tokenEnd
}

func (s *scanner) parseAttributes(rest []byte, prefix []byte) {
	for {
		rest = trimLeft(rest)
		if len(rest) == 0 {
			return
		}
		eq := bytes.IndexByte(rest, '=')
		if eq < 0 {
			s.malformed("an attribute without a value")
			return
		}
		pre, local, ok := splitName(trimRight(rest[:eq]))
		rest = trimLeft(rest[eq+1:])
		if !ok || len(rest) == 0 || (rest[0] != '"' && rest[0] != '\'') {
			s.malformed("a bad attribute")
			return
		}
		end := bytes.IndexByte(rest[1:], rest[0])
		if end < 0 {
			s.malformed("a bad attribute")
			return
		}
		value := rest[1 : 1+end]
		rest = rest[end+2:]
		if bytes.IndexByte(value, '<') >= 0 {
			s.malformed("a bracket in an attribute")
			return
		}
		switch {
		case string(local) == "nil" && len(pre) > 0:
			s.isNil = string(value) == "true" || string(value) == "1"
		case len(s.ends) > 0:
		case string(pre) == "xmlns" && bytes.Equal(local, prefix), len(prefix) == 0 && len(pre) == 0 && string(local) == "xmlns":
			s.space = string(value)
		}
	}
}

// splitName splits a qualified name and checks its characters.
func splitName(q []byte) (prefix, local []byte, ok bool) {
	colon := -1
	for i, c := range q {
		switch {
		case c == ':' && colon < 0 && i > 0:
			colon = i
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c >= utf8.RuneSelf:
		case i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '.'):
		default:
			return nil, nil, false
		}
	}
	if colon < 0 {
		return nil, q, len(q) > 0
	}
	return q[:colon], q[colon+1:], colon+1 < len(q)
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func trimLeft(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	return b
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func (s *scanner) start() int {
	if len(s.ends) < 2 {
		return 0
	}
	return s.ends[len(s.ends)-2]
}

func (s *scanner) top() []byte { return s.open[s.start():] }

func (s *scanner) pop() {
	s.open = s.open[:s.start()]
	s.ends = s.ends[:len(s.ends)-1]
}

// child goes to the next element inside the current one, whose name is then s.name. At the end of the current one it returns false.
func (s *scanner) child() bool {
	for {
		switch s.next() {
		case tokenStart:
			return true
		case tokenEnd:
			return false
		case tokenText:
		}
	}
}

// skip goes over the rest of the current element.
func (s *scanner) skip() {
	for depth := 1; depth > 0 && s.err == nil; {
		switch s.next() {
		case tokenStart:
			depth++
		case tokenEnd:
			depth--
		case tokenText:
		}
	}
}

// leaf returns the text of the current element and goes over it. Elements inside it are left out.
func (s *scanner) leaf() string {
	var text []byte
	for s.err == nil {
		switch s.next() {
		case tokenText:
			text = append(text, s.text...)
		case tokenStart:
			s.skip()
		case tokenEnd:
			return string(text)
		}
	}
	return ""
}
