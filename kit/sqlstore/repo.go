package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/internal/fields"
	"github.com/wispwright/wispwright/kit/store"
)

// Spec describes how an entity is stored. Columns follow from the names of
// its fields (OrganizationID is organization_id), conditions from the names of
// its filter's fields: a field's name (equal), its plural (one of), with the
// suffix From, Before or Contains; Within finds the addresses and prefixes inside
// a prefix; Search looks through Shape.Search.
type Spec struct {
	// Shape is what all storages of the entity share.
	Shape store.Shape
	// ScopeWhere is for entities whose tenant is reached another way: it
	// returns the condition for a scope that is not ScopeAll.
	ScopeWhere func(wispwright.Scope) Cond
	// Columns renames columns, by Go field.
	Columns map[string]string
	// Skip names Go fields that are not stored here.
	Skip []string
	// Where gives filter fields a condition of their own.
	Where map[string]func(value any) Cond
	// Search finds a text elsewhere than in Shape.Search. contains is the
	// condition that the text is part of an expression, without regard to letter
	// case.
	Search func(text string, contains func(expression string) Cond) Cond
	// Indexed asks an index of texts first: it returns the condition that a row is
	// among those in which it finds the text a filter field looks for, an empty
	// one where it cannot tell, and whether that is the whole answer. Otherwise
	// the rows it finds are compared as all others would be.
	Indexed func(field, text string) (among Cond, whole bool)
}

// Cond is a piece of WHERE with ? placeholders.
type Cond struct {
	// SQL is the condition; empty selects everything.
	SQL string
	// Args are its arguments.
	Args []any
}

// Repo stores one entity. It implements wispwright.KeyedRepo.
type Repo[K comparable, T, F any] struct {
	db    *DB
	spec  Spec
	shape store.Shape
	table *table
	plan  fields.Plan
	key   fields.Field
	org   *fields.Field
	conds []fields.Cond

	columns           string
	selected          string // columns as they are read
	get, lock         *Stmt
	insert, update    *Stmt
	remove, insertNum *Stmt
}

