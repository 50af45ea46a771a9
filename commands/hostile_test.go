package commands_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"portalbot/commands"
	"portalbot/provisioning"
)

// hostile are texts as a CSV, a person or Salesforce may bring them.
var hostile = []string{
	"", " ", "<!channel>", "<!here> & <@U0BEN>", "<https://evil.example|click>", "*bold* _it_ ~no~ `code`", "```block```",
	strings.Repeat("&", 900), strings.Repeat("<", 3000), strings.Repeat("x", 500), strings.Repeat("語", 2000), strings.Repeat("👩‍👩‍👧‍👦", 200),
	"\u202egnirts desrever", "zero\u200bwidth\u200b", "secret.person@acme.example", "a <secret.person@acme.example> b",
	"se\u200bcret.person@acme.example", "=HYPERLINK(\"http://evil\")", "line\nbreak\r\nand\ttab", "\x00\x01\x7f", "\xff\xfe",
	strings.Repeat("secret.person@acme.example ", 80), "> quote", "@here", "secret.person@acme.example.",
}

// dice draws random requests.
type dice struct{ *rand.Rand }

func (d dice) text() string {
	s := hostile[d.IntN(len(hostile))]
	if d.IntN(3) == 0 {
		s += hostile[d.IntN(len(hostile))]
	}
	return s
}

func (d dice) number() int { return []int{0, 1, 2, 7, 52, 999, 1204, 100_000, 12_345_678}[d.IntN(9)] }

func (d dice) rows(n int) []int {
	out := make([]int, d.IntN(n+1))
	for i := range out {
		out[i] = d.IntN(100_000)
	}
	return out
}

func (d dice) problem() provisioning.Problem {
	return provisioning.Problem{Code: d.text(), Text: d.text(), Fix: d.text(), Column: d.text()}
}

// problemOr is a problem that has this code now and then.
func (d dice) problemOr(code string) provisioning.Problem {
	p := d.problem()
	if d.IntN(4) == 0 {
		p.Code = code
	}
	return p
}

func (d dice) shelf() *shelf {
	states := []provisioning.State{
		provisioning.StatePlanning, provisioning.StateDraft, provisioning.StatePending, provisioning.StateApproved,
		provisioning.StateScheduled, provisioning.StateRunning, provisioning.StatePaused, provisioning.StateBlocked,
		provisioning.StateDone, provisioning.StateInvalid, provisioning.StateDenied, provisioning.StateExpired,
		provisioning.StateCancelled, provisioning.StateStopped, provisioning.StateFailed,
	}
	verbs := []provisioning.Verb{provisioning.VerbAdd, provisioning.VerbDisable, provisioning.VerbEnable, provisioning.VerbResend, provisioning.VerbUndo}
	actions := []provisioning.Action{
		provisioning.ActionCreate, provisioning.ActionReactivate, provisioning.ActionDisable, provisioning.ActionFreeze,
		provisioning.ActionSkip, provisioning.ActionInvalid,
	}
	s := &shelf{}
	sum := provisioning.PlanSummary{Actions: map[provisioning.Action]int{}, Touched: d.number(), ExtraApprover: d.text()}
	for n := range d.IntN(40) {
		row := provisioning.PlanRow{
			Pos: n, Number: n + 1, Line: n + 2, Action: actions[d.IntN(len(actions))], Username: d.text(), Email: d.text(),
			ContactID: d.text(), AccountID: d.text(), AccountName: d.text(), Reason: d.problem(), Cells: []string{d.text()},
		}
		s.rows = append(s.rows, row)
		sum.Actions[row.Action]++
		sum.Rows++
		if d.IntN(3) == 0 {
			s.row(n, provisioning.StatusFailed, d.text(), d.text(), d.text())
		}
	}
	for n := range d.IntN(12) {
		sum.Seats = append(sum.Seats, provisioning.SeatChange{License: d.text(), Used: d.number(), After: d.number(), Total: d.number(), LoginBased: d.IntN(2) == 0})
		sum.Accounts = append(sum.Accounts, provisioning.AccountCount{ID: fmt.Sprintf("0015g%010dAAA", n), Name: d.text(), Rows: d.number()})
		sum.Warnings = append(sum.Warnings, provisioning.WarningGroup{Text: d.text(), Rows: d.rows(10), Count: d.number()})
		sum.Notices = append(sum.Notices, d.text())
	}
	for range d.IntN(30) {
		sum.Problems = append(sum.Problems, provisioning.ProblemGroup{Action: actions[4+d.IntN(2)], Problem: d.problemOr(provisioning.CodeLeftOut), Rows: d.rows(10), Count: d.number()})
	}
	r := provisioning.Request{
		ID: "P-17", Rev: 3, State: states[d.IntN(len(states))], Required: d.IntN(4), CreatedAt: noon, PendingAt: noon,
		Terms: provisioning.Terms{
			Verb: verbs[d.IntN(len(verbs))], Method: provisioning.MethodDisable, Portal: d.text(), Requester: "U0ANN", Note: d.text(),
			FileName: d.text(), RefersTo: d.text(), Undoes: d.text(), CreateContacts: true,
		},
		Plan:   provisioning.Plan{ID: []string{"P-17.1", "P-17.18"}[d.IntN(2)], Digest: strings.Repeat("ab", 32), Columns: []provisioning.Column{{Header: d.text()}}, Summary: sum, At: noon},
		Ending: provisioning.Ending{Person: "U0BEN", Reason: d.text()}, Hold: provisioning.Hold{Code: d.text(), Reason: d.text(), Until: noon},
		ExpiresAt: noon, StartAfter: noon, StartedAt: noon, EndedAt: noon.Add(time.Duration(d.number()) * time.Second),
		Progress: provisioning.Progress{
			Total: d.number(), Counts: map[provisioning.Status]int{provisioning.StatusCreated: d.number(), provisioning.StatusFailed: d.number()},
			Adopted: d.number(), FollowFailed: d.number(), FirstAt: noon, LastAt: noon.Add(time.Duration(d.IntN(3)) * time.Minute),
		},
		Restarts: []provisioning.Restart{{Number: 1, Closed: d.number(), Rechecked: d.number()}},
	}
	if d.IntN(2) == 0 {
		r.StopBy = "U0ADMIN"
	}
	for range d.IntN(5) {
		r.Approvals = append(r.Approvals, provisioning.Approval{Person: "U0BEN", At: noon})
	}
	s.request = r
	return s
}

