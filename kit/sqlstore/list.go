package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/internal/fields"
)

// List returns copies of the selected objects. Their number comes with the
// page: asking for it first would cost every list a second question.
func (r *Repo[K, T, F]) List(ctx context.Context, scope wispwright.Scope, filter F, page wispwright.Page) (wispwright.Items[T], error) {
	q, err := r.page(scope, filter, page, r.selected, "")
	if err != nil {
		return wispwright.Items[T]{Total: -1}, err
	}
	row := r.row(r.plan.Fields, 1)
	items, err := readPage(ctx, r.db, q, row.dest, func(o *T) { row.into(reflect.ValueOf(o).Elem()) })
	if err != nil {
		return items, r.failed("read", err)
	}
	return items, nil
}

// pageQuery is the question for one page of a list.
type pageQuery struct {
	wispwright.Page
	sql  string
	args []any
	// beside: the number of all rows is the last column of each
	beside bool
	// nothing can be selected: there is nothing to ask
	nothing   bool
	count     string
	countArgs []any
}

// page makes the query for a page: columns, a table to join or none.
func (r *Repo[K, T, F]) page(scope wispwright.Scope, filter F, page wispwright.Page, columns, join string) (pageQuery, error) {
	if err := r.plan.Sorts(page.Order); err != nil {
		return pageQuery{}, fmt.Errorf("list %s: %w", r.shape.Table, err)
	}
	where, args, filtered, err := r.where(scope, filter)
	if errors.Is(err, errNothing) {
		return pageQuery{Page: page, nothing: true}, nil
	}
	if err != nil {
		return pageQuery{}, err
	}
	q := pageQuery{Page: page, count: "SELECT count(*) FROM " + r.shape.Table + where, countArgs: args}
	q.beside = !page.NoTotal && (page.Limit > 0 || page.Offset > 0) // otherwise the page is the whole list
	q.sql, q.args = "SELECT "+columns, slices.Clip(args)
	if q.beside {
		q.sql, q.args = q.sql+", ("+q.count+")", append(q.args, args...)
	}
	from, order := " FROM "+r.shape.Table, r.orderBy(page.Order)
	part := ""
	switch {
	case usualLimit(page.Limit):
		part = " LIMIT " + strconv.Itoa(page.Limit)
	case page.Limit > 0: // as an argument, so that all pages are one statement
		part, q.args = " LIMIT ?", append(q.args, page.Limit)
	case page.Offset > 0:
		part = r.db.dialect.pick("", " LIMIT -1")
	}
	if page.Offset > 0 {
		part, q.args = part+" OFFSET ?", append(q.args, page.Offset)
	}
	if page.Limit > 0 && (page.Offset > 0 || len(page.Order) > 0 || filtered || where != "" && join != "") {
		// what is passed over or sorted are keys, not rows with all their
		// columns; and PostgreSQL, which may guess how many there are of an
		// organization, cannot join all of them
		key := r.of(r.key)
		q.sql += from + join + " WHERE " + key + " IN (SELECT " + key + from + where + order + part + ")" + order
	} else {
		q.sql += from + join + where + order + part
	}
	return q, nil
}

// usualLimit are the lengths that are part of the statement: PostgreSQL plans
// what has no arguments once, and a LIMIT that is one again and again.
func usualLimit(n int) bool { return n > 0 && n <= 100 && n%10 == 0 }

// maxExpected bounds what is set aside for a page before its rows are there.
const maxExpected = 128

// readPage asks for a page. dest is pointed at each new object and has room
// for one destination more.
func readPage[O any](ctx context.Context, db *DB, q pageQuery, dest []any, point func(*O)) (wispwright.Items[O], error) {
	items := wispwright.Items[O]{Total: -1}
	if q.nothing {
		if !q.NoTotal {
			items.Total = 0
		}
		return items, ctx.Err()
	}
	rows, err := db.reading(ctx, q.sql).QueryxContext(ctx, q.args...)
	if err != nil {
		return items, err
	}
	var all total
	if q.beside {
		dest = append(dest, &all)
	}
	if items.Rows, err = scanAll(rows.Rows, min(q.Limit, maxExpected), dest, point); err != nil || q.NoTotal {
		return items, err
	}
	switch {
	case !q.beside:
		items.Total = len(items.Rows)
	case len(items.Rows) > 0:
		items.Total = int(all)
	case q.Offset == 0:
		items.Total = 0
	default: // beyond the end no row could tell
		items.Total, err = Get[int](ctx, db, q.count, q.countArgs...)
	}
	return items, err
}

