// Package provisioning is the domain: rows, plans, requests, who must agree, the run, and what is told. It knows neither Slack nor
// HTTP nor files; it imports the standard library only, and declares what it needs of the outside: [Org], [Store], [Directory].
//
// # One request
//
// [Service.Propose] resolves the rows of a file against the org and freezes the plan; [Service.Send] asks the approvers;
// [Service.Approve] and [Service.Deny] decide; an [Engine] runs what was approved; [Service.Results] tells what became of each row.
// [Apply] is the one pure function that changes a request's state. It also says what must be told and audited with the change, and
// all of it is saved in one transaction.
//
//	             Proposed            Planned          Sent             Approved (last one needed)
//	(file read) ---------> planning ---------> draft ------> pending ------------------------------> approved
//	                          |                  |              |  \                                   |   ^
//	                          v                  v              |   `--(to start later)--> scheduled --|---' Due
//	                   expired, cancelled                       v                              |       |
//	                                                 denied, expired, cancelled           cancelled    | Started
//	                                                                                                   v
//	     done <-- Finished -- running <--- Resumed --- paused      (stop switch, API budget, maintenance, org down)
//	  stopped <-- Finished, after StopAsked   |   ^
//	   failed <-- Broken      v               |   `--- Resolved -- blocked (a person must decide)
//	                                          |                       |
//	                                          `------ Blocked --------'--- Resolved, or Finished after StopAsked ---> done, stopped
//
// Who may cause what: the requester proposes and sends; an approver who is not the requester approves or denies; requester,
// approvers and admins cancel and stop; admins set the stop switch; the clock expires and starts what is due; everything else is
// the engine's. A timeout never approves.
//
// # What a crash leaves behind
//
// Every save is one transaction of the [Store]; the process may die before or after each. Found at the next start:
//
//	died after                          is found                            what happens
//	--------------------------------    --------------------------------    ------------------------------------------------------
//	nothing was saved                   the delivery in the inbox           it is handled again: [Service.Propose] plans anew
//	Proposed, or part of the rows       planning                            the same: Propose finds the request by its origin and
//	                                                                        overwrites the rows
//	Planned                             draft                               the same: Propose returns the draft
//	Sent, Approved, Denied              the new state and its notices       the notices are sent; an approved request starts
//	Started                             running, no calls                   the run begins
//	an intent (Called)                  rows attempting                     settled by reading, see below
//	the call itself                     rows attempting                     the same: from here the two cannot be told apart
//	an outcome (Closed)                 rows closed, or open again          the run goes on with the rest
//	Finished                            done, its notices                   the notices are sent
//
// A save that fails while the process lives is treated as a crash: the run's memory is dropped and it is taken up from the store.
//
// # Attempting rows
//
// Before each call to the org an intent [Entry] is saved with the call's rows, after it an outcome. A row with an intent and no outcome
// is attempting: whether its call took effect is not known. It is never repeated; it is settled by reading:
//
//   - the effect is there and it is ours: the row is adopted and has its result;
//   - someone else's effect is in the way: the row has failed, and says so;
//   - the effect is absent: that counts as not done only when [Options.SettleAfter] has passed since the answer was lost (after a
//     restart: since the restart), because the org may still be working on a call whose client has left. Until then other rows
//     go on. Then the row is open again, and it is read once more right before it is written;
//   - should its second create be refused because the user exists after all, it is settled by reading again;
//   - should it be refused for another reason than that user (the name is taken in another org), the refusal stands;
//   - what reading cannot tell (an access mail) is unknown and is never repeated by itself. When everything else is done the request is
//     blocked, and an approver or admin who is not its requester decides by [Service.ResolveUnknown]: leave the rows unknown, which
//     ends the request, or let them be tried again.
//
// A user who is inactive and frozen is enabled in two steps: activated first, then unfrozen, so that the freeze holds until the last
// moment. Each is settled for itself.
//
// # Shutdown
//
// When its context ends, an [Engine] begins nothing new and waits at most [Options.Grace] for the calls in flight; the results that
// come are saved. Calls that take longer are left behind, and their rows stay attempting. Parted is saved, so that the thread says it.
// A crash and a shutdown that left calls behind are taken up in the same way.
//
// # Errors
//
// What an error of the org means is decided by its class, in one table of package salesforce, and what is done about a class stands here,
// in run_answer.go for rows and run_fail.go for calls: retry (after a wait, in smaller calls, and after reading where a call may have
// taken effect), row, profile and account (their other rows are not tried), job (the request ends), pause (budget, maintenance, stop switch).
// Three rows that are refused for the bot's own rights, before any row worked, end the request. A nickname that somebody took since the plan
// fails its row: approvers approved exact values, so that no other one is made up; sending the row again plans a free one.
//
// # Order and speed
//
// Rows run in execution order: by account, then by input row, an account's rows in one call while they fit. Each is read again at most
// a minute before it is written, and held when it drifted from what was approved or is protected by now: the first rows of a run
// with their slot in hand, further ones while calls are under way, and none ahead of its time where calls take long. One [Scheduler]
// for the org hands out the write slots: calls that take the org's group-membership lock go one after another, others side by side;
// of the requests that wait the one that has used the least goes first. High-volume users go 200 a call; role-based ones start at 60, and
// the size follows the measured time towards a minute a call. A lock or a lost answer halves it.
//
// All-or-none requests go in one call when every row of them is open, and their rows stay together: one that is held or refused lets
// none run, and is named.
//
// # Telling
//
// A [Notice] says that something is to be told, not how. It is saved with the change that it tells and rendered when it is sent, from
// the request's state of that moment, so that edits coalesce by themselves and nothing is told that was not saved.
package provisioning
