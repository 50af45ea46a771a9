package bot

import (
	"context"

	"github.com/slack-go/slack"
)

// Handler does the work. Its methods are called from several goroutines at once.
type Handler interface {
	// Ack says what the acknowledgement of d carries. It is called before d is saved, again for each redelivery, and must not
	// do I/O: Slack waits 3 s at most, and the answer should be there in 50 ms. A panic in it acknowledges plainly.
	Ack(d Delivery) Ack
	// Handle does what d asks for. It is called after d was saved and acknowledged, and again after a restart when the program
	// stopped before it returned. ctx ends when the time for one delivery is over, or at shutdown. An error, as well as a panic,
	// is logged with a reference, and the person is told that reference; errors that a person can mend are answered by Handle
	// itself. A delivery is finished either way and not tried again, except when ctx was cancelled by a shutdown.
	Handle(ctx context.Context, d Delivery) error
}

// Ack is what an acknowledgement carries. The zero Ack is plain: it closes a submitted modal. The fields are for submitted modals
// alone; the first that is set counts.
type Ack struct {
	// Errors are shown at the inputs of the modal, by the block_id of an input block; any other key makes Slack show "trouble
	// connecting". The person submits the same view again, so a delivery with errors is neither saved nor handled.
	Errors map[string]string
	// Update takes the place of the submitted view. Under 20 KB as JSON: Slack drops longer acknowledgements silently.
	Update *slack.ModalViewRequest
	// Push is laid over the submitted view. The same limit applies.
	Push *slack.ModalViewRequest
	// Clear closes all views of the stack.
	Clear bool
}
