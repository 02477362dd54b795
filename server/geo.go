package server

import (
	"context"
	"errors"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/geo"
	"github.com/wispwright/wispwright/controller/geo/estimate"
	"github.com/wispwright/wispwright/controller/geo/estimate/estimatesql"
	"github.com/wispwright/wispwright/controller/geo/geocode"
	"github.com/wispwright/wispwright/controller/geo/geohttp"
	"github.com/wispwright/wispwright/controller/geo/geosql"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/kit/sqlstore"
	"github.com/wispwright/wispwright/server/files"
)

// GeoConcern knows where devices are. Make it with NewGeo.
type GeoConcern struct {
	// Config is the section geo of the configuration.
	Config GeoConfig
	// Controller has the devices; it is required, with its accounts.
	Controller *ControllerConcern
	// Blobs keeps the pictures of floors. Default: a folder, as Config says.
	Blobs blob.Store
	// Geocoder finds addresses. Default: as Config says.
	Geocoder geo.Geocoder

	// Geo is made by Mount.
	*geo.Geo

	wire *geohttp.HTTP
	// estimator places devices by their addresses.
	estimator *estimate.Estimator
	// ills are the devices that monitoring finds ill; nil: nobody does.
	ills func(ctx context.Context) (map[wispwright.ID]string, error)
}

var (
	_ WithModels   = (*GeoConcern)(nil)
	_ WithSettings = (*GeoConcern)(nil)
	_ WithEvents   = (*GeoConcern)(nil)
	_ WithData     = (*GeoConcern)(nil)
	_ WithKinds    = (*GeoConcern)(nil)
)

// NewGeo returns the concern with its default settings, over the devices of c,
// which are then filtered by where they are too.
func NewGeo(c *ControllerConcern) *GeoConcern {
	c.Related = append(c.Related, geosql.Related)
	c.DeviceFilters = append(c.DeviceFilters, deviceFilters()...)
	c.whoisFilters = append(c.whoisFilters, estimatedFilter())
	return &GeoConcern{Config: DefaultGeoConfig(), Controller: c}
}

// deviceFilters are the filters of the list of devices (spec: geo §7, additions
// G-2).
func deviceFilters() []rest.Filter[controller.DeviceFilter] {
	type filter = controller.DeviceFilter
	relate := func(f *filter, name string, value any) {
		if f.Related == nil {
			f.Related = map[string]any{}
		}
		f.Related[name] = value
	}
	return []rest.Filter[filter]{
		rest.FilterBool("with_geo", func(f *filter, v bool) { relate(f, geosql.Placed, v) }),
		rest.FilterID("location", func(f *filter, v wispwright.ID) { relate(f, geosql.AtLocation, v) }),
		rest.FilterText("location__name", func(f *filter, v string) { relate(f, geosql.AtLocationNamed, v) }),
		rest.FilterID("floorplan", func(f *filter, v wispwright.ID) { relate(f, geosql.OnFloorPlan, v) }),
	}
}

// Name implements Concern.
func (c *GeoConcern) Name() string { return "geo" }

// Migrations implements Concern.
func (c *GeoConcern) Migrations() []sqlstore.Migrations {
	return []sqlstore.Migrations{geosql.Migrations(), estimatesql.Migrations()}
}

// Models implements WithModels.
func (c *GeoConcern) Models() []wispwright.Model { return geo.Models() }

// Events implements WithEvents.
func (c *GeoConcern) Events() []event.Listed { return append(c.Geo.Events(), c.estimator.Events()...) }

// Section implements WithSettings.
func (c *GeoConcern) Section() Section {
	defaults := DefaultGeoConfig()
	return Section{&c.Config, &defaults}
}

// Mount implements Concern.
func (c *GeoConcern) Mount(_ context.Context, h *Host) error {
	if c.Geo != nil {
		return errors.New("it is mounted already")
	}
	if err := h.Mounted(c.Controller); err != nil {
		return err
	}
	if err := h.Mounted(c.Controller.Tenancy); err != nil {
		return err
	}
	stores, err := geosql.New(h.DB())
	if err != nil {
		return err
	}
	options, err := c.options(h)
	if err != nil {
		return err
	}
	t := c.Controller.Tenancy.Tenancy
	fleet := fleetOf{c.Controller.Devices}
	base := &entity.Base{Tx: h.DB(), Recorder: t.Trail, Tenants: t.Organizations}
	if c.estimator, err = c.newEstimator(h, base); err != nil {
		return err
	}
	options.Estimates = c.estimator.Enabled
	if c.Geo, err = geo.New(base, stores, fleet, options); err != nil {
		return err
	}
	if err := c.mountEstimates(h); err != nil {
		return err
	}
	wire, err := geohttp.New(c.Geo, c.Controller.Devices, fleet, &geohttp.Options{
		MaxImage: c.Config.FloorplanBytes, PrivatePlans: c.Config.PrivateFloorplans, TilesURL: c.Config.TilesURL, TilesAttribution: c.Config.TilesAttribution,
		AtLocation: geosql.AtLocation, Estimates: c.estimator.Enabled, FilterEstimated: c.estimator.Configured(), Log: h.Log(),
	})
	if err != nil {
		return err
	}
	wire.Mount(h.API())
	c.wire = wire
	h.Handle(geohttp.MediaPath, wire.Media(h.API().Caller), geohttp.MediaPath)
	for _, path := range []string{geohttp.GeocodePath, geohttp.ReversePath} {
		h.Handle(path, h.API(), path)
	}
	if origin := c.Config.tilesOrigin(); origin != "" {
		h.Images(origin)
	}
	one, all := wire.Topics()
	h.Handle(geohttp.SocketPath, wire.Socket(h.Hub().Topic(one), h.Hub().Topic(all)), geohttp.SocketPath)
	wire.Tell(h.Hub())
	c.live(h)
	h.wire(c.wiring()...)
	h.Daily("geo.sweep", func(ctx context.Context) error {
		_, err := c.FloorPlans.Sweep(ctx)
		return err
	})
	return nil
}

