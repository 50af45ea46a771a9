package provisioning

import "time"

// NoticeKind names what is to be told. How it reads is decided when it is sent.
type NoticeKind string

// The kinds. Those marked "edit" are one message for the request's whole life.
const (
	NoticeRoot     NoticeKind = "root"     // edit: the request at a glance, in the channel
	NoticePlan     NoticeKind = "plan"     // edit: the plan with Approve and Deny, in the thread
	NoticePlanFile NoticeKind = "planfile" // the plan CSV, once
	NoticeStory    NoticeKind = "story"    // one line in the thread; Ref says which
	NoticeProgress NoticeKind = "progress" // edit: live progress that ends as the summary
	NoticeResults  NoticeKind = "results"  // the results CSV, once
	NoticeDone     NoticeKind = "done"     // one line that mentions the requester, once
	NoticePreview  NoticeKind = "preview"  // edit: the plan shown to its requester before it is sent
)

// Notice is something to be told, saved in the transaction of the change that it tells. It holds no text: it is rendered when it
// is sent, from the request's state of that moment, so that edits coalesce by themselves.
type Notice struct {
	ID      uint64 // grows over all requests; set by the store
	Request string
	Kind    NoticeKind
	Ref     string // which one of several of a kind ("approval-1", "restart-2"); empty for edits
	Rev     uint64 // Request.Rev of the change that it tells; set by the store
	At      time.Time
}

// Key names the message that the notice is about: equal keys are the same message.
func (n Notice) Key() string {
	k := n.Request + "/" + string(n.Kind)
	if n.Ref != "" {
		k += "/" + n.Ref
	}
	return k
}
