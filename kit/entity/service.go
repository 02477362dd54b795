package entity

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/internal/fields"
	"github.com/wispwright/wispwright/kit/valid"
)

// batch is how many objects DeleteAll and DeleteSome remove at a time.
const batch = 200

// aheadTries is how often an update is prepared before the row is locked; when
// others changed the row each time, it is prepared while the row is held.
const aheadTries = 3

// Service is the service of one kind of object: T with the key K, selected by
// the filter F. It implements rest.Service.
type Service[K comparable, T, F any] struct {
	// Saved is fired inside the transaction that created or changed objects.
	Saved event.Hook[Change[T]]
	// Deleting is fired inside the transaction before objects are removed.
	Deleting event.Hook[*T]
	// Changed is published after the commit of any of the above.
	Changed event.Topic[Change[T]]

	base  *Base
	store wispwright.KeyedRepo[K, T, F]
	kind  Kind[K, T]
	shape shape
}

// New returns the service of a kind of object. When objects have an
// organization, they go with it: New subscribes to its deletion. It panics
// when the kind does not fit its type or lacks Base.Tenants.
func New[K comparable, T, F any](b *Base, store wispwright.KeyedRepo[K, T, F], kind Kind[K, T]) *Service[K, T, F] {
	s := &Service[K, T, F]{base: b, store: store, kind: kind}
	s.shape = shapeOf(&s.kind)
	if !s.tenanted() {
		return s
	}
	if b.Tenants == nil {
		s.kind.wrong("belongs to organizations, but Base.Tenants is nil; entity.NoTenants{} is for programs without")
	}
	if e, ok := b.Tenants.(emptied); ok {
		e.OnEmptied(kind.Name, s.ofOrganization, s.someOf)
	}
	b.Tenants.OnDelete(kind.Name+" of a deleted organization", func(ctx context.Context, organization wispwright.ID) error {
		var all F
		_, err := s.DeleteAll(ctx, wispwright.ScopeOf(organization), all)
		return err
	})
	return s
}

// emptied are Tenants that take what an organization has out in batches before they
// delete it.
type emptied interface {
	OnEmptied(name string, count, some func(ctx context.Context, organization wispwright.ID) (int, error))
}

// ofOrganization is how many objects an organization has.
func (s *Service[K, T, F]) ofOrganization(ctx context.Context, organization wispwright.ID) (int, error) {
	var all F
	items, err := s.store.List(ctx, wispwright.ScopeOf(organization), all, wispwright.Page{Limit: 1})
	return items.Total, err
}

func (s *Service[K, T, F]) someOf(ctx context.Context, organization wispwright.ID) (int, error) {
	var all F
	return s.DeleteSome(ctx, wispwright.ScopeOf(organization), all)
}

// tenanted reports whether objects belong to organizations.
func (s *Service[K, T, F]) tenanted() bool { return s.shape.org != nil && !s.shape.self }

// Kind returns what the service was made of, with its defaults.
func (s *Service[K, T, F]) Kind() *Kind[K, T] { return &s.kind }

// Listed describes the three events for the printed list of events; model is
// OpenWISP's name of the object in its signals, empty when it has none.
func (s *Service[K, T, F]) Listed(model string) []event.Listed {
	saved, deleting := "", ""
	if model != "" {
		saved, deleting = "post_save("+model+")", "pre_delete("+model+")"
	}
	return []event.Listed{
		s.Saved.Listed(s.kind.Name+".Saved", saved),
		s.Deleting.Listed(s.kind.Name+".Deleting", deleting),
		s.Changed.Listed(s.kind.Name+".Changed", ""),
	}
}

// Get returns an object.
func (s *Service[K, T, F]) Get(ctx context.Context, scope wispwright.Scope, id K) (*T, error) {
	return s.store.Get(ctx, scope, id)
}

// List returns a page of the selected objects in the store's order.
func (s *Service[K, T, F]) List(ctx context.Context, scope wispwright.Scope, filter F, page wispwright.Page) (wispwright.Items[T], error) {
	return s.store.List(ctx, scope, filter, page)
}

// First returns the first of the selected objects, or wispwright.ErrNotFound.
func (s *Service[K, T, F]) First(ctx context.Context, scope wispwright.Scope, filter F) (*T, error) {
	items, err := s.store.List(ctx, scope, filter, wispwright.Page{Limit: 1, NoTotal: true})
	if err != nil {
		return nil, err
	}
	if len(items.Rows) == 0 {
		return nil, wispwright.ErrNotFound
	}
	return items.Rows[0], nil
}

