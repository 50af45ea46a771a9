package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"portalbot/bot/slacksim"
)

// actFields puts what stands in the page's fields into the modal. The page sends all of them whenever one changes.
func (s *sandbox) actFields(_ context.Context, who *slacksim.Person, _ look, r *http.Request) error {
	v := who.Modal()
	if v == nil || v.ID() != r.FormValue("view") {
		return nil // it was closed or covered meanwhile
	}
	return s.fill(v, r)
}

// actDetach takes the files out of a file input.
func (s *sandbox) actDetach(_ context.Context, who *slacksim.Person, _ look, r *http.Request) error {
	v := who.Modal()
	if v == nil {
		return nil // it was closed meanwhile
	}
	block, element := findElement(blocksOf(v.JSON()), r.FormValue("block"), r.FormValue("action"))
	if element == nil {
		return nil // it changed meanwhile
	}
	return v.Detach(fieldName(block, element))
}

func (s *sandbox) actSubmit(ctx context.Context, who *slacksim.Person, _ look, r *http.Request) error {
	v := who.Modal()
	if v == nil || v.ID() != r.FormValue("view") {
		return errors.New("this form is closed")
	}
	if err := s.fill(v, r); err != nil {
		return err
	}
	seen, err := v.Submit(ctx)
	s.formMu.Lock()
	defer s.formMu.Unlock()
	delete(s.problems, v.ID())
	if len(seen.Errors) > 0 {
		s.problems[v.ID()] = seen.Errors
	}
	return err
}

func (s *sandbox) actClose(ctx context.Context, who *slacksim.Person, _ look, _ *http.Request) error {
	v := who.Modal()
	if v == nil {
		return nil // it is closed already
	}
	return v.Close(ctx)
}

// fill puts the values that differ into the modal's fields. Files come alone: each that is sent is added.
func (s *sandbox) fill(v *slacksim.View, r *http.Request) error {
	body := viewOf(v.JSON())
	for _, c := range elements(body.Blocks) {
		name := fieldKey(c.block, c.element)
		now := body.State.Values[textOf(c.block["block_id"])][textOf(c.element["action_id"])]
		files, err := attachments(r, name)
		if err != nil {
			return err
		}
		for _, f := range files {
			if f.Name == "" {
				continue
			}
			if err := v.Attach(fieldName(c.block, c.element), f.Name, f.Data); err != nil {
				return err
			}
		}
		if err := setField(v, c, now, r.Form[name]); err != nil {
			return err
		}
	}
	return nil
}

// setField gives one field its value where that is another than now.
func setField(v *slacksim.View, c screenElement, now map[string]any, want []string) error {
	label := fieldName(c.block, c.element)
	one := ""
	if len(want) > 0 {
		one = want[0]
	}
	switch kind := textOf(c.element["type"]); kind {
	case "plain_text_input", "email_text_input", "url_text_input", "number_input":
		one = strings.ReplaceAll(one, "\r\n", "\n")
		if len(want) == 0 || one == textOf(now["value"]) {
			return nil
		}
		return v.Fill(label, one)
	case "datepicker", "timepicker":
		if one == "" || one == textOf(now[map[string]string{"datepicker": "selected_date", "timepicker": "selected_time"}[kind]]) {
			return nil
		}
		return v.Fill(label, one)
	case "datetimepicker":
		if one == "" || one == localTime(now["selected_date_time"]) {
			return nil
		}
		at, err := time.ParseInLocation(localLayout, one, time.Local)
		if err != nil {
			return fmt.Errorf("%q is no date and time", one)
		}
		return v.Fill(label, strconv.FormatInt(at.Unix(), 10))
	case "static_select", "radio_buttons":
		if one == "" || one == textOf(object(now["selected_option"])["value"]) {
			return nil
		}
		return v.Choose(label, optionText(c.element, one))
	case "users_select":
		if one == "" || one == textOf(now["selected_user"]) {
			return nil
		}
		name, _ := called(one)
		return v.Choose(label, name)
	case "checkboxes":
		return setBoxes(v, c, now, want)
	case "multi_static_select":
		var have, texts []string
		for _, o := range items(now["selected_options"]) {
			have = append(have, textOf(object(o)["value"]))
		}
		for _, value := range want {
			texts = append(texts, optionText(c.element, value))
		}
		if slices.Equal(have, want) {
			return nil
		}
		return v.Choose(label, texts...)
	}
	return nil
}

