package provisioning

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

const (
	rowsNamed     = 10 // input rows that a group of warnings or problems names
	accountsShown = 10 // accounts that a summary names
	groupsShown   = 30 // groups of problems that a summary keeps, so that it stays small
)

// tally counts while rows are decided.
type tally struct {
	actions  map[Action]int
	seats    map[string]int // licence -> change
	accounts map[word]*AccountCount
	taken    map[word]int // account -> active users that a disable takes away
	domains  map[accountDomain]int
	warnings map[warningSet]*WarningGroup
	problems map[problemKey]*ProblemGroup
	blocks   []Problem
	extra    string
}

type accountDomain struct{ account, domain word }

type problemKey struct {
	action       Action
	code, column string
}

func (t *tally) start() {
	t.actions, t.seats = map[Action]int{}, map[string]int{}
	t.accounts, t.taken, t.domains = map[word]*AccountCount{}, map[word]int{}, map[accountDomain]int{}
	t.warnings, t.problems = map[warningSet]*WarningGroup{}, map[problemKey]*ProblemGroup{}
}

// keep counts and packs a decided row.
func (pl *planning) keep(r PlanRow, warn warningSet) {
	e := planned{
		packed: pl.words.pack(r), index: int32(len(pl.order)), //nolint:gosec // a file has far fewer rows
		account: pl.words.word(r.AccountID), runs: r.Action.Runs(), warnings: warn,
	}
	t := &pl.tally
	t.actions[r.Action]++
	if !e.runs {
		t.problem(r)
		pl.order = append(pl.order, e)
		return
	}
	switch r.Action {
	case ActionCreate, ActionReactivate, ActionEnable:
		t.seats[r.LicenseKey]++
	case ActionDeactivate, ActionDisable:
		if fieldValue(r.Before, fieldIsActive) == "true" {
			t.seats[r.LicenseKey]--
		}
	}
	a := t.accounts[e.account]
	if a == nil {
		a = &AccountCount{ID: r.AccountID, Name: r.AccountName}
		t.accounts[e.account] = a
	}
	a.Rows++
	if r.Action.takesAway() && fieldValue(r.Before, fieldIsActive) == "true" {
		t.taken[e.account]++
	}
	if r.Action == ActionCreate {
		e.domain = pl.words.word(domainOf(r.Email))
		t.domains[accountDomain{e.account, e.domain}]++
	}
	pl.order = append(pl.order, e)
}

// problem counts the reason of a row that does not run.
func (t *tally) problem(r PlanRow) {
	k := problemKey{r.Action, r.Reason.Code, r.Reason.Column}
	g := t.problems[k]
	if g == nil {
		g = &ProblemGroup{Action: r.Action, Problem: r.Reason}
		t.problems[k] = g
	}
	if g.Problem.Text != r.Reason.Text {
		g.Problem.Text = summaryOf(k.code, g.Problem.Text)
	}
	if g.Problem.Fix != r.Reason.Fix {
		g.Problem.Fix = ""
	}
	g.Count++
	if len(g.Rows) < rowsNamed {
		g.Rows = append(g.Rows, r.Number)
	}
}

// warn counts a warning that is about no row in particular.
func (t *tally) warn(w warningSet, n int) {
	t.warnings[w] = &WarningGroup{Code: w.code(), Text: w.text(), Count: n}
}

// largest returns the accounts with most rows first.
func (t *tally) largest() []AccountCount {
	out := make([]AccountCount, 0, len(t.accounts))
	for _, a := range t.accounts {
		out = append(out, *a)
	}
	return byRows(out)
}

// takenFrom returns the accounts that a disable takes active users from, with their number, most first.
func (t *tally) takenFrom() []AccountCount {
	out := make([]AccountCount, 0, len(t.taken))
	for account, n := range t.taken {
		a := *t.accounts[account]
		a.Rows = n
		out = append(out, a)
	}
	return byRows(out)
}

