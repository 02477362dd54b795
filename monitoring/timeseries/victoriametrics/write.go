package victoriametrics

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"math"
	"strconv"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/monitoring/timeseries/lineprotocol"
)

// number is one value on its way.
type number struct {
	point *timeseries.Point
	field string
	value timeseries.Value
	ms    int64
	key   uint64
}

// Write implements timeseries.Store. Texts and documents are stored beside; they
// come last, so that what is repeated after an outage changes nothing.
// VictoriaMetrics has numbers in its memory when this returns and on its disk some
// seconds later.
func (s *Store) Write(ctx context.Context, b timeseries.Batch) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write points: %w", err)
	}
	var faults timeseries.PointErrors
	var numbers []number
	beside := timeseries.Batch{Documents: b.Documents}
	places := []int{}
	for i := range b.Points {
		p := &b.Points[i]
		if err := p.Check(); err != nil {
			faults = append(faults, timeseries.PointError{Index: i, Err: err})
			continue
		}
		kinds, err := s.fieldKinds(ctx, p.Measurement)
		if err != nil {
			return err
		}
		some, texts, err := s.split(ctx, p, kinds)
		if err != nil {
			faults = append(faults, timeseries.PointError{Index: i, Err: err})
			continue
		}
		numbers = append(numbers, some...)
		if len(texts) > 0 {
			q := *p
			q.Fields = texts
			beside.Points = append(beside.Points, q)
			places = append(places, i)
		}
	}
	if err := s.numbers(ctx, numbers); err != nil {
		return err
	}
	if len(beside.Points) > 0 || len(beside.Documents) > 0 {
		err := s.beside.Write(ctx, beside)
		if more := (timeseries.PointErrors)(nil); errors.As(err, &more) {
			for _, f := range more {
				faults = append(faults, timeseries.PointError{Index: places[f.Index], Err: f.Err})
			}
		} else if err != nil {
			return err
		}
	}
	if faults != nil {
		return faults
	}
	return nil
}

// split returns the numbers of a point and its texts, each of its field's kind.
func (s *Store) split(ctx context.Context, p *timeseries.Point, kinds map[string]timeseries.Kind) (numbers []number, texts []timeseries.Field, err error) {
	fresh := map[string]timeseries.Kind{}
	for _, f := range p.Fields {
		if f.Value.IsNull() {
			continue
		}
		want, known := kinds[f.Name]
		if !known {
			want = f.Value.Kind()
			if want != timeseries.TextKind {
				// a field of texts stays one
				rows, err := s.beside.Read(ctx, timeseries.Rows{Measurement: p.Measurement, Fields: []string{f.Name}, Limit: 1, Class: p.Class})
				if err != nil {
					return nil, nil, err
				}
				if len(rows) > 0 && rows[0].Fields[f.Name].Kind() == timeseries.TextKind {
					want = timeseries.TextKind
				}
			}
			fresh[f.Name] = want
		}
		v, ok := f.Value.As(want)
		if !ok {
			return nil, nil, &timeseries.KindError{Measurement: p.Measurement, Field: f.Name, Have: f.Value.Kind(), Want: want}
		}
		if want == timeseries.TextKind {
			texts = append(texts, f)
			continue
		}
		numbers = append(numbers, number{p, f.Name, v, p.Time.UnixMilli(), s.key(p, f.Name)})
	}
	if len(fresh) > 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		next := maps.Clone(s.kinds[p.Measurement])
		if next == nil {
			next = map[string]timeseries.Kind{}
		}
		for name, k := range fresh {
			if _, known := next[name]; !known {
				next[name] = k
			}
		}
		s.kinds[p.Measurement] = next
	}
	return numbers, texts, nil
}

