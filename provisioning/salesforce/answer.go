package salesforce

import (
	"fmt"
	"hash/maphash"
	"io"
	"strconv"
	"strings"

	"portalbot/provisioning"
)

const soapSpace = "http://schemas.xmlsoap.org/soap/envelope/"

// fault is a SOAP fault: Salesforce's refusal of a whole call.
type fault struct{ code, text string }

func (f *fault) Error() string { return f.code + ": " + f.text }

// readEnvelope reads a SOAP answer. It calls body inside the element named want, which must read that element to its end.
// A fault is returned as *fault. usage is what LimitInfoHeader tells.
func readEnvelope(r io.Reader, want string, body func(*scanner)) (usage provisioning.Usage, err error) {
	s := newScanner(r)
	if !s.child() || string(s.name) != "Envelope" || s.space != soapSpace {
		if s.err == nil {
			s.malformed("it is no SOAP envelope")
		}
		return usage, s.err
	}
	found := false
	for s.child() {
		switch string(s.name) {
		case "Header":
			usage = readLimits(s)
		case "Body":
			for s.child() {
				switch string(s.name) {
				case want:
					found = true
					body(s)
				case "Fault":
					if f := readFault(s); s.err == nil {
						return usage, f
					}
				default:
					s.malformed("it answers another question")
				}
			}
		default:
			s.skip()
		}
	}
	if s.err == nil && !found {
		s.malformed("it holds no " + want)
	}
	return usage, s.err
}

func readLimits(s *scanner) (u provisioning.Usage) {
	for s.child() {
		if string(s.name) != "LimitInfoHeader" {
			s.skip()
			continue
		}
		for s.child() {
			if string(s.name) != "limitInfo" {
				s.skip()
				continue
			}
			var used, most int
			var kind string
			for s.child() {
				switch string(s.name) {
				case "current":
					used, _ = strconv.Atoi(s.leaf())
				case "limit":
					most, _ = strconv.Atoi(s.leaf())
				case "type":
					kind = s.leaf()
				default:
					s.skip()
				}
			}
			if kind == "API REQUESTS" {
				u = provisioning.Usage{Used: used, Max: most}
			}
		}
	}
	return u
}

// readFault reads faultcode, faultstring and, where Salesforce gives them, exceptionCode and exceptionMessage.
func readFault(s *scanner) *fault {
	f := &fault{}
	var code, text string
	for s.child() {
		switch string(s.name) {
		case "faultcode":
			f.code = strings.TrimSpace(s.leaf())
		case "faultstring":
			f.text = strings.TrimSpace(s.leaf())
		case "detail":
			for s.child() { // sf:UnexpectedErrorFault and its kin
				for s.child() {
					switch string(s.name) {
					case "exceptionCode":
						code = strings.TrimSpace(s.leaf())
					case "exceptionMessage":
						text = strings.TrimSpace(s.leaf())
					default:
						s.skip()
					}
				}
			}
		default:
			s.skip()
		}
	}
	if code != "" {
		f.code = code
	} else if prefix, rest, ok := strings.Cut(f.code, ":"); ok && prefix != "soapenv" {
		f.code = rest // sf:INVALID_SESSION_ID
	}
	if text != "" {
		f.text = text
	}
	f.text = strings.TrimPrefix(f.text, f.code+": ")
	return f
}

// readSaves reads the results of create or update. want is how many records were sent.
func readSaves(r io.Reader, op string, want int) ([]provisioning.SaveResult, provisioning.Usage, error) {
	results := make([]provisioning.SaveResult, 0, want)
	usage, err := readEnvelope(r, op+"Response", func(s *scanner) {
		for s.child() {
			if string(s.name) != "result" {
				s.skip()
				continue
			}
			results = append(results, readSave(s))
		}
	})
	if err == nil && len(results) != want {
		err = fmt.Errorf("%w: %d results for %d records", errXML, len(results), want)
	}
	if err != nil {
		return nil, usage, err
	}
	return results, usage, nil
}

