package slacksim

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// Problem is one thing that Slack would refuse.
type Problem struct {
	Code    string // Slack's error: invalid_blocks, msg_blocks_too_long, view_too_large, ...
	Message string // such as "must be less than 151 characters"
	Pointer string // JSON pointer to the culprit
}

// String is the form that response_metadata.messages has.
func (p Problem) String() string {
	if p.Pointer == "" {
		return p.Message
	}
	return p.Message + " [json-pointer:" + p.Pointer + "]"
}

// LintMessage checks the JSON of a message, an object with text, blocks and metadata as for
// chat.postMessage, or a bare array of blocks. Block and cell types in unavailable are refused. None is
// the answer for a message that Slack takes.
func LintMessage(data []byte, unavailable ...string) []Problem {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return []Problem{{Code: "invalid_json", Message: err.Error()}}
	}
	if blocks, ok := v.([]any); ok {
		return lintBlocks(blocks, unavailable)
	}
	o, ok := v.(map[string]any)
	if !ok {
		return []Problem{{Code: "json_not_object", Message: "must be an object or an array of blocks"}}
	}
	var problems []Problem
	if blocks, ok := o["blocks"].([]any); ok {
		problems = lintBlocks(blocks, unavailable)
	} else if o["blocks"] != nil {
		problems = []Problem{{Code: "invalid_blocks_format", Message: "must be an array", Pointer: "/blocks"}}
	}
	text := str(o["text"])
	if text == "" && len(list(o["blocks"])) == 0 && len(list(o["files"])) == 0 {
		problems = append(problems, Problem{Code: "no_text", Message: "must have text or blocks"})
	}
	if n := utf8.RuneCountInString(text); n > maxText {
		problems = append(problems, Problem{Code: "msg_too_long", Message: fmt.Sprintf("text of %d characters would be cut", n), Pointer: "/text"})
	}
	return append(problems, lintMetadata(o["metadata"])...)
}

// LintView checks the JSON of a modal or Home view as for views.open and views.publish.
func LintView(data []byte, unavailable ...string) []Problem {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return []Problem{{Code: "invalid_json", Message: err.Error()}}
	}
	return lintView(v, unavailable)
}

func lintBlocks(blocks []any, unavailable []string) []Problem {
	l := &linter{code: "invalid_blocks", surface: onMessage, unavailable: unavailable}
	l.blocks("/blocks", blocks, maxMessageBlocks)
	if l.chars > maxMessageText {
		l.problems = append(l.problems, Problem{
			Code: "msg_blocks_too_long", Message: fmt.Sprintf("blocks hold %d characters, more than %d", l.chars, maxMessageText), Pointer: "/blocks",
		})
	}
	return l.problems
}

func lintMetadata(v any) []Problem {
	if v == nil {
		return nil
	}
	bad := func(pointer, format string, a ...any) []Problem {
		return []Problem{{Code: "invalid_metadata_format", Message: fmt.Sprintf(format, a...), Pointer: "/metadata" + pointer}}
	}
	o := obj(v)
	if o == nil {
		return bad("", "must be an object")
	}
	for _, k := range sortedKeys(o) {
		if k != "event_type" && k != "event_payload" && k != "entities" {
			return bad("/"+k, "invalid additional property: %s", k)
		}
	}
	kind, ok := o["event_type"].(string)
	payload, isObject := o["event_payload"].(map[string]any)
	switch {
	case !ok || kind == "":
		return bad("/event_type", "missing required field: event_type")
	case len(kind) > maxMetadataType:
		return bad("/event_type", "must be less than %d characters", maxMetadataType+1)
	case !isObject:
		return bad("/event_payload", "must provide an object")
	case len(mustJSON(payload)) > maxMetadataBytes:
		return []Problem{{Code: "metadata_too_large", Message: "event_payload is too large", Pointer: "/metadata/event_payload"}}
	}
	return nil
}

// surface is where blocks are shown.
type surface int

const (
	onMessage surface = iota
	onModal
	onHome
)

// linter collects what is wrong with one payload.
type linter struct {
	code        string
	surface     surface
	unavailable []string
	problems    []Problem

	chars      int // over all text of the payload
	markdown   int // characters in markdown blocks
	tables     int
	tableChars int
	plans      int
	taskCards  int
	inputs     int
	focused    int
	blockIDs   map[string]bool
}

