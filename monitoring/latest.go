package monitoring

import (
	"context"
	"errors"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// ErrNoLatest says that the time-series store cannot tell the last values of all devices.
var ErrNoLatest = errors.New("the time-series store cannot tell the last values of all devices")

// Counters are the received and sent bytes of an interface, as its device counts them.
type Counters struct{ Received, Sent int64 }

// LatestOf are the last values of a device.
type LatestOf struct {
	// Document is when its last document was made, zero if that is too long ago.
	Document time.Time
	// Uptime is for how many seconds it ran then, 0: unknown.
	Uptime int64
	// Interfaces are the counters of its interfaces then.
	Interfaces map[string]Counters
	// Points are the last values of each metric.
	Points []timeseries.LatestPoint
}

// Latest returns the last values of devices that were measured since a time. Errors:
// ErrNoLatest.
func (m *Monitoring) Latest(ctx context.Context, since time.Time) (map[wispwright.ID]*LatestOf, error) {
	store, ok := m.base.Series.(timeseries.Latest)
	if !ok {
		return nil, ErrNoLatest
	}
	out := map[wispwright.ID]*LatestOf{}
	of := func(o timeseries.Object) *LatestOf {
		id, err := wispwright.ParseID(o.ID)
		if err != nil || o.Type != DeviceType {
			return nil
		}
		if out[id] == nil {
			out[id] = &LatestOf{}
		}
		return out[id]
	}
	err := store.Latest(ctx, since, func(p timeseries.LatestPoint) error {
		if l := of(p.Tags.Object()); l != nil {
			l.Points = append(l.Points, p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = store.LatestStates(ctx, since, func(o timeseries.Object, at time.Time, state []byte) error {
		l := of(o)
		if l == nil {
			return nil
		}
		remembered := readMemory(state)
		l.Document, l.Uptime, l.Interfaces = at, remembered.Uptime, make(map[string]Counters, len(remembered.Counters))
		for name, c := range remembered.Counters {
			l.Interfaces[name] = Counters{c[0], c[1]}
		}
		return nil
	})
	return out, err
}
