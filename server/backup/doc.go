// Package backup writes everything that an installation keeps into one file, while it
// runs, and restores it: the database, the time series, uploaded files, the key that
// seals the secrets.
package backup
