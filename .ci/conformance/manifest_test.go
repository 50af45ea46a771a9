package conformance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// The bounds of Slack's manifest schema 1.0.0 (github.com/slackapi/manifest-schema, not on npm) on what manifest.yml uses. $.a[*].b is b of
// each element of a; bounds are on characters, or on elements where the value is a list.
var manifestBounds = []struct {
	path       string
	least, top int
	prefix     string
}{
	{path: "$.display_information.name", least: 1, top: 35},
	{path: "$.display_information.description", least: 1, top: 140},
	{path: "$.display_information.long_description", least: 175, top: 4000},
	{path: "$.display_information.background_color", least: 4, top: 7, prefix: "#"},
	{path: "$.features.bot_user.display_name", least: 1, top: 80},
	{path: "$.features.shortcuts", least: 1, top: 10},
	{path: "$.features.shortcuts[*].name", least: 1, top: 24},
	{path: "$.features.shortcuts[*].callback_id", least: 1, top: 255},
	{path: "$.features.shortcuts[*].description", least: 1, top: 150},
	{path: "$.features.slash_commands", least: 1, top: 50},
	{path: "$.features.slash_commands[*].command", least: 2, top: 32, prefix: "/"},
	{path: "$.features.slash_commands[*].description", least: 1, top: 2000},
	{path: "$.features.slash_commands[*].usage_hint", least: 1, top: 1000},
	{path: "$.oauth_config.scopes.bot", least: 1, top: 255},
	{path: "$.oauth_config.scopes.bot[*]", least: 1, top: 50},
	{path: "$.settings.event_subscriptions.bot_events", least: 1, top: 100},
	{path: "$.settings.event_subscriptions.bot_events[*]", least: 1, top: 50},
}

func manifestSource(t *testing.T) []byte {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "..", "manifest.yml"))
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestTheManifestKeepsSlacksBounds(t *testing.T) {
	var manifest any
	if err := yaml.UnmarshalWithOptions(manifestSource(t), &manifest, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	for _, b := range manifestBounds {
		values := at(manifest, strings.Split(strings.ReplaceAll(strings.TrimPrefix(b.path, "$."), "[*]", ".*"), "."))
		if len(values) == 0 {
			t.Errorf("%s: nothing is there", b.path)
		}
		for _, v := range values {
			size := 0
			switch v := v.(type) {
			case string:
				if size = utf8.RuneCountInString(v); !strings.HasPrefix(v, b.prefix) {
					t.Errorf("%s: %q does not begin with %q", b.path, v, b.prefix)
				}
			case []any:
				size = len(v)
			default:
				t.Errorf("%s: %T", b.path, v)
			}
			if size < b.least || size > b.top {
				t.Errorf("%s: %d, not within %d and %d", b.path, size, b.least, b.top)
			}
		}
	}
}

// at returns the values at a path, whose * stands for every element of a list.
func at(v any, path []string) []any {
	if len(path) == 0 {
		return []any{v}
	}
	switch v := v.(type) {
	case map[string]any:
		if inner, ok := v[path[0]]; ok {
			return at(inner, path[1:])
		}
	case []any:
		var out []any
		for _, inner := range v {
			if path[0] == "*" {
				out = append(out, at(inner, path[1:])...)
			}
		}
		return out
	}
	return nil
}
