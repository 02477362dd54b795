package sqlstore

import (
	"context"
	"database/sql"
	"reflect"
	"strings"

	"github.com/wispwright/wispwright/kit/internal/fields"
)

// row is where the columns of one row after the other go.
type row struct {
	cells []cell
	dest  []any
}

// row makes a row of some of the entity's fields, with room for further
// destinations behind them.
func (r *Repo[K, T, F]) row(of []fields.Field, further int) *row {
	cells := make([]cell, len(of))
	out := &row{cells, make([]any, len(cells), len(cells)+further)}
	for i := range cells {
		cells[i] = cell{db: r.db, field: &of[i]}
		if of[i].Kind == fields.Secret {
			cells[i].column = []byte(r.shape.Table + "." + of[i].Column)
		}
		out.dest[i] = &cells[i]
	}
	return out
}

// into points the cells at an object, which the next row becomes.
func (o *row) into(object reflect.Value) {
	for i := range o.cells {
		c := &o.cells[i]
		if index := c.field.Index; len(index) == 1 {
			c.dest = object.Field(index[0])
		} else {
			c.dest = object.FieldByIndex(index)
		}
	}
}

func (r *Repo[K, T, F]) cells(object *T) []any {
	row := r.row(r.plan.Fields, 0)
	row.into(reflect.ValueOf(object).Elem())
	return row.dest
}

// Dest is where Scan puts the entity's columns of a row; NULL becomes the zero
// value.
func (r *Repo[K, T, F]) Dest(object *T) []any { return r.cells(object) }

// Columns lists the entity's columns for Query.
func (r *Repo[K, T, F]) Columns() string { return r.columns }

// ColumnsOf lists the entity's columns for a SELECT in which its table has
// another name, such as one that joins it with others.
func (r *Repo[K, T, F]) ColumnsOf(name string) string { return r.db.reads(name, r.plan.Fields) }

// reads lists the columns of some fields as they are read.
func (db *DB) reads(table string, of []fields.Field) string {
	var b strings.Builder
	for i, f := range of {
		if i > 0 {
			b.WriteString(", ")
		}
		column := table + "." + f.Column
		if f.Kind == fields.Time {
			column = db.dialect.timeText(column)
		}
		b.WriteString(column)
	}
	return b.String()
}

// Query reads objects with a hand-written SELECT, whose columns must be those
// of Columns.
func (r *Repo[K, T, F]) Query(ctx context.Context, query string, args ...any) ([]*T, error) {
	rows, err := r.db.reading(ctx, query).QueryxContext(ctx, args...)
	if err != nil {
		return nil, r.failed("read", err)
	}
	return r.objects(rows.Rows)
}

// QueryStmt is Query with a prepared statement.
func (r *Repo[K, T, F]) QueryStmt(ctx context.Context, stmt *Stmt, args ...any) ([]*T, error) {
	rows, err := stmt.Query(ctx, args...)
	if err != nil {
		return nil, r.failed("read", err)
	}
	return r.objects(rows)
}

func (r *Repo[K, T, F]) objects(rows *sql.Rows) ([]*T, error) {
	row := r.row(r.plan.Fields, 0)
	out, err := scanAll(rows, 0, row.dest, func(o *T) { row.into(reflect.ValueOf(o).Elem()) })
	if err != nil {
		return nil, r.failed("read", err)
	}
	return out, nil
}

// scanAll reads rows of about the expected number into dest, which is pointed
// at each new object before.
func scanAll[O any](rows *sql.Rows, expected int, dest []any, point func(*O)) (out []*O, err error) {
	defer func() {
		if cerr := rows.Close(); cerr != nil && err == nil {
			err = cerr
		}
	}()
	for rows.Next() {
		if out == nil {
			out = make([]*O, 0, max(1, expected))
		}
		object := new(O)
		point(object)
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		out = append(out, object)
	}
	return out, rows.Err()
}
