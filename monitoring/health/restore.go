package health

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/entity"
)

// RestoreAlert stores the alert settings of a metric as they are in an installation
// that is taken over, and returns what that took: "add", "change" or "". What is
// remembered of values here stays.
func (h *Health) RestoreAlert(ctx context.Context, o *AlertSettings) (action string, err error) {
	e, r := &wispwright.ValidationError{}, o.Rule()
	r.check(e, "custom_operator", "custom_tolerance")
	if err := e.Err(); err != nil {
		return "", err
	}
	err = h.base.Do(ctx, "health.RestoreAlert", func(ctx context.Context) error {
		_, action, err = entity.Put(ctx, wispwright.Repo[AlertSettings, AlertFilter](h.stores.Alerts), o.MetricID, o, func(before, after *AlertSettings) {
			if before != nil {
				after.Crossed, after.Since, after.Value, after.Flaps, after.FlapsSince = before.Crossed, before.Since, before.Value, before.Flaps, before.FlapsSince
			}
		})
		if err != nil || action == "" {
			return err
		}
		return h.Forget(ctx, o.DeviceID)
	})
	return action, err
}

// RestoreStatus stores how a device was in an installation that is taken over. What
// is known here already is newer, and stays.
func (h *Health) RestoreStatus(ctx context.Context, o *DeviceStatus) (action string, err error) {
	if !slices.Contains(Statuses(), o.Status) {
		return "", wispwright.Invalid("status", `"`+string(o.Status)+`" is not a valid choice.`)
	}
	err = h.base.Do(ctx, "health.RestoreStatus", func(ctx context.Context) error {
		_, action, err = entity.Put(ctx, wispwright.Repo[DeviceStatus, StatusFilter](h.stores.Statuses), o.DeviceID, o, func(before, after *DeviceStatus) {
			if before != nil {
				*after = *before
			}
		})
		if err != nil || action == "" {
			return err
		}
		return h.Forget(ctx, o.DeviceID)
	})
	return action, err
}
