package bot

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// escaper holds the three characters that Slack wants escaped, and only those (docs.slack.dev, formatting message text).
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Escape makes any text safe inside a mrkdwn string: it cannot mention anybody, make a link or hide what it is. Control characters
// and the ones that turn the reading direction or have no width are taken out, line breaks become spaces. What only formats
// (*, _, ~, `) stays: it can make text bold, and an escape for it does not exist.
func Escape(s string) string { return escaper.Replace(Plain(s)) }

// Plain takes control characters and characters that turn the reading direction or have no width out of s, and makes every
// white space a plain space. It is what plain_text and table cells need; mrkdwn needs [Escape].
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError, unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), invisible(r):
			return -1
		}
		return r
	}, s)
}

// invisible reports the letters and marks that show nothing, beside the format characters that Plain takes out as a class.
func invisible(r rune) bool {
	switch r {
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u3164', '\uffa0', '\u2800':
		return true
	}
	return unicode.Is(unicode.Variation_Selector, r)
}

// Clip cuts s to at most n runes, the last of which is then an ellipsis. It never cuts through a rune; to keep entities whole, clip
// before [Escape].
func Clip(s string, n int) string {
	if n <= 0 {
		return ""
	}
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	return strings.TrimRight(string(runes[:n-1]), " ") + "…"
}

// Date shows a moment in each reader's own time zone (docs.slack.dev, formatting message text, date formatting). Clients that cannot
// show it show UTC.
func Date(t time.Time) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", t.Unix(), t.UTC().Format("2006-01-02 15:04 UTC"))
}

// Mention names a person so that Slack tells them.
func Mention(userID string) string { return "<@" + userID + ">" }
