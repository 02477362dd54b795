package entity

import "context"

type expectKey struct{}

// expectation is what somebody wants of an object before it is deleted.
type expectation struct {
	id    any
	check func(ctx context.Context, object any) error
}

// WithExpectation returns a context in which an object is deleted only if check
// accepts it as it is then, with its row held: the caller that deletes has read it
// before, and gets the context of the transaction. Services of other signatures
// ask Expected. A check of nil ends an expectation.
func WithExpectation[T any](ctx context.Context, id any, check func(context.Context, *T) error) context.Context {
	e := expectation{id: id}
	if check != nil {
		e.check = func(ctx context.Context, object any) error {
			if o, ok := object.(*T); ok {
				return check(ctx, o)
			}
			return nil
		}
	}
	return context.WithValue(ctx, expectKey{}, e)
}

// Expected returns the error of the context's expectation of the object with
// this id, nil where there is none.
func Expected(ctx context.Context, id, object any) error {
	if e, ok := ctx.Value(expectKey{}).(expectation); ok && e.check != nil && e.id == id {
		return e.check(ctx, object)
	}
	return nil
}
