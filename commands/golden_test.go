package commands_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"portalbot/bot/slacksim"
	"portalbot/commands"
	"portalbot/provisioning"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file under testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; if that is meant, run go test ./commands -update\n%s", path, got)
	}
}

// pretty is JSON for people who read golden files.
func pretty(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// examples are requests in every state that people see.
func examples() map[string]*shelf {
	st := func(created, skipped, failed int) map[provisioning.Status]int {
		return map[provisioning.Status]int{
			provisioning.StatusCreated: created, provisioning.StatusSkipped: skipped, provisioning.StatusFailed: failed,
		}
	}
	scheduled := example().approved("U0BEN", "U0CAS")
	scheduled.request.State, scheduled.request.StartAfter = provisioning.StateScheduled, noon.Add(6*time.Hour)
	paused := example().running(st(1, 1, 0))
	paused.request.State = provisioning.StatePaused
	paused.request.Hold = provisioning.Hold{Code: provisioning.HoldBudget, Reason: "The org's daily API requests are nearly used up.", Until: noon.Add(time.Hour)}
	blocked := example().running(st(1, 1, 0))
	blocked.row(2, provisioning.StatusUnknown, provisioning.CodeMailUnknown, "The answer to this row's call was lost.", "Ask the person.")
	blocked.request.Progress.Counts[provisioning.StatusUnknown] = 1
	blocked.request.State, blocked.request.Hold = provisioning.StateBlocked, provisioning.Hold{Code: provisioning.HoldUnknown}
	stopping := example().running(st(1, 1, 0))
	stopping.request.StopBy = "U0ADMIN"
	restarted := example().running(st(1, 1, 0))
	restarted.request.Restarts = []provisioning.Restart{{Number: 1, At: noon, Closed: 1, Rechecked: 3}}
	stopped := example().running(map[provisioning.Status]int{
		provisioning.StatusCreated: 1, provisioning.StatusSkipped: 1, provisioning.StatusNotStarted: 1,
	}).ended(provisioning.StateStopped, "U0ADMIN", "stopped").row(0, provisioning.StatusCreated, "", "", "")
	lost := example().running(st(2, 1, 0)).ended(provisioning.StateDone, "", "").
		row(0, provisioning.StatusCreated, "", "", "").row(2, provisioning.StatusCreated, "", "", "")
	lost.journal = append(lost.journal, provisioning.Entry{Seq: 3, Call: 2, Step: provisioning.StepAssign, Rows: []provisioning.RowRecord{
		{Pos: 2, Status: provisioning.StatusFailed, Code: "DUPLICATE_VALUE", Text: "Permission set Billing is not for this licence.", Fix: "Take it out of the file."},
	}})
	lost.request.Progress.Adopted, lost.request.Progress.FollowFailed = 1, 1
	failing := example().running(st(1, 1, 1)).ended(provisioning.StateDone, "", "").
		row(0, provisioning.StatusCreated, "", "", "").
		row(2, provisioning.StatusFailed, "DUPLICATE_USERNAME", "Username finn@acme.com exists in this or another org.", "Choose another Username.")
	retry := example()
	retry.request.Terms.RefersTo = "P-12"
	undo := example()
	undo.request.Terms.Verb, undo.request.Terms.RefersTo, undo.request.Terms.Undoes = provisioning.VerbUndo, "P-12", "P-12"
	undo.request.Plan.Summary.Actions = map[provisioning.Action]int{provisioning.ActionDeactivate: 2, provisioning.ActionFreeze: 1}
	lastCall := example()
	lastCall.request.Reminders = 2
	amended := example()
	amended.request.Plan.ID, amended.request.Terms.StartAfter = "P-17.18", noon.Add(6*time.Hour)
	narrowed := example().approved("U0BEN")
	narrowed.request.Plan.ID = "P-17.19"
	narrowed.request.Plan.Summary.Problems = []provisioning.ProblemGroup{{Action: provisioning.ActionSkip, Rows: []int{1}, Count: 1, Problem: provisioning.Problem{
		Code: provisioning.CodeLeftOut, Text: "Left out by the approver: not <@U0ANN>'s account", Fix: "Clear that up, then send these rows as a new request.",
	}}}
	waiting := example().approved("U0BEN")
	waiting.request.Reminders, waiting.request.RemindAt = 1, noon.Add(66*time.Hour)
	return map[string]*shelf{
		"pending":   example(),
		"waiting":   waiting,
		"last-call": lastCall,
		"amended":   amended,
		"narrowed":  narrowed,
		"retry":     retry,
		"undo":      undo,
		"half":      example().approved("U0BEN"),
		"approved":  example().approved("U0BEN", "U0CAS"),
		"scheduled": scheduled,
		"running":   example().running(st(1, 1, 0)),
		"paused":    paused,
		"blocked":   blocked,
		"stopping":  stopping,
		"restarted": restarted,
		"done": example().running(st(2, 1, 0)).ended(provisioning.StateDone, "", "").
			row(0, provisioning.StatusCreated, "", "", "").row(2, provisioning.StatusCreated, "", "", ""),
		"done-lost":    lost,
		"done-failing": failing,
		"stopped":      stopped,
		"failed": example().running(map[provisioning.Status]int{provisioning.StatusSkipped: 1, provisioning.StatusNotStarted: 2}).
			ended(provisioning.StateFailed, "", "The profile <Customer> may not be given by this user"),
		"denied":    example().ended(provisioning.StateDenied, "U0BEN", "Wrong account & wrong month"),
		"expired":   example().ended(provisioning.StateExpired, "", "nobody decided in time"),
		"cancelled": example().ended(provisioning.StateCancelled, "U0ANN", "mended file follows"),
	}
}

// stories are the story notices that a state has seen.
func stories(s *shelf) []string {
	var refs []string
	for i := range s.request.Approvals {
		refs = append(refs, "approval-"+string(rune('1'+i)))
	}
	if n := s.request.Reminders; n > 0 {
		refs = append(refs, "remind-"+string(rune('0'+n)))
	}
	switch s.request.Plan.ID {
	case "P-17.18":
		refs = append(refs, "amended-18")
	case "P-17.19":
		refs = []string{"narrowed-19-1-U0BEN"}
	}
	switch s.request.State {
	case provisioning.StateDenied, provisioning.StateExpired, provisioning.StateCancelled:
		refs = append(refs, string(s.request.State))
	}
	if s.request.StopBy != "" {
		refs = append(refs, "stop")
	}
	if len(s.request.Restarts) > 0 {
		refs = append(refs, "restart-1")
	}
	return refs
}

func TestMessagesReadAsTheGoldenFilesSay(t *testing.T) {
	for name, s := range examples() {
		t.Run(name, func(t *testing.T) {
			c := s.renderer(customer())
			kinds := []provisioning.NoticeKind{provisioning.NoticeRoot, provisioning.NoticePlan}
			if s.request.State.Started() {
				kinds = append(kinds, provisioning.NoticeProgress)
			}
			if s.request.State.Started() && s.request.State.Ended() {
				kinds = append(kinds, provisioning.NoticeDone)
			}
			if ref := provisioning.PlanRef(s.request); ref != "" {
				p := s.render(t, c, provisioning.NoticePlan, ref)
				lintPost(t, p.Text, p.Blocks, p.Fallback)
				golden(t, "messages/"+name+"-newplan.json", pretty(t, map[string]any{"text": p.Text, "blocks": p.Blocks, "fallback": p.Fallback}))
			}
			for _, kind := range kinds {
				p := s.render(t, c, kind, "")
				lintPost(t, p.Text, p.Blocks, p.Fallback)
				golden(t, "messages/"+name+"-"+string(kind)+".json", pretty(t, map[string]any{"text": p.Text, "blocks": p.Blocks, "fallback": p.Fallback}))
			}
			var lines []string
			for _, ref := range stories(s) {
				p := s.render(t, c, provisioning.NoticeStory, ref)
				lintPost(t, p.Text, p.Blocks, nil)
				lines = append(lines, ref+": "+p.Text)
			}
			if len(lines) > 0 {
				golden(t, "messages/"+name+"-story.txt", []byte(strings.Join(lines, "\n")+"\n"))
			}
		})
	}
}

func TestFilesReadAsTheGoldenFilesSay(t *testing.T) {
	s := examples()["done-failing"]
	c := s.renderer(customer())
	for _, kind := range []provisioning.NoticeKind{provisioning.NoticePlanFile, provisioning.NoticeResults} {
		p := s.render(t, c, kind, "")
		var b bytes.Buffer
		if err := p.File.Write(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, "files/"+p.File.Name, b.Bytes())
	}
	if p := s.render(t, c, provisioning.NoticeResults, ""); p.ThreadKey != "P-17/root" {
		t.Errorf("the results go to %+v", p)
	}
}

func TestFilesGoToTheRequesterAloneWhereThePortalSaysSo(t *testing.T) {
	portal := customer()
	portal.FilesToDM = true
	s := examples()["done-failing"]
	c := s.renderer(portal)
	for _, kind := range []provisioning.NoticeKind{provisioning.NoticePlanFile, provisioning.NoticeResults} {
		if p := s.render(t, c, kind, ""); p.Channel != "U0ANN" || p.ThreadKey != "" {
			t.Errorf("%s goes to %q, thread %q", kind, p.Channel, p.ThreadKey)
		}
	}
	if p := s.render(t, c, provisioning.NoticeDone, ""); !strings.Contains(p.Text, "I sent you the results") {
		t.Error(p.Text)
	}
}

func TestViewsReadAsTheGoldenFilesSay(t *testing.T) {
	forGood := example().request
	forGood.State, forGood.PendingAt = provisioning.StateDraft, time.Time{}
	forGood.Terms.Verb, forGood.Terms.Method = provisioning.VerbDisable, provisioning.MethodDisable
	forGood.Plan.Summary.Actions = map[provisioning.Action]int{provisioning.ActionDisable: 3}
	draft := example().request
	draft.State, draft.PendingAt = provisioning.StateDraft, time.Time{}
	several := example().request
	several.Plan.Summary.Touched, several.Plan.Summary.Accounts = 3, []provisioning.AccountCount{
		{ID: "0015g0000000001AAA", Name: "Acme & Sons", Rows: 30}, {ID: "0015g0000000002AAA", Rows: 20},
	}
	replacing := draft
	replacing.ID, replacing.Terms.Amends, replacing.Terms.StartAfter = "P-18", "P-17", noon.Add(6*time.Hour)
	for name, v := range map[string]any{
		"part":             commands.PartView(several, several.Plan.Digest, "C0PORTAL", "1700000000.000100"),
		"preview-replace":  commands.PreviewView(replacing, "*Needs 2 approvals.*"),
		"preview":          commands.PreviewView(draft, "*Needs 1 approval.* <@U0BEN> can give it."),
		"preview-for-good": commands.PreviewView(forGood, "*Needs 2 approvals.*"),
		"deny":             commands.DenyView("P-17", draft.Plan.Digest, "C0PORTAL", "1700000000.000100"),
		"home": commands.HomeView("/portal", "C0PORTAL", commands.HeldAll,
			commands.Link(example().request), nil, []commands.Linked{{Request: draft}}),
	} {
		t.Run(name, func(t *testing.T) {
			lintView(t, v)
			golden(t, "views/"+name+".json", pretty(t, v))
		})
	}
}

// lintPost holds a message, and its fallback where the workspace has none of the newer blocks, against Slack's rules.
func lintPost(t *testing.T, text string, blocks, fallback []slack.Block) {
	t.Helper()
	for _, p := range slacksim.LintMessage(wire(t, text, blocks)) {
		t.Errorf("Slack refuses it: %s %s", p.Code, p)
	}
	if fallback == nil {
		fallback = blocks
	}
	for _, p := range slacksim.LintMessage(wire(t, text, fallback), slacksim.NewerBlocks()...) {
		t.Errorf("Slack refuses the fallback: %s %s", p.Code, p)
	}
	if n := len([]rune(text)); n > 4000 {
		t.Errorf("the text has %d characters", n)
	}
}

func lintView(t *testing.T, v any) {
	t.Helper()
	js, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range slacksim.LintView(js) {
		t.Errorf("Slack refuses it: %s %s", p.Code, p)
	}
}
