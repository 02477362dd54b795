package timeseries

import (
	"context"
	"time"
)

// Store keeps points and documents. It may be used by many goroutines.
type Store interface {
	// Write stores a batch; it is durable on return. Points that cannot be stored are
	// left out and told of as PointErrors, the others are stored then.
	Write(ctx context.Context, b Batch) error
	// Charts answers several queries in one pass over what they share, in their order.
	Charts(ctx context.Context, queries []Query) ([]Result, error)
	// Read returns points as they are.
	Read(ctx context.Context, r Rows) ([]Row, error)
	// TopFields returns the n numeric fields with the largest sums, largest first.
	TopFields(ctx context.Context, measurement string, f Filter, since, until time.Time, n int) ([]string, error)
	// Document returns the last document of an object, or wispwright.ErrNotFound.
	Document(ctx context.Context, o Object) (*Document, error)
	// Delete removes the points of the selected series; of all measurements if that is
	// empty, and then also the document of the object.
	Delete(ctx context.Context, measurement string, f Filter) error
	// Maintain does the store's house-keeping: what is due at that time, in small pieces.
	Maintain(ctx context.Context, now time.Time) error
	// Close ends the store.
	Close() error
}

// States is implemented by stores that can tell what is remembered beside the last
// document of an object without reading the document itself.
type States interface {
	// State returns the time of the last document and what its owner remembers with it,
	// or wispwright.ErrNotFound.
	State(ctx context.Context, o Object) (time.Time, []byte, error)
}

// StateOf is States.State of any store; one that is no States is asked for the whole document.
func StateOf(ctx context.Context, s Store, o Object) (time.Time, []byte, error) {
	if states, ok := s.(States); ok {
		return states.State(ctx, o)
	}
	d, err := s.Document(ctx, o)
	if err != nil {
		return time.Time{}, nil, err
	}
	return d.Time, d.State, nil
}

// Latest is implemented by stores that can tell the last values of all objects at once.
type Latest interface {
	// Latest calls do for the last point of each series of the default class since a time, in no
	// order. Texts a microsecond apart, such as the clients of a radio, are one
	// point with their number.
	Latest(ctx context.Context, since time.Time, do func(LatestPoint) error) error
	// LatestStates calls do for what is remembered with the last documents since a time.
	LatestStates(ctx context.Context, since time.Time, do func(o Object, at time.Time, state []byte) error) error
}

// LatestPoint is the last point of a series.
type LatestPoint struct {
	// Measurement and Tags are the series.
	Measurement string
	Tags        Tags
	// Time is when it was measured.
	Time time.Time
	// Fields are its values, none for texts.
	Fields []Field
	// Count is how many texts there were.
	Count int
}
