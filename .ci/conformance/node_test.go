package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// nodeTime bounds one run of a script.
const nodeTime = 4 * time.Minute

// need skips the test where a package of node_modules is not installed.
func need(t *testing.T, path string) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("skipped: node is not installed")
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("skipped: %s is not installed; .ci/conformance/run installs it", path)
	}
}

// node runs a script of this folder to its end. world is what it learns about the simulator; the script finds it as JSON in WORLD.
func node(t *testing.T, world any, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), nodeTime)
	defer cancel()
	cmd, out := command(ctx, t, world, "node", args...)
	start := time.Now()
	err := cmd.Run()
	t.Logf("%v, %.1f s\n%s", args, time.Since(start).Seconds(), out)
	if err != nil {
		t.Errorf("%v: %v", args, err)
	}
}

// command prepares a program with a home directory of its own and none of this process's secrets or proxies.
func command(ctx context.Context, t *testing.T, world any, name string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	data, err := json.Marshal(world)
	if err != nil {
		t.Fatal(err)
	}
	out := &bytes.Buffer{}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "NO_COLOR=1", "TZ=UTC", "WORLD=" + string(data)}
	return cmd, out
}

// installed is the path of an npm package of this folder.
func installed(name string) string { return filepath.Join("node_modules", filepath.FromSlash(name)) }
