package provisioning

import (
	"fmt"
	"strings"
)

// Key prefixes of record ids. They are case-sensitive: 00e is a profile and 00E a role.
// Source: Salesforce help "Standard Field Record ID Prefix Decoder", KB 000385203.
const (
	PrefixAccount = "001"
	PrefixContact = "003"
	PrefixUser    = "005"
	PrefixProfile = "00e"
	PrefixRole    = "00E"
)

// Lengths of record ids: the case-sensitive form and the one with three check characters.
const (
	shortID = 15
	longID  = 18
)

// ParseID checks a record id as a person gives it and returns its 18-character form. The prefix says which object is meant.
// Surrounding space is ignored. An 18-character id must have the right check characters, which shows an id whose letter case
// a spreadsheet has changed; a 15-character id has none, so that only its prefix can be checked. The error is a sentence
// without a full stop that goes on from "ContactId "x" ".
func ParseID(s, prefix string) (string, error) {
	s = strings.TrimSpace(s)
	if madeNumber(s) {
		return "", fmt.Errorf("was made a number by a spreadsheet")
	}
	if len(s) != shortID && len(s) != longID {
		return "", fmt.Errorf("has %d characters, a record id has %d or %d", len(s), shortID, longID)
	}
	for i := range len(s) {
		if !isAlnum(s[i]) {
			return "", fmt.Errorf("has the character %q, a record id has only letters and digits", s[i])
		}
	}
	full := s[:shortID] + checkChars(s)
	if len(s) == longID && !strings.EqualFold(full, s) {
		return "", fmt.Errorf("has wrong check characters at its end, its letter case or a character was changed")
	}
	if !strings.HasPrefix(s, prefix) {
		return "", fmt.Errorf("is the id of %s, not of %s", objectOf(s), objectOf(prefix))
	}
	return full, nil
}

// madeNumber reports whether a spreadsheet took an id for a number: 3E+14, or the zeros at its front are gone.
func madeNumber(s string) bool {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
	switch strings.ToUpper(digits) {
	case "":
		return len(s) > 8 && len(s) < shortID
	case "E+", ".E+", ",E+":
		return true
	}
	return false
}

// idOfPage returns the record id in the address of a record's page, as a browser shows it, and any other text as it is.
// Source: Salesforce Lightning navigation, standard__recordPage: /lightning/r/Contact/003.../view; Classic: /003...
func idOfPage(s string) string {
	if !strings.HasPrefix(s, "https://") {
		return s
	}
	s, _, _ = strings.Cut(s, "?")
	for part := range strings.SplitSeq(s, "/") {
		if _, err := ParseID(part, ""); err == nil {
			return part
		}
	}
	return s
}

// checkChars returns the three characters that an 18-character id adds: each says which of five characters are upper case.
func checkChars(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
	var out [3]byte
	for block := range out {
		bits := 0
		for i := range 5 {
			if c := s[block*5+i]; c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		out[block] = alphabet[bits]
	}
	return string(out[:])
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// objectOf names the object of an id with its article.
func objectOf(id string) string {
	switch id[:min(len(id), 3)] {
	case PrefixAccount:
		return "an account"
	case PrefixContact:
		return "a contact"
	case PrefixUser:
		return "a user"
	case PrefixProfile:
		return "a profile"
	case PrefixRole:
		return "a role"
	case "00Q":
		return "a lead"
	case "00D":
		return "an org"
	}
	return "another object"
}
