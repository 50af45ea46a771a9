package provisioning

import "context"

// Discard ends a draft that was never sent. Only its requester can; a request that was sent is not touched, since the button or window that
// asks for it may be an old one.
func (s *Service) Discard(ctx context.Context, id, person string) (Request, error) {
	return change(ctx, s.store, id, s.now, func(r Request) (Event, error) {
		switch {
		case person != r.Terms.Requester:
			return nil, &Refusal{RefusedNotOwner, "Only the person who made " + id + " can drop it."}
		case !r.PendingAt.IsZero():
			return nil, &Refusal{RefusedState, "Request " + id + " was sent already. You can cancel it with `/portal cancel " + id + "`."}
		case r.State.Ended():
			return nil, &Refusal{RefusedState, "Draft " + id + " is " + stateWords(r) + "."}
		}
		return Cancelled{Person: person, Reason: "cancelled before it was sent"}, nil
	})
}
