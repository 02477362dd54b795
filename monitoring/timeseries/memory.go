package timeseries

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
)

// Memory keeps everything in memory and looks through all of it for every question:
// it is for tests and small programs. Make it with NewMemory.
type Memory struct {
	mu        sync.Mutex
	series    map[string]*memorySeries
	kinds     map[string]Kind
	ids       map[string]uint32
	documents map[Object]Document
	keep      map[Class]time.Duration
}

type memorySeries struct {
	measurement string
	tags        Tags
	class       Class
	points      map[int64]map[string]Value
}

// NewMemory returns an empty store that keeps points for the given times; 0: for good.
func NewMemory(keep, keepShort time.Duration) *Memory {
	return &Memory{series: map[string]*memorySeries{}, kinds: map[string]Kind{}, ids: map[string]uint32{},
		documents: map[Object]Document{}, keep: map[Class]time.Duration{Default: keep, Short: keepShort}}
}

var (
	_ Store  = (*Memory)(nil)
	_ Latest = (*Memory)(nil)
)

// Write implements Store.
func (m *Memory) Write(ctx context.Context, b Batch) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write points: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var faults PointErrors
	for i := range b.Points {
		if err := m.add(&b.Points[i]); err != nil {
			faults = append(faults, PointError{i, err})
		}
	}
	for _, d := range b.Documents {
		if have, ok := m.documents[d.Object]; !ok || !d.Time.Before(have.Time) {
			d.Body, d.State = slices.Clone(d.Body), slices.Clone(d.State)
			m.documents[d.Object] = d
		}
	}
	if faults != nil {
		return faults
	}
	return nil
}

func (m *Memory) add(p *Point) error {
	if err := p.Check(); err != nil {
		return err
	}
	fields := map[string]Value{}
	for _, f := range p.Fields {
		if f.Value.IsNull() {
			continue
		}
		want, known := m.kinds[p.Measurement+"\x00"+f.Name]
		if !known {
			want = f.Value.Kind()
		}
		v, ok := f.Value.As(want)
		if !ok {
			return &KindError{p.Measurement, f.Name, f.Value.Kind(), want}
		}
		fields[f.Name] = v
	}
	for name, v := range fields {
		m.kinds[p.Measurement+"\x00"+name] = v.Kind()
	}
	key := p.Measurement + "\x00" + p.Tags.Key()
	s := m.series[key]
	if s == nil {
		s = &memorySeries{p.Measurement, p.Tags, p.Class, map[int64]map[string]Value{}}
		m.series[key] = s
	}
	at := p.Time.UnixMicro()
	if s.points[at] == nil {
		s.points[at] = map[string]Value{}
	}
	maps.Copy(s.points[at], fields)
	return nil
}

// Charts implements Store.
func (m *Memory) Charts(ctx context.Context, queries []Query) ([]Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read charts: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Result, len(queries))
	for i := range queries {
		g, err := NewGather(&queries[i])
		if err != nil {
			return nil, err
		}
		for _, s := range m.matching(queries[i].Measurement, queries[i].Filter) {
			group := g.For(s.tags)
			for t, fields := range s.points {
				for name, v := range fields {
					traces := g.Traces(name)
					if v.Kind() == TextKind {
						group.Texts(traces, t, m.id(v.Text()))
					} else {
						group.Number(traces, t, v)
					}
				}
			}
		}
		out[i] = g.Result()
	}
	return out, nil
}

// Latest implements Latest.
func (m *Memory) Latest(ctx context.Context, since time.Time, do func(LatestPoint) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read the last values: %w", err)
	}
	n := NewNewest()
	m.mu.Lock()
	for _, s := range m.series {
		for _, at := range slices.Sorted(maps.Keys(s.points)) {
			if s.class == Default && at >= since.UnixMicro() {
				n.Add(s.measurement, s.tags, at, s.points[at])
			}
		}
	}
	m.mu.Unlock()
	return n.Each(do)
}

// LatestStates implements Latest.
func (m *Memory) LatestStates(ctx context.Context, since time.Time, do func(o Object, at time.Time, state []byte) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read what is remembered with documents: %w", err)
	}
	m.mu.Lock()
	documents := slices.Collect(maps.Values(m.documents))
	m.mu.Unlock()
	for _, d := range documents {
		if d.Time.Before(since) {
			continue
		}
		if err := do(d.Object, d.Time, slices.Clone(d.State)); err != nil {
			return err
		}
	}
	return nil
}

