// Package remote is the part of the command line that manages the objects of
// an installation elsewhere through its REST API, with the client that package
// client offers to every program.
package remote
