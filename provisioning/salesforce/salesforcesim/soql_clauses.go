package salesforcesim

import "strconv"

func (p *parser) grouping(q *query) *callError {
	ok, err := p.accept("GROUP")
	if err != nil || !ok {
		return err
	}
	if err := p.expect("BY"); err != nil {
		return err
	}
	for {
		path, err := p.name()
		if err != nil {
			return err
		}
		q.groupBy = append(q.groupBy, path)
		if !p.isSymbol(",") {
			return nil
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
}

func (p *parser) ordering(q *query) *callError {
	ok, err := p.accept("ORDER")
	if err != nil || !ok {
		return err
	}
	if err := p.expect("BY"); err != nil {
		return err
	}
	for {
		item, err := p.orderItem()
		if err != nil {
			return err
		}
		q.orderBy = append(q.orderBy, item)
		if !p.isSymbol(",") {
			return nil
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
}

func (p *parser) orderItem() (item orderItem, err *callError) {
	if item.path, err = p.name(); err != nil {
		return item, err
	}
	if item.desc, err = p.accept("DESC"); err != nil {
		return item, err
	}
	if !item.desc {
		if _, err = p.accept("ASC"); err != nil {
			return item, err
		}
	}
	nulls, err := p.accept("NULLS")
	if err != nil || !nulls {
		return item, err
	}
	if item.nullsLast, err = p.accept("LAST"); err != nil || item.nullsLast {
		return item, err
	}
	return item, p.expect("FIRST")
}

func (p *parser) bounds(q *query) *callError {
	for _, bound := range []struct {
		word string
		into *int
	}{{"LIMIT", &q.limit}, {"OFFSET", &q.offset}} {
		ok, err := p.accept(bound.word)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		n, bad := strconv.Atoi(p.tok.text)
		if p.tok.kind != tokenNumber || bad != nil || n < 0 {
			return p.unexpected()
		}
		*bound.into = n
		if err := p.advance(); err != nil {
			return err
		}
	}
	return nil
}
