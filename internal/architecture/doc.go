// Package architecture holds no code: its tests keep the shape of the
// repository. floors_test.go enforces who may import whom over the real,
// transitive imports; measures_test.go prints the measures of taste and fails
// where a limit is broken without a reason beside it.
//
// The rules are explained in docs/decisions.
package architecture
