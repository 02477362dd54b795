package controllerhttp

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/valid"
)

// versionOut is one configuration a device was to run.
type versionOut struct {
	ID       wispwright.ID `json:"id"`
	Checksum string        `json:"checksum"`
	Cause    string        `json:"cause"`
	Actor    string        `json:"actor"`
	Created  rest.Time     `json:"created"`
	Served   rest.Time     `json:"served"`
	Reported rest.Time     `json:"reported"`
}

type versionDetailOut struct {
	ID       wispwright.ID `json:"id"`
	Checksum string        `json:"checksum"`
	Cause    string        `json:"cause"`
	Actor    string        `json:"actor"`
	Created  rest.Time     `json:"created"`
	Served   rest.Time     `json:"served"`
	Reported rest.Time     `json:"reported"`
	Rendered string        `json:"rendered"`
	inputsOut
}

// inputsOut is what a version is made of.
type inputsOut struct {
	Backend   string          `json:"backend"`
	OS        string          `json:"os"`
	Config    wispwright.JSON `json:"config" help:"the device's own part"`
	Context   wispwright.JSON `json:"context" help:"the device's own variables"`
	Templates []revisionOut   `json:"templates" help:"the templates as they were, the first one lowest"`
}

type revisionOut struct {
	Template      wispwright.ID   `json:"template"`
	Revision      wispwright.ID   `json:"revision"`
	Config        wispwright.JSON `json:"config"`
	DefaultValues wispwright.JSON `json:"default_values"`
}

// diffOut is how one version became another: that of the parameter with, or the
// one before.
type diffOut struct {
	From     *wispwright.ID `json:"from" help:"null before the first version"`
	To       wispwright.ID  `json:"to"`
	Rendered string         `json:"rendered" help:"as diff -u writes it"`
	Inputs   []inputOut     `json:"inputs"`
}

type inputOut struct {
	Name string `json:"name" help:"backend, hostname, os, config, variable NAME or template ID"`
	Old  any    `json:"old"`
	New  any    `json:"new"`
}

type restoredOut struct {
	deviceDetailOut
	LeftOut []wispwright.ID `json:"left_out" help:"templates of the version that are gone or another organization's"`
}

// mountVersions adds the history of a device's configuration, newest first.
func (h *HTTP) mountVersions(api *rest.API) {
	// also of a single version: the user that made it in another organization is not
	// shown what the device has become since, such as its key
	visible := func(r *rest.Request) error {
		_, err := h.c.Devices.Get(r.Context(), r.ReadScope(), r.ID("id"))
		return err
	}
	rest.Mount(api, rest.Resource[wispwright.ID, controller.Version, controller.VersionFilter, rest.None, versionOut]{
		Path: "/api/v1/controller/device/{id}/version/", Only: rest.List,
		Name: "Version", Noun: "Device", ID: "controller_device_version", Tag: "controller", Kind: "config.device",
		Service: versionList{h.c.Versions}, Prepare: visible,
		Within: func(r *rest.Request, f *controller.VersionFilter) error {
			f.DeviceID = r.ID("id")
			return nil
		},
		Out: rest.Each(newVersionOut),
	})
	api.Mount(&rest.View{
		Path: "/api/v1/controller/device/{id}/version/{vid}/", Name: "Version Detail", Noun: "Version", Tag: "controller", Kind: "config.device", Prepare: visible,
	}, rest.Action("GET", "controller_device_version_read", http.StatusOK, func(r *rest.Request, _ *rest.None) (versionDetailOut, error) {
		v, err := h.c.Versions.Get(r.Context(), r.ReadScope(), r.ID("id"), r.ID("vid"))
		if err != nil {
			return versionDetailOut{}, err
		}
		text, err := h.c.Versions.Text(r.Context(), v)
		if err != nil {
			return versionDetailOut{}, err
		}
		o := newVersionOut(v)
		inputs, err := h.inputsOut(r, v)
		return versionDetailOut{o.ID, o.Checksum, o.Cause, o.Actor, o.Created, o.Served, o.Reported, text, inputs}, err
	}))
	h.mountVersionActions(api, visible)
}

// versionList is the history as a Resource lists it.
type versionList struct{ versions *controller.Versions }

// Get finds nothing: single versions are read through their device.
func (versionList) Get(context.Context, wispwright.Scope, wispwright.ID) (*controller.Version, error) {
	return nil, wispwright.ErrNotFound
}

