package variable

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/store"
)

// Value is a value that a secret variable has or had. It is never changed: a new value
// is a new row, and what was made of the old one can be made again.
type Value struct {
	// ID is what Declaration.Value names.
	ID wispwright.ID
	// Value is a JSON value.
	Value wispwright.Secret
	// Created is when it was given.
	Created time.Time
}

// Shape is how storages keep values.
func (Value) Shape() store.Shape {
	return store.Shape{Table: "controller_variable_value", Order: store.Newest("Created")}
}

// Filter selects values; zero fields select all.
type Filter struct {
	// IDs limits to these values.
	IDs wispwright.Among[wispwright.ID]
}

// Store keeps the values of secret variables.
type Store interface {
	wispwright.Repo[Value, Filter]
	// Prune removes values given before a moment that neither a version of a
	// configuration nor what is declared now names, and returns their number.
	Prune(ctx context.Context, before time.Time) (int, error)
}
