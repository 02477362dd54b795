package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/lib/pq"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/internal/fields"
	"github.com/wispwright/wispwright/kit/store"
)

// table is what the database says of a table.
type table struct {
	name    string
	columns map[string]column
	uniques []index
	parents []parent
}

type column struct {
	Name    string `db:"name"`
	Type    string `db:"type"`
	NotNull bool   `db:"filled"`
}

// index is one column of a unique index that is not the key's.
type index struct {
	Name   string `db:"name"`
	Column string `db:"col"` // empty for an expression
}

// parent is a foreign key of one column.
type parent struct {
	Name   string `db:"name"` // PostgreSQL alone
	Column string `db:"col"`
	Table  string `db:"of"`
	Key    string `db:"key"`
}

// describe reads a table's columns, unique indexes and foreign keys.
func (db *DB) describe(ctx context.Context, name string) (*table, error) {
	columns := `SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attnotnull AS filled
		FROM pg_attribute a WHERE a.attrelid = to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped`
	uniques := `SELECT c.relname AS name, coalesce(a.attname, '') AS col FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		CROSS JOIN LATERAL unnest(i.indkey::smallint[]) AS k (n) LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n AND k.n <> 0
		WHERE i.indrelid = to_regclass(?) AND i.indisunique AND NOT i.indisprimary`
	parents := `SELECT c.conname AS name, a.attname AS col, p.relname AS of, k.attname AS key FROM pg_constraint c
		JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] JOIN pg_class p ON p.oid = c.confrelid
		JOIN pg_attribute k ON k.attrelid = c.confrelid AND k.attnum = c.confkey[1] WHERE c.conrelid = to_regclass(?) AND c.contype = 'f'`
	if db.dialect == SQLite {
		columns = `SELECT name, upper(type) AS type, "notnull" OR pk > 0 AS filled FROM pragma_table_info(?)`
		uniques = `SELECT l.name AS name, coalesce(c.name, '') AS col FROM pragma_index_list(?) l, pragma_index_info(l.name) c WHERE l."unique" = 1 AND l.origin <> 'pk'`
		parents = `SELECT '' AS name, "from" AS col, "table" AS of, coalesce("to", '') AS key FROM pragma_foreign_key_list(?)`
	}
	t := &table{name: name, columns: map[string]column{}}
	found, err := Select[column](ctx, db, columns, name)
	if err == nil && len(found) == 0 {
		err = errors.New("there is no such table")
	}
	for _, c := range found {
		t.columns[c.Name] = c
	}
	if err == nil {
		t.uniques, err = Select[index](ctx, db, uniques, name)
	}
	if err == nil {
		t.parents, err = Select[parent](ctx, db, parents, name)
	}
	if err != nil {
		return nil, fmt.Errorf("describe: %w", err)
	}
	return t, nil
}

// fits checks columns and rules, and notes in the plan how columns hold their values.
func (t *table) fits(plan *fields.Plan, shape store.Shape) error {
	for i := range plan.Fields {
		f := &plan.Fields[i]
		c, ok := t.columns[strings.Trim(f.Column, `"`)]
		if !ok {
			return fmt.Errorf("there is no column %s for the field %s", f.Column, f.Name)
		}
		f.Nullable = !c.NotNull
		types := map[fields.Kind][]string{
			fields.Prefix: {"INET_TEXT", "CIDR_TEXT", "inet", "cidr"},
			fields.Big:    {"NUMERIC_TEXT", "numeric"},
			fields.Bytes:  {"BLOB", "bytea"},
		}[f.Kind]
		if types != nil && !slices.Contains(types, c.Type) {
			return fmt.Errorf("the column %s is %s and cannot hold the %s of %s", f.Column, c.Type, f.Type, f.Name)
		}
		f.Sortable = strings.HasSuffix(c.Type, "_TEXT")
	}
	return errors.Join(t.ruled(plan, shape.Unique), t.referred(plan, shape.Parents))
}