func (l *linter) fail(p, format string, a ...any) {
	l.problems = append(l.problems, Problem{Code: l.code, Message: fmt.Sprintf(format, a...), Pointer: p})
}

// rule checks the value at a pointer.
type rule func(l *linter, p string, v any)

// field is a property of an object.
type field struct {
	rule     rule
	required bool
}

func req(r rule) field { return field{rule: r, required: true} }
func opt(r rule) field { return field{rule: r} }

type fields map[string]field

// object checks that v is an object with these fields and no other. The type field is known to all.
func (l *linter) object(p string, v any, fs fields) map[string]any {
	o, ok := v.(map[string]any)
	if !ok {
		l.fail(p, "must provide an object")
		return nil
	}
	for _, k := range sortedKeys(o) {
		if k == "type" {
			continue
		}
		f, known := fs[k]
		switch {
		case !known:
			l.fail(p+"/"+k, "invalid additional property: %s", k)
		case o[k] == nil && f.required:
			l.fail(p, "missing required field: %s", k)
		case o[k] != nil:
			f.rule(l, p+"/"+k, o[k])
		}
	}
	for _, k := range sortedKeys(fs) {
		if _, there := o[k]; !there && fs[k].required {
			l.fail(p, "missing required field: %s", k)
		}
	}
	return o
}

func object(fs fields) rule {
	return func(l *linter, p string, v any) { l.object(p, v, fs) }
}

// text checks a string of min to limit characters; a limit of 0 is none.
func text(low, limit int) rule {
	return func(l *linter, p string, v any) {
		s, ok := v.(string)
		if !ok {
			l.fail(p, "must provide a string")
			return
		}
		n := utf8.RuneCountInString(s)
		if n < low {
			l.fail(p, "must be more than %d characters", low-1)
		}
		if limit > 0 && n > limit {
			l.fail(p, "must be less than %d characters", limit+1)
		}
	}
}

func boolean(l *linter, p string, v any) {
	if _, ok := v.(bool); !ok {
		l.fail(p, "must provide a boolean")
	}
}

func integer(low, high int) rule {
	return func(l *linter, p string, v any) {
		n, ok := v.(float64)
		switch {
		case !ok || n != math.Trunc(n):
			l.fail(p, "must provide an integer")
		case n < float64(low):
			l.fail(p, "must be greater than or equal to %d", low)
		case n > float64(high):
			l.fail(p, "must be less than or equal to %d", high)
		}
	}
}

func number(l *linter, p string, v any) {
	if _, ok := v.(float64); !ok {
		l.fail(p, "must provide a number")
	}
}

func oneOf(words ...string) rule {
	return func(l *linter, p string, v any) {
		if s, ok := v.(string); !ok || !slices.Contains(words, s) {
			l.fail(p, "must be one of %v", words)
		}
	}
}

// items checks a list of low to high items.
func items(low, high int, each rule) rule {
	return func(l *linter, p string, v any) {
		a, ok := v.([]any)
		if !ok {
			l.fail(p, "must provide an array")
			return
		}
		if len(a) < low {
			l.fail(p, "no less than %d items allowed", low)
		}
		if high > 0 && len(a) > high {
			l.fail(p, "no more than %d items allowed", high)
		}
		for i, e := range a {
			each(l, fmt.Sprintf("%s/%d", p, i), e)
		}
	}
}

// plain checks a plain_text object.
func plain(limit int) rule { return textObject(limit, "plain_text") }

// either checks a plain_text or mrkdwn object.
func either(limit int) rule { return textObject(limit, "plain_text", "mrkdwn") }

// textObject checks a text object of one of the kinds.
func textObject(limit int, kinds ...string) rule {
	return func(l *linter, p string, v any) {
		kind := str(obj(v)["type"])
		if obj(v) != nil && !slices.Contains(kinds, kind) {
			l.fail(p+"/type", "must be one of %v", kinds)
			return
		}
		fs := fields{"text": req(text(1, limit))}
		if kind == "plain_text" {
			fs["emoji"] = opt(boolean)
		} else {
			fs["verbatim"] = opt(boolean)
		}
		if o := l.object(p, v, fs); o != nil {
			l.count(str(o["text"]))
		}
	}
}

func (l *linter) count(s string) { l.chars += utf8.RuneCountInString(s) }