// Create validates and stores a new object; object holds the outcome.
func (s *Service[K, T, F]) Create(ctx context.Context, object *T) error {
	operation := s.kind.Name + ".Create"
	if id, ok := any(at[K](object, s.shape.key)).(*wispwright.ID); ok && id.IsZero() {
		*id = wispwright.NewID()
	}
	now := s.base.Now()
	set(object, s.shape.created, now)
	set(object, s.shape.modified, now)
	if err := s.validate(ctx, Change[T]{After: object}); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	draft := fields.Clone(object)
	return s.base.Do(ctx, operation, func(ctx context.Context) error {
		*object = *fields.Clone(draft) // the transaction may run again
		return s.insert(ctx, object)
	})
}

func (s *Service[K, T, F]) insert(ctx context.Context, object *T) error {
	if err := s.hold(ctx, object); err != nil {
		return err
	}
	if err := s.check(ctx, Change[T]{After: object}); err != nil {
		return err
	}
	if err := s.store.Insert(ctx, object); err != nil {
		return s.kind.Explain(err)
	}
	return s.saved(ctx, Change[T]{After: object})
}

// Update changes an object within the scope and returns the outcome. Its key,
// the time of its creation and that of its change are not change's to set.
// change may run more than once and must have no outside effect.
func (s *Service[K, T, F]) Update(ctx context.Context, scope wispwright.Scope, id K, change func(*T) error) (*T, error) {
	operation := s.kind.Name + ".Update"
	for try := 1; ; try++ {
		var ahead *Change[T]
		if try <= aheadTries && !wispwright.Pending(ctx) {
			before, err := s.store.Get(ctx, scope, id)
			if err == nil {
				ahead, err = s.prepare(ctx, before, change)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", operation, err)
			}
		}
		var after *T
		err := s.base.Do(ctx, operation, func(ctx context.Context) (err error) {
			after, err = s.update(ctx, scope, id, ahead, change)
			return err
		})
		switch {
		case errors.Is(err, errOvertaken):
			continue
		case err != nil:
			return nil, err
		}
		return after, nil
	}
}

// errOvertaken: the row is not any more what an update was prepared for.
var errOvertaken = errors.New("changed by somebody else in the meantime")

// update stores a change; ahead is what was prepared of it, or nil.
func (s *Service[K, T, F]) update(ctx context.Context, scope wispwright.Scope, id K, ahead *Change[T], change func(*T) error) (*T, error) {
	var before *T
	after, err := s.store.Update(ctx, scope, id, func(row *T) error {
		c := ahead
		switch {
		case c == nil:
			var err error
			if c, err = s.prepare(ctx, row, change); err != nil {
				return err
			}
		case !reflect.DeepEqual(c.Before, row):
			return errOvertaken
		}
		before = c.Before
		*row = *fields.Clone(c.After)
		if get[wispwright.ID](before, s.shape.org) != get[wispwright.ID](row, s.shape.org) {
			// where it stays the same, its deletion waits for this row
			if err := s.hold(ctx, row); err != nil {
				return err
			}
		}
		return s.check(ctx, Change[T]{Before: before, After: row})
	})
	if err != nil {
		return nil, s.kind.Explain(err)
	}
	return after, s.saved(ctx, Change[T]{Before: before, After: after})
}

// prepare applies change to a copy of the row and validates the outcome.
func (s *Service[K, T, F]) prepare(ctx context.Context, row *T, change func(*T) error) (*Change[T], error) {
	c := &Change[T]{Before: fields.Clone(row), After: fields.Clone(row)}
	if err := change(c.After); err != nil {
		return nil, err
	}
	set(c.After, s.shape.key, get[K](c.Before, s.shape.key))
	set(c.After, s.shape.created, get[time.Time](c.Before, s.shape.created))
	set(c.After, s.shape.modified, s.base.Now())
	return c, s.validate(ctx, *c)
}

// Restore stores an object as it was in another installation, with its key and
// its times, or makes the stored one equal to it. It returns what that took:
// "add", "change", or "" where nothing differs; times of storing alone are no
// difference.
func (s *Service[K, T, F]) Restore(ctx context.Context, object *T) (action string, err error) {
	operation := s.kind.Name + ".Restore"
	if err := s.validate(ctx, Change[T]{After: object}); err != nil {
		return "", fmt.Errorf("%s: %w", operation, err)
	}
	id := get[K](object, s.shape.key)
	draft := fields.Clone(object)
	store := func(ctx context.Context) error {
		*object = *fields.Clone(draft) // the transaction may run again
		action = ""
		before, err := s.store.Get(ctx, wispwright.ScopeAll(), id)
		if errors.Is(err, wispwright.ErrNotFound) {
			action = "add"
			return s.insert(ctx, object)
		}
		if err != nil || s.same(before, object) {
			return err
		}
		action = "change"
		_, err = s.update(ctx, wispwright.ScopeAll(), id, &Change[T]{Before: before, After: object}, nil)
		return err
	}
	for {
		err := s.base.Do(ctx, operation, store)
		if !errors.Is(err, errOvertaken) || wispwright.Pending(ctx) {
			return action, err
		}
	}
}

