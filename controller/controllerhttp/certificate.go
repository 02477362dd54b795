package controllerhttp

import (
	"net/http"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
)

// mountCertificateGroup adds the group of the device that a certificate belongs
// to, by which VPN servers look up what they are to do (spec: controller-config
// §12.8).
func (h *HTTP) mountCertificateGroup(api *rest.API) {
	api.Mount(&rest.View{
		Path: "/api/v1/controller/cert/{common_name:text}/group/", Name: "Device Group Common Name", Tag: "controller", Kind: "config.devicegroup",
	}, rest.Action(http.MethodGet, "controller_cert_group", http.StatusOK, func(r *rest.Request, _ *rest.None) (groupOut, error) {
		find := h.options.CertificateDevice
		if find == nil {
			return groupOut{}, wispwright.ErrNotFound
		}
		slugs := strings.FieldsFunc(r.Query().Get("org"), func(c rune) bool { return c == ',' })
		device, err := find(r.Context(), r.Text("common_name"), slugs)
		if err != nil {
			return groupOut{}, err
		}
		d, err := h.c.Devices.Get(r.Context(), r.ReadScope(), device)
		if err != nil {
			return groupOut{}, err
		}
		g, err := h.c.Groups.Get(r.Context(), r.ReadScope(), d.Device.GroupID)
		if err != nil {
			return groupOut{}, err
		}
		out, err := h.groupsOut(r, []*controller.Group{g})
		if err != nil {
			return groupOut{}, err
		}
		return out[0], nil
	}))
}
