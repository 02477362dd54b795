package victoriametrics

import (
	"context"
	"time"

	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// Latest implements timeseries.Latest: numbers of here, and how many texts the other store has.
func (s *Store) Latest(ctx context.Context, since time.Time, do func(timeseries.LatestPoint) error) error {
	n := timeseries.NewNewest()
	until := time.Date(2200, 12, 31, 0, 0, 0, 0, time.UTC).UnixMicro()
	lines, err := s.lines(ctx, "", nil, timeseries.Filter{}, []timeseries.Class{timeseries.Default}, since.UnixMicro(), until)
	if err != nil {
		return err
	}
	for _, l := range lines {
		last := int64(-1)
		for ms := range l.at {
			last = max(last, ms)
		}
		if last >= 0 {
			n.Add(l.measurement, l.tags, last*1000, map[string]timeseries.Value{l.field: value(l.at[last].value, l.kind)})
		}
	}
	if beside, ok := s.beside.(timeseries.Latest); ok {
		err = beside.Latest(ctx, since, func(p timeseries.LatestPoint) error {
			p.Time = p.Time.Truncate(time.Millisecond) // as exact as the numbers are
			n.Put(p)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return n.Each(do)
}

// LatestStates implements timeseries.Latest.
func (s *Store) LatestStates(ctx context.Context, since time.Time, do func(o timeseries.Object, at time.Time, state []byte) error) error {
	if beside, ok := s.beside.(timeseries.Latest); ok {
		return beside.LatestStates(ctx, since, do)
	}
	return nil
}