// same reports whether two objects differ in times of storing at most.
func (s *Service[K, T, F]) same(a, b *T) bool {
	b = fields.Clone(b)
	set(b, s.shape.created, get[time.Time](a, s.shape.created))
	set(b, s.shape.modified, get[time.Time](a, s.shape.modified))
	return len(wispwright.Compare(a, b)) == 0
}

// Delete removes an object within the scope. An Expectation of the context is
// held against it.
func (s *Service[K, T, F]) Delete(ctx context.Context, scope wispwright.Scope, id K) error {
	return s.base.Do(ctx, s.kind.Name+".Delete", func(ctx context.Context) error {
		// an update that changes nothing locks the row, so that what is checked
		// and recorded is what is removed
		before, err := s.store.Update(ctx, scope, id, func(o *T) error { return Expected(ctx, id, o) })
		if err != nil {
			return err
		}
		if err := s.check(ctx, Change[T]{Before: before}); err != nil {
			return err
		}
		return s.delete(ctx, scope, before)
	})
}

// DeleteAll removes the selected objects because what they belong to is
// removed, and returns their number. Hooks, events and history get batches of
// them; Kind.Check is not asked.
func (s *Service[K, T, F]) DeleteAll(ctx context.Context, scope wispwright.Scope, filter F) (int, error) {
	n := 0
	err := s.base.Do(ctx, s.kind.Name+".DeleteAll", func(ctx context.Context) error {
		for n = 0; ; {
			some, err := s.DeleteSome(ctx, scope, filter)
			if err != nil || some == 0 {
				return err
			}
			n += some
		}
	})
	return n, err
}

// DeleteSome is one batch of DeleteAll, in a transaction of its own unless the caller
// has one: 200 objects at most. It returns their number, 0 when none is left.
func (s *Service[K, T, F]) DeleteSome(ctx context.Context, scope wispwright.Scope, filter F) (int, error) {
	n := 0
	err := s.base.Do(ctx, s.kind.Name+".DeleteSome", func(ctx context.Context) error {
		items, err := s.store.List(ctx, scope, filter, wispwright.Page{Limit: batch, NoTotal: true})
		if n = len(items.Rows); err != nil || n == 0 {
			return err
		}
		err = s.delete(ctx, scope, items.Rows...)
		if errors.Is(err, wispwright.ErrNotFound) { // somebody else was faster with one of them
			err = fmt.Errorf("%w: %w", wispwright.ErrCollision, err)
		}
		return err
	})
	return n, err
}

func (s *Service[K, T, F]) delete(ctx context.Context, scope wispwright.Scope, objects ...*T) error {
	if err := s.Deleting.Fire(ctx, objects...); err != nil {
		return err
	}
	changes := make([]Change[T], len(objects))
	for i, o := range objects {
		if err := s.store.Delete(ctx, scope, get[K](o, s.shape.key)); err != nil {
			return err
		}
		changes[i].Before = o
	}
	return s.Note(ctx, changes...)
}

func (s *Service[K, T, F]) saved(ctx context.Context, c Change[T]) error {
	if err := s.Note(ctx, c); err != nil {
		return err
	}
	return s.Saved.Fire(ctx, c)
}

// Note does what follows from changes, when a statement of the store's own made
// them: Kind.Stored, the history, Changed. Call it in the transaction.
func (s *Service[K, T, F]) Note(ctx context.Context, changes ...Change[T]) error {
	if s.kind.Stored != nil {
		if err := s.kind.Stored(ctx, changes...); err != nil {
			return err
		}
	}
	if s.base.Recorder != nil {
		records := make([]wispwright.Change, len(changes))
		for i, c := range changes {
			records[i] = s.history(c)
		}
		if err := s.base.Record(ctx, records...); err != nil {
			return err
		}
	}
	s.Changed.Publish(ctx, changes...)
	return nil
}

func (s *Service[K, T, F]) validate(ctx context.Context, c Change[T]) error {
	if s.kind.Validate == nil {
		return nil
	}
	return s.kind.Validate(ctx, c)
}

func (s *Service[K, T, F]) check(ctx context.Context, c Change[T]) error {
	if s.kind.Check == nil {
		return nil
	}
	return s.kind.Check(ctx, c)
}

// hold keeps the object's organization until the transaction ends.
func (s *Service[K, T, F]) hold(ctx context.Context, object *T) error {
	organization := get[wispwright.ID](object, s.shape.org)
	if !s.tenanted() || organization.IsZero() {
		return nil
	}
	return valid.Reference(s.base.Tenants.Hold(ctx, organization), "organization", organization)
}