func readSave(s *scanner) provisioning.SaveResult {
	var out provisioning.SaveResult
	var success bool
	for s.child() {
		switch string(s.name) {
		case "id":
			out.ID = s.leaf()
		case "success":
			success = s.leaf() == "true"
		case "errors":
			e := readRowError(s)
			if out.Error == nil {
				out.Error = e
			} else { // the first one leads, the others are told with it
				out.Error.Text += "; " + e.Text
				out.Error.Fields = append(out.Error.Fields, e.Fields...)
			}
		default:
			s.skip()
		}
	}
	switch {
	case !success && out.Error == nil && s.err == nil:
		s.malformed("a record failed without an error")
	case success:
		out.Error = nil
	default:
		out.ID = ""
		if out.Error != nil {
			classifyRow(out.Error)
		}
	}
	return out
}

func readRowError(s *scanner) *provisioning.RowError {
	e := &provisioning.RowError{}
	for s.child() {
		switch string(s.name) {
		case "statusCode":
			e.Code = s.leaf()
		case "message":
			e.Text = s.leaf()
		case "fields":
			if f := s.leaf(); f != "" {
				e.Fields = append(e.Fields, f)
			}
		default:
			s.skip()
		}
	}
	return e
}

// values are the fields of one record as a query returned it, by path: "Account.Owner.IsActive". Null fields are not there.
type values struct {
	paths []string
	texts []string
}

// get returns a field, "" when it is null.
func (v *values) get(path string) string {
	for i, p := range v.paths {
		if p == path {
			return v.texts[i]
		}
	}
	return ""
}

// fold is get without regard to case, for names that a person wrote.
func (v *values) fold(path string) string {
	for i, p := range v.paths {
		if strings.EqualFold(p, path) {
			return v.texts[i]
		}
	}
	return ""
}

func (v *values) is(path string) bool { return v.get(path) == "true" }

// page is one answer to query or queryMore.
type page struct {
	done    bool
	locator string
	size    int // of the whole query
}

// readPage reads a page of records and calls each for every one of them. The values are valid during that call only, the
// strings in them for good.
func readPage(r io.Reader, op string, each func(*values)) (page, provisioning.Usage, error) {
	var p page
	rr := &recordReader{seed: maphash.MakeSeed()}
	usage, err := readEnvelope(r, op+"Response", func(s *scanner) {
		for s.child() {
			if string(s.name) != "result" {
				s.skip()
				continue
			}
			for s.child() {
				switch string(s.name) {
				case "done":
					p.done = s.leaf() == "true"
				case "queryLocator":
					p.locator = s.leaf()
				case "size":
					p.size, _ = strconv.Atoi(s.leaf())
				case "records":
					if s.isNil {
						s.skip()
						continue
					}
					rr.read(s)
					if s.err == nil {
						each(&rr.values)
					}
				default:
					s.skip()
				}
			}
		}
	})
	if err == nil && !p.done && p.locator == "" {
		err = fmt.Errorf("%w: there are more records but no way to them", errXML)
	}
	return p, usage, err
}

// recordReader reads records into the same memory again and again. Texts that repeat, as profile ids and account names do, are
// mostly kept once: a small table remembers the last text of each hash.
type recordReader struct {
	values values
	path   []byte
	marks  []int // length of path around each open element
	seed   maphash.Seed
	seen   [2048]string
}

func (r *recordReader) keep(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	slot := &r.seen[maphash.Bytes(r.seed, b)%uint64(len(r.seen))]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}

// read reads the current element as a record. An element with elements inside is a parent record and adds to the path.
func (r *recordReader) read(s *scanner) {
	v := &r.values
	v.paths, v.texts = v.paths[:0], v.texts[:0]
	r.path, r.marks = r.path[:0], r.marks[:0]
	leaf, null, text := false, false, []byte(nil)
	for s.err == nil {
		switch s.next() {
		case tokenText:
			text = s.text
		case tokenStart:
			r.marks = append(r.marks, len(r.path))
			if len(r.path) > 0 {
				r.path = append(r.path, '.')
			}
			r.path = append(r.path, s.name...)
			leaf, null, text = true, s.isNil, nil
		case tokenEnd:
			if s.err != nil || len(r.marks) == 0 {
				return
			}
			if leaf && !null {
				v.paths = append(v.paths, r.keep(r.path))
				v.texts = append(v.texts, r.keep(text))
			}
			leaf, text = false, nil
			r.path = r.path[:r.marks[len(r.marks)-1]]
			r.marks = r.marks[:len(r.marks)-1]
		}
	}
}
