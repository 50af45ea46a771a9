package slacksim

import (
	"regexp"
	"slices"
	"strings"
)

var entity = regexp.MustCompile(`<([^<>]+)>`)

// read is what a person reads in a message. The caller holds mu.
func (ws *Workspace) read(m *message) string {
	if len(m.blocks) > 0 {
		return ws.readBlocks(m.blocks)
	}
	return ws.mrkdwn(m.text)
}

// readBlocks flattens blocks to text, a line or more each.
func (ws *Workspace) readBlocks(blocks []any) string {
	var lines []string
	for _, b := range blocks {
		if s := ws.readBlock(obj(b)); s != "" {
			lines = append(lines, s)
		}
	}
	return strings.Join(lines, "\n")
}

func (ws *Workspace) readBlock(b map[string]any) string {
	var parts []string
	add := func(s string) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	switch str(b["type"]) {
	case "divider":
		return "---"
	case "table", "data_table":
		add(str(b["caption"]))
		for _, row := range list(b["rows"]) {
			var cells []string
			for _, cell := range list(row) {
				cells = append(cells, ws.readCell(obj(cell)))
			}
			parts = append(parts, strings.Join(cells, " | "))
		}
		return strings.Join(parts, "\n")
	case "plan":
		add(str(b["title"]))
		for _, t := range list(b["tasks"]) {
			add(ws.readBlock(obj(t)))
		}
		return strings.Join(parts, "\n")
	case "task_card":
		line := "[" + or(str(b["status"]), "pending") + "] " + str(b["title"])
		for _, k := range []string{"details", "output"} {
			if s := ws.readElement(b[k]); s != "" {
				line += ": " + s
			}
		}
		return line
	case "markdown":
		return str(b["text"])
	case "image":
		return "[image: " + str(b["alt_text"]) + "]"
	case "context", "actions", "context_actions":
		for _, el := range list(b["elements"]) {
			add(ws.readElement(el))
		}
		return strings.Join(parts, " ")
	case "carousel":
		return ws.readBlocks(list(b["elements"]))
	}
	for _, k := range []string{"label", "title", "subtitle", "text", "body", "subtext"} {
		add(ws.readElement(b[k]))
	}
	for _, f := range list(b["fields"]) {
		add(ws.readElement(f))
	}
	for _, k := range []string{"accessory", "element", "hint"} {
		add(ws.readElement(b[k]))
	}
	for _, el := range list(b["actions"]) {
		add(ws.readElement(el))
	}
	for _, el := range list(b["elements"]) {
		add(ws.readElement(el))
	}
	if kids := list(b["child_blocks"]); len(kids) > 0 {
		add(ws.readBlocks(kids))
	}
	return strings.Join(parts, "\n")
}

func (ws *Workspace) readCell(cell map[string]any) string {
	switch str(cell["type"]) {
	case "rich_text":
		return ws.readElement(cell)
	case "raw_number":
		if s := str(cell["text"]); s != "" {
			return s
		}
		return string(mustJSON(cell["value"]))
	case "action_cell":
		return ws.readElement(cell["element"])
	default:
		return str(cell["text"])
	}
}

// readElement reads a text object, a rich text part or a block element.
func (ws *Workspace) readElement(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	el := obj(v)
	switch str(el["type"]) {
	case "":
		return ""
	case "mrkdwn":
		return ws.mrkdwn(str(el["text"]))
	case "plain_text", "text":
		return str(el["text"])
	case "button", "workflow_button", "icon_button":
		return "[" + ws.readElement(el["text"]) + "]"
	case "image":
		return "[image: " + str(el["alt_text"]) + "]"
	case "emoji":
		return ":" + str(el["name"]) + ":"
	case "link":
		return or(str(el["text"]), str(el["url"]))
	case "user":
		return ws.mrkdwn("<@" + str(el["user_id"]) + ">")
	case "usergroup":
		return ws.mrkdwn("<!subteam^" + str(el["usergroup_id"]) + ">")
	case "channel":
		return ws.mrkdwn("<#" + str(el["channel_id"]) + ">")
	case "broadcast":
		return "@" + str(el["range"])
	case "date":
		return str(el["fallback"])
	case "rich_text", "rich_text_list":
		var parts []string
		for _, e := range list(el["elements"]) {
			parts = append(parts, ws.readElement(e))
		}
		return strings.Join(parts, "\n")
	case "rich_text_section", "rich_text_quote", "rich_text_preformatted":
		var sb strings.Builder
		for _, e := range list(el["elements"]) {
			sb.WriteString(ws.readElement(e))
		}
		return sb.String()
	case "plain_text_input", "email_text_input", "url_text_input", "number_input", "datepicker", "timepicker",
		"datetimepicker", "file_input", "rich_text_input":
		return ""
	}
	var parts []string
	if ph := ws.readElement(el["placeholder"]); ph != "" {
		parts = append(parts, "<"+ph+">")
	}
	for _, o := range elementOptions(el) {
		parts = append(parts, "("+ws.readElement(o["text"])+")")
	}
	return strings.Join(parts, " ")
}

