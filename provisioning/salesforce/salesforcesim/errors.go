package salesforcesim

import "net/http"

// RowError is one entry of a record's errors in a SaveResult: the status code, Salesforce's sentence, and the fields it is
// about, if any.
type RowError struct {
	Code    string
	Message string
	Fields  []string
}

func rowError(code, message string, fields ...string) *RowError {
	return &RowError{Code: code, Message: message, Fields: fields}
}

// callError refuses a whole call. Over REST it is a JSON array with one entry and the HTTP status, over SOAP a fault with
// HTTP 500.
type callError struct {
	status  int
	code    string
	message string
	fields  []string
	row     int // line of a query, 0 where it does not apply
	column  int
}

func refuse(status int, code, message string) *callError {
	return &callError{status: status, code: code, message: message}
}

func badRequest(code, message string) *callError {
	return refuse(http.StatusBadRequest, code, message)
}

// Sentences that more than one rule uses.
const (
	msgInvalidCrossReference = "invalid cross reference id"
	msgOwnerNeedsRole        = "portal account owner must have a role"
	msgTooManyRecords        = "record limit reached. cannot submit more than 200 records into this call"
	msgRolledBack            = "Record rolled back because not all records were valid and the request was using AllOrNone header"
)
