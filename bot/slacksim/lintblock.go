package slacksim

import (
	"fmt"
	"net/url"
	"slices"
	"unicode/utf8"
)

// blocks checks the blocks of a surface.
func (l *linter) blocks(p string, blocks []any, limit int) {
	if len(blocks) > limit {
		l.fail(p, "no more than %d items allowed", limit)
	}
	l.blockIDs = map[string]bool{}
	for i, b := range blocks {
		l.block(fmt.Sprintf("%s/%d", p, i), b)
	}
	if l.markdown > maxMarkdown {
		l.fail(p, "markdown text must be less than %d characters in total", maxMarkdown+1)
	}
	if l.tables > 1 {
		l.fail(p, "only_one_table_allowed")
	}
	if l.tableChars > maxTableText {
		l.fail(p, "table cells must hold less than %d characters in total", maxTableText+1)
	}
	if l.plans > 0 && l.taskCards > 0 {
		l.fail(p, "plan and task_card blocks are mutually exclusive")
	}
	if l.focused > 1 {
		l.fail(p, "only one element may have focus_on_load")
	}
}

// block checks one block of any type.
func (l *linter) block(p string, v any) {
	b := obj(v)
	if b == nil {
		l.fail(p, "must provide an object")
		return
	}
	kind := str(b["type"])
	fs := l.shape(kind)
	if fs == nil || slices.Contains(l.unavailable, kind) {
		l.fail(p+"/type", "unsupported type: %s", kind)
		return
	}
	fs["block_id"] = opt(blockID)
	l.object(p, b, fs)
	switch kind {
	case "section":
		if b["text"] == nil && b["fields"] == nil {
			l.fail(p, "must define either `text` or `fields`")
		}
	case "image":
		if (b["image_url"] == nil) == (b["slack_file"] == nil) {
			l.fail(p, "must define either `image_url` or `slack_file`")
		}
	case "actions", "context_actions":
		l.actionIDs(p, list(b["elements"]))
	case "task_card":
		l.taskCards++
	case "plan":
		l.plans++
		l.count(str(b["title"]))
	case "markdown":
		l.markdown += utf8.RuneCountInString(str(b["text"]))
		l.count(str(b["text"]))
	case "card":
		if b["title"] == nil && b["body"] == nil && b["hero_image"] == nil && b["actions"] == nil {
			l.fail(p, "must define at least one of `hero_image`, `title`, `body`, `actions`")
		}
	}
}

// shape returns the fields of a block type on this surface, nil for a type that is unknown there.
func (l *linter) shape(kind string) fields {
	switch kind {
	case "section":
		return fields{
			"text":      opt(either(maxSection)),
			"fields":    opt(items(1, maxSectionFields, either(maxSectionField))),
			"accessory": opt(elementOf("accessory", accessories...)),
			"expand":    opt(boolean),
		}
	case "divider":
		return fields{}
	case "header":
		return fields{"text": req(plain(maxHeader)), "level": opt(integer(1, 4))}
	case "image":
		return fields{
			"image_url": opt(link), "slack_file": opt(slackFile), "alt_text": req(text(1, maxImageText)), "title": opt(plain(maxImageText)),
		}
	case "context":
		return fields{"elements": req(items(1, maxContext, contextElement))}
	case "actions":
		return fields{"elements": req(items(1, maxActions, elementOf("actions", actionElements...)))}
	case "context_actions":
		if l.surface != onMessage {
			return nil
		}
		return fields{"elements": req(items(1, maxContextActions, elementOf("context_actions", "feedback_buttons", "icon_button")))}
	case "rich_text":
		return fields{"elements": req(items(1, 0, richTextPart))}
	case "input":
		l.inputs++
		return fields{
			"label": req(plain(maxInputLabel)), "element": req(elementOf("input", l.inputElements()...)), "hint": opt(plain(maxInputHint)),
			"optional": opt(boolean), "dispatch_action": opt(boolean),
		}
	case "markdown":
		if l.surface != onMessage {
			return nil
		}
		return fields{"text": req(text(1, maxMarkdown))}
	case "alert":
		return fields{
			"text": req(either(maxSection)), "level": opt(oneOf("default", "info", "warning", "error", "success")),
		}
	}
	if l.surface != onMessage {
		return nil
	}
	return l.messageShape(kind)
}

