package timeseries

import (
	"maps"
	"slices"
	"time"
)

// Newest finds the last point of each series, for stores that look through points one by one. Make it with
// NewNewest.
type Newest struct{ by map[string]*newest }

type newest struct {
	point LatestPoint
	end   int64 // of the run of texts, in microseconds
}

// NewNewest returns one that has seen nothing.
func NewNewest() *Newest { return &Newest{map[string]*newest{}} }

// Add takes a point in. Those of one series that have texts come in the order of time.
func (n *Newest) Add(measurement string, tags Tags, at int64, fields map[string]Value) {
	texts := 0
	numbers := make([]Field, 0, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch v := fields[name]; {
		case v.IsNull():
		case v.Kind() == TextKind:
			texts++
		default:
			numbers = append(numbers, Field{name, v})
		}
	}
	n.put(LatestPoint{Measurement: measurement, Tags: tags, Time: time.UnixMicro(at).UTC(), Fields: numbers, Count: texts})
}

// Put takes in what another store has found. Its texts are as many as its Count says.
func (n *Newest) Put(p LatestPoint) { n.put(p) }

func (n *Newest) put(p LatestPoint) {
	key := p.Measurement + "\x00" + p.Tags.Key()
	have, at := n.by[key], p.Time.UnixMicro()
	switch {
	case have == nil:
		n.by[key] = &newest{p, at}
	case at == have.end, p.Count > 0 && have.point.Count > 0 && at == have.end+1:
		have.end = at
		have.point.Count += p.Count
		have.point.Fields = append(have.point.Fields, p.Fields...)
	case at > have.end:
		*have = newest{p, at}
	}
}

// Each calls a function for what was found, in no order.
func (n *Newest) Each(do func(LatestPoint) error) error {
	for _, have := range n.by {
		if err := do(have.point); err != nil {
			return err
		}
	}
	return nil
}
