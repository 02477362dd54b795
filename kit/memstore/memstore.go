// Package memstore keeps entities in memory with the behaviour of package
// sqlstore: the same filters, orders, scopes and unique rules derived from the
// same field names, the same transactions. Examples, rule tests and small tools
// use it; everything is gone when the program ends.
package memstore

import (
	"context"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/internal/fields"
	"github.com/wispwright/wispwright/kit/store"
)

// Store is one memory; its repositories take part in its transactions.
type Store struct {
	mu     sync.RWMutex
	tables []table
}

type table interface {
	snapshot() (restore func())
}

// New returns an empty store.
func New() *Store { return &Store{} }

// entity is a table that others may name as a parent.
type entity interface {
	named() string
	has(key any) bool
}

type txState struct {
	err  error
	done bool
}

type txKey struct{ s *Store }

func (s *Store) state(ctx context.Context) *txState {
	st, _ := ctx.Value(txKey{s}).(*txState)
	if st == nil || st.done {
		return nil
	}
	return st
}

// InTx implements wispwright.Transactor: one transaction at a time, undone as
// a whole when it fails or when a joined call failed.
func (s *Store) InTx(ctx context.Context, fn func(context.Context) error) (err error) {
	if st := s.state(ctx); st != nil {
		if st.err != nil {
			return st.err
		}
		if err := fn(ctx); err != nil {
			st.err = err
		}
		return st.err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	var undo []func()
	for _, t := range s.tables {
		undo = append(undo, t.snapshot())
	}
	ctx, hooks := wispwright.WithCommitHooks(ctx)
	st := &txState{}
	committed := false
	defer func() {
		st.done = true
		if !committed {
			hooks.Discard()
			for _, f := range undo {
				f()
			}
		}
		s.mu.Unlock()
		if committed {
			hooks.Run()
		}
	}()
	ctx = context.WithValue(ctx, txKey{s}, st)
	if err = fn(ctx); err == nil && st.err == nil {
		err = hooks.Before(ctx)
	}
	if err == nil {
		err = st.err
	}
	committed = err == nil
	return err
}

type readKey struct{ s *Store }

// read runs fn while nobody writes. Reads through fn's context join, since
// locking twice would wait for a writer that came in between.
func (s *Store) read(ctx context.Context, fn func(context.Context)) {
	if s.state(ctx) == nil {
		if inside, _ := ctx.Value(readKey{s}).(bool); !inside {
			s.mu.RLock()
			defer s.mu.RUnlock()
			ctx = context.WithValue(ctx, readKey{s}, true)
		}
	}
	fn(ctx)
}

// Spec describes an entity, like sqlstore.Spec.
type Spec[T any] struct {
	// Shape is what all storages of the entity share.
	Shape store.Shape
	// ScopeMatch is for entities whose tenant is reached another way. It may
	// read other repositories of the store through the context it is given.
	ScopeMatch func(ctx context.Context, scope wispwright.Scope, object *T) bool
	// Match gives filter fields a condition of their own. It may read other
	// repositories of the store through the context it is given.
	Match map[string]func(ctx context.Context, object *T, value any) bool
	// Search tells whether an object is found by a text elsewhere than in
	// Shape.Search.
	Search func(ctx context.Context, object *T, text string) bool
}

// Repo keeps one entity. It implements wispwright.KeyedRepo.
type Repo[K comparable, T, F any] struct {
	store *Store
	spec  Spec[T]
	shape store.Shape
	plan  fields.Plan
	key   fields.Field
	org   *fields.Field
	conds []fields.Cond
	rows  map[K]*T // rows are never changed once they are in here
	next  int64
}

// NewRepo adds an entity to a store. It panics when the spec names a field
// that the types do not have, which is a mistake of the program.
func NewRepo[K comparable, T, F any](s *Store, spec Spec[T]) *Repo[K, T, F] {
	r := &Repo[K, T, F]{store: s, spec: spec, shape: spec.Shape, rows: map[K]*T{}}
	if r.shape.Key == "" {
		r.shape.Key = "ID"
	}
	if err := r.plans(); err != nil {
		panic("memstore: " + err.Error())
	}
	s.tables = append(s.tables, r)
	return r
}

func (r *Repo[K, T, F]) plans() (err error) {
	shape := r.shape
	if r.plan, err = fields.Of(reflect.TypeFor[T](), fields.Naming{Documents: shape.Documents}); err != nil {
		return err
	}
	named := map[string][]string{"the key": {shape.Key}}
	if shape.Org != "" {
		named["the organization"] = []string{shape.Org}
	}
	for _, u := range shape.Unique {
		named[u.Name] = u.Fields
		if u.When != "" {
			named[u.Name] = append(slices.Clone(u.Fields), u.When)
		}
	}
	for _, p := range shape.Parents {
		named["the parent "+p.Table] = []string{p.Field}
	}
	for what, names := range named {
		if err := r.plan.Need(what, names...); err != nil {
			return err
		}
	}
	r.key, _ = r.plan.Field(shape.Key)
	if shape.Org != "" {
		org, _ := r.plan.Field(shape.Org)
		r.org = &org
	}
	if r.conds, err = fields.Conds(reflect.TypeFor[F](), r.plan, shape.Search, func(name string) bool { return r.spec.Match[name] != nil }); err != nil {
		return err
	}
	return r.plan.Sorts(shape.Order)
}

// named is the table that children name.
func (r *Repo[K, T, F]) named() string { return r.shape.Table }

// has reports whether an object of the table exists.
func (r *Repo[K, T, F]) has(key any) bool {
	k, ok := key.(K)
	return ok && r.rows[k] != nil
}

// orphaned returns the parent that an object names and that does not exist.
func (r *Repo[K, T, F]) orphaned(object *T) error {
	for _, p := range r.shape.Parents {
		f, _ := r.plan.Field(p.Field)
		v := value(object, f)
		if v.IsZero() {
			continue
		}
		key := reflect.Indirect(v).Interface()
		for _, t := range r.store.tables {
			if e, ok := t.(entity); ok && e.named() == p.Table && !e.has(key) {
				return &wispwright.MissingError{Field: p.Field, Key: fmt.Sprint(key), Of: p.Table}
			}
		}
	}
	return nil
}

func (r *Repo[K, T, F]) snapshot() func() {
	rows, next := maps.Clone(r.rows), r.next
	return func() { r.rows, r.next = rows, next }
}

// Get returns a copy of the object.
func (r *Repo[K, T, F]) Get(ctx context.Context, scope wispwright.Scope, id K) (*T, error) {
	var out *T
	r.store.read(ctx, func(ctx context.Context) { out = r.get(ctx, scope, id) })
	if out == nil {
		return nil, wispwright.ErrNotFound
	}
	return fields.Clone(out), nil
}

func (r *Repo[K, T, F]) get(ctx context.Context, scope wispwright.Scope, id K) *T {
	row := r.rows[id]
	if row == nil || !r.within(ctx, scope, row) {
		return nil
	}
	return row
}

func (r *Repo[K, T, F]) within(ctx context.Context, scope wispwright.Scope, row *T) bool {
	switch {
	case scope.All():
		return true
	case r.spec.ScopeMatch != nil:
		return r.spec.ScopeMatch(ctx, scope, row)
	case r.org == nil:
		return true
	}
	return scope.Allows(value(row, *r.org).Interface().(wispwright.ID))
}

func value[T any](row *T, f fields.Field) reflect.Value {
	return reflect.ValueOf(row).Elem().FieldByIndex(f.Index)
}

// List returns copies of the selected objects.
func (r *Repo[K, T, F]) List(ctx context.Context, scope wispwright.Scope, filter F, page wispwright.Page) (wispwright.Items[T], error) {
	if err := r.plan.Sorts(page.Order); err != nil {
		return wispwright.Items[T]{Total: -1}, fmt.Errorf("list %s: %w", r.shape.Table, err)
	}
	var found []*T
	r.store.read(ctx, func(ctx context.Context) {
		v := reflect.ValueOf(filter)
		for _, row := range r.rows {
			if r.within(ctx, scope, row) && r.matches(ctx, row, v) {
				found = append(found, row)
			}
		}
	})
	r.sort(found, page.Order)
	items := wispwright.Items[T]{Total: len(found)}
	if page.NoTotal {
		items.Total = -1
	}
	found = found[min(page.Offset, len(found)):]
	if page.Limit > 0 {
		found = found[:min(page.Limit, len(found))]
	}
	for _, row := range found {
		items.Rows = append(items.Rows, fields.Clone(row))
	}
	return items, nil
}

func (r *Repo[K, T, F]) matches(ctx context.Context, row *T, filter reflect.Value) bool {
	for _, c := range r.conds {
		want, ok := c.Value(filter)
		if !ok {
			continue
		}
		if c.Op == fields.Custom {
			if !r.spec.Match[c.Name](ctx, row, want.Interface()) {
				return false
			}
			continue
		}
		if !slices.ContainsFunc(c.Targets, func(f fields.Field) bool { return compareOp(c.Op, value(row, f), want) }) &&
			(c.Name != "Search" || r.spec.Search == nil || !r.spec.Search(ctx, row, want.String())) {
			return false
		}
	}
	return true
}

func (r *Repo[K, T, F]) sort(rows []*T, order []wispwright.Order) {
	if len(order) == 0 {
		order = r.shape.Order
	}
	last := wispwright.Order{Field: r.key.Name}
	if len(order) > 0 {
		last.Descending = order[len(order)-1].Descending
	}
	order = append(slices.Clone(order), last)
	slices.SortFunc(rows, func(a, b *T) int {
		for _, o := range order {
			f, _ := r.plan.Field(o.Field) // they were looked at, see Sorts
			if c := compare(value(a, f), value(b, f)); c != 0 {
				if o.Descending {
					return -c
				}
				return c
			}
		}
		return 0
	})
}

// Insert stores a new object.
func (r *Repo[K, T, F]) Insert(ctx context.Context, object *T) error {
	return r.store.InTx(ctx, func(context.Context) error { return r.put(object, true) })
}

// InsertMany stores new objects.
func (r *Repo[K, T, F]) InsertMany(ctx context.Context, objects []*T) error {
	return r.store.InTx(ctx, func(context.Context) error {
		for _, o := range objects {
			if err := r.put(o, true); err != nil {
				return err
			}
		}
		return nil
	})
}

// put checks the unique rules and keeps a copy.
func (r *Repo[K, T, F]) put(object *T, added bool) error {
	cutTimes(reflect.ValueOf(object).Elem())
	keyValue := value(object, r.key)
	if r.shape.Serial && added {
		if keyValue.IsZero() {
			keyValue.SetInt(r.next + 1)
		}
		r.next = max(r.next, keyValue.Int())
	}
	key := keyValue.Interface().(K)
	if added && r.rows[key] != nil {
		return &wispwright.ConflictError{Unique: wispwright.UniqueKey}
	}
	if err := r.storable(object); err != nil {
		return err
	}
	for _, u := range r.shape.Unique {
		mine, ok := r.uniqueKey(object, u)
		if !ok {
			continue
		}
		for k, other := range r.rows {
			if k == key {
				continue
			}
			if theirs, ok := r.uniqueKey(other, u); ok && theirs == mine {
				return &wispwright.ConflictError{Unique: u.Name}
			}
		}
	}
	if err := r.orphaned(object); err != nil {
		return err
	}
	r.rows[key] = fields.Clone(object)
	return nil
}

// storable refuses the values that no column holds.
func (r *Repo[K, T, F]) storable(object *T) error {
	for _, f := range r.plan.Fields {
		v := reflect.Indirect(value(object, f))
		if v.IsValid() && v.CanUint() && v.Uint() > math.MaxInt64 {
			return fmt.Errorf("store %s: %d is more than a column holds", f.Name, v.Uint())
		}
	}
	return nil
}

// uniqueKey joins the values of a rule; it is not ok when one of them is one
// that SQL stores as NULL.
func (r *Repo[K, T, F]) uniqueKey(row *T, u store.Unique) (string, bool) {
	if u.When != "" {
		if f, _ := r.plan.Field(u.When); !value(row, f).Bool() {
			return "", false
		}
	}
	var b strings.Builder
	for _, name := range u.Fields {
		f, _ := r.plan.Field(name)
		v := value(row, f)
		if v.Kind() == reflect.Pointer && v.IsNil() || isNull(f.Kind) && v.IsZero() {
			return "", false
		}
		text := fmt.Sprint(reflect.Indirect(v).Interface())
		if u.Fold {
			text = store.Fold(text)
		}
		if text == "" {
			return "", false
		}
		b.WriteString(text)
		b.WriteByte(0)
	}
	return b.String(), true
}

// Update reads the object, hands it to change, and stores the outcome.
func (r *Repo[K, T, F]) Update(ctx context.Context, scope wispwright.Scope, id K, change func(*T) error) (*T, error) {
	var out *T
	err := r.store.InTx(ctx, func(ctx context.Context) error {
		row := r.get(ctx, scope, id)
		if row == nil {
			return wispwright.ErrNotFound
		}
		out = fields.Clone(row)
		if err := change(out); err != nil {
			return err
		}
		return r.put(out, false)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Delete removes the object.
func (r *Repo[K, T, F]) Delete(ctx context.Context, scope wispwright.Scope, id K) error {
	return r.store.InTx(ctx, func(ctx context.Context) error {
		if r.get(ctx, scope, id) == nil {
			return wispwright.ErrNotFound
		}
		delete(r.rows, id)
		return nil
	})
}

// DeleteWhere removes every object the function picks and returns their number.
func (r *Repo[K, T, F]) DeleteWhere(ctx context.Context, pick func(*T) bool) (int, error) {
	n := 0
	err := r.store.InTx(ctx, func(context.Context) error {
		for k, row := range r.rows {
			if pick(row) {
				delete(r.rows, k)
				n++
			}
		}
		return nil
	})
	return n, err
}
