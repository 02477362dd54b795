// Package notificationssql keeps the concern notifications in PostgreSQL or
// SQLite.
//
// The tables begin with "notification" and refer to no other concern's: what
// goes with a user, an organization or an object goes by the service's Forget
// functions.
package notificationssql
