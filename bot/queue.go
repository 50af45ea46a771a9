package bot

import (
	"context"
	"io"
	"time"

	"github.com/slack-go/slack"
)

// Queue is a durable list of what is to be told. All methods may be called from several goroutines at once.
type Queue interface {
	// Pending returns up to limit items that were not sent, the smallest ID first.
	Pending(ctx context.Context, limit int) ([]Item, error)
	// Sent records, durably, that an item needs nothing more. An unknown id is no error.
	Sent(ctx context.Context, id uint64) error
	// Changed returns a channel that receives, or is closed, some time after items were added. It is asked for anew before each
	// look at Pending, and needs no more than one buffered value.
	Changed() <-chan struct{}
}

// Item is one thing to be told. It holds no text: it is rendered when it is sent.
type Item struct {
	ID   uint64 // grows
	Lane string // items of a lane are sent in order of ID; lanes are independent
	Key  string // items with the same key are about the same message, and stand in the same lane
	Rev  uint64 // grows with the state that the item is about
}

// Renderer says what an item looks like at the moment that it is sent. It is called from several goroutines at once, maybe several
// times for an item.
type Renderer interface {
	// Render returns the post for an item. An error is taken for a passing one: the lane waits, at most a minute, and it is
	// called again. What can never be rendered is a Post with Skip.
	Render(ctx context.Context, item Item) (Post, error)
}

// Post is what a message is to look like now, or a file to be uploaded.
type Post struct {
	// Skip drops the item: there is nothing to say.
	Skip bool
	// Rev is the revision that was rendered. Items of the same key up to it are done with this one; zero means the item's own.
	Rev uint64

	// Channel is a conversation's id, or a user's id for a direct message. Empty: the conversation of ThreadKey's message.
	Channel string
	// ThreadKey is the key of the message in whose thread this one stands. It must have been posted before: be earlier in the
	// same lane. It wins over ThreadTS.
	ThreadKey string
	ThreadTS  string

	// Text is shown in notifications, and where blocks are not. Under 4,000 characters.
	Text string
	// Blocks is the message. Fallback takes its place when Slack does not know or accept the blocks; which kinds of blocks it
	// does not know is remembered until the program ends. With neither, Text is the message.
	Blocks, Fallback []slack.Block
	// MinInterval is the least time between two edits of this message; default 2 s. The last state is always sent.
	MinInterval time.Duration

	// File makes this an upload. Such a post happens once: it is never edited, and Text and the blocks are not used.
	File *Upload
}

// Upload is a file to be posted.
type Upload struct {
	Name, Title string
	Comment     string // mrkdwn text of the message that carries the file
	Alt         string // what a picture shows, for people who cannot see it; what is over 1,000 characters is cut
	// Write writes the content, which must be the same each time that it is called. It is held in memory. An empty file cannot be
	// uploaded.
	Write func(w io.Writer) error
}

// Failure tells of an item that could not be sent.
type Failure struct {
	Item Item
	// Err is why. [Code] has Slack's word for it.
	Err error
	// Dropped says that the item will not be tried again: Slack refuses what it says. Otherwise somebody has to mend something
	// (invite the bot, add a scope), and its lane is tried again every few minutes.
	Dropped bool
}
