package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"portalbot/bot/slacksim"
	"portalbot/commands"
	"portalbot/provisioning/salesforce/salesforcesim"
)

// scopesOf lists the bot scopes that a method of the Web API needs. Source: docs.slack.dev/reference/methods, one page each.
var scopesOf = map[string][]string{
	"apps.connections.open":        nil, // the app-level token's connections:write
	"auth.test":                    nil,
	"chat.getPermalink":            nil,
	"chat.postEphemeral":           {"chat:write"},
	"chat.postMessage":             {"chat:write"},
	"chat.update":                  {"chat:write"},
	"conversations.history":        {"channels:history", "groups:history", "im:history"},
	"conversations.replies":        {"channels:history", "groups:history", "im:history"},
	"files.completeUploadExternal": {"files:write"},
	"files.delete":                 {"files:write"},
	"files.getUploadURLExternal":   {"files:write"},
	"files.info":                   {"files:read"},
	"usergroups.users.list":        {"usergroups:read"},
	"users.info":                   {"users:read"},
	"views.open":                   nil,
	"views.publish":                nil,
	"views.push":                   nil,
	"views.update":                 nil,
}

// scopeOfEvent is the scope that an event needs. Source: docs.slack.dev/reference/events.
var scopeOfEvent = map[string]string{"app_home_opened": "", "app_mention": "app_mentions:read", "message.im": "im:history"}

type manifest struct {
	Features struct {
		Shortcuts []struct {
			Name     string `yaml:"name"`
			Type     string `yaml:"type"`
			Callback string `yaml:"callback_id"`
		} `yaml:"shortcuts"`
		Commands []struct {
			Command string `yaml:"command"`
			URL     string `yaml:"url"`
		} `yaml:"slash_commands"`
	} `yaml:"features"`
	OAuth struct {
		Scopes struct {
			Bot []string `yaml:"bot"`
		} `yaml:"scopes"`
	} `yaml:"oauth_config"`
	Settings struct {
		Events struct {
			Bot []string `yaml:"bot_events"`
		} `yaml:"event_subscriptions"`
		Interactivity struct {
			Enabled bool `yaml:"is_enabled"`
		} `yaml:"interactivity"`
		SocketMode bool `yaml:"socket_mode_enabled"`
		Rotation   bool `yaml:"token_rotation_enabled"`
	} `yaml:"settings"`
}

func readManifest(t *testing.T) manifest {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "manifest.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := yaml.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// source returns the production code of a package.
func source(t *testing.T, pkg string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", pkg, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of %s: %v", pkg, err)
	}
	var all strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}

var methodName = regexp.MustCompile(`"((?:auth|chat|views|files|users|usergroups|conversations|apps|reactions|bots)\.[a-zA-Z.]+)"`)

func TestManifestHasExactlyTheScopesThatTheCodeNeeds(t *testing.T) {
	m := readManifest(t)
	need := map[string]string{"commands": "the slash command", "files:read": "the file input"}
	for _, found := range methodName.FindAllStringSubmatch(source(t, "bot"), -1) {
		method := found[1]
		scopes, known := scopesOf[method]
		if !known {
			t.Errorf("bot calls %s: add its scopes to this test's table", method)
		}
		for _, s := range scopes {
			need[s] = method
		}
	}
	for _, event := range m.Settings.Events.Bot {
		scope, known := scopeOfEvent[event]
		if !known {
			t.Errorf("the manifest subscribes to %s, which the code does not handle", event)
		}
		if scope != "" {
			need[scope] = event
		}
	}
	for s, why := range need {
		if !slices.Contains(m.OAuth.Scopes.Bot, s) {
			t.Errorf("the manifest lacks scope %s, which %s needs", s, why)
		}
	}
	for _, s := range m.OAuth.Scopes.Bot {
		if need[s] == "" {
			t.Errorf("the manifest asks for scope %s, which nothing needs", s)
		}
	}
}

func TestManifestKnowsTheEventsCommandsAndShortcutsOfTheCode(t *testing.T) {
	m := readManifest(t)
	bot := source(t, "bot")
	for event, code := range map[string]string{"app_mention": `"app_mention"`, "app_home_opened": `"app_home_opened"`, "message.im": `ChannelType == "im"`} {
		if slices.Contains(m.Settings.Events.Bot, event) != strings.Contains(bot, code) {
			t.Errorf("event %s is in the manifest or in the code, not in both", event)
		}
	}
	if len(m.Features.Commands) != 1 || m.Features.Commands[0].Command != "/portal" || m.Features.Commands[0].URL != "" {
		t.Errorf("commands %+v, want /portal without a URL", m.Features.Commands)
	}
	if len(m.Features.Shortcuts) != 1 || m.Features.Shortcuts[0].Callback != commands.ShortcutAdd || len(m.Features.Shortcuts[0].Name) > 24 {
		t.Errorf("shortcuts %+v, want %s with at most 24 characters", m.Features.Shortcuts, commands.ShortcutAdd)
	}
	if !m.Settings.SocketMode || !m.Settings.Interactivity.Enabled || m.Settings.Rotation {
		t.Errorf("settings %+v: Socket Mode and interactivity on, token rotation off", m.Settings)
	}
}

// The whole story runs with the manifest's scopes, and calls no method that the table above does not know.
func TestTheStoryNeedsNoMoreThanTheManifest(t *testing.T) {
	w := newWorld(t, 3, salesforcesim.Config{})
	w.ws.SetScopes(readManifest(t).OAuth.Scopes.Bot...)
	w.ws.OnCall(nil, func(c slacksim.Call, r slacksim.Reply) {
		if r.Body["error"] == "missing_scope" {
			t.Errorf("%s needs scope %v, which the manifest does not have", c.Method, r.Body["needed"])
		}
		if _, known := scopesOf[c.Method]; !known && strings.Contains(c.Method, ".") {
			t.Errorf("the story calls %s: add its scopes to this test's table", c.Method)
		}
	})
	l := w.start(outside{})
	defer l.end(false)
	w.play(nil)
	w.settled()
	w.wantOnce()
}