// NewRepo prepares an entity's statements; a name that does not fit the table
// is an error here and never later, as is a rule of uniqueness or a parent that
// either the shape or the table does not know. Fields of addresses, prefixes and big numbers need the column types
// INET, CIDR and NUMERIC (in migrations; see Migrations); an address may also be
// in a TEXT column, which is in the order of its text.
func NewRepo[K comparable, T, F any](db *DB, spec Spec) (*Repo[K, T, F], error) {
	r, err := newRepo[K, T, F](db, spec)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// newRepo returns a repository with the error too, see Add.
func newRepo[K comparable, T, F any](db *DB, spec Spec) (*Repo[K, T, F], error) {
	r := &Repo[K, T, F]{db: db, spec: spec, shape: spec.Shape}
	if r.shape.Key == "" {
		r.shape.Key = "ID"
	}
	err := r.plans()
	if err == nil {
		err = r.prepare()
	}
	if err != nil {
		err = fmt.Errorf("store %s: %w", r.shape.Table, err)
	}
	return r, err
}

// plans reads the types and holds them against the table.
func (r *Repo[K, T, F]) plans() (err error) {
	shape := r.shape
	naming := fields.Naming{Columns: r.spec.Columns, Skip: r.spec.Skip, Documents: shape.Documents}
	if r.plan, err = fields.Of(reflect.TypeFor[T](), naming); err != nil {
		return err
	}
	if err := r.plan.Need("the key", shape.Key); err != nil {
		return err
	}
	r.key, _ = r.plan.Field(shape.Key)
	if shape.Org != "" {
		if err := r.plan.Need("the organization", shape.Org); err != nil {
			return err
		}
		org, _ := r.plan.Field(shape.Org)
		r.org = &org
	}
	for _, u := range shape.Unique {
		if err := r.plan.Need(u.Name, u.Fields...); err != nil {
			return err
		}
	}
	if r.table, err = r.db.describe(context.Background(), shape.Table); err != nil {
		return err
	}
	if err := r.table.fits(&r.plan, shape); err != nil {
		return err
	}
	r.key, _ = r.plan.Field(shape.Key) // as the table has it
	r.db.remember(shape.Table, r.key.Column, &r.plan)
	r.conds, err = fields.Conds(reflect.TypeFor[F](), r.plan, shape.Search, func(name string) bool { return r.spec.Where[name] != nil })
	if err != nil {
		return err
	}
	for _, c := range r.conds {
		for _, f := range c.Targets {
			if err := r.table.selects(r.db.dialect, c.Op, f); err != nil {
				return err
			}
		}
	}
	return r.plan.Sorts(shape.Order)
}

func (r *Repo[K, T, F]) prepare() error {
	var names, marks, sets []string
	for _, f := range r.plan.Fields {
		names, marks = append(names, f.Column), append(marks, "?")
		if f.Name != r.key.Name {
			sets = append(sets, f.Column+" = ?")
		}
	}
	r.columns, r.selected = strings.Join(names, ", "), r.ColumnsOf(r.shape.Table)
	table, byKey := r.shape.Table, " WHERE "+r.key.Column+" = ?"
	var err error
	for _, s := range []struct {
		stmt  **Stmt
		query string
		skip  bool
	}{
		{&r.get, "SELECT " + r.selected + " FROM " + table + byKey, false},
		{&r.lock, "SELECT " + r.selected + " FROM " + table + byKey + r.db.dialect.ForUpdate(), false},
		{&r.insert, "INSERT INTO " + table + " (" + r.columns + ") VALUES (" + strings.Join(marks, ", ") + ")", false},
		{&r.update, "UPDATE " + table + " SET " + strings.Join(sets, ", ") + byKey, len(sets) == 0},
		{&r.remove, "DELETE FROM " + table + byKey, false},
		{&r.insertNum, "INSERT INTO " + table + " (" + strings.Join(without(names, r.key.Column), ", ") + ") VALUES (" +
			strings.Join(marks[1:], ", ") + ") RETURNING " + r.key.Column, !r.shape.Serial},
	} {
		if s.skip {
			continue
		}
		if *s.stmt, err = r.db.Prepare(s.query); err != nil {
			return err
		}
	}
	return nil
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}

// Get returns a copy of the object.
func (r *Repo[K, T, F]) Get(ctx context.Context, scope wispwright.Scope, id K) (*T, error) {
	return r.one(ctx, r.get, scope, id)
}

func (r *Repo[K, T, F]) one(ctx context.Context, stmt *Stmt, scope wispwright.Scope, id K) (*T, error) {
	object := new(T)
	key, err := r.keyArg(id)
	if err != nil {
		return nil, err
	}
	if err := stmt.QueryRow(ctx, key).Scan(r.cells(object)...); err != nil {
		return nil, r.failed("read", err)
	}
	ok, err := r.within(ctx, scope, object, id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, wispwright.ErrNotFound
	}
	return object, nil
}

// keyArg is a key as the column has it: addresses have a form of their own there.
func (r *Repo[K, T, F]) keyArg(id K) (any, error) {
	switch r.key.Kind {
	case fields.Addr, fields.Prefix:
		return r.db.encode(r.shape.Table, r.key, reflect.ValueOf(&id).Elem())
	}
	return id, nil
}

// within checks the scope of a row that was read by its key.
func (r *Repo[K, T, F]) within(ctx context.Context, scope wispwright.Scope, object *T, id K) (bool, error) {
	switch {
	case scope.All():
		return true, nil
	case r.spec.ScopeWhere != nil:
		c := r.spec.ScopeWhere(scope)
		key, err := r.keyArg(id)
		if err != nil {
			return false, err
		}
		n, err := Get[int](ctx, r.db, "SELECT count(*) FROM "+r.shape.Table+" WHERE "+r.key.Column+" = ? AND "+c.SQL, append([]any{key}, c.Args...)...)
		return n > 0, err
	case r.org == nil:
		return true, nil
	}
	org := reflect.ValueOf(object).Elem().FieldByIndex(r.org.Index).Interface().(wispwright.ID)
	return scope.Allows(org), nil
}

func (r *Repo[K, T, F]) failed(what string, err error) error {
	err = r.db.Explain(err)
	if errors.Is(err, wispwright.ErrNotFound) {
		return wispwright.ErrNotFound
	}
	return fmt.Errorf("%s %s: %w", what, r.shape.Table, err)
}

// Args are an object's values in the order of Columns, for statements of a
// store's own.
func (r *Repo[K, T, F]) Args(object *T) ([]any, error) { return r.args(object, true) }

func (r *Repo[K, T, F]) args(object *T, key bool) ([]any, error) {
	v := reflect.ValueOf(object).Elem()
	out := make([]any, 0, len(r.plan.Fields))
	for _, f := range r.plan.Fields {
		if !key && f.Name == r.key.Name {
			continue
		}
		a, err := r.db.encode(r.shape.Table, f, v.FieldByIndex(f.Index))
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// Insert stores a new object.
func (r *Repo[K, T, F]) Insert(ctx context.Context, object *T) error {
	key := reflect.ValueOf(object).Elem().FieldByIndex(r.key.Index)
	if r.shape.Serial && key.IsZero() {
		args, err := r.args(object, false)
		if err != nil {
			return err
		}
		// with the reading pool RETURNING would be refused: a transaction makes sure
		return r.db.InTx(ctx, func(ctx context.Context) error {
			var id int64
			if err := r.insertNum.QueryRow(ctx, args...).Scan(&id); err != nil {
				return r.refused(ctx, "insert", broken(r.insertNum.query, err), object)
			}
			key.SetInt(id)
			return nil
		})
	}
	args, err := r.args(object, true)
	if err != nil {
		return err
	}
	if r.shape.Serial && r.db.dialect == Postgres {
		return r.db.InTx(ctx, func(ctx context.Context) error { return r.insertNumbered(ctx, object, args) })
	}
	if _, err := r.insert.Exec(ctx, args...); err != nil {
		return r.refused(ctx, "insert", err, object)
	}
	return nil
}

// insertNumbered stores a row that brings its number and moves PostgreSQL's
// sequence past it; SQLite does so by itself.
func (r *Repo[K, T, F]) insertNumbered(ctx context.Context, object *T, args []any) error {
	if _, err := r.insert.Exec(ctx, args...); err != nil {
		return r.refused(ctx, "insert", err, object)
	}
	seq := "pg_get_serial_sequence('" + r.shape.Table + "', '" + r.key.Column + "')"
	_, err := Get[int64](ctx, r.db, "SELECT setval("+seq+", (SELECT max("+r.key.Column+") FROM "+r.shape.Table+"))")
	if err != nil {
		return r.failed("number", err)
	}
	return nil
}

// perStatement is how many rows one statement inserts or deletes; both databases
// allow more parameters than a row of 60 columns needs with it.
const perStatement = 500

// InsertMany stores new objects, many with one statement. Objects that the
// database numbers are stored one by one.
func (r *Repo[K, T, F]) InsertMany(ctx context.Context, objects []*T) error {
	return r.db.InTx(ctx, func(ctx context.Context) error {
		if r.shape.Serial {
			for _, o := range objects {
				if err := r.Insert(ctx, o); err != nil {
					return err
				}
			}
			return nil
		}
		row := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(r.plan.Fields)), ", ") + ")"
		for chunk := range slices.Chunk(objects, perStatement) {
			var args []any
			for _, o := range chunk {
				a, err := r.args(o, true)
				if err != nil {
					return err
				}
				args = append(args, a...)
			}
			rows := strings.TrimSuffix(strings.Repeat(row+", ", len(chunk)), ", ")
			if _, err := Exec(ctx, r.db, "INSERT INTO "+r.shape.Table+" ("+r.columns+") VALUES "+rows, args...); err != nil {
				return r.refused(ctx, "insert", err, chunk...)
			}
		}
		return nil
	})
}

// Update reads the object, hands it to change, and stores the outcome.
func (r *Repo[K, T, F]) Update(ctx context.Context, scope wispwright.Scope, id K, change func(*T) error) (*T, error) {
	var object *T
	err := r.db.InTx(ctx, func(ctx context.Context) error {
		var err error
		if object, err = r.one(ctx, r.lock, scope, id); err != nil {
			return err
		}
		if err := change(object); err != nil {
			return err
		}
		args, err := r.args(object, false)
		if err != nil {
			return err
		}
		key, err := r.keyArg(id)
		if err != nil {
			return err
		}
		if _, err := r.update.Exec(ctx, append(args, key)...); err != nil {
			return r.refused(ctx, "update", err, object)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return object, nil
}

// Delete removes the object.
func (r *Repo[K, T, F]) Delete(ctx context.Context, scope wispwright.Scope, id K) error {
	return r.db.InTx(ctx, func(ctx context.Context) error {
		if !scope.All() {
			if _, err := r.one(ctx, r.lock, scope, id); err != nil {
				return err
			}
		}
		key, err := r.keyArg(id)
		if err != nil {
			return err
		}
		res, err := r.remove.Exec(ctx, key)
		if err != nil {
			return r.failed("delete", err)
		}
		n, err := res.RowsAffected()
		if err == nil && n == 0 {
			err = sql.ErrNoRows
		}
		if err != nil {
			return r.failed("delete", err)
		}
		return nil
	})
}
