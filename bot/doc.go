// Package bot is the Slack side of the program: it receives, verifies, deduplicates, acknowledges and dispatches what people do,
// and it posts, edits and uploads at the pace that Slack allows. It knows nothing of the domain.
//
// # In
//
// A [Receiver] takes deliveries (slash commands, clicks, submitted modals, shortcuts, events) from two Socket Mode connections or
// from signed HTTP requests. For each one, in this order:
//
//  1. The payload is parsed into a [Delivery]. What we do not know is acknowledged and logged.
//  2. [Handler.Ack] says, without I/O, what the acknowledgement carries.
//  3. [Memory.AcceptDelivery] saves the raw payload. If we stop before it has, Slack delivers again.
//  4. The acknowledgement goes out. If we stop after the save, step 5 runs at the next start with [Delivery.Replayed] set.
//  5. [Handler.Handle] does the work, and [Memory.FinishDelivery] records that it was done. If we stop in between, Handle runs
//     again, so it must be safe to repeat: its own saves must be keyed by what the person acted on.
//
// A delivery that was saved before is acknowledged the same way and not handled again.
//
// # Out
//
// Answers to one person go through [Client]: modals, ephemeral messages, direct messages. What must not be lost goes through an
// [Outbox], which works through a durable [Queue]: in order within a lane, lanes side by side, edits coalesced, each message
// posted exactly once. Before the first post of a message its intent is saved; when the answer is lost, or a restart finds the
// intent alone, the message is looked for by its metadata before it is posted again. That search needs the scopes
// channels:history and groups:history (im:history for direct messages); without them, and for a first direct message, whose
// conversation is not known yet, the outbox goes on and may say a line twice after a crash.
//
// # Who
//
// [People] says who somebody is (guest, stranger, bot, deactivated) and whether a list of users and user groups holds them.
package bot
