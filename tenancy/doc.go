// Package tenancy knows which callers may do what to whose objects: organizations, users,
// groups with permissions, memberships, tokens, log-in, and the trail of every
// change.
//
// Each noun has one concrete service that holds its rules (Organizations,
// Users, Memberships, Groups, Tokens, Trail) over a small store interface;
// package tenancysql implements the stores on PostgreSQL and SQLite,
// kit/memstore in memory, package tenancyhttp puts them on the wire and package
// tenancytest is the conformance suite any store must pass.
//
// Rules come from spec: tenancy; the section is named where a rule is applied.
package tenancy
