// Package sqlts keeps time series in SQL: SQLite in a file of its own, or PostgreSQL in
// the main database. All points that one object writes at one time are one row, a
// frame; finished days of an object become one compressed chunk; sums and different
// texts of whole organizations are added up by five minutes as points are written.
//
// Decision 0050 tells why, and what was measured.
package sqlts
