package entity

import (
	"context"
	"fmt"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/internal/fields"
)

// many is what a storage can do that stores several objects with one statement.
type many[T any] interface {
	InsertMany(ctx context.Context, objects []*T) error
}

// CreateMany is Create for several new objects, all or none: with one statement where
// the storage has one, and one event of all of them. The error does not say which of
// them was wrong.
func (s *Service[K, T, F]) CreateMany(ctx context.Context, objects []*T) error {
	if len(objects) == 0 {
		return nil
	}
	operation := s.kind.Name + ".CreateMany"
	now := s.base.Now()
	drafts := make([]*T, len(objects))
	for i, o := range objects {
		if id, ok := any(at[K](o, s.shape.key)).(*wispwright.ID); ok && id.IsZero() {
			*id = wispwright.NewID()
		}
		set(o, s.shape.created, now)
		set(o, s.shape.modified, now)
		if err := s.validate(ctx, Change[T]{After: o}); err != nil {
			return fmt.Errorf("%s: %w", operation, err)
		}
		drafts[i] = fields.Clone(o)
	}
	return s.base.Do(ctx, operation, func(ctx context.Context) error {
		var held []wispwright.ID
		changes := make([]Change[T], len(objects))
		for i, o := range objects {
			*o = *fields.Clone(drafts[i]) // the transaction may run again
			changes[i].After = o
			if organization := get[wispwright.ID](o, s.shape.org); !slices.Contains(held, organization) {
				held = append(held, organization)
				if err := s.hold(ctx, o); err != nil {
					return err
				}
			}
			if err := s.check(ctx, changes[i]); err != nil {
				return err
			}
		}
		if err := s.insertAll(ctx, objects); err != nil {
			return s.kind.Explain(err)
		}
		if err := s.Note(ctx, changes...); err != nil {
			return err
		}
		return s.Saved.Fire(ctx, changes...)
	})
}

func (s *Service[K, T, F]) insertAll(ctx context.Context, objects []*T) error {
	if m, ok := s.store.(many[T]); ok {
		return m.InsertMany(ctx, objects)
	}
	for _, o := range objects {
		if err := s.store.Insert(ctx, o); err != nil {
			return err
		}
	}
	return nil
}
