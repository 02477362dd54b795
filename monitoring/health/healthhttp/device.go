package healthhttp

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/health"
)

// metricOut is a metric of a device (additions M-4).
type metricOut struct {
	Name      string `json:"name"`
	Key       string `json:"key"`
	IsHealthy *bool  `json:"is_healthy"`
}

// mountMetrics adds the metrics of a device with their health.
func (h *HTTP) mountMetrics(api *rest.API) {
	api.Mount(&rest.View{Path: Base + "device/{pk:text}/metric/", Name: "Device Metric List", Tag: tag, Kind: deviceKind},
		rest.Documented[rest.None, []metricOut](http.StatusOK, rest.Op{
			Method: http.MethodGet, ID: "device_metric_list", Summary: "The metrics of a device with their health", Doc: rest.Doc{Query: map[string]string{"is_healthy": "true or false"}},
			Handle: func(r *rest.Request) (int, any, error) {
				d, err := h.device(r)
				if err != nil {
					return 0, nil, err
				}
				f := monitoring.MetricFilter{ContentType: monitoring.DeviceType, ObjectID: d.Device.ID.String()}
				if is, err := strconv.ParseBool(r.Query().Get("is_healthy")); err == nil {
					f.IsHealthy = &is
				}
				metrics, err := h.m.MetricsOf(r.Context(), wispwright.ScopeAll(), f)
				if err != nil {
					return 0, nil, err
				}
				out := make([]metricOut, len(metrics))
				for i, m := range metrics {
					out[i] = metricOut{m.Name, m.Key, m.IsHealthy}
				}
				return http.StatusOK, out, nil
			},
		}))
}

// failingOut is a metric that is not well, and why.
type failingOut struct {
	Metric    wispwright.ID `json:"metric"`
	Name      string        `json:"name"`
	Kind      string        `json:"kind"`
	Critical  bool          `json:"critical"`
	Since     *rest.Time    `json:"since"`
	Value     *float64      `json:"value"`
	Operator  string        `json:"operator"`
	Threshold float64       `json:"threshold"`
	Tolerance int           `json:"tolerance" help:"minutes"`
	Alerted   bool          `json:"alerted" help:"it lasts longer than tolerated"`
	Meaning   string        `json:"meaning"`
}

type changedOut struct {
	At rest.Time `json:"at"`
	Changed
}

type whyOut struct {
	Status    string         `json:"status"`
	Since     *rest.Time     `json:"since"`
	Meaning   string         `json:"meaning"`
	Failing   []failingOut   `json:"failing"`
	Changes   []changedOut   `json:"changes" help:"what was changed in the hours before"`
	Incidents []incidentOut  `json:"incidents" help:"those that last"`
	Uplink    *wispwright.ID `json:"uplink"`
	UplinkIs  string         `json:"uplink_status"`
}

type uplinkIn struct {
	Uplink rest.Opt[wispwright.ID] `json:"uplink" required:"true" nullable:"true" rel:"device"`
}

// before is how long before a device became ill changes are shown.
const before = 24 * time.Hour

