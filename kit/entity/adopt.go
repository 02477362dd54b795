package entity

import (
	"context"
	"errors"
	"fmt"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/internal/fields"
)

// Adopt stores an object as it is in an installation that is taken over, with its
// key and its times, or makes the stored one equal to it. Unlike Restore it asks
// neither Validate nor Check and nothing follows from it: no Stored, no hook, no
// event, because what follows was done there and is taken over too. What the
// storage itself refuses is refused; the object's organization must be there.
//
// keep, which may be nil, is given the stored object and the new one, to leave as
// it is what is known here only; before is nil for a new object. Adopt returns what
// was stored before, and what it took: "add", "change", or "" where nothing
// differs; times of storing alone are no difference.
func (s *Service[K, T, F]) Adopt(ctx context.Context, object *T, keep func(before, after *T)) (before *T, action string, err error) {
	err = s.base.Do(ctx, s.kind.Name+".Adopt", func(ctx context.Context) error {
		if err := s.hold(ctx, object); err != nil {
			return err
		}
		before, action, err = Put(ctx, s.store, get[K](object, s.shape.key), object, keep)
		if err != nil || action == "" || s.base.Recorder == nil {
			return s.kind.Explain(err)
		}
		return s.base.Record(ctx, s.history(Change[T]{Before: before, After: object}))
	})
	return before, action, err
}

// Put makes the stored object with a key equal to the given one, in a transaction;
// see Service.Adopt, which does it for objects that have a service.
func Put[K comparable, T, F any](ctx context.Context, store wispwright.KeyedRepo[K, T, F], key K, object *T, keep func(before, after *T)) (before *T, action string, err error) {
	before, err = store.Get(ctx, wispwright.ScopeAll(), key)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		before = nil
	case err != nil:
		return nil, "", err
	}
	if keep != nil {
		keep(before, object)
	}
	if before == nil {
		return nil, "add", store.Insert(ctx, object)
	}
	if len(wispwright.Compare(before, object)) == 0 {
		return before, "", nil
	}
	_, err = store.Update(ctx, wispwright.ScopeAll(), key, func(row *T) error {
		*row = *fields.Clone(object)
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("make it as it was: %w", err)
	}
	return before, "change", nil
}
