package server

import (
	"context"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/controllersql"
	"github.com/wispwright/wispwright/controller/geo/geosql"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/health"
	"github.com/wispwright/wispwright/radius/radiussql"
	"github.com/wispwright/wispwright/server/dashboard"
)

// Colours of the reference's charts (spec: platform §3).
const (
	green  = "#267126"
	yellow = "#ffb442"
	red    = "#a72d1d"
	grey   = "#353c44"
	black  = "#000"
)

// counted is for counting a page of which nothing is needed but the total.
var counted = wispwright.Page{Limit: 1}

// saidFilters select devices by exactly what they say of themselves, as the charts
// tell them apart.
func saidFilters() (out []rest.Filter[controller.DeviceFilter]) {
	for _, one := range [][2]string{{"model", controllersql.SaidModel}, {"os", controllersql.SaidOS}, {"system", controllersql.SaidSystem}} {
		name, said := one[0], one[1]
		relate := func(f *controller.DeviceFilter, text string) {
			if f.Related == nil {
				f.Related = map[string]any{}
			}
			f.Related[said] = text
		}
		out = append(out, rest.FilterText(name+"__exact", relate), rest.Filter[controller.DeviceFilter]{Name: name + "__isempty", Help: "true", Apply: func(_ *rest.Request, f *controller.DeviceFilter, v string) error {
			if v == "true" || v == "1" {
				relate(f, "")
			}
			return nil
		}})
	}
	return out
}

// mostSaid is how many parts charts of what devices say have, beside "others".
const mostSaid = 8

// Charts implements dashboard.Source.
func (c *ControllerConcern) Charts() []dashboard.Chart {
	charts := []dashboard.Chart{{
		Name: "config_status", Label: "Configuration status", Position: 1, Kind: deviceKind,
		Slices: func(ctx context.Context, scope wispwright.Scope) ([]dashboard.Slice, error) {
			n, err := c.Devices.Counts(ctx, scope)
			if err != nil {
				return nil, err
			}
			part := func(s controller.Status, color, status string) dashboard.Slice {
				return dashboard.Slice{Label: string(s), Value: int64(n.Statuses[s]), Color: color, Status: status, Filters: map[string]string{"config__status": string(s)}}
			}
			return []dashboard.Slice{
				part(controller.StatusApplied, green, "ok"), part(controller.StatusModified, yellow, "waiting"), part(controller.StatusError, red, "critical"),
				part(controller.StatusDeactivating, grey, "waiting"), part(controller.StatusDeactivated, black, "off"),
				{Label: "no configuration", Value: int64(n.Unknown), Color: grey, Status: "unknown", Filters: map[string]string{"has_config": "false"}},
			}, nil
		},
	}, {
		Name: "device_groups", Label: "Groups", Position: 20, Kind: "config.devicegroup", Watch: []string{"config.devicegroup", deviceKind},
		Slices: func(ctx context.Context, scope wispwright.Scope) (parts []dashboard.Slice, err error) {
			for _, has := range []bool{true, false} {
				found, err := c.Groups.List(ctx, scope, controller.GroupFilter{HasDevices: &has}, counted)
				if err != nil {
					return nil, err
				}
				if has {
					parts = append(parts, dashboard.Slice{Label: "with devices", Value: int64(found.Total), Color: "#2277b4", Filters: map[string]string{"has_devices": "true"}})
				} else {
					parts = append(parts, dashboard.Slice{Label: "empty", Value: int64(found.Total), Color: "#EF7D2D", Filters: map[string]string{"has_devices": "false"}})
				}
			}
			return parts, nil
		},
	}}
	for _, one := range []struct {
		at                       int
		name, label, field, said string
	}{
		{10, "device_models", "Device models", "model", controllersql.SaidModel},
		{11, "firmware_versions", "Firmware versions", "os", controllersql.SaidOS},
		{12, "system_types", "System types", "system", controllersql.SaidSystem},
	} {
		charts = append(charts, dashboard.Chart{Name: one.name, Label: one.label, Position: one.at, Kind: deviceKind,
			Slices: func(ctx context.Context, scope wispwright.Scope) ([]dashboard.Slice, error) {
				return c.said(ctx, scope, one.field, one.said)
			}})
	}
	return charts
}

// said are the devices by what they say of themselves.
func (c *ControllerConcern) said(ctx context.Context, scope wispwright.Scope, field, said string) (parts []dashboard.Slice, err error) {
	rows, err := controllersql.CountSaid(ctx, c.db, scope, said, mostSaid)
	if err != nil {
		return nil, err
	}
	all, err := c.Devices.List(ctx, scope, controller.DeviceFilter{}, counted)
	if err != nil {
		return nil, err
	}
	rest := all.Total
	for i, r := range rows {
		rest -= r.Devices
		part := dashboard.Slice{Label: r.Text, Value: int64(r.Devices), Color: chartColor(i), Filters: map[string]string{field + "__exact": r.Text}}
		if r.Text == "" {
			part.Label, part.Color, part.Status, part.Filters = "undefined", grey, "unknown", map[string]string{field + "__isempty": "true"}
		}
		parts = append(parts, part)
	}
	// devices may come between the statements
	return append(parts, dashboard.Slice{Label: "others", Value: int64(max(0, rest)), Color: "#8fa1a8"}), nil
}

// chartColor is the colour of a part that has none of its own.
func chartColor(i int) string {
	colors := [mostSaid]string{"#0b847e", "#7458c4", "#b9700b", "#2d74c4", "#23894f", "#cc3a26", "#5b6e76", "#97ccad"}
	return colors[i%len(colors)]
}

