package monitoringhttp

import (
	"net/http"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring"
)

// dashboardOut are the charts of the whole network.
type dashboardOut struct {
	Charts        []monitoring.ChartAnswer `json:"charts"`
	X             []string                 `json:"x,omitempty"`
	Organizations []organizationOut        `json:"organizations,omitempty"`
}

type organizationOut struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

func (h *HTTP) mountDashboard(api *rest.API) {
	api.Mount(&rest.View{
		Path: Base + "dashboard/", Name: "Dashboard Timeseries", Tag: tag, Access: rest.Authenticated,
		Description: "Charts of all devices of the organizations that the caller manages.",
	}, rest.Documented[rest.None, dashboardOut](http.StatusOK, rest.Op{
		Method: http.MethodGet, ID: "monitoring_dashboard", Summary: "Charts of the whole network", Handle: h.dashboard,
		Doc: timeDoc(map[string]string{
			"organization_slug": "slugs with commas between; all that the caller manages without it", "location_id": "ids with commas between", "floorplan_id": "ids with commas between",
		}),
	}))
}

// dashboard answers with the general charts (spec: monitoring §11.7).
func (h *HTTP) dashboard(r *rest.Request) (int, any, error) {
	if !r.Caller.Superuser && len(r.Caller.Managed) == 0 {
		return 0, nil, wispwright.ErrForbidden
	}
	all, err := h.organizations.Names(r.Context(), wispwright.ScopeAll())
	if err != nil {
		return 0, nil, err
	}
	own := slices.DeleteFunc(slices.Clone(all), func(o Organization) bool { return !r.Caller.Superuser && !r.Caller.WriteScope().Allows(o.ID) })
	chosen, err := chosen(r, all, own)
	if err != nil {
		return 0, nil, err
	}
	lists := map[string][]string{"organization_id": nil}
	for _, o := range chosen {
		lists["organization_id"] = append(lists["organization_id"], o.ID.String())
	}
	if len(chosen) == 0 && !r.Caller.Superuser { // nobody's devices
		lists["organization_id"] = []string{"-"}
	}
	for _, name := range []string{"location_id", "floorplan_id"} {
		if lists[name], err = h.places(r, name, chosen); err != nil {
			return 0, nil, err
		}
	}
	lists["ifname"] = h.interfaces(chosen)
	span, err := h.period(r)
	if err != nil {
		return 0, nil, err
	}
	answer, err := h.m.Charts.Read(r.Context(), monitoring.Selection{Lists: lists}, span)
	if err != nil {
		return 0, nil, err
	}
	if r.Query().Get("csv") != "" {
		return http.StatusOK, csv(r, answer), nil
	}
	out := dashboardOut{Charts: answer.Charts, X: answer.X}
	if len(own) > 1 {
		for _, o := range own {
			out.Organizations = append(out.Organizations, organizationOut{o.Slug, o.Name})
		}
	}
	return http.StatusOK, out, nil
}

// chosen are the organizations that the caller named, or all of the caller's; none for a
// superuser that named none, which is no limit.
func chosen(r *rest.Request, all, own []Organization) ([]Organization, error) {
	text := r.Query().Get("organization_slug")
	if text == "" {
		if r.Caller.Superuser {
			return nil, nil
		}
		return own, nil
	}
	var out []Organization
	forbidden := false
	for slug := range strings.SplitSeq(text, ",") {
		i := slices.IndexFunc(all, func(o Organization) bool { return o.Slug == slug })
		if i < 0 || slices.Contains(out, all[i]) {
			return nil, wispwright.ErrNotFound
		}
		forbidden = forbidden || !slices.ContainsFunc(own, func(o Organization) bool { return o.ID == all[i].ID })
		out = append(out, all[i])
	}
	if forbidden {
		return nil, wispwright.ErrForbidden
	}
	return out, nil
}

// places reads a list of locations or floor plans; all must exist and belong to the
// organizations that are shown.
func (h *HTTP) places(r *rest.Request, name string, chosen []Organization) (out []string, err error) {
	text := r.Query().Get(name)
	if text == "" {
		return nil, nil
	}
	var ids []wispwright.ID
	for part := range strings.SplitSeq(text, ",") {
		id, err := wispwright.ParseID(strings.TrimSpace(part))
		if err != nil {
			return nil, wispwright.ErrNotFound
		}
		ids = append(ids, id)
		out = append(out, id.String())
	}
	if h.o.CountPlaces == nil {
		return nil, wispwright.ErrNotFound
	}
	scope := wispwright.ScopeAll()
	if !r.Caller.Superuser || len(chosen) > 0 {
		organizations := make([]wispwright.ID, len(chosen))
		for i, o := range chosen {
			organizations[i] = o.ID
		}
		scope = wispwright.ScopeOf(organizations...)
	}
	n, err := h.o.CountPlaces(r.Context(), scope, name == "floorplan_id", ids)
	if err != nil {
		return nil, err
	}
	if n != len(ids) {
		return nil, wispwright.ErrNotFound
	}
	return out, nil
}

// interfaces are those that count as traffic of the network.
func (h *HTTP) interfaces(chosen []Organization) (out []string) {
	list := h.o.TrafficInterfaces[AllOrganizations]
	if len(chosen) == 1 {
		if own, ok := h.o.TrafficInterfaces[chosen[0].ID.String()]; ok {
			list = own
		}
	}
	for _, name := range list {
		if key := monitoring.NormaliseKey(name); key != "" {
			out = append(out, key)
		}
	}
	return out
}
