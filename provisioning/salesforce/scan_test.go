package salesforce

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// flat writes tokens in one line each, texts in a row joined, so that two readers can be compared.
type flat struct {
	b    strings.Builder
	text strings.Builder
}

func (f *flat) flush() {
	if f.text.Len() > 0 {
		f.b.WriteString("text " + f.text.String() + "\n")
		f.text.Reset()
	}
}

func scanAll(data []byte) (string, error) {
	s := newScanner(bytes.NewReader(data))
	var f flat
	for depth := 0; ; {
		switch s.next() {
		case tokenText:
			f.text.Write(s.text)
		case tokenStart:
			f.flush()
			f.b.WriteString("start " + string(s.name) + "\n")
			depth++
		case tokenEnd:
			if s.err != nil {
				return "", s.err
			}
			f.flush()
			f.b.WriteString("end\n")
			if depth--; depth == 0 {
				return f.b.String(), nil
			}
		}
	}
}

var errNotForUs = errors.New("not what we read")

func standard(data []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	var f flat
	for depth := 0; ; {
		t, err := d.RawToken()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.Directive:
			return "", errNotForUs
		case xml.CharData:
			if depth > 0 {
				f.text.Write(t)
			} else if len(bytes.Trim(t, " \t\r\n")) > 0 {
				return "", errNotForUs
			}
		case xml.StartElement:
			f.flush()
			f.b.WriteString("start " + t.Name.Local + "\n")
			if depth++; depth > maxDepth {
				return "", errNotForUs
			}
			if strings.Contains(t.Name.Local, ":") || !utf8.ValidString(t.Name.Local) {
				return "", errNotForUs
			}
			for _, a := range t.Attr {
				if strings.Contains(a.Name.Local, ":") {
					return "", errNotForUs
				}
			}
		case xml.EndElement:
			f.flush()
			f.b.WriteString("end\n")
			if depth--; depth == 0 {
				// RawToken does not hold ends against starts: Token does.
				d := xml.NewDecoder(bytes.NewReader(data[:d.InputOffset()]))
				for {
					if _, err := d.Token(); errors.Is(err, io.EOF) {
						return f.b.String(), nil
					} else if err != nil {
						return "", err
					}
				}
			} else if depth < 0 {
				return "", errNotForUs
			}
		}
	}
}

// What encoding/xml reads we read, and the same; of the rest it is enough that reading ends.
func FuzzScannerAgreesWithTheStandardLibrary(f *testing.F) {
	for _, s := range []string{
		`<a/>`, `<a>x</a>`, `<a><b/>y<c>z</c></a>`, "\ufeff<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a b='1>2' c=\"'\">t</a>",
		`<a>&lt;&amp;&#65;&#x1F600;&apos;&quot;&gt;</a>`, `<a><![CDATA[<b>&amp;]]]]><![CDATA[>]]></a>`, "<a>1\r\n2\r3&#13;</a>",
		`<a><!-- <b> --></a>`, `<s:a xmlns:s="u"><s:b x:nil="true"/></s:a >`, `<a>x<?pi y?>z</a>`, `<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`,
		`<a><b></a></b>`, `<a`, `<a b=c/>`, `<a b="1"c="2"/>`, `</a>`, `<a>&nbsp;</a>`, `<a>&#0;</a>`, "<a>\x01</a>", `<a><</a>`, `<a/ >`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want, err := standard(data)
		got, gotErr := scanAll(data)
		if err != nil {
			return
		}
		if gotErr != nil || got != want {
			t.Errorf("%q\n got %q, %v\nwant %q", data, got, gotErr, want)
		}
	})
}

func TestScannerRefuses(t *testing.T) {
	for _, s := range []string{
		"", "x", "<", "<a", "<a>", "<a></b>", "</a>", "<a b></a>", "<a b=c></a>", `<a b="<"></a>`, "<a>&nope;</a>", "<a>&</a>", "<a>&#x;</a>", "<a>&#1114112;</a>",
		"<!DOCTYPE a><a/>", "<a><!x></a>", "<1/>", "<a:/>", "<:a/>", "<a:b:c/>", "text<a/>", "<a><![CDATA[x</a>", "<a><!-- x</a>",
		`<?xml version="1.0" encoding="ISO-8859-1"?><a/>`, strings.Repeat("<a>", maxDepth+1), "<a " + strings.Repeat("x", maxTag) + "/>",
		"<><a/>", "< a/>",
	} {
		if got, err := scanAll([]byte(s)); err == nil {
			t.Errorf("%.40q was read as %q", s, got)
		}
	}
}

func TestScannerReplacesWhatXMLDoesNotAllow(t *testing.T) {
	got, err := scanAll([]byte("<a>1\x012&#x1F;3\xff4\ufffe</a>"))
	if want := "start a\ntext 1\ufffd2\ufffd3\ufffd4\ufffd\nend\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestTextMayBeLongerThanTheBuffer(t *testing.T) {
	long := strings.Repeat("0123456789&amp;", 20_000)
	got, err := scanAll([]byte("<a>" + long + "</a>"))
	if want := "start a\ntext " + strings.ReplaceAll(long, "&amp;", "&") + "\nend\n"; err != nil || got != want {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, len(want))
	}
}

func FuzzAnswersAreReadToAnEnd(f *testing.F) {
	page := `<s:Envelope xmlns:s="` + soapSpace + `"><s:Body><queryResponse><result><done>true</done><queryLocator xsi:nil="true"/>` +
		`<records><sf:type>User</sf:type><sf:Id>1</sf:Id><sf:Account><sf:Name>A</sf:Name><sf:Owner xsi:nil="true"/></sf:Account></records><size>1</size></result></queryResponse></s:Body></s:Envelope>`
	f.Add([]byte(page))
	f.Add([]byte(strings.ReplaceAll(page, "query", "create")))
	f.Add([]byte(`<s:Envelope xmlns:s="` + soapSpace + `"><s:Body><s:Fault><faultcode>sf:X</faultcode><detail><a><exceptionCode>Y</exceptionCode></a></detail></s:Fault></s:Body></s:Envelope>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		_, _, err := readPage(bytes.NewReader(data), "query", func(v *values) {
			n++
			if len(v.paths) != len(v.texts) {
				t.Error("paths and texts differ")
			}
		})
		if results, _, err := readSaves(bytes.NewReader(data), "create", 1); err == nil && (len(results) != 1 || (results[0].Error != nil) == (results[0].ID != "") && results[0].Error != nil) {
			t.Errorf("results %+v", results)
		}
		_ = err
	})
}
