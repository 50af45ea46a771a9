package bot_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"portalbot/bot"
)

func TestHostileTextIsMadeHarmless(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Müller & Söhne", "Müller &amp; Söhne"},
		{"<!channel> <@U1> <https://x.example|click>", "&lt;!channel&gt; &lt;@U1&gt; &lt;https://x.example|click&gt;"},
		{"evil\u202egnp.exe", "evilgnp.exe"},
		{"zero\u200bwidth\ufeff\u2060", "zerowidth"},
		{"two\r\nlines\tand\u2028more", "two  lines and more"},
		{"bell\x07 nul\x00", "bell nul"},
		{"bad\xff utf8", "bad utf8"},
		{"filler\u3164\u2800", "filler"},
		{"name 李雷", "name 李雷"},
	} {
		wants(t, c.in, bot.Escape(c.in), c.want)
	}
}

func TestClipNeverCutsARune(t *testing.T) {
	wants(t, "short", bot.Clip("abc", 3), "abc")
	wants(t, "long", bot.Clip("abcdef", 4), "abc…")
	wants(t, "wide", bot.Clip("ääääää", 4), "äää…")
	wants(t, "none", bot.Clip("abc", 0), "")
	wants(t, "space", bot.Clip("ab cd", 4), "ab…")
}

func FuzzEscape(f *testing.F) {
	f.Add("<!channel>\u202e&amp;")
	f.Fuzz(func(t *testing.T, s string) {
		e := bot.Escape(s)
		if strings.ContainsAny(e, "<>\n\r") || !utf8.ValidString(e) {
			t.Errorf("%q became %q", s, e)
		}
		if n := utf8.RuneCountInString(bot.Clip(s, 10)); n > 10 {
			t.Errorf("%q clipped to %d runes", s, n)
		}
	})
}

func TestDatesAreShownInTheReadersZone(t *testing.T) {
	at := time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC)
	wants(t, "date", bot.Date(at), "<!date^1795316645^{date_short_pretty} {time}|2026-11-22 03:04 UTC>")
}
