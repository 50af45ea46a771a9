package main

import (
	"fmt"
	"html"
	"html/template"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// mrkdwn turns Slack's mrkdwn into HTML: *bold*, _italic_, ~strike~, `code`, ```code```, > quotes, :emoji: and references. Every text that
// comes from outside passes through escaped; only the tags written here are tags.
func (at look) mrkdwn(s string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(s, "```") {
		if i%2 == 1 {
			fmt.Fprintf(&b, "<pre>%s</pre>", html.EscapeString(plainText(part)))
			continue
		}
		at.quotes(&b, part)
	}
	return template.HTML(b.String()) //nolint:gosec // each writer into b escapes
}

// quotes writes lines, those that begin with > as quotes.
func (at look) quotes(b *strings.Builder, s string) {
	for i, line := range strings.Split(s, "\n") {
		quoted, isQuote := strings.CutPrefix(line, "&gt;")
		if isQuote {
			b.WriteString("<blockquote>")
			at.inline(b, strings.TrimPrefix(quoted, " "))
			b.WriteString("</blockquote>")
			continue
		}
		if i > 0 {
			b.WriteString("\n")
		}
		at.inline(b, line)
	}
}

var (
	entityForm = regexp.MustCompile(`^<([^<>]+)>`)
	emojiForm  = regexp.MustCompile(`^:([a-z0-9_+-]+):`)
	marks      = map[byte]string{'*': "strong", '_': "em", '~': "s"}
)

// inline writes one line.
func (at look) inline(b *strings.Builder, s string) {
	before := ' '
	for len(s) > 0 {
		n := at.special(b, s, before)
		if n == 0 {
			_, first := utf8.DecodeRuneInString(s)
			n = textRun(s, first)
			b.WriteString(html.EscapeString(plainText(s[:n])))
		}
		before, _ = utf8.DecodeLastRuneInString(s[:n])
		s = s[n:]
	}
}

// textRun is how far s is plain text from its first rune on: to the next byte that may begin something.
func textRun(s string, first int) int {
	if i := strings.IndexAny(s[first:], "<:`*_~"); i >= 0 {
		return first + i
	}
	return len(s)
}

// special writes what begins at s and is more than text, and returns its length; 0 when it is text.
func (at look) special(b *strings.Builder, s string, before rune) int {
	if m := entityForm.FindStringSubmatch(s); m != nil {
		at.reference(b, m[1])
		return len(m[0])
	}
	if m := emojiForm.FindStringSubmatch(s); m != nil && emoji(m[1]) != "" {
		fmt.Fprintf(b, `<span role="img" aria-label="%s">%s</span>`, html.EscapeString(strings.ReplaceAll(m[1], "_", " ")), emoji(m[1]))
		return len(m[0])
	}
	if s[0] == '`' {
		if end := strings.IndexByte(s[1:], '`'); end > 0 {
			fmt.Fprintf(b, "<code>%s</code>", html.EscapeString(plainText(s[1:1+end])))
			return end + 2
		}
	}
	tag := marks[s[0]]
	if tag == "" || wordRune(before) {
		return 0
	}
	end := closing(s)
	if end == 0 {
		return 0
	}
	b.WriteString("<" + tag + ">")
	at.inline(b, s[1:end])
	b.WriteString("</" + tag + ">")
	return end + 1
}

// closing finds the mark that ends what s begins with: after something other than a space, before no word. 0 when there is none.
func closing(s string) int {
	if len(s) < 3 || s[1] == ' ' || s[1] == s[0] {
		return 0
	}
	for i := 2; i < len(s); i++ {
		if s[i] != s[0] || s[i-1] == ' ' {
			continue
		}
		if after, _ := utf8.DecodeRuneInString(s[i+1:]); i+1 == len(s) || !wordRune(after) {
			return i
		}
	}
	return 0
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// plainText undoes Slack's escapes, so that the text can be escaped for HTML.
func plainText(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

// reference writes what stands between angle brackets.
func (at look) reference(b *strings.Builder, in string) {
	body, label, _ := strings.Cut(in, "|")
	body = plainText(body)
	shown := plainText(label)
	switch {
	case strings.HasPrefix(body, "@"), strings.HasPrefix(body, "#"), strings.HasPrefix(body, "!subteam^"):
		id := strings.TrimPrefix(strings.TrimPrefix(body, "!subteam^"), body[:1])
		if name, ok := called(id); ok {
			shown = name
		} else if shown == "" {
			shown = body
		}
		fmt.Fprintf(b, `<span class="mention">%s</span>`, html.EscapeString(shown))
	case strings.HasPrefix(body, "!date^"):
		fmt.Fprintf(b, "<time>%s</time>", html.EscapeString(dateText(body, shown)))
	case strings.HasPrefix(body, "!"):
		fmt.Fprintf(b, `<span class="mention">@%s</span>`, html.EscapeString(body[1:]))
	default:
		if shown == "" {
			shown = strings.TrimPrefix(body, "mailto:")
		}
		at.link(b, body, shown)
	}
}

// messageLink is a link to a message of this workspace, as chat.getPermalink gives it.
var messageLink = regexp.MustCompile(`^/archives/(C0PORTAL|D[A-Z0-9]+)/p(\d{10})(\d{6})$`)

// link writes a link: to a message on this page, to the web, or none for any other scheme.
func (at look) link(b *strings.Builder, target, shown string) {
	u, err := url.Parse(target)
	switch {
	case err != nil, u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "mailto":
		b.WriteString(html.EscapeString(shown))
	case messageLink.MatchString(u.Path):
		m := messageLink.FindStringSubmatch(u.Path)
		in := "portal"
		if m[1][0] == 'D' {
			in = "dm"
		}
		fmt.Fprintf(b, `<a href="/?as=%s&amp;in=%s#%s">%s</a>`, at.As, in, anchor(m[2]+"."+m[3]), html.EscapeString(shown))
	default:
		fmt.Fprintf(b, `<a href="%s" target="_blank" rel="noopener noreferrer">%s</a>`, html.EscapeString(u.String()), html.EscapeString(shown))
	}
}

// anchor is a message's id on the page.
func anchor(ts string) string { return "m" + strings.ReplaceAll(ts, ".", "-") }

// dateText shows !date^UNIX^FORMAT in this machine's time zone, as a Slack client does in its own (docs.slack.dev, formatting message text).
func dateText(body, fallback string) string {
	parts := strings.Split(body, "^")
	if len(parts) < 3 {
		return fallback
	}
	unix, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return fallback
	}
	t := time.Unix(unix, 0).Local()
	day := map[int]string{0: "Today", -1: "Yesterday", 1: "Tomorrow"}[daysFromNow(t)]
	pretty := func(layout string) string {
		if day != "" {
			return day
		}
		return t.Format(layout)
	}
	return strings.NewReplacer(
		"{date_num}", t.Format("2006-01-02"), "{date_slash}", t.Format("01/02/2006"),
		"{date_short_pretty}", pretty("Jan 2, 2006"), "{date_long_pretty}", pretty("Monday, January 2, 2006"),
		"{date_pretty}", pretty("January 2, 2006"), "{date_short}", t.Format("Jan 2, 2006"),
		"{date_long}", t.Format("Monday, January 2, 2006"), "{date}", t.Format("January 2, 2006"),
		"{time_secs}", t.Format("15:04:05"), "{time}", t.Format("15:04"),
	).Replace(parts[2])
}

func daysFromNow(t time.Time) int {
	now := time.Now()
	midnight := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC) }
	return int(midnight(t).Sub(midnight(now)).Hours() / 24)
}

// emoji returns the sign of a short code that the bot uses, or nothing.
func emoji(name string) string {
	return map[string]string{
		"alarm_clock": "⏰", "arrow_down": "⬇️", "arrow_forward": "▶️", "arrows_counterclockwise": "🔄", "ballot_box_with_check": "☑️",
		"calendar": "📆", "double_vertical_bar": "⏸️", "grey_question": "❔", "heavy_minus_sign": "➖", "hourglass_flowing_sand": "⏳",
		"information_source": "ℹ️", "large_blue_circle": "🔵", "large_green_circle": "🟢", "large_orange_circle": "🟠",
		"no_entry_sign": "🚫", "octagonal_sign": "🛑", "red_circle": "🔴", "repeat": "🔁", "rotating_light": "🚨", "warning": "⚠️",
		"white_check_mark": "✅", "x": "❌", "zzz": "💤", "lock": "🔒", "page_facing_up": "📄", "bar_chart": "📊", "eyes": "👀",
		"large_yellow_circle": "🟡", "white_circle": "⚪", "mag": "🔍", "wave": "👋", "memo": "📝", "email": "📧", "key": "🔑",
	}[name]
}
