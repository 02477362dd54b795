// Package store describes an entity once for all storages: the Shape that
// stands beside its type is what package memstore keeps it by and what package
// sqlstore holds its table against.
package store

import "github.com/wispwright/wispwright"

// Shape is how an entity is kept: its key, its organization, its rules.
type Shape struct {
	// Table is the table's name in SQL, and what others name in Parent.
	Table string
	// Key is the Go field of the key. Default: "ID".
	Key string
	// Org is the Go field of the organization; empty for what belongs to none.
	Org string
	// Order is the list's own order. Default: by key.
	Order []wispwright.Order
	// Search names the Go fields a filter's Search looks through.
	Search []string
	// Unique are the rules of uniqueness beside the key. sqlstore does not open
	// a table that lacks the index of one.
	Unique []Unique
	// Parents are the objects of the same storage that must exist before this
	// one is stored: the foreign keys of the table.
	Parents []Parent
	// Documents names the Go fields whose type is a struct without a form of its
	// own, to be stored as JSON; slices, maps and arrays need not be named.
	Documents []string
	// Serial: the storage numbers an object whose key is 0.
	Serial bool
}

// Unique is a rule of uniqueness. An object with an empty value in one of the
// fields never conflicts, as NULL does not in SQL.
type Unique struct {
	// Name is the rule's name in ConflictError, and that of the unique index.
	Name string
	// Fields are the Go fields that must differ together.
	Fields []string
	// Fold compares texts without regard to the letter case of ASCII, as an
	// index on lower(…) does.
	Fold bool
	// When is a Go field of type bool: only objects in which it is true count,
	// as with a partial index. Default: all count.
	When string
}

// Parent is an object that must exist.
type Parent struct {
	// Field is the Go field that holds the parent's key; its zero value, or nil,
	// means that there is none.
	Field string
	// Table is the parent's Shape.Table. A storage that does not keep it checks
	// nothing.
	Table string
}

// Newest is the order of lists whose latest object comes first.
func Newest(field string) []wispwright.Order {
	return []wispwright.Order{{Field: field, Descending: true}}
}

// Oldest is the order of lists whose first object comes first.
func Oldest(field string) []wispwright.Order { return []wispwright.Order{{Field: field}} }
