package controllerhttp

import (
	"context"
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
)

type variablesOut struct {
	System map[string]any `json:"system"`
	All    map[string]any `json:"all"`
}

// mountDeviceActions adds what is done with one device (spec: controller-config
// §12.4).
func (h *HTTP) mountDeviceActions(api *rest.API) {
	for name, do := range map[string]func(context.Context, wispwright.Scope, wispwright.ID) (*controller.Detail, error){
		"activate":   h.c.Devices.Activate,
		"deactivate": h.c.Devices.Deactivate,
	} {
		api.Mount(&rest.View{
			Path: "/api/v1/controller/device/{id}/" + name + "/", Name: "Device " + strings.ToUpper(name[:1]) + name[1:], Noun: "Device", Tag: "controller", Kind: "config.device",
		}, rest.Action("POST", "controller_device_"+name, http.StatusOK, func(r *rest.Request, _ *rest.None) (deviceDetailOut, error) {
			d, err := do(r.Context(), r.WriteScope(), r.ID("id"))
			if err != nil {
				return deviceDetailOut{}, err
			}
			return afterAction(newDeviceDetailOut(d)), nil
		}))
	}
	api.Mount(&rest.View{
		Path: "/api/v1/controller/device/{id}/configuration/", Name: "Device Configuration", Tag: "controller", Kind: "config.device",
	}, rest.Op{Method: http.MethodGet, ID: "controller_device_configuration", Summary: "Download the configuration",
		Doc: rest.DocRaw("application/octet-stream", "The .tar.gz the device downloads"),
		Handle: func(r *rest.Request) (int, any, error) {
			a, err := h.c.Devices.Configuration(r.Context(), r.ReadScope(), r.ID("id"))
			if err != nil {
				return 0, nil, err
			}
			return http.StatusOK, sendArchive(r, a), nil
		}})
	api.Mount(&rest.View{
		Path: "/api/v1/controller/device/{id}/context/", Name: "Device Context", Noun: "Device", Tag: "controller", Kind: "config.device",
	}, rest.Action("GET", "controller_device_context", http.StatusOK, func(r *rest.Request, _ *rest.None) (variablesOut, error) {
		v, err := h.c.Devices.Context(r.Context(), r.ReadScope(), r.ID("id"))
		if err != nil {
			return variablesOut{}, err
		}
		return variablesOut{nonNil(v.System), nonNil(v.All)}, nil
	}))
}

// afterAction writes the address that deactivation took from a device without
// configuration as an empty text, which is what OpenWISP answers at that moment
// and what scripts that compare find.
func afterAction(out deviceDetailOut) deviceDetailOut {
	if out.IsDeactivated && out.Config == nil && out.ManagementIP == nil {
		out.ManagementIP = new(string)
	}
	return out
}

func nonNil(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
