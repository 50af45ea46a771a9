package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"portalbot/provisioning"
)

// planDocument is what plan --json prints, with "rows" behind it: every row in the order of the file. Fields are only ever added.
type planDocument struct {
	File     string         `json:"file"`
	Command  string         `json:"command"`
	Method   string         `json:"method,omitempty"`
	Portal   string         `json:"portal"`
	Digest   string         `json:"digest"`
	ReadAt   time.Time      `json:"read_at"`
	Mail     string         `json:"mail,omitempty"`
	Actions  map[string]int `json:"actions"`
	Seats    []planSeat     `json:"seats"`
	Accounts []planAccount  `json:"accounts"` // the largest
	Touched  int            `json:"accounts_touched"`
	Warnings []planWarning  `json:"warnings"`
	Blocks   []planProblem  `json:"blocks"`
	Notices  []string       `json:"notices"`
	Extra    string         `json:"extra_approver,omitempty"`
}

type planSeat struct {
	License    string `json:"license"`
	Used       int    `json:"used"`
	After      int    `json:"after"`
	Total      int    `json:"total"`
	LoginBased bool   `json:"login_based"`
}

type planAccount struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Rows int    `json:"rows"`
}

type planWarning struct {
	Code  string `json:"code"`
	Text  string `json:"text"`
	Count int    `json:"count"`
}

type planProblem struct {
	Code   string `json:"code"`
	Text   string `json:"text"`
	Fix    string `json:"fix,omitempty"`
	Column string `json:"column,omitempty"`
}

type planJSONRow struct {
	Row            int               `json:"row"`
	Line           int               `json:"line"`
	Action         string            `json:"action"`
	Reason         *planProblem      `json:"reason,omitempty"`
	UserID         string            `json:"user_id,omitempty"`
	Username       string            `json:"username,omitempty"`
	Email          string            `json:"email,omitempty"`
	ContactID      string            `json:"contact_id,omitempty"`
	AccountID      string            `json:"account_id,omitempty"`
	Account        string            `json:"account,omitempty"`
	NewContact     map[string]string `json:"new_contact,omitempty"`
	Fields         map[string]string `json:"fields,omitempty"`
	PermissionSets []string          `json:"permission_sets,omitempty"`
	Groups         []string          `json:"groups,omitempty"`
	Warnings       []string          `json:"warnings,omitempty"`
}

// printPlanJSON prints the plan as one JSON object. Rows are written one by one, so that a large plan needs no memory of its own here.
func printPlanJSON(w io.Writer, t provisioning.Terms, d *provisioning.Draft) error {
	head, err := json.MarshalIndent(documentOf(t, d), "", "  ")
	if err != nil {
		return fmt.Errorf("encode the plan: %w", err)
	}
	out := bufio.NewWriter(w)
	// A bufio.Writer keeps its first error for Flush.
	_, _ = out.Write(bytes.TrimSuffix(head, []byte("\n}")))
	_, _ = out.WriteString(",\n  \"rows\": [")
	before := "\n    "
	for r := range d.ByNumber() {
		row, err := json.Marshal(jsonRow(r))
		if err != nil {
			return fmt.Errorf("encode row %d: %w", r.Number, err)
		}
		_, _ = out.WriteString(before)
		_, _ = out.Write(row)
		before = ",\n    "
	}
	_, _ = out.WriteString("\n  ]\n}\n")
	return out.Flush()
}

func documentOf(t provisioning.Terms, d *provisioning.Draft) planDocument {
	s := d.Summary
	doc := planDocument{
		File: t.FileName, Command: string(t.Verb), Method: string(t.Method), Portal: t.Portal, Digest: d.Digest, ReadAt: d.At.UTC(),
		Mail: string(s.Mail), Actions: map[string]int{}, Seats: []planSeat{}, Accounts: []planAccount{}, Touched: s.Touched,
		Warnings: []planWarning{}, Blocks: []planProblem{}, Notices: append([]string{}, s.Notices...), Extra: s.ExtraApprover,
	}
	for a, n := range s.Actions {
		doc.Actions[string(a)] = n
	}
	for _, c := range s.Seats {
		doc.Seats = append(doc.Seats, planSeat{c.License, c.Used, c.After, c.Total, c.LoginBased})
	}
	for _, a := range s.Accounts {
		doc.Accounts = append(doc.Accounts, planAccount(a))
	}
	for _, w := range s.Warnings {
		doc.Warnings = append(doc.Warnings, planWarning{w.Code, w.Text, w.Count})
	}
	for _, p := range s.Blocks {
		doc.Blocks = append(doc.Blocks, problemOf(p))
	}
	return doc
}

func problemOf(p provisioning.Problem) planProblem {
	return planProblem{Code: p.Code, Text: p.Text, Fix: p.Fix, Column: p.Column}
}

func jsonRow(r provisioning.PlanRow) planJSONRow {
	row := planJSONRow{
		Row: r.Number, Line: r.Line, Action: string(r.Action), UserID: r.UserID, Username: r.Username, Email: r.Email,
		ContactID: r.ContactID, AccountID: r.AccountID, Account: r.AccountName, Warnings: r.Warnings,
		NewContact: valuesOf(r.NewContact), Fields: valuesOf(r.Fields), PermissionSets: refNames(r.PermissionSets), Groups: refNames(r.Groups),
	}
	if !r.Reason.IsZero() {
		p := problemOf(r.Reason)
		row.Reason = &p
	}
	return row
}

func valuesOf(fields []provisioning.Field) map[string]string {
	if len(fields) == 0 {
		return nil
	}
	m := make(map[string]string, len(fields))
	for _, f := range fields {
		m[f.Name] = f.Value
	}
	return m
}

func refNames(refs []provisioning.Ref) []string {
	var names []string
	for _, r := range refs {
		names = append(names, r.Name)
	}
	return names
}
