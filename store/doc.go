// Package store keeps everything that must outlive the process in one bbolt file: requests, frozen plans, journals, notices,
// the audit trail, deliveries and messages. It implements provisioning.Store and what package bot asks for.
//
// # Keys
//
// Every bucket is flat and stands in for a key prefix, so that the same layout fits any ordered key-value store with ranges and
// compare-and-swap. Numbers are big endian, so that byte order is number order; "|" is one zero byte after a name.
//
//	meta            name                    schema version, counters, head of the audit chain, stop switch
//	requests        request id              request
//	request times   time id                 index of all requests by creation
//	open requests   time id                 the same for requests that have not ended
//	person requests person | time id        the same for one requester
//	origins         delivery key            id of the request that the delivery made
//	plans           plan id                 number of rows written so far
//	plan rows       plan id | position      row, compressed
//	plan numbers    plan id | position      input numbers of the batch from there on, sorted, each with its position
//	journal         request id | seq        entry
//	notices         notice id               notice that is still to be told
//	audit           seq                     event with its hash
//	deliveries      delivery key            when it came and, until it is finished, its place in the inbox
//	delivery times  time key                index of deliveries by arrival
//	inbox           seq                     delivery that is not finished
//	messages        message key             what the bot remembers of a message
//	job runs        job name                last occurrence of a job
//	snapshots       date                    seats used and in all, by licence
//	reports         report id               report, as package commands has encoded it
//	report times    time id                 index of reports by when they were made
//	retired         request id              when the request was purged
//
// # Writing
//
// One goroutine writes. Saves that wait at the same time share one transaction and so one sync to disk, which keeps
// acknowledgements quick; a save that is refused (a conflict, a duplicate) leaves the others untouched. Rows of plans and other bulk
// work take turns with them, one bounded transaction at a time. No value is larger than 512 KiB.
//
// # After a crash
//
// A transaction took effect as a whole or not at all, so that each method says all there is to know: what it wrote is there
// when it returned nil. Work in several transactions leaves something only in three places, and each mends itself. A plan that
// was begun is overwritten from position 0. A plan, a purge or a pruning that was half deleted is deleted further when it is asked for again.
package store
