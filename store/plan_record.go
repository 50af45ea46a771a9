package store

import (
	"reflect"
	"time"

	"portalbot/provisioning"
)

// The records of a plan's head, kept within the request's record. The same rules hold.

type planRecord struct {
	ID      string         `json:"id,omitempty"`
	Digest  string         `json:"digest,omitempty"`
	Columns []columnRecord `json:"columns,omitempty"`
	Summary summaryRecord  `json:"summary"`
	At      time.Time      `json:"at,omitzero"`
}

type columnRecord struct {
	Header string `json:"header,omitempty"`
	Name   string `json:"name,omitempty"`
}

type summaryRecord struct {
	Rows          int             `json:"rows,omitempty"`
	Actions       map[string]int  `json:"actions,omitempty"`
	Seats         []seatRecord    `json:"seats,omitempty"`
	Accounts      []accountRecord `json:"accounts,omitempty"`
	Touched       int             `json:"touched,omitempty"`
	Warnings      []warningRecord `json:"warnings,omitempty"`
	Problems      []groupRecord   `json:"problems,omitempty"`
	Mail          string          `json:"mail,omitempty"`
	Notices       []string        `json:"notices,omitempty"`
	Blocks        []problemRecord `json:"blocks,omitempty"`
	ExtraApprover string          `json:"extra_approver,omitempty"`
	Reviewed      int             `json:"reviewed,omitempty"`
}

type seatRecord struct {
	License    string `json:"license,omitempty"`
	Key        string `json:"key,omitempty"`
	Used       int    `json:"used,omitempty"`
	After      int    `json:"after,omitempty"`
	Total      int    `json:"total,omitempty"`
	LoginBased bool   `json:"login_based,omitempty"`
}

type accountRecord struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
	Rows int    `json:"rows,omitempty"`
}

type warningRecord struct {
	Code  string `json:"code,omitempty"`
	Text  string `json:"text,omitempty"`
	Rows  []int  `json:"rows,omitempty"`
	Count int    `json:"count,omitempty"`
}

type groupRecord struct {
	Action  string        `json:"action,omitempty"`
	Problem problemRecord `json:"problem,omitzero"`
	Rows    []int         `json:"rows,omitempty"`
	Count   int           `json:"count,omitempty"`
}

type problemRecord struct {
	Code   string `json:"code,omitempty"`
	Text   string `json:"text,omitempty"`
	Fix    string `json:"fix,omitempty"`
	Column string `json:"column,omitempty"`
}

// newPlanRecord is nil for a request that has no plan yet.
func newPlanRecord(p provisioning.Plan) *planRecord {
	if reflect.ValueOf(p).IsZero() {
		return nil
	}
	return &planRecord{
		ID:      p.ID,
		Digest:  p.Digest,
		Columns: each(p.Columns, newColumnRecord),
		Summary: summaryRecord{
			Rows:          p.Summary.Rows,
			Actions:       stringKeys(p.Summary.Actions),
			Seats:         each(p.Summary.Seats, newSeatRecord),
			Accounts:      each(p.Summary.Accounts, newAccountRecord),
			Touched:       p.Summary.Touched,
			Warnings:      each(p.Summary.Warnings, newWarningRecord),
			Problems:      each(p.Summary.Problems, newGroupRecord),
			Mail:          string(p.Summary.Mail),
			Notices:       p.Summary.Notices,
			Blocks:        each(p.Summary.Blocks, newProblemRecord),
			ExtraApprover: p.Summary.ExtraApprover,
			Reviewed:      p.Summary.Reviewed,
		},
		At: p.At.UTC(),
	}
}

func (p *planRecord) plan() provisioning.Plan {
	if p == nil {
		return provisioning.Plan{}
	}
	return provisioning.Plan{
		ID:      p.ID,
		Digest:  p.Digest,
		Columns: each(p.Columns, columnRecord.column),
		Summary: provisioning.PlanSummary{
			Rows:          p.Summary.Rows,
			Actions:       typedKeys[provisioning.Action](p.Summary.Actions),
			Seats:         each(p.Summary.Seats, seatRecord.seat),
			Accounts:      each(p.Summary.Accounts, accountRecord.account),
			Touched:       p.Summary.Touched,
			Warnings:      each(p.Summary.Warnings, warningRecord.warning),
			Problems:      each(p.Summary.Problems, groupRecord.group),
			Mail:          provisioning.MailMode(p.Summary.Mail),
			Notices:       p.Summary.Notices,
			Blocks:        each(p.Summary.Blocks, problemRecord.problem),
			ExtraApprover: p.Summary.ExtraApprover,
			Reviewed:      p.Summary.Reviewed,
		},
		At: p.At,
	}
}

func newColumnRecord(c provisioning.Column) columnRecord {
	return columnRecord{Header: c.Header, Name: c.Name}
}

func (c columnRecord) column() provisioning.Column {
	return provisioning.Column{Header: c.Header, Name: c.Name}
}

func newSeatRecord(s provisioning.SeatChange) seatRecord {
	return seatRecord{License: s.License, Key: s.Key, Used: s.Used, After: s.After, Total: s.Total, LoginBased: s.LoginBased}
}

func (s seatRecord) seat() provisioning.SeatChange {
	return provisioning.SeatChange{License: s.License, Key: s.Key, Used: s.Used, After: s.After, Total: s.Total, LoginBased: s.LoginBased}
}

func newAccountRecord(a provisioning.AccountCount) accountRecord {
	return accountRecord{ID: a.ID, Name: a.Name, Rows: a.Rows}
}

func (a accountRecord) account() provisioning.AccountCount {
	return provisioning.AccountCount{ID: a.ID, Name: a.Name, Rows: a.Rows}
}

func newWarningRecord(w provisioning.WarningGroup) warningRecord {
	return warningRecord{Code: w.Code, Text: w.Text, Rows: w.Rows, Count: w.Count}
}

func (w warningRecord) warning() provisioning.WarningGroup {
	return provisioning.WarningGroup{Code: w.Code, Text: w.Text, Rows: w.Rows, Count: w.Count}
}

func newGroupRecord(g provisioning.ProblemGroup) groupRecord {
	return groupRecord{Action: string(g.Action), Problem: newProblemRecord(g.Problem), Rows: g.Rows, Count: g.Count}
}

func (g groupRecord) group() provisioning.ProblemGroup {
	return provisioning.ProblemGroup{Action: provisioning.Action(g.Action), Problem: g.Problem.problem(), Rows: g.Rows, Count: g.Count}
}

func newProblemRecord(p provisioning.Problem) problemRecord {
	return problemRecord{Code: p.Code, Text: p.Text, Fix: p.Fix, Column: p.Column}
}

func (p problemRecord) problem() provisioning.Problem {
	return provisioning.Problem{Code: p.Code, Text: p.Text, Fix: p.Fix, Column: p.Column}
}
