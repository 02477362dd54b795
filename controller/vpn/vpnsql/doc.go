// Package vpnsql keeps VPN servers and their clients in PostgreSQL or SQLite.
package vpnsql
