// Package healthsql keeps health in SQL: alert settings, statuses, incidents, times of
// maintenance and status pages.
package healthsql
