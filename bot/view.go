package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"
)

// OpenView opens a modal and returns its id and hash. Its error is [ErrTriggerDead] when the trigger is older than [TriggerLife] or
// was used before.
func (c *Client) OpenView(ctx context.Context, triggerID string, v slack.ModalViewRequest) (View, error) {
	return c.view(ctx, "views.open", func(ctx context.Context) (*slack.ViewResponse, error) {
		return c.api.OpenViewContext(ctx, triggerID, v)
	})
}

// PushView lays a modal over the one that was clicked in. Its errors are those of [Client.OpenView].
func (c *Client) PushView(ctx context.Context, triggerID string, v slack.ModalViewRequest) (View, error) {
	return c.view(ctx, "views.push", func(ctx context.Context) (*slack.ViewResponse, error) {
		return c.api.PushViewContext(ctx, triggerID, v)
	})
}

// UpdateView changes an open modal. With a hash it does so only if nobody changed it since. Its error is [ErrViewGone] when the
// person closed it or it has another hash.
func (c *Client) UpdateView(ctx context.Context, viewID, hash string, v slack.ModalViewRequest) (View, error) {
	return c.view(ctx, "views.update", func(ctx context.Context) (*slack.ViewResponse, error) {
		return c.api.UpdateViewContext(ctx, v, "", hash, viewID)
	})
}

// submittedWaits are the waits for a view that an acknowledgement shows: it is on its way to Slack by another road than our calls, and
// Slack itself gives it 3 s (docs.slack.dev, interactivity).
var submittedWaits = [...]time.Duration{
	50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 750 * time.Millisecond, 1500 * time.Millisecond,
}

// UpdateSubmitted changes the view that the acknowledgement of a submission showed, which carried externalID. A change cannot overtake
// that view: until Slack knows the external id it is asked again, for 3 s. When the acknowledgement never came there, the view that was
// submitted is changed. The view that is shown now has no external id unless v brings one. Its error is [ErrViewGone] when the person
// closed it.
func (c *Client) UpdateSubmitted(ctx context.Context, viewID, externalID string, v slack.ModalViewRequest) (View, error) {
	for _, wait := range submittedWaits {
		shown, err := c.updateExternal(ctx, externalID, v)
		if !errors.Is(err, ErrViewGone) {
			return shown, err
		}
		if err := sleep(ctx, wait); err != nil {
			return View{}, fmt.Errorf("views.update: %w", err)
		}
	}
	shown, err := c.updateExternal(ctx, externalID, v)
	if !errors.Is(err, ErrViewGone) {
		return shown, err
	}
	return c.UpdateView(ctx, viewID, "", v)
}

func (c *Client) updateExternal(ctx context.Context, externalID string, v slack.ModalViewRequest) (View, error) {
	return c.view(ctx, "views.update", func(ctx context.Context) (*slack.ViewResponse, error) {
		return c.api.UpdateViewContext(ctx, v, externalID, "", "")
	})
}

// PublishHome sets what a person sees on the bot's Home tab.
func (c *Client) PublishHome(ctx context.Context, userID string, v slack.HomeTabViewRequest) error {
	_, err := c.view(ctx, "views.publish", func(ctx context.Context) (*slack.ViewResponse, error) {
		return c.api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: userID, View: v})
	})
	return err
}

// view makes a call that answers with a view.
func (c *Client) view(ctx context.Context, method string, fn func(context.Context) (*slack.ViewResponse, error)) (View, error) {
	var v View
	err := c.call(ctx, method, "", func(ctx context.Context) error {
		r, err := fn(ctx)
		if err != nil {
			return err
		}
		v = View{
			ID: r.ID, Hash: r.Hash, RootID: r.RootViewID, Type: string(r.Type),
			CallbackID: r.CallbackID, PrivateMetadata: r.PrivateMetadata,
		}
		return nil
	})
	switch Code(err) {
	case "expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired", "trigger_exchanged":
		return View{}, fmt.Errorf("%w: %w", ErrTriggerDead, err)
	case "not_found", "hash_conflict", "view_not_found", "invalid_view_id":
		return View{}, fmt.Errorf("%w: %w", ErrViewGone, err)
	}
	return v, err
}
