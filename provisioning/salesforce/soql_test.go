package salesforce

import (
	"fmt"
	"strings"
	"testing"
)

// unquote reads a SOQL literal as the reference describes it, and returns what follows it.
func unquote(s string) (text, rest string, ok bool) {
	if !strings.HasPrefix(s, "'") {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\'':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
			switch s[i] {
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case 't':
				b.WriteByte('\t')
			case '\'', '"', '\\':
				b.WriteByte(s[i])
			default:
				return "", "", false
			}
		case '\n', '\r', '"':
			return "", "", false
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

func FuzzLiteralsStayLiterals(f *testing.F) {
	for _, s := range []string{"", "a", "O'Brien", `\`, `\'`, `' OR Id != '`, "a\nb\r\tc", `"`, "名前", "\xff", `%_`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var b strings.Builder
		quote(&b, s)
		text, rest, ok := unquote(b.String() + ") AND x")
		if !ok || text != s || rest != ") AND x" {
			t.Errorf("%q became %s, which reads %q and %q", s, b.String(), text, rest)
		}
	})
}

func TestListsAreCutToFitAndLoseNothing(t *testing.T) {
	list := func(field string, n, length int, filler string) in {
		l := in{field: field}
		for i := range n {
			l.keys = append(l.keys, fmt.Sprintf("%08d", i)+strings.Repeat(filler, (length-8)/len(filler)))
		}
		return l
	}
	for name, tt := range map[string]struct {
		w     where
		parts int
	}{
		"nothing":               {where{fixed: "x AND ", any: []in{{field: "Id"}}}, 0},
		"one key":               {where{any: []in{list("Id", 1, 18, "x")}}, 1},
		"a page of ids":         {where{any: []in{list("Id", 2000, 18, "x")}}, 1},
		"one more":              {where{any: []in{list("Id", 2001, 18, "x")}}, 2},
		"ids of 10,000 rows":    {where{any: []in{list("Id", 10_000, 18, "x")}}, 5},
		"names of 10,000 rows":  {where{any: []in{list("Email", 10_000, 60, "x")}}, 7},
		"five kinds of 60 rows": {where{any: []in{list("A", 60, 40, "x"), list("B", 60, 40, "x"), list("C", 60, 40, "x"), list("D", 60, 40, "x"), list("E", 60, 40, "x")}}, 1},
		"long keys":             {where{any: []in{list("Name", 50, 4000, "x")}}, 3},
		"keys that all escape":  {where{fixed: "y AND ", any: []in{list("Name", 100, 4000, "'"), list("Other", 3, 4000, `\"`)}}, 9},
		"uneven lists":          {where{any: []in{list("A", 1, 20, "x"), list("B", 5000, 40, "x")}}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			const taken = 700
			parts := tt.w.split(taken)
			if len(parts) < tt.parts || len(parts) > 2*tt.parts {
				t.Errorf("%d parts, want about %d", len(parts), tt.parts)
			}
			seen := map[string]int{}
			for _, p := range parts {
				s := p.String()
				if len(s)+taken > maxSOQL {
					t.Errorf("a part has %d bytes", len(s))
				}
				if !strings.HasPrefix(s, tt.w.fixed) {
					t.Errorf("a part lost %q", tt.w.fixed)
				}
				for _, l := range p.any {
					if len(l.keys) == 0 || len(l.keys) > pageSize {
						t.Errorf("%d keys in %s", len(l.keys), l.field)
					}
					for _, k := range l.keys {
						seen[l.field+k]++
					}
				}
			}
			if len(seen) != tt.w.keys() {
				t.Errorf("%d keys, want %d", len(seen), tt.w.keys())
			}
			for k, n := range seen {
				if n != 1 {
					t.Errorf("%.20s comes %d times", k, n)
				}
			}
		})
	}
}

func TestConditionKeepsAlternativesTogether(t *testing.T) {
	w := where{fixed: "Type = 'Regular' AND ", any: []in{{"Name", []string{"a'b", "c"}}, {"DeveloperName", []string{"d"}}}}
	if got, want := w.String(), `Type = 'Regular' AND (Name IN ('a\'b','c') OR DeveloperName IN ('d'))`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestKeysThatCanMatchNothingAreLeftOut(t *testing.T) {
	l := ids("Id", []string{"003000000000001AAA", "003000000000001", "", "x", "003000000000001'AA", "003000000000001AAB", "003000000000002"})
	if len(l.keys) != 2 {
		t.Errorf("ids %q", l.keys)
	}
	l = texts("Email", []string{"a@b.example", "A@B.example", "", "bell\a", "\xff", strings.Repeat("x", maxLiteral+1), "c"})
	if len(l.keys) != 2 {
		t.Errorf("texts %q", l.keys)
	}
}

func TestShortIDsGetTheirSuffix(t *testing.T) {
	for short, long := range map[string]string{
		"001A0000006Vm9r": "001A0000006Vm9rIAC", "003000000000001": "003000000000001AAA", "00DABCDEFGHIJKL": "00DABCDEFGHIJKL255",
	} {
		if got := longID(short); got != long || longID(got) != long {
			t.Errorf("%s became %s, want %s", short, got, long)
		}
	}
}
