package salesforcesim

import (
	"fmt"
	"strings"
)

// query is a parsed SOQL query; see doc.go for the grammar.
type query struct {
	text    string
	count   bool // SELECT COUNT()
	fields  []selectItem
	object  token
	where   *condition
	groupBy []token
	orderBy []orderItem
	limit   int // -1: none
	offset  int
}

type selectItem struct {
	function string // COUNT, COUNT_DISTINCT, MAX, MIN, or "" for a field
	path     token
	alias    token
}

type orderItem struct {
	path      token
	desc      bool
	nullsLast bool
}

type conditionKind uint8

const (
	condCompare conditionKind = iota
	condAnd
	condOr
	condNot
)

// condition is a node of the WHERE tree.
type condition struct {
	kind   conditionKind
	kids   []*condition
	path   token
	op     string // = != < <= > >= LIKE IN NOT IN
	values []token
}

// maxDepth bounds the nesting of parentheses, so that a query of nothing but parentheses is refused and not a stack overflow.
const maxDepth = 200

type parser struct {
	lexer
	tok   token
	depth int
}

// parseQuery reads a query by the grammar of doc.go.
func parseQuery(text string) (*query, *callError) {
	if len(text) > maxQueryChars && len([]rune(text)) > maxQueryChars {
		return nil, badRequest("MALFORMED_QUERY", fmt.Sprintf("SOQL statements cannot be longer than %d characters", maxQueryChars))
	}
	if strings.TrimSpace(text) == "" {
		return nil, badRequest("MALFORMED_QUERY", "A query string has to be specified")
	}
	p := &parser{lexer: lexer{text: text}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	q, err := p.query()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenEnd {
		return nil, p.unexpected()
	}
	return q, nil
}

func (p *parser) advance() *callError {
	t, err := p.next()
	p.tok = t
	return err
}

func (p *parser) unexpected() *callError {
	if p.tok.kind == tokenEnd {
		return p.malformed(p.tok.pos, "unexpected token: '<EOF>'")
	}
	return p.malformed(p.tok.pos, "unexpected token: '%s'", p.tok.text)
}

func (p *parser) isWord(word string) bool {
	return p.tok.kind == tokenWord && strings.EqualFold(p.tok.text, word)
}

func (p *parser) isSymbol(s string) bool { return p.tok.kind == tokenSymbol && p.tok.text == s }

// accept steps over a keyword if it is the next token.
func (p *parser) accept(word string) (bool, *callError) {
	if !p.isWord(word) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) expect(word string) *callError {
	ok, err := p.accept(word)
	if err == nil && !ok {
		return p.unexpected()
	}
	return err
}

func (p *parser) symbol(s string) *callError {
	if !p.isSymbol(s) {
		return p.malformed(p.tok.pos, "expecting a '%s', found '%s'", s, p.found())
	}
	return p.advance()
}

func (p *parser) found() string {
	if p.tok.kind == tokenEnd {
		return "<EOF>"
	}
	return p.tok.text
}

// name steps over a path and returns it.
func (p *parser) name() (token, *callError) {
	t := p.tok
	if t.kind != tokenWord || strings.HasSuffix(t.text, ".") || strings.Contains(t.text, "..") || reserved(t.text) {
		return t, p.unexpected()
	}
	return t, p.advance()
}

// objectName reads what stands after FROM, where Group and Order are objects.
func (p *parser) objectName() (token, *callError) {
	if t := p.tok; t.kind == tokenWord && (strings.EqualFold(t.text, "Group") || strings.EqualFold(t.text, "Order")) {
		return t, p.advance()
	}
	return p.name()
}

func reserved(word string) bool {
	switch strings.ToUpper(word) {
	case "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "LIKE", "NULL", "LIMIT", "OFFSET", "ORDER", "GROUP", "BY", "ASC",
		"DESC", "NULLS", "HAVING", "WITH", "FOR", "USING", "TRUE", "FALSE", "INCLUDES", "EXCLUDES", "TYPEOF":
		return true
	}
	return false
}

func (p *parser) query() (*query, *callError) {
	q := &query{text: p.text, limit: -1}
	if err := p.expect("SELECT"); err != nil {
		return nil, err
	}
	if err := p.selectList(q); err != nil {
		return nil, err
	}
	if err := p.expect("FROM"); err != nil {
		return nil, err
	}
	var err *callError
	if q.object, err = p.objectName(); err != nil {
		return nil, err
	}
	if ok, err := p.accept("WHERE"); err != nil {
		return nil, err
	} else if ok {
		if q.where, err = p.conditions(); err != nil {
			return nil, err
		}
	}
	if err := p.grouping(q); err != nil {
		return nil, err
	}
	if err := p.ordering(q); err != nil {
		return nil, err
	}
	return q, p.bounds(q)
}

func (p *parser) selectList(q *query) *callError {
	for {
		item, err := p.selectItem(q)
		if err != nil {
			return err
		}
		if q.count {
			return nil
		}
		q.fields = append(q.fields, item)
		if !p.isSymbol(",") {
			return nil
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
}

func (p *parser) selectItem(q *query) (item selectItem, err *callError) {
	if item.path, err = p.name(); err != nil {
		return item, err
	}
	if p.isSymbol("(") {
		item.function = strings.ToUpper(item.path.text)
		switch item.function {
		case "COUNT", "COUNT_DISTINCT", "MAX", "MIN":
		default:
			return item, p.malformed(item.path.pos, "unexpected token: '%s'", item.path.text)
		}
		if err := p.advance(); err != nil {
			return item, err
		}
		if item.function == "COUNT" && p.isSymbol(")") && len(q.fields) == 0 {
			q.count = true
			return item, p.advance()
		}
		if item.path, err = p.name(); err != nil {
			return item, err
		}
		if err := p.symbol(")"); err != nil {
			return item, err
		}
	}
	if p.tok.kind == tokenWord && !reserved(p.tok.text) && !strings.Contains(p.tok.text, ".") {
		item.alias = p.tok
		return item, p.advance()
	}
	return item, nil
}

// conditions reads conditions that are joined by AND, or by OR. The two do not mix without parentheses.
func (p *parser) conditions() (*condition, *callError) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, badRequest("QUERY_TOO_COMPLICATED", "Query is either selecting too many fields or the filter conditions are too complicated.")
	}
	if p.isWord("NOT") {
		return p.negation()
	}
	first, err := p.simple()
	if err != nil {
		return nil, err
	}
	var word string
	node := &condition{kids: []*condition{first}}
	switch {
	case p.isWord("AND"):
		word, node.kind = "AND", condAnd
	case p.isWord("OR"):
		word, node.kind = "OR", condOr
	default:
		return first, nil
	}
	for p.isWord(word) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		kid, err := p.simple()
		if err != nil {
			return nil, err
		}
		node.kids = append(node.kids, kid)
	}
	return node, nil
}

