package slacksim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"portalbot/bot/slacksim"
)

func long(n int) string { return strings.Repeat("x", n) }

func times[T any](n int, f func(i int) T) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

func mrkdwn(s string) object { return object{"type": "mrkdwn", "text": s} }

func with(o object, more object) object {
	out := object{}
	for k, v := range o {
		out[k] = v
	}
	for k, v := range more {
		out[k] = v
	}
	return out
}

func actions(elements ...any) object { return object{"type": "actions", "elements": elements} }

func options(n int) []any {
	return times(n, func(i int) object { return object{"text": plain(fmt.Sprint("option ", i)), "value": fmt.Sprint(i)} })
}

func raw(s string) object { return object{"type": "raw_text", "text": s} }

func table(rows, cols int, cell string) object {
	return object{"type": "table", "rows": times(rows, func(int) []any { return times(cols, func(int) object { return raw(cell) }) })}
}

func dataTable(rows, cols int) object {
	o := table(rows, cols, "x")
	o["type"], o["caption"] = "data_table", "Failures"
	return o
}

func task(status string) object {
	return object{"type": "task_card", "task_id": "t", "title": "Create users", "status": status}
}

func rich(parts ...any) object { return object{"type": "rich_text", "elements": parts} }

func richSection(runs ...any) object {
	return object{"type": "rich_text_section", "elements": append([]any{}, runs...)}
}

func run(s string) object { return object{"type": "text", "text": s} }

func lintOf(t *testing.T, blocks ...any) []slacksim.Problem {
	t.Helper()
	data, err := json.Marshal(object{"text": "fallback", "blocks": blocks})
	ok(t, err)
	return slacksim.LintMessage(data)
}

func TestMessagesAtTheLimitsAreTaken(t *testing.T) {
	for name, blocks := range map[string][]any{
		"50 blocks":            times(50, func(int) object { return object{"type": "divider"} }),
		"section 3000":         {section(long(3000))},
		"runes, not bytes":     {section(strings.Repeat("é", 3000))},
		"10 fields":            {object{"type": "section", "fields": times(10, func(int) object { return mrkdwn(long(1000)) })}},
		"field 2000":           {object{"type": "section", "fields": []any{mrkdwn(long(2000))}}},
		"header 150":           {object{"type": "header", "text": plain(long(150))}},
		"context of 10":        {object{"type": "context", "elements": times(10, func(int) object { return mrkdwn("x") })}},
		"25 buttons":           {actions(times(25, func(i int) object { return button("x", fmt.Sprint(i)) })...)},
		"button text 75":       {actions(button(long(75), "a"))},
		"button value 2000":    {actions(with(button("x", "a"), object{"value": long(2000)}))},
		"action_id 255":        {actions(button("x", long(255)))},
		"block_id 255":         {with(section("x"), object{"block_id": long(255)})},
		"confirm":              {actions(with(button("x", "a"), object{"confirm": dialog(100, 300, 30)}))},
		"100 options":          {actions(selectOf(options(100)))},
		"option text 75":       {actions(selectOf([]any{object{"text": plain(long(75)), "value": long(150)}}))},
		"placeholder 150":      {actions(with(selectOf(options(1)), object{"placeholder": plain(long(150))}))},
		"overflow of 5":        {actions(object{"type": "overflow", "action_id": "o", "options": options(5)})},
		"10 checkboxes":        {actions(object{"type": "checkboxes", "action_id": "o", "options": options(10)})},
		"table 100 x 20":       {table(100, 20, "x")},
		"table 10,000":         {table(100, 10, long(10))},
		"table with numbers":   {object{"type": "table", "rows": []any{[]any{raw("x"), object{"type": "raw_number", "value": 3.5}, rich(richSection(run("x")))}}}},
		"data_table 101 x 20":  {dataTable(101, 20)},
		"plan":                 {object{"type": "plan", "title": "Run", "tasks": []any{task("pending"), task("in_progress"), task("complete"), task("error")}}},
		"task_card":            {task("complete"), task("error")},
		"alert":                {object{"type": "alert", "text": plain("careful"), "level": "warning"}},
		"card":                 {object{"type": "card", "title": plain(long(150)), "body": mrkdwn(long(200)), "actions": []any{button("x", "a")}}},
		"markdown 12,000":      {object{"type": "markdown", "text": long(12_000)}},
		"12,000 over all":      times(4, func(int) object { return section(long(3000)) }),
		"image":                {object{"type": "image", "image_url": "https://x.example/a.png", "alt_text": "a"}},
		"same action_id twice": {actions(button("x", "a")), actions(button("y", "a"))},
		"5 context actions":    {object{"type": "context_actions", "elements": times(5, func(i int) object { return iconButton(fmt.Sprint(i)) })}},
		"rich list":            {rich(object{"type": "rich_text_list", "style": "bullet", "elements": []any{richSection(run("x"))}})},
	} {
		t.Run(name, func(t *testing.T) {
			if problems := lintOf(t, blocks...); len(problems) > 0 {
				t.Fatal(problems)
			}
		})
	}
}

