package influxdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/lineprotocol"
)

// Write implements timeseries.Store. The points of a class are one request, which
// InfluxDB stores before it answers; documents are stored after their points, so
// that what is repeated after an outage changes nothing.
func (s *Store) Write(ctx context.Context, b timeseries.Batch) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write points: %w", err)
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	var faults timeseries.PointErrors
	lines := map[timeseries.Class][]byte{}
	for i := range b.Points {
		p := &b.Points[i]
		err := p.Check()
		var fields []timeseries.Field
		if err == nil {
			fields, err = s.typed(ctx, p)
		}
		if err != nil {
			var kind *timeseries.KindError
			if ctx.Err() != nil || p.Check() == nil && !errors.As(err, &kind) {
				return err // not the point's fault
			}
			faults = append(faults, timeseries.PointError{Index: i, Err: err})
			continue
		}
		precision := time.Microsecond
		if s.byUDP(p.Class) {
			precision = time.Nanosecond // of which the other side has one setting
		}
		lines[p.Class] = lineprotocol.Append(lines[p.Class], p.Measurement, p.Tags.All(), fields, p.Time, precision)
	}
	for class, text := range lines {
		var err error
		if s.byUDP(class) {
			err = s.c.send(ctx, text)
		} else {
			err = s.c.write(ctx, policy(class), text)
		}
		if err != nil {
			return err
		}
	}
	if len(b.Documents) > 0 {
		if err := s.documents.Write(ctx, timeseries.Batch{Documents: b.Documents}); err != nil {
			return err
		}
	}
	if faults != nil {
		return faults
	}
	return nil
}

func (s *Store) byUDP(c timeseries.Class) bool { return s.c.udp != "" && c == timeseries.Default }

func policy(c timeseries.Class) string {
	if c == timeseries.Short {
		return policyShort
	}
	return policyDefault
}

// typed returns the fields as values of the kinds that the measurement has them
// in; of unknown ones the first value decides.
func (s *Store) typed(ctx context.Context, p *timeseries.Point) ([]timeseries.Field, error) {
	kinds, err := s.fieldKinds(ctx, p.Measurement)
	if err != nil {
		return nil, err
	}
	out := make([]timeseries.Field, 0, len(p.Fields))
	var fresh []timeseries.Field
	for _, f := range p.Fields {
		if f.Value.IsNull() {
			continue
		}
		want, known := kinds[f.Name]
		if !known {
			out, fresh = append(out, f), append(fresh, f)
			continue
		}
		v, ok := f.Value.As(want)
		if !ok {
			return nil, &timeseries.KindError{Measurement: p.Measurement, Field: f.Name, Have: f.Value.Kind(), Want: want}
		}
		out = append(out, timeseries.Field{Name: f.Name, Value: v})
	}
	if len(fresh) > 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		next := make(map[string]timeseries.Kind, len(kinds)+len(fresh))
		for k, v := range s.kinds[p.Measurement] {
			next[k] = v
		}
		for _, f := range fresh {
			if _, known := next[f.Name]; !known {
				next[f.Name] = f.Value.Kind()
			}
		}
		s.kinds[p.Measurement] = next
	}
	return out, nil
}

// fieldKinds returns the kinds of the fields of a measurement, which are asked for
// once. The map must not be changed.
func (s *Store) fieldKinds(ctx context.Context, measurement string) (map[string]timeseries.Kind, error) {
	s.mu.RLock()
	have, known := s.kinds[measurement]
	s.mu.RUnlock()
	if known {
		return have, nil
	}
	have = map[string]timeseries.Kind{}
	q := ""
	for _, p := range []string{policyDefault, policyShort} {
		q += "SHOW FIELD KEYS FROM " + name(p) + "." + name(measurement) + ";"
	}
	err := s.c.query(ctx, q, func(_ int, r *series) error {
		for _, v := range r.Values {
			field, _ := v[0].(string)
			kind, _ := v[1].(string)
			if _, twice := have[field]; !twice || kind == "float" {
				// a database that had a field in two types reads it as the wider one
				have[field] = kindOf(kind)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now, known := s.kinds[measurement]; known {
		return now, nil
	}
	s.kinds[measurement] = have
	return have, nil
}

func kindOf(influx string) timeseries.Kind {
	switch influx {
	case "integer":
		return timeseries.IntKind
	case "float":
		return timeseries.FloatKind
	case "boolean":
		return timeseries.BoolKind
	}
	return timeseries.TextKind
}