// fieldKinds returns the kinds of the fields of a measurement that are known.
func (s *Store) fieldKinds(ctx context.Context, measurement string) (map[string]timeseries.Kind, error) {
	s.mu.Lock()
	have, known := s.kinds[measurement]
	s.mu.Unlock()
	if known {
		return have, nil
	}
	if err := s.visible(ctx); err != nil {
		return nil, err
	}
	sel := s.selector()
	sel.equal(labelMeasurement, measurement)
	// a field's kind is that of any of its series
	list, err := s.c.series(ctx, sel.String())
	if err != nil {
		return nil, err
	}
	have = map[string]timeseries.Kind{}
	for _, labels := range list {
		have[labels[labelField]] = kindOf(labels[labelKind])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now, known := s.kinds[measurement]; known {
		return now, nil
	}
	s.kinds[measurement] = have
	return have, nil
}

// key is the number of a series, which only this process knows.
func (s *Store) key(p *timeseries.Point, field string) uint64 {
	return maphash.String(s.seed, p.Measurement+"\x00"+field+"\x00"+strconv.Itoa(int(p.Class))+"\x00"+p.Tags.Key())
}

// numbers writes values. Those that are not later than what their series has may
// replace one: then they are written as its next revision.
func (s *Store) numbers(ctx context.Context, list []number) error {
	// of two values for one time in a batch the later counts
	at := map[[2]uint64]int{}
	kept := list[:0:0]
	for _, n := range list {
		k := [2]uint64{n.key, uint64(n.ms)}
		if i, twice := at[k]; twice {
			kept[i] = n
			continue
		}
		at[k] = len(kept)
		kept = append(kept, n)
	}
	if len(kept) == 0 {
		return nil
	}
	flushed := false
	var lines []byte
	for _, n := range kept {
		s.mu.Lock()
		last, known := s.last[n.key]
		s.mu.Unlock()
		revision := 0
		if !known || n.ms <= last {
			if !flushed {
				flushed = true
				// a cluster has nothing to flush here, and shows it within a second
				if err := s.c.flush(ctx); err != nil && (ctx.Err() != nil || errors.Is(err, wispwright.ErrUnavailable)) {
					return err
				}
			}
			var same bool
			var err error
			if revision, same, err = s.revision(ctx, n); err != nil {
				return err
			}
			if same {
				continue
			}
		}
		lines = n.append(lines, revision, s.labels)
	}
	if len(lines) > 0 {
		if err := s.c.lines(ctx, lines); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range kept {
		if last, known := s.last[n.key]; !known || n.ms > last {
			s.last[n.key] = n.ms
		}
	}
	return nil
}

// revision looks for a value at the same time: it returns the number that the
// next one has, and whether the value is that already.
func (s *Store) revision(ctx context.Context, n number) (next int, same bool, err error) {
	sel := s.selector()
	sel.equal(labelMeasurement, n.point.Measurement)
	sel.equal(labelField, n.field)
	for _, t := range n.point.Tags.All() {
		sel.equal(t.Name, t.Value)
	}
	best := -1
	err = s.c.export(ctx, sel.String(), n.ms, n.ms, func(x *samples) error {
		if s.tags(x.Metric).Key() != n.point.Tags.Key() || classOf(x.Metric) != n.point.Class {
			return nil // a series with more tags
		}
		for i, ms := range x.Timestamps {
			if r := revisionOf(x.Metric); ms == n.ms && r > best {
				best = r
				same = value(x.Values[i], n.value.Kind()) == n.value
			}
		}
		return nil
	})
	return best + 1, same, err
}

func classOf(labels map[string]string) timeseries.Class {
	if labels[labelClass] == "short" {
		return timeseries.Short
	}
	return timeseries.Default
}

// append adds the line of a number.
func (n *number) append(lines []byte, revision int, labels map[string]string) []byte {
	p := n.point
	tags := append([]timeseries.Tag(nil), p.Tags.All()...)
	tags = append(tags, timeseries.Tag{Name: labelMeasurement, Value: p.Measurement}, timeseries.Tag{Name: labelField, Value: n.field},
		timeseries.Tag{Name: labelKind, Value: letter(n.value.Kind())})
	for name, v := range labels {
		tags = append(tags, timeseries.Tag{Name: name, Value: v})
	}
	if p.Class == timeseries.Short {
		tags = append(tags, timeseries.Tag{Name: labelClass, Value: "short"})
	}
	if revision > 0 {
		tags = append(tags, timeseries.Tag{Name: labelRevision, Value: strconv.Itoa(revision)})
	}
	v := n.value
	if v.Kind() == timeseries.BoolKind {
		v = timeseries.Float(math.Abs(float64(v.Int())))
	}
	return lineprotocol.Append(lines, p.Measurement, tags, []timeseries.Field{{Name: n.field, Value: v}}, p.Time, time.Millisecond)
}
