package timeseries

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
)

// Gather computes the result of a query from points in any order. Stores use it, so
// that what a mean or an empty bucket is stands in one place. Texts are given to it as
// numbers of the store's choice.
type Gather struct {
	query      *Query
	bounds     []int64
	start, end int64
	groups     map[string]*Group
	order      []string
	some       bool
}

// NewGather begins a result.
func NewGather(q *Query) (*Gather, error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	g := &Gather{query: q, start: q.Range.Start.UnixMicro(), end: q.Range.End.UnixMicro(), groups: map[string]*Group{}}
	g.bounds = q.Range.Bounds()
	return g, nil
}

// Window returns the microseconds that count, both included.
func (g *Gather) Window() (start, end int64) { return g.start, g.end }

// Bounds returns Range.Bounds of the query.
func (g *Gather) Bounds() []int64 { return g.bounds }

// Group are the cells of one group of series.
type Group struct {
	g      *Gather
	traces [][]cell // by trace and bucket; the last is the summary
	at     int      // the bucket of the latest point
}

// cell is what a bucket has seen of a trace.
type cell struct {
	n        int64
	ints     int64
	floats   float64
	floating bool
	modes    map[int64]int64
	set      *roaring.Bitmap
}

// For returns the cells of a series by its tags.
func (g *Gather) For(tags Tags) *Group {
	name := ""
	if len(g.query.GroupBy) > 0 {
		parts := make([]string, len(g.query.GroupBy))
		for i, t := range g.query.GroupBy {
			parts[i] = tags.Get(t)
		}
		name = strings.Join(parts, "_")
	}
	if have := g.groups[name]; have != nil {
		return have
	}
	out := &Group{g: g, traces: make([][]cell, len(g.query.Traces))}
	for i := range out.traces {
		out.traces[i] = make([]cell, max(len(g.bounds)-1, 0)+1)
	}
	g.groups[name] = out
	g.order = append(g.order, name)
	return out
}

// bucket returns the bucket of a time, -1 if it does not count.
func (p *Group) bucket(t int64) int {
	g := p.g
	if t < g.start || t > g.end {
		return -1
	}
	if len(g.bounds) == 0 {
		return 0
	}
	if p.at+1 < len(g.bounds) && t >= g.bounds[p.at] && t < g.bounds[p.at+1] {
		return p.at
	}
	i, found := slices.BinarySearch(g.bounds, t)
	if !found {
		i--
	}
	p.at = min(max(i, 0), len(g.bounds)-2)
	return p.at
}

// Traces returns the places of the traces that are computed from a field.
func (g *Gather) Traces(field string) (list []int) {
	for i, t := range g.query.Traces {
		if t.Field == field {
			list = append(list, i)
		}
	}
	return list
}

// Number adds a number to traces.
func (p *Group) Number(traces []int, t int64, v Value) {
	at := p.bucket(t)
	if at < 0 || v.kind != IntKind && v.kind != FloatKind && v.kind != BoolKind {
		return
	}
	for _, i := range traces {
		if p.g.query.Traces[i].Func == Distinct {
			continue
		}
		p.g.some = true
		row := p.traces[i]
		row[at].number(v, p.g.query.Traces[i].Func)
		if last := len(row) - 1; last != at {
			row[last].number(v, p.g.query.Traces[i].Func)
		}
	}
}

func (c *cell) number(v Value, fn Func) {
	c.n++
	if v.kind == FloatKind {
		c.floating = true
		c.floats += v.Float()
	} else {
		c.ints += v.Int()
	}
	if fn == Mode {
		if c.modes == nil {
			c.modes = map[int64]int64{}
		}
		c.modes[v.Int()]++
	}
}

// Sum adds what was added up already: count numbers of a bucket that are integers.
func (p *Group) Sum(traces []int, t, sum int64) {
	p.Number(traces, t, Int(sum))
}

// Texts adds texts to traces that count different ones.
func (p *Group) Texts(traces []int, t int64, ids ...uint32) {
	at := p.bucket(t)
	if at < 0 || len(ids) == 0 {
		return
	}
	for _, i := range traces {
		if p.g.query.Traces[i].Func != Distinct {
			continue
		}
		p.g.some = true
		row := p.traces[i]
		for _, c := range []*cell{&row[at], &row[len(row)-1]} {
			c.texts(func(set *roaring.Bitmap) { set.AddMany(ids) })
			if len(row) == 1 {
				break
			}
		}
	}
}

// Union adds sets of texts to the bucket of a time; summary says whether to
// the summary too, or only to it.
func (p *Group) Union(traces []int, t int64, summary bool, sets ...*roaring.Bitmap) {
	if len(sets) == 0 {
		return
	}
	union := roaring.FastOr(sets...)
	if union.IsEmpty() {
		return
	}
	for _, i := range traces {
		if p.g.query.Traces[i].Func != Distinct {
			continue
		}
		p.g.some = true
		row := p.traces[i]
		c := &row[len(row)-1]
		if !summary {
			at := p.bucket(t)
			if at < 0 {
				continue
			}
			c = &row[at]
		}
		c.texts(func(set *roaring.Bitmap) { set.Or(union) })
	}
}

func (c *cell) texts(add func(*roaring.Bitmap)) {
	if c.set == nil {
		c.set = roaring.New()
	}
	add(c.set)
}

// Result ends the computation.
func (g *Gather) Result() Result {
	var out Result
	if !g.some {
		return out
	}
	for _, b := range g.bounds[:max(len(g.bounds)-1, 0)] {
		out.Starts = append(out.Starts, time.UnixMicro(b).UTC())
	}
	slices.Sort(g.order)
	for _, name := range g.order {
		group := g.groups[name]
		for i, t := range g.query.Traces {
			s := Series{Name: t.Name}
			if len(g.query.GroupBy) > 0 {
				s.Name = name
				if len(g.query.Traces) > 1 {
					s.Name = fmt.Sprintf("%s_%s", name, t.Name)
				}
			}
			row := group.traces[i]
			if len(g.bounds) > 0 {
				s.Values = make([]Value, len(row)-1)
				for j := range s.Values {
					s.Values[j] = row[j].value(t)
				}
			}
			s.Summary = row[len(row)-1].value(t)
			out.Series = append(out.Series, s)
		}
	}
	return out
}

// value is what a bucket holds in the end.
func (c *cell) value(t Trace) Value {
	if t.Func == Distinct {
		if c.set == nil {
			return t.empty()
		}
		return t.scaled(Int(int64(c.set.GetCardinality())))
	}
	if c.n == 0 {
		return t.empty()
	}
	total := c.floats + float64(c.ints)
	switch t.Func {
	case Mean:
		return t.scaled(Float(total / float64(c.n)))
	case RoundedMean:
		return t.scaled(Float(math.Round(total / float64(c.n))))
	case Mode:
		best, most := int64(0), int64(0)
		for v, n := range c.modes {
			if n > most || n == most && v < best {
				best, most = v, n
			}
		}
		return t.scaled(Int(best))
	}
	if c.floating {
		return t.scaled(Float(total))
	}
	return t.scaled(Int(c.ints))
}

func (t Trace) empty() Value {
	if t.Fill == FillZero {
		return Int(0)
	}
	return Value{}
}

func (t Trace) scaled(v Value) Value {
	if t.Times != 0 {
		v = Float(v.Float() * t.Times)
	}
	if t.Over != 0 {
		v = Float(v.Float() / t.Over)
	}
	return v
}
