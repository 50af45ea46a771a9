package salesforcesim

import "strings"

// Lengths of record ids, developer.salesforce.com "Salesforce IDs": 15 characters where case matters, or the same followed by
// 3 characters that spell out the case of the first 15.
const (
	idLength      = 18
	shortIDLength = 15
	prefixLength  = 3
)

const (
	idDigits       = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	checksumDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	idInstance     = "5g0" // the part of an id that names the org's instance
)

// idKey is what tells two ids of one object apart: the 12 characters after the prefix.
type idKey [shortIDLength - prefixLength]byte

// makeID returns the 18-character id of the n-th record of the object with this key prefix.
func makeID(prefix string, n uint64) string {
	var b [idLength]byte
	copy(b[:], prefix)
	copy(b[prefixLength:], idInstance)
	for i := shortIDLength - 1; i >= prefixLength+len(idInstance); i-- {
		b[i] = idDigits[n%62]
		n /= 62
	}
	short := string(b[:shortIDLength])
	copy(b[shortIDLength:], idChecksum(short))
	return string(b[:])
}

// idChecksum returns the three characters that follow a 15-character id. Each stands for five characters of the id: bit i is
// set where the i-th of them is an upper-case letter.
func idChecksum(short string) string {
	var out [3]byte
	for block := range 3 {
		bits := 0
		for i := range 5 {
			if c := short[block*5+i]; c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		out[block] = checksumDigits[bits]
	}
	return string(out[:])
}

// normalID returns the 18-character form of a 15- or 18-character id, and false where s is neither.
func normalID(s string) (string, bool) {
	if len(s) != shortIDLength && len(s) != idLength {
		return "", false
	}
	for i := range len(s) {
		if strings.IndexByte(idDigits, s[i]) < 0 {
			return "", false
		}
	}
	sum := idChecksum(s[:shortIDLength])
	if len(s) == idLength {
		return s, s[shortIDLength:] == sum
	}
	return s + sum, true
}

// keyOf returns the map key of a normal id.
func keyOf(id string) idKey { return idKey([]byte(id[prefixLength:shortIDLength])) }

// ValidID says whether s is a well-formed 15- or 18-character record id with the right checksum.
func ValidID(s string) bool {
	_, ok := normalID(s)
	return ok
}
