package health

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// known is what is remembered of a device, so that a value that changes nothing costs no
// statement.
type known struct {
	mu      sync.Mutex
	metrics map[wispwright.ID]*watched
}

// watched is a metric that is assessed.
type watched struct {
	metric    *monitoring.Metric
	alert     *AlertSettings
	threshold Threshold
	streak    Streak
	last      time.Time // of the last value; zero: unknown
}

// sample is a value that is to be assessed.
type sample struct {
	metric wispwright.ID
	value  float64
	at     time.Time
	last   time.Time // of the value before
}

// atOnce is how many devices one transaction assesses.
const atOnce = 200

// Assess holds values against their thresholds, and stores what follows. Old values, and
// those that came before later ones, say nothing of how a device is.
func (h *Health) Assess(ctx context.Context, writes ...monitoring.Write) error {
	by := h.samples(writes)
	memory, err := h.recall(ctx, slices.Collect(maps.Keys(by)))
	if err != nil {
		return err
	}
	var changed []wispwright.ID
	for id, list := range by {
		k := memory[id]
		if list = k.pass(list, h.options.Usual, h.base.Now()); len(list) == 0 {
			delete(by, id)
			continue
		}
		by[id] = list
		changed = append(changed, id)
	}
	slices.SortFunc(changed, compareIDs)
	for some := range slices.Chunk(changed, atOnce) {
		if err := h.change(ctx, some, by); err != nil {
			return fmt.Errorf("assess devices: %w", err)
		}
	}
	return nil
}

func compareIDs(a, b wispwright.ID) int { return strings.Compare(string(a[:]), string(b[:])) }

// samples are the values of devices that can be assessed.
func (h *Health) samples(writes []monitoring.Write) map[wispwright.ID][]sample {
	by := map[wispwright.ID][]sample{}
	now := h.base.Now()
	for i := range writes {
		w := &writes[i]
		if w.Historical || w.Metric.ContentType != monitoring.DeviceType {
			continue
		}
		field := w.Metric.FieldName
		if c := h.registry.Metric(w.Metric.Configuration); c != nil && c.AlertField != "" && field == c.Field {
			field = c.AlertField
		}
		value, ok := numberOf(w, field)
		if !ok {
			continue
		}
		id, err := wispwright.ParseID(w.Metric.ObjectID)
		if err != nil {
			continue
		}
		at := w.Time
		if at.After(now) { // a clock that is ahead
			at = now
		}
		by[id] = append(by[id], sample{metric: w.Metric.ID, value: value, at: at})
	}
	return by
}

// numberOf returns the number in a field.
func numberOf(w *monitoring.Write, field string) (float64, bool) {
	for _, f := range w.Fields {
		if k := f.Value.Kind(); f.Name == field && (k == timeseries.IntKind || k == timeseries.FloatKind) {
			return f.Value.Float(), true
		}
	}
	return 0, false
}

// readAtOnce is of how many devices is read at once what is known.
const readAtOnce = 200

// recall returns what is known of devices; what is not in memory is read, of many at once.
func (h *Health) recall(ctx context.Context, ids []wispwright.ID) (map[wispwright.ID]*known, error) {
	out := make(map[wispwright.ID]*known, len(ids))
	var missing []wispwright.ID
	for _, id := range ids {
		if k, ok := h.known.Get(id); ok {
			out[id] = k
		} else {
			missing = append(missing, id)
		}
	}
	for some := range slices.Chunk(missing, readAtOnce) {
		before := h.turn.Load()
		devices, err := h.devices.Some(ctx, some...)
		if err != nil {
			return nil, fmt.Errorf("read devices: %w", err)
		}
		all := map[wispwright.ID][]*watched{}
		if len(devices) > 0 {
			if all, err = h.read(ctx, devices); err != nil {
				return nil, err
			}
		}
		for _, id := range some {
			k := &known{metrics: map[wispwright.ID]*watched{}}
			for _, w := range all[id] {
				if w.alert != nil {
					k.metrics[w.metric.ID] = w
				}
			}
			if out[id] = k; !wispwright.Pending(ctx) && h.turn.Load() == before {
				h.known.Add(id, k)
			}
		}
	}
	return out, nil
}

// read returns all metrics of devices with their alert settings, by device.
func (h *Health) read(ctx context.Context, devices map[wispwright.ID]*Device) (map[wispwright.ID][]*watched, error) {
	keys := slices.SortedFunc(maps.Keys(devices), compareIDs)
	texts := make([]string, len(keys))
	for i, id := range keys {
		texts[i] = id.String()
	}
	unpaged := wispwright.Page{NoTotal: true}
	metrics, err := h.stores.Metrics.List(ctx, wispwright.ScopeAll(), monitoring.MetricFilter{ContentType: monitoring.DeviceType, ObjectIDs: wispwright.Only(texts...)}, unpaged)
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	alerts, err := h.stores.Alerts.List(ctx, wispwright.ScopeAll(), AlertFilter{DeviceIDs: wispwright.Only(keys...)}, unpaged)
	if err != nil {
		return nil, fmt.Errorf("read alert settings: %w", err)
	}
	chosen := map[wispwright.ID]*AlertSettings{}
	for _, a := range alerts.Rows {
		chosen[a.MetricID] = a
	}
	thresholds, err := h.thresholds(ctx)
	if err != nil {
		return nil, err
	}
	out := map[wispwright.ID][]*watched{}
	for _, m := range metrics.Rows {
		id, err := wispwright.ParseID(m.ObjectID)
		if err != nil {
			continue
		}
		w := &watched{metric: m, alert: chosen[m.ID]}
		w.streak = Streak{Healthy: m.IsHealthy, Tolerant: m.IsHealthyTolerant}
		if a := w.alert; a != nil {
			w.threshold = thresholds.of(devices[id], m.Configuration, a)
			w.streak.Crossed = a.Crossed
			if a.Since != nil {
				w.streak.Since = *a.Since
			}
			if a.Value != nil {
				w.streak.Value = *a.Value
			}
		}
		out[id] = append(out[id], w)
	}
	return out, nil
}

