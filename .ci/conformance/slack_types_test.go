package conformance_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"

	"portalbot/bot/slacksim"
)

var golden = filepath.Join("..", "..", "commands", "testdata")

func TestSlacksTypesTakeTheGoldenFilesAndTheManifest(t *testing.T) {
	need(t, installed("typescript"))
	need(t, installed("@slack/types"))
	var manifest map[string]any
	if err := yaml.UnmarshalWithOptions(manifestSource(t), &manifest, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	abs, err := filepath.Abs(golden)
	if err != nil {
		t.Fatal(err)
	}
	node(t, map[string]any{"Golden": abs, "Manifest": manifest}, "--test", "--test-reporter=spec", "types.test.mjs")
}

// TestTheLinterTakesTheGoldenFiles needs nothing from npm.
func TestTheLinterTakesTheGoldenFiles(t *testing.T) {
	checked := 0
	for pattern, lint := range map[string]func([]byte, ...string) []slacksim.Problem{
		"messages": slacksim.LintMessage,
		"views":    slacksim.LintView,
	} {
		paths, err := filepath.Glob(filepath.Join(golden, pattern, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var parts struct{ Text, Blocks, Fallback json.RawMessage }
			if err := json.Unmarshal(data, &parts); err != nil {
				t.Fatal(err)
			}
			checked++
			if pattern == "views" {
				tell(t, path, lint(data))
				continue
			}
			for _, blocks := range []json.RawMessage{parts.Blocks, parts.Fallback} {
				message, err := json.Marshal(map[string]json.RawMessage{"text": parts.Text, "blocks": blocks})
				if err != nil {
					t.Fatal(err)
				}
				if string(blocks) != "null" && blocks != nil {
					tell(t, path, lint(message))
				}
			}
		}
	}
	t.Logf("%d golden files", checked)
	if checked < 10 {
		t.Error("hardly any golden file was found")
	}
}

func tell(t *testing.T, path string, problems []slacksim.Problem) {
	t.Helper()
	for _, p := range problems {
		t.Errorf("%s: %s", path, p)
	}
}
