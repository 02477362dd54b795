// Package geohttp puts places on the wire: the REST API with the exact shapes of
// the original (spec: geo §2-§6), the pictures of floor plans, and the WebSockets
// that tell where locations move (spec: geo §8, additions G-3, G-4). The map with
// its clusters is ours.
package geohttp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/kit/rest"
)

// Devices are listed by location. *controller.Devices is one.
type Devices interface {
	// List returns a page of devices.
	List(ctx context.Context, scope wispwright.Scope, f controller.DeviceFilter, p wispwright.Page) (wispwright.Items[controller.Detail], error)
}

// Options change what New makes; nil means the defaults.
type Options struct {
	// MaxImage is how long the file of a picture may be, in bytes; bodies may be a
	// little longer. Default: 10 MiB.
	MaxImage int64
	// PrivatePlans shows pictures of floors only to those who may see the plan.
	// Default: everybody with the address may, as in the original.
	PrivatePlans bool
	// TilesURL and TilesAttribution are where maps get their background from, as
	// {z}, {x} and {y} in an address, and what is said of it. Default: nowhere, maps
	// show the world that comes with the program.
	TilesURL, TilesAttribution string
	// AtLocation, Named and OnPlan are the names of the conditions by which the
	// storage of devices knows where they are; see package geosql.
	AtLocation string
	// Estimates reports whether locations of an organization may be estimated; those
	// of others are answered without saying so (spec: additions C-2). Default: of none.
	Estimates func(ctx context.Context, organization wispwright.ID) (bool, error)
	// FilterEstimated adds the filter is_estimated. Default: there is none.
	FilterEstimated bool
	// Log hears of what cannot be returned to anybody. Default: slog.Default().
	Log *slog.Logger
}

// HTTP is the concern's part of an API.
type HTTP struct {
	g       *geo.Geo
	devices Devices
	known   geo.Devices
	options Options
	limit   int64
	log     *slog.Logger
}

// New returns the HTTP side of the concern; devices are listed, known is what the
// concern was made with.
func New(g *geo.Geo, devices Devices, known geo.Devices, o *Options) (*HTTP, error) {
	if g == nil || devices == nil || known == nil {
		return nil, errors.New("geohttp: the concern and devices are required")
	}
	h := &HTTP{g: g, devices: devices, known: known, log: slog.Default()}
	if o != nil {
		h.options = *o
	}
	if h.options.MaxImage <= 0 {
		h.options.MaxImage = 10 << 20
	}
	if h.options.Log != nil {
		h.log = h.options.Log
	}
	h.limit = h.options.MaxImage + 2<<20 // the geometry and the rest of a form
	return h, nil
}

// Mount adds the endpoints to an API.
func (h *HTTP) Mount(api *rest.API) {
	h.mountLocations(api)
	h.mountFloorPlans(api)
	h.mountDevicesOf(api)
	h.mountGeoJSON(api)
	h.mountMap(api)
	h.mountIndoor(api)
	h.mountDeviceLocation(api)
	h.mountCoordinates(api)
	h.mountGeocoding(api)
}

const (
	tag          = "geo"
	locationKind = "geo.location"
	planKind     = "geo.floorplan"
	deviceKind   = "geo.devicelocation"

	locationPath = "/api/v1/controller/location/"
	planPath     = "/api/v1/controller/floorplan/"

	noPermission  = "You do not have permission to perform this action."
	noCredentials = "Authentication credentials were not provided."
	notFound      = "Not found."
	required      = "This field is required."
)

// upload opens the file of a field; nil when none was sent. The caller closes it.
func upload(in rest.Opt[rest.File]) (*geo.Upload, io.Closer, error) {
	if !in.Set || in.Null {
		return nil, nil, nil
	}
	f, err := in.V.Open()
	if err != nil {
		return nil, nil, err
	}
	return &geo.Upload{Name: in.V.Filename, Body: f}, f, nil
}

// with runs fn with the file of a field.
func with(in rest.Opt[rest.File], fn func(*geo.Upload) error) error {
	u, file, err := upload(in)
	if err != nil {
		return err
	}
	if file != nil {
		defer func() { _ = file.Close() }() // it was only read
	}
	return fn(u)
}

// mediaPath is where pictures are served.
const mediaPath = "/media/"

// imageURL is the absolute address of a picture.
func imageURL(r *rest.Request, p *geo.FloorPlan) string { return r.URL(mediaPath + p.Image) }

// deviceURL is the address of a device in the web admin.
func deviceURL(device wispwright.ID) string {
	return "/admin/config/device/" + device.String() + "/change/"
}

// below looks up the location that a path begins with.
func (h *HTTP) below(r *rest.Request) (*geo.Location, error) {
	l, err := h.g.Locations.Get(r.Context(), r.ReadScope(), r.ID("id"))
	if errors.Is(err, wispwright.ErrNotFound) {
		return nil, rest.Fail(http.StatusNotFound, notFound)
	}
	return l, err
}

// everything is a whole list.
func everything() wispwright.Page { return wispwright.Page{NoTotal: true} }
