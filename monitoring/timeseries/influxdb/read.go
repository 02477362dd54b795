package influxdb

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// conditions are those of a filter; "" for none.
func conditions(f timeseries.Filter) string {
	var parts []string
	if f.Object != nil {
		parts = append(parts, name(timeseries.ContentTypeTag)+" = "+text(f.Object.Type), name(timeseries.ObjectTag)+" = "+text(f.Object.ID))
	}
	for _, tag := range slices.Sorted(maps.Keys(f.Tags)) {
		if len(f.Tags[tag]) == 0 {
			continue
		}
		either := make([]string, len(f.Tags[tag]))
		for i, v := range f.Tags[tag] {
			either[i] = name(tag) + " = " + text(v)
		}
		parts = append(parts, "("+strings.Join(either, " OR ")+")")
	}
	return strings.Join(parts, " AND ")
}

// statement selects fields of a measurement of one class. Times are microseconds,
// both included; until 0 means no end. What is older than the class keeps is no
// part of any answer.
func (s *Store) statement(columns, measurement string, f timeseries.Filter, class timeseries.Class, since, until int64) string {
	if keep := s.keep[class]; keep > 0 {
		since = max(since, s.now().Add(-keep).UnixMicro())
	}
	parts := []string{}
	if where := conditions(f); where != "" {
		parts = append(parts, where)
	}
	if since > 0 {
		parts = append(parts, fmt.Sprintf("time >= %du", since))
	}
	if until == 0 {
		// without an end InfluxDB takes its own time for it
		until = time.Date(2200, 12, 31, 0, 0, 0, 0, time.UTC).UnixMicro()
	}
	parts = append(parts, fmt.Sprintf("time <= %du", until))
	return "SELECT " + columns + " FROM " + name(policy(class)) + "." + name(measurement) + " WHERE " + strings.Join(parts, " AND ")
}

// value reads one of a column.
func value(v any, kind timeseries.Kind) timeseries.Value {
	switch x := v.(type) {
	case json.Number:
		if kind == timeseries.IntKind {
			if n, err := strconv.ParseInt(x.String(), 10, 64); err == nil {
				return timeseries.Int(n)
			}
		}
		if f, err := x.Float64(); err == nil {
			return timeseries.Float(f)
		}
	case string:
		return timeseries.Text(x)
	case bool:
		return timeseries.Bool(x)
	}
	return timeseries.Value{}
}

