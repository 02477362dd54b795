package health

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
)

// alarm is a metric of which people may have to be told.
type alarm struct {
	device    *Device
	status    Status // of the device, with it
	watched   *watched
	problem   bool
	critical  bool
	at, since time.Time
}

// outcome is what a transaction stores.
type outcome struct {
	metrics   []*monitoring.Metric
	alerts    []*AlertSettings
	statuses  []*DeviceStatus
	changes   []StatusChange
	crossings []Crossing
	alarms    []alarm
}

// change assesses devices of which a value changes something: what is known of them is
// read anew, held, and stored with what follows.
func (h *Health) change(ctx context.Context, ids []wispwright.ID, by map[wispwright.ID][]sample) error {
	err := h.base.Do(ctx, "health.Assess", func(ctx context.Context) error {
		devices, err := h.devices.Some(ctx, ids...)
		if err != nil {
			return err
		}
		now := h.base.Now()
		held, err := h.hold(ctx, devices, now)
		if err != nil {
			return err
		}
		all, err := h.read(ctx, devices)
		if err != nil {
			return err
		}
		out := &outcome{}
		for _, status := range held {
			d := devices[status.DeviceID]
			if d == nil || d.Deactivated {
				continue
			}
			h.assess(out, d, status, all[d.ID], by[d.ID], now)
		}
		return h.store(ctx, out)
	})
	h.drop(ids...) // what was stored is read anew at the next value, and what was not too
	return err
}

// hold returns the statuses of devices in order, held.
func (h *Health) hold(ctx context.Context, devices map[wispwright.ID]*Device, now time.Time) ([]*DeviceStatus, error) {
	fresh := make([]*DeviceStatus, 0, len(devices))
	for _, d := range devices {
		s := &DeviceStatus{DeviceID: d.ID, OrganizationID: d.OrganizationID, Status: Unknown, Since: now, Modified: now}
		if d.Deactivated {
			s.Status = Deactivated
		}
		fresh = append(fresh, s)
	}
	held, err := h.stores.Statuses.Hold(ctx, fresh)
	if err != nil {
		return nil, fmt.Errorf("hold statuses: %w", err)
	}
	return held, nil
}

// assess takes the values of one device.
func (h *Health) assess(out *outcome, d *Device, status *DeviceStatus, metrics []*watched, list []sample, now time.Time) {
	by := map[wispwright.ID]*watched{}
	for _, w := range metrics {
		by[w.metric.ID] = w
	}
	first := len(out.alarms)
	any := false
	for i := range list {
		s := &list[i]
		w := by[s.metric]
		if w == nil || w.alert == nil {
			continue
		}
		last := s.last
		if w.last.After(last) {
			last = w.last
		}
		next, turn := w.streak.Next(w.threshold, s.value, s.at, last, h.options.Usual)
		w.last = s.at
		if !turn.Changed && next.equal(w.streak) {
			continue
		}
		any = any || turn.Changed
		w.streak = next
		out.keep(w, turn, now)
		critical := h.critical(w.metric)
		if turn.Changed {
			out.crossings = append(out.crossings, Crossing{Metric: w.metric, Device: d, Critical: critical, ToleranceCrossed: turn.Beyond, First: turn.First})
		}
		if turn.Beyond && (turn.Problem || !turn.First) {
			out.alarms = append(out.alarms, alarm{device: d, watched: w, problem: turn.Problem, critical: critical, at: s.at, since: w.streak.Since})
		}
	}
	if any {
		h.setStatus(out, status, h.statusOf(metrics), now)
		h.reached(out, status, metrics, now)
	}
	for i := first; i < len(out.alarms); i++ {
		out.alarms[i].status = status.Status
	}
}

// keep notes a metric to be stored.
func (o *outcome) keep(w *watched, turn Turn, now time.Time) {
	a := w.alert
	since, value := w.streak.Since, w.streak.Value
	a.Crossed, a.Since, a.Value = w.streak.Crossed, &since, &value
	if turn.Beyond && turn.Problem {
		if a.FlapsSince == nil || now.Sub(*a.FlapsSince) > time.Hour {
			a.Flaps, a.FlapsSince = 0, &now
		}
		a.Flaps++
	}
	for _, have := range o.alerts {
		if have == a {
			a = nil
			break
		}
	}
	if a != nil {
		o.alerts = append(o.alerts, a)
	}
	if turn.Changed {
		w.metric.IsHealthy, w.metric.IsHealthyTolerant = w.streak.Healthy, w.streak.Tolerant
		for _, have := range o.metrics {
			if have == w.metric {
				return
			}
		}
		o.metrics = append(o.metrics, w.metric)
	}
}

