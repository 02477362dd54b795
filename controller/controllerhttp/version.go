package controllerhttp

import (
	"context"
	"net/http"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/kit/rest"
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
}

// mountVersions adds the history of a device's configuration, newest first.
func (h *HTTP) mountVersions(api *rest.API) {
	// also of a single version: who made it in another organization is not
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
		return versionDetailOut{o.ID, o.Checksum, o.Cause, o.Actor, o.Created, o.Served, o.Reported, text}, nil
	}))
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
