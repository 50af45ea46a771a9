package salesforce

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"golang.org/x/sync/errgroup"

	"portalbot/provisioning"
)

// soapPath is the endpoint of the partner API, below the instance URL.
func (c *Client) soapPath() string { return "/services/Soap/u/" + c.cfg.APIVersion }

// query runs one SOQL query to its last page and returns its records as decode makes them, with their ids beside.
func query[T any](ctx context.Context, c *Client, op, soql string, decode func(*values) T) (records []T, ids []string, err error) {
	next, text := "query", soql
	for {
		var part []T
		var partIDs []string
		var p page
		arg := "queryString"
		if next == "queryMore" {
			arg = "queryLocator"
		}
		err := c.do(ctx, call{
			op: op, read: true, halves: true, method: http.MethodPost, path: c.soapPath(),
			encode: func(b *bytes.Buffer, sessionID string) {
				writeEnvelope(b, sessionID, queryHeaders, func(b *bytes.Buffer) {
					b.WriteString("<urn:" + next + "><urn:" + arg + ">")
					escapeXML(b, text)
					b.WriteString("</urn:" + arg + "></urn:" + next + ">")
				})
			},
			decode: func(r io.Reader) error {
				part, partIDs = nil, nil // what an earlier try got before it broke off
				var usage provisioning.Usage
				var err error
				p, usage, err = readPage(r, next, func(v *values) {
					part = append(part, decode(v))
					partIDs = append(partIDs, v.get("Id"))
				})
				c.noteUsage(usage)
				return err
			},
		})
		if err != nil {
			return nil, nil, err
		}
		if records == nil {
			records, ids = part, partIDs
		} else {
			records, ids = append(records, part...), append(ids, partIDs...)
		}
		if p.done {
			return records, ids, nil
		}
		next, text = "queryMore", p.locator
	}
}

// lookup runs "SELECT ... FROM ... WHERE" with a condition of any length, in parts side by side, and returns each record once.
func lookup[T any](ctx context.Context, c *Client, op, selectFrom string, w where, decode func(*values) T) ([]T, error) {
	selectFrom += " WHERE "
	parts := w.split(len(selectFrom))
	if len(parts) == 0 {
		return nil, nil
	}
	type answer struct {
		records []T
		ids     []string
	}
	answers := make([]answer, len(parts))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(c.cfg.Reads)
	for i, part := range parts {
		g.Go(func() (err error) {
			a := &answers[i]
			a.records, a.ids, err = lookupPart(ctx, c, op, selectFrom, part, decode)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if len(parts) == 1 {
		return answers[0].records, nil
	}
	total := 0
	for _, a := range answers {
		total += len(a.records)
	}
	all := make([]T, 0, total)
	seen := make(map[string]struct{}, total)
	for _, a := range answers {
		for i, r := range a.records {
			if _, ok := seen[a.ids[i]]; !ok {
				seen[a.ids[i]] = struct{}{}
				all = append(all, r)
			}
		}
	}
	return all, nil
}

// lookupPart runs one part. What the org cannot do in its time is halved. Then a record can come twice, as the
// halves of the keys may both find it.
func lookupPart[T any](ctx context.Context, c *Client, op, selectFrom string, part where, decode func(*values) T) ([]T, []string, error) {
	records, ids, err := query(ctx, c, op, selectFrom+part.String(), decode)
	var ce *provisioning.CallError
	if err == nil || !errors.As(err, &ce) || ce.Code != codeTimeout && ce.Code != codeComplex {
		return records, ids, err
	}
	halves := part.cut(2, len(selectFrom))
	if len(halves) < 2 {
		return nil, nil, err
	}
	for _, h := range halves {
		r, i, err := lookupPart(ctx, c, op, selectFrom, h, decode)
		if err != nil {
			return nil, nil, err
		}
		records, ids = append(records, r...), append(ids, i...)
	}
	return records, ids, nil
}
