package store_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"portalbot/provisioning"
	"portalbot/store"
)

// filler sets fields by reflection, so that a field that somebody adds is tested without anybody thinking of it.
type filler struct{ n int }

// fill gives every field below v a value of its own: slices and maps get two elements.
func (f *filler) fill(v reflect.Value) {
	f.n++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(noon.Add(time.Duration(f.n) * time.Millisecond)))
	case v.Kind() == reflect.String:
		v.SetString(fmt.Sprintf("text %d", f.n))
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(int64(f.n))
	case v.CanUint():
		v.SetUint(uint64(f.n))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key)
			f.fill(value)
			v.SetMapIndex(key, value)
		}
	default:
		panic("the filler does not know " + v.Type().String())
	}
}

// full returns a value with every field set.
func full[T any]() T {
	var v T
	(&filler{}).fill(reflect.ValueOf(&v).Elem())
	return v
}

// alone returns, for every field of T at any depth of structs, a value in which only it is set, by the name of the field.
func alone[T any]() map[string]T {
	values := map[string]T{}
	var walk func(t reflect.Type, path []int, name string)
	walk = func(t reflect.Type, path []int, name string) {
		for i := range t.NumField() {
			f := t.Field(i)
			at, called := append(slices.Clone(path), i), name+"."+f.Name
			if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[time.Time]() {
				walk(f.Type, at, called)
				continue
			}
			var v T
			(&filler{}).fill(reflect.ValueOf(&v).Elem().FieldByIndex(at))
			values[called] = v
		}
	}
	walk(reflect.TypeFor[T](), nil, "")
	return values
}

// fitting makes a filled request one that can be saved: what the store itself sets or compares must agree.
func fitting(r provisioning.Request, id string) provisioning.Request {
	r.ID, r.Rev = id, 0
	if r.Plan.ID != "" {
		r.Plan.ID, r.Plan.Summary.Rows = id+".1", 2
	}
	return r
}

func TestEveryFieldOfARequestIsKept(t *testing.T) {
	t.Parallel()
	s := open(t)
	requests := alone[provisioning.Request]()
	requests["all"] = full[provisioning.Request]()
	n := 0
	for name, r := range requests {
		n++
		id := fmt.Sprintf("P-%d", n)
		r = fitting(r, id)
		if r.Plan.ID != "" {
			putPlan(t, s, r.Plan.ID, 2, 2)
		}
		if name == "all" {
			r.Terms.Origin = "its own"
		}
		written := commit(t, s, provisioning.Commit{Request: r})
		r.Rev = 1
		read, err := s.Request(t.Context(), id)
		check(t, err)
		if !reflect.DeepEqual(read, r) || !reflect.DeepEqual(written, r) {
			t.Errorf("%s: wrote\n%+v\nread\n%+v", name, r, read)
		}
	}
	if n < 50 {
		t.Errorf("only %d fields were tried", n)
	}
}

func TestEveryFieldOfAPlanRowIsKept(t *testing.T) {
	t.Parallel()
	s := open(t)
	var rows []provisioning.PlanRow
	for _, row := range alone[provisioning.PlanRow]() {
		row.Pos, row.Number = len(rows), len(rows)+1
		rows = append(rows, row)
	}
	last := full[provisioning.PlanRow]()
	last.Pos, last.Number = len(rows), len(rows)+1
	rows = append(rows, last)
	check(t, s.PutPlanRows(t.Context(), "P-1.1", rows))
	read, err := s.PlanRows(t.Context(), "P-1.1", 0, 500)
	check(t, err)
	for i := range rows {
		if !reflect.DeepEqual(read[i], rows[i]) {
			t.Errorf("wrote\n%+v\nread\n%+v", rows[i], read[i])
		}
	}
}

func TestEveryFieldOfAnEntryIsKept(t *testing.T) {
	t.Parallel()
	s := open(t)
	var entries []provisioning.Entry
	for _, e := range alone[provisioning.Entry]() {
		entries = append(entries, e)
	}
	for _, row := range alone[provisioning.RowRecord]() {
		entries = append(entries, provisioning.Entry{Rows: []provisioning.RowRecord{row}})
	}
	entries = append(entries, full[provisioning.Entry]())
	commit(t, s, provisioning.Commit{Request: newRequest("P-1"), Entries: entries})
	for i, read := range journal(t, s, "P-1", 0) {
		want := entries[i]
		want.Seq = uint64(i + 1)
		if !reflect.DeepEqual(read, want) {
			t.Errorf("wrote\n%+v\nread\n%+v", want, read)
		}
	}
}

func TestEveryFieldOfANoticeIsKept(t *testing.T) {
	t.Parallel()
	s := open(t)
	var notices []provisioning.Notice
	for _, n := range alone[provisioning.Notice]() {
		notices = append(notices, n)
	}
	notices = append(notices, full[provisioning.Notice]())
	commit(t, s, provisioning.Commit{Request: newRequest("P-1"), Notices: notices})
	read, err := s.PendingNotices(t.Context(), 100)
	check(t, err)
	for i, want := range notices {
		want.ID, want.Request, want.Rev = uint64(i+1), "P-1", 1
		if !reflect.DeepEqual(read[i], want) {
			t.Errorf("wrote\n%+v\nread\n%+v", want, read[i])
		}
	}
}

func TestEveryFieldOfTheSwitchIsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "p.db")
	s, err := store.Open(path, store.Options{})
	check(t, err)
	if sw, err := s.Switch(t.Context()); err != nil || sw != (provisioning.Switch{}) {
		t.Errorf("a switch that was never set is %+v, %v", sw, err)
	}
	want := full[provisioning.Switch]()
	check(t, s.SetSwitch(t.Context(), want, provisioning.AuditEvent{At: noon, Event: "paused"}))
	check(t, s.Close())
	s = openFile(t, path, store.Options{})
	sw, err := s.Switch(t.Context())
	check(t, err)
	if sw != want {
		t.Errorf("the switch is %+v, want %+v", sw, want)
	}
	if n, err := s.VerifyAudit(t.Context()); n != 1 || err != nil {
		t.Errorf("audit: %d lines, %v", n, err)
	}
}

func TestTimesComeBackInUTC(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := newRequest("P-1")
	r.CreatedAt = noon.In(time.FixedZone("elsewhere", -8*60*60))
	written := commit(t, s, provisioning.Commit{Request: r})
	if written.CreatedAt != noon {
		t.Errorf("created %s, want %s", written.CreatedAt, noon)
	}
}
