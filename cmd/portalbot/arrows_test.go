package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows are the imports of our own packages that production code may have. Everything else is forbidden.
var arrows = map[string][]string{
	"cmd/portalbot": {
		"bot", "bot/slacksim", "commands", "provisioning", "provisioning/sheet", "provisioning/report",
		"provisioning/salesforce", "provisioning/salesforce/salesforcesim", "store",
	},
	"commands":                              {"bot", "provisioning", "provisioning/sheet", "provisioning/report"},
	"store":                                 {"provisioning"},
	"provisioning/salesforce":               {"provisioning"},
	"provisioning/report":                   {"provisioning"},
	"provisioning/sheet":                    {},
	"bot":                                   {},
	"provisioning":                          {},
	"bot/slacksim":                          {},
	"provisioning/salesforce/salesforcesim": {},
}

// strangers are modules that a package must not use: the domain is standard library only, and a simulator shares no code with the
// client that it stands against.
var strangers = map[string][]string{
	"provisioning":                          {"."},
	"bot/slacksim":                          {"github.com/slack-go/", "github.com/gorilla/"},
	"provisioning/salesforce/salesforcesim": {"golang.org/x/oauth2"},
}

func TestImportsFollowTheDesign(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		if strings.HasPrefix(pkg, "cmd/") && pkg != "cmd/portalbot" {
			return nil // a module of its own
		}
		allowed, known := arrows[pkg]
		if !known {
			t.Errorf("%s is a package that the design does not know", pkg)
			return nil
		}
		seen[pkg] = true
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if own, ok := strings.CutPrefix(imported, "portalbot/"); ok {
				if !slices.Contains(allowed, own) {
					t.Errorf("%s imports %s: the design has no such arrow", path, own)
				}
				continue
			}
			for _, s := range strangers[pkg] {
				if s == "." && strings.Contains(strings.Split(imported, "/")[0], ".") || s != "." && strings.HasPrefix(imported, s) {
					t.Errorf("%s imports %s, which the design forbids there", path, imported)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) < 9 {
		t.Errorf("saw only %d packages: the test looks in the wrong place", len(seen))
	}
}
