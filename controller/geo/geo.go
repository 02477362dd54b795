package geo

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/event"
	"github.com/wispwright/wispwright/kit/store"
)

// Stores are where the concern keeps its rows, all of one transactor.
type Stores struct {
	// Locations keeps locations.
	Locations LocationStore
	// FloorPlans keeps the plans, but for their pictures.
	FloorPlans FloorPlanStore
	// DeviceLocations keeps where devices are.
	DeviceLocations DeviceLocationStore
	// Map reads what maps are drawn from.
	Map MapStore
}

// Device is what the concern knows of a device.
type Device struct {
	// ID and OrganizationID identify device and tenant.
	ID, OrganizationID wispwright.ID
	// Name and MACAddress are shown to people.
	Name, MACAddress string
	// IsDeactivated: where it is cannot be changed.
	IsDeactivated bool
	// Key is the secret it shares with the server.
	Key wispwright.Secret
}

// Devices are found by the concern; package controller keeps them.
type Devices interface {
	// Device returns one within the scope, or wispwright.ErrNotFound.
	Device(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Device, error)
	// Some returns several by their ids; those that are not there are left out.
	Some(ctx context.Context, ids ...wispwright.ID) (map[wispwright.ID]*Device, error)
}

// Options change what New makes; nil and zero fields mean the defaults.
type Options struct {
	// Health returns the devices that monitoring finds ill, with "critical" or "problem" of each.
	// Default: nobody knows.
	Health func(ctx context.Context) (map[wispwright.ID]string, error)
	// Blobs keeps the pictures of floors. Default: they are lost with the program.
	Blobs blob.Store
	// Geocoder finds addresses. Default: none does.
	Geocoder Geocoder
	// MaxImage is how long the file of a picture may be, in bytes. Default: 10 MiB.
	MaxImage int64
	// MaxPixels is how many pixels a picture may have. Default: 20 million.
	MaxPixels int
	// Estimates reports whether locations of an organization may be estimated.
	// Default: those of none.
	Estimates func(ctx context.Context, organization wispwright.ID) (bool, error)
	// MoveShared lets a device that sends its coordinates move a location that does
	// not count as mobile and at which other devices are too, as the original does.
	// Default: the device gets a location of its own.
	MoveShared bool
	// SilentAfter is how long after its last request a device is shown as silent.
	// Default: 6 minutes.
	SilentAfter time.Duration
	// MapAge is how old what a map shows may be. Default: 5 s.
	MapAge time.Duration
	// MapWait is how long a look at a map waits for what is older than MapAge to be
	// read anew, before it gets what there is. Default: 100 ms.
	MapWait time.Duration
	// Log hears of what cannot be returned to anybody. Default: slog.Default().
	Log *slog.Logger
}

func (o *Options) withDefaults() Options {
	var out Options
	if o != nil {
		out = *o
	}
	if out.Blobs == nil {
		out.Blobs = &blob.Memory{}
	}
	if out.MaxImage <= 0 {
		out.MaxImage = 10 << 20
	}
	if out.MaxPixels <= 0 {
		out.MaxPixels = 20_000_000
	}
	if out.SilentAfter <= 0 {
		out.SilentAfter = 6 * time.Minute
	}
	if out.MapAge <= 0 {
		out.MapAge = 5 * time.Second
	}
	if out.MapWait <= 0 {
		out.MapWait = 100 * time.Millisecond
	}
	if out.Log == nil {
		out.Log = slog.Default()
	}
	return out
}

// Geo is the concern.
type Geo struct {
	// Locations are the places.
	Locations *Locations
	// FloorPlans are the pictures of their floors.
	FloorPlans *FloorPlans
	// DeviceLocations say which device is where.
	DeviceLocations *DeviceLocations
	// Map shows where everything is.
	Map *Map
	// Addresses finds places by their addresses and the other way round.
	Addresses Addresses
}

// New makes the services over stores of the base's transactor.
func New(base *entity.Base, stores Stores, devices Devices, o *Options) (*Geo, error) {
	if base == nil || base.Tx == nil || devices == nil {
		return nil, errors.New("geo: a base with its transactor and devices are required")
	}
	if err := store.Complete("geo", stores); err != nil {
		return nil, err
	}
	r := &rooms{base: quiet(base), stores: stores, devices: devices, Options: o.withDefaults()}
	r.pictures = newPictures(&r.Options)
	// what is deleted with an organization goes in this order
	r.deviceLocations = newDeviceLocations(r)
	r.floorPlans = newFloorPlans(r)
	r.locations = newLocations(r)
	g := &Geo{Locations: r.locations, FloorPlans: r.floorPlans, DeviceLocations: r.deviceLocations, Map: newMap(r), Addresses: Addresses{r.Geocoder}}
	return g, nil
}

// rooms is what the services share; each knows the others through it.
type rooms struct {
	Options
	base            *entity.Base
	stores          Stores
	devices         Devices
	pictures        *pictures
	locations       *Locations
	floorPlans      *FloorPlans
	deviceLocations *DeviceLocations
}

// hold reads a location and keeps it as it is until the transaction ends.
func (r *rooms) hold(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Location, error) {
	return r.stores.Locations.Update(ctx, scope, id, func(*Location) error { return nil })
}

// Events lists the events of the concern, with OpenWISP's signals of the same
// meaning and the subscribers.
func (g *Geo) Events() []event.Listed {
	return slices.Concat(g.Locations.Listed("Location"), g.FloorPlans.Listed("FloorPlan"), g.DeviceLocations.Listed("DeviceLocation"))
}

// Models are the kinds of objects permissions exist for, with what the default
// groups may do (spec: geo §1).
func Models() []wispwright.Model {
	const app, all = "geo", "ACD"
	return []wispwright.Model{
		{App: app, Name: "location", Label: "location", Operator: all, Administrator: all},
		{App: app, Name: "floorplan", Label: "floor plan", Operator: all, Administrator: all},
		{App: app, Name: "devicelocation", Label: "device location", Operator: all, Administrator: all},
	}
}

// quiet is a base whose history leaves out what devices do themselves: one that
// moves would fill it.
func quiet(base *entity.Base) *entity.Base {
	out := *base
	if base.Recorder != nil {
		out.Recorder = recorder{base.Recorder}
	}
	return &out
}

type recorder struct{ to wispwright.Recorder }

// Record implements wispwright.Recorder.
func (r recorder) Record(ctx context.Context, changes ...wispwright.Change) error {
	if c := wispwright.CallerFrom(ctx); c != nil && c.Method == "device" {
		changes = slices.DeleteFunc(slices.Clone(changes), func(c wispwright.Change) bool { return c.Action == "change" })
	}
	if len(changes) == 0 {
		return nil
	}
	return r.to.Record(ctx, changes...)
}

// isNotFound reports that an object does not exist, or not for the caller.
func isNotFound(err error) bool { return errors.Is(err, wispwright.ErrNotFound) }

// everything is a whole list.
func everything() wispwright.Page { return wispwright.Page{NoTotal: true} }
