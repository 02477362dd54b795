package availability

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// step is the width of what is counted at once. How often a device is asked does not weigh then: in
// an outage it is asked more often.
const step = time.Hour

// fine is the width within steps that are maintenance in part.
const fine = time.Minute

// perQuery is how many series are read at once.
const perQuery = 200

// Devices reports on devices from what answers to ping were stored in a time. The zone of start is that
// of the report. Hours in which nothing was stored count as not measured, and maintenance counts
// neither as reachable nor as out of reach.
func Devices(ctx context.Context, series timeseries.Store, devices []Device, start, end time.Time) ([]*Row, error) {
	c := counter{series: series, start: start, end: end}
	rows := make([]*Row, 0, len(devices))
	for some := range slices.Chunk(devices, perQuery) {
		queries := make([]timeseries.Query, len(some))
		for i := range some {
			queries[i] = reachable(&some[i], start, end, step)
		}
		results, err := series.Charts(ctx, queries)
		if err != nil {
			return nil, fmt.Errorf("read answers to ping: %w", err)
		}
		for i := range some {
			d := &some[i]
			row := &Row{ID: d.ID, Name: d.Name, Location: d.Location, Devices: 1, Incidents: d.Incidents}
			planned := within(d.Planned, start, end)
			for _, p := range planned {
				row.Planned += p.End.Sub(p.Start)
			}
			c.hours(row, d, &results[i], planned)
			rows = append(rows, row)
		}
	}
	if err := c.minutes(ctx); err != nil {
		return nil, err
	}
	sorted(rows)
	return rows, nil
}

// reachable asks how much of each piece of a time a device answered.
func reachable(d *Device, start, end time.Time, width time.Duration) timeseries.Query {
	return timeseries.Query{Measurement: "ping", Filter: timeseries.Filter{Object: &timeseries.Object{Type: "config.device", ID: d.ID.String()}},
		Range:  timeseries.Range{Start: start, End: end.Add(-time.Second), Zone: start.Location(), Bucket: width},
		Traces: []timeseries.Trace{{Name: "reachable", Field: "reachable", Func: timeseries.Mean}}}
}

// counter counts, and remembers which hours have to be looked at by the minute.
type counter struct {
	series     timeseries.Store
	start, end time.Time
	parts      []part
}

// part is an hour of which maintenance is a part.
type part struct {
	row      *Row
	device   *Device
	from, to time.Time
	planned  []Span
}

// hours adds the hours of a device up.
func (c *counter) hours(row *Row, d *Device, result *timeseries.Result, planned []Span) {
	for from, mean := range values(result) {
		to := from.Add(step)
		if from.Before(c.start) {
			from = c.start
		}
		if to.After(c.end) {
			to = c.end
		}
		length := to.Sub(from)
		switch free := length - covered(planned, from, to); {
		case length <= 0, free <= 0:
		case free < length:
			c.parts = append(c.parts, part{row, d, from, to, planned})
		default:
			row.count(length, mean)
		}
	}
}

// minutes adds up what was not maintenance of hours that were it in part.
func (c *counter) minutes(ctx context.Context) error {
	for some := range slices.Chunk(c.parts, perQuery) {
		queries := make([]timeseries.Query, len(some))
		for i, p := range some {
			queries[i] = reachable(p.device, p.from, p.to, fine)
		}
		results, err := c.series.Charts(ctx, queries)
		if err != nil {
			return fmt.Errorf("read answers to ping: %w", err)
		}
		for i, p := range some {
			sum, n := 0.0, 0
			for at, mean := range values(&results[i]) {
				if covered(p.planned, at, at.Add(fine)) == 0 {
					sum, n = sum+mean, n+1
				}
			}
			if n > 0 {
				p.row.count(p.to.Sub(p.from)-covered(p.planned, p.from, p.to), sum/float64(n))
			}
		}
	}
	return nil
}

// count adds a time of which a part was reachable.
func (r *Row) count(length time.Duration, mean float64) {
	r.Measured += length
	r.Down += time.Duration((1 - min(1, max(0, mean))) * float64(length))
}

// values are the buckets of a chart that hold something.
func values(result *timeseries.Result) func(yield func(time.Time, float64) bool) {
	return func(yield func(time.Time, float64) bool) {
		if result.Empty() {
			return
		}
		for i, v := range result.Series[0].Values {
			if i < len(result.Starts) && !v.IsNull() && !yield(result.Starts[i], v.Float()) {
				return
			}
		}
	}
}

// within cuts spans to a time and joins those that touch.
func within(spans []Span, start, end time.Time) []Span {
	var out []Span
	for _, s := range slices.SortedFunc(slices.Values(spans), func(a, b Span) int { return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End)) }) {
		if s.Start.Before(start) {
			s.Start = start
		}
		if s.End.After(end) {
			s.End = end
		}
		switch last := len(out) - 1; {
		case !s.End.After(s.Start):
		case last >= 0 && !s.Start.After(out[last].End):
			if s.End.After(out[last].End) {
				out[last].End = s.End
			}
		default:
			out = append(out, s)
		}
	}
	return out
}

// covered is how much of a time spans are, which are in order and do not touch.
func covered(spans []Span, from, to time.Time) (sum time.Duration) {
	first, _ := slices.BinarySearchFunc(spans, from, func(s Span, at time.Time) int {
		if s.End.After(at) {
			return 1
		}
		return -1
	})
	for _, s := range spans[first:] {
		if !s.Start.Before(to) {
			break
		}
		begin, finish := s.Start, s.End
		if begin.Before(from) {
			begin = from
		}
		if finish.After(to) {
			finish = to
		}
		sum += finish.Sub(begin)
	}
	return sum
}