var (
	// live is what would mention or link in mrkdwn.
	live = regexp.MustCompile(`<!(channel|here|everyone)|<https?:`)
	// bare is an address that is not masked.
	bare = regexp.MustCompile(`ecret\.person`)
)

// leaks returns the first text in a message's JSON that mentions, links or shows what it must not.
func leaks(v any, mrkdwn bool) string {
	switch v := v.(type) {
	case map[string]any:
		if v["type"] == "mrkdwn" {
			mrkdwn = true
		}
		for k, x := range v {
			if s := leaks(x, mrkdwn && k == "text"); s != "" {
				return s
			}
		}
	case []any:
		for _, x := range v {
			if s := leaks(x, false); s != "" {
				return s
			}
		}
	case string:
		if bare.MatchString(v) || mrkdwn && live.MatchString(strings.ReplaceAll(v, "<"+commands.ThreadLink+"|", "")) {
			return v
		}
	}
	return ""
}

func TestNoTextBreaksAMessageOrGetsOut(t *testing.T) {
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	for seed := range rounds {
		d := dice{rand.New(rand.NewPCG(17, uint64(seed)))}
		s := d.shelf()
		c := s.renderer(customer())
		for _, kind := range []provisioning.NoticeKind{
			provisioning.NoticeRoot, provisioning.NoticePlan, provisioning.NoticeProgress, provisioning.NoticeDone, provisioning.NoticeStory,
			provisioning.NoticePlanFile, provisioning.NoticeResults,
		} {
			refs := []string{""}
			if kind == provisioning.NoticeStory {
				refs = []string{"approval-1", "denied", "expired", "cancelled", "stop", "restart-1", "nonsense", "remind-1", "amended-18", "narrowed-18-3-U0BEN"}
			}
			for _, ref := range refs {
				p := s.render(t, c, kind, ref)
				if p.Skip {
					continue
				}
				if p.File == nil {
					lintPost(t, p.Text, p.Blocks, p.Fallback)
				}
				for _, js := range [][]byte{wire(t, p.Text, p.Blocks), wire(t, p.Text, p.Fallback)} {
					var m map[string]any
					if err := json.Unmarshal(js, &m); err != nil {
						t.Fatal(err)
					}
					if s := leaks(m["text"], true) + leaks(m["blocks"], false); s != "" {
						t.Errorf("%s %s: this gets out: %q", kind, ref, s)
					}
				}
			}
		}
		lintView(t, commands.PartView(s.request, s.request.Plan.Digest, "C0PORTAL", "1.2"))
		lintView(t, commands.PreviewView(s.request, "*Needs 1 approval.*"))
		lintView(t, commands.HomeView("/portal", "C0PORTAL", commands.HeldAll, commands.Link(s.request), commands.Link(s.request), nil))
		if t.Failed() {
			t.Fatalf("seed %d, state %s", seed, s.request.State)
		}
	}
}