func byRows(out []AccountCount) []AccountCount {
	slices.SortFunc(out, func(a, b AccountCount) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// finish orders the rows and makes the draft. Nothing else may be packed after it.
func (pl *planning) finish() *Draft {
	pl.markDomains()
	d := &Draft{Columns: pl.in.Columns, input: pl.in, words: pl.words}
	d.Summary = pl.summary()
	d.order = pl.order
	slices.SortStableFunc(d.order, func(a, b planned) int {
		switch {
		case a.runs != b.runs:
			return -cmpBool(a.runs, b.runs)
		case a.runs && a.account != b.account:
			return strings.Compare(pl.words.text(a.account), pl.words.text(b.account))
		}
		return cmp.Compare(a.index, b.index)
	})
	digest := NewDigester(pl.terms)
	for r := range d.Rows() {
		digest.Add(r)
	}
	d.Digest = digest.Sum()
	d.words.numbers = nil // only packing needs it
	return d
}

func cmpBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// markDomains warns of rows whose e-mail domain is unlike the one that most rows of their account have.
func (pl *planning) markDomains() {
	total := map[word]int{}
	for k, n := range pl.tally.domains {
		total[k.account] += n
	}
	usual := map[word]word{}
	for k, n := range pl.tally.domains {
		if all := total[k.account]; all >= domainRowsAtLeast && n*percentWhole >= all*domainUsualPercent {
			usual[k.account] = k.domain
		}
	}
	for i := range pl.order {
		e := &pl.order[i]
		if d, ok := usual[e.account]; ok && e.domain != 0 && e.domain != d {
			e.warnings |= warnDomain
		}
	}
}

func (pl *planning) summary() PlanSummary {
	t := &pl.tally
	s := PlanSummary{
		Rows: len(pl.order), Actions: t.actions, Touched: len(t.accounts), Notices: pl.notices(),
		ExtraApprover: t.extra,
	}
	if pl.adds() {
		s.Mail = pl.terms.Mail
	}
	s.Accounts = t.largest()
	s.Accounts = slices.Clip(s.Accounts[:min(len(s.Accounts), accountsShown)])
	for i, e := range pl.order {
		e.warnings.each(func(w warningSet) {
			g := t.warnings[w]
			if g == nil {
				g = &WarningGroup{Code: w.code(), Text: w.text()}
				t.warnings[w] = g
			}
			g.Count++
			if len(g.Rows) < rowsNamed {
				g.Rows = append(g.Rows, pl.in.Rows[i].Number)
			}
		})
	}
	if n := t.actions[ActionCreate]; n > 0 && !pl.facts.ownRole {
		t.warn(warnOwnRole, n)
	}
	s.Seats = pl.seats()
	for w := warningSet(1); w < warnLast; w <<= 1 {
		if g := t.warnings[w]; g != nil {
			s.Warnings = append(s.Warnings, *g)
		}
	}
	s.Problems = t.groups()
	pl.checkAllOrNone(s)
	s.Blocks = t.blocks
	return s
}

// groups returns the reasons of skip and invalid, most frequent first.
func (t *tally) groups() []ProblemGroup {
	out := make([]ProblemGroup, 0, len(t.problems))
	for _, g := range t.problems {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b ProblemGroup) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Rows[0], b.Rows[0]))
	})
	return slices.Clip(out[:min(len(out), groupsShown)])
}

// notices are what the reader said, and the columns that are not used.
func (pl *planning) notices() []string {
	out := slices.Clone(pl.in.Notices)
	var unused []string
	for _, c := range pl.in.Columns {
		if c.Name == "" && strings.TrimSpace(c.Header) != "" {
			unused = append(unused, fmt.Sprintf("%q", c.Header))
		}
	}
	if pl.adds() && pl.has(fieldCurrency) && !pl.facts.schema.HasCurrency {
		out = append(out, fmt.Sprintf("Column %q is ignored: the org has one currency only.", pl.header(fieldCurrency)))
	}
	if pl.noDomains {
		out = append(out, "The e-mail domains of the accounts' contacts could not be counted in Salesforce, so no row was compared with them.")
	}
	switch len(unused) {
	case 0:
	case 1:
		out = append(out, fmt.Sprintf("Column %s is not used by %s and ignored.", unused[0], pl.terms.Verb))
	default:
		out = append(out, fmt.Sprintf("Columns %s are not used by %s and ignored.", strings.Join(unused, ", "), pl.terms.Verb))
	}
	return out
}

func fieldValue(fs []Field, name string) string {
	for _, f := range fs {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}