func (m *Memory) id(text string) uint32 {
	if id, ok := m.ids[text]; ok {
		return id
	}
	m.ids[text] = uint32(len(m.ids))
	return m.ids[text]
}

// matching returns the selected series in a fixed order.
func (m *Memory) matching(measurement string, f Filter) (list []*memorySeries) {
	for _, key := range slices.Sorted(maps.Keys(m.series)) {
		if s := m.series[key]; (measurement == "" || s.measurement == measurement) && f.Match(s.tags) {
			list = append(list, s)
		}
	}
	return list
}

// Read implements Store.
func (m *Memory) Read(ctx context.Context, r Rows) ([]Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read points: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var rows []Row
	for _, s := range m.matching(r.Measurement, r.Filter) {
		if s.class != r.Class {
			continue
		}
		for t, fields := range s.points {
			if row, ok := r.Row(t, s.tags, fields); ok {
				rows = append(rows, row)
			}
		}
	}
	return r.Order(rows), nil
}

// Row returns a point if the question selects its time and one of its fields.
func (r *Rows) Row(t int64, tags Tags, fields map[string]Value) (Row, bool) {
	if !r.Since.IsZero() && t < r.Since.UnixMicro() || !r.Until.IsZero() && t > r.Until.UnixMicro() {
		return Row{}, false
	}
	wanted := maps.Clone(fields)
	if len(r.Fields) > 0 {
		maps.DeleteFunc(wanted, func(name string, _ Value) bool { return !slices.Contains(r.Fields, name) })
	}
	return Row{Time: time.UnixMicro(t).UTC(), Tags: tags, Fields: wanted}, len(wanted) > 0
}

// Order sorts rows as the question wants, and cuts them at its limit.
func (r *Rows) Order(rows []Row) []Row {
	slices.SortStableFunc(rows, func(a, b Row) int {
		by := cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Tags.Key(), b.Tags.Key()))
		if r.NewestFirst {
			by = -by
		}
		return by
	})
	if limit := r.Most(); len(rows) > limit {
		rows = rows[:limit]
	}
	return rows
}

// Most returns how many points are wanted at most.
func (r *Rows) Most() int {
	if r.Limit <= 0 || r.Limit > MaxRows {
		return MaxRows
	}
	return r.Limit
}

// TopFields implements Store.
func (m *Memory) TopFields(ctx context.Context, measurement string, f Filter, since, until time.Time, n int) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read the largest fields: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	sums := map[string]float64{}
	for _, s := range m.matching(measurement, f) {
		for t, fields := range s.points {
			if t < since.UnixMicro() || t > until.UnixMicro() {
				continue
			}
			for name, v := range fields {
				if v.Kind() == IntKind || v.Kind() == FloatKind {
					sums[name] += v.Float()
				}
			}
		}
	}
	return Largest(sums, n), nil
}

// Largest returns the names of the n largest sums, largest first, of equal ones by name.
func Largest(sums map[string]float64, n int) []string {
	names := slices.SortedFunc(maps.Keys(sums), func(a, b string) int {
		return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(a, b))
	})
	return names[:min(max(n, 0), len(names))]
}

// Document implements Store.
func (m *Memory) Document(ctx context.Context, o Object) (*Document, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read a document: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.documents[o]
	if !ok {
		return nil, wispwright.ErrNotFound
	}
	return &d, nil
}

// Delete implements Store.
func (m *Memory) Delete(ctx context.Context, measurement string, f Filter) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("delete points: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.series, func(_ string, s *memorySeries) bool {
		return (measurement == "" || s.measurement == measurement) && f.Match(s.tags)
	})
	if measurement == "" && f.Object != nil {
		delete(m.documents, *f.Object)
	}
	return nil
}

// Maintain implements Store: it forgets what is older than it is kept.
func (m *Memory) Maintain(_ context.Context, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, s := range m.series {
		keep := m.keep[s.class]
		if keep == 0 {
			continue
		}
		maps.DeleteFunc(s.points, func(t int64, _ map[string]Value) bool { return t < now.Add(-keep).UnixMicro() })
		if len(s.points) == 0 {
			delete(m.series, key)
		}
	}
	return nil
}

// Close implements Store.
func (m *Memory) Close() error { return nil }