// total is the number that stands beside every row of a page.
type total int

// Scan implements sql.Scanner.
func (n *total) Scan(src any) error {
	v, ok := src.(int64)
	if !ok {
		return fmt.Errorf("scan %T as a number of rows", src)
	}
	*n = total(v)
	return nil
}

// errNothing is returned for a condition that no row can fulfil.
var errNothing = errors.New("nothing is selected")

// of names a column so that a joined table may have one of the same name.
func (r *Repo[K, T, F]) of(f fields.Field) string { return r.shape.Table + "." + f.Column }

// where makes the condition; filtered tells that it is about more than the
// organization, for which there is an index in the list's order.
func (r *Repo[K, T, F]) where(scope wispwright.Scope, filter F) (sql string, args []any, filtered bool, err error) {
	var parts []string
	add := func(sql string, a ...any) {
		if sql != "" {
			parts, args = append(parts, sql), append(args, a...)
		}
	}
	if !scope.All() {
		c := r.scopeCond(scope)
		add(c.SQL, c.Args...)
	}
	v := reflect.ValueOf(filter)
	for _, cond := range r.conds {
		value, ok := cond.Value(v)
		if !ok {
			continue
		}
		if cond.List && value.Len() == 0 {
			return "", nil, false, errNothing
		}
		sql, a, err := r.condition(cond, value)
		if err != nil {
			return "", nil, false, err
		}
		filtered = filtered || cond.Name != r.shape.Org
		add(sql, a...)
	}
	if len(parts) == 0 {
		return "", nil, false, nil
	}
	return " WHERE " + strings.Join(parts, " AND "), args, filtered, nil
}

func (r *Repo[K, T, F]) scopeCond(scope wispwright.Scope) Cond {
	if r.spec.ScopeWhere != nil {
		return r.spec.ScopeWhere(scope)
	}
	if r.org == nil {
		return Cond{}
	}
	return ScopeCond(r.of(*r.org), scope)
}

// ScopeCond is the condition that a column holds an organization of the scope.
func ScopeCond(column string, scope wispwright.Scope) Cond {
	if scope.All() {
		return Cond{}
	}
	marks, args := In(scope.Organizations())
	sql := column + " IN (" + marks + ")"
	if scope.Shared() {
		sql = "(" + sql + " OR " + column + " IS NULL)"
	}
	return Cond{SQL: sql, Args: args}
}

