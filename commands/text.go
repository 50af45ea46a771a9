package commands

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"portalbot/bot"
)

// address finds e-mail addresses, and usernames, which look the same. What has several @ is taken whole.
var address = regexp.MustCompile(`[^\s@<>",;:()\[\]|=` + "`" + `]+(?:@[^\s@<>"',;:()\[\]|=` + "`" + `]+)+`)

// mask hides the local part of every address in s but for its first letter: "d***@acme.com".
func mask(s string) string {
	return address.ReplaceAllStringFunc(s, func(a string) string {
		at := strings.LastIndexByte(a, '@')
		for _, r := range a[:at] {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return string(r) + "***" + a[at:]
			}
		}
		return "***" + a[at:]
	})
}

// esc makes text that is not ours safe for mrkdwn, addresses masked. The result has at most n characters, escapes included, and no
// escape is cut.
func esc(s string, n int) string {
	s = mask(bot.Plain(s))
	used, keep := 0, 0 // keep is where s is cut if it turns out too long
	for i, r := range s {
		if used+1 <= n {
			keep = i
		}
		if used += escaped(r); used > n {
			return strings.TrimRight(bot.Escape(s[:keep]), " ") + "…"
		}
	}
	return bot.Escape(s)
}

// escaped is how many characters a rune becomes in mrkdwn (docs.slack.dev, formatting message text).
func escaped(r rune) int {
	switch r {
	case '&':
		return len("&amp;")
	case '<', '>':
		return len("&lt;")
	}
	return 1
}

// raw makes text that is not ours safe for plain text and table cells, at most n runes of it, addresses masked. It is never empty,
// because Slack does not take an empty text.
func raw(s string, n int) string {
	if s = strings.TrimSpace(bot.Clip(mask(bot.Plain(s)), n)); s == "" {
		return "–"
	}
	return s
}

// count words a number of things: "1 row", "1,204 rows". A noun that does not take an s is given with its plural after a slash:
// "person/people".
func count(n int, noun string) string {
	one, many, ok := strings.Cut(noun, "/")
	if !ok {
		many = one + "s"
	}
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// number writes n with thousands separated.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// joinWords joins with commas and "and".
func joinWords(s []string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " and " + s[len(s)-1]
}

// rowsText names input rows: "row 7", "rows 3, 9 and 12", "rows 3, 9, 12 and 40 more".
func rowsText(rows []int, total int) string {
	const named = 5
	var s []string
	for i, n := range rows {
		if i == named {
			break
		}
		s = append(s, strconv.Itoa(n))
	}
	if more := total - len(s); more > 0 && len(s) > 0 {
		s = append(s, number(more)+" more")
	}
	switch len(s) {
	case 0:
		return count(total, "row")
	case 1:
		return "row " + s[0]
	}
	return "rows " + joinWords(s)
}

// sentenceEnd adds a full stop where there is none.
func sentenceEnd(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?…") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

// sizeText words a number of bytes.
func sizeText(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// capital makes the first letter of one of our own sentences a capital.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
