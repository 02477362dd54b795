package health

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
)

// Failure is a metric that is not well.
type Failure struct {
	// Metric is what.
	Metric *monitoring.Metric
	// Critical says whether the device cannot do without.
	Critical bool
	// Since is since when, Value the last that changed something.
	Since *time.Time
	Value *float64
	// Threshold is what values are held against.
	Threshold Threshold
}

// Failing returns the metrics of a device that are not well, by name.
func (h *Health) Failing(ctx context.Context, device wispwright.ID) (out []Failure, err error) {
	devices, err := h.devices.Some(ctx, device)
	if err != nil || devices[device] == nil {
		return nil, err
	}
	all, err := h.read(ctx, devices)
	if err != nil {
		return nil, err
	}
	for _, w := range all[device] {
		if w.metric.IsHealthy == nil || *w.metric.IsHealthy {
			continue
		}
		f := Failure{Metric: w.metric, Critical: h.critical(w.metric), Threshold: w.threshold}
		if w.alert != nil {
			f.Since, f.Value = w.alert.Since, w.alert.Value
		}
		out = append(out, f)
	}
	return out, nil
}

// Effective returns the thresholds that hold for alert settings, in their order; metrics are those
// they are of.
func (h *Health) Effective(ctx context.Context, list []*AlertSettings, metrics map[wispwright.ID]*monitoring.Metric) ([]Threshold, error) {
	ids := make([]wispwright.ID, len(list))
	for i, a := range list {
		ids[i] = a.DeviceID
	}
	devices, err := h.devices.Some(ctx, ids...)
	if err != nil {
		return nil, err
	}
	t, err := h.thresholds(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Threshold, len(list))
	for i, a := range list {
		kind := ""
		if m := metrics[a.MetricID]; m != nil {
			kind = m.Configuration
		}
		out[i] = t.of(devices[a.DeviceID], kind, a)
	}
	return out, nil
}

// Worse returns which of some devices are ill and became so at a time or later. A device that
// cannot be reached and never could is not among them: it is as it was.
func (h *Health) Worse(ctx context.Context, since time.Time, devices ...wispwright.ID) (ill []*DeviceStatus, err error) {
	states, err := h.StatusOf(ctx, devices...)
	if err != nil {
		return nil, err
	}
	for _, id := range devices {
		s := states[id]
		if s == nil || s.Since.Before(since) {
			continue
		}
		if s.Status == Problem || s.Status == Critical && s.ReachedAt != nil {
			ill = append(ill, s)
		}
	}
	return ill, nil
}

// FailingOf returns the names of the metrics of devices that are not well.
func (h *Health) FailingOf(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID][]string, error) {
	out := map[wispwright.ID][]string{}
	if len(devices) == 0 {
		return out, nil
	}
	objects := make([]string, len(devices))
	by := map[string]wispwright.ID{}
	for i, id := range devices {
		objects[i] = id.String()
		by[objects[i]] = id
	}
	no := false
	found, err := h.stores.Metrics.List(ctx, wispwright.ScopeAll(), monitoring.MetricFilter{ContentType: monitoring.DeviceType, ObjectIDs: wispwright.Only(objects...), IsHealthy: &no}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("read metrics that are not well: %w", err)
	}
	for _, m := range found.Rows {
		id := by[m.ObjectID]
		out[id] = append(out[id], m.Name)
	}
	return out, nil
}

// WithStatus returns the devices of all organizations that are in one way.
func (h *Health) WithStatus(ctx context.Context, status Status) ([]wispwright.ID, error) {
	found, err := h.stores.Statuses.List(ctx, wispwright.ScopeAll(), StatusFilter{Status: status}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("read statuses: %w", err)
	}
	out := make([]wispwright.ID, len(found.Rows))
	for i, s := range found.Rows {
		out[i] = s.DeviceID
	}
	return out, nil
}

// UplinksOf returns through which devices some are reached: as people said, else as networks tell. Those of
// which nobody knows are missing.
func (h *Health) UplinksOf(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]wispwright.ID, error) {
	out := map[wispwright.ID]wispwright.ID{}
	if h.options.Uplinks != nil {
		some, err := h.options.Uplinks(ctx, devices...)
		if err != nil {
			return nil, fmt.Errorf("look for uplinks: %w", err)
		}
		maps.Copy(out, some)
	}
	own, err := h.StatusOf(ctx, devices...)
	if err != nil {
		return nil, err
	}
	for id, s := range own {
		if !s.UplinkID.IsZero() {
			out[id] = s.UplinkID
		}
	}
	return out, nil
}
