package controller

import (
	"context"
	"slices"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/event"
)

// Devices is the service of devices with their configurations.
type Devices struct {
	// Saved is fired inside the transaction that creates or changes a device.
	Saved event.Hook[DeviceChange]
	// Deleting is fired inside the transaction before devices are removed.
	Deleting event.Hook[*Device]
	// Modifying is fired inside the transaction that changes the bytes devices
	// are to run, in batches: insert push jobs here.
	Modifying event.Hook[ConfigsModified]
	// Changed is published after a device was created, changed or deleted.
	Changed event.Topic[DeviceChange]
	// Modified is published after the bytes devices are to run changed.
	Modified event.Topic[ConfigsModified]
	// StatusChanged is published after a status was set.
	StatusChanged event.Topic[StatusChange]

	fleet *fleet
}

// Create validates and stores a device, and its configuration when d.Config is
// not nil: the caller sets Backend, Config, Context and Templates there. The
// templates become the default ones of the organization followed by the given
// ones. d holds the outcome.
func (s *Devices) Create(ctx context.Context, d *Detail) error {
	n := newDevice{detail: d, cause: "created", check: true}
	if d.Config != nil {
		n.given = slices.Clone(d.Config.Templates)
	}
	return s.fleet.do(ctx, "controller.Devices.Create", func(ctx context.Context) error { return s.fleet.create(ctx, n) })
}

// newDevice is a device about to be stored.
type newDevice struct {
	detail *Detail
	// given are templates chosen by hand, extra those found by tags
	given []wispwright.ID
	extra []*Template
	cause string
	// remembered is what this node knows of the organization, with which
	// earlier was made: it is not read again, but compared when storing
	remembered *tenant
	// check asks for everything that is not unique before storing; without it
	// the store's refusal is returned, which costs a query less
	check   bool
	earlier *draft
	// faults were found before, verify checks the settings once they are held
	faults *wispwright.ValidationError
	verify func(*Settings) error
}

func (c *fleet) create(ctx context.Context, n newDevice) error {
	d := n.detail.Device
	if d.ID.IsZero() {
		d.ID = wispwright.NewID()
	}
	d.Created = c.now()
	d.Modified = d.Created
	v := c.checkFields(d)
	if err := v.Merge("", n.faults.Err()); err != nil {
		return err
	}
	t := n.remembered
	if t == nil {
		var err error
		t, err = c.hold(ctx, d.OrganizationID, true)
		if isNotFound(err) {
			v.Add("organization", unknownPK(d.OrganizationID))
			return v.Err()
		}
		if err != nil {
			return err
		}
	}
	if n.verify != nil {
		if err := n.verify(t.settings); err != nil {
			return err
		}
	}
	c.ensureKey(d, t.settings)
	if err := c.checkWhole(ctx, v, d, t, n.check, true); err != nil {
		return err
	}
	stored, err := c.insert(ctx, n, t)
	if err != nil {
		return err
	}
	if !stored { // what was remembered is old
		n.remembered = nil
		return c.create(ctx, n)
	}
	if err := c.deviceSaved(ctx, nil, d); err != nil {
		return err
	}
	return c.record(ctx, "add", n.cause, &Detail{}, n.detail)
}

// insert stores a device, unless it is made of what is remembered and that is
// old.
func (c *fleet) insert(ctx context.Context, n newDevice, t *tenant) (stored bool, err error) {
	d, config := n.detail.Device, n.detail.Config
	if config == nil {
		return true, explainDevice(c.stores.Devices.Insert(ctx, d))
	}
	version, err := c.firstConfig(ctx, n, t)
	switch {
	case err != nil && n.remembered != nil:
		return false, nil // it is made again and fails again
	case err != nil:
		return false, err
	case n.remembered != nil:
		stored, err = c.stores.Devices.EnrollUnchanged(ctx, d, config, version, t.settings)
		return stored, explainDevice(err)
	}
	return true, explainDevice(c.stores.Devices.Enroll(ctx, d, config, version))
}

// Get returns a device with its configuration.
func (s *Devices) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Detail, error) {
	return s.fleet.stores.Devices.Detail(ctx, scope, id)
}

// List returns a page of devices, newest first, without NameKey and KeyDigest.
// Of their configurations it holds what lists show: DeviceID, Backend, Status
// and ErrorReason; Get returns everything.
func (s *Devices) List(ctx context.Context, scope wispwright.Scope, f DeviceFilter, p wispwright.Page) (wispwright.Items[Detail], error) {
	return s.fleet.stores.Devices.Details(ctx, scope, f, p)
}

// Counts are the figures of the dashboard.
type Counts struct {
	// Devices is how many devices there are.
	Devices int
	// Statuses is how many configurations have each status.
	Statuses map[Status]int
	// Unknown is how many devices have no configuration.
	Unknown int
}

// Counts counts the devices of a scope.
func (s *Devices) Counts(ctx context.Context, scope wispwright.Scope) (*Counts, error) {
	statuses, err := s.fleet.stores.Configs.CountStatuses(ctx, scope)
	if err != nil {
		return nil, err
	}
	items, err := s.fleet.stores.Devices.List(ctx, scope, DeviceFilter{}, wispwright.Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	out := &Counts{Devices: items.Total, Statuses: statuses, Unknown: items.Total}
	for _, n := range statuses {
		out.Unknown -= n
	}
	out.Unknown = max(out.Unknown, 0) // counted one after the other
	return out, nil
}
