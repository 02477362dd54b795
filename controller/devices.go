package controller

import (
	"context"
	"fmt"
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

	core *core
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
	return s.core.do(ctx, "controller.Devices.Create", func(ctx context.Context) error { return s.core.create(ctx, n) })
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

func (c *core) create(ctx context.Context, n newDevice) error {
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
func (c *core) insert(ctx context.Context, n newDevice, t *tenant) (stored bool, err error) {
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

// checkWhole checks what takes the other devices of the organization, in the
// order of the specification: name, limit, uniqueness.
func (c *core) checkWhole(ctx context.Context, v *wispwright.ValidationError, d *Device, t *tenant, unique, limit bool) error {
	var clashes []string
	var err error
	if unique {
		if clashes, err = c.checkUnique(ctx, v, d); err != nil {
			return err
		}
	}
	if limit && !slices.Contains(clashes, UniqueDeviceName) {
		if err := v.Merge("", c.room(ctx, t)); err != nil {
			return err
		}
	}
	return clashError(v, clashes)
}

// addConfig stores the first configuration of a device that is there already.
func (c *core) addConfig(ctx context.Context, n newDevice, t *tenant) error {
	version, err := c.firstConfig(ctx, n, t)
	if err != nil {
		return err
	}
	if err := c.stores.Configs.Insert(ctx, n.detail.Config); err != nil {
		return err
	}
	return c.stores.Versions.Insert(ctx, version)
}

// firstConfig makes the first configuration of a device: default templates,
// then the given ones, then the tagged ones (spec: controller-config §4.1).
func (c *core) firstConfig(ctx context.Context, n newDevice, t *tenant) (*Version, error) {
	d, config := n.detail.Device, n.detail.Config
	if config.ID.IsZero() {
		config.ID = wispwright.NewID()
	}
	config.DeviceID, config.OrganizationID = d.ID, d.OrganizationID
	config.Status, config.ErrorReason = StatusModified, ""
	config.Desired, config.Served, config.Reported, config.VersionID = "", "", "", wispwright.ID{}
	config.Created = c.now()
	config.Modified = config.Created
	if err := c.checkConfig(config); err != nil {
		return nil, err
	}
	given, err := c.chosen(ctx, assignment{device: d, config: config, wanted: n.given})
	if err != nil {
		return nil, err
	}
	defaults, err := c.defaultTemplates(ctx, d.OrganizationID, config.Backend)
	if err != nil {
		return nil, err
	}
	templates := merge(defaults, given, n.extra)
	if n.remembered == nil { // the cached ones may be older than what is stored now
		if templates, err = c.heldTemplates(ctx, idsOf(templates)); err != nil {
			return nil, err
		}
	}
	config.Templates = idsOf(templates)
	m := &material{device: d, config: config, settings: t.settings, templates: templates}
	if err := c.addProvided(ctx, m); err != nil {
		return nil, err
	}
	version, err := c.refresh(ctx, m, n.earlier, n.cause)
	if err != nil {
		return nil, c.refused(ctx, m, len(templates) > 0, err)
	}
	return version, nil
}

// Get returns a device with its configuration.
func (s *Devices) Get(ctx context.Context, scope wispwright.Scope, id wispwright.ID) (*Detail, error) {
	return s.core.stores.Devices.Detail(ctx, scope, id)
}

func (c *core) detail(ctx context.Context, d *Device) (*Detail, error) {
	config, err := c.stores.Configs.Get(ctx, wispwright.ScopeAll(), d.ID)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	return &Detail{Device: d, Config: config}, nil
}

// List returns a page of devices, newest first, without NameKey and KeyDigest.
// Of their configurations it holds what lists show: DeviceID, Backend, Status
// and ErrorReason; Get returns everything.
func (s *Devices) List(ctx context.Context, scope wispwright.Scope, f DeviceFilter, p wispwright.Page) (wispwright.Items[Detail], error) {
	return s.core.stores.Devices.Details(ctx, scope, f, p)
}

// errNotDeactivated is what deleting an active device is refused with.
const errNotDeactivated = "The device must be deactivated prior to deletion"

// Delete removes a device with everything it has. Without force it is a
// *wispwright.ForbiddenError until the device is deactivated and has removed
// its configuration (spec: controller-config §3.1).
func (s *Devices) Delete(ctx context.Context, scope wispwright.Scope, id wispwright.ID, force bool) error {
	return s.core.do(ctx, "controller.Devices.Delete", func(ctx context.Context) error {
		d, err := s.core.stores.Devices.Get(ctx, scope, id)
		if err != nil {
			return err
		}
		detail, err := s.core.detail(ctx, d)
		if err != nil {
			return err
		}
		if !force && (!d.IsDeactivated || detail.Config != nil && detail.Config.Status != StatusDeactivated) {
			return wispwright.Forbidden(errNotDeactivated)
		}
		return s.core.remove(ctx, detail)
	})
}

func (c *core) remove(ctx context.Context, details ...*Detail) error {
	for _, detail := range details {
		d := detail.Device
		if err := c.devices.Deleting.Fire(ctx, d); err != nil {
			return err
		}
		if err := c.stores.Devices.Delete(ctx, wispwright.ScopeAll(), d.ID); err != nil {
			return err
		}
		if err := c.forgetDevices(ctx, d.ID); err != nil {
			return err
		}
		c.devices.Changed.Publish(ctx, DeviceChange{Before: d})
		if err := c.record(ctx, "delete", "", detail, &Detail{}); err != nil {
			return err
		}
	}
	return nil
}

// deviceSaved tells of a device that was created or changed.
func (c *core) deviceSaved(ctx context.Context, before, after *Device) error {
	change := DeviceChange{Before: before, After: after}
	if err := c.devices.Saved.Fire(ctx, change); err != nil {
		return err
	}
	if before != nil { // nobody remembers what was not there
		if err := c.forgetDevices(ctx, after.ID); err != nil {
			return err
		}
	}
	c.devices.Changed.Publish(ctx, change)
	return nil
}

// record writes device and configuration as one event of the history.
func (c *core) record(ctx context.Context, action, cause string, before, after *Detail) error {
	d := after.Device
	if d == nil {
		d = before.Device
	}
	fields := wispwright.Compare(withoutKeys(before.Device), withoutKeys(after.Device))
	for _, f := range wispwright.Compare(withoutSums(before.Config), withoutSums(after.Config)) {
		f.Field = "Config." + f.Field
		fields = append(fields, f)
	}
	return c.Recorder.Record(ctx, wispwright.Change{
		Kind: "config.device", ObjectID: d.ID.String(), Label: d.Name, OrganizationID: d.OrganizationID, Action: action, Cause: cause, Fields: fields,
	})
}

// withoutKeys leaves out of the history what only serves to find a row.
func withoutKeys(d *Device) *Device {
	if d == nil {
		return nil
	}
	out := *d
	out.NameKey, out.KeyDigest = "", ""
	return &out
}

// withoutSums leaves out what versions tell better.
func withoutSums(config *Config) *Config {
	if config == nil {
		return nil
	}
	out := *config
	out.ID, out.DeviceID, out.OrganizationID, out.VersionID = wispwright.ID{}, wispwright.ID{}, wispwright.ID{}, wispwright.ID{}
	out.Desired, out.Served, out.Reported = "", "", ""
	return &out
}

// modified tells that the bytes some devices are to run changed.
func (c *core) modified(ctx context.Context, action, cause string, devices ...wispwright.ID) error {
	if len(devices) == 0 {
		return nil
	}
	e := ConfigsModified{DeviceIDs: devices, Action: action, Cause: cause}
	if err := c.devices.Modifying.Fire(ctx, e); err != nil {
		return err
	}
	c.devices.Modified.Publish(ctx, e)
	return c.forgetDevices(ctx, devices...)
}

func (c *core) statusChanged(ctx context.Context, d *Device, config *Config, before Status) {
	c.devices.StatusChanged.Publish(ctx, StatusChange{
		DeviceID: d.ID, OrganizationID: d.OrganizationID, Name: d.Name, Before: before, After: config.Status, ErrorReason: config.ErrorReason,
	})
}

// lockConfig reads the configuration of a device for changing it, nil when
// there is none.
func (c *core) lockConfig(ctx context.Context, device wispwright.ID) (*Config, error) {
	found, err := c.stores.Configs.Lock(ctx, []wispwright.ID{device})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// store writes a configuration that was read with lockConfig, and the version
// that came of the change, nil for none.
func (c *core) store(ctx context.Context, config *Config, version *Version) error {
	if version != nil {
		if err := c.stores.Versions.Insert(ctx, version); err != nil {
			return err
		}
	}
	if err := c.stores.Configs.UpdateMany(ctx, []*Config{config}); err != nil {
		return fmt.Errorf("store configuration of device %s: %w", config.DeviceID, err)
	}
	return nil
}
