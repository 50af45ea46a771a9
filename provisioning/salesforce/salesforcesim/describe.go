package salesforcesim

// describeField is one field of a describe answer.
type describeField struct {
	Aggregatable          bool            `json:"aggregatable"`
	AutoNumber            bool            `json:"autoNumber"`
	ByteLength            int             `json:"byteLength"`
	Calculated            bool            `json:"calculated"`
	CaseSensitive         bool            `json:"caseSensitive"`
	Createable            bool            `json:"createable"`
	Custom                bool            `json:"custom"`
	DefaultValue          any             `json:"defaultValue"`
	DefaultedOnCreate     bool            `json:"defaultedOnCreate"`
	DependentPicklist     bool            `json:"dependentPicklist"`
	DeprecatedAndHidden   bool            `json:"deprecatedAndHidden"`
	Digits                int             `json:"digits"`
	ExternalID            bool            `json:"externalId"`
	Filterable            bool            `json:"filterable"`
	Groupable             bool            `json:"groupable"`
	IDLookup              bool            `json:"idLookup"`
	Label                 string          `json:"label"`
	Length                int             `json:"length"`
	Name                  string          `json:"name"`
	NameField             bool            `json:"nameField"`
	Nillable              bool            `json:"nillable"`
	PicklistValues        []picklistEntry `json:"picklistValues"`
	PolymorphicForeignKey bool            `json:"polymorphicForeignKey"`
	Precision             int             `json:"precision"`
	ReferenceTo           []string        `json:"referenceTo"`
	RelationshipName      *string         `json:"relationshipName"`
	RestrictedPicklist    bool            `json:"restrictedPicklist"`
	Scale                 int             `json:"scale"`
	SoapType              string          `json:"soapType"`
	Sortable              bool            `json:"sortable"`
	Type                  string          `json:"type"`
	Unique                bool            `json:"unique"`
	Updateable            bool            `json:"updateable"`
}

type picklistEntry struct {
	Active       bool    `json:"active"`
	DefaultValue bool    `json:"defaultValue"`
	Label        string  `json:"label"`
	ValidFor     *string `json:"validFor"`
	Value        string  `json:"value"`
}

type describeResult struct {
	describeSummary
	ChildRelationships []any           `json:"childRelationships"`
	Fields             []describeField `json:"fields"`
	RecordTypeInfos    []any           `json:"recordTypeInfos"`
}

type describeSummary struct {
	Activateable        bool              `json:"activateable"`
	Createable          bool              `json:"createable"`
	Custom              bool              `json:"custom"`
	CustomSetting       bool              `json:"customSetting"`
	Deletable           bool              `json:"deletable"`
	DeprecatedAndHidden bool              `json:"deprecatedAndHidden"`
	FeedEnabled         bool              `json:"feedEnabled"`
	KeyPrefix           string            `json:"keyPrefix"`
	Label               string            `json:"label"`
	LabelPlural         string            `json:"labelPlural"`
	Layoutable          bool              `json:"layoutable"`
	Mergeable           bool              `json:"mergeable"`
	MruEnabled          bool              `json:"mruEnabled"`
	Name                string            `json:"name"`
	Queryable           bool              `json:"queryable"`
	Replicateable       bool              `json:"replicateable"`
	Retrieveable        bool              `json:"retrieveable"`
	Searchable          bool              `json:"searchable"`
	Triggerable         bool              `json:"triggerable"`
	Undeletable         bool              `json:"undeletable"`
	Updateable          bool              `json:"updateable"`
	URLs                map[string]string `json:"urls"`
}

func summary(t *table, version string) describeSummary {
	base := "/services/data/v" + version + "/sobjects/" + t.name
	return describeSummary{
		Createable: t.createable, Deletable: t.deletable, KeyPrefix: t.prefix, Label: t.label, LabelPlural: t.plural,
		Name: t.name, Queryable: true, Replicateable: true, Retrieveable: true, Updateable: t.updateable,
		URLs: map[string]string{"sobject": base, "describe": base + "/describe", "rowTemplate": base + "/{ID}"},
	}
}

func (o *Org) describeGlobal(version string) map[string]any {
	list := make([]describeSummary, len(o.order))
	for i, t := range o.order {
		list[i] = summary(t, version)
	}
	return map[string]any{"encoding": "UTF-8", "maxBatchSize": maxRecords, "sobjects": list}
}

// describe answers the describe call of an object. The caller holds o.mu.
func describe(t *table, version string) describeResult {
	out := describeResult{describeSummary: summary(t, version), ChildRelationships: []any{}, RecordTypeInfos: []any{}}
	for _, f := range t.fields {
		if f.visible == nil || f.visible() {
			out.Fields = append(out.Fields, describeOne(f))
		}
	}
	return out
}

func describeOne(f *field) describeField {
	d := describeField{
		Aggregatable: f.typ != typeBoolean && !f.is(noFilter), ByteLength: 3 * f.length, CaseSensitive: false, Calculated: false,
		Createable: f.is(creates), Custom: f.is(custom), DefaultedOnCreate: f.is(defaulted), Filterable: !f.is(noFilter),
		Groupable: !f.is(noFilter) && f.typ != typeDateTime, IDLookup: f.typ == typeID, Label: f.label, Length: f.length, Name: f.name,
		NameField: f.is(nameField), Nillable: f.is(nullable), PicklistValues: []picklistEntry{}, PolymorphicForeignKey: len(f.refersT) > 1,
		ReferenceTo: []string{}, RestrictedPicklist: f.is(restricted), SoapType: soapType(f.typ), Sortable: !f.is(noFilter), Type: f.typ,
		Unique: f.is(unique), Updateable: f.is(updates),
	}
	if f.typ == typeBoolean {
		d.DefaultValue = false
	}
	if f.typ == typeInt {
		d.Digits = 9
	}
	if f.typ == typeReference {
		d.ReferenceTo = f.refersT
		if f.rel != "" {
			d.RelationshipName = &f.rel
		}
	}
	for _, v := range f.values {
		d.PicklistValues = append(d.PicklistValues, picklistEntry{Active: true, Label: v.Label, Value: v.Value})
	}
	return d
}

func soapType(typ string) string {
	switch typ {
	case typeID, typeReference:
		return "tns:ID"
	case typeBoolean:
		return "xsd:boolean"
	case typeDateTime:
		return "xsd:dateTime"
	case typeInt:
		return "xsd:int"
	}
	return "xsd:string"
}
