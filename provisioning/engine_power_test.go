package provisioning_test

import (
	"os"
	"path/filepath"
	"testing"

	"portalbot/provisioning"
	"portalbot/store"
)

// metaBytes is where the two pages begin and end that say which state of a bbolt file holds: it writes and syncs the data of a
// transaction first, and then one of the two.
func metaBytes() int { return 2 * os.Getpagesize() }

// snapshots copies the store's file at each of its sync points.
type snapshots struct {
	path string
	all  [][]byte
}

func (s *snapshots) take(t testing.TB) {
	b, err := os.ReadFile(s.path)
	if err != nil {
		t.Error(err)
	}
	s.all = append(s.all, b)
}

// torn is what a power loss can leave of a file that goes from one state to the next.
var torn = map[string]func(was, is []byte) []byte{
	"all of it was written": func(_, is []byte) []byte { return is },
	"its data was written, and not what makes it hold": func(was, is []byte) []byte {
		b := append([]byte(nil), is...)
		copy(b[:metaBytes()], was[:metaBytes()])
		return b
	},
	"what makes it hold was half written": func(was, is []byte) []byte {
		b := append([]byte(nil), is...)
		page := os.Getpagesize()
		for _, at := range []int{0, page} {
			if string(was[at:at+page]) != string(is[at:at+page]) { // the page of this transaction; 16 bytes of header, then the meta data
				copy(b[at+32:at+page], was[at+32:at+page])
			}
		}
		return b
	},
}

// The power fails at any sync point of a run, or between the two syncs of a save: the file opens, its audit trail is whole, and the run goes on
// from there to the undisturbed end.
func TestPowerLossAtEverySyncPoint(t *testing.T) {
	st := stories()[0]
	calm, used := st.play(t, nil)
	for n := 2; n <= used[0].saves; n++ {
		for what, tear := range torn {
			if !long() && n%4 != 0 && what != "its data was written, and not what makes it hold" {
				continue
			}
			t.Run(what, func(t *testing.T) {
				t.Parallel()
				r, terms, in := st.setUp(t)
				s := newSaboteur(fault{"save", n, after, kills})
				shots := &snapshots{path: r.path}
				hooks := s.hooks()
				strike := hooks.AfterCommit
				hooks.AfterCommit = func(op string) error {
					if !s.isDead() {
						shots.take(t)
					}
					return strike(op)
				}
				if ended, _ := r.liveWith(s, hooks, terms, in); ended {
					return // the end was seen before the power failed: there is nothing left to go on with
				}
				if len(shots.all) != n {
					t.Fatalf("%d sync points before the death at save %d", len(shots.all), n)
				}
				r.path = filepath.Join(t.TempDir(), "after.db")
				if err := os.WriteFile(r.path, tear(shots.all[n-2], shots.all[n-1]), 0o600); err != nil {
					t.Fatal(err)
				}
				r.opensWhole(t)
				calmly := newSaboteur(fault{})
				ended, o := r.live(calmly, terms, in)
				if !ended {
					t.Fatal("did not end")
				}
				for _, bad := range o.differs(calm) {
					t.Errorf("save %d: %s", n, bad)
				}
			})
		}
	}
}

// opensWhole opens the store and reads all of it.
func (r *rig) opensWhole(t *testing.T) {
	t.Helper()
	s, err := store.Open(r.path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
	for q, err := range s.Requests(t.Context(), provisioning.Filter{}) {
		if err != nil {
			t.Error(err)
		}
		for _, err := range s.Journal(t.Context(), q.ID, 1) {
			if err != nil {
				t.Error(err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