// options are those of the concern.
func (c *GeoConcern) options(h *Host) (*geo.Options, error) {
	s := &c.Config
	o := &geo.Options{Blobs: c.Blobs, Geocoder: c.Geocoder, MaxImage: s.FloorplanBytes, MaxPixels: s.FloorplanPixels, MoveShared: s.MoveShared,
		SilentAfter: c.Controller.Config.SilentAfter, MapAge: s.MapAge, Log: h.Log(), Health: c.healths}
	if o.Geocoder == nil && s.Geocoder != "" {
		networks, err := s.networks()
		if err != nil {
			return nil, err
		}
		retries := s.GeocoderRetries
		if retries == 0 {
			retries = -1
		}
		g := &geocode.Options{URL: s.GeocoderURL, Allowed: networks, Retries: retries, Delay: s.GeocoderDelay, Agent: "wispwright/" + h.Build()}
		if s.Geocoder == "arcgis" {
			o.Geocoder, err = geocode.NewArcGIS(g)
		} else {
			o.Geocoder, err = geocode.NewNominatim(g)
		}
		if err != nil {
			return nil, err
		}
	}
	if o.Blobs == nil {
		var err error
		if o.Blobs, err = h.files(s.FloorplanDir, files.Media); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// Kinds implements WithKinds.
func (c *GeoConcern) Kinds() []Kind {
	return []Kind{
		NewKind(KindOptions[geo.Location]{Kind: "geo.location", Event: "location", Label: "Location", Changed: &c.Locations.Changed,
			Subject: func(l *geo.Location) Subject {
				return Subject{l.OrganizationID, l.ID.String(), l.Name, map[string]any{"type": l.Type, "is_mobile": l.IsMobile, "address": l.Address, "geometry": l.Geometry}}
			},
			Find: ByID(func(ctx context.Context, ids wispwright.Among[wispwright.ID]) ([]*geo.Location, error) {
				found, err := c.Locations.List(ctx, everyone(), geo.LocationFilter{IDs: ids}, unpaged)
				return found.Rows, err
			})}),
		NewKind(KindOptions[geo.FloorPlan]{Kind: "geo.floorplan", Event: "floorplan", Label: "Floor plan", Changed: &c.FloorPlans.Changed,
			Subject: func(p *geo.FloorPlan) Subject {
				return Subject{p.OrganizationID, p.ID.String(), p.Label("Floor plan:"), map[string]any{"location": p.LocationID.String(), "floor": p.Floor}}
			}}),
	}
}

// live lets pages watch where a device is, by the device, and draws maps anew.
func (c *GeoConcern) live(h *Host) {
	Watched(h, "geo.devicelocation", &c.DeviceLocations.Changed, func(d *geo.DeviceLocation) (wispwright.ID, string) { return d.OrganizationID, d.DeviceID.String() })
	c.Locations.Changed.Subscribe("geo.Map", func(context.Context, ...entity.Change[geo.Location]) { c.Map.Stale() })
	c.DeviceLocations.Changed.Subscribe("geo.Map", func(context.Context, ...entity.Change[geo.DeviceLocation]) { c.Map.Stale() })
	h.AtStart(func(context.Context) error {
		go c.warm(h)
		return nil
	})
}

// manyPlaces is from how many locations on the first look at a map takes long enough
// to read them beforehand.
const manyPlaces = 2_000

// warm reads what maps are drawn from, so that nobody waits for it.
func (c *GeoConcern) warm(h *Host) {
	ctx := h.Lifetime()
	found, err := c.Locations.List(ctx, everyone(), geo.LocationFilter{}, counted)
	if err == nil && found.Total >= manyPlaces {
		_, err = c.Map.View(ctx, wispwright.ScopeAll(), geo.MapFilter{}, geo.Box{}, 0)
	}
	if err != nil && ctx.Err() == nil {
		h.Log().Warn("the map is not read beforehand", "error", err)
	}
}

// fleetOf is what places know of devices.
type fleetOf struct{ devices *controller.Devices }

// Device implements geo.Devices.
func (f fleetOf) Device(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*geo.Device, error) {
	d, err := f.devices.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	return placed(d.Device), nil
}

// Some implements geo.Devices.
func (f fleetOf) Some(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]*geo.Device, error) {
	out := make(map[wispwright.ID]*geo.Device, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	found, err := f.devices.List(ctx, wispwright.ScopeAll(), controller.DeviceFilter{IDs: wispwright.Only(ids...)}, wispwright.Page{NoTotal: true})
	if err != nil {
		return nil, err
	}
	for _, d := range found.Rows {
		out[d.Device.ID] = placed(d.Device)
	}
	return out, nil
}

func placed(d *controller.Device) *geo.Device {
	return &geo.Device{ID: d.ID, OrganizationID: d.OrganizationID, Name: d.Name, MACAddress: d.MACAddress, IsDeactivated: d.IsDeactivated, Key: d.Key}
}

// healths are the devices that monitoring finds ill, where it is a part of the server.
func (c *GeoConcern) healths(ctx context.Context) (map[wispwright.ID]string, error) {
	if c.ills == nil {
		return nil, nil //nolint:nilnil // nobody knows
	}
	return c.ills(ctx)
}
