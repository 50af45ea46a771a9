package bot

import (
	"slices"
	"time"
)

// Kind says which of a [Delivery]'s parts is set.
type Kind string

// The kinds of deliveries.
const (
	KindCommand  Kind = "command"  // a slash command
	KindAction   Kind = "action"   // a click or a choice in a message, a modal or the Home tab
	KindSubmit   Kind = "submit"   // a modal was submitted
	KindClose    Kind = "close"    // a modal that asked for it was closed
	KindShortcut Kind = "shortcut" // a shortcut, global or on a message
	KindEvent    Kind = "event"    // an event that the app subscribes to
)

// Delivery is one thing that a person did, as Slack told us. All texts are as typed, hence hostile: see [Escape].
type Delivery struct {
	// Key is the same for every redelivery of the same act: the event id, the view's id and hash, the action's timestamp with
	// its id and the user, or the trigger id.
	Key  string
	Kind Kind
	// User is the id of who did it. Team is the id of the workspace that it was done in.
	User, Team string
	// Channel is where it was done: empty for modals and the Home tab.
	Channel string
	// MessageTS is the message that was clicked, or that the shortcut or event is about; ThreadTS is the thread it stands in,
	// empty outside threads.
	MessageTS, ThreadTS string
	// TriggerID opens a modal, once, within 3 s (docs.slack.dev, interactivity). It is dead when Replayed.
	TriggerID string
	// ResponseURL takes at most [ResponseUses] answers within [ResponseLife]. Empty for submitted modals and events.
	ResponseURL string
	// At is when we first received it.
	At time.Time
	// Replayed says that the program stopped before this delivery was finished, and that it is handled again after a restart.
	Replayed bool

	// Exactly one of these is set, as Kind says.
	Command  *Command
	Action   *Action
	Submit   *View
	Close    *View
	Shortcut *Shortcut
	Event    *Event
}

// Command is a slash command. It carries no files and cannot be used in threads.
type Command struct {
	Name string // with its slash: "/portal"
	Text string // what stands after it, white space trimmed
}

// Action is a click on a button or a choice from a list.
type Action struct {
	ID      string // the element's action_id
	BlockID string
	Value   string // a button's value, or the text of an input
	// Selected holds the values of the chosen options, users, channels or dates.
	Selected []string
	// Ephemeral says that the clicked message is one that only this person sees: it can be changed through
	// Delivery.ResponseURL alone.
	Ephemeral bool
	// State is what the message's or view's inputs held at the click.
	State State
	// View is the modal or Home tab that was clicked in; nil in messages.
	View *View
}

// View is a modal or the Home tab, as the person saw it.
type View struct {
	ID, Hash        string
	RootID          string // the first view of its stack
	Type            string // "modal" or "home"
	CallbackID      string
	PrivateMetadata string
	State           State
}

// Shortcut is a global shortcut, or a message shortcut: then Delivery.MessageTS names the message.
type Shortcut struct {
	CallbackID string
	Author     string // the user id of who wrote the message
	Text       string // the message's text
	Files      []File // the message's files
}

// EventType says which event it is.
type EventType string

// The events that are delivered. All others are acknowledged and logged.
const (
	EventDirect  EventType = "direct"  // a message to the bot in its direct-message channel, with files or without
	EventMention EventType = "mention" // a message that mentions the bot, in a channel it is in
	EventHome    EventType = "home"    // the bot's Home or Messages tab was opened
)

// Event is an event that the app subscribes to. Messages by bots, ours included, edits and deletions are not delivered.
type Event struct {
	Type  EventType
	Text  string
	Files []File
	Tab   string // "home" or "messages", for [EventHome]
}

// File is a file as Slack describes it. Its content comes from [Client.Download].
type File struct {
	ID       string
	Name     string
	Title    string
	Mimetype string
	Filetype string // Slack's guess by name and content: "csv", "text", "xlsx"
	User     string // who uploaded it
	Size     int64  // bytes
	Mode     string // "hosted", "snippet", "external" ...
	External bool   // not kept by Slack: only a link to it
	URL      string // where its content is, for our token
	// Access is "check_file_info" for files in shared channels: Slack then says no more than the id, and Download asks for
	// the rest.
	Access string
}

// State is what the inputs of a view or message hold, by block id and action id.
type State map[string]map[string]Input

// Input is what one input element holds.
type Input struct {
	Value    string   // of text inputs
	Selected []string // values of the chosen options, users, channels, dates
	Files    []File   // of file inputs
}

// Input returns the input of a block: its only one, or the one that comes first by action id. It is the zero Input when there is
// none.
func (s State) Input(block string) Input {
	first := ""
	for id := range s[block] {
		if first == "" || id < first {
			first = id
		}
	}
	return s[block][first]
}

// Value returns the text that a block's input holds.
func (s State) Value(block string) string { return s.Input(block).Value }

// Selected returns the first value chosen in a block's input, or the empty string.
func (s State) Selected(block string) string {
	if sel := s.Input(block).Selected; len(sel) > 0 {
		return sel[0]
	}
	return ""
}

// Checked reports whether a block's input has value among its chosen options.
func (s State) Checked(block, value string) bool {
	return slices.Contains(s.Input(block).Selected, value)
}

// Files returns the files of a block's file input.
func (s State) Files(block string) []File { return s.Input(block).Files }
