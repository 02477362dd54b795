package monitoring

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// Sample is a document of a device.
type Sample struct {
	// Device is whose it is.
	Device *Device
	// Body is the document as it came.
	Body []byte
	// Time is when it was made; zero: now.
	Time time.Time
	// Current is true if the device said that it is its latest.
	Current bool
}

// Received is a document that was accepted.
type Received struct {
	// Device is whose it is.
	Device *Device
	// Time is when it was made.
	Time time.Time
	// Current is true if the device said that it is its latest.
	Current bool
}

// Write are the values of a metric on their way into the store.
type Write struct {
	// Metric is what was measured.
	Metric *Metric
	// Time is when.
	Time time.Time
	// Fields are the values; a list of texts is one field for each.
	Fields []timeseries.Field
	// Current is true if the device said that its document is the latest.
	Current bool
	// Historical is true for values that are too old to say how the device is now
	// (spec: monitoring §9).
	Historical bool
}

// historical is how old values may be to say how a device is now.
const historical = 5 * time.Minute

// Collector takes documents in. Everything that follows from a document is stored when
// Collect returns.
type Collector struct {
	// Received is published when a document was accepted and stored.
	Received event.Topic[Received]
	// Writing is fired before values are written; an error keeps the document out.
	Writing event.Hook[Write]
	// Written is published after values were written.
	Written event.Topic[Write]

	*base
	documents *documents
	metrics   *metrics
	sessions  *Sessions
	turns     [256]sync.Mutex // by device: one document after the other
}

// Read returns a document in the form in which it is stored, without storing it. Errors:
// *ordered.SyntaxError, *InvalidDocumentError.
func (c *Collector) Read(body []byte) (*ordered.Object, error) { return c.documents.read(body) }

// Collect stores a document: its readings, the sessions of WiFi clients, and itself.
// Storing it again changes nothing. Errors: *ordered.SyntaxError, *InvalidDocumentError, and what
// storages return, after which it can be sent again.
func (c *Collector) Collect(ctx context.Context, s Sample) error {
	doc, err := c.documents.read(s.Body)
	if err != nil {
		return err
	}
	transform(doc, c.Vendors)
	at := s.Time
	if at.IsZero() {
		at = c.Clock()
	}
	at = at.UTC().Truncate(time.Microsecond)
	turn := &c.turns[s.Device.ID[15]]
	turn.Lock()
	defer turn.Unlock()
	writes, err := c.store(ctx, s, doc, at)
	if err != nil {
		return err
	}
	c.Received.Publish(ctx, Received{s.Device, at, s.Current})
	c.Written.Publish(ctx, writes...)
	return nil
}

// store does what Collect promises, in an order in which a part that was done is done
// again without harm.
func (c *Collector) store(ctx context.Context, s Sample, doc *ordered.Object, at time.Time) ([]Write, error) {
	of := timeseries.Object{Type: DeviceType, ID: s.Device.ID.String()}
	before := &memory{}
	last, err := c.Series.Document(ctx, of)
	switch {
	case err == nil:
		before = readMemory(last.State)
	case !errors.Is(err, wispwright.ErrNotFound):
		return nil, fmt.Errorf("read the last document: %w", err)
	}
	now := remember(doc, s.Body, at)
	if last != nil && before.Time == now.Time && before.Sum == now.Sum {
		return nil, nil // the answer to it was lost
	}
	late := last != nil && now.Time < before.Time
	list := c.Registry.readings(doc, now, before, !late || c.ArrivalOrder)
	metrics, err := c.metrics.ensure(ctx, s.Device, list)
	if err != nil {
		return nil, err
	}
	old := c.Clock().Sub(at) > historical
	writes := make([]Write, 0, len(list))
	var batch timeseries.Batch
	for i := range list {
		points := list[i].points(metrics[i], at)
		batch.Points = append(batch.Points, points...)
		w := Write{Metric: metrics[i], Time: at, Current: s.Current, Historical: old}
		for _, p := range points {
			w.Fields = append(w.Fields, p.Fields...)
		}
		writes = append(writes, w)
	}
	if err := c.Writing.Fire(ctx, writes...); err != nil {
		return nil, err
	}
	if !late || c.ArrivalOrder {
		if !c.NoSessions {
			if _, _, err := c.sessions.update(ctx, s.Device, doc); err != nil {
				return nil, err
			}
		}
		snapshot := timeseries.Document{Object: of, Time: at, Body: ordered.Append(nil, doc), State: now.encode()}
		if late {
			snapshot.Time = last.Time
		}
		batch.Documents = []timeseries.Document{snapshot}
	}
	var faults timeseries.PointErrors
	err = c.Series.Write(ctx, batch)
	if errors.As(err, &faults) { // as InfluxDB's 400: what is wrong is left out alone
		c.Log.WarnContext(ctx, "values could not be stored", "device", s.Device.ID, "error", faults)
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("store a document: %w", err)
	}
	return writes, nil
}
