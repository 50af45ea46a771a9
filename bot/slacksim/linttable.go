package slacksim

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

func columnSetting(l *linter, p string, v any) {
	if v == nil { // null leaves a column as it is
		return
	}
	l.object(p, v, fields{"align": opt(oneOf("left", "center", "right")), "is_wrapped": opt(boolean)})
}

// tableRows checks the rows of a table block; they may differ in length.
func (l *linter) tableRows(_ *linter, p string, v any) {
	l.tables++
	items(1, maxTableRows, func(l *linter, p string, v any) {
		items(1, maxTableCols, func(l *linter, p string, v any) {
			l.cell(p, v, "raw_text", "raw_number", "rich_text")
		})(l, p, v)
	})(l, p, v)
}

// dataTableRows checks a header and at least one more row of the same length.
func (l *linter) dataTableRows(_ *linter, p string, v any) {
	l.tables++
	rows := list(v)
	items(2, maxDataTableRows, func(l *linter, p string, v any) {
		kinds := []string{"raw_text", "raw_number", "rich_text", "action_cell"}
		if p[len(p)-2:] == "/0" {
			kinds = []string{"raw_text"}
		}
		items(1, maxTableCols, func(l *linter, p string, v any) { l.cell(p, v, kinds...) })(l, p, v)
	})(l, p, v)
	for i, row := range rows {
		if len(list(row)) != len(list(rows[0])) {
			l.fail(fmt.Sprintf("%s/%d", p, i), "all rows must have the same number of cells")
		}
	}
}

func (l *linter) cell(p string, v any, kinds ...string) {
	kind := str(obj(v)["type"])
	if !slices.Contains(kinds, kind) || slices.Contains(l.unavailable, kind) {
		l.fail(p+"/type", "unsupported type: %s", kind)
		return
	}
	before := l.chars
	switch kind {
	case "raw_text":
		l.object(p, v, fields{"text": req(text(1, 0))})
		l.count(str(obj(v)["text"]))
	case "raw_number":
		l.object(p, v, fields{"value": req(number), "text": opt(text(1, 0))})
		if n := utf8.RuneCountInString(str(obj(v)["text"])); n > 0 {
			l.chars += n
		} else {
			l.chars += len(mustJSON(obj(v)["value"]))
		}
	case "rich_text":
		richText(l, p, v)
	case "action_cell":
		l.object(p, v, fields{"element": req(elementOf("data_table", "button")), "fallback": opt(func(l *linter, p string, v any) {
			l.cell(p, v, "raw_text", "raw_number")
		})})
	}
	l.tableChars += l.chars - before
}

// richText checks a rich_text object inside another block.
func richText(l *linter, p string, v any) {
	if kind := str(obj(v)["type"]); kind != "rich_text" {
		l.fail(p+"/type", "must be one of %v", []string{"rich_text"})
		return
	}
	l.object(p, v, fields{"elements": req(items(1, 0, richTextPart)), "block_id": opt(text(1, maxID))})
}

// richTextPart checks a section, list, quote or preformatted part.
func richTextPart(l *linter, p string, v any) {
	runs := req(items(1, 0, richTextRun))
	switch kind := str(obj(v)["type"]); kind {
	case "rich_text_section":
		l.object(p, v, fields{"elements": runs})
	case "rich_text_quote":
		l.object(p, v, fields{"elements": runs, "border": opt(integer(0, 1))})
	case "rich_text_preformatted":
		l.object(p, v, fields{"elements": runs, "border": opt(integer(0, 1)), "language": opt(text(1, 0))})
	case "rich_text_list":
		l.object(p, v, fields{
			"style": req(oneOf("bullet", "ordered")), "indent": opt(integer(0, 8)), "border": opt(integer(0, 1)), "offset": opt(integer(0, 1<<30)),
			"elements": req(items(1, 0, func(l *linter, p string, v any) {
				if k := str(obj(v)["type"]); k != "rich_text_section" {
					l.fail(p+"/type", "unsupported type: %s", k)
					return
				}
				l.object(p, v, fields{"elements": runs})
			})),
		})
	default:
		l.fail(p+"/type", "unsupported type: %s", kind)
	}
}

// richTextRun checks what stands inside a part.
func richTextRun(l *linter, p string, v any) {
	style := opt(object(fields{
		"bold": opt(boolean), "italic": opt(boolean), "strike": opt(boolean), "code": opt(boolean), "underline": opt(boolean),
		"highlight": opt(boolean), "client_highlight": opt(boolean), "unlink": opt(boolean),
	}))
	switch kind := str(obj(v)["type"]); kind {
	case "text":
		l.object(p, v, fields{"text": req(text(1, 0)), "style": style})
		l.count(str(obj(v)["text"]))
	case "link":
		l.object(p, v, fields{"url": req(link), "text": opt(text(0, 0)), "unsafe": opt(boolean), "style": style})
		l.count(or(str(obj(v)["text"]), str(obj(v)["url"])))
	case "emoji":
		l.object(p, v, fields{"name": req(text(1, 0)), "unicode": opt(text(0, 0)), "skin_tone": opt(integer(1, 6)), "style": style})
	case "user":
		l.object(p, v, fields{"user_id": req(text(1, 0)), "style": style})
	case "usergroup":
		l.object(p, v, fields{"usergroup_id": req(text(1, 0)), "style": style})
	case "channel":
		l.object(p, v, fields{"channel_id": req(text(1, 0)), "style": style})
	case "broadcast":
		l.object(p, v, fields{"range": req(oneOf("here", "channel", "everyone")), "style": style})
	case "color":
		l.object(p, v, fields{"value": req(text(1, 0))})
	case "date":
		l.object(p, v, fields{
			"timestamp": req(integer(0, 1<<40)), "format": req(text(1, 0)), "url": opt(link), "fallback": opt(text(0, 0)), "style": style,
		})
		l.count(str(obj(v)["fallback"]))
	default:
		l.fail(p+"/type", "unsupported type: %s", kind)
	}
}
