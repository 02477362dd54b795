// Package radiussql keeps what package radius knows in PostgreSQL or SQLite, in
// tables that FreeRADIUS reads and writes too. On PostgreSQL a trigger finds the
// organization of rows that FreeRADIUS writes itself.
package radiussql
