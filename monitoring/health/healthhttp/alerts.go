package healthhttp

import (
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/health"
)

// alertOut are the alert settings of a metric, with what holds.
type alertOut struct {
	ID           wispwright.ID `json:"id" help:"of the metric"`
	Device       wispwright.ID `json:"device"`
	Organization wispwright.ID `json:"organization"`
	Name         string        `json:"name"`
	Kind         string        `json:"kind"`
	IsHealthy    *bool         `json:"is_healthy"`
	IsActive     *bool         `json:"is_active" help:"null: as inherited"`
	Operator     *string       `json:"custom_operator"`
	Threshold    *float64      `json:"custom_threshold"`
	Tolerance    *int          `json:"custom_tolerance" help:"minutes"`
	Active       bool          `json:"effective_is_active"`
	EffOperator  string        `json:"effective_operator"`
	EffThreshold float64       `json:"effective_threshold"`
	EffTolerance int           `json:"effective_tolerance"`
	Origin       originOut     `json:"origin" help:"where each part was chosen: kind, organization, group or device"`
	Critical     bool          `json:"is_critical" help:"without it the device counts as out of reach"`
	Created      rest.Time     `json:"created"`
	Modified     rest.Time     `json:"modified"`
}

type originOut struct {
	IsActive  health.Origin `json:"is_active"`
	Operator  health.Origin `json:"operator"`
	Value     health.Origin `json:"threshold"`
	Tolerance health.Origin `json:"tolerance"`
}

type alertIn struct {
	IsActive  rest.Opt[bool]    `json:"is_active" nullable:"true"`
	Operator  rest.Opt[string]  `json:"custom_operator" nullable:"true" blank:"true" enum:"<,>"`
	Threshold rest.Opt[float64] `json:"custom_threshold" nullable:"true"`
	Tolerance rest.Opt[int]     `json:"custom_tolerance" nullable:"true" minimum:"0" maximum:"10080"`
}

// mountAlerts adds the alert settings of metrics.
func (h *HTTP) mountAlerts(api *rest.API) {
	type filter = health.AlertFilter
	rest.Mount(api, rest.Resource[wispwright.ID, health.AlertSettings, filter, alertIn, alertOut]{
		Path: Base + "threshold/", Only: rest.List | rest.Read | rest.Update | rest.Delete, Name: "Alert Settings", Noun: "AlertSettings", ID: "monitoring_alert_settings", Tag: tag, Kind: alertKind,
		Service: h.h.Alerts, Out: h.alertsOut,
		Organization: func(a *health.AlertSettings) wispwright.ID { return a.OrganizationID },
		Apply: func(_ *rest.Request, in *alertIn, a *health.AlertSettings) error {
			in.IsActive.IntoPtr(&a.IsActive)
			in.Operator.Into(&a.Operator)
			in.Threshold.IntoPtr(&a.Threshold)
			in.Tolerance.IntoPtr(&a.Tolerance)
			return nil
		},
		Filters:  []rest.Filter[filter]{rest.FilterID("device", func(f *filter, v wispwright.ID) { f.DeviceIDs = wispwright.Only(v) })},
		PageSize: 50,
	})
}

func (h *HTTP) alertsOut(r *rest.Request, rows []*health.AlertSettings) ([]alertOut, error) {
	devices := make([]string, len(rows))
	for i, a := range rows {
		devices[i] = a.DeviceID.String()
	}
	metrics, err := h.m.MetricsOf(r.Context(), wispwright.ScopeAll(), monitoring.MetricFilter{ContentType: monitoring.DeviceType, ObjectIDs: wispwright.Only(devices...)})
	if err != nil {
		return nil, err
	}
	by := map[wispwright.ID]*monitoring.Metric{}
	for _, m := range metrics {
		by[m.ID] = m
	}
	effective, err := h.h.Effective(r.Context(), rows, by)
	if err != nil {
		return nil, err
	}
	out := make([]alertOut, len(rows))
	for i, a := range rows {
		t := effective[i]
		out[i] = alertOut{ID: a.MetricID, Device: a.DeviceID, Organization: a.OrganizationID, IsActive: a.IsActive, Operator: rest.Null(a.Operator), Threshold: a.Threshold, Tolerance: a.Tolerance,
			Active: t.IsActive, EffOperator: t.Operator, EffThreshold: t.Value, EffTolerance: int(t.Tolerance / time.Minute),
			Origin: originOut(t.Origins), Created: rest.Time(a.Created), Modified: rest.Time(a.Modified)}
		if m := by[a.MetricID]; m != nil {
			out[i].Name, out[i].Kind, out[i].IsHealthy, out[i].Critical = m.Name, m.Configuration, m.IsHealthy, h.h.IsCritical(m)
		}
	}
	return out, nil
}

