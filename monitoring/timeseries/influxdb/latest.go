package influxdb

import (
	"context"
	"strings"
	"time"

	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// Latest implements timeseries.Latest: the points since then are looked through as they come.
func (s *Store) Latest(ctx context.Context, since time.Time, do func(timeseries.LatestPoint) error) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	n := timeseries.NewNewest()
	// any measurement: the name becomes an expression
	text := strings.Replace(s.statement("*::field", "", timeseries.Filter{}, timeseries.Default, since.UnixMicro(), 0), `.""`, "./.+/", 1) + " GROUP BY *"
	err := s.c.query(ctx, text, func(_ int, part *series) error {
		kinds, err := s.fieldKinds(ctx, part.Name)
		if err != nil {
			return err
		}
		tags := timeseries.TagsOf(part.Tags)
		for _, v := range part.Values {
			at, ok := micros(v[0])
			if !ok {
				continue
			}
			fields := map[string]timeseries.Value{}
			for i, column := range part.Columns[1:] {
				if x := value(v[i+1], kinds[column]); !x.IsNull() {
					fields[column] = x
				}
			}
			if len(fields) > 0 {
				n.Add(part.Name, tags, at, fields)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return n.Each(do)
}

// LatestStates implements timeseries.Latest.
func (s *Store) LatestStates(ctx context.Context, since time.Time, do func(o timeseries.Object, at time.Time, state []byte) error) error {
	if l, ok := s.documents.(timeseries.Latest); ok {
		return l.LatestStates(ctx, since, do)
	}
	return nil
}
