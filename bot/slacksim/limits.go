package slacksim

import "time"

// Slack's limits. The pages are below docs.slack.dev unless said otherwise; python-slack-sdk means the
// constants of its block models.
const (
	ackTimeout   = 3 * time.Second  // apis/events-api/using-socket-mode, interactivity
	triggerLife  = 3 * time.Second  // interactivity/handling-user-interaction
	pingInterval = 10 * time.Second // clients give a socket up after 30 s without a ping

	maxSockets    = 10        // apis/events-api/using-socket-mode
	maxAckPayload = 20 * 1024 // bytes of an ack; from here on it is dropped without a word (measured by slack-go)
	maxRetries    = 3         // apis/events-api, retries of one event

	responseURLUses = 5                // interactivity/handling-user-interaction
	responseURLLife = 30 * time.Minute // as above

	maxText          = 40_000 // characters; longer text is cut, chat.postMessage
	maxUpdateText    = 4000   // characters; longer is msg_too_long (seen: seratch/ChatGPT-in-Slack issue 102)
	maxMessageText   = 12_000 // characters over all blocks, bolt-js issues 2509 and 2867
	maxMessageBlocks = 50     // reference/block-kit/blocks
	maxViewBlocks    = 100    // as above
	maxViewBytes     = 250_000
	maxViewStack     = 3 // views.push

	maxID             = 255 // action_id, block_id, callback_id, external_id
	maxSection        = 3000
	maxSectionFields  = 10
	maxSectionField   = 2000
	maxHeader         = 150
	maxContext        = 10
	maxContextText    = 2000 // a context element's text
	maxActions        = 25
	maxContextActions = 5
	maxInputLabel     = 2000
	maxInputHint      = 2000
	maxButtonText     = 75
	maxButtonValue    = 2000
	maxURL            = 3000
	maxAccessibility  = 75
	maxOptionText     = 75
	maxOptionValue    = 150
	maxOptions        = 100 // of a select; also its groups
	maxChoices        = 10  // of checkboxes and radio buttons
	maxOverflow       = 5
	maxConfirmTitle   = 100
	maxConfirmText    = 300
	maxConfirmButton  = 30
	maxPlaceholder    = 150
	maxImageText      = 2000 // alt_text, title
	maxModalTitle     = 24   // title, submit, close
	maxMetadata       = 3000 // private_metadata
	maxMarkdown       = 12_000
	maxCardTitle      = 150
	maxCardBody       = 200
	maxContainer      = 10
	maxCarousel       = 10
	maxPlainInput     = 3000
	maxFileInputFiles = 10
	maxFileInputBytes = 10 << 20 // per file, reference/block-kit/block-elements/file-input-element

	maxTableRows      = 100    // table-block page
	maxTableCols      = 20     // as above
	maxTableText      = 10_000 // over all cells of a message's tables
	maxDataTableRows  = 101    // the header and 100 rows, data-table-block page
	maxDataTablePage  = 100
	maxMetadataType   = 255    // metadata.event_type
	maxMetadataBytes  = 16_384 // metadata.event_payload
	maxResponseErrors = 10     // how many problems an answer lists
)
