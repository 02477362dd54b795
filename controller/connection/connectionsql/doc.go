// Package connectionsql keeps the concern connection in PostgreSQL or SQLite,
// beside the tables of package controllersql, which must be there first.
package connectionsql
