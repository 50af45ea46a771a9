package bot

import (
	"context"
	"fmt"

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
