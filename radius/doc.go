// Package radius keeps who may use a network over RADIUS, for how long and for how
// much, and what they used: groups with limits, sessions, log-ins, access servers.
//
// A FreeRADIUS server asks over HTTP (package radiushttp) or reads the tables
// itself (rlm_sql): their names and columns are FreeRADIUS's (spec: radius §1).
// Nothing here knows the wire, so that a RADIUS server in Go uses the same services:
// Authorizer says whether somebody may come in and with which attributes,
// Accounting records what the access servers tell of sessions, and PostAuths keeps
// what was answered.
//
// Limits are Counters: values with an interface, which a program adds to or
// replaces. Days and months are those of the installation's time zone.
//
// The accounts belong to somebody else: what is needed of them is in Accounts.
package radius
