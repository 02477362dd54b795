package controllerhttp

import (
	"net/http"

	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
)

type dashboardOut struct {
	Devices      int         `json:"devices"`
	ConfigStatus statusesOut `json:"config_status"`
	NotRenewed   int         `json:"config_not_renewed"`
	Silent       int         `json:"silent" help:"active devices that were not heard of for silent_after"`
	SilentAfter  int         `json:"silent_after" help:"seconds"`
}

type statusesOut struct {
	Modified     int `json:"modified"`
	Applied      int `json:"applied"`
	Error        int `json:"error"`
	Deactivating int `json:"deactivating"`
	Deactivated  int `json:"deactivated"`
	Unknown      int `json:"unknown"`
}

// mountDashboard adds the figures of the web admin's first page.
func (h *HTTP) mountDashboard(api *rest.API) {
	api.Mount(&rest.View{Path: "/api/v1/controller/dashboard/", Name: "Dashboard", Tag: "controller", Kind: "config.device"},
		rest.Action("GET", "controller_dashboard", http.StatusOK, func(r *rest.Request, _ *rest.None) (dashboardOut, error) {
			n, err := h.c.Devices.Counts(r.Context(), r.ReadScope())
			if err != nil {
				return dashboardOut{}, err
			}
			return dashboardOut{Devices: n.Devices, NotRenewed: n.NotRenewed, Silent: n.Silent, SilentAfter: int(n.SilentFor.Seconds()), ConfigStatus: statusesOut{
				Modified: n.Statuses[controller.StatusModified], Applied: n.Statuses[controller.StatusApplied], Error: n.Statuses[controller.StatusError],
				Deactivating: n.Statuses[controller.StatusDeactivating], Deactivated: n.Statuses[controller.StatusDeactivated], Unknown: n.Unknown,
			}}, nil
		}))
}
