package salesforcesim

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Page sizes, developer.salesforce.com "Change the Batch Size in Queries".
const (
	minBatch         = 200
	maxBatch         = 2000
	defaultSOAPBatch = 500
)

// cursorLife is how long a query locator is good for after its last use.
const cursorLife = 15 * time.Minute

const locatorPrefix = "01g"

// cursor is a query whose later pages are still to be asked for.
type cursor struct {
	plan *plan
	rows []int32
	user string
	used time.Time
}

type cursors struct {
	mu     sync.Mutex // guards all fields
	open   map[string]*cursor
	serial uint64
}

// page is one page of an answer to a query.
type page struct {
	plan    *plan
	rows    []int32
	lines   [][]string // of an aggregate query
	size    int        // records that the query selects
	locator string     // "" when this is the last page
}

func (p *page) records() int { return len(p.rows) + len(p.lines) }

// firstPage runs a query. The caller holds o.mu.
func (o *Org) firstPage(text, user string, batch int) (*page, *callError) {
	p, err := o.planQuery(text)
	if err != nil {
		return nil, err
	}
	rows := p.run()
	if p.count {
		return &page{plan: p, size: len(rows)}, nil
	}
	if p.aggregate {
		lines := p.summarize(rows)
		if len(lines) > maxBatch {
			return nil, badRequest("EXCEEDED_ID_LIMIT",
				"Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch")
		}
		return &page{plan: p, lines: lines, size: len(lines)}, nil
	}
	out := &page{plan: p, rows: rows, size: len(rows)}
	if len(rows) > batch {
		out.rows = rows[:batch]
		out.locator = o.cursors.keep(&cursor{plan: p, rows: rows, user: user, used: o.Now()}, batch)
	}
	return out, nil
}

// nextPage returns the page that a locator names. The caller holds o.mu.
func (o *Org) nextPage(locator, user string, batch int) (*page, *callError) {
	id, rest, ok := strings.Cut(locator, "-")
	from, err := strconv.Atoi(rest)
	if !ok || err != nil || from < 0 {
		return nil, badRequest("INVALID_QUERY_LOCATOR", "invalid query locator")
	}
	c := o.cursors.find(id, user, o.Now())
	if c == nil || from > len(c.rows) {
		return nil, badRequest("INVALID_QUERY_LOCATOR", "invalid query locator")
	}
	out := &page{plan: c.plan, size: len(c.rows)}
	until := min(from+batch, len(c.rows))
	for _, row := range c.rows[from:until] {
		if c.plan.table.rows[row] != "" {
			out.rows = append(out.rows, row)
		}
	}
	if until < len(c.rows) {
		out.locator = fmt.Sprintf("%s-%d", id, until)
	}
	return out, nil
}

func (s *cursors) keep(c *cursor, from int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, old := range s.open {
		if c.used.Sub(old.used) > cursorLife {
			delete(s.open, id)
		}
	}
	s.serial++
	id := makeID(locatorPrefix, s.serial)
	s.open[id] = c
	return fmt.Sprintf("%s-%d", id, from)
}

func (s *cursors) find(id, user string, now time.Time) *cursor {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.open[id]
	if c == nil || c.user != user || now.Sub(c.used) > cursorLife {
		return nil
	}
	c.used = now
	return c
}

// ForgetLocators makes all open query locators invalid.
func (o *Org) ForgetLocators() {
	o.cursors.mu.Lock()
	defer o.cursors.mu.Unlock()
	clear(o.cursors.open)
}

func checkBatch(n int) *callError {
	if n < minBatch || n > maxBatch {
		return refuse(http.StatusBadRequest, "INVALID_BATCH_SIZE",
			fmt.Sprintf("Batch size must be between %d and %d", minBatch, maxBatch))
	}
	return nil
}
