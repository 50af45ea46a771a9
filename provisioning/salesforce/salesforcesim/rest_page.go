package salesforcesim

import (
	"bytes"
	"encoding/json"
	"strings"
)

// pageJSON renders a page of records. The caller holds o.mu.
func pageJSON(p *page, version string) []byte {
	var b bytes.Buffer
	b.WriteString(`{"totalSize":` + intText(p.size) + `,"done":` + boolText(p.locator == ""))
	if p.locator != "" {
		b.WriteString(`,"nextRecordsUrl":"/services/data/v` + version + `/query/` + p.locator + `"`)
	}
	b.WriteString(`,"records":[`)
	for i, row := range p.rows {
		if i > 0 {
			b.WriteByte(',')
		}
		recordJSON(&b, p.plan.shape, row, version)
	}
	for i, line := range p.lines {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"attributes":{"type":"AggregateResult"}`)
		for k, c := range p.plan.columns {
			b.WriteString(`,"` + c.name + `":`)
			if strings.HasPrefix(c.function, "COUNT") {
				b.WriteString(line[k])
			} else {
				valueJSON(&b, c.path.field, line[k])
			}
		}
		b.WriteByte('}')
	}
	b.WriteString("]}")
	return b.Bytes()
}

func recordJSON(b *bytes.Buffer, s *shape, row int32, version string) {
	b.WriteString(`{"attributes":{"type":"` + s.table.name + `","url":"/services/data/v` + version + `/sobjects/` + s.table.name + "/" +
		s.table.value(row, s.table.id) + `"}`)
	for _, item := range s.items {
		if item.field != nil {
			b.WriteString(`,"` + item.field.name + `":`)
			valueJSON(b, item.field, s.table.value(row, item.field))
			continue
		}
		b.WriteString(`,"` + item.rel.rel + `":`)
		parent := noRow
		if id := s.table.value(row, item.rel); id != "" {
			parent = item.shape.table.find(id)
		}
		if parent == noRow {
			b.WriteString("null")
		} else {
			recordJSON(b, item.shape, parent, version)
		}
	}
	b.WriteByte('}')
}

func valueJSON(b *bytes.Buffer, f *field, v string) {
	switch {
	case v == "":
		b.WriteString("null")
	case f.typ == typeBoolean || f.typ == typeInt:
		b.WriteString(v)
	case f.typ == typeDateTime:
		b.WriteString(`"` + restTimeText(v) + `"`)
	default:
		text, _ := json.Marshal(v) // a string always marshals
		b.Write(text)
	}
}
