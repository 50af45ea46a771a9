package store

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// present is the value of an index key: the key says it all.
var present = []byte{1}

// under is the start of all keys that belong to a name. A zero byte ends the name so that P-1 is no prefix of P-17.
func under(name string) []byte { return append([]byte(name), 0) }

// numbered is the key of one of several values that belong to a name.
func numbered(name string, n uint64) []byte { return binary.BigEndian.AppendUint64(under(name), n) }

// number is the key or value that is a number and nothing else.
func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// lastNumber reads the number at the end of a key or value, 0 when there is none.
func lastNumber(b []byte) uint64 {
	if len(b) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b[len(b)-8:])
}

// timeSize is the length of what appendTime adds.
const timeSize = 12

// appendTime adds a time so that byte order is time order, also for the zero time and years before 1970.
func appendTime(b []byte, t time.Time) []byte { //nolint:unparam // an append, as its neighbour is
	b = binary.BigEndian.AppendUint64(b, uint64(t.Unix())^(1<<63))  //nolint:gosec // the bits are wanted, the sign is flipped for order
	return binary.BigEndian.AppendUint32(b, uint32(t.Nanosecond())) //nolint:gosec // under 1e9
}

// appendID adds a request id with its length before it, so that P-9 stands before P-10.
func appendID(b []byte, id string) []byte {
	return append(append(b, byte(len(id))), id...) //nolint:gosec // at most maxID, see checkID
}

// maxID is the longest request id: its length is one byte of a key.
const maxID = 64

// checkID refuses what would break the order or the borders of keys.
func checkID(what, id string) error {
	if id == "" || len(id) > maxID || strings.ContainsRune(id, 0) {
		return fmt.Errorf("%s %q: 1 to %d bytes, none of them zero", what, id, maxID)
	}
	return nil
}

// after is the first possible key behind k.
func after(k []byte) []byte { return append(k[:len(k):len(k)], 0) }
