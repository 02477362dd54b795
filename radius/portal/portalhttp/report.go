package portalhttp

import (
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/radius/portal"
)

// endIn is the end of a session, as a script on a gateway reports it.
type endIn struct {
	Device  rest.Opt[wispwright.ID] `json:"device" required:"true" help:"The gateway."`
	Key     rest.Opt[string]        `json:"key" required:"true" maxLength:"128" writeOnly:"true" help:"The gateway's key."`
	Session rest.Opt[string]        `json:"session" required:"true" maxLength:"32"`
	Seconds rest.Opt[int64]         `json:"session_time" required:"true"`
	Input   rest.Opt[int64]         `json:"input_octets" required:"true"`
	Output  rest.Opt[int64]         `json:"output_octets" required:"true"`
	Cause   rest.Opt[string]        `json:"terminate_cause" blank:"true" maxLength:"32"`
}

// mountReports adds what gateways that ask no RADIUS server report.
func (h *HTTP) mountReports(api *rest.API) {
	api.Mount(h.open("hotspot-session/", "Hotspot Session", rest.Anonymous, nil), rest.Action("POST", "radius_hotspot_session_end", http.StatusNoContent, func(r *rest.Request, in *endIn) (rest.None, error) {
		o, err := h.organization(r)
		if err != nil {
			return rest.None{}, err
		}
		return rest.None{}, h.s.Ended(r.Context(), o.ID, portal.End{Device: in.Device.V, Key: wispwright.Secret(in.Key.V), Session: in.Session.V, Seconds: in.Seconds.V, Input: in.Input.V, Output: in.Output.V, Cause: in.Cause.V})
	}))
}