// pass takes the values that change nothing, and returns all of the device if one does.
func (k *known) pass(list []sample, usual time.Duration, now time.Time) (changing []sample) {
	k.mu.Lock()
	defer k.mu.Unlock()
	some := false
	for i := range list {
		s := &list[i]
		w := k.metrics[s.metric]
		if w == nil {
			continue
		}
		newest := w.last
		if w.streak.Since.After(newest) {
			newest = w.streak.Since
		}
		if newest.After(now) { // the clock of this machine was set back
			newest, w.last = time.Time{}, time.Time{}
		}
		if s.at.Before(newest) {
			continue
		}
		s.last, w.last = w.last, s.at
		next, turn := w.streak.Next(w.threshold, s.value, s.at, s.last, usual)
		if turn.Changed || !next.equal(w.streak) {
			some = true
		} else {
			w.streak.Value = s.value
		}
		changing = append(changing, *s)
	}
	if !some {
		return nil
	}
	return changing
}

// Forget drops what is known of devices, of all without any, on all nodes, after the
// commit of the context's transaction.
func (h *Health) Forget(ctx context.Context, devices ...wispwright.ID) error {
	drop := func() { h.drop(devices...) }
	if h.options.Bus == nil {
		wispwright.AfterCommit(ctx, drop)
		return nil
	}
	wispwright.AfterCommit(ctx, drop) // at once here
	if len(devices) == 0 {
		return h.tell(ctx, "*")
	}
	for some := range slices.Chunk(devices, 150) {
		texts := make([]string, len(some))
		for i, id := range some {
			texts[i] = id.String()
		}
		if err := h.tell(ctx, strings.Join(texts, ",")); err != nil {
			return err
		}
	}
	return nil
}

// channel is that of the bus.
const channel = "monitoring_health"

func (h *Health) tell(ctx context.Context, payload string) error {
	if err := h.options.Bus.Notify(ctx, channel, payload); err != nil {
		return fmt.Errorf("tell other nodes of health: %w", err)
	}
	return nil
}

func (h *Health) drop(devices ...wispwright.ID) {
	h.turn.Add(1)
	if len(devices) == 0 {
		h.known.Purge()
		return
	}
	for _, id := range devices {
		h.known.Remove(id)
	}
}

// Start listens to other nodes until the context ends.
func (h *Health) Start(ctx context.Context) error {
	if h.options.Bus == nil {
		return nil
	}
	return h.options.Bus.Listen(ctx, channel, func(payload string) {
		if payload == "" || payload == "*" {
			h.drop()
			return
		}
		var ids []wispwright.ID
		for word := range strings.SplitSeq(payload, ",") {
			if id, err := wispwright.ParseID(word); err == nil {
				ids = append(ids, id)
			}
		}
		h.drop(ids...)
	})
}

// thresholds are the defaults of groups and organizations.
type thresholds struct {
	registry *monitoring.Registry
	by       map[[2]wispwright.ID]map[string]*AlertDefault
}

func (h *Health) thresholds(ctx context.Context) (*thresholds, error) {
	found, err := h.stores.Defaults.List(ctx, wispwright.ScopeAll(), DefaultFilter{}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("read default alert settings: %w", err)
	}
	t := &thresholds{h.registry, map[[2]wispwright.ID]map[string]*AlertDefault{}}
	for _, d := range found.Rows {
		key := [2]wispwright.ID{d.OrganizationID, d.GroupID}
		if t.by[key] == nil {
			t.by[key] = map[string]*AlertDefault{}
		}
		t.by[key][d.Configuration] = d
	}
	return t, nil
}

// of returns the threshold of a metric: its own choice over that of the group, over that
// of the organization, over that of the kind.
func (t *thresholds) of(d *Device, kind string, own *AlertSettings) Threshold {
	out := byDefault(t.registry.Metric(kind))
	out.Origins = Origins{OfKind, OfKind, OfKind, OfKind}
	if d != nil {
		places := [][2]wispwright.ID{{d.OrganizationID}}
		if !d.GroupID.IsZero() {
			places = append(places, [2]wispwright.ID{d.OrganizationID, d.GroupID})
		}
		for i, place := range places {
			if c := t.by[place][kind]; c != nil {
				r := c.Rule()
				r.into(&out, c.IsActive, []Origin{OfOrganization, OfGroup}[i])
			}
		}
	}
	if own != nil {
		r := own.Rule()
		r.into(&out, own.IsActive, OfDevice)
	}
	return out
}
