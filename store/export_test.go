package store

import "bytes"

// UnpackText returns the JSON of a plan row as the file has it, so that tests can pin it.
func UnpackText(value []byte) ([]byte, error) {
	u, err := newUnpacker()
	if err != nil {
		return nil, err
	}
	text, err := u.text(value)
	return bytes.Clone(text), err
}

// SchemaVersion is the version that Open brings every file to.
func SchemaVersion() int { return len(migrations()) }
