package salesforce

import "strings"

// validID reports whether s is a record id: 15 letters and digits, or 18 of which the last three fit the others. One that is
// not is kept out of queries: Salesforce refuses the whole query for it.
func validID(s string) bool {
	if len(s) != 15 && len(s) != 18 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return longID(s[:15])[15:] == s[15:] || len(s) == 15
}

const idSuffix = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

// longID returns the 18-character form of a valid id. Its last three characters tell which of the first 15 are capitals.
// Source: Salesforce Help, "Convert 15 Character IDs to 18 Character IDs".
func longID(s string) string {
	if len(s) != 15 {
		return s
	}
	var b strings.Builder
	b.WriteString(s)
	for part := range 3 {
		bits := 0
		for i := range 5 {
			if c := s[part*5+i]; c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		b.WriteByte(idSuffix[bits])
	}
	return b.String()
}