// Charts implements timeseries.Store.
func (s *Store) Charts(ctx context.Context, queries []timeseries.Query) ([]timeseries.Result, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	out := make([]timeseries.Result, len(queries))
	for i := range queries {
		var err error
		if out[i], err = s.chart(ctx, &queries[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Store) chart(ctx context.Context, q *timeseries.Query) (timeseries.Result, error) {
	g, err := timeseries.NewGather(q)
	if err != nil {
		return timeseries.Result{}, err
	}
	kinds, err := s.fieldKinds(ctx, q.Measurement)
	if err != nil {
		return timeseries.Result{}, err
	}
	var fields []string
	for _, t := range q.Traces {
		if _, known := kinds[t.Field]; known && !slices.Contains(fields, t.Field) {
			fields = append(fields, t.Field)
		}
	}
	if len(fields) == 0 {
		return g.Result(), nil
	}
	columns := make([]string, len(fields))
	for i, f := range fields {
		columns[i] = name(f) + "::field"
	}
	start, end := g.Window()
	text := ""
	for _, class := range []timeseries.Class{timeseries.Default, timeseries.Short} {
		text += s.statement(strings.Join(columns, ", "), q.Measurement, q.Filter, class, start, end) + " GROUP BY *;"
	}
	ids := map[string]uint32{}
	err = s.c.query(ctx, text, func(_ int, r *series) error {
		cells := g.For(timeseries.TagsOf(r.Tags))
		for _, row := range r.Values {
			at, ok := micros(row[0])
			if !ok {
				continue
			}
			for i, f := range fields {
				v := value(row[i+1], kinds[f])
				switch {
				case v.IsNull():
				case v.Kind() == timeseries.TextKind:
					id, known := ids[v.Text()]
					if !known {
						id = uint32(len(ids))
						ids[v.Text()] = id
					}
					cells.Texts(g.Traces(f), at, id)
				default:
					cells.Number(g.Traces(f), at, v)
				}
			}
		}
		return nil
	})
	if err != nil {
		return timeseries.Result{}, err
	}
	return g.Result(), nil
}

func micros(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	at, err := n.Int64()
	return at, err == nil
}

// Read implements timeseries.Store.
func (s *Store) Read(ctx context.Context, r timeseries.Rows) ([]timeseries.Row, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	limit := r.Limit
	if limit <= 0 || limit > timeseries.MaxRows {
		limit = timeseries.MaxRows
	}
	kinds, err := s.fieldKinds(ctx, r.Measurement)
	if err != nil {
		return nil, err
	}
	columns := "*::field"
	if len(r.Fields) > 0 {
		var some []string
		for _, f := range r.Fields {
			if _, known := kinds[f]; known {
				some = append(some, name(f)+"::field")
			}
		}
		if len(some) == 0 {
			return nil, nil
		}
		columns = strings.Join(some, ", ")
	}
	var since, until int64
	if !r.Since.IsZero() {
		since = r.Since.UnixMicro()
	}
	if !r.Until.IsZero() {
		until = r.Until.UnixMicro()
	}
	text := s.statement(columns, r.Measurement, r.Filter, r.Class, since, until) + " GROUP BY *"
	if r.NewestFirst {
		text += " ORDER BY time DESC"
	}
	text += fmt.Sprintf(" LIMIT %d", limit) // of each series
	var out []timeseries.Row
	err = s.c.query(ctx, text, func(_ int, part *series) error {
		tags := timeseries.TagsOf(part.Tags)
		for _, v := range part.Values {
			at, ok := micros(v[0])
			if !ok {
				continue
			}
			row := timeseries.Row{Time: time.UnixMicro(at).UTC(), Tags: tags, Fields: map[string]timeseries.Value{}}
			for i, column := range part.Columns[1:] {
				if x := value(v[i+1], kinds[column]); !x.IsNull() {
					row.Fields[column] = x
				}
			}
			if len(row.Fields) > 0 {
				out = append(out, row)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b timeseries.Row) int {
		byTime := a.Time.Compare(b.Time)
		if r.NewestFirst {
			byTime = -byTime
		}
		return cmp.Or(byTime, strings.Compare(a.Tags.Key(), b.Tags.Key()))
	})
	return out[:min(limit, len(out))], nil
}

// TopFields implements timeseries.Store.
func (s *Store) TopFields(ctx context.Context, measurement string, f timeseries.Filter, since, until time.Time, n int) ([]string, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	kinds, err := s.fieldKinds(ctx, measurement)
	if err != nil {
		return nil, err
	}
	var fields, columns []string
	for _, field := range slices.Sorted(maps.Keys(kinds)) {
		if k := kinds[field]; k == timeseries.IntKind || k == timeseries.FloatKind {
			columns = append(columns, fmt.Sprintf("sum(%s::field) AS f%d", name(field), len(fields)))
			fields = append(fields, field)
		}
	}
	if len(fields) == 0 {
		return nil, nil
	}
	sums := map[string]float64{}
	text := ""
	for _, class := range []timeseries.Class{timeseries.Default, timeseries.Short} {
		text += s.statement(strings.Join(columns, ", "), measurement, f, class, since.UnixMicro(), until.UnixMicro()) + ";"
	}
	err = s.c.query(ctx, text, func(_ int, r *series) error {
		for _, row := range r.Values {
			for i, field := range fields {
				if v := value(row[i+1], timeseries.FloatKind); !v.IsNull() {
					sums[field] += v.Float()
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	top := slices.SortedFunc(maps.Keys(sums), func(a, b string) int { return cmp.Or(cmp.Compare(sums[b], sums[a]), strings.Compare(a, b)) })
	return top[:min(n, len(top))], nil
}
