package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

const (
	// downloadTimeout is the deadline of one attempt: 50 MB at half a megabyte a second.
	downloadTimeout = 100 * time.Second
	// downloadAttempts and downloadPause bound the wait for a file that Slack is still working on (docs.slack.dev, working with
	// files: uploads are scanned and processed after they were announced): 4 attempts with 0.5, 1 and 2 s in between.
	downloadAttempts = 4
	downloadPause    = 500 * time.Millisecond

	// sniffLen is how many bytes may stand before the tag by which a web page is known.
	sniffLen = 512
)

// Download returns the content of a file of at most limit bytes. What Slack cannot or will not give is a [*FileError]; what may pass
// (not there yet, a broken connection, HTTP 5xx) is tried a few times first.
func (c *Client) Download(ctx context.Context, f File, limit int64) ([]byte, error) {
	var err error
	pause := downloadPause
	for attempt := range downloadAttempts {
		if attempt > 0 {
			if err := sleep(ctx, pause); err != nil {
				return nil, err
			}
			pause *= 2
		}
		var content []byte
		if content, err = c.downloadOnce(ctx, f, limit); err == nil {
			return content, nil
		}
		if !passing(err) || ctx.Err() != nil {
			return nil, err
		}
		c.log.InfoContext(ctx, "file is not there yet", "file", f.ID, "attempt", attempt+1, "error", err)
	}
	return nil, err
}

// passing reports whether a download may succeed a moment later.
func passing(err error) bool {
	if f, ok := errors.AsType[*FileError](err); ok {
		return f.Reason == FileMissing || f.Reason == FileTruncated
	}
	if s, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return s.Code >= http.StatusInternalServerError || s.Code == http.StatusTooManyRequests
	}
	code := Code(err)
	return code == "" || code == "internal_error" || code == "fatal_error" || code == "service_unavailable"
}

func (c *Client) downloadOnce(ctx context.Context, f File, limit int64) ([]byte, error) {
	f, err := c.complete(ctx, f)
	if err != nil {
		return nil, err
	}
	refuse := func(reason FileReason, got int64) error {
		return &FileError{Reason: reason, FileID: f.ID, Size: f.Size, Got: got, Limit: limit}
	}
	switch {
	case f.External || f.Mode == "external":
		return nil, refuse(FileExternal, 0)
	case f.Mode == "tombstone", f.Mode == "hidden_by_limit", f.URL == "":
		return nil, refuse(FileMissing, 0)
	case f.Size > limit:
		return nil, refuse(FileTooLarge, 0)
	}
	u, err := url.Parse(f.URL)
	if err != nil || !c.isSlack(u) {
		return nil, refuse(FileForeign, 0)
	}

	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return nil, fmt.Errorf("download file %s: %w", f.ID, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token) // taken off by net/http if a redirect leads to another domain
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("download file %s: %w", f.ID, withoutURL(err))
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return nil, refuse(FileMissing, 0)
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden,
		resp.StatusCode == http.StatusOK && isPage(resp.Header):
		return nil, refuse(FileSignIn, 0)
	case resp.StatusCode == http.StatusTooManyRequests:
		if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
			if err := sleep(ctx, time.Duration(s)*time.Second); err != nil {
				return nil, err
			}
		}
		return nil, slack.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}
	case resp.StatusCode != http.StatusOK:
		return nil, slack.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}
	}

	content, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch got := int64(len(content)); {
	case got > limit:
		return nil, refuse(FileTooLarge, got)
	case err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("download file %s: %w", f.ID, ctx.Err())
	case err != nil, f.Size > 0 && got != f.Size:
		if isHTML(content) {
			return nil, refuse(FileSignIn, got)
		}
		return nil, refuse(FileTruncated, got)
	case isHTML(content):
		return nil, refuse(FileSignIn, got)
	}
	return content, nil
}

// complete asks Slack for what it left out of a file's description: files from shared channels come as an id alone
// (docs.slack.dev, file object, check_file_info).
func (c *Client) complete(ctx context.Context, f File) (File, error) {
	if f.Access != "check_file_info" && (f.URL != "" || f.External) {
		return f, nil
	}
	info, err := c.fileInfo(ctx, f.ID)
	switch Code(err) {
	case "file_not_found", "file_deleted":
		return File{}, &FileError{Reason: FileMissing, FileID: f.ID}
	}
	if err != nil {
		return File{}, err
	}
	return fileOf(*info), nil
}

// fileInfo asks for a file's description (files.info).
func (c *Client) fileInfo(ctx context.Context, id string) (info *slack.File, err error) {
	err = c.read(ctx, "files.info", func(ctx context.Context) error {
		info, _, _, err = c.api.GetFileInfoContext(ctx, id, 1, 1)
		return err
	})
	return info, err
}

// fileOf keeps of slack-go's description what we use.
func fileOf(f slack.File) File {
	return File{
		ID: f.ID, Name: f.Name, Title: f.Title, Mimetype: f.Mimetype, Filetype: f.Filetype, User: f.User, Size: int64(f.Size),
		Mode: f.Mode, External: f.IsExternal, URL: or(f.URLPrivateDownload, f.URLPrivate),
	}
}

// isSlack reports whether our token, or an answer, may go to a URL: Slack's hosts over TLS, or the host of a configured APIURL.
func (c *Client) isSlack(u *url.URL) bool {
	if api, err := url.Parse(c.apiURL); err == nil && u.Scheme == api.Scheme && strings.EqualFold(u.Host, api.Host) {
		return true
	}
	host := strings.ToLower(u.Hostname())
	for _, domain := range []string{"slack.com", "slack-gov.com"} {
		if u.Scheme == "https" && (host == domain || strings.HasSuffix(host, "."+domain)) {
			return true
		}
	}
	return false
}

// isPage reports whether an answer says that it is a web page.
func isPage(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (kind == "text/html" || kind == "application/xhtml+xml")
}

// isHTML reports whether content begins like a web page.
func isHTML(content []byte) bool {
	head := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(content[:min(len(content), sniffLen)], []byte("\xef\xbb\xbf")), " \t\r\n"))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
}

// withoutURL takes the URL out of an error of net/http: a file's address is nobody's business in a log.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
