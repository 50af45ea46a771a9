// Package salesforce implements provisioning.Org over HTTP: OAuth through x/oauth2, reads by SOQL over the SOAP partner API,
// describe and password reset over REST, writes by the SOAP partner API's create and update.
//
// SOAP, because it is the only API that takes 200 users a call, asks for the welcome e-mail (EmailHeader) and answers row by
// row. Its query call carries SOQL in the body, so that one request looks up some 2,000 keys.
//
// # Requests
//
// A read splits its keys so that each answer fits one page where it can, and sends the pieces side by side, at most
// Config.Reads at once over the whole client. So n contacts by id are n/2,000 requests, rounded up, of which six travel at a time:
// 10,000 take one round trip. Users by contact, e-mail, username and nickname at once are about n/700, since a query holds
// 100,000 characters. A write is always exactly one HTTP request (SetFrozen: one read before it). The first call
// fetches a token; the first Schema, Contacts or Accounts makes three requests side by side, whose answers are kept for a day.
//
// # What is repeated
//
// A call that Salesforce refused with INVALID_SESSION_ID had no effect: it is sent again once, with a new token. Reads are
// repeated a few times when the class of their error says so. A write is never repeated: its error is a *provisioning.CallError
// whose Unsent says whether it is certain that nothing happened. Neither does the transport: Go's own repeats a POST only
// when not one byte of it had been written.
//
// # Secrets
//
// The package logs nothing. No error text holds a token, a secret or a password: fault texts are searched for the token
// before they are passed on, and the answer of a password reset, which holds the new password, is thrown away unread.
package salesforce
