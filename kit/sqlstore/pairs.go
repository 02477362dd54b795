package sqlstore

import (
	"context"
	"fmt"
	"reflect"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/internal/fields"
)

// Pair is an object with the one of another table that has the same key.
type Pair[A, B any] struct {
	// First is the object that was listed.
	First A
	// Second is what belongs to it; zero without Both.
	Second B
	// Both is false for an object to which nothing belongs.
	Both bool
}

// Pairs lists the objects of one Repo with what another keeps under the same
// keys, in one query.
type Pairs[K comparable, A, F, B any] struct {
	list          *Repo[K, A, F]
	row, further  func(room int) *row
	columns, join string
	second        fields.Field // the key of B
}

// NewPairs pairs the first Repo's objects with the second's. Of the first
// everything is read but the Go fields in without, of the second its key and
// the Go fields in read. The first one's own conditions (Spec.Where,
// Spec.ScopeWhere) must name its table before columns.
func NewPairs[K comparable, A, F, B, G any](first *Repo[K, A, F], without []string, second *Repo[K, B, G], read ...string) (*Pairs[K, A, F, B], error) {
	left := make([]fields.Field, 0, len(first.plan.Fields))
	omit := map[string]bool{}
	for _, name := range without {
		omit[name] = true
	}
	for _, f := range first.plan.Fields {
		if !omit[f.Name] || f.Name == first.key.Name {
			left = append(left, f)
		}
		delete(omit, f.Name)
	}
	right := make([]fields.Field, 0, len(read))
	for _, name := range read {
		f, ok := second.plan.Field(name)
		if !ok {
			omit[name] = true
		}
		right = append(right, f)
	}
	for name := range omit {
		return nil, fmt.Errorf("pair %s with %s: no field %s", first.shape.Table, second.shape.Table, name)
	}
	columns := first.db.reads(first.shape.Table, left) + ", " + second.of(second.key) + " IS NOT NULL"
	if len(right) > 0 {
		columns += ", " + first.db.reads(second.shape.Table, right)
	}
	return &Pairs[K, A, F, B]{
		list: first, second: second.key, columns: columns,
		join:    " LEFT JOIN " + second.shape.Table + " ON " + second.of(second.key) + " = " + first.of(first.key),
		row:     func(room int) *row { return first.row(left, room) },
		further: func(room int) *row { return second.row(right, room) },
	}, nil
}

// List is Repo.List of the first with what belongs to each.
func (p *Pairs[K, A, F, B]) List(ctx context.Context, scope wispwright.Scope, filter F, page wispwright.Page) (wispwright.Items[Pair[A, B]], error) {
	q, err := p.list.page(scope, filter, page, p.columns, p.join)
	if err != nil {
		return wispwright.Items[Pair[A, B]]{Total: -1}, err
	}
	second := p.further(0)
	first := p.row(len(second.dest) + 2)
	both := &presence{}
	dest := append(append(first.dest, both), second.dest...)
	items, err := readPage(ctx, p.list.db, q, dest, func(o *Pair[A, B]) {
		v := reflect.ValueOf(o).Elem()
		both.flag = &o.Both
		first.into(v.Field(0))
		second.into(v.Field(1))
	})
	if err != nil {
		return items, p.list.failed("read", err)
	}
	for _, o := range items.Rows {
		if o.Both {
			v := reflect.ValueOf(o).Elem()
			v.Field(1).FieldByIndex(p.second.Index).Set(v.Field(0).FieldByIndex(p.list.key.Index))
		}
	}
	return items, nil
}

// presence is whether a joined table had a row.
type presence struct{ flag *bool }

// Scan implements sql.Scanner.
func (p *presence) Scan(src any) error {
	switch v := src.(type) {
	case bool:
		*p.flag = v
	case int64: // SQLite
		*p.flag = v != 0
	default:
		return fmt.Errorf("scan %T as whether there is a row", src)
	}
	return nil
}
