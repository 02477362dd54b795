// Package rolloutsql keeps rollouts and their steps in PostgreSQL and SQLite.
package rolloutsql
