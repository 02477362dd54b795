package monitoring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
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
	// Time is when it was made; zero, or more than five minutes ahead: now.
	Time time.Time
	// Current is true if the device said that it is its latest.
	Current bool

	spooled bool // it waited already
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
	// Made is fired within the transaction that stores new metrics.
	Made event.Hook[*Metric]
	// Written is published after values were written.
	Written event.Topic[Write]

	*base
	documents *documents
	metrics   *metrics
	sessions  *Sessions
	spooling  atomic.Bool // it was told that documents wait
}

// Read returns a document in the form in which it is stored, without storing it. Errors:
// *ordered.SyntaxError, *InvalidDocumentError.
func (c *Collector) Read(body []byte) (*ordered.Object, error) { return c.documents.read(body) }

// Collect stores a document: its readings, the sessions of WiFi clients, and itself. If the
// time-series store is away it waits in Options.Spool, if there is one.
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
	if now := c.Clock(); at.Sub(now) > historical { // a clock that is ahead would make all that comes until then late
		at = now
	}
	at = at.UTC().Truncate(time.Microsecond)
	defer c.lock(s.Device.ID)()
	if c.Spool != nil && !s.spooled {
		if _, before := c.Spool.Newest(s.Device.ID); before { // in their order
			return c.spool(ctx, s, at, nil)
		}
	}
	writes, err := c.store(ctx, s, doc, at)
	if err != nil {
		return c.spool(ctx, s, at, err)
	}
	c.Received.Publish(ctx, Received{s.Device, at, s.Current})
	c.Written.Publish(ctx, writes...)
	return nil
}

// Measured are values of a metric that no document holds, such as those of a check.
type Measured struct {
	// Kind is the metric's in the Registry.
	Kind string
	// Name is the metric's where its kind has none; Ifname its interface, "" for none.
	Name, Ifname string
	// Fields are the values.
	Fields []timeseries.Field
}

// Measurement are values of one device.
type Measurement struct {
	// Device is whose they are.
	Device *Device
	// Values are what was measured.
	Values []Measured
}

// Record stores values of a device; the metrics and charts they need are made.
func (c *Collector) Record(ctx context.Context, d *Device, at time.Time, list ...Measured) error {
	return c.RecordAll(ctx, at, Measurement{d, list})
}

// RecordAll stores values of many devices at once.
func (c *Collector) RecordAll(ctx context.Context, at time.Time, all ...Measurement) error {
	at = at.UTC().Truncate(time.Microsecond)
	var writes []Write
	var points []timeseries.Point
	for i := range all {
		list, err := c.measured(all[i].Values)
		if err != nil {
			return err
		}
		some, more, err := c.prepare(ctx, all[i].Device, list, at, false)
		if err != nil {
			return err
		}
		writes, points = append(writes, some...), append(points, more...)
	}
	if len(points) == 0 {
		return nil
	}
	if err := c.write(ctx, all[0].Device, timeseries.Batch{Points: points}); err != nil {
		return err
	}
	c.Written.Publish(ctx, writes...)
	return nil
}

// measured makes readings of values.
func (c *Collector) measured(list []Measured) ([]reading, error) {
	readings := make([]reading, len(list))
	for i, m := range list {
		config := c.Registry.Metric(m.Kind)
		if config == nil {
			return nil, fmt.Errorf("record values: no metric configuration %q", m.Kind)
		}
		for _, f := range m.Fields {
			if !config.Has(f.Name) {
				return nil, fmt.Errorf("record values: %q is no field of %s", f.Name, m.Kind)
			}
		}
		readings[i] = reading{config: config, name: cmp.Or(config.Name, m.Name), ifname: NormaliseKey(m.Ifname), fields: m.Fields}
	}
	return readings, nil
}

// prepare finds the metrics of readings and makes their points.
func (c *Collector) prepare(ctx context.Context, d *Device, list []reading, at time.Time, current bool) (writes []Write, points []timeseries.Point, err error) {
	metrics, err := c.metrics.ensure(ctx, d, list)
	if err != nil {
		return nil, nil, err
	}
	old := c.Clock().Sub(at) > historical
	for i := range list {
		if metrics[i] == nil {
			continue
		}
		some := list[i].points(metrics[i], at)
		points = append(points, some...)
		w := Write{Metric: metrics[i].Metric, Time: at, Current: current, Historical: old}
		for _, p := range some {
			w.Fields = append(w.Fields, p.Fields...)
		}
		writes = append(writes, w)
	}
	if err := c.Writing.Fire(ctx, writes...); err != nil {
		return nil, nil, err
	}
	return writes, points, nil
}

// write stores a batch. What a field cannot hold is left out alone, as with InfluxDB.
func (c *Collector) write(ctx context.Context, d *Device, b timeseries.Batch) error {
	err := c.Series.Write(ctx, b)
	var faults timeseries.PointErrors
	if errors.As(err, &faults) {
		c.Log.WarnContext(ctx, "values could not be stored", "device", d.ID, "error", faults)
		return nil
	}
	if err != nil {
		return &seriesError{fmt.Errorf("store values: %w", err)}
	}
	return nil
}

// store does what Collect promises, in an order in which a part that was done is done
// again without harm.
func (c *Collector) store(ctx context.Context, s Sample, doc *ordered.Object, at time.Time) ([]Write, error) {
	of := timeseries.Object{Type: DeviceType, ID: s.Device.ID.String()}
	lastTime, before, err := c.remembered(ctx, of)
	if err != nil {
		return nil, err
	}
	known := before != nil
	if !known {
		before = &memory{}
	}
	now := remember(doc, s.Body, at)
	if known && before.Time == now.Time && before.Sum == now.Sum {
		return nil, nil // the answer to it was lost
	}
	late := known && now.Time < before.Time
	list := c.Registry.readings(doc, now, before, !late || c.ArrivalOrder)
	more, err := c.declared(ctx, s.Device, doc, now, before, !late || c.ArrivalOrder)
	if err != nil {
		return nil, err
	}
	list = append(list, more...)
	writes, points, err := c.prepare(ctx, s.Device, list, at, s.Current)
	if err != nil {
		return nil, err
	}
	batch := timeseries.Batch{Points: points}
	if !late || c.ArrivalOrder {
		if !c.NoSessions {
			if now.Sessions, err = c.sessions.update(ctx, s.Device, doc, at, before.Sessions); err != nil {
				return nil, err
			}
		}
		snapshot := timeseries.Document{Object: of, Time: at, Body: ordered.Append(nil, doc), State: now.encode()}
		if late {
			snapshot.Time = lastTime
		}
		batch.Documents = []timeseries.Document{snapshot}
	}
	if err := c.write(ctx, s.Device, batch); err != nil {
		return nil, err
	}
	return writes, nil
}

// remembered returns the time of the last document and what is remembered with it, nil if
// there is none.
func (c *Collector) remembered(ctx context.Context, of timeseries.Object) (time.Time, *memory, error) {
	at, state, err := timeseries.StateOf(ctx, c.Series, of)
	switch {
	case errors.Is(err, wispwright.ErrNotFound):
		return at, nil, nil
	case err != nil:
		return at, nil, &seriesError{fmt.Errorf("read the last document: %w", err)}
	}
	return at, readMemory(state), nil
}