func dialog(title, text, word int) object {
	return object{"title": plain(long(title)), "text": mrkdwn(long(text)), "confirm": plain(long(word)), "deny": plain(long(word))}
}

func selectOf(options []any) object {
	return object{"type": "static_select", "action_id": "s", "options": options}
}

func iconButton(id string) object {
	return object{"type": "icon_button", "icon": "trash", "text": plain("Remove"), "action_id": id}
}

func TestMessagesBeyondTheLimitsAreRefusedWithAPointer(t *testing.T) {
	for name, c := range map[string]struct {
		blocks []any
		want   string
	}{
		"51 blocks":          {times(51, func(int) object { return object{"type": "divider"} }), "no more than 50 items allowed [json-pointer:/blocks]"},
		"section 3001":       {[]any{section(long(3001))}, "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		"empty section":      {[]any{section("")}, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"},
		"11 fields":          {[]any{object{"type": "section", "fields": times(11, func(int) object { return mrkdwn("x") })}}, "no more than 10 items allowed [json-pointer:/blocks/0/fields]"},
		"field 2001":         {[]any{object{"type": "section", "fields": []any{mrkdwn(long(2001))}}}, "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]"},
		"section of nothing": {[]any{object{"type": "section"}}, "must define either `text` or `fields` [json-pointer:/blocks/0]"},
		"header 151":         {[]any{object{"type": "header", "text": plain(long(151))}}, "must be less than 151 characters [json-pointer:/blocks/0/text/text]"},
		"header in mrkdwn":   {[]any{object{"type": "header", "text": mrkdwn("x")}}, "must be one of [plain_text] [json-pointer:/blocks/0/text/type]"},
		"context of 11":      {[]any{object{"type": "context", "elements": times(11, func(int) object { return mrkdwn("x") })}}, "no more than 10 items allowed [json-pointer:/blocks/0/elements]"},
		"26 buttons":         {[]any{actions(times(26, func(i int) object { return button("x", fmt.Sprint(i)) })...)}, "no more than 25 items allowed [json-pointer:/blocks/0/elements]"},
		"button text 76":     {[]any{actions(button(long(76), "a"))}, "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"},
		"button mrkdwn":      {[]any{actions(with(button("x", "a"), object{"text": mrkdwn("x")}))}, "must be one of [plain_text] [json-pointer:/blocks/0/elements/0/text/type]"},
		"button value 2001":  {[]any{actions(with(button("x", "a"), object{"value": long(2001)}))}, "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]"},
		"button style":       {[]any{actions(with(button("x", "a"), object{"style": "default"}))}, "must be one of [primary danger] [json-pointer:/blocks/0/elements/0/style]"},
		"action_id 256":      {[]any{actions(button("x", long(256)))}, "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]"},
		"action_id twice":    {[]any{actions(button("x", "a"), button("y", "a"))}, "`action_id` \"a\" already exists [json-pointer:/blocks/0/elements/1/action_id]"},
		"block_id 256":       {[]any{with(section("x"), object{"block_id": long(256)})}, "must be less than 256 characters [json-pointer:/blocks/0/block_id]"},
		"block_id twice":     {[]any{with(section("x"), object{"block_id": "b"}), with(section("y"), object{"block_id": "b"})}, "`block_id` \"b\" already exists [json-pointer:/blocks/1/block_id]"},
		"confirm title":      {[]any{actions(with(button("x", "a"), object{"confirm": dialog(101, 300, 30)}))}, "must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]"},
		"confirm text":       {[]any{actions(with(button("x", "a"), object{"confirm": dialog(100, 301, 30)}))}, "must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]"},
		"confirm word":       {[]any{actions(with(button("x", "a"), object{"confirm": dialog(100, 300, 31)}))}, "must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/confirm/text]"},
		"101 options":        {[]any{actions(selectOf(options(101)))}, "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]"},
		"option text 76":     {[]any{actions(selectOf([]any{object{"text": plain(long(76)), "value": "v"}}))}, "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]"},
		"option value 151":   {[]any{actions(selectOf([]any{object{"text": plain("x"), "value": long(151)}}))}, "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]"},
		"foreign initial":    {[]any{actions(with(selectOf(options(1)), object{"initial_option": object{"text": plain("other"), "value": "9"}}))}, "must be one of the provided options [json-pointer:/blocks/0/elements/0/initial_option]"},
		"placeholder 151":    {[]any{actions(with(selectOf(options(1)), object{"placeholder": plain(long(151))}))}, "must be less than 151 characters [json-pointer:/blocks/0/elements/0/placeholder/text]"},
		"overflow of 6":      {[]any{actions(object{"type": "overflow", "action_id": "o", "options": options(6)})}, "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]"},
		"11 checkboxes":      {[]any{actions(object{"type": "checkboxes", "action_id": "o", "options": options(11)})}, "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]"},
		"table 101 rows":     {[]any{table(101, 1, "x")}, "no more than 100 items allowed [json-pointer:/blocks/0/rows]"},
		"table 21 columns":   {[]any{table(1, 21, "x")}, "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]"},
		"table 10,001":       {[]any{table(73, 1, long(137))}, "table cells must hold less than 10001 characters in total [json-pointer:/blocks]"},
		"empty cell":         {[]any{table(1, 1, "")}, "must be more than 0 characters [json-pointer:/blocks/0/rows/0/0/text]"},
		"two tables":         {[]any{table(1, 1, "x"), table(1, 1, "x")}, "only_one_table_allowed [json-pointer:/blocks]"},
		"column align":       {[]any{with(table(1, 1, "x"), object{"column_settings": []any{object{"align": ""}}})}, "must be one of [left center right] [json-pointer:/blocks/0/column_settings/0/align]"},
		"data_table 102":     {[]any{dataTable(102, 1)}, "no more than 101 items allowed [json-pointer:/blocks/0/rows]"},
		"data_table 1 row":   {[]any{dataTable(1, 1)}, "no less than 2 items allowed [json-pointer:/blocks/0/rows]"},
		"no caption":         {[]any{with(dataTable(2, 1), object{"caption": nil})}, "missing required field: caption [json-pointer:/blocks/0]"},
		"page_size 101":      {[]any{with(dataTable(2, 1), object{"page_size": 101})}, "must be less than or equal to 100 [json-pointer:/blocks/0/page_size]"},
		"ragged data_table":  {[]any{with(dataTable(2, 1), object{"rows": []any{[]any{raw("a")}, []any{raw("a"), raw("b")}}})}, "all rows must have the same number of cells [json-pointer:/blocks/0/rows/1]"},
		"rich header cell":   {[]any{with(dataTable(2, 1), object{"rows": []any{[]any{rich(richSection(run("x")))}, []any{raw("a")}}})}, "unsupported type: rich_text [json-pointer:/blocks/0/rows/0/0/type]"},
		"status completed":   {[]any{object{"type": "plan", "title": "Run", "tasks": []any{task("completed")}}}, "must be one of [pending in_progress complete error] [json-pointer:/blocks/0/tasks/0/status]"},
		"plan and task_card": {[]any{object{"type": "plan", "title": "Run"}, task("error")}, "plan and task_card blocks are mutually exclusive [json-pointer:/blocks]"},
		"alert level":        {[]any{object{"type": "alert", "text": plain("x"), "level": "danger"}}, "must be one of [default info warning error success] [json-pointer:/blocks/0/level]"},
		"card title 151":     {[]any{object{"type": "card", "title": plain(long(151))}}, "must be less than 151 characters [json-pointer:/blocks/0/title/text]"},
		"card body 201":      {[]any{object{"type": "card", "body": plain(long(201))}}, "must be less than 201 characters [json-pointer:/blocks/0/body/text]"},
		"markdown 12,001":    {[]any{object{"type": "markdown", "text": long(6001)}, object{"type": "markdown", "text": long(6000)}}, "markdown text must be less than 12001 characters in total [json-pointer:/blocks]"},
		"12,001 over all":    {append(times(4, func(int) object { return section(long(3000)) }), section("x")), "blocks hold 12001 characters, more than 12000 [json-pointer:/blocks]"},
		"file_input":         {[]any{input("CSV", object{"type": "file_input", "action_id": "f"})}, "unsupported type: file_input [json-pointer:/blocks/0/element/type]"},
		"unknown block":      {[]any{object{"type": "sparkles"}}, "unsupported type: sparkles [json-pointer:/blocks/0/type]"},
		"unknown element":    {[]any{actions(object{"type": "dial"})}, "unsupported type: dial [json-pointer:/blocks/0/elements/0/type]"},
		"unknown property":   {[]any{with(section("x"), object{"colour": "red"})}, "invalid additional property: colour [json-pointer:/blocks/0/colour]"},
		"emoji in mrkdwn":    {[]any{object{"type": "section", "text": with(mrkdwn("x"), object{"emoji": true})}}, "invalid additional property: emoji [json-pointer:/blocks/0/text/emoji]"},
		"number for text":    {[]any{object{"type": "section", "text": object{"type": "mrkdwn", "text": 5}}}, "must provide a string [json-pointer:/blocks/0/text/text]"},
		"string for object":  {[]any{object{"type": "header", "text": "x"}}, "must provide an object [json-pointer:/blocks/0/text]"},
		"a block as text":    {[]any{"section"}, "must provide an object [json-pointer:/blocks/0]"},
		"bad url":            {[]any{actions(with(button("x", "a"), object{"url": "nowhere"}))}, "must be a valid URL [json-pointer:/blocks/0/elements/0/url]"},
		"6 context actions":  {[]any{object{"type": "context_actions", "elements": times(6, func(i int) object { return iconButton(fmt.Sprint(i)) })}}, "no more than 5 items allowed [json-pointer:/blocks/0/elements]"},
		"empty rich section": {[]any{rich(richSection())}, "no less than 1 items allowed [json-pointer:/blocks/0/elements/0/elements]"},
		"empty rich text":    {[]any{rich(richSection(run("")))}, "must be more than 0 characters [json-pointer:/blocks/0/elements/0/elements/0/text]"},
	} {
		t.Run(name, func(t *testing.T) {
			problems := lintOf(t, c.blocks...)
			for _, p := range problems {
				if p.String() == c.want {
					return
				}
			}
			t.Fatalf("got %v, want %s", problems, c.want)
		})
	}
}

