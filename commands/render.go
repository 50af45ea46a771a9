package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"portalbot/bot"
	"portalbot/provisioning"
)

// Render returns the post for a notice, from the request's state of this moment. A request that is gone, and a notice that has
// nothing to say any more, is skipped.
func (c *Commands) Render(ctx context.Context, item bot.Item) (bot.Post, error) {
	id, kind, ref := splitKey(item.Key)
	if strings.HasPrefix(id, reportPrefix) {
		return c.renderReport(ctx, id, kind, ref)
	}
	r, err := c.service.Request(ctx, id)
	if errors.Is(err, provisioning.ErrNotFound) {
		return bot.Post{Skip: true}, nil
	}
	if err != nil {
		return bot.Post{}, fmt.Errorf("read request %s: %w", id, err)
	}
	if kind == provisioning.NoticeRoot {
		return rootPage(r).post(r, bot.Post{Channel: c.cfg.Channel}), nil
	}
	inThread := bot.Post{ThreadKey: id + "/" + string(provisioning.NoticeRoot)}
	switch kind {
	case provisioning.NoticePlan:
		if ref != provisioning.PlanRef(r) {
			return replacedPage(r).post(r, inThread), nil
		}
		rows, err := c.sample(ctx, r)
		if err != nil {
			return bot.Post{}, err
		}
		return planPage(r, rows, c.filesToDM(r)).post(r, inThread), nil
	case provisioning.NoticeProgress:
		p, err := c.progressPage(ctx, r)
		if err != nil {
			return bot.Post{}, err
		}
		return p.post(r, inThread), nil
	case provisioning.NoticeStory:
		line := storyLine(r, ref)
		if strings.HasPrefix(ref, "remind-") {
			line = reminderLine(r, c.cfg.Approvers, c.cfg.Admins)
		}
		if line == "" {
			return bot.Post{Skip: true}, nil
		}
		p := page{text: line}
		p.blocks = append(p.blocks, section(line))
		return p.post(r, inThread), nil
	case provisioning.NoticePlanFile:
		if ref != provisioning.PlanRef(r) {
			return bot.Post{Skip: true}, nil // its plan was replaced before its file was sent
		}
		return c.filePost(r, inThread, c.planFile(ctx, r)), nil
	case provisioning.NoticeResults:
		return c.filePost(r, inThread, c.resultsFile(ctx, r)), nil
	case provisioning.NoticeDone:
		return donePage(r, c.filesToDM(r), c.linkTo(ctx, r.ID, provisioning.NoticeProgress)).post(r, inThread), nil
	}
	return bot.Post{Skip: true}, nil
}

// splitKey undoes [provisioning.Notice.Key].
func splitKey(key string) (id string, kind provisioning.NoticeKind, ref string) {
	id, rest, _ := strings.Cut(key, "/")
	k, ref, _ := strings.Cut(rest, "/")
	return id, provisioning.NoticeKind(k), ref
}

// post puts the page into a post.
func (p page) post(r provisioning.Request, post bot.Post) bot.Post {
	post.Rev, post.Text, post.Blocks, post.Fallback = r.Rev, bot.Clip(p.text, maxText), p.blocks, p.fallback
	return post
}

// filePost sends a file into the thread, or to its requester alone where the portal says so. Others get it by a button then.
func (c *Commands) filePost(r provisioning.Request, post bot.Post, file bot.Upload) bot.Post {
	if c.filesToDM(r) {
		post = bot.Post{Channel: r.Terms.Requester}
	}
	post.Rev, post.File = r.Rev, &file
	return post
}

func (c *Commands) filesToDM(r provisioning.Request) bool {
	p, err := c.service.Portal(r.Terms.Portal)
	return err == nil && p.FilesToDM
}

// sampleRows is how many rows of a plan the message shows; all are in the file.
const sampleRows = 8

// sample returns the first rows that run, or the first of all when none does among the first ones.
func (c *Commands) sample(ctx context.Context, r provisioning.Request) ([]provisioning.PlanRow, error) {
	var rows []provisioning.PlanRow
	for row, err := range c.service.PlanRows(ctx, r) {
		if err != nil {
			return nil, err
		}
		if rows = append(rows, row); len(rows) == sampleRows {
			break
		}
	}
	return rows, nil
}