// mrkdwn resolves references and escapes the way the client shows them.
func (ws *Workspace) mrkdwn(s string) string {
	s = entity.ReplaceAllStringFunc(s, func(m string) string {
		shown, _ := ws.reference(m[1 : len(m)-1])
		return shown
	})
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

// reference reads what stands between angle brackets: what is shown, and the mention that fires, if
// any.
func (ws *Workspace) reference(in string) (shown, fires string) {
	body, label, _ := strings.Cut(in, "|")
	switch {
	case strings.HasPrefix(body, "@"):
		if u := ws.users[body[1:]]; u != nil {
			return "@" + u.Name, "@" + u.Name
		}
		return or(label, body), ""
	case strings.HasPrefix(body, "#"):
		if c := ws.channels[body[1:]]; c != nil && c.im == "" {
			return "#" + c.name, ""
		}
		return or(label, body), ""
	case strings.HasPrefix(body, "!subteam^"):
		if g := ws.groupByID(strings.TrimPrefix(body, "!subteam^")); g != nil {
			return "@" + g.handle, "@" + g.handle
		}
		return or(label, body), ""
	case strings.HasPrefix(body, "!date^"):
		return label, ""
	case body == "!channel" || body == "!here" || body == "!everyone":
		return "@" + body[1:], "@" + body[1:]
	case strings.HasPrefix(body, "!"):
		return or(label, body), ""
	default:
		return or(label, strings.TrimPrefix(body, "mailto:")), ""
	}
}

// mentionsIn lists what fires in a mrkdwn text, each once.
func (ws *Workspace) mentionsIn(text string) []string {
	var out []string
	for _, m := range entity.FindAllStringSubmatch(text, -1) {
		if _, fires := ws.reference(m[1]); fires != "" && !slices.Contains(out, fires) {
			out = append(out, fires)
		}
	}
	return out
}

// mentions lists what fires in a message: in its blocks, or in its text when it has none.
func (ws *Workspace) mentions(m *message) []string {
	if len(m.blocks) == 0 {
		return ws.mentionsIn(m.text)
	}
	var out []string
	walk(m.blocks, func(o map[string]any) {
		var text string
		switch str(o["type"]) {
		case "mrkdwn", "markdown":
			text = str(o["text"])
		case "user":
			text = "<@" + str(o["user_id"]) + ">"
		case "usergroup":
			text = "<!subteam^" + str(o["usergroup_id"]) + ">"
		case "broadcast":
			text = "<!" + str(o["range"]) + ">"
		}
		for _, f := range ws.mentionsIn(text) {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	})
	return out
}

// walk visits every object below v, parents first, keys in order.
func walk(v any, visit func(map[string]any)) {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			walk(e, visit)
		}
	case map[string]any:
		visit(x)
		for _, k := range sortedKeys(x) {
			walk(x[k], visit)
		}
	}
}

// escape is what the client does to typed text.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

func obj(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// elementOptions are an element's options, those in groups too.
func elementOptions(el map[string]any) []map[string]any {
	var out []map[string]any
	for _, o := range list(el["options"]) {
		out = append(out, obj(o))
	}
	for _, g := range list(el["option_groups"]) {
		for _, o := range list(obj(g)["options"]) {
			out = append(out, obj(o))
		}
	}
	return out
}

// interactive are the block's elements that take an action_id.
func interactive(block map[string]any) []map[string]any {
	var out []map[string]any
	add := func(v any) {
		if el := obj(v); el != nil && takesActionID(str(el["type"])) {
			out = append(out, el)
		}
	}
	add(block["accessory"])
	add(block["element"])
	for _, k := range []string{"elements", "actions"} {
		for _, el := range list(block[k]) {
			add(el)
			out = append(out, interactiveChild(obj(el))...)
		}
	}
	for _, row := range list(block["rows"]) {
		for _, cell := range list(row) {
			add(obj(cell)["element"])
		}
	}
	for _, kid := range list(block["child_blocks"]) {
		out = append(out, interactive(obj(kid))...)
	}
	return out
}

// interactiveChild are the elements of a card inside a carousel.
func interactiveChild(el map[string]any) []map[string]any {
	if str(el["type"]) != "card" {
		return nil
	}
	return interactive(el)
}

func takesActionID(typ string) bool {
	switch typ {
	case "image", "mrkdwn", "plain_text", "card", "rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted", "":
		return false
	}
	return true
}
