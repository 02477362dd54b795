package sqlts

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

var _ timeseries.Latest = (*Store)(nil)

// Latest implements timeseries.Latest, by a look at the open frames of each object.
func (s *Store) Latest(ctx context.Context, since time.Time, do func(timeseries.LatestPoint) error) error {
	from := since.UnixMicro()
	query := "SELECT f.owner, f.t, f.p FROM ts_owner o CROSS JOIN ts_frame f WHERE f.day = ? AND f.owner = o.id AND f.t >= ?"
	if s.db.Dialect() == sqlstore.Postgres { // the limit keeps it from reading the whole day
		query = "SELECT f.owner, f.t, f.p FROM ts_owner o CROSS JOIN LATERAL (SELECT owner, t, p FROM ts_frame WHERE day = ? AND owner = o.id AND t >= ? ORDER BY t LIMIT 100000) f"
	}
	type seen struct {
		t     int64
		entry entry
	}
	latest := map[int64]*seen{}
	for d := day(from); d <= day(s.o.Now().UnixMicro())+1; d++ {
		rows, err := s.db.Read(ctx).QueryContext(ctx, s.db.Rebind(query), d, from)
		if err != nil {
			return fmt.Errorf("read the last values: %w", s.db.Explain(err))
		}
		for rows.Next() {
			var owner, t int64
			var p []byte
			if err = rows.Scan(&owner, &t, &p); err != nil {
				break
			}
			var f *frame
			if f, err = readFrame(t, p); err != nil {
				break
			}
			for _, e := range f.entries {
				have := latest[e.series]
				switch {
				case have == nil:
					latest[e.series] = &seen{t, e}
				case have.t < t:
					have.t, have.entry = t, e
				case have.t == t && e.list == nil:
					have.entry.cells = append(have.entry.cells, e.cells...)
				}
			}
		}
		if err == nil {
			err = rows.Err()
		}
		if closing := rows.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return fmt.Errorf("read the last values: %w", err)
		}
	}
	names, err := s.seriesNames(ctx, func(id int64) bool { return latest[id] != nil })
	if err != nil {
		return err
	}
	for id, l := range latest {
		point := timeseries.LatestPoint{Measurement: names[id].measurement, Tags: names[id].tags, Time: time.UnixMicro(l.t).UTC(), Count: len(l.entry.list)}
		for _, c := range l.entry.cells {
			if c.kind == timeseries.TextKind {
				point.Count++
				continue
			}
			field, err := s.fieldByID(ctx, c.field)
			if err != nil {
				return err
			}
			point.Fields = append(point.Fields, timeseries.Field{Name: field.name, Value: c.value()})
		}
		if err := do(point); err != nil {
			return err
		}
	}
	return nil
}

type seriesName struct {
	measurement string
	tags        timeseries.Tags
}

// seriesNames returns what the wanted series are called.
func (s *Store) seriesNames(ctx context.Context, wanted func(id int64) bool) (map[int64]seriesName, error) {
	rows, err := s.db.Read(ctx).QueryContext(ctx, "SELECT id, measurement, tags FROM ts_series")
	if err != nil {
		return nil, fmt.Errorf("read series: %w", s.db.Explain(err))
	}
	defer rows.Close()
	out := map[int64]seriesName{}
	for rows.Next() {
		var id int64
		var measurement, text string
		if err := rows.Scan(&id, &measurement, &text); err != nil {
			return nil, fmt.Errorf("read series: %w", err)
		}
		if !wanted(id) {
			continue
		}
		var tags timeseries.Tags
		if err := json.Unmarshal([]byte(text), &tags); err != nil {
			return nil, fmt.Errorf("read series: %w", err)
		}
		out[id] = seriesName{measurement, tags}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read series: %w", s.db.Explain(err))
	}
	return out, nil
}

// LatestStates implements timeseries.Latest.
func (s *Store) LatestStates(ctx context.Context, since time.Time, do func(o timeseries.Object, at time.Time, state []byte) error) error {
	rows, err := s.db.Read(ctx).QueryContext(ctx, s.db.Rebind("SELECT o.kind, o.object, d.t, d.state FROM ts_document d JOIN ts_owner o ON o.id = d.owner WHERE d.t >= ?"), since.UnixMicro())
	if err != nil {
		return fmt.Errorf("read what is remembered with documents: %w", s.db.Explain(err))
	}
	defer rows.Close()
	for rows.Next() {
		var o timeseries.Object
		var t int64
		var state []byte
		if err := rows.Scan(&o.Type, &o.ID, &t, &state); err != nil {
			return fmt.Errorf("read what is remembered with documents: %w", err)
		}
		if err := do(o, time.UnixMicro(t).UTC(), state); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read what is remembered with documents: %w", s.db.Explain(err))
	}
	return nil
}
