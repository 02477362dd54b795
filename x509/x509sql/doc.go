// Package x509sql keeps the concern x509 in PostgreSQL or SQLite.
//
// The tables begin with "x509_" and refer to no other concern's: what goes with an
// organization goes by the service. Private keys and passphrases are sealed when
// the database was opened with keys.
package x509sql
