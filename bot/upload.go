package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/slack-go/slack"
)

const (
	// uploadTimeout is the deadline for sending a file's bytes: 50 MB at half a megabyte a second.
	uploadTimeout = 100 * time.Second
	// shareLooks and shareWait bound the wait for a file's share to show after its upload was completed: Slack shares it in the
	// background (docs.slack.dev, working with files).
	shareLooks = 5
	shareWait  = time.Second
)

// maxAlt is the length of a picture's description (docs.slack.dev, files.getUploadURLExternal, alt_txt).
const maxAlt = 1000

// errNoContent says that a file is empty, which Slack does not take.
var errNoContent = errors.New("the file is empty")

// upload posts a file, once. The order is: the bytes go to Slack, where nobody sees them; the file's id is saved; then the file is
// shared. If we stop before the save, the bytes are sent again, and Slack forgets the first ones. If we stop after it, the file is
// looked up before it is shared again.
func (o *Outbox) upload(ctx context.Context, item Item, post Post, rec record) error {
	if rec.State == stateUploading {
		shared, err := o.isShared(ctx, rec)
		if err != nil {
			return err
		}
		if shared {
			return o.shared(ctx, item, post, rec)
		}
	} else {
		channel, thread, err := o.place(ctx, post)
		if err != nil {
			return err
		}
		var content bytes.Buffer
		if err := post.File.Write(&content); err != nil {
			return fmt.Errorf("write file: %w", err)
		}
		if content.Len() == 0 {
			return errNoContent
		}
		id, err := o.client.putFile(ctx, *post.File, content.Bytes())
		if err != nil {
			return err
		}
		rec = record{State: stateUploading, Channel: channel, Thread: thread, Since: time.Now(), FileID: id}
		if err := o.remember(ctx, item.Key, rec); err != nil {
			return err
		}
	}
	err := o.client.shareFile(ctx, rec.FileID, rec.Channel, rec.Thread, *post.File)
	switch {
	case err == nil:
		return o.shared(ctx, item, post, rec)
	case Code(err) == "file_update_failed":
		return o.shared(ctx, item, post, rec) // it is complete already, only its share does not show yet
	case Code(err) == "file_not_found":
		// Slack has forgotten the bytes: they are sent again.
		return errors.Join(errForgotten, o.cfg.Memory.DeleteMessage(ctx, item.Key))
	case classify(err) == refusal:
		return errors.Join(err, o.cfg.Memory.DeleteMessage(ctx, item.Key))
	}
	return err
}

// errForgotten asks for a file's bytes to be sent again.
var errForgotten = errors.New("the uploaded bytes are gone from Slack")

// shared records that a file is where it should be.
func (o *Outbox) shared(ctx context.Context, item Item, post Post, rec record) error {
	rec.State, rec.Rev = statePosted, post.Rev
	return o.remember(ctx, item.Key, rec)
}

// isShared reports whether a file is in the conversation that it was meant for. A file that is there but does not show its share yet
// is looked at a few times.
func (o *Outbox) isShared(ctx context.Context, rec record) (bool, error) {
	for look := range shareLooks {
		if look > 0 {
			if err := sleep(ctx, shareWait); err != nil {
				return false, err
			}
		}
		f, err := o.client.fileInfo(ctx, rec.FileID)
		switch Code(err) {
		case "file_not_found", "file_deleted":
			return Code(err) == "file_deleted", nil // deleted by a person: it was there
		}
		if err != nil {
			return false, err
		}
		if len(f.Shares.Public[rec.Channel])+len(f.Shares.Private[rec.Channel]) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// SendFile posts a file to one person, as a direct message that says m with the file in its thread. It is posted at least once, like
// [Client.DM].
func (c *Client) SendFile(ctx context.Context, userID string, m Message, file Upload) error {
	var content bytes.Buffer
	if err := file.Write(&content); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	if content.Len() == 0 {
		return errNoContent
	}
	id, err := c.putFile(ctx, file, content.Bytes())
	if err != nil {
		return err
	}
	ref, err := c.DM(ctx, userID, m)
	if err != nil {
		return err
	}
	return c.shareFile(ctx, id, ref.Channel, ref.TS, file)
}

// putFile sends a file's bytes to Slack and returns its id. Nobody sees it until it is shared. We send the bytes ourselves: slack-go
// sends them as a form with its last boundary twice and without a length (misc.go, postWithMultipartResponse).
func (c *Client) putFile(ctx context.Context, file Upload, content []byte) (id string, err error) {
	var target *slack.GetUploadURLExternalResponse
	err = c.call(ctx, "files.getUploadURLExternal", "", func(ctx context.Context) error {
		target, err = c.api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{
			FileName: file.Name, FileSize: len(content), AltTxt: Clip(file.Alt, maxAlt),
		})
		return err
	})
	if err != nil {
		return "", err
	}
	u, err := url.Parse(target.UploadURL)
	if err != nil || !c.isSlack(u) {
		return "", errors.New("upload: the URL is not Slack's")
	}
	ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.UploadURL, bytes.NewReader(content))
	if err != nil {
		return "", fmt.Errorf("upload: %w", withoutURL(err))
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := c.http.Do(req)
	if err != nil {
		return "", fmt.Errorf("upload: %w", withoutURL(err))
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<10)) // "OK - 12": the status says it all
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("upload: %w", slack.StatusCodeError{Code: resp.StatusCode, Status: resp.Status})
	}
	return target.FileID, nil
}

// shareFile completes an upload: the file appears in a conversation or thread.
func (c *Client) shareFile(ctx context.Context, id, channel, thread string, file Upload) error {
	return c.call(ctx, "files.completeUploadExternal", "", func(ctx context.Context) error {
		_, err := c.api.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{
			Files: []slack.FileSummary{{ID: id, Title: or(file.Title, file.Name)}}, Channel: channel, ThreadTimestamp: thread,
			InitialComment: file.Comment,
		})
		return err
	})
}
