// Package report makes the figures of a report from the org and the store, and draws its charts. It knows neither Slack nor when
// a report is due.
//
//	Maker.Make      reads the org and the requests, and returns a Report
//	Report.Encode   makes the bytes that are stored; Decode reads them, also those of older versions
//	SeatsChart, ActivityChart   draw it as PNG, SeatsAlt and ActivityAlt say the same in words
//	WriteFindings   lists the users that were found, as cells
//
// A Report is a value that never changes: what is told of it is rendered from what was saved, however late.
//
// # What it costs
//
// For any number of portal users: 1 request for licences, 1 for profiles, 1 for active users, 1 for each of the four lists of users, and 1 more
// for each of three of them that is longer than Settings.Shown. With the login that is 11 requests at most. A list is one page of at most 2,000
// users, so that memory does not grow with the org.
package report
