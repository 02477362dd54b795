package wispwright

import "context"

// Page selects a part of a list.
type Page struct {
	// Offset is how many rows are skipped.
	Offset int
	// Limit is how many rows are returned at most; 0 means all of them.
	Limit int
	// Order is the wanted order; empty means the list's own. The id is always
	// added as the last key, so that pages never overlap.
	Order []Order
	// NoTotal saves counting all rows; Items.Total is then -1.
	NoTotal bool
}

// Order is one sort key.
type Order struct {
	// Field is the Go name of the field, such as "Created".
	Field string
	// Descending turns the order round.
	Descending bool
}

// Items is one page of a list.
type Items[T any] struct {
	// Rows are the page's objects; they belong to the receiver.
	Rows []*T
	// Total is the length of the whole list, or -1 when it was not asked for.
	Total int
}

// KeyedRepo is what every entity's storage can do. T is the domain type, F its
// filter: a struct whose zero value selects everything, K the type of its key.
//
// Objects outside the Scope do not exist for the caller: Get, Update and
// Delete answer ErrNotFound, List leaves them out. A broken rule of uniqueness
// is a *ConflictError with the same name in every driver.
type KeyedRepo[K comparable, T, F any] interface {
	// Get returns a copy of the object.
	Get(ctx context.Context, scope Scope, id K) (*T, error)
	// List returns copies of the selected objects.
	List(ctx context.Context, scope Scope, filter F, page Page) (Items[T], error)
	// Insert stores a new object. Times are cut to microseconds in the
	// caller's struct too, so that reading it back gives an equal object.
	Insert(ctx context.Context, object *T) error
	// Update reads the object, hands it to change, and stores the outcome, with
	// no other writer in between. change may run more than once and must have
	// no outside effect; its error is returned and nothing is stored.
	Update(ctx context.Context, scope Scope, id K, change func(*T) error) (*T, error)
	// Delete removes the object.
	Delete(ctx context.Context, scope Scope, id K) error
}

// Repo is a KeyedRepo of objects identified by an ID, as nearly all are.
type Repo[T, F any] = KeyedRepo[ID, T, F]
