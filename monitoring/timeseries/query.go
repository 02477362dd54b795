package timeseries

import (
	"fmt"
	"slices"
	"time"
)

// Filter selects series.
type Filter struct {
	// Object limits to the series of one object; nil: all objects.
	Object *Object
	// Tags are lists of which a series has one value each. An empty list selects all.
	Tags map[string][]string
}

// Match reports whether a series is selected.
func (f Filter) Match(t Tags) bool {
	if f.Object != nil && t.Object() != *f.Object {
		return false
	}
	for name, list := range f.Tags {
		if len(list) > 0 && !slices.Contains(list, t.Get(name)) {
			return false
		}
	}
	return true
}

// Range is a time range and how it is divided.
type Range struct {
	// Start and End are both part of the range.
	Start, End time.Time
	// Zone is whose midnight buckets of a day begin at; nil: UTC.
	Zone *time.Location
	// Bucket is the width of a bucket in whole seconds; 0: none, only the summary.
	Bucket time.Duration
}

// Func is how the values of a bucket become one.
type Func int

// The functions (spec: monitoring §5.4).
const (
	// Mean is the average of numbers.
	Mean Func = iota
	// Sum adds numbers up; of integers it is one.
	Sum
	// RoundedMean is the average as a whole number, halves away from zero.
	RoundedMean
	// Mode is the most frequent integer; of several the smallest.
	Mode
	// Distinct counts different texts.
	Distinct
)

// Fill is what buckets without values hold.
type Fill int

// The fills.
const (
	// FillNull leaves them empty.
	FillNull Fill = iota
	// FillZero counts nothing there.
	FillZero
)

// Trace is one line of a chart.
type Trace struct {
	// Name is the trace's in the result.
	Name string
	// Field is what it is computed from.
	Field string
	// Func is how.
	Func Func
	// Times and Over multiply and divide the result; 0: not. Either makes it a float.
	Times, Over float64
	// Fill is for buckets without values.
	Fill Fill
}

// Query asks for one chart.
type Query struct {
	// Measurement and Filter select the series.
	Measurement string
	Filter      Filter
	// Range is the time.
	Range Range
	// Traces are at least one.
	Traces []Trace
	// GroupBy are tags whose values make a trace each, named by them with "_" between.
	GroupBy []string
}

// Series is one trace of a result.
type Series struct {
	// Name is the trace's.
	Name string
	// Values are one for each bucket.
	Values []Value
	// Summary is the same function over the whole range.
	Summary Value
}

// Result is one chart. Without a single matching value it is empty.
type Result struct {
	// Starts are when the buckets begin.
	Starts []time.Time
	// Series are the traces, in the order of the query.
	Series []Series
}

// Empty reports whether nothing matched.
func (r Result) Empty() bool { return len(r.Series) == 0 }

// Rows asks for points as they are.
type Rows struct {
	// Measurement and Filter select the series.
	Measurement string
	Filter      Filter
	// Since and Until bound the time, both included; zero: not.
	Since, Until time.Time
	// Fields are those that are wanted; empty: all. Points without any are left out.
	Fields []string
	// Limit bounds the number of points; 0: MaxRows.
	Limit int
	// NewestFirst turns the order of time round.
	NewestFirst bool
	// Class is where to look.
	Class Class
}

// MaxRows is how many points one question returns at most.
const MaxRows = 100_000

// Row is a point that was read.
type Row struct {
	// Time and Tags say which.
	Time time.Time
	Tags Tags
	// Fields are its values.
	Fields map[string]Value
}

// maxBuckets bounds a chart. A year of ten minutes has 52,560.
const maxBuckets = 60_000

// Check returns what makes a query impossible to answer, or nil.
func (q *Query) Check() error {
	switch {
	case q.Measurement == "" || len(q.Traces) == 0:
		return fmt.Errorf("a query has a measurement and a trace")
	case q.Range.End.Before(q.Range.Start):
		return fmt.Errorf("the range of %s ends before it starts", q.Measurement)
	case q.Range.Bucket < 0 || q.Range.Bucket%time.Second != 0:
		return fmt.Errorf("a bucket of %s is not of whole seconds", q.Range.Bucket)
	case q.Range.Bucket > 0 && q.Range.End.Sub(q.Range.Start)/q.Range.Bucket > maxBuckets:
		return fmt.Errorf("more than %d buckets", maxBuckets)
	}
	return nil
}

// Bounds returns in microseconds when the buckets of the range begin, and at the end
// when the last one ends. Buckets count from 1970 in the local time of the zone, so that
// those of a day begin at midnight also where a day has 23 or 25 hours, while
// shorter ones are hours as they pass (spec: monitoring §6.1).
func (r Range) Bounds() []int64 {
	if r.Bucket <= 0 {
		return nil
	}
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	offset := func(u int64) int64 {
		_, off := time.Unix(u, 0).In(zone).Zone()
		return int64(off)
	}
	w := int64(r.Bucket / time.Second)
	around := func(u int64) (start, end int64) {
		z := offset(u)
		dt := ((u+z)%w + w) % w
		moved := func(at int64) int64 {
			if c := z - offset(at); c != 0 && max(c, -c) < w {
				return at + c
			}
			return at
		}
		return moved(u - dt), moved(u - dt + w)
	}
	first := r.Start.UnixMicro() / 1e6
	last := r.End.UnixMicro() / 1e6
	start, end := around(first)
	bounds := []int64{start * 1e6, end * 1e6}
	for end <= last && len(bounds) < maxBuckets+2 {
		_, next := around(end)
		if next <= end { // cannot be, by the formula; an endless loop would be worse than a wrong chart
			next = end + w
		}
		end = next
		bounds = append(bounds, end*1e6)
	}
	return bounds
}
