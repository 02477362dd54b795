package monitoring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// metrics finds the metrics of devices, and makes those that are missing.
type metrics struct {
	*base
	made  *event.Hook[*Metric]
	known *lru.Cache[wispwright.ID, map[identity]*knownMetric]
}

// knownMetric is a metric with what its points are written with, which is read once.
type knownMetric struct {
	*Metric
	tags  timeseries.Tags
	place place // that the tags tell
}

func newKnown(m *Metric) *knownMetric {
	extra := tags(m.ExtraTags)
	return &knownMetric{m, m.Tags(), place{extra["organization_id"], extra["location_id"], extra["floorplan_id"]}}
}

// identity is what a metric of a device is found by.
type identity struct{ key, field, ifname string }

// of returns what is known of a device's metrics; the map must not be changed.
func (s *metrics) of(ctx context.Context, device wispwright.ID) (map[identity]*knownMetric, error) {
	if m, ok := s.known.Get(device); ok {
		return m, nil
	}
	rows, err := s.Stores.Metrics.List(ctx, wispwright.ScopeAll(), MetricFilter{ContentType: DeviceType, ObjectID: device.String()}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("read the metrics of a device: %w", err)
	}
	m := make(map[identity]*knownMetric, len(rows.Rows))
	for _, row := range rows.Rows {
		m[identity{row.Key, row.FieldName, tags(row.MainTags)["ifname"]}] = newKnown(row)
	}
	if !wispwright.Pending(ctx) {
		s.known.Add(device, m)
	}
	return m, nil
}

// forget drops what is known of devices.
func (s *metrics) forget(devices ...wispwright.ID) {
	for _, d := range devices {
		s.known.Remove(d)
	}
}

// ensure returns the metrics of readings, in their order, nil for what is too much; what is
// missing is made, and
// tags that have changed are stored (spec: monitoring §2.1).
func (s *metrics) ensure(ctx context.Context, d *Device, list []reading) ([]*knownMetric, error) {
	for try := 1; ; try++ {
		out, err := s.try(ctx, d, list)
		var conflict *wispwright.ConflictError
		if errors.As(err, &conflict) && try < 3 { // another node was quicker
			s.forget(d.ID)
			continue
		}
		return out, err
	}
}

func (s *metrics) try(ctx context.Context, d *Device, list []reading) ([]*knownMetric, error) {
	have, err := s.of(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	out := make([]*knownMetric, len(list))
	where := d.place()
	var fresh []*Metric
	var charts []*Chart
	var moved, turned []*Metric
	made := map[identity]*knownMetric{}
	now := s.Clock().UTC().Truncate(time.Microsecond)
	for i := range list {
		r := &list[i]
		id := identity{r.config.Measurement, r.config.Field, r.ifname}
		m := have[id]
		if m == nil {
			m = made[id]
		}
		if m == nil && len(have)+len(fresh) >= mostMetrics { // a device that invents interfaces
			s.Log.WarnContext(ctx, "a device has too many metrics: a new one is left out", "device", d.ID, "metric", r.name)
			continue
		}
		if m == nil {
			m = newKnown(r.metric(d, now.Add(time.Duration(len(fresh))*time.Microsecond))) // in the order in which they are made
			made[id] = m
			fresh = append(fresh, m.Metric)
			for n, kind := range r.config.Charts {
				if r.config.AlwaysCharted || slices.Contains(s.AutoCharts, kind) {
					at := now.Add(time.Duration(len(charts)+n) * time.Microsecond) // in the order in which they are made
					charts = append(charts, &Chart{ID: wispwright.NewID(), OrganizationID: d.OrganizationID, MetricID: m.ID, ContentType: m.ContentType,
						ObjectID: m.ObjectID, Configuration: kind, Created: at, Modified: at})
				}
			}
		} else if r.placed && m.place != where && made[id] == nil {
			copied := *m.Metric
			copied.ExtraTags, copied.OrganizationID = r.extra(d, m.Metric), d.OrganizationID
			m = newKnown(&copied)
			moved = append(moved, m.Metric)
		} else if r.config.Declared && m.Configuration != r.config.Key && made[id] == nil {
			copied := *m.Metric // another organization's, or declared anew
			copied.Configuration, copied.Name, copied.OrganizationID = r.config.Key, cut(r.name, 64), d.OrganizationID
			m = newKnown(&copied)
			turned = append(turned, m.Metric)
		}
		out[i] = m
	}
	if len(fresh)+len(moved)+len(turned) == 0 {
		return out, nil
	}
	err = s.Tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.Stores.Metrics.InsertMany(ctx, fresh); err != nil {
			return err
		}
		if err := s.Stores.Charts.InsertMany(ctx, charts); err != nil {
			return err
		}
		if err := s.made.Fire(ctx, fresh...); err != nil {
			return err
		}
		for _, m := range moved {
			_, err := s.Stores.Metrics.Update(ctx, wispwright.ScopeAll(), m.ID, func(have *Metric) error {
				have.ExtraTags, have.OrganizationID, have.Modified = m.ExtraTags, m.OrganizationID, now
				return nil
			})
			if err != nil {
				return err
			}
		}
		return s.turn(ctx, turned, now)
	})
	s.forget(d.ID)
	if err != nil {
		return nil, fmt.Errorf("make metrics: %w", err)
	}
	return out, nil
}

// turn makes metrics another declared kind, with the chart of that.
func (s *metrics) turn(ctx context.Context, list []*Metric, now time.Time) error {
	for _, m := range list {
		_, err := s.Stores.Metrics.Update(ctx, wispwright.ScopeAll(), m.ID, func(have *Metric) error {
			have.Configuration, have.Name, have.OrganizationID, have.Modified = m.Configuration, m.Name, m.OrganizationID, now
			return nil
		})
		if err != nil {
			return err
		}
		charts, err := s.Stores.Charts.List(ctx, wispwright.ScopeAll(), ChartFilter{MetricID: m.ID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, c := range charts.Rows {
			_, err := s.Stores.Charts.Update(ctx, wispwright.ScopeAll(), c.ID, func(have *Chart) error {
				have.Configuration, have.OrganizationID, have.Modified = m.Configuration, m.OrganizationID, now
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// metric makes a metric of a reading.
func (r *reading) metric(d *Device, now time.Time) *Metric {
	m := &Metric{ID: wispwright.NewID(), OrganizationID: d.OrganizationID, Name: cut(r.name, 64), Key: r.config.Measurement, FieldName: r.config.Field,
		Configuration: r.config.Key, ContentType: DeviceType, ObjectID: d.ID.String(), MainTags: "{}", ExtraTags: "{}", Created: now, Modified: now}
	if r.ifname != "" {
		m.MainTags = jsonTags(map[string]string{"ifname": r.ifname})
	}
	if r.placed {
		m.ExtraTags = r.extra(d, m)
	}
	return m
}

// extra returns the tags of the place over those a metric has.
func (r *reading) extra(d *Device, m *Metric) wispwright.JSON {
	all := tags(m.ExtraTags)
	if all == nil {
		all = map[string]string{}
	}
	where := d.place()
	for name, value := range map[string]string{"organization_id": where.organization, "location_id": where.location, "floorplan_id": where.floorplan} {
		if value == "" {
			delete(all, name)
		} else {
			all[name] = value
		}
	}
	return jsonTags(all)
}

// jsonTags writes tags with sorted names.
func jsonTags(m map[string]string) wispwright.JSON {
	b, _ := json.Marshal(m) // texts
	return wispwright.JSON(b)
}

// cut shortens a text to a number of characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
