package commands

// What tests of the rendering look at beside [Commands.Render]: the views, which are made where no notice is.
var (
	PreviewView = previewView
	DenyView    = denyView
	HomeView    = homeView
	Nearest     = nearest
	RequestID   = requestID
	Mask        = mask
)

// HeldAll is every right.
const HeldAll = requesters | approvers | admins