// Charts implements dashboard.Source.
func (c *GeoConcern) Charts() []dashboard.Chart {
	return []dashboard.Chart{{
		Name: "geographic_positioning", Label: "Geographic positioning", Position: 2, Kind: deviceKind, Watch: []string{deviceKind, "geo.devicelocation"},
		Slices: func(ctx context.Context, scope wispwright.Scope) (parts []dashboard.Slice, err error) {
			for _, placed := range []bool{true, false} {
				found, err := c.Controller.Devices.List(ctx, scope, controller.DeviceFilter{Related: map[string]any{geosql.Placed: placed}}, counted)
				if err != nil {
					return nil, err
				}
				if placed {
					parts = append(parts, dashboard.Slice{Label: "with a position", Value: int64(found.Total), Color: green, Status: "ok", Filters: map[string]string{"with_geo": "true"}})
				} else {
					parts = append(parts, dashboard.Slice{Label: "without", Value: int64(found.Total), Color: grey, Status: "unknown", Filters: map[string]string{"with_geo": "false"}})
				}
			}
			return parts, nil
		},
	}}
}

// Charts implements dashboard.Source.
func (c *MonitoringConcern) Charts() []dashboard.Chart {
	charts := []dashboard.Chart{{
		Name: "monitoring_status", Label: "Monitoring status", Position: 0, Kind: deviceKind, Watch: []string{deviceKind, statusKind},
		Slices: func(ctx context.Context, scope wispwright.Scope) ([]dashboard.Slice, error) {
			n, err := c.Health.Counts(ctx, scope, wispwright.ID{})
			if err != nil {
				return nil, err
			}
			// as the list has it: a deactivated device counts as that, and one whose health nobody noted as unknown
			off := true
			deactivated, err := c.Controller.Devices.List(ctx, scope, controller.DeviceFilter{IsDeactivated: &off}, counted)
			if err != nil {
				return nil, err
			}
			all, err := c.Controller.Devices.List(ctx, scope, controller.DeviceFilter{}, counted)
			if err != nil {
				return nil, err
			}
			n[health.Deactivated] = deactivated.Total
			n[health.Unknown] = max(0, all.Total-deactivated.Total-n[health.OK]-n[health.Problem]-n[health.Critical])
			part := func(s health.Status, color, status string) dashboard.Slice {
				return dashboard.Slice{Label: string(s), Value: int64(n[s]), Color: color, Status: status, Filters: map[string]string{"monitoring__status": string(s)}}
			}
			return []dashboard.Slice{part(health.OK, green, "ok"), part(health.Problem, yellow, "problem"), part(health.Critical, red, "critical"),
				part(health.Unknown, grey, "unknown"), part(health.Deactivated, black, "off")}, nil
		},
	}}
	if !c.Config.WifiSessions {
		return charts
	}
	return append(charts, dashboard.Chart{
		Name: "wifi_sessions", Label: "Currently active WiFi sessions", Position: 13, Kind: "device_monitoring.wifisession", Watch: []string{"device_monitoring.devicedata"},
		QuickLink: &dashboard.Link{Label: "Open WiFi session list", URL: "/admin/device_monitoring/wifisession/"},
		Slices: func(ctx context.Context, scope wispwright.Scope) ([]dashboard.Slice, error) {
			open := true
			found, err := c.Sessions.List(ctx, scope, monitoring.WifiSessionFilter{Open: &open}, counted)
			if err != nil {
				return nil, err
			}
			return []dashboard.Slice{{Label: "open", Value: int64(found.Total), Color: green, Status: "ok", Filters: map[string]string{"stop_time__isnull": "true"}}}, nil
		},
	})
}

// Charts implements dashboard.Source.
func (c *RadiusConcern) Charts() []dashboard.Chart {
	const kind = radiusApp + "radiusaccounting"
	today := func(ctx context.Context, scope wispwright.Scope) (radiussql.Day, map[string]string, error) {
		year, month, day := time.Now().In(c.Config.zone()).Date()
		from := time.Date(year, month, day, 0, 0, 0, 0, c.Config.zone())
		sum, err := radiussql.SumDay(ctx, c.db, scope, from, from.AddDate(0, 0, 1))
		return sum, map[string]string{"start_time": from.UTC().Format(time.RFC3339)}, err
	}
	gigabytes := func(octets int64) int64 { return (octets + 500_000_000) / 1_000_000_000 }
	return []dashboard.Chart{{
		Name: "radius_sessions", Label: "Today's RADIUS sessions", Position: 30, Kind: kind,
		Slices: func(ctx context.Context, scope wispwright.Scope) ([]dashboard.Slice, error) {
			sum, since, err := today(ctx, scope)
			part := func(label, color, status, open string, n int) dashboard.Slice {
				return dashboard.Slice{Label: label, Value: int64(n), Color: color, Status: status, Filters: map[string]string{"is_open": open, "start_time": since["start_time"]}}
			}
			return []dashboard.Slice{part("open", green, "ok", "true", sum.Open), part("closed", red, "off", "false", sum.Ended)}, err
		},
	}, {
		Name: "radius_traffic", Label: "Today's RADIUS traffic", Position: 31, Kind: kind, Unit: "GB",
		Slices: func(ctx context.Context, scope wispwright.Scope) ([]dashboard.Slice, error) {
			sum, since, err := today(ctx, scope)
			return []dashboard.Slice{{Label: "download", Value: gigabytes(sum.Download), Color: "#1f77b4", Filters: since},
				{Label: "upload", Value: gigabytes(sum.Upload), Color: "#ff7f0e", Filters: since}}, err
		},
	}}
}
