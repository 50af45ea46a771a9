package slacksim

import "fmt"

// lintView checks a modal or Home view.
func lintView(v any, unavailable []string) []Problem {
	l := &linter{code: "invalid_arguments", unavailable: unavailable}
	o := obj(v)
	if o == nil {
		l.fail("/view", "must provide an object")
		return l.problems
	}
	if n := len(mustJSON(o)); n > maxViewBytes {
		return []Problem{{Code: "view_too_large", Message: fmt.Sprintf("view of %d bytes is too large", n), Pointer: "/view"}}
	}
	fs := fields{
		"blocks":           req(func(*linter, string, any) {}),
		"private_metadata": opt(text(0, maxMetadata)), "callback_id": opt(text(0, maxID)), "external_id": opt(text(0, maxID)),
	}
	switch str(o["type"]) {
	case "modal":
		l.surface = onModal
		fs["title"], fs["submit"], fs["close"] = req(plain(maxModalTitle)), opt(plain(maxModalTitle)), opt(plain(maxModalTitle))
		fs["clear_on_close"], fs["notify_on_close"], fs["submit_disabled"] = opt(boolean), opt(boolean), opt(boolean)
	case "home":
		l.surface = onHome
	default:
		l.fail("/view/type", "must be one of %v", []string{"modal", "home"})
		return l.problems
	}
	l.object("/view", o, fs)
	blocks, ok := o["blocks"].([]any)
	if !ok {
		l.fail("/view/blocks", "must provide an array")
		return l.problems
	}
	l.blocks("/view/blocks", blocks, maxViewBlocks)
	if l.surface == onModal && l.inputs > 0 && o["submit"] == nil {
		l.fail("/view", "missing required field: submit")
	}
	return l.problems
}
