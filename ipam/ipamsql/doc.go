// Package ipamsql keeps subnets and addresses in PostgreSQL or SQLite. Networks
// and addresses are in columns of their own kinds, in the order of their values,
// so that a range of them is a piece of an index in both.
package ipamsql
