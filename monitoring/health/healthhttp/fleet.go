package healthhttp

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring/health"
)

// fleetOut is how many devices are in which way.
type fleetOut struct {
	Devices     int `json:"devices" help:"without those that are deactivated"`
	OK          int `json:"ok"`
	Problem     int `json:"problem"`
	Critical    int `json:"critical"`
	Unknown     int `json:"unknown"`
	Deactivated int `json:"deactivated"`
	Incidents   int `json:"incidents" help:"that last"`
}

// stateOut is how one device is.
type stateOut struct {
	Device  wispwright.ID `json:"device"`
	Status  string        `json:"status"`
	Since   *rest.Time    `json:"since"`
	Failing []string      `json:"failing" help:"names of the metrics that are not well"`
}

// kindOut is a kind of metric that has a threshold.
type kindOut struct {
	ID        string  `json:"id"`
	Label     string  `json:"label"`
	IsActive  bool    `json:"is_active"`
	Operator  string  `json:"operator"`
	Threshold float64 `json:"threshold"`
	Tolerance int     `json:"tolerance" help:"minutes"`
}

// mostStates is of how many devices one request tells.
const mostStates = 200

// mountFleet adds what lists and the overview show of many devices.
func (h *HTTP) mountFleet(api *rest.API) {
	api.Mount(&rest.View{Path: Base + "health/", Name: "Fleet Health", Tag: tag, Kind: deviceKind},
		rest.Action(http.MethodGet, "monitoring_fleet_health", http.StatusOK, func(r *rest.Request, _ *rest.None) (fleetOut, error) { return h.fleet(r) }))
	op := rest.Action(http.MethodGet, "monitoring_device_states", http.StatusOK, func(r *rest.Request, _ *rest.None) ([]stateOut, error) { return h.states(r) })
	op.Doc.Query = map[string]string{"device": "the id of a device; up to 200 times"}
	api.Mount(&rest.View{Path: Base + "device-state/", Name: "Device State List", Tag: tag, Kind: deviceKind}, op)
	api.Mount(&rest.View{Path: Base + "threshold-kind/", Name: "Threshold Kind List", Tag: tag, Kind: alertKind},
		rest.Action(http.MethodGet, "monitoring_threshold_kinds", http.StatusOK, func(*rest.Request, *rest.None) ([]kindOut, error) {
			out := []kindOut{}
			for _, c := range h.h.Kinds() {
				out = append(out, kindOut{c.Key, c.Label, !c.Alert.Silent, c.Alert.Operator, c.Alert.Value, c.Alert.Tolerance})
			}
			return out, nil
		}))
}

func (h *HTTP) fleet(r *rest.Request) (out fleetOut, err error) {
	ctx, scope := r.Context(), r.ReadScope()
	counts, err := h.h.Counts(ctx, scope, wispwright.ID{})
	if err != nil {
		return out, err
	}
	count := func(off bool) (int, error) {
		found, err := h.devices.List(ctx, scope, controller.DeviceFilter{IsDeactivated: &off}, wispwright.Page{Limit: 1})
		return found.Total, err
	}
	if out.Devices, err = count(false); err != nil {
		return out, err
	}
	if out.Deactivated, err = count(true); err != nil {
		return out, err
	}
	yes := true
	open, err := h.h.Incidents.List(ctx, scope, health.IncidentFilter{Open: &yes}, wispwright.Page{Limit: 1})
	out.Incidents = open.Total
	out.OK, out.Problem, out.Critical = counts[health.OK], counts[health.Problem], counts[health.Critical]
	out.Unknown = max(0, out.Devices-out.OK-out.Problem-out.Critical)
	return out, err
}

// states tells of devices by their ids; those that the caller may not see are left out.
func (h *HTTP) states(r *rest.Request) ([]stateOut, error) {
	out := []stateOut{}
	var ids []wispwright.ID
	for _, text := range r.Query()["device"] {
		id, err := wispwright.ParseID(text)
		if err != nil {
			return nil, wispwright.Invalid("device", "“"+text+"” is not a valid UUID.")
		}
		ids = append(ids, id)
	}
	if len(ids) > mostStates {
		return nil, wispwright.Invalid("device", "At most 200 devices can be asked for at once.")
	}
	if len(ids) == 0 {
		return out, nil
	}
	found, err := h.devices.List(r.Context(), r.ReadScope(), controller.DeviceFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	ids = ids[:0]
	for _, d := range found.Rows {
		ids = append(ids, d.Device.ID)
	}
	states, err := h.h.StatusOf(r.Context(), ids...)
	if err != nil {
		return nil, err
	}
	failing, err := h.h.FailingOf(r.Context(), ids...)
	if err != nil {
		return nil, err
	}
	for _, d := range found.Rows {
		one := stateOut{Device: d.Device.ID, Status: string(health.Unknown), Failing: []string{}}
		if s := states[d.Device.ID]; s != nil {
			one.Status, one.Since = string(s.Status), timeOf(&s.Since)
		}
		if d.Device.IsDeactivated {
			one.Status = string(health.Deactivated)
		}
		one.Failing = append(one.Failing, failing[d.Device.ID]...)
		out = append(out, one)
	}
	return out, nil
}
