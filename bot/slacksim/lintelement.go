package slacksim

import (
	"fmt"
	"regexp"
	"slices"
)

var (
	selects = []string{"static_select", "external_select", "users_select", "conversations_select", "channels_select"}
	multis  = []string{
		"multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select", "multi_channels_select",
	}
	pickers = []string{"datepicker", "timepicker", "datetimepicker"}
	// accessories are the elements that may stand beside a section's text.
	accessories = slices.Concat([]string{"button", "checkboxes", "image", "overflow", "radio_buttons", "workflow_button", "datepicker", "timepicker"}, selects, multis)
	// actionElements are the elements of an actions block.
	actionElements = slices.Concat([]string{"button", "checkboxes", "overflow", "radio_buttons", "workflow_button", "rich_text_input"}, selects, multis, pickers)
	inputs         = slices.Concat([]string{
		"checkboxes", "radio_buttons", "plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input",
	}, selects, multis, pickers)
)

var (
	isoDate = regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`)
	clock24 = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$`)
	decimal = regexp.MustCompile(`^-?\d+(\.\d+)?$`)
)

// inputElements are the elements of an input block; file_input only works in modals.
func (l *linter) inputElements() []string {
	if l.surface == onModal {
		return append(slices.Clone(inputs), "file_input")
	}
	return inputs
}

// elementOf checks an element of one of the kinds inside a block of the type named.
func elementOf(parent string, kinds ...string) rule {
	return func(l *linter, p string, v any) {
		el := obj(v)
		if el == nil {
			l.fail(p, "must provide an object")
			return
		}
		kind := str(el["type"])
		fs := elementFields(kind, parent)
		if !slices.Contains(kinds, kind) || fs == nil {
			l.fail(p+"/type", "unsupported type: %s", kind)
			return
		}
		if takesActionID(kind) {
			fs["action_id"] = opt(text(1, maxID))
		}
		l.object(p, el, fs)
		if el["focus_on_load"] == true {
			l.focused++
		}
		l.elementWhole(p, kind, el)
	}
}

// elementWhole checks what concerns several fields of an element.
func (l *linter) elementWhole(p, kind string, el map[string]any) {
	switch kind {
	case "static_select", "multi_static_select":
		if (el["options"] == nil) == (el["option_groups"] == nil) {
			l.fail(p, "must define either `options` or `option_groups`")
		}
	case "image":
		if (el["image_url"] == nil) == (el["slack_file"] == nil) {
			l.fail(p, "must define either `image_url` or `slack_file`")
		}
	case "plain_text_input":
		low, _ := el["min_length"].(float64)
		if high, ok := el["max_length"].(float64); ok && low > high {
			l.fail(p+"/min_length", "must be less than or equal to max_length")
		}
	}
	l.initialOptions(p, el)
	l.optionValues(p, el)
}

// initialOptions checks that what is chosen at first is among the options.
func (l *linter) initialOptions(p string, el map[string]any) {
	if kind := str(el["type"]); slices.Contains([]string{"external_select", "multi_external_select"}, kind) {
		return
	}
	among := func(o any) bool {
		return slices.ContainsFunc(elementOptions(el), func(x map[string]any) bool {
			return str(x["value"]) == str(obj(o)["value"]) && str(obj(x["text"])["text"]) == str(obj(obj(o)["text"])["text"])
		})
	}
	if o := el["initial_option"]; o != nil && !among(o) {
		l.fail(p+"/initial_option", "must be one of the provided options")
	}
	for i, o := range list(el["initial_options"]) {
		if !among(o) {
			l.fail(fmt.Sprintf("%s/initial_options/%d", p, i), "must be one of the provided options")
		}
	}
}

// optionValues checks that no two options share a value.
func (l *linter) optionValues(p string, el map[string]any) {
	seen := map[string]bool{}
	for _, o := range elementOptions(el) {
		v, ok := o["value"].(string)
		if !ok {
			continue
		}
		if seen[v] {
			l.fail(p, "option value %q is not unique", v)
		}
		seen[v] = true
	}
}

func elementFields(kind, parent string) fields {
	placeholder, focus, sure := opt(plain(maxPlaceholder)), opt(boolean), opt(confirm)
	style := opt(oneOf("primary", "danger"))
	switch kind {
	case "button":
		return fields{
			"text": req(plain(maxButtonText)), "value": opt(text(0, maxButtonValue)), "url": opt(link), "style": style, "confirm": sure,
			"accessibility_label": opt(text(1, maxAccessibility)),
		}
	case "workflow_button":
		return fields{
			"text": req(plain(maxButtonText)), "workflow": req(object(fields{"trigger": req(object(fields{
				"url": req(link), "customizable_input_parameters": opt(items(0, 0, object(fields{"name": req(text(1, 0)), "value": req(text(0, 0))}))),
			}))})), "style": style, "accessibility_label": opt(text(1, maxAccessibility)),
		}
	case "icon_button":
		return fields{
			"icon": req(oneOf("trash")), "text": req(plain(maxButtonText)), "value": opt(text(0, maxButtonValue)), "confirm": sure,
			"accessibility_label": opt(text(1, maxAccessibility)), "visible_to_user_ids": opt(items(0, 0, text(1, 0))),
		}
	case "feedback_buttons":
		one := req(object(fields{
			"text": req(plain(maxButtonText)), "value": req(text(1, maxButtonValue)), "accessibility_label": opt(text(1, maxAccessibility)),
		}))
		return fields{"positive_button": one, "negative_button": one}
	case "image":
		return fields{"image_url": opt(link), "slack_file": opt(slackFile), "alt_text": req(text(1, maxImageText))}
	case "checkboxes":
		return fields{
			"options": req(items(1, maxChoices, option(true))), "initial_options": opt(items(1, maxChoices, option(true))),
			"confirm": sure, "focus_on_load": focus,
		}
	case "radio_buttons":
		return fields{
			"options": req(items(1, maxChoices, option(true))), "initial_option": opt(option(true)), "confirm": sure, "focus_on_load": focus,
		}
	case "overflow":
		return fields{"options": req(items(1, maxOverflow, overflowOption)), "confirm": sure}
	case "datepicker":
		return fields{"placeholder": placeholder, "initial_date": opt(pattern(isoDate, "must be a date, YYYY-MM-DD")), "confirm": sure, "focus_on_load": focus}
	case "timepicker":
		return fields{
			"placeholder": placeholder, "initial_time": opt(pattern(clock24, "must be a time, HH:mm")), "timezone": opt(text(1, 0)),
			"confirm": sure, "focus_on_load": focus,
		}
	case "datetimepicker":
		return fields{"initial_date_time": opt(integer(1e9, 9_999_999_999)), "confirm": sure, "focus_on_load": focus}
	case "file_input":
		return fields{"filetypes": opt(items(1, 0, text(1, 0))), "max_files": opt(integer(1, maxFileInputFiles))}
	}
	if fs := typedFields(kind); fs != nil {
		return fs
	}
	return selectFields(kind, parent)
}

