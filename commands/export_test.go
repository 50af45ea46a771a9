package commands

import "portalbot/provisioning"

// What tests of the rendering look at beside [Commands.Render]: the views, which are made where no notice is.
var (
	PreviewView = previewView
	DenyView    = denyView
	PartView    = partView
	HomeView    = homeView
	Nearest     = nearest
	RequestID   = requestID
	Mask        = mask
)

// HeldAll is every right.
const HeldAll = requesters | approvers | admins

// Linked is a request as the Home tab lists it.
type Linked = linked

// Link returns a request with the address of its thread.
func Link(r provisioning.Request) []Linked { return []Linked{{r, ThreadLink}} }

// ThreadLink is an address as Links gives them.
const ThreadLink = "https://acme.slack.com/archives/C0PORTAL/p1"
