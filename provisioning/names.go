package provisioning

import (
	"crypto/sha256"
	"encoding/base32"
	"net/mail"
	"strings"
	"unicode"
)

// Lengths of User fields, in characters, for an org whose describe does not tell.
// Source: Salesforce field reference, User (API 66.0).
const (
	maxAlias    = 8
	maxNickname = 40
	maxUsername = 80
)

// nicknameTail is the number of characters that make a taken nickname unique, without the hyphen before them.
const nicknameTail = 8

// aliasOf makes an alias: the first eight letters and digits of the last name, else of the e-mail address.
func aliasOf(lastName, email string) string {
	if a := firstRunes(lettersAndDigits(lastName), maxAlias); a != "" {
		return a
	}
	if a := firstRunes(lettersAndDigits(localPart(email)), maxAlias); a != "" {
		return a
	}
	return "user"
}

// nicknameOf makes a nickname from the person's name: "Ada.Lovelace". Other members of the site see it, so that the e-mail
// address is used only when there is no name.
func nicknameOf(first, last, email string) string {
	parts := make([]string, 0, 2)
	for _, s := range []string{first, last} {
		if s = lettersAndDigits(s); s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		parts = append(parts, lettersAndDigits(localPart(email)))
	}
	return firstRunes(strings.Join(parts, "."), maxNickname)
}

// otherNickname returns the nickname to take when the wanted one is taken: the same with a tail that follows from the
// key, so that the same file makes the same plan again.
func otherNickname(nickname, key string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(key)))
	tail := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:nicknameTail])
	return firstRunes(nickname, maxNickname-nicknameTail-1) + "-" + tail
}

// cleanText removes what a spreadsheet leaves in a cell and nobody sees: control and format characters, and space around.
func cleanText(s string) string {
	clean := true
	for _, r := range s {
		if hidden(r) {
			clean = false
			break
		}
	}
	if !clean {
		s = strings.Map(func(r rune) rune {
			if hidden(r) {
				return -1
			}
			return r
		}, s)
	}
	return strings.TrimSpace(s)
}

// plainAddress takes off what a mail program or a spreadsheet's link puts around an address: "mailto:", angle brackets, a display name.
func plainAddress(s string) string {
	const link = "mailto:"
	if len(s) > len(link) && strings.EqualFold(s[:len(link)], link) {
		s, _, _ = strings.Cut(s[len(link):], "?")
	}
	if name, address, ok := strings.Cut(strings.TrimSuffix(s, ">"), "<"); ok && strings.HasSuffix(s, ">") &&
		!strings.ContainsAny(address, "<>") && !strings.Contains(name, "@") {
		return strings.TrimSpace(address)
	}
	return s
}

// hidden reports whether a character cannot be seen and has no place in a cell. Line breaks stay, an address may have them.
func hidden(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
}

// validEmail reports whether s is one plain address, without a display name.
func validEmail(s string) bool {
	if strings.ContainsAny(s, " <>\"\t\n,;") {
		return false
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && strings.Contains(domainOf(s), ".")
}

// validUsername reports whether s has the form of an e-mail address, which is all that Salesforce asks of a username.
func validUsername(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && strings.Contains(strings.Trim(domain, "."), ".") &&
		!strings.ContainsAny(s, " \t\n,;<>\"()") && !strings.Contains(domain, "@") && !strings.Contains(s, "..")
}

func localPart(email string) string {
	local, _, _ := strings.Cut(email, "@")
	return local
}

// domainOf returns the part after the last @ in lower case.
func domainOf(email string) string {
	i := strings.LastIndexByte(email, '@')
	if i < 0 {
		return ""
	}
	return strings.ToLower(email[i+1:])
}

func lettersAndDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r) {
			return r
		}
		return -1
	}, s)
}

// firstRunes returns the first n characters of s.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// distance is the number of single-character edits that make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// nearest returns the candidate that s was probably meant to be, or "" when none is near enough for a slip of the keyboard.
func nearest(s string, candidates []string) string {
	best, least := "", len(s)/4+2
	for _, c := range candidates {
		if d := distance(squash(s), squash(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// squash is how headers and names are compared: lower case, letters and digits only.
func squash(s string) string {
	return strings.ToLower(lettersAndDigits(s))
}