// typedFields are the fields of the inputs that one types into.
func typedFields(kind string) fields {
	fs := fields{
		"placeholder": opt(plain(maxPlaceholder)), "focus_on_load": opt(boolean),
		"dispatch_action_config": opt(object(fields{
			"trigger_actions_on": req(items(1, 2, oneOf("on_enter_pressed", "on_character_entered"))),
		})),
	}
	switch kind {
	case "plain_text_input":
		fs["initial_value"], fs["multiline"] = opt(text(0, maxPlainInput)), opt(boolean)
		fs["min_length"], fs["max_length"] = opt(integer(0, maxPlainInput)), opt(integer(1, maxPlainInput))
	case "email_text_input":
		fs["initial_value"] = opt(text(1, 0))
	case "url_text_input":
		fs["initial_value"] = opt(link)
	case "number_input":
		fs["is_decimal_allowed"] = req(boolean)
		for _, k := range []string{"initial_value", "min_value", "max_value"} {
			fs[k] = opt(pattern(decimal, "must be a number"))
		}
	case "rich_text_input":
		fs["initial_value"] = opt(richText)
		fs["min_lines"], fs["max_lines"] = opt(integer(1, 100)), opt(integer(1, 100))
	default:
		return nil
	}
	return fs
}

// selectFields are the fields of the select menus.
func selectFields(kind, parent string) fields {
	fs := fields{"placeholder": opt(plain(maxPlaceholder)), "confirm": opt(confirm), "focus_on_load": opt(boolean)}
	single := slices.Contains(selects, kind)
	if !single && !slices.Contains(multis, kind) {
		return nil
	}
	if !single {
		fs["max_selected_items"] = opt(integer(1, maxOptions))
	}
	initial := func(one, many string, r rule) {
		if single {
			fs[one] = opt(r)
		} else {
			fs[many] = opt(items(1, maxOptions, r))
		}
	}
	switch kind {
	case "static_select", "multi_static_select":
		fs["options"] = opt(items(1, maxOptions, option(false)))
		fs["option_groups"] = opt(items(1, maxOptions, object(fields{
			"label": req(plain(maxOptionText)), "options": req(items(1, maxOptions, option(false))),
		})))
		initial("initial_option", "initial_options", option(false))
	case "external_select", "multi_external_select":
		fs["min_query_length"] = opt(integer(0, 255))
		initial("initial_option", "initial_options", option(false))
	case "users_select", "multi_users_select":
		initial("initial_user", "initial_users", text(1, 0))
	case "conversations_select", "multi_conversations_select":
		fs["default_to_current_conversation"] = opt(boolean)
		fs["filter"] = opt(object(fields{
			"include":                          opt(items(1, 4, oneOf("im", "mpim", "private", "public"))),
			"exclude_external_shared_channels": opt(boolean), "exclude_bot_users": opt(boolean),
		}))
		initial("initial_conversation", "initial_conversations", text(1, 0))
	case "channels_select", "multi_channels_select":
		initial("initial_channel", "initial_channels", text(1, 0))
	}
	if single && parent == "input" && (kind == "conversations_select" || kind == "channels_select") {
		fs["response_url_enabled"] = opt(boolean)
	}
	return fs
}

// option checks an option; mrkdwn says whether its text may be mrkdwn.
func option(mrkdwn bool) rule {
	txt, desc := plain(maxOptionText), plain(maxOptionText)
	if mrkdwn {
		txt, desc = either(maxOptionText), either(maxOptionText)
	}
	return object(fields{"text": req(txt), "value": req(text(1, maxOptionValue)), "description": opt(desc)})
}

func overflowOption(l *linter, p string, v any) {
	l.object(p, v, fields{
		"text": req(plain(maxOptionText)), "value": req(text(1, maxOptionValue)), "description": opt(plain(maxOptionText)), "url": opt(link),
	})
}

func confirm(l *linter, p string, v any) {
	l.object(p, v, fields{
		"title": req(plain(maxConfirmTitle)), "text": req(either(maxConfirmText)), "confirm": req(plain(maxConfirmButton)),
		"deny": req(plain(maxConfirmButton)), "style": opt(oneOf("primary", "danger")),
	})
}

func pattern(re *regexp.Regexp, message string) rule {
	return func(l *linter, p string, v any) {
		if s, ok := v.(string); !ok || !re.MatchString(s) {
			l.fail(p, "%s", message)
		}
	}
}
