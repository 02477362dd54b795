package moving

import (
	"context"
	"strconv"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring"
)

// Monitoring takes over metrics and charts, WiFi clients and sessions, and what was
// measured.
func Monitoring(m *monitoring.Monitoring) Part {
	return Part{
		Name: "monitoring",
		Take: func(ctx context.Context, run *Run) error {
			metrics, err := takeMetrics(ctx, run, m)
			if err != nil {
				return err
			}
			run.Note(metricIDs{}, metrics)
			if err := noteThresholds(ctx, run, m.Registry()); err != nil {
				return err
			}
			if err := run.Table(ctx, "monitoring_chart", "id", []string{"metric_id"}, func(ctx context.Context, r *Row) (string, error) {
				if kind := r.Text("configuration"); m.Registry().Chart(kind) == nil {
					run.Notice("charts of the kind %s do not exist here: left out", kind)
					return "", errLeaveOut
				}
				o := &monitoring.Chart{ID: r.Required("id"), MetricID: metrics[r.ID("metric_id")], Configuration: r.Text("configuration"), Created: r.Instant("created"), Modified: r.Instant("modified")}
				if err := r.Err(); err != nil {
					return "", err
				}
				return m.RestoreChart(ctx, o)
			}); err != nil {
				return err
			}
			return takeSessions(ctx, run, m)
		},
		Finish: func(ctx context.Context, run *Run) error { return takeSeries(ctx, run, m) },
	}
}

// takeMetrics returns the ids of metrics here by those there.
func takeMetrics(ctx context.Context, run *Run, m *monitoring.Monitoring) (map[wispwright.ID]wispwright.ID, error) {
	kinds, err := run.contentTypes(ctx)
	if err != nil {
		return nil, err
	}
	owners, err := run.pairs(ctx, "config_device", "id", "organization_id")
	if err != nil {
		return nil, err
	}
	ids := map[wispwright.ID]wispwright.ID{}
	err = run.Table(ctx, "monitoring_metric", "id", nil, func(ctx context.Context, r *Row) (string, error) {
		o := &monitoring.Metric{
			ID: r.Required("id"), Name: r.Text("name"), Key: r.Text("key"), FieldName: r.Text("field_name"), Configuration: r.Text("configuration"),
			ContentType: kinds[r.Number("content_type_id")], ObjectID: r.Text("object_id"), MainTags: r.JSON("main_tags"), ExtraTags: r.JSON("extra_tags"),
			IsHealthy: r.Maybe("is_healthy"), IsHealthyTolerant: r.Maybe("is_healthy_tolerant"), Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if m.Registry().Metric(o.Configuration) == nil {
			run.Notice("metrics of the kind %s do not exist here: left out", o.Configuration)
			return "", errLeaveOut
		}
		there := o.ID
		if device, err := wispwright.ParseID(o.ObjectID); err == nil {
			if run.LeftOut(device) {
				return "", errLeaveOut
			}
			o.OrganizationID = owner(owners, device)
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		action, err := m.RestoreMetric(ctx, o)
		ids[there] = o.ID
		return action, err
	})
	return ids, err
}

func takeSessions(ctx context.Context, run *Run, m *monitoring.Monitoring) error {
	owners, err := run.pairs(ctx, "config_device", "id", "organization_id")
	if err != nil {
		return err
	}
	if err := run.Table(ctx, "device_monitoring_wificlient", "mac_address", nil, func(ctx context.Context, r *Row) (string, error) {
		o := &monitoring.WifiClient{
			MACAddress: r.Text("mac_address"), Vendor: r.Text("vendor"), HE: r.Maybe("he"), VHT: r.Maybe("vht"), HT: r.Maybe("ht"),
			WMM: r.Flag("wmm"), WDS: r.Flag("wds"), WPS: r.Flag("wps"), Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return m.Sessions.Restore(ctx, o)
	}); err != nil {
		return err
	}
	return run.Table(ctx, "device_monitoring_wifisession", "id", []string{"device_id"}, func(ctx context.Context, r *Row) (string, error) {
		o := &monitoring.WifiSession{
			ID: r.Required("id"), DeviceID: r.ID("device_id"), OrganizationID: owner(owners, r.ID("device_id")), MACAddress: r.Text("wifi_client_id"), SSID: r.Text("ssid"),
			InterfaceName: r.Text("interface_name"), StartTime: r.Instant("start_time"), StopTime: r.Moment("stop_time"), Modified: r.Instant("modified"),
		}
		if err := r.Err(); err != nil {
			return "", err
		}
		return m.Sessions.RestoreSession(ctx, o)
	})
}

// noteThresholds notes the thresholds of metrics by the ids of their alert settings, as OpenWISP
// writes them in notifications.
func noteThresholds(ctx context.Context, run *Run, kinds *monitoring.Registry) error {
	if !run.Has("monitoring_metric") {
		return nil
	}
	rows, err := run.Read(ctx, "monitoring_alertsettings", "SELECT a.id, a.custom_threshold, m.configuration FROM monitoring_alertsettings a JOIN monitoring_metric m ON m.id = a.metric_id")
	if err != nil {
		return err
	}
	for _, r := range rows {
		kind := kinds.Metric(r.Text("configuration"))
		switch own := r.Decimal("custom_threshold"); {
		case own != nil:
			text := strconv.FormatFloat(*own, 'f', -1, 64)
			if !strings.Contains(text, ".") {
				text += ".0"
			}
			run.noteTold(r.ID("id"), map[string]string{"threshold": text})
		case kind != nil && kind.Alert != nil:
			run.noteTold(r.ID("id"), map[string]string{"threshold": strconv.FormatFloat(kind.Alert.Value, 'f', -1, 64)})
		}
	}
	return nil
}