// defaultOut is a rule of an organization or a group.
type defaultOut struct {
	ID            wispwright.ID  `json:"id"`
	Organization  wispwright.ID  `json:"organization"`
	Group         *wispwright.ID `json:"group" help:"null: the whole organization"`
	Configuration string         `json:"configuration"`
	Label         string         `json:"label"`
	IsActive      *bool          `json:"is_active"`
	Operator      *string        `json:"operator"`
	Threshold     *float64       `json:"threshold"`
	Tolerance     *int           `json:"tolerance" help:"minutes"`
	Created       rest.Time      `json:"created"`
	Modified      rest.Time      `json:"modified"`
}

type defaultIn struct {
	Organization  rest.Opt[wispwright.ID] `json:"organization" required:"true" rel:"organization"`
	Group         rest.Opt[wispwright.ID] `json:"group" nullable:"true" rel:"group"`
	Configuration rest.Opt[string]        `json:"configuration" required:"true" maxLength:"16"`
	IsActive      rest.Opt[bool]          `json:"is_active" nullable:"true"`
	Operator      rest.Opt[string]        `json:"operator" nullable:"true" blank:"true" enum:"<,>"`
	Threshold     rest.Opt[float64]       `json:"threshold" nullable:"true"`
	Tolerance     rest.Opt[int]           `json:"tolerance" nullable:"true" minimum:"0" maximum:"10080"`
}

// mountDefaults adds the rules of organizations and groups.
func (h *HTTP) mountDefaults(api *rest.API) {
	type filter = health.DefaultFilter
	rest.Mount(api, rest.Resource[wispwright.ID, health.AlertDefault, filter, defaultIn, defaultOut]{
		Path: Base + "alert-default/", Name: "Alert Default", Noun: "AlertDefault", ID: "monitoring_alert_default", Tag: tag, Kind: defaultKind, Service: h.h.Defaults,
		Out: rest.Each(func(d *health.AlertDefault) defaultOut {
			return defaultOut{ID: d.ID, Organization: d.OrganizationID, Group: rest.Null(d.GroupID), Configuration: d.Configuration, Label: h.labelOf(d.Configuration), IsActive: d.IsActive,
				Operator: rest.Null(d.Operator), Threshold: d.Threshold, Tolerance: d.Tolerance, Created: rest.Time(d.Created), Modified: rest.Time(d.Modified)}
		}),
		Organization: func(d *health.AlertDefault) wispwright.ID { return d.OrganizationID },
		Apply: func(_ *rest.Request, in *defaultIn, d *health.AlertDefault) error {
			in.Organization.Into(&d.OrganizationID)
			in.Group.Into(&d.GroupID)
			in.Configuration.Into(&d.Configuration)
			in.IsActive.IntoPtr(&d.IsActive)
			in.Operator.Into(&d.Operator)
			in.Threshold.IntoPtr(&d.Threshold)
			in.Tolerance.IntoPtr(&d.Tolerance)
			return nil
		},
		Filters: append(rest.FilterOrganization(func(f *filter, id wispwright.ID) { f.OrganizationID = id }),
			rest.FilterID("group", func(f *filter, v wispwright.ID) { f.GroupID = v }), rest.FilterText("configuration", func(f *filter, v string) { f.Configuration = v })),
	})
}