// ruled holds the shape's rules of uniqueness against the table's indexes: one
// that only the table knew would be broken in other storages.
func (t *table) ruled(plan *fields.Plan, rules []store.Unique) error {
	indexes := map[string][]string{}
	for _, i := range t.uniques {
		indexes[i.Name] = append(indexes[i.Name], i.Column)
	}
	for _, u := range rules {
		columns, ok := indexes[u.Name]
		if !ok {
			return fmt.Errorf("there is no unique index %s", u.Name)
		}
		var want []string
		for _, name := range u.Fields {
			f, _ := plan.Field(name)
			want = append(want, strings.Trim(f.Column, `"`))
		}
		slices.Sort(want)
		slices.Sort(columns)
		if !u.Fold && !slices.Equal(columns, want) {
			return fmt.Errorf("the unique index %s is of %s, the rule of %s", u.Name, strings.Join(columns, ", "), strings.Join(want, ", "))
		}
		delete(indexes, u.Name)
	}
	for name := range indexes {
		return fmt.Errorf("the unique index %s is no rule of the shape", name)
	}
	return nil
}

// referred holds the shape's parents against the table's foreign keys.
func (t *table) referred(plan *fields.Plan, parents []store.Parent) error {
	keys := map[string]string{}
	for _, p := range t.parents {
		keys[p.Column] = p.Table
	}
	for _, p := range parents {
		f, ok := plan.Field(p.Field)
		if !ok {
			return fmt.Errorf("the parent %s is in a field %s that is not there", p.Table, p.Field)
		}
		column := strings.Trim(f.Column, `"`)
		if keys[column] != p.Table {
			return fmt.Errorf("the column %s does not refer to %s", column, p.Table)
		}
		delete(keys, column)
	}
	for column, of := range keys {
		return fmt.Errorf("the column %s refers to %s, which is no parent of the shape", column, of)
	}
	return nil
}

// selects refuses a condition that a column's form cannot answer.
func (t *table) selects(d Dialect, op fields.Op, f fields.Field) error {
	native := t.native(d, f)
	switch {
	case op == fields.Within && !native:
		return fmt.Errorf("the column %s is a text, in which %sWithin cannot be looked for", f.Column, f.Name)
	case op == fields.Contains && (native && f.Kind != fields.Addr || f.Kind == fields.Big || f.Kind == fields.Bytes):
		return fmt.Errorf("the field %s is no text to search", f.Name)
	}
	return nil
}

// refused explains why objects were not stored; of a missing parent it finds
// out which.
func (r *Repo[K, T, F]) refused(ctx context.Context, what string, err error, objects ...*T) error {
	err = r.failed(what, err)
	var missing *wispwright.MissingError
	if !errors.As(err, &missing) {
		return err
	}
	var p *pq.Error
	named := errors.As(err, &p) // PostgreSQL names the rule, and answers no questions after a failure
	for _, fk := range r.table.parents {
		i := slices.IndexFunc(r.plan.Fields, func(f fields.Field) bool { return f.Column == fk.Column })
		if i < 0 || named && p.Constraint != fk.Name {
			continue
		}
		f := r.plan.Fields[i]
		for _, o := range objects {
			arg, eerr := r.db.encode(r.shape.Table, f, reflect.ValueOf(o).Elem().FieldByIndex(f.Index))
			if eerr != nil || arg == nil {
				continue
			}
			found := missing.Field == "" && named && len(objects) == 1
			if !named {
				n, nerr := Get[int](ctx, r.db, "SELECT count(*) FROM "+fk.Table+" WHERE "+fk.Key+" = ?", arg)
				found = nerr == nil && n == 0
			}
			if found || named {
				missing.Field, missing.Of = f.Name, fk.Table
			}
			if found {
				missing.Key = fmt.Sprint(arg)
				return err
			}
		}
	}
	return err
}