// List returns a page of one device's versions.
func (l versionList) List(ctx context.Context, scope wispwright.Scope, f controller.VersionFilter, p wispwright.Page) (wispwright.Items[controller.Version], error) {
	return l.versions.List(ctx, scope, f.DeviceID, p)
}

func newVersionOut(v *controller.Version) versionOut {
	return versionOut{v.ID, v.Checksum, v.Cause, v.Actor, rest.Time(v.Created), maybe(v.Served), maybe(v.Reported)}
}

func maybe(t *time.Time) rest.Time {
	if t == nil {
		return rest.Time{}
	}
	return rest.Time(*t)
}

// mountVersionActions adds what is done with single versions.
func (h *HTTP) mountVersionActions(api *rest.API, visible func(*rest.Request) error) {
	const path = "/api/v1/controller/device/{id}/version/{vid}/"
	api.Mount(&rest.View{Path: path + "diff/", Name: "Version Difference", Noun: "Version", Tag: "controller", Kind: "config.device", Prepare: visible},
		rest.Op{Method: http.MethodGet, ID: "controller_device_version_diff", Summary: "Compare a version with another one, the parameter with, or the one before",
			Doc: rest.Doc{Answers: map[int]rest.DocAnswer{
				http.StatusOK:         {Description: "from, to, rendered as diff -u writes it, and inputs that differ: name, old, new", ContentType: "application/json"},
				http.StatusBadRequest: {Description: "The other version does not exist", ContentType: "application/json"},
			}},
			Handle: func(r *rest.Request) (int, any, error) {
				out, err := h.versionDiff(r)
				return http.StatusOK, out, err
			}})
	api.Mount(&rest.View{Path: path + "restore/", Name: "Version Restore", Noun: "Version", Tag: "controller", Kind: "config.device", Prepare: visible},
		rest.Action(http.MethodPost, "controller_device_version_restore", http.StatusOK, func(r *rest.Request, _ *rest.None) (restoredOut, error) {
			v, err := h.c.Versions.Get(r.Context(), r.ReadScope(), r.ID("id"), r.ID("vid"))
			if err != nil {
				return restoredOut{}, err
			}
			if !r.Can("config.change_device") {
				return restoredOut{}, wispwright.ErrForbidden
			}
			d, gone, err := h.c.Devices.Restore(r.Context(), r.WriteScope(), r.ID("id"), v)
			if err != nil {
				return restoredOut{}, err
			}
			return restoredOut{newDeviceDetailOut(d), append([]wispwright.ID{}, gone...)}, nil
		}))
}

func (h *HTTP) inputsOut(r *rest.Request, v *controller.Version) (inputsOut, error) {
	revisions, err := h.c.Versions.Inputs(r.Context(), v)
	out := inputsOut{v.Backend, v.OS, object(v.Config), object(v.Own), []revisionOut{}}
	for _, x := range revisions {
		out.Templates = append(out.Templates, revisionOut{x.TemplateID, x.ID, object(x.Config), object(x.DefaultValues)})
	}
	return out, err
}

func (h *HTTP) versionDiff(r *rest.Request) (out diffOut, err error) {
	to, err := h.c.Versions.Get(r.Context(), r.ReadScope(), r.ID("id"), r.ID("vid"))
	if err != nil {
		return out, err
	}
	var from *controller.Version
	if with := r.Query().Get("with"); with != "" {
		id, err := wispwright.ParseID(with)
		if err != nil {
			return out, wispwright.Invalid("with", "“"+with+"” is not a valid UUID.")
		}
		from, err = h.c.Versions.Get(r.Context(), r.ReadScope(), r.ID("id"), id)
		if errors.Is(err, wispwright.ErrNotFound) {
			return out, wispwright.Invalid("with", valid.UnknownPK(id))
		}
		if err != nil {
			return out, err
		}
	} else if from, err = h.c.Versions.Before(r.Context(), to); err != nil {
		return out, err
	}
	text, inputs, err := h.c.Versions.Diff(r.Context(), from, to)
	if err != nil {
		return out, err
	}
	out = diffOut{nil, to.ID, text, []inputOut{}}
	if from != nil {
		out.From = &from.ID
	}
	for _, f := range inputs {
		out.Inputs = append(out.Inputs, inputOut{f.Field, f.Old, f.New})
	}
	return out, nil
}
