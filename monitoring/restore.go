package monitoring

import (
	"context"
	"encoding/json"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/valid"
	"github.com/wispwright/wispwright/monitoring/timeseries"
)

// What comes from an installation that is taken over is stored as it is there. Each
// Restore returns what it took: "add", "change" or "".

// RestoreMetric stores a metric. Where its object has it already under another id,
// that one stays, and the given one gets its id.
func (m *Monitoring) RestoreMetric(ctx context.Context, o *Metric) (action string, err error) {
	if m.base.Registry.Metric(o.Configuration) == nil {
		return "", wispwright.Invalid("configuration", "There is no such kind of metric here.")
	}
	for _, j := range []*wispwright.JSON{&o.MainTags, &o.ExtraTags} {
		if *j, err = plainTags(*j); err != nil {
			return "", err
		}
	}
	err = m.base.Tx.InTx(ctx, func(ctx context.Context) error {
		general := o.ObjectID == ""
		found, err := m.base.Stores.Metrics.List(ctx, wispwright.ScopeAll(), MetricFilter{ContentType: o.ContentType, ObjectID: o.ObjectID, Configuration: o.Configuration, General: &general}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, there := range found.Rows {
			if there.Key == o.Key && there.FieldName == o.FieldName && there.MainTags == o.MainTags && there.ID != o.ID {
				action, o.ID, o.OrganizationID = "", there.ID, there.OrganizationID
				return nil
			}
		}
		_, action, err = entity.Put(ctx, wispwright.Repo[Metric, MetricFilter](m.base.Stores.Metrics), o.ID, o, func(before, after *Metric) {
			if before != nil { // what is measured here is newer
				after.IsHealthy, after.IsHealthyTolerant, after.ExtraTags = before.IsHealthy, before.IsHealthyTolerant, before.ExtraTags
			}
		})
		return err
	})
	return action, err
}

// plainTags writes tags as this package does.
func plainTags(j wispwright.JSON) (wispwright.JSON, error) {
	all := map[string]any{}
	if err := j.Decode(&all); err != nil {
		return "", wispwright.Invalid("tags", "This is no object of texts.")
	}
	texts := map[string]string{}
	for name, value := range all {
		switch v := value.(type) {
		case nil:
		case string:
			texts[name] = v
		default:
			return "", wispwright.Invalid("tags", "This is no object of texts.")
		}
	}
	b, err := json.Marshal(texts)
	return wispwright.JSON(b), err
}

// RestoreChart stores a chart of a metric. Where the metric has one of the kind
// already, that stays.
func (m *Monitoring) RestoreChart(ctx context.Context, o *Chart) (action string, err error) {
	if m.base.Registry.Chart(o.Configuration) == nil {
		return "", wispwright.Invalid("configuration", "There is no such kind of chart here.")
	}
	err = m.base.Tx.InTx(ctx, func(ctx context.Context) error {
		metric, err := m.base.Stores.Metrics.Get(ctx, wispwright.ScopeAll(), o.MetricID)
		if err != nil {
			return valid.Reference(err, "metric", o.MetricID)
		}
		o.OrganizationID, o.ContentType, o.ObjectID = metric.OrganizationID, metric.ContentType, metric.ObjectID
		found, err := m.base.Stores.Charts.List(ctx, wispwright.ScopeAll(), ChartFilter{MetricID: o.MetricID}, wispwright.Page{NoTotal: true})
		if err != nil {
			return err
		}
		for _, there := range found.Rows {
			if there.Configuration == o.Configuration && there.ID != o.ID {
				action = ""
				return nil
			}
		}
		_, action, err = entity.Put(ctx, wispwright.Repo[Chart, ChartFilter](m.base.Stores.Charts), o.ID, o, nil)
		return err
	})
	return action, err
}

// Restore stores a client that was seen.
func (s *Sessions) Restore(ctx context.Context, o *WifiClient) (action string, err error) {
	if !isMAC(o.MACAddress) {
		return "", wispwright.Invalid("mac_address", "Must be a valid mac address.")
	}
	err = s.base.Tx.InTx(ctx, func(ctx context.Context) error {
		_, action, err = entity.Put(ctx, wispwright.KeyedRepo[string, WifiClient, WifiClientFilter](s.base.Stores.Clients), o.MACAddress, o, nil)
		return err
	})
	return action, err
}

// RestoreSession stores that a client was at a device. One that ended here stays
// ended.
func (s *Sessions) RestoreSession(ctx context.Context, o *WifiSession) (action string, err error) {
	err = s.base.Tx.InTx(ctx, func(ctx context.Context) error {
		_, action, err = entity.Put(ctx, wispwright.Repo[WifiSession, WifiSessionFilter](s.base.Stores.Sessions), o.ID, o, func(before, after *WifiSession) {
			if before != nil && after.StopTime == nil {
				after.StopTime = before.StopTime
			}
		})
		return err
	})
	return action, err
}

// RestoreSeries stores what was measured elsewhere. Points that are there already are
// overwritten with the same.
func (m *Monitoring) RestoreSeries(ctx context.Context, b timeseries.Batch) error {
	return m.base.Series.Write(ctx, b)
}
