package moving

import (
	"context"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/monitoring/check"
	"github.com/wispwright/wispwright/monitoring/health"
)

// metricIDs is the key under which the ids of metrics here are noted by those there.
type metricIDs struct{}

// Checks takes over the checks of devices, the thresholds of their metrics, and how
// they were. It comes after Monitoring.
func Checks(c *check.Checks, h *health.Health) Part {
	return Part{Name: "checks", Take: func(ctx context.Context, run *Run) error {
		owners, err := run.pairs(ctx, "config_device", "id", "organization_id")
		if err != nil {
			return err
		}
		if err := run.Table(ctx, "check_check", "id", nil, func(ctx context.Context, r *Row) (string, error) {
			o := &check.Check{
				ID: r.Required("id"), Name: r.Text("name"), Description: r.Text("description"), Type: r.Text("check_type"), IsActive: r.Flag("is_active"),
				Params: r.JSON("params"), Created: r.Instant("created"), Modified: r.Instant("modified"),
			}
			device, err := wispwright.ParseID(r.Text("object_id"))
			if err != nil || run.LeftOut(device) || owner(owners, device).IsZero() {
				return "", errLeaveOut // of a device that is gone
			}
			o.DeviceID, o.OrganizationID = device, owner(owners, device)
			if c.Registry().Type(o.Type) == nil {
				run.Notice("checks of the type %s do not exist here: left out", o.Type)
				return "", errLeaveOut
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			return c.Restore(ctx, o)
		}); err != nil {
			return err
		}
		if err := takeAlerts(ctx, run, h, owners); err != nil {
			return err
		}
		return run.Table(ctx, "device_monitoring_devicemonitoring", "id", []string{"device_id"}, func(ctx context.Context, r *Row) (string, error) {
			o := &health.DeviceStatus{
				DeviceID: r.Required("device_id"), OrganizationID: owner(owners, r.ID("device_id")), Status: health.Status(r.Text("status")),
				Since: r.Instant("modified"), Modified: r.Instant("modified"),
			}
			if err := r.Err(); err != nil {
				return "", err
			}
			return h.RestoreStatus(ctx, o)
		})
	}}
}

func takeAlerts(ctx context.Context, run *Run, h *health.Health, owners map[wispwright.ID]string) error {
	ids, _ := run.Noted(metricIDs{}).(map[wispwright.ID]wispwright.ID)
	if !run.Has("monitoring_metric") {
		return nil
	}
	rows, err := run.Read(ctx, "monitoring_alertsettings", "SELECT a.*, m.object_id FROM monitoring_alertsettings a JOIN monitoring_metric m ON m.id = a.metric_id ORDER BY a.id")
	if err != nil {
		return err
	}
	return run.Each(ctx, "monitoring_alertsettings", rows, []string{"metric_id"}, func(ctx context.Context, r *Row) (string, error) {
		o := &health.AlertSettings{
			MetricID: ids[r.ID("metric_id")], Operator: r.Text("custom_operator"), Threshold: r.Decimal("custom_threshold"),
			Created: r.Instant("created"), Modified: r.Instant("modified"),
		}
		if !r.Flag("is_active") {
			no := false
			o.IsActive = &no // otherwise as inherited: there it is the only thing to inherit
		}
		if n := r.Count("custom_tolerance"); n != nil {
			minutes := int(*n)
			o.Tolerance = &minutes
		}
		device, err := wispwright.ParseID(r.Text("object_id"))
		if err != nil || o.MetricID.IsZero() || owner(owners, device).IsZero() {
			return "", errLeaveOut
		}
		o.DeviceID, o.OrganizationID = device, owner(owners, device)
		if err := r.Err(); err != nil {
			return "", err
		}
		return h.RestoreAlert(ctx, o)
	})
}
