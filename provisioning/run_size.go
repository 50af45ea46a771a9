package provisioning

import "time"

// Sizes of write calls. Orgs are known that make 500 role-based users an hour (facts §4), so those calls start small and follow
// the measured time.
const (
	firstHighVolume = MaxWrite
	firstRoleBased  = 60
	aimPerCall      = 60 * time.Second
)

// sizeKey separates rows whose calls take different time.
type sizeKey struct {
	roleBased bool
	step      Step
	action    Action
}

// sizer chooses how many rows a call takes.
type sizer struct {
	n    int
	last time.Duration // what the last call of about that size took
}

// took follows the measured time per row towards aimPerCall, at most doubling at a time.
func (s *sizer) took(rows int, d time.Duration) {
	if rows < s.n/2 || d <= 0 {
		return // a small last call says little
	}
	s.last = d
	fit := int(float64(rows) * float64(aimPerCall) / float64(d))
	s.n = min(max(fit, 1), s.n*2, MaxWrite)
}

// halve is the answer to a lock or a timeout of a call with that many rows. Calls that went side by side and failed together
// halve once.
func (s *sizer) halve(rows int) { s.n = max(1, min(s.n, rows/2)) }

// ahead is how many calls' rows are read before their turn: none when a call takes so long that the read would be old by then.
func (s *sizer) ahead() int {
	switch {
	case s.last > freshFor/3:
		return 0
	case s.last > freshFor/(2*callsAhead):
		return 1
	}
	return callsAhead
}

// callsAhead is for how many calls of each slot rows are read ahead at most: one that is about to go, one that is being read, and one
// for the unevenness of both.
const callsAhead = 3

func (r *run) sizer(w *work) *sizer {
	k := sizeKey{w.row.RoleBased, w.step, ""}
	if w.step == StepUser {
		k.action = w.row.Action
	}
	s := r.sizes[k]
	if s == nil {
		s = &sizer{n: firstHighVolume}
		if k.roleBased && k.step == StepUser {
			s.n = firstRoleBased
		}
		r.sizes[k] = s
	}
	return s
}

// size is how many records the row's call may have.
func (r *run) size(w *work) int {
	switch {
	case w.step == StepUser && w.row.Action == ActionResend:
		return 1 // a reset is one call a user
	case r.req.Terms.AllOrNone && w.step == StepUser:
		return MaxWrite
	}
	return r.sizer(w).n
}