// negation reads NOT and what it negates. Nothing may follow but the end of the parentheses around it.
func (p *parser) negation() (*condition, *callError) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	kid, err := p.simple()
	if err != nil {
		return nil, err
	}
	return &condition{kind: condNot, kids: []*condition{kid}}, nil
}

// simple reads a comparison or conditions in parentheses.
func (p *parser) simple() (*condition, *callError) {
	if !p.isSymbol("(") {
		return p.comparison()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	c, err := p.conditions()
	if err != nil {
		return nil, err
	}
	return c, p.symbol(")")
}

func (p *parser) comparison() (*condition, *callError) {
	c := &condition{}
	var err *callError
	if c.path, err = p.name(); err != nil {
		return nil, err
	}
	switch {
	case p.tok.kind == tokenSymbol && strings.IndexByte("=!<>", p.tok.text[0]) >= 0:
		c.op = p.tok.text
		if c.op == "<>" {
			c.op = "!="
		}
	case p.isWord("LIKE"):
		c.op = "LIKE"
	case p.isWord("IN"):
		c.op = "IN"
	case p.isWord("NOT"):
		c.op = "NOT IN"
		if err := p.advance(); err != nil {
			return nil, err
		}
		if !p.isWord("IN") {
			return nil, p.unexpected()
		}
	default:
		return nil, p.unexpected()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if c.op == "IN" || c.op == "NOT IN" {
		return c, p.list(c)
	}
	v, err := p.literal()
	c.values = []token{v}
	return c, err
}

func (p *parser) list(c *condition) *callError {
	if err := p.symbol("("); err != nil {
		return err
	}
	for {
		v, err := p.literal()
		if err != nil {
			return err
		}
		c.values = append(c.values, v)
		if p.isSymbol(")") {
			return p.advance()
		}
		if err := p.symbol(","); err != nil {
			return err
		}
	}
}

// literal reads a value: a string, number, date, date literal, TRUE, FALSE or NULL.
func (p *parser) literal() (token, *callError) {
	t := p.tok
	switch t.kind {
	case tokenString, tokenNumber, tokenTime, tokenDate:
		return t, p.advance()
	case tokenLiteral:
		if rangeUnit(t.text) == "" {
			return t, p.unexpected()
		}
		return t, p.advance()
	case tokenWord:
		switch strings.ToUpper(t.text) {
		case "TRUE", "FALSE", "NULL":
			return t, p.advance()
		case "TODAY", "YESTERDAY", "TOMORROW":
			t.kind = tokenLiteral
			return t, p.advance()
		}
	}
	return t, p.unexpected()
}
