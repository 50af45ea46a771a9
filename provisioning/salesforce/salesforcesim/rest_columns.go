package salesforcesim

import "net/http"

// columnList is the answer to a query with columns=true: what it would select, and no record. The parameter is not in the REST guide;
// the form is the one that Salesforce's own CLI reads.
type columnList struct {
	Columns    []columnEntry `json:"columnMetadata"`
	Entity     string        `json:"entityName"`
	GroupBy    bool          `json:"groupBy"`
	IDSelected bool          `json:"idSelected"`
	KeyPrefix  string        `json:"keyPrefix"`
}

type columnEntry struct {
	Aggregate   bool          `json:"aggregate"`
	ApexType    *string       `json:"apexType"`
	Boolean     bool          `json:"booleanType"`
	Name        string        `json:"columnName"`
	Custom      bool          `json:"custom"`
	DisplayName string        `json:"displayName"`
	ForeignKey  *string       `json:"foreignKeyName"`
	Insertable  bool          `json:"insertable"`
	Joins       []columnEntry `json:"joinColumns"`
	Number      bool          `json:"numberType"`
	Text        bool          `json:"textType"`
	Updatable   bool          `json:"updatable"`
}

func columnsReply(p *plan) reply {
	out := columnList{Entity: p.table.name, GroupBy: len(p.groups) > 0, KeyPrefix: p.table.prefix}
	if p.aggregate {
		out.Columns = []columnEntry{}
		for _, c := range p.columns {
			e := columnEntry{Joins: []columnEntry{}}
			if c.path.field != nil {
				e = columnOf(c.path.field)
			}
			if c.function != "" {
				e = columnEntry{Aggregate: true, Joins: []columnEntry{}, Number: e.Number, Text: e.Text}
			}
			e.Name, e.DisplayName = c.name, c.name
			out.Columns = append(out.Columns, e)
		}
	} else {
		out.Columns = columnsOf(p.shape)
		for _, item := range p.shape.items {
			out.IDSelected = out.IDSelected || item.field == p.table.id
		}
	}
	return jsonReply(http.StatusOK, out)
}

func columnsOf(s *shape) []columnEntry {
	out := []columnEntry{}
	if s == nil {
		return out // COUNT() selects nothing
	}
	for _, item := range s.items {
		if item.field != nil {
			out = append(out, columnOf(item.field))
			continue
		}
		out = append(out, columnEntry{Name: item.rel.rel, DisplayName: item.rel.rel, Joins: columnsOf(item.shape)})
	}
	return out
}

func columnOf(f *field) columnEntry {
	apex := "String"
	switch f.typ {
	case typeID, typeReference:
		apex = "Id"
	case typeBoolean:
		apex = "Boolean"
	case typeInt:
		apex = "Integer"
	case typeDateTime:
		apex = "Datetime"
	}
	return columnEntry{
		ApexType: &apex, Boolean: f.typ == typeBoolean, Name: f.name, Custom: f.is(custom), DisplayName: f.name, Insertable: f.is(creates),
		Joins: []columnEntry{}, Number: f.typ == typeInt, Text: apex == "String" || apex == "Id", Updatable: f.is(updates),
	}
}