func setBoxes(v *slacksim.View, c screenElement, now map[string]any, want []string) error {
	have := map[string]bool{}
	for _, o := range items(now["selected_options"]) {
		have[textOf(object(o)["value"])] = true
	}
	label := fieldName(c.block, c.element)
	for _, o := range items(c.element["options"]) {
		value, text := textOf(object(o)["value"]), textOf(object(o)["text"])
		set := v.Check
		on := slices.Contains(want, value)
		if !on {
			set = v.Uncheck
		}
		if on == have[value] {
			continue
		}
		if err := set(label, text); err != nil {
			return err
		}
	}
	return nil
}

// localLayout is what a browser's datetime-local field holds. The sandbox and the browser share a time zone.
const localLayout = "2006-01-02T15:04"

func localTime(unix any) string {
	n, ok := unix.(float64)
	if !ok {
		return ""
	}
	return time.Unix(int64(n), 0).Local().Format(localLayout)
}

// fieldKey names an element's field in the page's form.
func fieldKey(block, element map[string]any) string {
	return "field-" + textOf(block["block_id"]) + "-" + textOf(element["action_id"])
}

// fieldName is what slacksim finds an element by.
func fieldName(block, element map[string]any) string {
	for _, v := range []any{block["label"], element["placeholder"], block["text"]} {
		if s := textOf(v); s != "" {
			return s
		}
	}
	return ""
}

// optionText returns the text of the option with that value.
func optionText(element map[string]any, value string) string {
	all := items(element["options"])
	for _, g := range items(element["option_groups"]) {
		all = append(all, items(object(g)["options"])...)
	}
	for _, o := range all {
		if textOf(object(o)["value"]) == value {
			return textOf(object(o)["text"])
		}
	}
	return value
}

// screenElement is something to press or fill, with the block that it is in.
type screenElement struct{ block, element map[string]any }

// elements lists what blocks have to press or fill.
func elements(blocks []any) []screenElement {
	var all []screenElement
	for _, b := range blocks {
		block := object(b)
		found := append([]any{block["element"], block["accessory"]}, items(block["elements"])...)
		for _, e := range found {
			if el := object(e); el["action_id"] != nil {
				all = append(all, screenElement{block, el})
			}
		}
	}
	return all
}

// findElement finds an element of blocks by its two ids; nil when it is not there.
func findElement(raw json.RawMessage, blockID, actionID string) (block, element map[string]any) {
	for _, c := range elements(decodeBlocks(raw)) {
		if textOf(c.block["block_id"]) == blockID && textOf(c.element["action_id"]) == actionID {
			return c.block, c.element
		}
	}
	return nil, nil
}

// viewBody is the part of a view that the page shows.
type viewBody struct {
	Title  any   `json:"title"`
	Submit any   `json:"submit"`
	Close  any   `json:"close"`
	Blocks []any `json:"blocks"`
	State  struct {
		Values map[string]map[string]map[string]any `json:"values"`
	} `json:"state"`
}

// viewOf reads a view. What slacksim gives out is always readable; a view that were not is an empty one.
func viewOf(raw json.RawMessage) viewBody {
	var v viewBody
	if err := json.Unmarshal(raw, &v); err != nil {
		return viewBody{}
	}
	return v
}

func blocksOf(view json.RawMessage) json.RawMessage {
	var v struct {
		Blocks json.RawMessage `json:"blocks"`
	}
	if err := json.Unmarshal(view, &v); err != nil {
		return nil
	}
	return v.Blocks
}

// decodeBlocks reads blocks, none when there are none.
func decodeBlocks(raw json.RawMessage) []any {
	var blocks []any
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return nil
	}
	return blocks
}

func object(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}

func items(v any) []any {
	l, _ := v.([]any)
	return l
}

// textOf reads a string or a text object.
func textOf(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	s, _ := object(v)["text"].(string)
	return s
}