// mountDevice adds what explains how a device is.
func (h *HTTP) mountDevice(api *rest.API) {
	api.Mount(&rest.View{Path: Base + "device/{pk:text}/health/", Name: "Device Health", Tag: tag, Kind: deviceKind},
		rest.Action(http.MethodGet, "device_health_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (whyOut, error) { return h.why(r) }))
	api.Mount(&rest.View{Path: Base + "device/{pk:text}/uplink/", Name: "Device Uplink", Tag: tag, Kind: deviceKind},
		rest.Action(http.MethodPut, "device_uplink_update", http.StatusOK, func(r *rest.Request, in *uplinkIn) (whyOut, error) {
			d, err := h.device(r)
			if err != nil {
				return whyOut{}, err
			}
			if !r.WriteScope().Allows(d.Device.OrganizationID) {
				return whyOut{}, wispwright.ErrForbidden
			}
			uplink := in.Uplink.Or(wispwright.ID{})
			if !uplink.IsZero() {
				other, err := h.devices.Get(r.Context(), r.ReadScope(), uplink)
				if err != nil || other.Device.OrganizationID != d.Device.OrganizationID {
					return whyOut{}, wispwright.Invalid("uplink", `Invalid pk "`+uplink.String()+`" - object does not exist.`)
				}
			}
			if err := h.h.SetUplink(r.Context(), &health.Device{ID: d.Device.ID, OrganizationID: d.Device.OrganizationID, Name: d.Device.Name, Deactivated: d.Device.IsDeactivated}, uplink); err != nil {
				return whyOut{}, err
			}
			return h.why(r)
		}))
}

// why explains how a device is.
func (h *HTTP) why(r *rest.Request) (out whyOut, err error) {
	d, err := h.device(r)
	if err != nil {
		return out, err
	}
	ctx, id := r.Context(), d.Device.ID
	out = whyOut{Status: string(health.Unknown), Failing: []failingOut{}, Changes: []changedOut{}, Incidents: []incidentOut{}}
	states, err := h.h.StatusOf(ctx, id)
	if err != nil {
		return out, err
	}
	since := h.o.Clock()
	if s := states[id]; s != nil {
		out.Status, out.Since, since = string(s.Status), timeOf(&s.Since), s.Since
	}
	if err := h.uplink(r, d, &out); err != nil {
		return out, err
	}
	if d.Device.IsDeactivated {
		out.Status = string(health.Deactivated)
	}
	out.Meaning = meaningOfStatus(health.Status(out.Status))
	failing, err := h.h.Failing(ctx, id)
	if err != nil {
		return out, err
	}
	for i := range failing {
		f := &failing[i]
		out.Failing = append(out.Failing, h.failing(f))
		if f.Since != nil && f.Since.Before(since) {
			since = *f.Since
		}
	}
	yes := true
	open, err := h.h.Incidents.List(ctx, r.ReadScope(), health.IncidentFilter{DeviceID: id, Open: &yes}, wispwright.Page{Limit: 10, NoTotal: true})
	if err != nil {
		return out, err
	}
	if out.Incidents, err = h.incidentsOut(r, open.Rows); err != nil {
		return out, err
	}
	if h.o.Changes == nil || len(out.Failing) == 0 {
		return out, nil
	}
	changes, err := h.o.Changes(ctx, id, since.Add(-before), since.Add(time.Minute))
	for _, c := range changes {
		out.Changes = append(out.Changes, changedOut{rest.Time(c.At), c})
	}
	return out, err
}

// uplink says through which device one is reached, if the caller may see that.
func (h *HTTP) uplink(r *rest.Request, d *controller.Detail, out *whyOut) error {
	uplinks, err := h.h.UplinksOf(r.Context(), d.Device.ID)
	if err != nil {
		return err
	}
	uplink, ok := uplinks[d.Device.ID]
	if !ok {
		return nil
	}
	if _, err := h.devices.Get(r.Context(), r.ReadScope(), uplink); errors.Is(err, wispwright.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	states, err := h.h.StatusOf(r.Context(), uplink)
	if err != nil {
		return err
	}
	out.Uplink, out.UplinkIs = &uplink, string(health.Unknown)
	if s := states[uplink]; s != nil {
		out.UplinkIs = string(s.Status)
	}
	return nil
}

func (h *HTTP) failing(f *health.Failure) failingOut {
	out := failingOut{Metric: f.Metric.ID, Name: f.Metric.Name, Kind: f.Metric.Configuration, Critical: f.Critical, Since: timeOf(f.Since), Value: f.Value,
		Operator: f.Threshold.Operator, Threshold: f.Threshold.Value, Tolerance: int(f.Threshold.Tolerance / time.Minute)}
	out.Alerted = f.Metric.IsHealthyTolerant != nil && !*f.Metric.IsHealthyTolerant
	out.Meaning = meaningOf(f.Metric.Configuration)
	return out
}

func meaningOfStatus(s health.Status) string {
	switch s {
	case health.OK:
		return "All metrics are within their thresholds."
	case health.Problem:
		return "The device can be reached, and at least one metric is beyond its threshold."
	case health.Critical:
		return "The device cannot be reached: every metric that is critical is beyond its threshold."
	case health.Deactivated:
		return "The device is deactivated; nothing is expected of it."
	}
	return "Nothing was assessed yet: no check ran and no document came."
}

func meaningOf(kind string) string {
	switch kind {
	case "ping":
		return "It does not answer to ping at its management address: it is without power, its uplink or tunnel is down, or a firewall drops ICMP."
	case "data_collected":
		return "It has sent no monitoring document for a while: the agent does not run, or the device cannot reach the server."
	case "config_applied":
		return "The configuration it should have was not applied in time: it does not reach the server, or applying failed."
	case "disk":
		return "Its storage is nearly full: logs, or packages that were added."
	case "memory":
		return "It runs out of memory; services may be killed."
	case "cpu":
		return "Its processor is busy all the time."
	case "iperf3":
		return "Its throughput could not be measured."
	case "wifi_clients_max":
		return "More clients are at its access points than expected."
	case "wifi_clients_min":
		return "Nobody was at its access points for longer than expected: the radio may be deaf, or nobody is there."
	case "http", "tcp":
		return "The service that is asked does not answer as expected."
	}
	return "The value is beyond the threshold."
}
