package server

import (
	"context"
	"errors"
	"net/netip"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/controller/geo/geosql"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/server/jobs"
)

// firmwareFleet are the controller's devices.
type firmwareFleet struct{ c *FirmwareConcern }

// Device implements firmware.Fleet.
func (f firmwareFleet) Device(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*firmware.Device, error) {
	d, err := f.c.Connection.Controller.Devices.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	return f.device(d.Device), nil
}

func (f firmwareFleet) device(d *controller.Device) *firmware.Device {
	out := &firmware.Device{ID: d.ID, OrganizationID: d.OrganizationID, GroupID: d.GroupID, Name: d.Name, Model: d.Model, OS: d.OS, Deactivated: d.IsDeactivated}
	candidates := []netip.Addr{d.ManagementIP}
	if !f.c.Connection.Config.ManagementIPOnly && d.LastIP != d.ManagementIP {
		candidates = append(candidates, d.LastIP)
	}
	for _, a := range candidates {
		if a.IsValid() {
			out.Addresses = append(out.Addresses, a)
		}
	}
	return out
}

// Find implements firmware.Fleet.
func (f firmwareFleet) Find(ctx context.Context, scope wispwright.Scope, q firmware.DeviceQuery, page wispwright.Page) ([]*firmware.Device, error) {
	filter := controller.DeviceFilter{IDs: q.IDs, OrganizationID: q.OrganizationID, GroupID: q.GroupID, Models: q.Models, OS: q.OS}
	if !q.LocationID.IsZero() {
		filter.Related = map[string]any{geosql.AtLocation: q.LocationID}
	}
	page.Order = []wispwright.Order{{Field: "Created", Descending: true}}
	found, err := f.c.Connection.Controller.Devices.List(ctx, scope, filter, page)
	if err != nil {
		return nil, err
	}
	out := make([]*firmware.Device, len(found.Rows))
	for i, d := range found.Rows {
		out[i] = f.device(d.Device)
	}
	return out, nil
}

// Group implements firmware.Fleet.
func (f firmwareFleet) Group(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (wispwright.ID, error) {
	if f.c.Groups != nil {
		return f.c.Groups(ctx, scope, id)
	}
	g, err := f.c.Connection.Controller.Groups.Get(ctx, scope, id)
	if err != nil {
		return wispwright.ID{}, err
	}
	return g.OrganizationID, nil
}

// Location implements firmware.Fleet.
func (f firmwareFleet) Location(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (wispwright.ID, error) {
	if f.c.Geo == nil || f.c.Geo.Geo == nil {
		return wispwright.ID{}, wispwright.ErrNotFound
	}
	l, err := f.c.Geo.Locations.Get(ctx, scope, id)
	if err != nil {
		return wispwright.ID{}, err
	}
	return l.OrganizationID, nil
}

// firmwareReacher opens the connections of devices.
type firmwareReacher struct{ c *FirmwareConcern }

// Strategies implements firmware.Reacher.
func (r firmwareReacher) Strategies(ctx context.Context, devices ...wispwright.ID) (map[wispwright.ID]string, error) {
	list, err := r.c.Connection.Connections.List(ctx, everyone(), connection.DeviceConnectionFilter{DeviceIDs: wispwright.Only(devices...)},
		wispwright.Page{NoTotal: true, Order: []wispwright.Order{{Field: "Created"}, {Field: "ID"}}})
	if err != nil {
		return nil, err
	}
	out := map[wispwright.ID]string{}
	for _, o := range list.Rows {
		if out[o.DeviceID] == "" && o.Enabled && r.c.Upgraders().Of(o.UpdateStrategy) != nil {
			out[o.DeviceID] = o.UpdateStrategy
		} else if _, known := out[o.DeviceID]; !known {
			out[o.DeviceID] = ""
		}
	}
	return out, nil
}

// Open implements firmware.Reacher.
func (r firmwareReacher) Open(ctx context.Context, device wispwright.ID) (connection.Session, error) {
	_, session, err := r.c.Connection.Connections.Working(ctx, device)
	var none *connection.NoConnectionError
	if !errors.As(err, &none) {
		return session, err
	}
	failed := &firmware.UnreachableError{}
	for _, o := range none.Tried {
		name := o.CredentialsID.String()
		if credentials, err := r.c.Connection.Credentials.Get(ctx, everyone(), o.CredentialsID); err == nil {
			name = credentials.Name
		}
		failed.Attempts = append(failed.Attempts, firmware.Attempt{Credentials: name, Reason: o.FailureReason})
	}
	return nil, failed
}

// Broken implements firmware.Reacher.
func (r firmwareReacher) Broken(ctx context.Context, device wispwright.ID, reason string) error {
	yes := true
	list, err := r.c.Connection.Connections.List(ctx, everyone(), connection.DeviceConnectionFilter{DeviceID: device, Enabled: &yes}, unpaged)
	if err != nil {
		return err
	}
	for _, o := range list.Rows {
		if err := r.c.Connection.Connections.Fail(ctx, o, reason); err != nil && !errors.Is(err, wispwright.ErrNotFound) {
			return err
		}
	}
	return nil
}

// firmwareQueue are the jobs of upgrades: those that wait for devices in a queue of
// their own.
type firmwareQueue struct {
	queue *jobs.Queue
	kinds map[string]jobs.Kind[firmware.Job]
}

func newFirmwareQueue(q *jobs.Queue, c *firmwareConfig) *firmwareQueue {
	key := func(j firmware.Job) string { return j.ID.String() }
	return &firmwareQueue{q, map[string]jobs.Kind[firmware.Job]{
		firmware.JobUpgrade: {Name: "firmware.upgrade", Queue: "firmware", Workers: c.Workers, Timeout: c.TaskTimeout + 2*c.ReconnectRetryDelay, Key: key},
		firmware.JobBatch:   {Name: "firmware.batch", Queue: "firmware_batches", Timeout: 10 * 60e9, Key: key},
		firmware.JobDetect:  {Name: "firmware.detect", Queue: "firmware_batches", Timeout: 10 * 60e9, Key: key},
	}}
}

// add says who does the jobs.
func (q *firmwareQueue) add(work func(ctx context.Context, job firmware.Job) error) {
	for _, kind := range q.kinds {
		q.queue.Add(kind.Handle(func(ctx context.Context, job firmware.Job) error {
			err := work(wispwright.WithCaller(ctx, wispwright.System("firmware")), job)
			if later := (*firmware.LaterError)(nil); errors.As(err, &later) {
				return jobs.Later(later.After)
			}
			return err
		}))
	}
}

// Enqueue implements firmware.Jobs.
func (q *firmwareQueue) Enqueue(ctx context.Context, list ...firmware.Job) error {
	// one order for all: two transactions must not wait for each other
	for _, k := range []string{firmware.JobBatch, firmware.JobDetect, firmware.JobUpgrade} {
		var some []firmware.Job
		for _, j := range list {
			if j.Kind == k {
				some = append(some, j)
			}
		}
		if len(some) == 0 {
			continue
		}
		if err := q.kinds[k].Insert(ctx, q.queue, some...); err != nil {
			return err
		}
	}
	return nil
}
