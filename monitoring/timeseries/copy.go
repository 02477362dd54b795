package timeseries

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wispwright/wispwright"
)

// CopyState says how far a copy is. It is worth keeping: Copy goes on from it.
type CopyState struct {
	// Done are, by measurement and class ("cpu", "config_applied/short"), the times up to
	// which all points are copied.
	Done map[string]time.Time `json:"done"`
	// Documents is how many of the documents are copied, in the order of the plan.
	Documents int `json:"documents"`
	// Points is how many points were copied in all.
	Points int64 `json:"points"`
}

// CopyPlan says what is copied.
type CopyPlan struct {
	// Measurements are those whose points are copied, of both classes.
	Measurements []string
	// Objects are those whose last documents are copied.
	Objects []Object
	// Until is the time of the last point that is copied; what is written later
	// belongs to the next run. Zero: now.
	Until time.Time
	// Window is how much time is read at once where there are few points; 0: a day.
	Window time.Duration
	// Progress is told after each piece, when everything the state says is stored in
	// the destination. An error ends the copy. May be nil.
	Progress func(measurement string, s CopyState) error
}

// Copy moves points and documents from one store to another. Written twice they are
// what they were once, so a copy that broke off is repeated from its last state,
// or from none.
func Copy(ctx context.Context, from, to Store, p CopyPlan, s *CopyState) error {
	if s.Done == nil {
		s.Done = map[string]time.Time{}
	}
	if p.Until.IsZero() {
		p.Until = time.Now()
	}
	if p.Window <= 0 {
		p.Window = 24 * time.Hour
	}
	told := func(measurement string) error {
		if p.Progress == nil {
			return nil
		}
		return p.Progress(measurement, *s)
	}
	for _, m := range p.Measurements {
		for _, class := range []Class{Default, Short} {
			if err := copyPoints(ctx, from, to, &p, m, class, s, func() error { return told(m) }); err != nil {
				return fmt.Errorf("copy %s: %w", m, err)
			}
		}
	}
	for i := s.Documents; i < len(p.Objects); i++ {
		d, err := from.Document(ctx, p.Objects[i])
		if err == nil {
			err = to.Write(ctx, Batch{Documents: []Document{*d}})
		} else if errors.Is(err, wispwright.ErrNotFound) {
			err = nil
		}
		if err != nil {
			return fmt.Errorf("copy documents: %w", err)
		}
		s.Documents = i + 1
		if s.Documents%100 == 0 || s.Documents == len(p.Objects) {
			if err := told("documents"); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyPoints copies one measurement window by window. Windows shrink where one has
// more points than a question returns.
func copyPoints(ctx context.Context, from, to Store, p *CopyPlan, measurement string, class Class, s *CopyState, told func() error) error {
	key := measurement
	if class == Short {
		key += "/short"
	}
	window := p.Window
	for {
		// where the next points begin: gaps of years cost one question
		rows, err := from.Read(ctx, Rows{Measurement: measurement, Class: class, Since: s.Done[key], Until: p.Until, Limit: 1})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		start := rows[0].Time
		end := start.Add(window)
		if end.After(p.Until) {
			end = p.Until
		}
		rows, err = from.Read(ctx, Rows{Measurement: measurement, Class: class, Since: start, Until: end, Limit: MaxRows})
		if err != nil {
			return err
		}
		if len(rows) >= MaxRows {
			if window <= time.Microsecond {
				return fmt.Errorf("more than %d points at %s", MaxRows, start)
			}
			window /= 2
			continue
		}
		for begin := 0; begin < len(rows); begin += 5000 {
			points := make([]Point, 0, 5000)
			for _, r := range rows[begin:min(begin+5000, len(rows))] {
				point := Point{Measurement: measurement, Tags: r.Tags, Time: r.Time, Class: class}
				for name, v := range r.Fields {
					point.Fields = append(point.Fields, Field{Name: name, Value: v})
				}
				points = append(points, point)
			}
			if err := to.Write(ctx, Batch{Points: points}); err != nil {
				return err
			}
		}
		s.Points += int64(len(rows))
		s.Done[key] = end.Add(time.Microsecond)
		if err := told(); err != nil {
			return err
		}
		if len(rows) < MaxRows/4 && window < p.Window {
			window *= 2
		}
	}
}
