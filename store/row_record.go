package store

import "portalbot/provisioning"

// rowRecord is a plan row on disk. There may be a hundred thousand of them, so that tags are short and fields are pairs. The position
// is in the key.
type rowRecord struct {
	Number      int           `json:"n"`
	Line        int           `json:"l,omitempty"`
	Action      string        `json:"a"`
	Reason      problemRecord `json:"r,omitzero"`
	UserID      string        `json:"u,omitempty"`
	Username    string        `json:"un,omitempty"`
	Email       string        `json:"e,omitempty"`
	ContactID   string        `json:"c,omitempty"`
	AccountID   string        `json:"ac,omitempty"`
	AccountName string        `json:"an,omitempty"`
	ProfileID   string        `json:"p,omitempty"`
	LicenseKey  string        `json:"k,omitempty"`
	TakesLock   bool          `json:"t,omitempty"`
	RoleBased   bool          `json:"rb,omitempty"`
	NewContact  [][2]string   `json:"nc,omitempty"`
	Fields      [][2]string   `json:"f,omitempty"`
	Before      [][2]string   `json:"b,omitempty"`
	PermSets    [][2]string   `json:"ps,omitempty"`
	Groups      [][2]string   `json:"g,omitempty"`
	Warnings    []string      `json:"w,omitempty"`
	Cells       []string      `json:"x,omitempty"`
}

func newRowRecord(r provisioning.PlanRow) rowRecord {
	return rowRecord{
		Number:      r.Number,
		Line:        r.Line,
		Action:      string(r.Action),
		Reason:      newProblemRecord(r.Reason),
		UserID:      r.UserID,
		Username:    r.Username,
		Email:       r.Email,
		ContactID:   r.ContactID,
		AccountID:   r.AccountID,
		AccountName: r.AccountName,
		ProfileID:   r.ProfileID,
		LicenseKey:  r.LicenseKey,
		TakesLock:   r.TakesLock,
		RoleBased:   r.RoleBased,
		NewContact:  each(r.NewContact, newFieldRecord),
		Fields:      each(r.Fields, newFieldRecord),
		Before:      each(r.Before, newFieldRecord),
		PermSets:    each(r.PermissionSets, newRefRecord),
		Groups:      each(r.Groups, newRefRecord),
		Warnings:    r.Warnings,
		Cells:       r.Cells,
	}
}

func (r rowRecord) row(pos int) provisioning.PlanRow {
	return provisioning.PlanRow{
		Pos:            pos,
		Number:         r.Number,
		Line:           r.Line,
		Action:         provisioning.Action(r.Action),
		Reason:         r.Reason.problem(),
		UserID:         r.UserID,
		Username:       r.Username,
		Email:          r.Email,
		ContactID:      r.ContactID,
		AccountID:      r.AccountID,
		AccountName:    r.AccountName,
		ProfileID:      r.ProfileID,
		LicenseKey:     r.LicenseKey,
		TakesLock:      r.TakesLock,
		RoleBased:      r.RoleBased,
		NewContact:     each(r.NewContact, field),
		Fields:         each(r.Fields, field),
		Before:         each(r.Before, field),
		PermissionSets: each(r.PermSets, ref),
		Groups:         each(r.Groups, ref),
		Warnings:       r.Warnings,
		Cells:          r.Cells,
	}
}

func newFieldRecord(f provisioning.Field) [2]string { return [2]string{f.Name, f.Value} }

func field(p [2]string) provisioning.Field { return provisioning.Field{Name: p[0], Value: p[1]} }

func newRefRecord(r provisioning.Ref) [2]string { return [2]string{r.ID, r.Name} }

func ref(p [2]string) provisioning.Ref { return provisioning.Ref{ID: p[0], Name: p[1]} }
