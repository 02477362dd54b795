// Package firmwaresql keeps what package firmware works on in PostgreSQL or SQLite.
// New returns the stores; Migrations make their tables.
package firmwaresql
