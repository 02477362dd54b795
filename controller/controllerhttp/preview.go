package controllerhttp

import (
	"errors"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/render"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

// previewIn is a form that was not saved.
type previewIn struct {
	Backend       rest.Opt[string]          `json:"backend" required:"true" maxLength:"128"`
	Config        rest.Opt[wispwright.JSON] `json:"config"`
	Templates     rest.Opt[[]wispwright.ID] `json:"templates"`
	Context       rest.Opt[wispwright.JSON] `json:"context"`
	Organization  rest.Opt[wispwright.ID]   `json:"organization" nullable:"true" rel:"organization"`
	Device        rest.Opt[wispwright.ID]   `json:"device" nullable:"true" rel:"device" help:"an existing device, whose predefined variables are used"`
	Name          rest.Opt[string]          `json:"name" blank:"true" maxLength:"64"`
	MACAddress    rest.Opt[string]          `json:"mac_address" blank:"true" maxLength:"17"`
	OS            rest.Opt[string]          `json:"os" blank:"true" maxLength:"128"`
	Group         rest.Opt[wispwright.ID]   `json:"group" nullable:"true" rel:"group" help:"the group whose variables are used; without it the one the device is in"`
	Explain       rest.Opt[bool]            `json:"explain" help:"asks for sources, variables and changes"`
	DefaultValues rest.Opt[wispwright.JSON] `json:"default_values" nullable:"true" help:"makes it the preview of a template"`
	VPN           rest.Opt[wispwright.ID]   `json:"vpn" nullable:"true" rel:"vpn" help:"the VPN server of a template, whose variables are used"`
}

type previewOut struct {
	Rendered string `json:"rendered"`
	Checksum string `json:"checksum"`
	Size     int    `json:"size"`
	explained
}

// explained is what a preview tells besides, when it is asked for.
type explained struct {
	Sources   []spanOut     `json:"sources,omitempty" help:"where each line of the rendering comes from"`
	Variables []variableOut `json:"variables,omitempty"`
	Changes   *string       `json:"changes,omitempty" help:"how what the device runs becomes the rendering, as diff -u writes it"`
}

// previewFault says what is wrong and where.
type previewFault struct {
	Config []string           `json:"config"`
	Path   string             `json:"path"`
	Errors []wispwright.Place `json:"errors"`
}

// mountPreview adds the rendering of unsaved configurations: what OpenWISP's
// web admin has as an HTML page (spec: controller-config §13.1).
func (h *HTTP) mountPreview(api *rest.API) {
	api.Mount(&rest.View{Path: "/api/v1/controller/preview/", Name: "Preview", Tag: "controller"},
		rest.Action("POST", "controller_preview", http.StatusOK, h.preview, http.StatusTooManyRequests))
}

func (h *HTTP) preview(r *rest.Request, in *previewIn) (previewOut, error) {
	if !mayPreview(r) {
		return previewOut{}, wispwright.ErrForbidden
	}
	// what is taken from stored objects must be visible to the caller anyway:
	// a template that names a device's variables shows them, its key included
	for model, used := range map[string]bool{"device": !in.Device.Or(wispwright.ID{}).IsZero(), "template": len(in.Templates.V) > 0,
		"vpn": !in.VPN.Or(wispwright.ID{}).IsZero(), "devicegroup": !in.Group.Or(wispwright.ID{}).IsZero()} {
		if used && !r.Can(wispwright.Permission("config.view_"+model)) && !r.Can(wispwright.Permission("config.change_"+model)) {
			return previewOut{}, wispwright.ErrForbidden
		}
	}
	var v wispwright.ValidationError
	h.checkBackend(&v, "backend", in.Backend)
	if err := v.Err(); err != nil {
		return previewOut{}, err
	}
	done, err := h.previews.enter(r.Context(), r.Caller.ID)
	if err != nil {
		return previewOut{}, err
	}
	defer done()
	var group *wispwright.ID
	if in.Group.Set {
		id := in.Group.Or(wispwright.ID{})
		group = &id
	}
	p, err := h.c.Devices.Preview(r.Context(), r.ReadScope(), controller.PreviewInput{
		Backend: in.Backend.V, Config: in.Config.V, Context: in.Context.V, Templates: in.Templates.V,
		OrganizationID: in.Organization.Or(wispwright.ID{}), DeviceID: in.Device.Or(wispwright.ID{}),
		Name: in.Name.V, MACAddress: in.MACAddress.V, OS: in.OS.V, DefaultValues: in.DefaultValues.V,
		Template: in.DefaultValues.Set && !in.DefaultValues.Null, Explain: in.Explain.V, GroupID: group, VPNID: in.VPN.Or(wispwright.ID{}),
	})
	var fault *render.Error
	if errors.As(err, &fault) {
		message, places := saved(err, fault)
		return previewOut{}, &rest.Failure{Status: http.StatusBadRequest, Body: previewFault{[]string{message}, "#" + fault.Pointer, places}}
	}
	if errors.Is(err, wispwright.ErrNotFound) {
		return previewOut{}, wispwright.Invalid("device", valid.UnknownPK(in.Device.V))
	}
	if err != nil {
		return previewOut{}, err
	}
	out := previewOut{Rendered: p.Text, Checksum: p.Checksum, Size: p.Size}
	if in.Explain.V {
		out.Sources, out.Variables, out.Changes = spansOut(p.Sources), variablesOf(p.Variables), &p.Changes
	}
	return out, nil
}

// saved is what saving would say, and of which values.
func saved(err error, fault *render.Error) (string, []wispwright.Place) {
	var invalid *wispwright.ValidationError
	if errors.As(err, &invalid) && len(invalid.Fields) > 0 {
		return invalid.Messages()[0], append([]wispwright.Place{}, invalid.Places...)
	}
	return fault.Message, []wispwright.Place{}
}

// mayPreview lets in everyone who could see or make what is previewed.
func mayPreview(r *rest.Request) bool {
	for _, action := range []string{"view", "change", "add"} {
		for _, model := range []string{"device", "config", "template"} {
			if r.Can(wispwright.Permission("config." + action + "_" + model)) {
				return true
			}
		}
	}
	return false
}