// messageShape returns the fields of the block types that only messages have.
func (l *linter) messageShape(kind string) fields {
	switch kind {
	case "table":
		return fields{
			"rows":            req(l.tableRows),
			"column_settings": opt(items(0, maxTableCols, columnSetting)),
		}
	case "data_table":
		return fields{
			"rows": req(l.dataTableRows), "caption": req(text(1, 0)), "page_size": opt(integer(1, maxDataTablePage)),
			"row_header_column_index": opt(integer(0, maxTableCols-1)),
		}
	case "task_card":
		return taskCardFields()
	case "plan":
		return fields{"title": req(text(1, 0)), "tasks": opt(items(0, 0, planTask))}
	case "card":
		return cardFields()
	case "carousel":
		return fields{"elements": req(items(1, maxCarousel, func(l *linter, p string, v any) {
			if str(obj(v)["type"]) != "card" {
				l.fail(p+"/type", "must be one of %v", []string{"card"})
				return
			}
			l.block(p, v)
		}))}
	case "container":
		return fields{
			"title": req(either(maxCardTitle)), "collapsible": opt(boolean), "collapsed": opt(boolean),
			"child_blocks": req(items(1, maxContainer, func(l *linter, p string, v any) {
				if k := str(obj(v)["type"]); k == "container" || k == "input" {
					l.fail(p+"/type", "unsupported type: %s", k)
					return
				}
				l.block(p, v)
			})),
		}
	}
	return nil
}

func taskCardFields() fields {
	return fields{
		"task_id": req(text(1, 0)), "title": req(countedText), "status": opt(oneOf("pending", "in_progress", "complete", "error")),
		"details": opt(richText), "output": opt(richText), "sources": opt(items(0, 0, object(fields{
			"url": req(link), "text": req(text(1, 0)),
		}))), "hide_title": opt(boolean),
	}
}

func countedText(l *linter, p string, v any) {
	text(1, 0)(l, p, v)
	l.count(str(v))
}

// planTask checks a task of a plan. It does not count as a task_card block of the message.
func planTask(l *linter, p string, v any) {
	if kind := str(obj(v)["type"]); kind != "task_card" {
		l.fail(p+"/type", "must be one of %v", []string{"task_card"})
		return
	}
	fs := taskCardFields()
	fs["block_id"] = opt(blockID)
	l.object(p, v, fs)
}

func cardFields() fields {
	return fields{
		"title": opt(either(maxCardTitle)), "subtitle": opt(either(maxCardTitle)), "body": opt(either(maxCardBody)),
		"subtext": opt(either(maxCardBody)), "hero_image": opt(elementOf("card", "image")), "icon": opt(elementOf("card", "image")),
		"slack_icon": opt(object(fields{"name": req(text(1, 0))})),
		"actions":    opt(items(1, maxActions, elementOf("card", "button"))),
	}
}

func blockID(l *linter, p string, v any) {
	text(1, maxID)(l, p, v)
	id := str(v)
	if id == "" {
		return
	}
	if l.blockIDs[id] {
		l.fail(p, "`block_id` \"%s\" already exists", id)
	}
	l.blockIDs[id] = true
}

// actionIDs checks that no two elements of a block share an action_id.
func (l *linter) actionIDs(p string, elements []any) {
	seen := map[string]bool{}
	for i, e := range elements {
		id := str(obj(e)["action_id"])
		if id != "" && seen[id] {
			l.fail(fmt.Sprintf("%s/elements/%d/action_id", p, i), "`action_id` \"%s\" already exists", id)
		}
		seen[id] = true
	}
}

func contextElement(l *linter, p string, v any) {
	if str(obj(v)["type"]) == "image" {
		elementOf("context", "image")(l, p, v)
		return
	}
	either(maxContextText)(l, p, v)
}

func link(l *linter, p string, v any) {
	text(1, maxURL)(l, p, v)
	if u, err := url.Parse(str(v)); err != nil || u.Scheme == "" || u.Host == "" && u.Opaque == "" {
		l.fail(p, "must be a valid URL")
	}
}

func slackFile(l *linter, p string, v any) {
	if o := l.object(p, v, fields{"id": opt(text(1, 0)), "url": opt(link)}); o != nil && (o["id"] == nil) == (o["url"] == nil) {
		l.fail(p, "must define either `id` or `url`")
	}
}
