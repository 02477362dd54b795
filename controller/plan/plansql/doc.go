// Package plansql keeps plans in PostgreSQL and SQLite.
package plansql
