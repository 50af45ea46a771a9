// Package conformance lets clients that others wrote loose on the simulators, and has documents that others wrote judge what portalbot
// sends. It holds tests only; the run script beside it installs what they need and starts them.
package conformance
