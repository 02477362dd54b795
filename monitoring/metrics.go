package monitoring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
)

// metrics finds the metrics of devices, and makes those that are missing.
type metrics struct {
	*base
	made  *event.Hook[*Metric]
	known *lru.Cache[wispwright.ID, map[identity]*Metric]
}

// identity is what a metric of a device is found by.
type identity struct{ key, field, ifname string }

// of returns what is known of a device's metrics; the map must not be changed.
func (s *metrics) of(ctx context.Context, device wispwright.ID) (map[identity]*Metric, error) {
	if m, ok := s.known.Get(device); ok {
		return m, nil
	}
	rows, err := s.Stores.Metrics.List(ctx, wispwright.ScopeAll(), MetricFilter{ContentType: DeviceType, ObjectID: device.String()}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, fmt.Errorf("read the metrics of a device: %w", err)
	}
	m := make(map[identity]*Metric, len(rows.Rows))
	for _, row := range rows.Rows {
		m[identity{row.Key, row.FieldName, tags(row.MainTags)["ifname"]}] = row
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

// ensure returns the metrics of readings, in their order; what is missing is made, and
// tags that have changed are stored (spec: monitoring §2.1).
func (s *metrics) ensure(ctx context.Context, d *Device, list []reading) ([]*Metric, error) {
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

func (s *metrics) try(ctx context.Context, d *Device, list []reading) ([]*Metric, error) {
	have, err := s.of(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	out := make([]*Metric, len(list))
	var fresh []*Metric
	var charts []*Chart
	var moved []*Metric
	made := map[identity]*Metric{}
	now := s.Clock().UTC().Truncate(time.Microsecond)
	for i := range list {
		r := &list[i]
		id := identity{r.config.Measurement, r.config.Field, r.ifname}
		m := have[id]
		if m == nil {
			m = made[id]
		}
		if m == nil {
			m = r.metric(d, now.Add(time.Duration(len(fresh))*time.Microsecond)) // in the order in which they are made
			made[id] = m
			fresh = append(fresh, m)
			for n, kind := range r.config.Charts {
				if r.config.AlwaysCharted || slices.Contains(s.AutoCharts, kind) {
					at := now.Add(time.Duration(len(charts)+n) * time.Microsecond) // in the order in which they are made
					charts = append(charts, &Chart{ID: wispwright.NewID(), OrganizationID: d.OrganizationID, MetricID: m.ID, ContentType: m.ContentType,
						ObjectID: m.ObjectID, Configuration: kind, Created: at, Modified: at})
				}
			}
		} else if changed, extra := r.extra(d, m); changed && made[id] == nil {
			copied := *m
			copied.ExtraTags, copied.OrganizationID = extra, d.OrganizationID
			m = &copied
			moved = append(moved, m)
		}
		out[i] = m
	}
	if len(fresh)+len(moved) == 0 {
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
		return nil
	})
	s.forget(d.ID)
	if err != nil {
		return nil, fmt.Errorf("make metrics: %w", err)
	}
	return out, nil
}

// metric makes a metric of a reading.
func (r *reading) metric(d *Device, now time.Time) *Metric {
	m := &Metric{ID: wispwright.NewID(), OrganizationID: d.OrganizationID, Name: cut(r.name, 64), Key: r.config.Measurement, FieldName: r.config.Field,
		Configuration: r.config.Key, ContentType: DeviceType, ObjectID: d.ID.String(), MainTags: "{}", ExtraTags: "{}", Created: now, Modified: now}
	if r.ifname != "" {
		m.MainTags = jsonTags(map[string]string{"ifname": r.ifname})
	}
	if r.placed {
		_, m.ExtraTags = r.extra(d, m)
	}
	return m
}

// extra returns the tags of the place over those a metric has, and whether they differ.
func (r *reading) extra(d *Device, m *Metric) (changed bool, extra wispwright.JSON) {
	if !r.placed {
		return false, m.ExtraTags
	}
	have := tags(m.ExtraTags)
	want := maps.Clone(have)
	if want == nil {
		want = map[string]string{}
	}
	for name, value := range d.placeTags() {
		if value == "" {
			delete(want, name)
		} else {
			want[name] = value
		}
	}
	return !maps.Equal(have, want), jsonTags(want)
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
