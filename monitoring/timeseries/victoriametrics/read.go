package victoriametrics

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// line is one series of numbers with corrections applied.
type line struct {
	measurement string
	tags        timeseries.Tags
	class       timeseries.Class
	field       string
	kind        timeseries.Kind
	at          map[int64]corrected // by milliseconds
}

type corrected struct {
	value    float64
	revision int
}

// lines reads the numbers of a measurement, or of all; of all fields if none is named.
// Microseconds, both included.
func (s *Store) lines(ctx context.Context, measurement string, fields []string, f timeseries.Filter, classes []timeseries.Class, since, until int64) ([]*line, error) {
	if err := s.visible(ctx); err != nil {
		return nil, err
	}
	sel := s.selector()
	if measurement != "" {
		sel.equal(labelMeasurement, measurement)
	} else {
		sel.parts = append(sel.parts, labelMeasurement+`!=""`)
	}
	sel.among(labelField, fields)
	sel.filter(f)
	by := map[string]*line{}
	var out []*line
	from := max(since/1000, 0)
	err := s.c.export(ctx, sel.String(), from, until/1000, func(x *samples) error {
		class := classOf(x.Metric)
		if !slices.Contains(classes, class) {
			return nil
		}
		oldest := since
		if keep := s.keep[class]; keep > 0 {
			oldest = max(oldest, s.now().Add(-keep).UnixMicro())
		}
		tags := s.tags(x.Metric)
		key := x.Metric[labelMeasurement] + "\x00" + x.Metric[labelField] + "\x00" + x.Metric[labelClass] + "\x00" + tags.Key()
		l := by[key]
		if l == nil {
			l = &line{x.Metric[labelMeasurement], tags, class, x.Metric[labelField], kindOf(x.Metric[labelKind]), map[int64]corrected{}}
			by[key] = l
			out = append(out, l)
		}
		revision := revisionOf(x.Metric)
		for i, ms := range x.Timestamps {
			if have, twice := l.at[ms]; ms*1000 < oldest || ms*1000 > until || twice && have.revision > revision {
				continue
			}
			l.at[ms] = corrected{x.Values[i], revision}
		}
		return nil
	})
	return out, err
}

// split says which of the fields are numbers, and which may be texts.
func split(fields []string, kinds map[string]timeseries.Kind) (numbers, others []string) {
	for _, f := range fields {
		if k, known := kinds[f]; known && k != timeseries.TextKind {
			numbers = append(numbers, f)
		} else {
			others = append(others, f)
		}
	}
	return numbers, others
}

func both() []timeseries.Class { return []timeseries.Class{timeseries.Default, timeseries.Short} }

// Charts implements timeseries.Store.
func (s *Store) Charts(ctx context.Context, queries []timeseries.Query) ([]timeseries.Result, error) {
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
		if !slices.Contains(fields, t.Field) {
			fields = append(fields, t.Field)
		}
	}
	numbers, others := split(fields, kinds)
	if len(numbers) == 0 {
		// the other store's own sums and sets answer faster than its points
		list, err := s.beside.Charts(ctx, []timeseries.Query{*q})
		if err != nil {
			return timeseries.Result{}, err
		}
		return list[0], nil
	}
	start, end := g.Window()
	lines, err := s.lines(ctx, q.Measurement, numbers, q.Filter, both(), start, end)
	if err != nil {
		return timeseries.Result{}, err
	}
	for _, l := range lines {
		cells, traces := g.For(l.tags), g.Traces(l.field)
		for ms, v := range l.at {
			cells.Number(traces, ms*1000, value(v.value, l.kind))
		}
	}
	if len(others) > 0 {
		if err := s.texts(ctx, q, g, others); err != nil {
			return timeseries.Result{}, err
		}
	}
	return g.Result(), nil
}

// texts adds those of a chart that has numbers too.
func (s *Store) texts(ctx context.Context, q *timeseries.Query, g *timeseries.Gather, fields []string) error {
	ids := map[string]uint32{}
	for _, class := range both() {
		rows, err := s.beside.Read(ctx, timeseries.Rows{Measurement: q.Measurement, Filter: q.Filter, Since: q.Range.Start, Until: q.Range.End, Fields: fields, Class: class})
		if err != nil {
			return err
		}
		for _, r := range rows {
			for name, v := range r.Fields {
				id, known := ids[v.Text()]
				if !known {
					id = uint32(len(ids))
					ids[v.Text()] = id
				}
				g.For(r.Tags).Texts(g.Traces(name), r.Time.UnixMicro(), id)
			}
		}
	}
	return nil
}

// Read implements timeseries.Store. Numbers and texts of one point are one row, if
// its time is of whole milliseconds.
func (s *Store) Read(ctx context.Context, r timeseries.Rows) ([]timeseries.Row, error) {
	limit := r.Limit
	if limit <= 0 || limit > timeseries.MaxRows {
		limit = timeseries.MaxRows
	}
	rows, err := s.beside.Read(ctx, r)
	if err != nil {
		return nil, err
	}
	since, until := int64(0), time.Date(2200, 12, 31, 0, 0, 0, 0, time.UTC).UnixMicro()
	if !r.Since.IsZero() {
		since = r.Since.UnixMicro()
	}
	if !r.Until.IsZero() {
		until = r.Until.UnixMicro()
	}
	lines, err := s.lines(ctx, r.Measurement, r.Fields, r.Filter, []timeseries.Class{r.Class}, since, until)
	if err != nil {
		return nil, err
	}
	type place struct {
		at   int64
		tags string
	}
	at := make(map[place]int, len(rows))
	for i, row := range rows {
		at[place{row.Time.UnixMicro(), row.Tags.Key()}] = i
	}
	for _, l := range lines {
		for ms, v := range l.at {
			p := place{ms * 1000, l.tags.Key()}
			i, known := at[p]
			if !known {
				i = len(rows)
				at[p] = i
				rows = append(rows, timeseries.Row{Time: time.UnixMicro(p.at).UTC(), Tags: l.tags, Fields: map[string]timeseries.Value{}})
			}
			rows[i].Fields[l.field] = value(v.value, l.kind)
		}
	}
	slices.SortStableFunc(rows, func(a, b timeseries.Row) int {
		byTime := a.Time.Compare(b.Time)
		if r.NewestFirst {
			byTime = -byTime
		}
		return cmp.Or(byTime, strings.Compare(a.Tags.Key(), b.Tags.Key()))
	})
	return rows[:min(limit, len(rows))], nil
}

// TopFields implements timeseries.Store.
func (s *Store) TopFields(ctx context.Context, measurement string, f timeseries.Filter, since, until time.Time, n int) ([]string, error) {
	lines, err := s.lines(ctx, measurement, nil, f, both(), since.UnixMicro(), until.UnixMicro())
	if err != nil {
		return nil, err
	}
	sums := map[string]float64{}
	for _, l := range lines {
		if l.kind == timeseries.BoolKind {
			continue
		}
		for _, v := range l.at {
			sums[l.field] += v.value
		}
	}
	var top []string
	for name := range sums {
		top = append(top, name)
	}
	slices.SortFunc(top, func(a, b string) int { return cmp.Or(cmp.Compare(sums[b], sums[a]), strings.Compare(a, b)) })
	return top[:min(n, len(top))], nil
}