func input(label string, element object) object {
	return object{"type": "input", "block_id": label, "label": plain(label), "element": element}
}

func typed(id string) object { return object{"type": "plain_text_input", "action_id": id} }

func modal(more object) object {
	return with(object{"type": "modal", "title": plain("Title"), "submit": plain("Go"), "blocks": []any{input("Name", typed("n"))}}, more)
}

func TestViewsAreHeldAgainstTheirLimits(t *testing.T) {
	for name, c := range map[string]struct {
		view object
		want string
	}{
		"all at the limit": {modal(object{
			"title": plain(long(24)), "submit": plain(long(24)), "close": plain(long(24)), "private_metadata": long(3000), "callback_id": long(255),
			"blocks": append(times(99, func(int) object { return object{"type": "divider"} }), input("Name", with(typed("n"), object{"max_length": 3000}))),
		}), ""},
		"file_input":        {modal(object{"blocks": []any{input("CSV", object{"type": "file_input", "action_id": "f", "max_files": 10})}}), ""},
		"home":              {object{"type": "home", "blocks": []any{section("x")}}, ""},
		"title 25":          {modal(object{"title": plain(long(25))}), "must be less than 25 characters [json-pointer:/view/title/text]"},
		"submit 25":         {modal(object{"submit": plain(long(25))}), "must be less than 25 characters [json-pointer:/view/submit/text]"},
		"close 25":          {modal(object{"close": plain(long(25))}), "must be less than 25 characters [json-pointer:/view/close/text]"},
		"metadata 3001":     {modal(object{"private_metadata": long(3001)}), "must be less than 3001 characters [json-pointer:/view/private_metadata]"},
		"callback_id 256":   {modal(object{"callback_id": long(256)}), "must be less than 256 characters [json-pointer:/view/callback_id]"},
		"101 blocks":        {modal(object{"blocks": times(101, func(int) object { return object{"type": "divider"} })}), "no more than 100 items allowed [json-pointer:/view/blocks]"},
		"no submit":         {modal(object{"submit": nil}), "missing required field: submit [json-pointer:/view]"},
		"label 2001":        {modal(object{"blocks": []any{input(long(2001), typed("n"))}}), "must be less than 2001 characters [json-pointer:/view/blocks/0/label/text]"},
		"hint 2001":         {modal(object{"blocks": []any{with(input("n", typed("n")), object{"hint": plain(long(2001))})}}), "must be less than 2001 characters [json-pointer:/view/blocks/0/hint/text]"},
		"11 files":          {modal(object{"blocks": []any{input("CSV", object{"type": "file_input", "max_files": 11})}}), "must be less than or equal to 10 [json-pointer:/view/blocks/0/element/max_files]"},
		"file_input bare":   {modal(object{"blocks": []any{actions(object{"type": "file_input"})}}), "unsupported type: file_input [json-pointer:/view/blocks/0/elements/0/type]"},
		"file_input home":   {object{"type": "home", "blocks": []any{input("CSV", object{"type": "file_input"})}}, "unsupported type: file_input [json-pointer:/view/blocks/0/element/type]"},
		"table in a modal":  {modal(object{"blocks": []any{table(1, 1, "x")}}), "unsupported type: table [json-pointer:/view/blocks/0/type]"},
		"bad type":          {object{"type": "drawer", "blocks": []any{}}, "must be one of [modal home] [json-pointer:/view/type]"},
		"unknown property":  {modal(object{"colour": "red"}), "invalid additional property: colour [json-pointer:/view/colour]"},
		"home with a title": {object{"type": "home", "title": plain("x"), "blocks": []any{}}, "invalid additional property: title [json-pointer:/view/title]"},
		"two focused":       {modal(object{"blocks": []any{input("a", with(typed("a"), object{"focus_on_load": true})), input("b", with(typed("b"), object{"focus_on_load": true}))}}), "only one element may have focus_on_load [json-pointer:/view/blocks]"},
		"view of 250 kB": {modal(object{"blocks": times(99, func(int) object {
			return section(strings.Repeat("x", 3000))
		})}), "view_too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := json.Marshal(c.view)
			ok(t, err)
			problems := slacksim.LintView(data)
			if c.want == "" && len(problems) == 0 {
				return
			}
			for _, p := range problems {
				if p.String() == c.want || p.Code == c.want {
					return
				}
			}
			t.Fatalf("got %v, want %q", problems, c.want)
		})
	}
}

