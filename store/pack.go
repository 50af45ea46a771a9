package store

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"

	"portalbot/provisioning"
)

// packV1 is the first byte of a packed row: DEFLATE over JSON with dictionaryV1. Another packing gets another byte.
const packV1 = 1

// dictionaryV1 holds what nearly every row repeats, the most frequent last. It makes rows about five times smaller. It is part of the file
// format: never change it, add another.
const dictionaryV1 = `{"n":1,"l":2,"a":"invalid","r":{"code":"","text":"","fix":"","column":""},"a":"skip","a":"deactivate","a":"reactivate",` +
	`"a":"disable","a":"enable","a":"freeze","a":"unfreeze","a":"resend","u":"005","un":"","e":"","c":"003","ac":"001","an":"",` +
	`"p":"00e","k":"PID_Customer_Community_Login","k":"PID_Partner_Community_Login","k":"PID_Partner_Community",` +
	`"k":"PID_Customer_Community_Plus","k":"PID_Customer_Community","t":true,"nc":[["AccountId","001"],["Title",""]],"b":[["IsActive","true"],` +
	`["IsPortalEnabled","true"],["IsActive","false"],["ContactId","003"],["AccountId","001"],["Email",""]],` +
	`"ps":[["0PS",""]],"g":[["00G",""]],"w":[""],"x":["MobilePhone","Phone","Street","City","State","PostalCode","Country",` +
	`"Europe/Berlin","Europe/London","America/New_York","de_DE","en_GB","ISO-8859-1","USD","EUR","Partner Community User",` +
	`"Customer Community Plus User","Customer Community User","","","",""],{"n":1,"l":2,"a":"create","un":"","e":"","c":"003","ac":"001","an":"",` +
	`"p":"00e","k":"PID_Customer_Community","f":[["Alias",""],["CommunityNickname",""],["ContactId","003"],["CurrencyIsoCode",""],` +
	`["Email",""],["EmailEncodingKey","UTF-8"],["FederationIdentifier",""],["FirstName",""],["IsActive","true"],["LanguageLocaleKey","en_US"],` +
	`["LastName",""],["LocaleSidKey","en_US"],["PortalRole","Worker"],["ProfileId","00e"],["TimeZoneSidKey","America/Los_Angeles"],` +
	`["UserPreferencesEnableEmail",""],["UserRoleId","00E"],["Username","@example.com"]],"x":["",""]}`

// packer turns rows into values. It belongs to one goroutine at a time.
type packer struct {
	buf bytes.Buffer
	w   *flate.Writer
}

// packer takes one from the pool; give it back with s.packers.Put.
func (s *Store) packer() (*packer, error) {
	if p, ok := s.packers.Get().(*packer); ok {
		return p, nil
	}
	return newPacker()
}

// unpacker takes one from the pool; give it back with s.unpackers.Put.
func (s *Store) unpacker() (*unpacker, error) {
	if u, ok := s.unpackers.Get().(*unpacker); ok {
		return u, nil
	}
	return newUnpacker()
}

func newPacker() (*packer, error) {
	p := &packer{}
	w, err := flate.NewWriterDict(&p.buf, flate.DefaultCompression, []byte(dictionaryV1))
	if err != nil {
		return nil, fmt.Errorf("make a compressor: %w", err)
	}
	p.w = w
	return p, nil
}

func (p *packer) pack(row provisioning.PlanRow) ([]byte, error) {
	text, err := json.Marshal(newRowRecord(row))
	if err != nil {
		return nil, fmt.Errorf("encode a row: %w", err)
	}
	if len(text) > maxValue { // what cannot be read back in bounded memory is not written
		return nil, fmt.Errorf("%w: a row of %d bytes, at most %d", ErrTooLarge, len(text), maxValue)
	}
	p.buf.Reset()
	p.buf.WriteByte(packV1)
	p.w.Reset(&p.buf)
	if _, err := p.w.Write(text); err != nil {
		return nil, fmt.Errorf("compress a row: %w", err)
	}
	if err := p.w.Close(); err != nil {
		return nil, fmt.Errorf("compress a row: %w", err)
	}
	return bytes.Clone(p.buf.Bytes()), nil
}

// unpacker turns values into rows. It belongs to one goroutine at a time.
type unpacker struct {
	in  bytes.Reader
	out bytes.Buffer
	r   flateReader
}

type flateReader interface {
	Read(p []byte) (int, error)
	flate.Resetter
}

func newUnpacker() (*unpacker, error) {
	u := &unpacker{}
	r, ok := flate.NewReader(&u.in).(flateReader)
	if !ok {
		return nil, errors.New("the decompressor cannot be used again")
	}
	u.r = r
	return u, nil
}

func (u *unpacker) unpack(pos uint64, value []byte) (provisioning.PlanRow, error) {
	text, err := u.text(value)
	if err != nil {
		return provisioning.PlanRow{}, fmt.Errorf("read row %d: %w", pos, err)
	}
	var rec rowRecord
	if err := json.Unmarshal(text, &rec); err != nil {
		return provisioning.PlanRow{}, fmt.Errorf("read row %d: %w", pos, err)
	}
	return rec.row(int(pos)), nil //nolint:gosec // was an int when it was written
}

// text is a row's JSON, valid until the next call.
func (u *unpacker) text(value []byte) ([]byte, error) {
	if len(value) == 0 || value[0] != packV1 {
		return nil, errors.New("unknown packing")
	}
	u.in.Reset(value[1:])
	if err := u.r.Reset(&u.in, []byte(dictionaryV1)); err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	u.out.Reset()
	if _, err := u.out.ReadFrom(u.r); err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return u.out.Bytes(), nil
}
