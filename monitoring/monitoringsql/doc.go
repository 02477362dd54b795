// Package monitoringsql keeps the rows of the concern monitoring in SQLite or PostgreSQL:
// metrics, charts, WiFi clients and their sessions. Points are in a time-series store.
package monitoringsql