func TestNewerBlocksAreRefusedWhereTheyAreNotRolledOut(t *testing.T) {
	for _, b := range []object{
		table(1, 1, "x"), dataTable(2, 1), task("error"),
		{"type": "plan", "title": "x"},
		{"type": "alert", "text": plain("x")},
		{"type": "card", "title": plain("x")},
		{"type": "table", "rows": []any{[]any{object{"type": "raw_number", "value": 1}}}},
	} {
		data, err := json.Marshal([]any{b})
		ok(t, err)
		if p := slacksim.LintMessage(data); len(p) > 0 {
			t.Fatal(p)
		}
		if p := slacksim.LintMessage(data, slacksim.NewerBlocks()...); len(p) == 0 {
			t.Fatalf("%s was taken", data)
		}
	}
}

func TestMetadataIsChecked(t *testing.T) {
	for want, metadata := range map[string]any{
		"":                        object{"event_type": "portal_request", "event_payload": object{"id": "R1"}},
		"invalid_metadata_format": object{"event_type": "portal_request", "event_payload": "R1"},
		"metadata_too_large":      object{"event_type": "x", "event_payload": object{"id": long(17_000)}},
	} {
		data, err := json.Marshal(object{"text": "x", "metadata": metadata})
		ok(t, err)
		problems := slacksim.LintMessage(data)
		if want == "" && len(problems) == 0 {
			continue
		}
		if len(problems) == 0 || problems[0].Code != want {
			t.Fatalf("%s: %v", want, problems)
		}
	}
}