// statusOf is what follows from the health of all metrics of a device (spec: monitoring
// §14, additions M-1).
func (h *Health) statusOf(metrics []*watched) Status {
	ill, critical, illCritical := 0, 0, 0
	for _, w := range metrics {
		if w.alert == nil && w.metric.IsHealthy == nil {
			continue
		}
		isCritical := h.critical(w.metric)
		if isCritical {
			critical++
		}
		if w.metric.IsHealthy != nil && !*w.metric.IsHealthy {
			ill++
			if isCritical {
				illCritical++
			}
		}
	}
	switch {
	case ill == 0:
		return OK
	case illCritical > 0 && (illCritical == critical || h.options.AnyCritical):
		return Critical
	}
	return Problem
}

func (h *Health) setStatus(out *outcome, s *DeviceStatus, to Status, now time.Time) {
	if s.Status == to {
		return
	}
	out.changes = append(out.changes, StatusChange{DeviceID: s.DeviceID, OrganizationID: s.OrganizationID, Before: s.Status, Status: to, At: now})
	s.Status, s.Since, s.Modified = to, now, now
	out.statuses = append(out.statuses, s)
}

// reached notes that a critical metric of a device is well, when it is so for the first time.
func (h *Health) reached(out *outcome, s *DeviceStatus, metrics []*watched, now time.Time) {
	if s.ReachedAt != nil || !slices.ContainsFunc(metrics, func(w *watched) bool {
		return h.critical(w.metric) && w.metric.IsHealthy != nil && *w.metric.IsHealthy
	}) {
		return
	}
	s.ReachedAt, s.Modified = &now, now
	if !slices.Contains(out.statuses, s) {
		out.statuses = append(out.statuses, s)
	}
}

