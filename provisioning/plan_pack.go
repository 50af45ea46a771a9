package provisioning

import (
	"encoding/binary"
	"slices"
)

// word is a string that many rows share, by its number.
type word uint32

// packed says where a packed row begins: chunk number and offset.
type packed uint64

// Sizes of the buffers that packed rows are appended to: they grow from the first, so that a plan of 60 rows stays small.
const (
	firstChunk = 1 << 15
	chunkSize  = 1 << 20
)

// words packs plan rows: strings that repeat are kept once, the others go into large buffers that the garbage collector need not
// look into. One goroutine packs; after that any number may unpack.
type words struct {
	numbers map[string]word
	list    []string
	chunks  [][]byte
}

func newWords() *words {
	w := &words{numbers: map[string]word{}}
	w.word("")
	return w
}

func (w *words) word(s string) word {
	n, ok := w.numbers[s]
	if !ok {
		n = word(len(w.list)) //nolint:gosec // far fewer than 2^32 different words fit into memory
		w.list = append(w.list, s)
		w.numbers[s] = n
	}
	return n
}

func (w *words) text(n word) string { return w.list[n] }

// shared names the fields whose values repeat from row to row.
func shared(field string) bool {
	switch field {
	case fieldProfileID, fieldTimeZone, fieldLocale, fieldLanguage, fieldEncoding, fieldCurrency, fieldPortalRole,
		fieldRoleID, fieldAccountID, "City", "State", "Country", "PostalCode", fieldIsActive, fieldPortalOn, fieldIsFrozen:
		return true
	}
	return false
}

// pack appends a row. Position, number, line, cells and warnings are not packed, they are kept or found elsewhere.
func (w *words) pack(r PlanRow) packed {
	if n := len(w.chunks); n == 0 || len(w.chunks[n-1]) > cap(w.chunks[n-1])*7/8 {
		w.chunks = append(w.chunks, make([]byte, 0, min(chunkSize, firstChunk<<min(n, 10))))
	}
	last := len(w.chunks) - 1
	at := packed(last)<<32 | packed(len(w.chunks[last])) //nolint:gosec // not negative
	p := packer{words: w, b: w.chunks[last]}
	p.word(string(r.Action))
	p.word(r.Reason.Code)
	p.text(r.Reason.Text)
	p.word(r.Reason.Column)
	p.text(r.Reason.Fix)
	p.text(r.UserID)
	p.text(r.Username)
	p.text(r.Email)
	p.text(r.ContactID)
	p.word(r.AccountID)
	p.word(r.AccountName)
	p.word(r.ProfileID)
	p.word(r.LicenseKey)
	p.flag(r.RoleBased)
	p.flag(r.TakesLock)
	p.fields(r.NewContact)
	p.fields(r.Fields)
	p.fields(r.Before)
	p.refs(r.PermissionSets)
	p.refs(r.Groups)
	w.chunks[last] = p.b
	return at
}

// unpack makes a packed row again.
func (w *words) unpack(at packed) PlanRow {
	p := unpacker{words: w, b: w.chunks[at>>32][at&(1<<32-1):]}
	var r PlanRow
	r.Action = Action(p.word())
	r.Reason.Code = p.word()
	r.Reason.Text = p.text()
	r.Reason.Column = p.word()
	r.Reason.Fix = p.text()
	r.UserID = p.text()
	r.Username = p.text()
	r.Email = p.text()
	r.ContactID = p.text()
	r.AccountID = p.word()
	r.AccountName = p.word()
	r.ProfileID = p.word()
	r.LicenseKey = p.word()
	r.RoleBased = p.number() == 1
	r.TakesLock = p.number() == 1
	r.NewContact = p.fields()
	r.Fields = p.fields()
	r.Before = p.fields()
	r.PermissionSets = p.refs()
	r.Groups = p.refs()
	return r
}

type packer struct {
	words *words
	b     []byte
}

func (p *packer) number(n int) {
	p.b = binary.AppendUvarint(p.b, uint64(max(0, n)))
}

func (p *packer) word(s string) { p.number(int(p.words.word(s))) }

func (p *packer) text(s string) {
	p.number(len(s))
	p.b = append(p.b, s...)
}

func (p *packer) flag(b bool) {
	if b {
		p.number(1)
		return
	}
	p.number(0)
}

func (p *packer) fields(fs []Field) {
	p.number(len(fs))
	for _, f := range fs {
		p.word(f.Name)
		if shared(f.Name) {
			p.word(f.Value)
		} else {
			p.text(f.Value)
		}
	}
}

func (p *packer) refs(rs []Ref) {
	p.number(len(rs))
	for _, r := range rs {
		p.word(r.ID)
		p.word(r.Name)
	}
}

type unpacker struct {
	words *words
	b     []byte
}

func (p *unpacker) number() int {
	n, size := binary.Uvarint(p.b)
	p.b = p.b[size:]
	return int(n) //nolint:gosec // packer.number wrote an int
}

func (p *unpacker) word() string { return p.words.list[p.number()] }

func (p *unpacker) text() string {
	n := p.number()
	s := string(p.b[:n])
	p.b = p.b[n:]
	return s
}

func (p *unpacker) fields() []Field {
	n := p.number()
	if n == 0 {
		return nil
	}
	fs := make([]Field, n)
	for i := range fs {
		fs[i].Name = p.word()
		if shared(fs[i].Name) {
			fs[i].Value = p.word()
		} else {
			fs[i].Value = p.text()
		}
	}
	return slices.Clip(fs)
}

func (p *unpacker) refs() []Ref {
	n := p.number()
	if n == 0 {
		return nil
	}
	rs := make([]Ref, n)
	for i := range rs {
		rs[i] = Ref{ID: p.word(), Name: p.word()}
	}
	return rs
}
