package provisioning

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
	"strings"
)

// digestVersion starts every digest, so that a change of what is covered changes them all.
const digestVersion = "portalbot plan 1"

// Digester computes the digest of a plan: what an approver approves. It covers verb, method, portal, mail mode, all-or-none,
// and of every row in execution order its input number, action, target, contact, exact field values, fields of a contact to
// create, permission sets and groups. It does not cover seat counts, sentences, warnings, nor the order or spelling of the file's columns.
//
// The execution order follows from accounts and input numbers alone, so that the same file and the same org give the same digest.
// The engine computes it again from the stored rows before it runs them. It is not safe for concurrent use.
type Digester struct {
	h   hash.Hash
	buf []byte
}

// NewDigester starts the digest of a plan with these terms.
func NewDigester(t Terms) *Digester {
	d := &Digester{h: sha256.New()}
	d.text(digestVersion)
	d.text(string(t.Verb))
	method := t.Method
	if t.Verb == VerbDisable && method == "" {
		method = MethodDeactivate
	}
	d.text(string(method))
	d.text(t.Portal)
	d.text(string(t.Mail))
	d.flag(t.AllOrNone)
	d.flush()
	return d
}

// Add takes in the next row in execution order.
func (d *Digester) Add(r PlanRow) {
	d.number(r.Number)
	d.text(string(r.Action))
	if r.Action.Runs() {
		d.text(r.UserID)
		d.text(r.ContactID)
		d.fields(r.Fields)
		d.fields(r.NewContact)
		d.refs(r.PermissionSets)
		d.refs(r.Groups)
	}
	d.flush()
}

// Sum returns the digest of what was added so far, in hex.
func (d *Digester) Sum() string { return hex.EncodeToString(d.h.Sum(nil)) }

// text adds a string with its length before it, so that no two sequences of strings read the same.
func (d *Digester) text(s string) {
	d.number(len(s))
	d.buf = append(d.buf, s...)
}

func (d *Digester) number(n int) { d.buf = binary.AppendUvarint(d.buf, uint64(max(0, n))) }

func (d *Digester) flag(b bool) {
	if b {
		d.number(1)
		return
	}
	d.number(0)
}

func (d *Digester) fields(fs []Field) {
	if !slices.IsSortedFunc(fs, compareFields) {
		fs = slices.Clone(fs)
		slices.SortFunc(fs, compareFields)
	}
	d.number(len(fs))
	for _, f := range fs {
		d.text(f.Name)
		d.text(f.Value)
	}
}

// refs adds assignments by id: a permission set that is renamed stays the same permission set. Their order is that of the
// names in the cell, which means nothing.
func (d *Digester) refs(rs []Ref) {
	ids := make([]string, len(rs))
	for i, r := range rs {
		ids[i] = r.ID
	}
	slices.Sort(ids)
	d.number(len(ids))
	for _, id := range ids {
		d.text(id)
	}
}

func (d *Digester) flush() {
	_, _ = d.h.Write(d.buf) // hash.Hash promises that it never fails
	d.buf = d.buf[:0]
}

func compareFields(a, b Field) int { return strings.Compare(a.Name, b.Name) }
