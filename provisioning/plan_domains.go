package provisioning

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

const (
	// domainAccounts is how many accounts of a window are compared, those with most rows first, so that the number of requests stays
	// bounded: at most five for a window, one for the totals and one for every 50 domains.
	domainAccounts = 200
	// domainContactsAtLeast is how many other contacts an account must have before their e-mail domains mean something.
	domainContactsAtLeast = 5
)

// domainFacts is what an account's contacts that are not in the window have for e-mail addresses.
type domainFacts struct {
	domain   string // the one that most rows of the account have
	contacts int    // with an address
	same     int    // of them, in the domain
}

// askDomains finds, for each account that gets new users, the domain that most of its rows have.
func (w *window) askDomains() {
	rows := map[string]map[string]int{}
	total := map[string]int{}
	for _, c := range w.candidates {
		d := domainOf(c.email)
		if c.contact == nil || !c.problem.IsZero() || d == "" {
			continue
		}
		id := c.contact.Account.ID
		if rows[id] == nil {
			rows[id] = map[string]int{}
		}
		rows[id][d]++
		total[id]++
	}
	accounts := sortedKeys(rows)
	slices.SortStableFunc(accounts, func(a, b string) int { return cmp.Compare(total[b], total[a]) })
	for _, id := range accounts[:min(len(accounts), domainAccounts)] {
		most := ""
		for _, d := range sortedKeys(rows[id]) {
			if most == "" || rows[id][d] > rows[id][most] {
				most = d
			}
		}
		w.pairs = append(w.pairs, AccountDomain{AccountID: id, Domain: most})
	}
}

// readDomains counts the accounts' contacts, and takes off those that the window is about. It is there for a warning only: an org that
// refuses the counting, as being too slow for it, does not stop the plan, which then says that nothing was compared.
func (pl *planning) readDomains(ctx context.Context, w *window) error {
	counts, err := pl.org.ContactDomains(ctx, w.pairs)
	if err != nil {
		var call *CallError
		if ctx.Err() == nil && errors.As(err, &call) {
			w.noDomains = true
			return nil
		}
		return err
	}
	w.domains = make(map[string]domainFacts, len(counts))
	for _, n := range counts {
		w.domains[n.AccountID] = domainFacts{domain: n.Domain, contacts: n.Contacts, same: n.Same}
	}
	seen := map[string]bool{}
	for _, c := range w.candidates {
		if c.contact == nil || c.contact.ID == "" || c.contact.Email == "" || seen[c.contact.ID] {
			continue
		}
		seen[c.contact.ID] = true
		f, ok := w.domains[c.contact.Account.ID]
		if !ok {
			continue
		}
		f.contacts--
		if domainOf(cleanText(c.contact.Email)) == f.domain {
			f.same--
		}
		w.domains[c.contact.Account.ID] = f
	}
	return nil
}

// strangeDomain reports whether a row's e-mail domain is unlike that of the account's other contacts: none of them has it, or it is not
// the one that most of them have.
func (w *window) strangeDomain(c *candidate) bool {
	f, ok := w.domains[c.contact.Account.ID]
	if !ok || f.contacts < domainContactsAtLeast {
		return false
	}
	if domainOf(c.email) == f.domain {
		return f.same <= 0
	}
	return f.same*percentWhole >= f.contacts*domainUsualPercent
}
