package commands_test

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"log/slog"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"portalbot/bot"
	"portalbot/commands"
	"portalbot/provisioning"
)

// shelf is a store with one request, for rendering: Commands only reads through it.
type shelf struct {
	provisioning.Store // what rendering does not use is nil and would panic

	request provisioning.Request
	rows    []provisioning.PlanRow
	journal []provisioning.Entry
}

func (s *shelf) Request(_ context.Context, id string) (provisioning.Request, error) {
	if id != s.request.ID {
		return provisioning.Request{}, provisioning.ErrNotFound
	}
	return s.request, nil
}

func (s *shelf) PlanRowsByNumber(_ context.Context, _ string, number, n int) ([]provisioning.PlanRow, error) {
	return s.rows[min(number-1, len(s.rows)):min(number-1+n, len(s.rows))], nil
}

func (s *shelf) Journal(context.Context, string, uint64) iter.Seq2[provisioning.Entry, error] {
	return func(yield func(provisioning.Entry, error) bool) {
		for _, e := range s.journal {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// renderer returns Commands over a shelf.
func (s *shelf) renderer(portal provisioning.Portal) *commands.Commands {
	log := slog.New(slog.DiscardHandler)
	engine := provisioning.NewEngine(s, nil, provisioning.Options{}, time.Now, log)
	service := provisioning.NewService(s, nil, nil, engine, provisioning.Config{
		Portals: map[string]provisioning.Portal{portal.Name: portal},
	}, time.Now)
	return commands.New(commands.Config{Service: service, Channel: "C0PORTAL", Now: func() time.Time { return noon.Add(10 * time.Minute) }, Log: log})
}

// render renders one notice of the request.
func (s *shelf) render(t *testing.T, c *commands.Commands, kind provisioning.NoticeKind, ref string) bot.Post {
	t.Helper()
	n := provisioning.Notice{Request: s.request.ID, Kind: kind, Ref: ref}
	p, err := c.Render(t.Context(), bot.Item{ID: 1, Lane: n.Request, Key: n.Key(), Rev: s.request.Rev})
	if err != nil {
		t.Fatal(err)
	}
	if p.File != nil {
		if err := p.File.Write(io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// wire is a message as it goes to Slack.
func wire(t *testing.T, text string, blocks []slack.Block) []byte {
	t.Helper()
	js, err := json.Marshal(struct {
		Text   string        `json:"text"`
		Blocks []slack.Block `json:"blocks,omitempty"`
	}{text, blocks})
	if err != nil {
		t.Fatal(err)
	}
	return js
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// example is a request of 52 rows on one account that was sent to its approvers.
func example() *shelf {
	rows := []provisioning.PlanRow{
		{
			Number: 1, Line: 2, Pos: 0, Action: provisioning.ActionCreate, Username: "dora@acme.com", Email: "dora@acme.com",
			ContactID: "0035g0000000001AAA", AccountID: "0015g0000000001AAA", AccountName: "Acme & Sons", Cells: []string{"dora@acme.com", "=1+1"},
			Fields: []provisioning.Field{{Name: "Alias", Value: "dora"}, {Name: "LastName", Value: "Dee"}},
		},
		{
			Number: 2, Line: 3, Pos: 1, Action: provisioning.ActionSkip, Username: "eve@acme.com", Email: "eve@acme.com",
			ContactID: "0035g0000000002AAA", AccountID: "0015g0000000001AAA", AccountName: "Acme & Sons", Cells: []string{"eve@acme.com", ""},
			Reason: provisioning.Problem{Code: provisioning.CodeAlreadyActive, Text: "The contact has the active user eve@acme.com already."},
		},
		{
			Number: 3, Line: 4, Pos: 2, Action: provisioning.ActionCreate, Username: "finn@acme.com", Email: "finn@acme.com",
			AccountID: "0015g0000000001AAA", AccountName: "Acme & Sons", Cells: []string{"finn@acme.com", ""},
			NewContact: []provisioning.Field{{Name: "LastName", Value: "Finn"}},
		},
	}
	r := provisioning.Request{
		ID: "P-17", Rev: 5, State: provisioning.StatePending, Required: 2, CreatedAt: noon, PendingAt: noon, ExpiresAt: noon.Add(72 * time.Hour),
		Terms: provisioning.Terms{
			Verb: provisioning.VerbAdd, Portal: "customer", Requester: "U0ANN", Note: "Ticket 4711 <!channel> for dora@acme.com",
			Mail: provisioning.MailHeader, FileName: "people.csv",
		},
		Plan: provisioning.Plan{
			ID: "P-17.1", Digest: "8c6f2a9b3d4e5f60718293a4b5c6d7e8f90123456789abcdef0123456789abcd", At: noon,
			Columns: []provisioning.Column{{Header: "E-Mail", Name: "Email"}, {Header: "Notes"}},
			Summary: provisioning.PlanSummary{
				Rows:     3,
				Actions:  map[provisioning.Action]int{provisioning.ActionCreate: 2, provisioning.ActionSkip: 1},
				Seats:    []provisioning.SeatChange{{License: "Customer Community", Used: 412, After: 414, Total: 500}},
				Accounts: []provisioning.AccountCount{{ID: "0015g0000000001AAA", Name: "Acme & Sons", Rows: 2}}, Touched: 1,
				Warnings: []provisioning.WarningGroup{{Text: "The address belongs to another domain than most of the account.", Rows: []int{3}, Count: 1}},
				Problems: []provisioning.ProblemGroup{{
					Action: provisioning.ActionSkip, Rows: []int{2}, Count: 1,
					Problem: provisioning.Problem{Code: provisioning.CodeAlreadyActive, Text: "The contact has the active user eve@acme.com already."},
				}},
				Mail:    provisioning.MailHeader,
				Notices: []string{"The file is read as Windows-1252."},
			},
		},
	}
	return &shelf{request: r, rows: rows}
}

// approved adds approvals and, when that is enough, the next state.
func (s *shelf) approved(by ...string) *shelf {
	for i, person := range by {
		s.request.Approvals = append(s.request.Approvals, provisioning.Approval{
			Person: person, Digest: s.request.Plan.Digest, At: noon.Add(time.Duration(i+1) * time.Minute),
		})
	}
	if len(s.request.Approvals) >= s.request.Required {
		s.request.State = provisioning.StateApproved
	}
	return s
}

// running adds a run with these counts.
func (s *shelf) running(counts map[provisioning.Status]int) *shelf {
	s.approved("U0BEN", "U0CAS")
	s.request.State, s.request.StartedAt = provisioning.StateRunning, noon.Add(5*time.Minute)
	s.request.Progress = provisioning.Progress{
		Total: 3, Counts: counts, Calls: 1, FirstAt: noon.Add(5 * time.Minute), LastAt: noon.Add(6 * time.Minute),
	}
	return s
}

// ended adds an end.
func (s *shelf) ended(state provisioning.State, person, reason string) *shelf {
	s.request.State, s.request.EndedAt = state, noon.Add(8*time.Minute)
	s.request.Ending = provisioning.Ending{Person: person, Reason: reason}
	return s
}

// row makes the journal say what became of a row.
func (s *shelf) row(pos int, status provisioning.Status, code, text, fix string) *shelf {
	s.journal = append(s.journal, provisioning.Entry{
		Seq: uint64(len(s.journal) + 1), Call: 1, Step: provisioning.StepUser, At: noon,
		Rows: []provisioning.RowRecord{{Pos: pos, Status: status, Code: code, Text: text, Fix: fix}},
	})
	return s
}