// store writes an outcome.
func (h *Health) store(ctx context.Context, out *outcome) error {
	if err := h.stores.Metrics.SaveHealth(ctx, out.metrics); err != nil {
		return fmt.Errorf("store the health of metrics: %w", err)
	}
	if err := h.stores.Alerts.SaveStreaks(ctx, out.alerts); err != nil {
		return fmt.Errorf("store what values did: %w", err)
	}
	if err := h.stores.Statuses.Save(ctx, out.statuses); err != nil {
		return fmt.Errorf("store statuses: %w", err)
	}
	if err := h.Incidents.take(ctx, out.alarms); err != nil {
		return err
	}
	h.Crossed.Publish(ctx, out.crossings...)
	h.Changed.Publish(ctx, out.changes...)
	ids := make([]wispwright.ID, 0, len(out.alerts))
	seen := map[wispwright.ID]bool{}
	for _, a := range out.alerts {
		if !seen[a.DeviceID] {
			seen[a.DeviceID] = true
			ids = append(ids, a.DeviceID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return h.Forget(ctx, ids...)
}

// Made gives new metrics the alert settings of their kind, within the transaction that makes
// them.
func (h *Health) Made(ctx context.Context, metrics ...*monitoring.Metric) error {
	now := h.base.Now()
	var list []*AlertSettings
	var devices []wispwright.ID
	for _, m := range metrics {
		c := h.registry.Metric(m.Configuration)
		if m.ContentType != monitoring.DeviceType || c == nil || c.Alert == nil && !c.Declared {
			continue
		}
		id, err := wispwright.ParseID(m.ObjectID)
		if err != nil {
			return fmt.Errorf("make alert settings: %w", err)
		}
		list = append(list, &AlertSettings{MetricID: m.ID, OrganizationID: m.OrganizationID, DeviceID: id, Created: now, Modified: now})
		devices = append(devices, id)
	}
	if len(list) == 0 {
		return nil
	}
	if err := h.stores.Alerts.InsertMany(ctx, list); err != nil {
		return fmt.Errorf("make alert settings: %w", err)
	}
	return h.Forget(ctx, devices...)
}

// Reset makes devices what they are before anything is known of them: nothing is assessed,
// nothing is open (additions M-9).
func (h *Health) Reset(ctx context.Context, to Status, ids ...wispwright.ID) error {
	return h.base.Do(ctx, "health.Reset", func(ctx context.Context) error {
		devices, err := h.devices.Some(ctx, ids...)
		if err != nil {
			return err
		}
		if len(devices) == 0 {
			return nil
		}
		now := h.base.Now()
		held, err := h.hold(ctx, devices, now)
		if err != nil {
			return err
		}
		all, err := h.read(ctx, devices)
		if err != nil {
			return err
		}
		out := &outcome{}
		for _, s := range held {
			h.setStatus(out, s, to, now)
			if s.ReachedAt != nil {
				s.ReachedAt = nil
				if !slices.Contains(out.statuses, s) {
					out.statuses = append(out.statuses, s)
				}
			}
			for _, w := range all[s.DeviceID] {
				if w.metric.IsHealthy != nil || w.metric.IsHealthyTolerant != nil {
					w.metric.IsHealthy, w.metric.IsHealthyTolerant = nil, nil
					out.metrics = append(out.metrics, w.metric)
				}
				if w.alert != nil {
					w.alert.Crossed, w.alert.Since, w.alert.Value, w.alert.Flaps, w.alert.FlapsSince = nil, nil, nil, 0, nil
					out.alerts = append(out.alerts, w.alert)
				}
			}
		}
		if err := h.store(ctx, out); err != nil {
			return err
		}
		return h.Incidents.end(ctx, now, ids...)
	})
}

// ForgetDevices removes what is kept of devices that are deleted, in the transaction of the
// context. Incidents keep their names.
func (h *Health) ForgetDevices(ctx context.Context, ids ...wispwright.ID) error {
	if err := h.Incidents.end(ctx, h.base.Now(), ids...); err != nil {
		return err
	}
	if err := h.stores.Statuses.DeleteOf(ctx, ids...); err != nil {
		return fmt.Errorf("remove statuses: %w", err)
	}
	return h.Forget(ctx, ids...)
}

// Removed ends what is open because of metrics that were removed, in the transaction of the
// context, and says anew how their devices are.
func (h *Health) Removed(ctx context.Context, metrics ...*monitoring.Metric) error {
	var ids []wispwright.ID
	gone := make([]wispwright.ID, len(metrics))
	for i, m := range metrics {
		gone[i] = m.ID
		if id, err := wispwright.ParseID(m.ObjectID); err == nil && m.IsHealthyTolerant != nil && !*m.IsHealthyTolerant {
			ids = append(ids, id)
		}
	}
	now := h.base.Now()
	for some := range slices.Chunk(gone, atOnce) {
		if err := h.Incidents.endOf(ctx, now, some...); err != nil {
			return err
		}
	}
	slices.SortFunc(ids, compareIDs)
	for some := range slices.Chunk(slices.Compact(ids), atOnce) {
		devices, err := h.devices.Some(ctx, some...)
		if err != nil {
			return err
		}
		held, err := h.hold(ctx, devices, now)
		if err != nil {
			return err
		}
		all, err := h.read(ctx, devices)
		if err != nil {
			return err
		}
		out := &outcome{}
		for _, s := range held {
			if s.Status != Deactivated {
				h.setStatus(out, s, h.statusOf(all[s.DeviceID]), now)
			}
		}
		if err := h.store(ctx, out); err != nil {
			return err
		}
	}
	return h.Forget(ctx)
}

// MoveDevice makes what is kept of a device another organization's; what is open there ends.
func (h *Health) MoveDevice(ctx context.Context, id, organization wispwright.ID) error {
	if err := h.Incidents.end(ctx, h.base.Now(), id); err != nil {
		return err
	}
	if err := h.stores.Statuses.Move(ctx, id, organization); err != nil {
		return fmt.Errorf("move a status: %w", err)
	}
	if err := h.stores.Alerts.Move(ctx, id, organization); err != nil {
		return fmt.Errorf("move alert settings: %w", err)
	}
	return h.Forget(ctx, id)
}

// StatusOf returns the statuses of devices; those that nobody has assessed are missing.
func (h *Health) StatusOf(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]*DeviceStatus, error) {
	out := map[wispwright.ID]*DeviceStatus{}
	if len(ids) == 0 {
		return out, nil
	}
	found, err := h.stores.Statuses.List(ctx, wispwright.ScopeAll(), StatusFilter{DeviceIDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("read statuses: %w", err)
	}
	for _, s := range found.Rows {
		out[s.DeviceID] = s
	}
	return out, nil
}

// Counts returns how many devices of a scope, and of an organization if that is not zero, have
// each status.
func (h *Health) Counts(ctx context.Context, scope wispwright.Scope, organization wispwright.ID) (map[Status]int, error) {
	return h.stores.Statuses.Counts(ctx, scope, organization)
}

// SetUplink says through which device another is reached; zero: nobody knows.
func (h *Health) SetUplink(ctx context.Context, device *Device, uplink wispwright.ID) error {
	if uplink == device.ID {
		return wispwright.Invalid("uplink", "A device is not its own uplink.")
	}
	return h.base.Do(ctx, "health.SetUplink", func(ctx context.Context) error {
		if _, err := h.hold(ctx, map[wispwright.ID]*Device{device.ID: device}, h.base.Now()); err != nil {
			return err
		}
		_, err := h.stores.Statuses.Update(ctx, wispwright.ScopeAll(), device.ID, func(s *DeviceStatus) error {
			s.UplinkID, s.Modified = uplink, h.base.Now()
			return nil
		})
		return err
	})
}
