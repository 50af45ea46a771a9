// Package salesforcesim is a strict Salesforce org in one process, over real HTTP. It stands in for the real one in the demo, in
// tests and in benchmarks. It uses the standard library only, so that a fault of the client's libraries cannot hide in it too.
//
//	org, err := salesforcesim.New(salesforcesim.Config{Sandbox: true})
//	acme := org.Seed(salesforcesim.Seats{})   // licences, profiles, internal users, an app, two accounts, a site
//	url, err := org.Start()
//	defer org.Close()
//
// # What it understands
//
//   - OAuth: POST /services/oauth2/token with client_credentials (form or Basic) and JWT bearer (RS256), revoke, userinfo, the
//     id URL. Tokens are opaque and come without expires_in.
//   - REST, versions 31.0 to 67.0: versions, resources, limits, query (also columns=true) and its next pages, sobjects,
//     describe, one record (GET, POST, PATCH, DELETE), a user's password (GET, POST, DELETE), composite/sobjects (POST, PATCH,
//     DELETE), composite/sobjects/OBJECT (GET, POST).
//   - SOAP partner API: query, queryMore, create, update, delete, retrieve, resetPassword, getUserInfo, getServerTimestamp, with
//     SessionHeader, EmailHeader, AllOrNoneHeader, QueryOptions and CallOptions. login() is refused.
//   - The objects Account, Contact, User, UserRole, Profile, UserLicense, UserLogin, PermissionSet, PermissionSetAssignment, Group,
//     GroupMember, Network, NetworkMemberGroup, Organization.
//
// Anything else is refused, as Salesforce refuses it where that is known: another path is 404, another SOAP operation, header or namespace a
// soapenv:Client fault, another object INVALID_TYPE, another field INVALID_FIELD, another query MALFORMED_QUERY. There is
// no Bulk API, no Tooling API, no upsert, no describe over SOAP, no sharing, no person accounts, and a deleted record stays
// deleted (ENTITY_IS_DELETED): there is no recycle bin.
//
// # SOQL
//
// Keywords, names and text comparisons do not depend on case. AND and OR do not mix without parentheses, and NOT stands alone between its
// parentheses, both as in Salesforce's own grammar.
//
//	query      = "SELECT" selection "FROM" name [ "WHERE" conditions ] [ "GROUP" "BY" path { "," path } ]
//	             [ "ORDER" "BY" order { "," order } ] [ "LIMIT" digits ] [ "OFFSET" digits ]
//	selection  = "COUNT" "(" ")" | item { "," item }
//	item       = ( path | function "(" path ")" ) [ name ]
//	function   = "COUNT" | "COUNT_DISTINCT" | "MAX" | "MIN"
//	order      = path [ "ASC" | "DESC" ] [ "NULLS" ( "FIRST" | "LAST" ) ]
//	conditions = "NOT" simple | simple { "AND" simple } | simple { "OR" simple }
//	simple     = "(" conditions ")" | comparison
//	comparison = path ( "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" | "LIKE" ) literal
//	           | path [ "NOT" ] "IN" "(" literal { "," literal } ")"
//	path       = name { "." name }                    at most five parents
//	literal    = string | number | date | datetime | "TRUE" | "FALSE" | "NULL" | "TODAY" | "YESTERDAY" | "TOMORROW"
//	           | ( "LAST_N_DAYS" | "NEXT_N_DAYS" | "N_DAYS_AGO" ) ":" digits
//	string     = "'" { character | "\" ( n r t b f " ' \ _ % ) } "'"     at most 4,000 characters
//	datetime   = YYYY-MM-DDThh:mm:ss[.fff] ( "Z" | ±hh:mm | ±hhmm )
//
// A query has at most 100,000 characters. SOAP pages have 500 records unless QueryOptions says otherwise, REST pages 2,000;
// 200 to 2,000 can be asked for. Answers without ORDER BY are in the order in which the records were made. = and IN on Id, and on
// these fields, are answered through indexes, also where such conditions are joined by AND or OR and where they stand on a
// parent whose references are indexed: Account.Name; Contact.AccountId, Email; User.Username, Email,
// CommunityNickname, ContactId, AccountId, FederationIdentifier; UserRole.PortalAccountId, PortalAccountOwnerId; UserLogin.UserId; the two ends of
// the membership objects; Name of Profile and PermissionSet.
//
// # The rules of the org
//
// Field lengths and required fields of the Object Reference, one portal user per contact (an inactive one counts),
// usernames unique here and in the orgs that TakeUsername names, unique nicknames, seats per licence, the account's owner and
// the running user with a role, portal roles and their lock, partner accounts, disabling for good. Salesforce does not publish all of its
// sentences. These status codes and texts are our reading, and a client must not rely on them:
//
//   - a contact on an internal profile, a portal flag on an internal user: FIELD_INTEGRITY_EXCEPTION
//   - a partner profile on an account that is not a partner account: FIELD_INTEGRITY_EXCEPTION
//   - activation of a user that was disabled for good: INVALID_CROSS_REFERENCE_KEY "Cannot create a portal user without contact"
//   - a change to a profile of another user type: FIELD_INTEGRITY_EXCEPTION
//   - a high-volume user in a group: OP_WITH_INVALID_USER_TYPE_EXCEPTION
//   - partner users disabled through the API: allowed, unless Config.RefusePartnerDisable
//   - the new username of a disabled user: its id in front of the old one
//   - the name of the Network's welcome-mail flag: OptionsSendWelcomeEmail
//   - an exp too far ahead in a JWT: invalid_grant "invalid assertion"
//
// # Locks
//
// A write takes the org's group-membership lock from before it starts until it is answered where it makes portal roles, changes the role
// of a role-based user or disables one for good, or changes the owner of an account that has portal roles. While another call holds the lock
// it waits for Config.LockWait; then the rows that need the lock fail with UNABLE_TO_LOCK_ROW and the rest goes on. High-volume users
// never take it, nor do users of an account that has its roles.
//
// # Faults, counts, time
//
// Every request that can be understood is an operation with a running number, kept in a log with counts. Inject makes operations fail
// before they take effect, lose the answer, work on after the client left, hang, or be slow; OnOperation is called before and
// after each, for a test that stops the client at an exact point. A fault that cuts the connection of a GET meets net/http's transport, which repeats a GET on
// a connection that it had used before; POST and PATCH are not repeated. All times come from Config.Now, latency from PerRequest and PerRecord.
package salesforcesim
