// Package salesforcesim is a strict Salesforce org in one process, over real HTTP.
package salesforcesim
