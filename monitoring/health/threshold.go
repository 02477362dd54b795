package health

import (
	"time"

	"github.com/wispwright/wispwright/monitoring"
)

// Threshold says when a metric is not well.
type Threshold struct {
	// IsActive is false where nobody is told; health is assessed nevertheless.
	IsActive bool
	// Operator is "<" or ">".
	Operator string
	// Value is the threshold, Custom says that somebody chose it for this device.
	Value  float64
	Custom bool
	// Tolerance is for how long it may be crossed before somebody is told.
	Tolerance time.Duration
	// Origins say where each part was chosen.
	Origins Origins
}

// Origin is where a part of a threshold was chosen.
type Origin string

// The origins, each over the one before.
const (
	OfKind         Origin = "kind"
	OfOrganization Origin = "organization"
	OfGroup        Origin = "group"
	OfDevice       Origin = "device"
)

// Origins are where the parts of a threshold were chosen.
type Origins struct{ IsActive, Operator, Value, Tolerance Origin }

// Crossed reports whether a value is beyond the threshold.
func (t Threshold) Crossed(v float64) bool {
	switch t.Operator {
	case ">":
		return v > t.Value
	case "<":
		return v < t.Value
	}
	return false // there is none
}

// Streak is what is remembered of the values of a metric: on which side of the threshold
// they are, and since when.
type Streak struct {
	// Crossed is the side of the last value; nil: there was none.
	Crossed *bool
	// Since is when the first of the values in a row on that side was measured.
	Since time.Time
	// Healthy is what the last value says, Tolerant the same with respect to the
	// tolerance; nil: not assessed.
	Healthy, Tolerant *bool
	// Value is the last one.
	Value float64
}

// Turn is what a value changed.
type Turn struct {
	// Changed is true if Healthy or Tolerant is another.
	Changed bool
	// Beyond is true if Tolerant is another, which people are told of: of a problem if
	// Problem is true, else of a recovery; First is true for the first value ever.
	Beyond, Problem, First bool
}

// window is how far values may be apart to be values in a row (spec: monitoring §13).
func window(tolerance, usual time.Duration) time.Duration {
	return max(15*time.Minute, 2*tolerance, tolerance+2*usual)
}

// Next returns what follows from a value that was measured at a time. last is when the
// one before was; zero: unknown. usual is how far values are apart.
func (s Streak) Next(t Threshold, value float64, at, last time.Time, usual time.Duration) (Streak, Turn) {
	crossed := t.Crossed(value)
	apart := !last.IsZero() && at.Sub(last) > window(t.Tolerance, usual)
	if s.Crossed == nil || *s.Crossed != crossed || apart || s.Since.After(at) {
		s.Crossed, s.Since = &crossed, at
	}
	s.Value = value
	var turn Turn
	if s.Healthy == nil || *s.Healthy == crossed {
		well := !crossed
		s.Healthy, turn.Changed = &well, true
	}
	beyond := crossed
	if t.Tolerance > 0 && at.Sub(s.Since) < t.Tolerance {
		beyond = s.Tolerant != nil && !*s.Tolerant // nothing changes yet
	}
	if s.Tolerant == nil || *s.Tolerant == beyond {
		first, well := s.Tolerant == nil, !beyond
		s.Tolerant = &well
		turn.Changed, turn.Beyond, turn.Problem, turn.First = true, true, beyond, first
	}
	return s, turn
}

// equal reports whether two are the same but for the value.
func (s Streak) equal(o Streak) bool {
	return same(s.Crossed, o.Crossed) && same(s.Healthy, o.Healthy) && same(s.Tolerant, o.Tolerant) && s.Since.Equal(o.Since)
}

func same(a, b *bool) bool { return a == b || a != nil && b != nil && *a == *b }

// byDefault is the threshold that a kind of metric has where nobody chose another.
func byDefault(config *monitoring.MetricConfig) Threshold {
	t := Threshold{IsActive: true, Operator: "<", Value: 1}
	if config != nil && config.Declared && config.Alert == nil {
		return Threshold{IsActive: true}
	}
	if config != nil && config.Alert != nil {
		t.Operator, t.Value, t.Tolerance = config.Alert.Operator, config.Alert.Value, time.Duration(config.Alert.Tolerance)*time.Minute
		t.IsActive = !config.Alert.Silent
	}
	return t
}
