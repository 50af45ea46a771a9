package salesforce

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"portalbot/provisioning"
)

const (
	// groupsPerQuery is the number of accounts that one counting query is about. The answer to a query with GROUP BY has no second
	// page: queryMore is refused for it. Source: Salesforce SOQL reference, GROUP BY, considerations: at most 2,000 rows.
	groupsPerQuery = 2000
	// domainsPerQuery is the number of domains in one counting query: each is an alternative of its condition, and a condition
	// of hundreds is refused as QUERY_TOO_COMPLICATED.
	domainsPerQuery = 50

	countContacts  = "SELECT AccountId, COUNT(Id) n FROM Contact WHERE "
	groupByAccount = " GROUP BY AccountId"
)

// ContactDomains counts contacts by account: all with an address, one query for every 2,000 accounts, and those in the domain, one for
// every 50 domains. All of them go out side by side, up to the bound for reads.
func (c *Client) ContactDomains(ctx context.Context, pairs []provisioning.AccountDomain) ([]provisioning.DomainCount, error) {
	domainOf := make(map[string]string, len(pairs))
	byDomain := map[string][]string{}
	var accounts, domains []string
	for _, p := range pairs {
		if !validID(p.AccountID) || !plainDomain(p.Domain) || domainOf[p.AccountID] != "" {
			continue
		}
		domainOf[p.AccountID] = p.Domain
		accounts = append(accounts, p.AccountID)
		if byDomain[p.Domain] == nil {
			domains = append(domains, p.Domain)
		}
		byDomain[p.Domain] = append(byDomain[p.Domain], p.AccountID)
	}
	var totals, sames []string // conditions
	for part := range slices.Chunk(accounts, groupsPerQuery) {
		totals = append(totals, "Email != null AND "+where{any: []in{ids("AccountId", part)}}.String())
	}
	for part := range slices.Chunk(domains, domainsPerQuery) {
		sames = append(sames, inDomains(part, byDomain)...)
	}
	type counted struct {
		account string
		n       int
	}
	answers := make([][]counted, len(totals)+len(sames))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(c.cfg.Reads)
	for i, condition := range slices.Concat(totals, sames) {
		g.Go(func() (err error) {
			answers[i], _, err = query(gctx, c, "count Contact",
				countContacts+condition+groupByAccount,
				func(v *values) counted { return counted{v.get("AccountId"), readInt(v.get("n"))} })
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	same := make(map[string]int, len(accounts))
	for _, a := range slices.Concat(answers[len(totals):]...) {
		same[a.account] = a.n
	}
	out := make([]provisioning.DomainCount, 0, len(accounts))
	for _, a := range slices.Concat(answers[:len(totals)]...) {
		out = append(out, provisioning.DomainCount{
			AccountDomain: provisioning.AccountDomain{AccountID: a.account, Domain: domainOf[a.account]}, Contacts: a.n, Same: same[a.account],
		})
	}
	return out, nil
}

// inDomains makes conditions that together find the contacts of the accounts whose address is in the domain of their account, each no
// longer than a query may be.
func inDomains(domains []string, accounts map[string][]string) []string {
	var out []string
	var b strings.Builder
	groups := 0
	for _, d := range domains {
		for part := range slices.Chunk(accounts[d], groupsPerQuery) {
			one := "(Email LIKE '%@" + d + "' AND " + where{any: []in{ids("AccountId", part)}}.String() + ")"
			switch {
			case b.Len() == 0:
			case b.Len()+len(one)+len(countContacts+groupByAccount) > maxSOQL, groups+len(part) > groupsPerQuery:
				out = append(out, b.String())
				b.Reset()
				groups = 0
			default:
				b.WriteString(" OR ")
			}
			b.WriteString(one)
			groups += len(part)
		}
	}
	if b.Len() > 0 {
		out = append(out, b.String())
	}
	return out
}

// plainDomain reports whether a domain has only characters that mean themselves in a LIKE pattern.
func plainDomain(s string) bool {
	return s != "" && len(s) <= 253 && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	}) < 0
}