func (r *Repo[K, T, F]) condition(c fields.Cond, value reflect.Value) (string, []any, error) {
	if c.Op == fields.Custom {
		custom := r.spec.Where[c.Name](value.Interface())
		return custom.SQL, custom.Args, nil
	}
	if c.Op == fields.Contains {
		var parts []string
		var args []any
		var among Cond
		if r.spec.Indexed != nil {
			var whole bool
			if among, whole = r.spec.Indexed(c.Name, value.String()); whole {
				return among.SQL, among.Args, nil
			}
		}
		contains := r.containing(value.String())
		for _, t := range c.Targets {
			part := contains(r.text(t))
			parts, args = append(parts, part.SQL), append(args, part.Args...)
		}
		if c.Name == "Search" && r.spec.Search != nil {
			if more := r.spec.Search(value.String(), contains); more.SQL != "" {
				parts, args = append(parts, more.SQL), append(args, more.Args...)
			}
		}
		compared := "(" + strings.Join(parts, " OR ") + ")"
		if among.SQL == "" {
			return compared, args, nil
		}
		return among.SQL + " AND " + compared, slices.Concat(among.Args, args), nil
	}
	target := c.Targets[0]
	target.Pointer = false
	if c.Op == fields.Within {
		sql, args, err := r.inside(target, value.Interface().(netip.Prefix))
		return sql, args, err
	}
	if c.Op == fields.Among {
		args := make([]any, value.Len())
		for i := range args {
			a, err := r.db.encode(r.shape.Table, target, value.Index(i))
			if err != nil {
				return "", nil, err
			}
			args[i] = a
		}
		marks, args := In(args)
		return r.of(target) + " IN (" + marks + ")", args, nil
	}
	if c.Op == fields.Equal && target.Kind == fields.Plain && target.Type.Kind() == reflect.Bool {
		// as partial indexes have it: from a parameter SQLite does not see that
		// one of them would serve
		if value.Bool() {
			return r.of(target), nil, nil
		}
		return "NOT " + r.of(target), nil, nil
	}
	arg, err := r.db.encode(r.shape.Table, target, value)
	if err != nil {
		return "", nil, err
	}
	if arg == nil {
		return r.of(target) + " IS NULL", nil, nil
	}
	op := map[fields.Op]string{fields.Equal: " = ?", fields.From: " >= ?", fields.Before: " < ?"}[c.Op]
	return r.of(target) + op, []any{arg}, nil
}

// containing makes conditions that a text is part of an expression.
func (r *Repo[K, T, F]) containing(text string) func(expression string) Cond {
	fold := fields.NewFold(text)
	return func(expression string) (c Cond) {
		folded := r.db.dialect.lower(r.db.dialect.Text(expression))
		for _, p := range fold.Pairs {
			folded, c.Args = "replace("+folded+", ?, ?)", append(c.Args, p[0], p[1])
		}
		c.SQL, c.Args = folded+` LIKE ? ESCAPE '\'`, append(c.Args, "%"+EscapeLike(fold.Text)+"%")
		return c
	}
}

// inside is the condition of Within: addresses and prefixes are sorted so that what lies in a
// prefix lies between two values, for which a plain index serves.
func (r *Repo[K, T, F]) inside(f fields.Field, p netip.Prefix) (string, []any, error) {
	p = p.Masked()
	first, last := p.Addr(), fields.Last(p)
	column := r.of(f)
	if f.Kind == fields.Addr {
		from, err1 := r.db.encode(r.shape.Table, f, reflect.ValueOf(first))
		to, err2 := r.db.encode(r.shape.Table, f, reflect.ValueOf(last))
		return column + " >= ? AND " + column + " <= ?", []any{from, to}, errors.Join(err1, err2)
	}
	from, err := r.db.encode(r.shape.Table, f, reflect.ValueOf(p))
	if !f.Sortable {
		return column + " >= ? AND " + column + " <= ?", []any{from, netip.PrefixFrom(last, last.BitLen()).String()}, err
	}
	to, err2 := fields.AddrText(last)
	return column + " >= ? AND " + column + " < ?", []any{from, to + "0"}, errors.Join(err, err2) // "0" is what follows "/"
}

// EscapeLike is a text as LIKE has it literally, with ESCAPE '\'.
func EscapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

func (r *Repo[K, T, F]) orderBy(order []wispwright.Order) string {
	if len(order) == 0 {
		order = r.shape.Order
	}
	var keys []string
	descending := false
	for _, o := range order {
		f, _ := r.plan.Field(o.Field) // they were looked at, see Sorts
		key := r.of(f)
		if f.Kind == fields.Plain && f.Type.Kind() == reflect.String {
			key += r.db.bytewise
		}
		if descending = o.Descending; descending {
			key += " DESC"
		}
		if f.Nullable && r.db.dialect == Postgres { // as SQLite does: NULL is less than everything
			key += map[bool]string{false: " NULLS FIRST", true: " NULLS LAST"}[descending]
		}
		keys = append(keys, key)
	}
	last := r.of(r.key)
	if descending {
		last += " DESC"
	}
	return " ORDER BY " + strings.Join(append(keys, last), ", ")
}
